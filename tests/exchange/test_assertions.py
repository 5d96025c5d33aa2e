"""What the gateway says of a request is what was decided, and nothing is said to an agent that does not ask."""

import base64
import json
from typing import Any

import pytest

from gateway.checks.assertion import Verifier
from gateway.core.decision import Decision
from gateway.core.message import Outgoing
from gateway.core.ports import Route
from gateway.exchange.assertions import Assertions
from gateway.exchange.exchange import Exchange, Routed
from tests.conftest import ManualClock
from tests.exchange.making import caller, classified, exchange, message, route

SENT = Outgoing(method="POST", path="/notes?x=1", headers=(), body=b"{}")


def routed(agent: Route) -> Routed:
    decision = Decision(effect="redact", agent=agent.id, rules=(), obligations=(), policy="sha256:1", candidates=())
    return Routed(decision=decision, route=agent, masked={}, rest=(), inputs={}, explanation=())


def under_way(clock: ManualClock, **fields: Any) -> Exchange:
    found = exchange()
    found.caller, found.classified = caller(), classified(clock, message().parts, **fields)
    return found


def test_it_says_what_was_decided_of_this_request(clock: ManualClock) -> None:
    assertions = Assertions(seed=bytes(32), issuer="gateway.test", clock=clock)
    agent = route(assertion=True, floor=("internal",))
    ((name, value),) = assertions.vouched(under_way(clock, declared=("phi",)), routed(agent), SENT).headers
    now_s = clock.now_us() / 1_000_000
    by = Verifier(assertions.keys, issuer="gateway.test", agent="local")
    claims = by.verify(value, method="POST", path="/base/notes?x=1", body=b"{}", now_s=now_s)
    assert name == "x-gateway-assertion"
    assert (claims.exchange, claims.trace, claims.decision, claims.purpose) == ("ex_1", "1" * 32, "redact", "TREAT")
    assert claims.classes == ("internal", "phi")
    assert claims.exp - claims.iat == 60
    again = assertions.vouched(under_way(clock), routed(agent), SENT).headers[0][1]
    assert by.verify(again, method="POST", path="/base/notes?x=1", body=b"{}", now_s=now_s).jti != claims.jti


@pytest.mark.parametrize(("url", "path", "sent"), [("http://a", "", "/"), ("http://a/mcp", "", "/mcp")])
def test_an_address_without_a_path_is_the_root(clock: ManualClock, url: str, path: str, sent: str) -> None:
    assertions = Assertions(seed=bytes(32), issuer="gateway.test", clock=clock)
    outgoing = Outgoing(method="POST", path=path, headers=(), body=b"")
    found = assertions.vouched(under_way(clock), routed(route(assertion=True, url=url)), outgoing).headers
    by = Verifier(assertions.keys, issuer="gateway.test", agent="local")
    assert by.verify(found[0][1], method="POST", path=sent, body=b"", now_s=clock.now_us() / 1e6).path == sent


def test_nothing_is_said_to_who_does_not_ask_and_what_was_not_classified_is_unscanned(clock: ManualClock) -> None:
    assertions = Assertions(seed=bytes(32), issuer="gateway.test", clock=clock)
    assert assertions.vouched(under_way(clock), routed(route()), SENT) == SENT
    without = Assertions(seed=None, issuer="gateway.test", clock=clock)
    assert (without.vouched(under_way(clock), routed(route(assertion=True)), SENT), without.keys) == (SENT, ())
    ((_, value),) = assertions.vouched(exchange(), routed(route(assertion=True)), SENT).headers
    by = Verifier(assertions.keys, issuer="gateway.test", agent="local")
    claims = by.verify(value, method="POST", path="/base/notes?x=1", body=b"{}", now_s=clock.now_us() / 1e6)
    assert (claims.classes, claims.purpose) == (("unscanned",), None)


def test_a_card_is_signed_with_the_key_that_is_published(clock: ManualClock) -> None:
    assertions = Assertions(seed=bytes(32), issuer="gateway.test", clock=clock)
    sign = assertions.card_signature("https://gw.example/.well-known/jwks.json")
    assert sign is not None
    head = json.loads(base64.urlsafe_b64decode(sign(b"{}")["protected"] + "=="))
    assert (head["kid"], head["jku"]) == (assertions.keys[0]["kid"], "https://gw.example/.well-known/jwks.json")
    assert Assertions(seed=None, issuer="gateway.test", clock=clock).card_signature("x") is None
