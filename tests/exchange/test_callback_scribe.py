"""What is on record of a callback says where to, under which decision and how it went, and nothing of what it holds."""

from pathlib import Path

import msgspec
import pytest

from gateway.exchange.callback_scribe import CallbackScribe, Notice, Tried
from gateway.ledger.record import Detail, encode_detail
from gateway.settings import Settings
from gateway.store.callbacks import DELIVERED, FAILED, Delivery
from gateway.store.sealing import Sealer
from tests.exchange.making import NODE
from tests.exchange.task_making import POLICY
from tests.exchange.test_task_kept import again
from tests.store.kit import LEDGER, Store, opened
from tests.store.test_tasks import made

DELIVERY = Delivery(
    tenant=LEDGER,
    id="d1",
    task="t1",
    callback="billing",
    state="waiting",
    version=3,
    tries=2,
    due_us=0,
    created_us=0,
)
TASK = made(last_exchange="ex_2")


def scribe(store: Store) -> CallbackScribe:
    return CallbackScribe(clock=store.clock, sealing=Sealer(store.keyring), node=NODE)


async def test_what_is_about_to_be_sent_is_committed_to_and_held_to_its_policy(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    decided = again("redact")
    decided = msgspec.structs.replace(decided, decision=msgspec.structs.replace(decided.decision, policy=POLICY))
    async with opened(sqlite_settings, tmp_path) as store:
        notice = Notice(body=b"told", zone="partner", again=decided, purpose="TREAT", detail=Detail(destination="a"))
        entry = scribe(store).sent(DELIVERY, TASK, notice)
        record = entry.envelope
        assert (record.event, record.callback, record.zone, record.attempt) == (
            "task.callback_sent",
            "billing",
            "partner",
            2,
        )
        assert (record.exchange, record.task, record.purpose, entry.decided_under) == ("ex_2", "t1", "TREAT", POLICY)
        assert entry.detail == encode_detail(Detail(destination="a"))
        assert record.response is not None
        assert [one.part for one in entry.sealed] == ["response"]
        assert b"told" not in msgspec.json.encode(record)
        plain = scribe(store).sent(DELIVERY, TASK, msgspec.structs.replace(notice, again=None))
        assert (plain.decided_under, plain.envelope.decision, plain.envelope.purpose) == (None, None, None)


async def test_whom_it_is_found_by_its_detail_names(sqlite_settings: Settings, tmp_path: Path) -> None:
    """Whatever becomes of the result in it: verification holds the two against each other."""
    async with opened(sqlite_settings, tmp_path) as store:
        notice = Notice(body=b"told", zone="partner", again=None, subjects=("su_a",), detail=Detail(destination="a"))
        entry = scribe(store).sent(DELIVERY, TASK, notice)
        assert entry.subjects == ("su_a",)
        assert entry.detail == encode_detail(Detail(destination="a", subjects=("su_a",)))


@pytest.mark.parametrize(("state", "event"), [(DELIVERED, "task.callback_delivered"), (FAILED, "task.callback_failed")])
async def test_its_end_goes_with_the_end_of_its_row(
    sqlite_settings: Settings, tmp_path: Path, state: str, event: str
) -> None:
    async with opened(sqlite_settings, tmp_path) as store:
        entry = scribe(store).ended(DELIVERY, TASK, state, Tried(code="ok", status=204))
        assert entry.envelope.event == event
        assert entry.envelope.outcome is not None
        assert (entry.envelope.outcome.code, entry.envelope.outcome.status) == ("ok", 204)
        assert entry.change is not None
        assert entry.change.where == {"id": "d1", "version": 3, "state": "waiting"}
        assert entry.change.values["state"] == state
