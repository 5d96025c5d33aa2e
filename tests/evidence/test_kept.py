"""A bundle that was cut off anywhere becomes, gone on with, the same to the byte; and what was changed is not used."""

import asyncio
import io
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.refusal import Refusal
from gateway.evidence import walking
from gateway.evidence.attachment import Attachment, Material
from gateway.evidence.bundle import build
from gateway.evidence.kept import Fleeting, Kept, State
from gateway.evidence.piece import NotAsKept
from gateway.evidence.scope import PERIOD
from gateway.evidence.selection import Scope, Selection
from gateway.evidence.verify import judge
from gateway.ledger.times import timestamp

from .apart import FILES, FIRST, Files, main_ledger
from .making import POLICIES, T0, VKEY, MemoryLedger, Sources, ledger
from .test_misses import marked, sampled

COUNT = 22
WHOLE = Selection(
    filters={"actor": "ac_1"}, scope=Scope(kind=PERIOD, period=(timestamp(T0 - 1), timestamp(T0 + 3_600_000_000)))
)


def made() -> MemoryLedger:
    """Records with samples and what people have judged of them, on both sides of a border."""
    found = ledger(COUNT - 2)
    for one in (sampled(records=(2, 0)), marked(1, 2, missed={"person": 1})):
        found.append(one)
    found.publish()
    return found


LEDGER = made()


class Desk:
    """A keeper in memory that copies what is kept, and is cut off when told to be."""

    def __init__(self, kept: Kept | None = None, cut: int | None = None) -> None:
        self.kept, self.file, self.spool = kept, io.BytesIO(), io.BytesIO()
        self.cut, self.states = cut, []  # type: tuple[int | None, list[State]]
        self.left: list[Kept] = []

    async def keep(self, state: State) -> None:
        state = msgspec.json.decode(msgspec.json.encode(state), type=State)
        self.states.append(state)
        files = (io.BytesIO(file.getvalue()) for file in (self.file, self.spool))
        self.left.append(Kept(state=state, container=next(files), spool=next(files)))
        if self.cut is not None and len(self.left) == self.cut:
            raise ConnectionError


def sources() -> Sequence[Attachment]:
    return [Sources(), Sources("data/csv/then.csv")]


async def built(desk: Desk, attachments: Sequence[Attachment] | None = None, **how: Any) -> bytes:
    found = await build(
        LEDGER,
        how.pop("selection", WHOLE),
        signer=LEDGER.signer,
        policies=POLICIES,
        created_us=T0 + 7_200_000_000,
        write=desk.file,
        attachments=sources() if attachments is None else attachments,
        keeper=desk,
        **how,
    )
    assert not isinstance(found, Refusal), found
    return desk.file.getvalue()


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "CHUNK", 4)
    monkeypatch.setattr(walking, "SEGMENT", 8)


async def test_cut_off_at_any_border_it_becomes_the_same_and_is_read_from_there() -> None:
    """Borders: twice within the records, at their end, at the details' end, and at that of each attachment."""
    whole = Desk()
    expected = await built(whole)
    assert judge(io.BytesIO(expected), VKEY).demanded().end == COUNT
    assert len(whole.states) == 6
    for border in range(1, len(whole.states) + 1):
        dying = Desk(cut=border)
        with pytest.raises(ConnectionError):
            await built(dying)
        heir = Desk(dying.left[-1])
        assert await built(heir) == expected, f"border {border}"
        assert heir.states == [
            msgspec.structs.replace(one, spool=heir.states[number].spool)
            for number, one in enumerate(whole.states[border:])
        ], "what is kept later is the same, and nothing is kept again"


async def test_cut_off_again_and_again_it_becomes_the_same() -> None:
    expected, kept, borders = await built(Desk()), None, 0
    while True:
        desk = Desk(kept, cut=1)
        try:
            found = await built(desk)
        except ConnectionError:
            kept, borders = desk.left[-1], borders + 1
            continue
        break
    assert (found, borders) == (expected, 6)


