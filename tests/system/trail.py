"""What must hold of a whole installation after whatever happened to it, once it was recovered."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select

from gateway.bootstrap import Site, open_gateway, open_site
from gateway.settings import Settings
from gateway.store.tables import open_exchange, sealed
from gateway.store.verification import LedgerVerification
from tests.store.ledger_kit import seeing
from tests.system.installation import Seen
from tests.system.load import Answered

OPENED, ATTEMPTED, COMPLETED = "exchange.requested", "exchange.attempted", "exchange.completed"
DENIED, INTERRUPTED = "exchange.denied", "exchange.interrupted"
Trails = dict[str, list[dict[str, Any]]]


async def recover(settings: Settings) -> None:
    """Start once, as any start after a crash does, and stop."""
    async with open_gateway(settings):
        pass


async def check(settings: Settings, answered: Iterable[Answered], seen: Iterable[Seen]) -> Trails:
    """Verifies every ledger, and holds what callers and agents know against what is on record.

    Returns the records of each exchange in order. To be called when nothing is under way."""
    async with open_site(settings) as site:
        await _verify(site)
        reader = site.reader("default")
        records = [json.loads(stored.envelope) async for stored in reader.records(0, await reader.size())]
        async with seeing(site.where) as connection:
            assert await connection.scalar(select(func.count()).select_from(open_exchange)) == 0
            keys = (await connection.execute(select(sealed.c.key).distinct())).scalars().all()
        assert all(site.keyring.data_key(key) is not None for key in keys), "on record, and its key is lost"
    trails: Trails = {}
    for record in records:
        if record["event"].startswith("exchange."):
            trails.setdefault(record["exchange"], []).append(record)
    for trail in trails.values():
        _check_shape([record["event"] for record in trail])
    for answer in answered:
        _check_answer(answer, trails)
    for one in seen:
        assert one.seq is not None, f"{one.agent} received a request that no record named it for"
        record = records[one.seq]
        assert record["event"] in (OPENED, ATTEMPTED)
        assert (record["agent"], record["trace"]) == (one.agent, one.trace)
    return trails


async def _verify(site: Site) -> None:
    for entry in site.tenants.values():
        verifier = site.keyring.signer(entry.origin).verifier
        verdict = await LedgerVerification(site.engine, entry.ledger, verifier).run()
        assert verdict.failure is None
        assert (verdict.said, verdict.unseen) == (None, ()), "decided by what was not in force"
        assert verdict.commitments == 0, "a detail is missing"


def _check_shape(events: list[str]) -> None:
    """A refusal stands alone; what was opened has exactly one end, and every attempt lies in between."""
    if events == [DENIED]:
        return
    assert events[0] == OPENED, events
    assert events[-1] in (COMPLETED, INTERRUPTED), events
    assert set(events[1:-1]) <= {ATTEMPTED}, events


def _check_answer(answer: Answered, trails: Trails) -> None:
    """What a caller was told to be done is on record as done."""
    if answer.status == 503:
        # The ledger could not be written: the caller was told that this is not on record as done, and it is not.
        assert COMPLETED not in [record["event"] for record in trails.get(answer.exchange, [])]
        return
    trail = trails[answer.exchange]
    assert {record["trace"] for record in trail} == {answer.trace}
    end = trail[-1]
    if answer.status == 200:
        assert (end["event"], end["outcome"]["code"]) == (COMPLETED, "ok"), end
        if answer.kind != "streamed":
            assert end["response"]["bytes"] == answer.size
    elif answer.status == 403:
        assert end["event"] == DENIED
    else:
        assert end["event"] in (COMPLETED, DENIED)
