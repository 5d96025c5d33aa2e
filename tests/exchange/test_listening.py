"""Streams that stay open leave half of an agent's connections to those who want an answer."""

import msgspec

from gateway.core.caller import Caller
from gateway.core.ports import Route
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import Exchange
from gateway.exchange.listening import Listening
from tests.exchange.making import LOCAL, SKY, caller, exchange


def of(actor: str, tenant: str = "tn_1") -> Exchange:
    one = exchange()
    one.caller = Caller(identity=caller().identity, tenant=tenant, actor=actor, purpose="TREAT")
    return one


def filled(listening: Listening, agent: Route, actor: str, tenant: str) -> list[Exchange]:
    """As many as this caller gets."""
    kept = [of(actor, tenant)]
    while listening.admit(kept[-1], agent) is None:
        kept.append(of(actor, tenant))
    return kept[:-1]


def test_half_of_an_agents_connections_may_be_listened_on() -> None:
    listening, narrow = Listening(), msgspec.structs.replace(LOCAL, max_connections=4)
    kept = [of("a"), of("b")]
    assert [listening.admit(one, narrow) for one in kept] == [None, None]
    further = of("c", "tn_2")
    found = listening.admit(further, narrow)
    assert isinstance(found, Refusal)
    assert (found.code, found.retry_after) == ("concurrency_limited", 60)
    assert listening.admit(further, SKY) is None
    kept[0].closed = True
    assert listening.admit(further, narrow) is None


def test_one_may_be_listened_on_however_few_there_are() -> None:
    listening, one = Listening(), msgspec.structs.replace(LOCAL, max_connections=1)
    first = of("a")
    assert listening.admit(first, one) is None
    assert listening.admit(of("b", "tn_2"), one) is not None


def test_one_caller_leaves_places_to_others_and_a_tenant_to_other_tenants() -> None:
    listening = Listening()
    assert LOCAL.max_connections == 256
    kept = [filled(listening, LOCAL, "a", "tn_1")]
    assert len(kept[0]) == 43, "a third of 128"
    kept += [filled(listening, LOCAL, actor, "tn_1") for actor in "bcdefgh"]
    assert [len(one) for one in kept] == [43, 29, 19, 5, 0, 0, 0, 0]
    kept += [filled(listening, LOCAL, "a", "tn_2")]
    assert len(kept[-1]) == 11, "whoever has the same id elsewhere is another"
    kept += [filled(listening, LOCAL, "a", f"tn_{number}") for number in range(3, 9)]
    assert all(kept[8:12]), "and others find some, each"
    for one in kept[0]:
        one.closed = True
    assert filled(listening, LOCAL, "h", "tn_1"), "what ended is free again"


def test_many_callers_of_one_tenant_with_one_stream_each_have_three_quarters() -> None:
    listening = Listening()
    kept = [of(f"a{number}") for number in range(128)]
    assert [listening.admit(one, LOCAL) for one in kept].count(None) == 96
    others = [of(f"a{number}", "tn_2") for number in range(128)]
    assert [listening.admit(one, LOCAL) for one in others].count(None) == 24
