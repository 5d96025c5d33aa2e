"""A tool is used as it was first seen; a changed one by nobody until it is released; each of these is on record."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import LedgerUnavailable
from gateway.core.refusal import Refusal
from gateway.ledger.entry import Appended, Entry
from gateway.ledger.record import check
from gateway.settings import Settings
from gateway.store.engine import open_engine, target
from gateway.store.tools import By, Seen, Tool, ToolStore
from tests.conftest import ManualClock


class Record:
    """A ledger that keeps what it was given, or fails."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.failing = False

    async def append(self, entry: Entry) -> Appended:
        check(entry.envelope)
        if self.failing:
            raise LedgerUnavailable("no")
        self.entries.append(entry)
        return Appended(seq=0, leaf_hash=b"", recorded_at="")

    @property
    def events(self) -> list[tuple[str, str | None]]:
        return [(entry.envelope.event, entry.envelope.action) for entry in self.entries]


def seen(name: str = "add", text: str = "first") -> Seen:
    return Seen(name=name, digest=f"sha256:{text}", body=f'{{"description":"{text}"}}'.encode())


@pytest.fixture
async def engine(database: Settings) -> AsyncIterator[AsyncEngine]:
    made = open_engine(target(database))
    yield made
    await made.dispose()


@pytest.fixture
def store(engine: AsyncEngine, clock: ManualClock) -> ToolStore:
    return ToolStore(engine, clock)


def by(record: Record, **fields: Any) -> By:
    return By(ledger=record, tenant="tn_1", **fields)


async def state(store: ToolStore, name: str = "add") -> Tool:
    return (await store.of("tn_1", "tools", fresh=True))[name]


async def test_a_tool_is_pinned_at_first_sight_and_stays_so(store: ToolStore) -> None:
    record = Record()
    for _ in range(2):
        await store.note(by(record, exchange="ex_1"), "tools", (seen(), seen("sub")))
    assert record.events == [("agent.tool_pinned", "tool:add"), ("agent.tool_pinned", "tool:sub")]
    assert (await state(store)).state == "pinned"
    assert record.entries[0].envelope.agent == "tools"
    assert b"sha256:first" in (record.entries[0].detail or b"")


async def test_a_tool_that_changes_is_quarantined_and_what_was_pinned_is_kept(store: ToolStore) -> None:
    record = Record()
    await store.note(by(record), "tools", (seen(),))
    for _ in range(2):
        await store.note(by(record), "tools", (seen(text="second"),))
    tool = await state(store)
    assert (tool.state, tool.digest, tool.offered_digest) == ("quarantined", "sha256:first", "sha256:second")
    assert (tool.definition, tool.offered) == (seen().body, seen(text="second").body)
    assert [event for event, _ in record.events] == ["agent.tool_pinned", "agent.tool_quarantined"]


async def test_a_tool_that_changes_back_stays_in_quarantine(store: ToolStore) -> None:
    record = Record()
    for text in ("first", "second", "first"):
        await store.note(by(record), "tools", (seen(text=text),))
    assert (await state(store)).state == "quarantined"


async def test_what_is_released_is_what_is_offered_now(store: ToolStore, clock: ManualClock) -> None:
    record = Record()
    for text in ("first", "second", "third"):
        await store.note(by(record), "tools", (seen(text=text),))
    assert [event for event, _ in record.events].count("agent.tool_quarantined") == 2
    done = await store.release(by(record, actor="ac_9", actor_kind="person"), "tools", "add")
    assert isinstance(done, Tool)
    assert (done.state, done.digest, done.offered, done.released_by) == ("pinned", "sha256:third", None, "ac_9")
    assert record.entries[-1].envelope.actor == "ac_9"
    await store.note(by(record), "tools", (seen(text="third"),))
    assert (await state(store)).state == "pinned"
    await store.note(by(record), "tools", (seen(text="first"),))
    assert (await state(store)).state == "quarantined"


async def test_a_release_names_what_it_releases(store: ToolStore) -> None:
    record = Record()
    await store.note(by(record), "tools", (seen(),))
    codes = []
    for name, digest in (("gone", None), ("add", None)):
        refused = await store.release(by(record), "tools", name, digest)
        assert isinstance(refused, Refusal)
        codes.append(refused.code)
    await store.note(by(record), "tools", (seen(text="second"),))
    refused = await store.release(by(record), "tools", "add", "sha256:first")
    assert isinstance(refused, Refusal)
    assert [*codes, refused.code, refused.field] == ["not_found", "conflict", "conflict", "digest"]
    assert isinstance(await store.release(by(record), "tools", "add", "sha256:second"), Tool)


async def test_nothing_changes_that_could_not_be_put_on_record(store: ToolStore) -> None:
    record = Record()
    record.failing = True
    with pytest.raises(LedgerUnavailable):
        await store.note(by(record), "tools", (seen(),))
    assert await store.of("tn_1", "tools", fresh=True) == {}
    record.failing = False
    await store.note(by(record), "tools", (seen(),))
    await store.note(by(record), "tools", (seen(text="second"),))
    record.failing = True
    with pytest.raises(LedgerUnavailable):
        await store.release(by(record), "tools", "add")
    assert (await state(store)).state == "quarantined"


async def test_two_who_see_a_tool_first_at_once_agree_or_it_is_quarantined(
    engine: AsyncEngine, store: ToolStore, clock: ManualClock
) -> None:
    other, record = ToolStore(engine, clock), Record()
    await other.of("tn_1", "tools")
    await store.note(by(record), "tools", (seen(),))
    await other._pin(by(record), "tools", seen())
    assert (await state(store)).state == "pinned"
    await other._pin(by(record), "tools", seen(text="second"))
    assert (await state(store)).state == "quarantined"


