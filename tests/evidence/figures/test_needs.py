"""Of how many records a field is asked, how many hold it, and why the others do not."""

from typing import Any

import msgspec
import pytest

from gateway.core.errors import FormatError
from gateway.evidence.figures.needs import Held, lacks, need_of
from gateway.evidence.figures.seen import Looked
from gateway.ledger.record import Detail
from tests.evidence.figures.kit import record

TLS = Detail(tls="TLSv1.3")


def _held(need: str, *records: Any) -> Held:
    made = Held(need)
    for one in records:
        made.take(one)
    return made


def _told(need: str, *records: Any, opened: bool = True) -> tuple[list[Any], str | None]:
    made = _held(need, *records)
    looked = Looked(opened=opened)
    return made.row(looked)[1:], made.lack(looked)


def _deleted(event: str = "exchange.requested", **fields: Any) -> Any:
    """A record that has had a detail."""
    one = record(event, detail=TLS, **fields)
    envelope = msgspec.structs.replace(one.envelope, detail="A" * 43 + "=")
    return msgspec.structs.replace(one, envelope=envelope, detail=None)


def test_a_field_is_asked_of_every_record() -> None:
    some = (record("exchange.requested", detail=TLS), record("exchange.denied"), record("audit.read", detail=Detail()))
    assert _told("detail.tls", *some) == ([3, 1, 0], "detail.tls: in 1 of 3 records")
    assert _told("detail.tls", some[0]) == ([1, 1, 0], None)


def test_a_field_of_some_events_is_asked_of_theirs_alone_of_which_there_must_be_one() -> None:
    own, other = record("audit.read", actor="ac_1"), record("exchange.denied", actor="ac_1")
    assert _told("audit.read: actor", own, other) == ([1, 1, 0], None)
    assert _told("audit.read: actor", record("audit.read"), other) == (
        [1, 0, 0],
        "audit.read: actor: in 0 of 1 records",
    )
    assert _told("audit.read: actor", other) == ([0, 0, 0], "no record of audit.read")
    assert _told("audit.read | exchange.denied: actor", own, other) == ([2, 2, 0], None)
    assert _told("audit.read | key.denied: actor", other)[1] == "no record of audit.read or key.denied"


def test_an_event_that_need_not_occur_is_asked_where_it_does() -> None:
    need = "any: auth.failed: outcome.code"
    assert _told(need, record("audit.read")) == ([0, 0, 0], None)
    assert _told(need, record("auth.failed", code="credential_expired")) == ([1, 1, 0], None)
    assert _told(need, record("auth.failed"))[1] == f"{need}: in 0 of 1 records"


def test_of_several_fields_one_is_enough() -> None:
    need = "detail.issuer | detail.credential"
    token, key = Detail(issuer="https://idp"), Detail(credential="key_1")
    assert _told(need, record("audit.read", detail=token), record("audit.read", detail=key)) == ([2, 2, 0], None)
    assert _told(need, record("audit.read", detail=TLS))[0] == [1, 0, 0]


def test_a_field_may_be_asked_of_records_that_hold_another() -> None:
    need = "zone where agent"
    assert _told(need, record("audit.read")) == ([0, 0, 0], None)
    some = (record("audit.read"), record("exchange.requested", agent="a"), record("exchange.requested", zone="cloud"))
    assert _told(need, *some) == ([1, 0, 0], "zone where agent: in 0 of 1 records")
    assert _told("audit.read: zone where agent", record("audit.read"))[1] is None
    assert _told("audit.read: zone where agent", some[1])[1] == "no record of audit.read"


def test_one_record_may_be_enough() -> None:
    some = (record("exchange.requested", zone="cloud"), record("exchange.requested"))
    assert _told("some: zone", *some) == ([2, 1, 0], None)
    assert _told("some: zone", some[1], some[1]) == ([2, 0, 0], "some: zone: in 0 of 2 records")
    means = "whoever was sent something is in-house, or was registered without one"
    assert _told("some: processor", *some)[1] == f"some: processor: in 0 of 2 records: {means}"
    assert (
        _told("some: processor where agent", record("audit.read"))[1]
        == "some: processor where agent: in 0 of 0 records"
    )
    assert _told("some: zone where agent", *some)[1] == "some: zone where agent: in 0 of 0 records"
    assert _told("some: audit.read: zone", *some)[1] == "no record of audit.read"


def test_a_detail_that_is_gone_is_counted_apart_and_told_for_what_it_is() -> None:
    some = (record("exchange.requested", detail=TLS), _deleted(), _deleted(), record("exchange.denied"))
    need = "detail.tls: in 1 of 4 records"
    assert _told("detail.tls", *some) == ([4, 1, 2], f"{need} (the details of 2 are deleted)")
    assert _told("detail.tls", *some, opened=False)[1] == f"{need} (the details of 2 are not opened here)"
    assert _told("zone", *some)[1] == "zone: in 0 of 4 records"
    either = _told("detail.tls | zone", _deleted(zone="cloud"), _deleted())
    assert either[0] == [2, 1, 1]


def test_counts_of_pieces_add_up() -> None:
    parts = [
        _held("detail.tls", _deleted(), record("audit.read")),
        _held("detail.tls", record("audit.read", detail=TLS)),
    ]
    parts[0].merge(parts[1])
    assert parts[0].row(Looked()) == ["detail.tls", 3, 1, 1]
    none, one = _held("audit.read: zone where agent"), _held("audit.read: zone where agent", record("audit.read"))
    none.merge(one)
    assert none.lack(Looked()) is None


def test_what_is_lacking_is_told_once() -> None:
    needs = [Held("audit.read: actor"), Held("audit.read: range"), Held("any: auth.failed: count")]
    assert lacks(needs, Looked()) == ["no record of audit.read"]


@pytest.mark.parametrize(
    "text",
    [
        "actor",
        "decision.policy",
        "tokens",
        "key.created: detail.diff",
        "key.denied | key.allowed: actor | detail.subject where node",
        "some: audit.read: actor",
        "any: audit.read: actor",
        "region where agent",
    ],
)
def test_fields_of_envelope_and_detail_may_be_needed(text: str) -> None:
    assert need_of(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "detail", "nothing", "decision.", "decision.nothing", "agent.x", "detail.tls.x", "no.event: actor"),
        *(": actor", "any: actor", "any: ", "some:", "actor |", "actor | actor", "actor | nothing", "all: actor"),
        *("audit.read | audit.read: actor", "zone where detail.tls", "zone where", "where zone", "zone  where agent"),
        *("some: any: audit.read: actor", "zone where agent | actor", "zone where nothing", "actor|agent", "actor\n"),
    ],
)
def test_what_is_no_need_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="must be a field of the envelope"):
        need_of(text)
