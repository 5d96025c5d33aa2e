"""The deny-list: written before it is told, read anew where it has moved, and never older than its revision."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event, text

from gateway.core.caller import Identity
from gateway.core.errors import LedgerUnavailable
from gateway.core.refusal import Refusal
from gateway.ledger.record import Detail
from gateway.store import denials as module
from gateway.store.api_keys import Administrator
from gateway.store.denials import Denial, DenialStore, described
from gateway.store.writer_base import LedgerWriter
from tests.store.kit import LEDGER, START_US, Store
from tests.store.ledger_kit import changing, seeing

ISSUER = "https://login.example"


class Site:
    """A store of denials on a ledger, and how often it found a list to be another one."""

    def __init__(self, store: Store, writer: LedgerWriter) -> None:
        self.store, self.writer, self.moves = store, writer, 0
        self.denials = self.other()
        self.by = Administrator(
            ledger=writer, tenant=LEDGER, actor="ac_1", actor_kind="person", detail=Detail(subject="bob")
        )

    def other(self) -> DenialStore:
        """Another process's."""
        return DenialStore(self.store.engine, self.store.clock, [ISSUER], self._moved)

    def _moved(self) -> None:
        self.moves += 1

    async def deny(self, name: str = "ada", kind: str = "subject", **more: Any) -> Denial:
        found = await self.denials.deny(self.by, kind, name, **{"issuer": ISSUER, **more})
        assert isinstance(found, Denial), found
        return found


def caller(subject: str = "ada", **more: Any) -> Identity:
    values: dict[str, Any] = {"method": "jwt", "credential": "jwt:1", "issuer": ISSUER, **more}
    return Identity(tenant="default", subject=subject, kind="person", roles=(), zone="z", purposes=(), **values)


async def test_who_is_denied_is_so_at_once_on_record_and_found_by_others_by_the_revision(store: Store) -> None:
    async with store.writer() as writer:
        site = Site(store, writer)
        other = site.other()
        await other.reload(LEDGER)
        found = await site.deny(until_us=START_US + 10)
        assert found.id.startswith("dn_")
        assert site.denials.of(LEDGER).denies(caller(), START_US)
        assert site.denials.of(LEDGER).revision == 1
        assert not other.of(LEDGER).denies(caller(), START_US), "it has not asked"
        assert await other.fresh(LEDGER) is True
        assert other.of(LEDGER) == site.denials.of(LEDGER)
        assert await other.fresh(LEDGER) is False
        assert await site.denials.list(LEDGER) == (found,)
        assert described(found)["until"] is not None
        assert other.of("tn_other").revision == 0


async def test_taking_off_is_on_record_first_and_then_true(store: Store) -> None:
    async with store.writer() as writer:
        site = Site(store, writer)
        found = await site.deny("t1", "token")
        assert await site.denials.allow(site.by, found.id) == found
        assert not site.denials.of(LEDGER).denies(caller(token_id="t1"), START_US)
        assert site.denials.of(LEDGER).revision == 2
        again = await site.denials.allow(site.by, found.id)
        assert isinstance(again, Refusal)
        assert again.code == "not_found"


async def test_a_denial_holds_even_if_it_cannot_be_recorded_and_an_allowance_does_not(store: Store) -> None:
    async with store.writer() as writer:
        site = Site(store, writer)
        found = await site.deny()
    # The writer has stopped: nothing can be recorded.
    with pytest.raises(LedgerUnavailable):
        await site.denials.allow(site.by, found.id)
    with pytest.raises(LedgerUnavailable):
        await site.denials.deny(site.by, "subject", "eve", issuer=ISSUER)
    await site.denials.reload(LEDGER)
    for name in ("ada", "eve"):
        assert site.denials.of(LEDGER).denies(caller(name), START_US)


async def test_denied_again_it_is_denied_for_the_longer_time(store: Store) -> None:
    async with store.writer() as writer:
        site = Site(store, writer)
        first = await site.deny(until_us=START_US + 50)
        assert (await site.deny(until_us=START_US + 10)).until_us == START_US + 50
        assert (await site.deny(until_us=START_US + 90)).until_us == START_US + 90
        last = await site.deny()
        assert (last.id, last.until_us) == (first.id, None)
        assert (await site.deny(until_us=START_US + 10)).until_us is None
        assert len(await site.denials.list(LEDGER)) == 1