async def test_what_many_see_first_at_once_is_on_record_once(store: ToolStore) -> None:
    """As when an agent is new, and everybody's clients list its tools."""
    record = Record()
    both = (seen("add"), seen("echo"))
    await asyncio.gather(*(store.note(by(record), "tools", both) for _ in range(8)))
    assert sorted(record.events) == [("agent.tool_pinned", "tool:add"), ("agent.tool_pinned", "tool:echo")]
    await asyncio.gather(*(store.note(by(record), "tools", (seen(text="second"), both[1])) for _ in range(8)))
    assert record.events[2:] == [("agent.tool_quarantined", "tool:add")]


async def test_tenants_and_agents_have_tools_of_their_own(store: ToolStore) -> None:
    record = Record()
    await store.note(by(record), "tools", (seen(),))
    assert await store.of("tn_2", "tools") == {}
    assert await store.of("tn_1", "other") == {}


async def test_what_another_process_did_is_seen_within_seconds(
    engine: AsyncEngine, store: ToolStore, clock: ManualClock
) -> None:
    other, record = ToolStore(engine, clock), Record()
    assert await other.of("tn_1", "tools") == {}
    await store.note(by(record), "tools", (seen(),))
    assert await other.of("tn_1", "tools") == {}
    clock.advance(6)
    assert set(await other.of("tn_1", "tools")) == {"add"}


async def test_memory_holds_a_bounded_number(store: ToolStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.store.tools.MAX_CACHED", 2)
    for number in range(5):
        await store.of("tn_1", f"agent-{number}")
    assert len(store._known) <= 2


async def test_a_crash_between_record_and_row_leaves_what_the_next_sight_does_again(
    store: ToolStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Record()

    def crash(*_: object) -> None:
        raise LedgerUnavailable("killed")

    with monkeypatch.context() as patched:
        patched.setattr("gateway.store.tools.writing", crash)
        with pytest.raises(LedgerUnavailable):
            await store.note(by(record), "tools", (seen(),))
    assert record.events == [("agent.tool_pinned", "tool:add")]
    assert await store.of("tn_1", "tools", fresh=True) == {}
    await store.note(by(record), "tools", (seen(),))
    assert [event for event, _ in record.events] == ["agent.tool_pinned", "agent.tool_pinned"]
    with monkeypatch.context() as patched:
        patched.setattr("gateway.store.tools.writing", crash)
        with pytest.raises(LedgerUnavailable):
            await store.note(by(record), "tools", (seen(text="second"),))
    await store.note(by(record), "tools", (seen(text="second"),))
    assert (await state(store)).state == "quarantined"


async def test_what_an_agent_says_of_its_tools_makes_them_stale_until_a_list_shows_them_as_they_were(
    engine: AsyncEngine, store: ToolStore, clock: ManualClock
) -> None:
    record = Record()
    await store.note(by(record), "tools", (seen(), seen("sub")))
    await store.note(by(record), "other", (seen(),))
    await store.suspect("tn_1", "tools")
    assert {name: tool.state for name, tool in (await store.of("tn_1", "tools")).items()} == dict.fromkeys(
        ("add", "sub"), "stale"
    )
    assert (await store.of("tn_1", "other"))["add"].state == "pinned"
    await store.note(by(record), "tools", (seen(),))
    assert (await state(store)).state == "stale"
    since = {"add": (await state(store)).changed_us}
    await store.note(by(record), "tools", (seen(),), since)
    assert ((await state(store)).state, (await state(store, "sub")).state) == ("pinned", "stale")
    assert [event for event, _ in record.events] == ["agent.tool_pinned"] * 3


async def test_a_list_that_was_asked_for_before_the_agent_spoke_again_makes_nothing_pinned(store: ToolStore) -> None:
    record = Record()
    await store.note(by(record), "tools", (seen(),))
    await store.suspect("tn_1", "tools")
    since = {"add": (await state(store)).changed_us}
    await store.suspect("tn_1", "tools")
    await store.note(by(record), "tools", (seen(),), since)
    assert (await state(store)).state == "stale"


async def test_a_stale_tool_that_has_changed_is_quarantined_and_a_quarantined_one_does_not_become_stale(
    store: ToolStore,
) -> None:
    record = Record()
    await store.note(by(record), "tools", (seen(),))
    await store.suspect("tn_1", "tools")
    await store.note(by(record), "tools", (seen(text="second"),))
    await store.suspect("tn_1", "tools")
    tool = await state(store)
    assert (tool.state, tool.digest, tool.offered_digest) == ("quarantined", "sha256:first", "sha256:second")


async def test_what_another_node_saw_of_a_tool_counts_at_once(
    store: ToolStore, engine: AsyncEngine, clock: ManualClock
) -> None:
    record, other = Record(), ToolStore(engine, clock)
    assert await store.now("tn_1", "tools", "add") is None
    await other.note(by(record), "tools", (seen(),))
    for expected, change in (
        ("pinned", other.suspect("tn_1", "tools")),
        ("stale", other.note(by(record), "tools", (seen(text="second"),))),
        ("quarantined", other.release(by(record), "tools", "add")),
    ):
        found = await store.now("tn_1", "tools", "add")
        assert found is not None
        assert found.state == expected
        await change
    released = await store.now("tn_1", "tools", "add")
    assert released is not None
    assert (released.state, released.digest) == ("pinned", "sha256:second")
    assert await store.now("tn_1", "tools", "add") is released, "no definition is read while nothing becomes of it"