async def test_cut_off_within_a_member_it_goes_on_from_the_last_border(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes behind what is kept are of no account, whatever they are; what was kept is not read from the ledger."""
    expected = await built(Desk())
    for gone in (11, 19):
        desk = Desk()

        def cut(done: int, total: int, gone: int = gone) -> None:
            if done >= gone:
                raise ConnectionError

        with pytest.raises(ConnectionError):
            await built(desk, progress=cut)
        kept = desk.left[-1]
        kept.container.seek(0, 2)
        kept.container.write(b"torn")
        read: list[int] = []
        lots = MemoryLedger.lots

        def watched(self: MemoryLedger, first: int, end: int) -> Any:
            read.append(first)  # noqa: B023
            return lots(self, first, end)  # noqa: B023

        monkeypatch.setattr(MemoryLedger, "lots", watched)
        assert await built(Desk(kept)) == expected
        monkeypatch.setattr(MemoryLedger, "lots", lots)
        assert read == [gone // 8 * 8]


async def test_an_attachment_that_was_made_is_not_made_again() -> None:
    desk, times = Desk(cut=5), []

    class Counted(Sources):
        async def pieces(self, material: Material) -> AsyncGenerator[bytes, None]:
            times.append(self.path)
            async for piece in super().pieces(material):
                yield piece

    with pytest.raises(ConnectionError):
        await built(desk, [Counted(), Counted("data/csv/then.csv")])
    await built(Desk(desk.left[-1]), [Counted(), Counted("data/csv/then.csv")])
    assert times == ["data/csv/sources.csv", "data/csv/then.csv"]


@pytest.mark.parametrize("border", [1, 2, 3, 4, 6])
async def test_what_was_changed_on_the_way_is_found_wherever_it_is(border: int) -> None:
    dying = Desk(cut=border)
    with pytest.raises(ConnectionError):
        await built(dying)
    kept = dying.left[-1]
    pieces = [piece for piece in kept.state.pieces if piece.size and not piece.name.startswith("data/reports")]
    large = {"data/records.jsonl", "data/details.jsonl", "data/csv/sources.csv", "data/csv/then.csv"}
    for piece in (one for one in pieces if one.name in large):
        changed, data = _copied(kept)
        data[piece.place + piece.size // 2] ^= 1
        with pytest.raises(NotAsKept):
            await built(Desk(changed(data)))
        with pytest.raises(NotAsKept, match="shorter"):
            await built(Desk(changed(data[: piece.place + piece.size - 1])))
    if border < 4:
        assert isinstance(kept.spool, io.BytesIO)
        spool = bytearray(kept.spool.getvalue())
        spool[3] ^= 1
        with pytest.raises(NotAsKept, match="spool"):
            await built(Desk(msgspec.structs.replace(kept, spool=io.BytesIO(spool))))


async def test_what_would_be_another_bundle_now_is_not_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    dying = Desk(cut=2)
    with pytest.raises(ConnectionError):
        await built(dying)
    monkeypatch.setattr("gateway.evidence.readme.text", lambda origin: "another")
    with pytest.raises(NotAsKept, match="README"):
        await built(Desk(dying.left[-1]))


async def test_a_pinned_checkpoint_covers_it_although_there_is_a_newer_one() -> None:
    first = LEDGER.checkpoint_at(COUNT - 2)
    desk = Desk()
    found = await build(
        LEDGER, Selection(), signer=LEDGER.signer, policies=POLICIES, created_us=T0, write=desk.file, last=first
    )
    assert not isinstance(found, Refusal)
    assert (found.end, found.checkpoint[0]) == (COUNT - 2, COUNT - 2)
    late = await build(
        LEDGER,
        Selection(end=COUNT),
        signer=LEDGER.signer,
        policies=POLICIES,
        created_us=T0,
        write=io.BytesIO(),
        last=first,
    )
    assert isinstance(late, Refusal)
    assert late.code == "no_checkpoint_yet"


def test_without_a_keeper_nothing_is_kept() -> None:
    with Fleeting(None) as place:
        assert place.kept is None
        assert asyncio.run(place.keep(None)) is None  # type: ignore[arg-type]
    assert place.spool.closed


def _copied(kept: Kept) -> tuple[Any, bytearray]:
    assert isinstance(kept.container, io.BytesIO)
    return (
        lambda data: msgspec.structs.replace(kept, container=io.BytesIO(data)),
        bytearray(kept.container.getvalue()),
    )


async def test_emergency_ledgers_are_the_same_again_or_it_is_begun_anew(tmp_path: Path) -> None:
    """A file that went away meanwhile is not left out of a bundle that was begun with it."""
    made, files = main_ledger(), Files(tmp_path, FILES, {"em_1": FIRST - 1})

    async def written(desk: Desk) -> bytes:
        found = await build(
            made,
            Selection(first=FIRST),
            signer=made.signer,
            policies=POLICIES,
            created_us=T0 + 7_200_000_000,
            write=desk.file,
            emergencies=files,
            attachments=[Sources()],
            keeper=desk,
        )
        assert not isinstance(found, Refusal), found
        return desk.file.getvalue()

    whole = Desk()
    expected = await written(whole)
    assert [one["held"] for one in judge(io.BytesIO(expected), VKEY).demanded().emergencies] == [True] * 3
    for kept in whole.left:
        assert await written(Desk(kept)) == expected
    (tmp_path / "em_2.archive").unlink()
    with pytest.raises(NotAsKept, match=r"em_2/ledger\.archive is not at hand any more"):
        await written(Desk(whole.left[-1]))
