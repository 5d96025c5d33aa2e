"""What the record says of a scheduled bundle names its period and where it goes, and moves its row or is not there."""

import json

from gateway.exchange.audit_scribe import Reader
from gateway.exchange.schedule_record import ScheduleScribe
from gateway.ledger.record import Detail, NodeInfo
from gateway.store.notices import Notice
from tests.conftest import ManualClock
from tests.store.test_scheduled import period

SCRIBE = ScheduleScribe(ManualClock(), NodeInfo(id="nd_1", boot="bt_1"), "webhook")
NOTICE = Notice(tenant="tn_1", id="no_1", channel="desk", body=b"{}", created_us=1, due_us=1)


def test_a_delivery_names_what_was_delivered_and_changes_the_row_that_was_known() -> None:
    one = period("2026-10", 0, version=3, bundle="ev_1")
    entry = SCRIBE.entry("delivered", one, {"state": "delivered", "digest": "ab"}, extent=(3, 9))
    envelope = entry.envelope
    assert (envelope.event, envelope.outcome and envelope.outcome.code) == ("audit.exported", "delivered")
    assert (envelope.range, envelope.actor, envelope.tenant) == ((3, 9), None, "tn_1")
    assert json.loads(entry.detail or b"")["query"] == {
        "schedule": "monthly",
        "period": "2026-10",
        "to": "webhook",
        "bundle": "ev_1",
        "sha256": "ab",
    }
    assert entry.change is not None
    assert entry.change.where == {"schedule": "monthly", "period": "2026-10", "version": 3}


def test_a_failure_says_why_and_its_notice_comes_with_it() -> None:
    entry = SCRIBE.entry("undelivered", period("2026-10", 0), {"told": 1}, code="disk_full", notices=(NOTICE,))
    assert json.loads(entry.detail or b"")["reason"] == "disk_full"
    assert entry.change is not None
    assert [one.table for one in entry.change.beside] == ["notice"]


def test_a_person_who_has_it_made_again_is_named() -> None:
    by = Reader(actor="ac_1", kind="person", detail=Detail(subject="root", reason="the share was lost"))
    entry = SCRIBE.entry("due", period("2026-10", 0), {"bundle": "ev_2"}, by=by)
    detail = json.loads(entry.detail or b"")
    assert (entry.envelope.actor, entry.envelope.actor_kind) == ("ac_1", "person")
    assert (detail["subject"], detail["reason"], detail["query"]["bundle"]) == ("root", "the share was lost", "ev_2")


def test_what_was_missed_is_a_new_row_or_no_record() -> None:
    entry = SCRIBE.missed(period("2026-10", 0, state="missed"), {"periods": "3"}, ())
    assert entry.change is not None
    assert (entry.change.where, entry.change.values["state"], entry.change.values["period"]) == (
        {},
        "missed",
        "2026-10",
    )
    assert json.loads(entry.detail or b"")["query"] == {"schedule": "monthly", "to": "webhook", "periods": "3"}
