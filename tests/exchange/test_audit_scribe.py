"""What is put on record of reading the record: who, what for, and what came of it."""

from typing import Any

import msgspec
import pytest
from pyrage import x25519

from gateway.core.errors import LeftOut
from gateway.evidence.age import parse_recipients
from gateway.evidence.selection import Scope, Selection
from gateway.exchange.audit_scribe import MADE, AuditScribe, Made, Reader, asked_for, encrypted_to, query_of
from gateway.ledger.commitment import committed
from gateway.ledger.entry import Appended, Entry, RowChange
from gateway.ledger.record import Detail, Envelope, NodeInfo
from gateway.store.search import Filters
from tests.conftest import ManualClock

RECIPIENT = str(x25519.Identity.generate().to_public())
BY = Reader(actor="ac_1", kind="person", exchange="ex_1", trace="tr_1", detail=Detail(subject="auditor@host"))


class Kept:
    """A ledger that keeps what is appended, or leaves out what rows change with."""

    def __init__(self, *, leaves_out: bool = False) -> None:
        self.entries, self.leaves_out = list[Entry](), leaves_out

    async def append(self, entry: Entry) -> Appended:
        if self.leaves_out and entry.change is not None:
            raise LeftOut("the record was left out")
        self.entries.append(entry)
        return Appended(seq=len(self.entries) - 1, leaf_hash=bytes(32), recorded_at=entry.envelope.occurred_at)

    def only(self) -> tuple[Envelope, dict[str, Any]]:
        (entry,) = self.entries
        assert entry.detail is not None
        assert entry.salt is not None
        assert entry.envelope.detail == committed(entry.salt, "detail", entry.detail)
        return entry.envelope, msgspec.json.decode(entry.detail)


def scribe(kept: Kept, clock: ManualClock) -> AuditScribe:
    return AuditScribe(kept, "tn_1", clock, NodeInfo(id="nd_1", boot="bt_1"))


async def test_who_reads_stands_in_the_envelope_as_a_pseudonym_and_what_for_in_the_detail(clock: ManualClock) -> None:
    kept = Kept()
    await scribe(kept, clock).record("audit.read", BY, {"event": "policy.activated"}, first=3, end=5, reason="why")
    envelope, detail = kept.only()
    assert (envelope.event, envelope.tenant, envelope.range) == ("audit.read", "tn_1", (3, 5))
    assert (envelope.actor, envelope.actor_kind) == ("ac_1", "person")
    assert (envelope.exchange, envelope.trace) == ("ex_1", "tr_1")
    assert (envelope.outcome, envelope.digest) == (None, None)
    assert detail == {"subject": "auditor@host", "query": {"event": "policy.activated"}, "reason": "why"}


async def test_a_report_is_on_record_before_it_is_made_and_its_file_before_it_leaves(clock: ManualClock) -> None:
    kept = Kept()
    await scribe(kept, clock).reporting(BY, {"report": "hipaa"}, 0, 9)
    made = Made(kind="hipaa", digest="sha256:" + "a" * 64, first=0, end=9)
    await scribe(kept, clock).reported(BY, {"report": "hipaa"}, made)
    before, after = (entry.envelope for entry in kept.entries)
    assert (before.event, before.outcome, before.range) == ("audit.exported", None, (0, 9))
    assert (after.action, after.digest, after.range) == ("hipaa", made.digest, (0, 9))
    assert after.outcome is not None
    assert after.outcome.code == MADE


async def test_what_came_of_a_bundle_is_told_with_whom_it_is_encrypted_to(clock: ManualClock) -> None:
    kept = Kept()
    assert await scribe(kept, clock).bundled(BY, "ev_1", "b" * 64, "ok", 0, 9, (RECIPIENT,))
    envelope, detail = kept.only()
    assert (envelope.digest, envelope.range) == ("sha256:" + "b" * 64, (0, 9))
    assert detail["query"] == {"bundle": "ev_1", "sha256": "b" * 64, "recipients": RECIPIENT}


async def test_a_bundle_whose_row_somebody_else_has_changed_is_not_told_of(clock: ManualClock) -> None:
    kept = Kept(leaves_out=True)
    change = RowChange(table="bundle", values={"state": "failed"}, where={"id": "ev_1"})
    assert not await scribe(kept, clock).bundled(BY, "ev_1", None, "failed", change=change)
    assert kept.entries == []


async def test_who_takes_a_bundle_away_is_on_record_with_its_range(clock: ManualClock) -> None:
    kept = Kept()
    await scribe(kept, clock).handed_out(BY, "ev_1", 2, 4)
    envelope, detail = kept.only()
    assert (envelope.event, envelope.range, detail["query"]) == ("audit.exported", (2, 4), {"bundle": "ev_1"})


@pytest.mark.parametrize(
    ("selection", "attach", "told"),
    [
        (Selection(), (), {}),
        (Selection(contents=True), ("report", "policies"), {"contents": "true", "attach": "report,policies"}),
        (
            Selection(scope=Scope(kind="subject", ids=("su_1", "su_2"), period=("a", "b"))),
            (),
            {"about": "subject:su_1:su_2", "period": "a/b"},
        ),
    ],
)
def test_a_bundle_is_asked_for_in_words_that_name_nobody(
    selection: Selection, attach: tuple[str, ...], told: dict[str, str]
) -> None:
    assert asked_for(selection, attach) == {**selection.filters, **told}


def test_whom_a_bundle_is_encrypted_to_is_told_where_it_is_to_anybody() -> None:
    assert encrypted_to(()) == {}
    assert encrypted_to(parse_recipients((RECIPIENT,))) == {"recipients": RECIPIENT}


def test_what_is_searched_by_is_told_as_it_was_asked() -> None:
    since = "2026-01-01T00:00:00.000000Z"
    assert query_of(Filters(event="audit.read", since=since)) == {"event": "audit.read", "from": since}
