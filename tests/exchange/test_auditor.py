"""Who reads the trail is on the trail before the first row leaves."""

import io
import json

import pytest

from gateway.bootstrap import open_site
from gateway.core.errors import LedgerUnavailable
from gateway.core.refusal import Refusal
from gateway.evidence.selection import Selection
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.auditor import Auditor
from gateway.exchange.showing import shown
from gateway.settings import Settings
from gateway.store.search import Filters, Page
from tests.bootstrap.kit import configured

BY = Reader(actor="ac_1", kind="person", exchange="ex_1")


async def told(auditor: Auditor) -> list[str]:
    """The events so far that are of reading, without the question being one."""
    reader = auditor._reader
    found = [json.loads(stored.envelope) async for stored in reader.records(0, await reader.size())]
    return [record["event"] for record in found if record["event"].startswith("audit.")]


async def test_each_way_of_reading_leaves_one_record_that_names_who_read(sqlite_settings: Settings) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        auditor = await site.auditor("default")
        assert isinstance(await auditor.page(BY, Filters(), order="asc", limit=10, cursor=None), Page)
        hits = [hit async for hit in auditor.stream(BY, Filters(), order="asc")]
        assert hits[-1].stored.seq >= 1, "its own record is among what it reads"
        stored = await auditor.record(BY, 0)
        assert stored is not None
        assert await auditor.exchange(BY, "nobody's") == []
        nothing = await auditor.misses(BY, "1970-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z")
        assert nothing.document()["measured"] is False
        assert await told(auditor) == ["audit.read"] * 5
        last = await auditor.record(BY, 1)
        assert last is not None
        assert shown(last)["record"]["actor"] == "ac_1"


async def test_a_refused_question_and_a_look_at_the_checkpoint_leave_none(sqlite_settings: Settings) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        auditor = await site.auditor("default")
        assert isinstance(await auditor.page(BY, Filters(), order="asc", limit=10, cursor="nonsense"), Refusal)
        for seq in (9999, -1, 2**53, 2**64):
            assert isinstance(await auditor.proof(BY, seq, force=False), Refusal)
        for seq in (-1, 2**53, 2**64):
            assert await auditor.record(BY, seq) is None
        await auditor.published.checkpoint()
        assert await told(auditor) == []


async def test_what_cannot_be_recorded_is_not_read_out(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        auditor = await site.auditor("default")

        async def down(entry: object) -> None:
            raise LedgerUnavailable("down")

        monkeypatch.setattr(auditor.scribe._ledger, "append", down)
        written = io.BytesIO()
        with pytest.raises(LedgerUnavailable):
            await auditor.page(BY, Filters(), order="asc", limit=10, cursor=None)
        with pytest.raises(LedgerUnavailable):
            await anext(aiter(auditor.stream(BY, Filters(), order="asc")))
        with pytest.raises(LedgerUnavailable):
            await auditor.export(BY, Selection(), written)
        with pytest.raises(LedgerUnavailable):
            await auditor.misses(BY, "0", "1")
        with pytest.raises(LedgerUnavailable):
            await auditor.scribe.handed_out(BY, "ev_1", 0, 1)
        assert written.getvalue() == b""


async def test_a_verification_and_its_result_are_a_record(sqlite_settings: Settings) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        auditor = await site.auditor("default")
        await auditor.record(BY, 0)
        verdict = await auditor.verify(BY)
        assert verdict.failure is None
        assert (await auditor.verify(BY, b"not a checkpoint")).failure is not None
        assert await told(auditor) == ["audit.read", "audit.verified", "audit.verified"]


async def test_a_proof_waits_for_a_checkpoint_or_makes_one(sqlite_settings: Settings) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        auditor = await site.auditor("default")
        await auditor.record(BY, 0)
        waiting = await auditor.proof(BY, 0, force=False)
        assert isinstance(waiting, Refusal)
        assert waiting.code == "no_checkpoint_yet"
        assert isinstance(await auditor.proof(BY, 0, force=True), bytes)
