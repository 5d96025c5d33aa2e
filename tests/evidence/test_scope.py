"""What a bundle is about is checked as far as envelopes go, and what they do not show is said."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError, VerificationError
from gateway.core.refusal import Refusal
from gateway.evidence import scope as scopes
from gateway.evidence.report import Report, lines
from gateway.evidence.scope import check_scope, encode, parse
from gateway.evidence.selection import Query, Scope, Selection
from gateway.evidence.verify import verify
from gateway.ledger.record import Envelope

from .making import VKEY, MemoryLedger, bundle, ledger, try_bundle
from .tampering import at

TWENTY = ledger(20)


def verified(selection: Selection, tmp_path: Path, made: MemoryLedger = TWENTY) -> Report:
    bundle(made, tmp_path / "a.zip", selection)
    return verify(tmp_path / "a.zip", VKEY)


def refused(selection: Selection, tmp_path: Path, made: MemoryLedger = TWENTY) -> Refusal:
    found = try_bundle(made, tmp_path / "a.zip", selection)
    assert isinstance(found, Refusal)
    return found


def test_a_range_that_reaches_over_both_ends_holds_every_record_of_a_period(tmp_path: Path) -> None:
    scope = Scope(kind="period", period=(at(4), at(12)))
    report = verified(Selection(first=3, end=13, scope=scope), tmp_path)
    assert (report.selected, report.scope) == (
        8,
        {"kind": "period", "ids": [], "period": [at(4), at(12)], "until": at(12)},
    )
    text = "\n".join(lines(report))
    assert (
        f"about        period\nabout        recorded from {at(4)} until {at(12)}: every record of that time\n" in text
    )


def test_a_period_that_is_not_over_yet_is_whole_up_to_the_newest_record(tmp_path: Path) -> None:
    report = verified(Selection(first=3, scope=Scope(kind="period", period=(at(4), at(99)))), tmp_path)
    assert (report.selected, (report.scope or {})["until"]) == (16, at(19))
    assert f"; the newest record is of {at(19)}" in "\n".join(lines(report))
    assert verified(Selection(scope=Scope(kind="period", period=(at(0), at(2)))), tmp_path).selected == 2
    assert verified(Selection(first=19, scope=Scope(kind="period", period=(at(50), at(60)))), tmp_path).selected == 0


@pytest.mark.parametrize(("first", "end"), [(4, 13), (5, 13), (3, 12), (3, 5)])
def test_a_range_that_could_leave_out_a_part_of_a_period_is_never_signed(first: int, end: int, tmp_path: Path) -> None:
    found = refused(Selection(first=first, end=end, scope=Scope(kind="period", period=(at(4), at(12)))), tmp_path)
    assert (found.code, found.field) == ("parameter_invalid", "range")


def test_the_records_of_each_provision_of_a_framework_are_counted_again(tmp_path: Path) -> None:
    queries = (
        Query("1", {"event": "exchange.requested", "decision": "deny"}),
        Query("1", {"event": "exchange.completed"}),
        Query("2", {"agent": "cloud-writer", "data_class": "phi"}),
        Query("3", {"decision": "approve"}),
    )
    report = verified(Selection(scope=Scope(kind="framework", ids=("f",), queries=queries)), tmp_path)
    made = [msgspec.json.decode(one.envelope) for one in TWENTY.stored]
    one = [e for e in made if e["event"] == "exchange.completed" or e["decision"]["effect"] == "deny"]
    two = [e for e in made if e["agent"] == "cloud-writer" and "phi" in e["classes"]["found"]]
    assert (report.scope or {})["provisions"] == {"1": len(one), "2": len(two), "3": 0}
    assert report.selected == len({e["id"] for e in [*one, *two]})
    assert "about        1: " in "\n".join(lines(report))


def test_within_a_period_only_its_records_count_for_a_framework(tmp_path: Path) -> None:
    scope = Scope(kind="framework", ids=("f",), queries=(Query("1", {}),), period=(at(4), at(12)))
    report = verified(Selection(first=3, end=13, scope=scope), tmp_path)
    assert (report.selected, (report.scope or {})["provisions"]) == (8, {"1": 8})


def test_every_record_of_an_exchange_is_selected_and_what_lies_outside_is_said(tmp_path: Path) -> None:
    scope = Scope(kind="exchange", ids=("ex_3",), exchanges=("ex_3",))
    report = verified(Selection(first=5, end=9, scope=scope), tmp_path)
    assert (report.selected, (report.scope or {})["exchanges_found"]) == (2, 1)
    assert any("outside of the range" in note for note in report.notes)
    assert not any("outside of the range" in note for note in verified(Selection(scope=scope), tmp_path).notes)


def test_of_a_data_subject_it_is_said_that_the_list_of_exchanges_is_the_gateways_word(tmp_path: Path) -> None:
    scope = Scope(kind="subject", ids=("su_1", "su_2"), exchanges=("ex_1", "ex_7", "ex_99"))
    report = verified(Selection(scope=scope), tmp_path)
    assert (report.selected, (report.scope or {})["exchanges_found"], (report.scope or {})["exchanges"]) == (4, 2, 3)
    assert any("the gateway's word" in note for note in report.notes)
    assert "about        subject su_1 su_2\n" in "\n".join(lines(report))


def incident(exchange: str | None = "ex_3") -> tuple[MemoryLedger, str]:
    made, named = ledger(20), "01900000-0000-7000-8000-00000000aaaa"
    told: dict[str, Any] = {"tenant": "tn_1", "occurred_at": at(20)}
    made.append(Envelope(id=named, event="incident.opened", exchange=exchange, **told))
    made.append(Envelope(id="01900000-0000-7000-8000-00000000bbbb", event="incident.closed", incident=named, **told))
    made.publish()
    return made, named


def test_an_incident_is_its_exchange_and_what_was_made_of_it(tmp_path: Path) -> None:
    made, named = incident()
    scope = Scope(kind="incident", ids=(named,), exchanges=("ex_3",))
    assert verified(Selection(first=6, scope=scope), tmp_path, made).selected == 4
    bare, named = incident(None)
    assert verified(Selection(scope=Scope(kind="incident", ids=(named,))), tmp_path, bare).selected == 2


def test_a_merge_of_data_subjects_is_not_of_an_incident() -> None:
    """Its detail says who is one with whom, and why: who asks about an exchange is not told."""
    named = "01900000-0000-7000-8000-00000000aaaa"
    chosen = scopes.chooser(Selection(scope=Scope(kind="incident", ids=(named,), exchanges=("ex_3",))))
    told: dict[str, Any] = {"tenant": "tn_1", "occurred_at": at(1)}
    assert chosen(Envelope(id="a", event="exchange.requested", exchange="ex_3", subject="su_1", **told))
    assert not chosen(Envelope(id="b", event="subject.merged", subject="su_1", **told))


def test_an_incident_whose_exchange_is_another_or_that_nothing_opened_is_never_signed(tmp_path: Path) -> None:
    made, named = incident()
    for scope in (
        Scope(kind="incident", ids=(named,), exchanges=("ex_4",)),
        Scope(kind="incident", ids=(named,)),
        Scope(kind="incident", ids=("01900000-0000-7000-8000-00000000cccc",), exchanges=("ex_3",)),
    ):
        assert refused(Selection(scope=scope), tmp_path, made).field == "range"


WRONG = [
    Scope(kind="all"),
    Scope(kind="period"),
    Scope(kind="period", period=(at(2), at(2))),
    Scope(kind="period", period=("2026-01-01", at(2))),
    Scope(kind="period", ids=("x",), period=(at(1), at(2))),
    Scope(kind="framework", ids=("f",)),
    Scope(kind="framework", queries=(Query("1", {}),)),
    Scope(kind="framework", ids=("f",), queries=(Query("", {}),)),
    Scope(kind="framework", ids=("f",), queries=(Query("1", {"colour": "red"}),)),
    Scope(kind="framework", ids=("f",), queries=(Query("1", {}),), exchanges=("ex_1",)),
    Scope(kind="exchange", ids=("ex_1",), exchanges=("ex_2",)),
    Scope(kind="exchange", ids=("ex_1", "ex_2"), exchanges=("ex_1", "ex_2")),
    Scope(kind="exchange", ids=("ex_1",), exchanges=("ex_1",), queries=(Query("1", {}),)),
    Scope(kind="subject", exchanges=("ex_1",)),
    Scope(kind="subject", ids=("",), exchanges=("ex_1",)),
    Scope(kind="subject", ids=("su_1",), exchanges=("ex_2", "ex_1")),
    Scope(kind="subject", ids=("su_1",), exchanges=("ex_1", "ex_1")),
]


@pytest.mark.parametrize("scope", WRONG, ids=range(len(WRONG)))
def test_what_cannot_be_a_scope_is_refused(scope: Scope, tmp_path: Path) -> None:
    with pytest.raises(FormatError):
        check_scope(scope)
    with pytest.raises(FormatError):
        parse(encode(scope))
    assert refused(Selection(scope=scope), tmp_path).code == "parameter_invalid"


def test_more_exchanges_than_there_may_be_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scopes, "MAX_EXCHANGES", 2)
    check_scope(Scope(kind="subject", ids=("su_1",), exchanges=("ex_1", "ex_2")))
    with pytest.raises(FormatError, match="at most 2"):
        check_scope(Scope(kind="subject", ids=("su_1",), exchanges=("ex_1", "ex_2", "ex_3")))


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["period", "framework", "ex_1", at(1), at(2)]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["kind", "ids", "period", "queries", "exchanges", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(json)
def test_whatever_is_read_is_a_scope_that_is_written_the_same_or_an_error_of_form(value: object) -> None:
    try:
        scope = parse(value)
    except FormatError:
        return
    assert encode(scope) == value


def test_a_scope_that_was_changed_and_signed_is_found(tmp_path: Path) -> None:
    with pytest.raises(VerificationError):
        verify(Path(__file__).parent.parent / "golden/bundles/signed-period-that-goes-on.zip", VKEY)
