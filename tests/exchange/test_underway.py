"""Who may not act any more gets nothing more of what is under way; all others do, and nobody pays for looking."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from gateway.core.denial import NOBODY, DenySet
from gateway.core.errors import LedgerUnavailable
from gateway.core.ports import KeyRecord
from gateway.exchange import underway as module
from gateway.exchange.exchange import Exchange
from gateway.exchange.standing import Standing
from gateway.exchange.underway import UnderWay
from tests.conftest import ManualClock
from tests.exchange.making import caller, exchange

TENANT = "tn_1"


class Lists:
    """A `DenyList` that a test writes; what was written becomes known once somebody asks."""

    def __init__(self) -> None:
        self.known, self.there = NOBODY, NOBODY
        self.asked: list[str] = []
        self.failing = False
        self.moved: Any = None

    def of(self, tenant: str) -> DenySet:
        return self.known

    async def fresh(self, tenant: str) -> bool:
        self.asked.append(tenant)
        if self.failing:
            raise LedgerUnavailable("no answer")
        if self.known == self.there:
            return False
        await self.reload(tenant)
        return True

    async def reload(self, tenant: str) -> None:
        self.known = self.there
        self.moved(tenant)

    def deny(self, *names: tuple[str, str, str]) -> None:
        """On another node: this one is not told."""
        self.there = DenySet(revision=self.there.revision + 1, entries=dict.fromkeys(names))


class Keys:
    """API keys by their ids, of which some have ended."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.ended: dict[str, dict[str, int]] = {}
        self.failing = False

    async def get(self, tenant: str, key_id: str) -> KeyRecord | None:
        self.asked.append(key_id)
        if self.failing:
            raise LedgerUnavailable("no answer")
        record = KeyRecord(
            id=key_id,
            prefix="p" * 12,
            hash=bytes(32),
            tenant=tenant,
            owner="t1" if key_id == "ak_of_t1" else "ada",
            kind="person",
            roles=("clerk",),
            zone="in-house",
            purposes=("TREAT",),
            floor=(),
            rate=None,
            created_us=0,
            expires_us=None,
            revoked_us=None,
        )
        return msgspec.structs.replace(record, **self.ended.get(key_id, {}))


class Site:
    def __init__(self, clock: ManualClock) -> None:
        self.lists, self.keys = Lists(), Keys()
        standing = Standing(self.keys, (), ("default",), clock)
        self.underway = UnderWay(denials=self.lists, standing=standing, clock=clock)
        self.lists.moved = self.underway.moved

    @asynccontextmanager
    async def open(self, **fields: Any) -> AsyncIterator[tuple[Exchange, "asyncio.Task[None]"]]:
        """An exchange under way in a task of its own, which only a cancellation ends."""
        found, begun = exchange(), asyncio.Event()
        found.caller = caller(**fields)
        found.identity = found.caller.identity
        found.denials = self.lists.known.revision

        async def run() -> None:
            self.underway.opened(found)
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.underway.over(found)

        task = asyncio.create_task(run())
        await begun.wait()
        yield found, task
        task.cancel()
        await asyncio.wait([task])


def code(found: Exchange) -> str | None:
    return None if found.cut is None else found.cut.code


@pytest.fixture
def site(clock: ManualClock) -> Site:
    return Site(clock)


async def test_a_denial_elsewhere_cuts_what_is_its_own_and_nothing_else(site: Site) -> None:
    token = {"method": "jwt", "issuer": "i", "credential": "jwt:1"}
    async with (
        site.open(subject="eve", token_id="t1", **token) as (denied, gone),
        site.open(subject="eve", token_id="t2", **token) as (other, stays),
        site.open(subject="agent", on_behalf_of=("eve",), **token) as (acted, _),
        site.open(subject="t1", credential="ak_of_t1") as (owner, _),
    ):
        site.lists.deny(("token", "i", "t1"))
        await site.underway.look()
        await asyncio.wait([gone])
        assert [code(one) for one in (denied, other, acted, owner)] == ["credential_denied", None, None, None]
        assert gone.cancelled()
        assert not stays.cancelling()
        assert len(site.underway) == 3
        site.lists.deny(("subject", "i", "eve"))
        await site.underway.look()
        assert [code(one) for one in (other, acted, owner)] == ["credential_denied", "credential_denied", None]
    assert len(site.underway) == 0


