"""On the way back nothing is taken for there that is not."""

from typing import Any, cast

import pytest

from gateway.agents.a2a_errors import rpc_status
from gateway.core.errors import AgentError
from gateway.core.message import Answer
from gateway.exchange.exchange import Routed
from gateway.exchange.forwarder import Delivered
from gateway.exchange.passing import Protocol, answer_of, parties_of, stream_of
from tests.exchange.making import caller, exchange, message


def test_an_answer_without_what_it_should_have_is_a_bad_one() -> None:
    nothing = Delivered(routed=cast(Routed, None), attempts=1)
    for missing in (lambda: answer_of(nothing), lambda: stream_of(nothing), lambda: parties_of(exchange())):
        with pytest.raises(AgentError) as raised:
            missing()
        assert raised.value.code == "bad_answer"


def test_what_is_there_is_given() -> None:
    answer, stream = cast(Answer, object()), cast(Any, object())
    assert answer_of(Delivered(routed=cast(Routed, None), attempts=1, answer=answer)) is answer
    assert stream_of(Delivered(routed=cast(Routed, None), attempts=1, stream=stream)) is stream
    one = exchange()
    one.caller, one.message = caller(), message()
    assert parties_of(one) == (one.caller, one.message)


def test_a_protocol_may_say_a_refusal_with_a_status_of_its_own_and_nothing_else() -> None:
    values: dict[str, Any] = dict.fromkeys(Protocol.__struct_fields__)
    plain, rpc = Protocol(**values), Protocol(**{**values, "status": rpc_status})
    assert plain.told("policy_denied", 403) == 403
    assert rpc.told("policy_denied", 403) == rpc_status("policy_denied") == 200
    assert rpc.told("approval_required", 202) == 202, "what waits is no error"
    assert rpc.told("agent_refused", 418) == 418, "it is the agent's own"