async def test_what_has_ended_is_neither_listed_nor_kept_for_ever(store: Store) -> None:
    async with store.writer() as writer:
        site = Site(store, writer)
        await site.deny(until_us=START_US + 10)
        store.clock.us = START_US + 10
        assert await site.denials.list(LEDGER) == ()
        await site.deny("eve")
        async with seeing(store.where) as connection:
            assert await connection.scalar(text("SELECT count(*) FROM denied")) == 1


@pytest.mark.parametrize(
    ("kind", "name", "more", "field"),
    [
        ("key", "ada", {"issuer": ISSUER}, "kind"),
        ("subject", "", {"issuer": ISSUER}, "name"),
        ("subject", "a\nb", {"issuer": ISSUER}, "name"),
        ("subject", "x" * 257, {"issuer": ISSUER}, "name"),
        ("token", "t1", {}, "issuer"),
        ("token", "t1", {"issuer": f"{ISSUER}/"}, "issuer"),
        ("subject", "ada", {"issuer": ISSUER, "until_us": START_US}, "until"),
    ],
)
async def test_what_could_deny_nobody_is_refused(
    store: Store, kind: str, name: str, more: dict[str, Any], field: str
) -> None:
    async with store.writer() as writer:
        site = Site(store, writer)
        found = await site.denials.deny(site.by, kind, name, **more)
        assert isinstance(found, Refusal)
        assert (found.code, found.field) == ("parameter_invalid", field)


async def test_a_list_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_DENIED", 1)
    async with store.writer() as writer:
        site = Site(store, writer)
        await site.deny()
        found = await site.denials.deny(site.by, "subject", "eve")
        assert isinstance(found, Refusal)
        assert found.code == "conflict"


async def test_readings_at_once_are_few_and_each_sees_what_was_there_when_it_was_asked_for(store: Store) -> None:
    async with store.writer() as writer:
        site = Site(store, writer)
        seen: list[str] = []

        def note(_: Any, __: Any, statement: str, *___: Any) -> None:
            if "FROM denied" in statement:
                seen.append(statement)

        event.listen(store.engine.sync_engine, "before_cursor_execute", note)
        first = asyncio.create_task(site.denials.reload(LEDGER))
        await asyncio.sleep(0)
        later = [asyncio.create_task(site.denials.reload(LEDGER)) for _ in range(20)]
        await asyncio.sleep(0)
        later[0].cancel()
        await asyncio.gather(first, *later, return_exceptions=True)
        assert len(seen) == 2


async def test_looking_finds_lists_that_have_moved_and_reads_all_of_them_now_and_then(store: Store) -> None:
    async with store.writer() as writer:
        site = Site(store, writer)
        found, other = await site.deny(), site.other()
        await other.look([LEDGER], lists=False)
        assert other.of(LEDGER).denies(caller(), START_US)
        async with changing(store.where) as connection:
            await connection.execute(text("DELETE FROM denied"))
        await other.look([LEDGER], lists=False)
        assert other.of(LEDGER).denies(caller(), START_US), "its revision is the same"
        await other.look([LEDGER], lists=True)
        assert not other.of(LEDGER).denies(caller(), START_US)
        assert found.name == "ada"


async def test_a_list_that_cannot_be_read_is_an_error_for_who_asks_and_a_line_for_who_watches(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    async with store.writer() as writer:
        site = Site(store, writer)
        await site.deny()
    async with store.bare() as bare:
        await bare.run("denied", "ALTER TABLE denied RENAME TO gone")
    with pytest.raises(LedgerUnavailable):
        await site.denials.reload(LEDGER)
    await site.denials.look([LEDGER], lists=True)
    assert "a deny-list could not be read" in caplog.text
    assert site.denials.of(LEDGER).denies(caller(), START_US)


async def test_rows_of_one_tenant_are_not_anothers(store: Store) -> None:
    async with store.writer() as writer:
        site = Site(store, writer)
        await site.deny()
        async with changing(store.where) as connection:
            await connection.execute(text("UPDATE denied SET tenant = 'tn_other'"))
        await site.denials.reload(LEDGER)
        assert not site.denials.of(LEDGER).denies(caller(), START_US)
        assert await site.denials.list(LEDGER) == ()
