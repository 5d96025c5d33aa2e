"""Streams that stay open leave half of an agent's connections to those who want an answer."""

import msgspec

from gateway.core.refusal import Refusal
from gateway.exchange.listening import Listening
from tests.exchange.making import LOCAL, SKY, exchange


def test_half_of_an_agents_connections_may_be_listened_on() -> None:
    listening, narrow = Listening(), msgspec.structs.replace(LOCAL, max_connections=4)
    kept = [exchange(), exchange()]
    assert [listening.admit(one, narrow) for one in kept] == [None, None]
    further = exchange()
    found = listening.admit(further, narrow)
    assert isinstance(found, Refusal)
    assert (found.code, found.retry_after) == ("concurrency_limited", 60)
    assert listening.admit(further, SKY) is None
    kept[0].closed = True
    assert listening.admit(further, narrow) is None


def test_one_may_be_listened_on_however_few_there_are() -> None:
    listening, one = Listening(), msgspec.structs.replace(LOCAL, max_connections=1)
    first = exchange()
    assert listening.admit(first, one) is None
    assert listening.admit(exchange(), one) is not None
