"""A ledger with an emergency ledger stitched into its middle, and what its database knew of it before that was gone."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.ids import uuid7
from gateway.core.ports import StoredRecord
from gateway.exchange.emergency_files import EmergencyFiles
from gateway.exchange.emergency_trail import EmergencyTrail
from gateway.ledger.entry import Entry
from gateway.ledger.record import ClassesInfo, Detail, OutcomeInfo, parse
from gateway.store.candidates import Order
from gateway.store.sealing import Sealer
from gateway.store.search import Filters, Hit, Search
from tests.exchange.emergency_kit import Both, both
from tests.store.kit import LEDGER, START_US, entry

MAIN, OWN = uuid7(START_US - 3_600_000_000, bytes(10)), uuid7(START_US, bytes(10))
"""An exchange on the main ledger, an hour before, and one on the emergency ledger."""
PHI = ClassesInfo(found=("phi",), declared=(), inherited=(), floor=())


def cared(exchange: str, *subjects: str, agent: str = "ward") -> list[Entry]:
    """The records of an exchange about these pseudonyms."""
    detail = Detail(subjects=subjects or None, destination="ward.internal")
    about: dict[str, Any] = {"detail": detail, "subjects": subjects}
    return [
        entry("exchange.requested", exchange=exchange, agent=agent, purpose="ETREAT", classes=PHI, **about),
        entry("exchange.completed", exchange=exchange, agent=agent, outcome=OutcomeInfo(code="ok"), **about),
    ]


class Spliced(msgspec.Struct):
    """Both sides, stitched. `place`: the record that stitches it in; `size`: records of the emergency ledger."""

    sides: Both
    trail: EmergencyTrail
    place: int
    size: int
    directory: Path

    @property
    def search(self) -> Search:
        return Search(self.sides.main.engine, LEDGER)

    def away(self) -> Path:
        """Move the file elsewhere; where that is."""
        return self.sides.file.rename(self.directory / "moved.archive")

    async def expected(self, filters: Filters, order: Order) -> list[tuple[str | None, int]]:
        """What fits, by the databases of both: emergency ledger and number."""
        main = [hit.stored.seq async for hit in self.search.stream(filters, order="asc")]
        other = Search(self.sides.emergency.engine, LEDGER)
        own = [hit.stored.seq async for hit in other.stream(filters, order="asc") if hit.stored.seq < self.size]
        found = [
            *((None, seq) for seq in main if seq < self.place),
            *(("em_1", seq) for seq in own),
            *((None, seq) for seq in main if seq >= self.place),
        ]
        return found if order == "asc" else found[::-1]


@asynccontextmanager
async def spliced(template: Path, directory: Path, own: Sequence[Entry]) -> AsyncIterator[Spliced]:
    """`own`: what was recorded on the emergency ledger."""
    async with both(template, directory) as sides:
        for one in cared(MAIN, "su_main", "su_both"):
            await sides.writer.append(one)
        for start in range(0, len(own), 1_000):
            await asyncio.gather(*(sides.own.append(one) for one in own[start : start + 1_000]))
        await sides.stitching().stitch(await sides.over())
        await sides.writer.append(entry(agent="ward"))
        keyring, files = sides.main.keyring, EmergencyFiles(directory / "closed")
        trail = EmergencyTrail(sides.main.engine, LEDGER, files, Sealer(keyring), keyring.subject_keys)
        (found,) = await trail.spliced()
        yield Spliced(sides, trail, found.place, found.one.size, directory)


def numbers(hits: Sequence[Hit | StoredRecord]) -> list[tuple[str | None, int]]:
    """Emergency ledger and number of each."""
    records = [hit.stored if isinstance(hit, Hit) else hit for hit in hits]
    return [(one.emergency, one.seq) for one in records]


def events(records: Sequence[StoredRecord]) -> list[str]:
    return [parse(one.envelope).event for one in records]