@pytest.mark.parametrize(
    ("ended", "expected"),
    [({"revoked_us": 1}, "credential_revoked"), ({"expires_us": 1}, "credential_expired")],
)
async def test_a_key_that_was_ended_cuts_what_it_began_and_is_asked_for_once(
    site: Site, ended: dict[str, int], expected: str
) -> None:
    async with (
        site.open(credential="ak_1") as (one, _),
        site.open(credential="ak_1") as (two, _),
        site.open(credential="ak_2") as (other, _),
        site.open(credential="ak_1", method="jwt", issuer="i") as (token, _),
    ):
        site.keys.ended["ak_1"] = ended
        await site.underway.look()
        assert site.keys.asked == [], "the list has not moved"
        site.lists.deny()
        await site.underway.look()
        assert sorted(site.keys.asked) == ["ak_1", "ak_2"]
        assert [code(it) for it in (one, two, other, token)] == [expected, expected, None, None]


async def test_what_ends_already_is_not_cut_and_what_was_cut_is_not_cut_twice(site: Site) -> None:
    async with site.open() as (ending, stays), site.open() as (found, task):
        ending.closed = True
        site.lists.deny(("subject", "", "ada"))
        await site.underway.look()
        await site.underway.look()
        assert (code(ending), stays.cancelling()) == (None, 0)
        assert (code(found), task.cancelling()) == ("credential_denied", 1)


async def test_who_was_denied_between_its_look_and_its_intent_is_looked_at_at_once(site: Site) -> None:
    site.lists.deny(("subject", "", "ada"))
    site.lists.known = site.lists.there
    before = DenySet(revision=0, entries={})
    watching = asyncio.create_task(site.underway.watch())
    site.lists.known, known = before, site.lists.known
    async with asyncio.timeout(10):
        found = exchange()
        found.caller = caller()
        found.identity, found.denials = found.caller.identity, before.revision
        site.lists.known = known

        async def run() -> None:
            site.underway.opened(found)
            await asyncio.Event().wait()

        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(run())
        assert code(found) == "credential_denied"
    site.underway.over(found)
    watching.cancel()


async def test_a_list_or_a_key_that_cannot_be_read_is_read_again(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with site.open(credential="ak_1") as (found, task):
        site.keys.ended["ak_1"] = {"revoked_us": 1}
        site.lists.deny()
        site.lists.failing = True
        await site.underway.look()
        site.lists.failing, site.keys.failing = False, True
        await site.underway.look()
        assert code(found) is None
        assert caplog.text.count("LedgerUnavailable") == 2
        site.keys.failing = False
        monkeypatch.setattr(module, "LOOK_S", 0)
        watching = asyncio.create_task(site.underway.watch())
        async with asyncio.timeout(10):
            await asyncio.wait([task])
        watching.cancel()
        assert code(found) == "credential_revoked"


async def test_a_defect_in_looking_ends_neither_the_looking_nor_that_of_others(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(identity: object) -> None:
        raise RuntimeError("swordfish")

    async with site.open(credential="ak_1") as (found, task):
        site.keys.ended["ak_1"] = {"revoked_us": 1}
        site.lists.deny()
        with monkeypatch.context() as patch:
            patch.setattr(Standing, "recheck", lambda self, identity: broken(identity))
            await site.underway.look()
        assert code(found) is None
        assert "RuntimeError" in caplog.text
        assert "swordfish" not in caplog.text
        await site.underway.look()
        await asyncio.wait([task])
        assert code(found) == "credential_revoked"


async def test_where_nothing_is_open_nobody_asks(site: Site) -> None:
    site.underway.moved(TENANT)
    site.underway.over(exchange())
    async with site.open() as (found, _):
        site.underway.over(found)
        site.underway.over(found)
        await site.underway.look()
    assert site.lists.asked == []
    assert len(site.underway) == 0


def test_an_exchange_of_nobody_is_not_put_down(site: Site) -> None:
    site.underway.opened(exchange())
    assert len(site.underway) == 0
