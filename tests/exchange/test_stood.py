"""What stood before a range is found through the index, in archives at hand, and no further back than all is known."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import RecordsArchived, VerificationError
from gateway.evidence.figures.standing import Start
from gateway.exchange.archived import Archives
from gateway.exchange.stood import StoodReader
from gateway.ledger.entry import Entry
from gateway.ledger.granted import Granted
from gateway.ledger.record import Detail, NodeInfo, OutcomeInfo
from gateway.settings import Settings
from gateway.store.archives import ArchiveStore
from gateway.store.postings import BLOCK
from gateway.store.sealing import Sealer
from tests.exchange.archive_kit import advance, archives
from tests.prepared import Prepared
from tests.store.archive_kit import MORE, fill, plain
from tests.store.kit import LEDGER, Store, entry, opened
from tests.store.test_archives import allow

LATE = "2100-01-01T00:00:00.000000Z"
PLACES: dict[int, tuple[str, str, Granted | None]] = {
    3: ("key.created", "ak_old", Granted(owner="Old")),
    5: ("key.created", "ak_kept", Granted(owner="Kept", roles=("clinician",))),
    70: ("key.revoked", "ak_old", Granted(owner="Old")),
    80: ("subject.erasure", "sc_open", None),
    81: ("subject.erasure", "sc_over", None),
    82: ("subject.erased", "sc_over", None),
    90: ("alert.review_overdue", "bg_open", None),
    91: ("alert.review_overdue", "bg_over", None),
    92: ("alert.reviewed", "bg_over", None),
    95: ("incident.opened", "", None),
    96: ("incident.closed", "id-of-another", None),
    BLOCK + 9: ("key.rotated", "ak_new", Granted(owner="New")),
    BLOCK + 11: ("key.created", "ak_brief", Granted(owner="Brief", ends="2050-01-01T00:00:00.000000Z")),
}
"""Number → what its record changes."""
LIVES = {
    2: ("ledger.started", "nd_a"),
    4: ("ledger.started", "nd_b"),
    BLOCK + 1: ("ledger.stopped", "nd_a"),
    BLOCK + 5: ("ledger.started", "nd_a"),
}


async def _filled(settings: Settings, directory: Path) -> None:
    async with opened(settings, directory) as found:
        await fill(found, made=made)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def store(request: pytest.FixtureRequest, prepared: Prepared, tmp_path: Path) -> AsyncIterator[Store]:
    """All of that in the database, on each kind of it."""
    with prepared.copied(request.param, _filled, tmp_path) as settings:
        async with opened(settings, tmp_path) as found:
            yield found


def made(seq: int) -> Entry:
    if seq in LIVES:
        event, node = LIVES[seq]
        return entry(event, us=1_795_482_123_000_004 + seq, node=NodeInfo(id=node, boot="bt_1"))
    if seq not in PLACES:
        return plain(seq)
    event, name, told = PLACES[seq]
    us = 1_795_482_123_000_004 + seq
    if told is None:
        field = {"subject": "case", "alert": "break_glass", "incident": "incident"}[event.partition(".")[0]]
        about: dict[str, Any] = {field: name} if name else {}
        return entry(event, **about, detail=Detail(), us=us, outcome=OutcomeInfo(code="asked"), actor="ac_admin")
    return entry(event, credential=name, detail=Detail(diff=told.lines()), us=us, actor="ac_admin")


async def moved(store: Store) -> None:
    """The first block lies in an archive."""
    if store.where.kind != "sqlite":
        await allow(store, 0)
    await advance(store)


def reader(store: Store, *, at_hand: bool = True) -> StoodReader:
    away = Archives(ArchiveStore(store.engine), Sealer(store.keyring), None)
    return StoodReader(store.engine, LEDGER, archives(store) if at_hand else away)


def keys(start: Start) -> Sequence[str]:
    return [one.name for one in start.book.of("key")]


async def test_what_stood_is_found_in_the_database_in_the_order_of_the_records(store: Store) -> None:
    found = await reader(store).before(BLOCK + MORE, LATE)
    assert (keys(found.start), found.known_from) == (["ak_kept", "ak_new"], 0)
    assert [one.envelope.seq for one in found.start.records] == [5, 80, 90, 95, BLOCK + 9], (
        "an erasure, an emergency and an incident that is open is looked for as what is in force"
    )
    (kept, _) = found.start.book.of("key")
    assert isinstance(kept.told, Granted)
    assert kept.told.roles == ("clinician",)
    sooner = await reader(store).before(BLOCK + 12, "2040-01-01T00:00:00.000000Z")
    assert keys(sooner.start) == ["ak_kept", "ak_new", "ak_brief"]
    first = await reader(store).before(4, LATE)
    assert keys(first.start) == ["ak_old"]
    assert keys((await reader(store).before(0, LATE)).start) == []


async def test_what_stood_is_found_in_archives_that_are_at_hand_and_are_what_is_on_record(store: Store) -> None:
    await moved(store)
    found = await reader(store).before(BLOCK + MORE, LATE)
    assert (keys(found.start), found.known_from) == (["ak_kept", "ak_new"], 0)
    within = await reader(store).before(60, LATE)
    assert keys(within.start) == ["ak_old", "ak_kept"]
    # One that is not at hand stops nothing, and is told.
    found = await reader(store, at_hand=False).before(BLOCK + MORE, LATE)
    assert (keys(found.start), found.known_from) == (["ak_new"], BLOCK)
    within = await reader(store, at_hand=False).before(60, LATE)
    assert (keys(within.start), within.known_from) == ([], 60)
    # One that is not what is on record gives nothing.
    (path,) = (store.directory / "archive" / LEDGER).iterdir()
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(VerificationError, match="not the one that the ledger has on record"):
        await reader(store).before(BLOCK + MORE, LATE)


async def test_what_is_archived_while_it_is_looked_for_is_found_all_the_same_and_refused_where_that_goes_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the archives were listed, and before the database is asked."""
    looking = reader(store)
    listed, times = looking._at_hand, 0
    old = await listed(BLOCK + MORE)

    async def at_hand(first: int) -> object:
        nonlocal times
        found = await listed(first)
        times += 1
        if times == 1:
            await moved(store)
        return found

    monkeypatch.setattr(looking, "_at_hand", at_hand)
    found = await looking.before(BLOCK + MORE, LATE)
    assert (keys(found.start), found.known_from, times) == (["ak_kept", "ak_new"], 0, 2)

    async def again(first: int) -> object:
        return old

    monkeypatch.setattr(looking, "_at_hand", again)
    with pytest.raises(RecordsArchived):
        await looking.before(BLOCK + MORE, LATE)


async def test_of_each_node_the_last_start_or_stop_is_found_as_far_as_the_database_has_it(store: Store) -> None:
    found = await reader(store).life(BLOCK + 5)
    assert [(node, event, seq) for node, event, _, seq in found.rows] == [
        ("nd_a", "ledger.stopped", BLOCK + 1),
        ("nd_b", "ledger.started", 4),
    ]
    assert found.whole
    assert (await reader(store).life(2)).rows == []
    await moved(store)
    later = await reader(store).life(BLOCK + 9)
    assert [(node, event, seq) for node, event, _, seq in later.rows] == [("nd_a", "ledger.started", BLOCK + 5)]
    assert not later.whole
