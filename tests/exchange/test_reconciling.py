"""What was sent where, from records and their details, and what nobody can tell."""

from contextlib import closing
from typing import Any

from gateway.exchange.reconciling import Disclosed
from gateway.ledger.record import Detail, Envelope, encode_detail, seal, timestamp
from gateway.settings import Settings
from gateway.store.decided import Decided
from tests.settings.kit import AGENT, ZONE, parsed

T0 = 1_800_000_000_000_000
PERIOD = (timestamp(T0), timestamp(T0 + 100_000_000))


def settings() -> Settings:
    ward = {**AGENT, "id": "ward", "url": "http://Ward.Example:8080/base"}
    lab = {"id": "lab", "protocol": "http", "zone": "in-house", "routes": ["POST /x"]}
    pulls = {**lab, "pull": True, "callers": ["default/lab"]}
    return parsed(zone=[ZONE], agent=[AGENT, ward, pulls])


def decided(seq: int, agent: str | None, destination: str | None, *, second: int = 1, **fields: Any) -> Decided:
    at = timestamp(T0 + second * 1_000_000)
    envelope = Envelope(id=f"id-{seq}", tenant="tn", event="exchange.requested", occurred_at=at, agent=agent, **fields)
    detail = None if destination is None else encode_detail(Detail(destination=destination))
    return Decided(seal(envelope, seq, bytes(32), at), detail)


def test_where_it_was_sent_is_what_the_detail_says_else_where_the_agent_is() -> None:
    disclosed = Disclosed(settings(), {}, *PERIOD)
    chunk = [
        decided(0, "ward", "10.0.0.7:8080", exchange="ex-1", trace="ab"),
        decided(1, "ward", None),
        decided(2, "gone", "old.example:443"),
        decided(3, "ward", "ward.example"),
        decided(4, "gone", "old.example"),
    ]
    sent = disclosed.take("default", chunk)
    assert [(one.seq, one.agent, one.host, one.port) for one in sent] == [
        (0, "ward", "10.0.0.7", 8080),
        (1, "ward", "ward.example", 8080),
        (2, "gone", "old.example", 443),
        (3, "ward", "ward.example", 80),
        (4, "gone", "old.example", None),
    ]
    assert (sent[0].exchange, sent[0].trace, sent[0].tenant, sent[0].at) == ("ex-1", "ab", "default", T0 + 1_000_000)


def test_what_no_log_can_show_is_counted() -> None:
    disclosed = Disclosed(settings(), {}, *PERIOD)
    chunk = [
        decided(0, None, None, attempt=0),
        decided(1, "lab", "key_1 from 10.0.0.4"),
        decided(2, "gone", None),
        decided(3, "ward", None, second=1_000),
        decided(4, "ward", None),
    ]
    assert [one.seq for one in disclosed.take("default", chunk)] == [3, 4]
    told = disclosed.told
    assert (told.sent, told.pulled, told.homeless) == (1, 1, 1), "what lies beyond the period is not counted"
    assert (told.first, told.last) == (timestamp(T0 + 1_000_000),) * 2


def test_hosts_are_those_that_agents_are_registered_behind_with_their_further_names() -> None:
    further = {"0:0::7": "ward", "lab.example": "lab", "ward.example": "ward", "ward.example:8080": "local"}
    disclosed = Disclosed(settings(), {**further, "10.0.0.9:443": "ward", "ward.example:443": "ward"}, *PERIOD)
    assert disclosed.hosts == {
        "l": frozenset({"local"}),
        "ward.example": frozenset({"ward"}),
        "lab.example": frozenset({"lab"}),
    }
    assert disclosed.ports["ward.example"] == frozenset({8080})
    assert disclosed.ports["lab.example"] == frozenset({None})
    assert disclosed.aliases == {
        ("::7", None): ("ward.example", None),
        ("10.0.0.9", 443): ("ward.example", 8080),
        ("ward.example", 443): ("ward.example", 8080),
    }


def test_the_paths_of_health_checks_are_those_below_the_agents_own() -> None:
    ward = {**AGENT, "id": "ward", "url": "http://ward.example:8080/base/", "health": "/up?full=1"}
    disclosed = Disclosed(parsed(zone=[ZONE], agent=[AGENT, ward]), {}, *PERIOD)
    assert disclosed._checks == {("ward.example", 8080): frozenset({"/base/up", "/base/up?full=1"})}
    with closing(disclosed.comparison(T0, T0 + 1)) as made:
        assert made._checks == disclosed._checks
