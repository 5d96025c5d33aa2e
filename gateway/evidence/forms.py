"""The selected records of a bundle in the forms of others, each a file of it: an `Attachment` (`attachment`).

They repeat what the records and the opened details say and nothing else, so that whoever verifies can hold them against
those. Memory: one record, and a piece of the file; of the assessment, a count for each provision.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from typing import Any

from gateway.evidence import bag, disclosed, fhir, ocsf, oscal, strict_json, tabular
from gateway.evidence.attachment import Given, Material, every_detail
from gateway.evidence.fhir import AuditEvents
from gateway.evidence.figures.seen import Known, seen
from gateway.evidence.figures.standing import Start, Stood
from gateway.evidence.manifest import Manifest
from gateway.evidence.oscal import Assessment, Resource, Subject
from gateway.evidence.reports.register import Declared, Registers
from gateway.evidence.scope import timed
from gateway.ledger.chain import leaf_hash
from gateway.ledger.index import COLUMNS, index_columns

PIECE = 65_536
"""Bytes that are gathered before they are given."""
Frameworks = Callable[[], Awaitable[Sequence[Assessment]]]
"""Makes assessments of the control frameworks that are asked about, none of which has taken a record yet."""
UNOPENED = (
    " Not every detail was opened for it: a record may hold a field of the detail all the same where it is not said to."
)
_CELLS = ("seq", *COLUMNS, "hash", "emergency")


class Lines:
    """A file with some lines for each selected record, after a head: of the range, then of emergency ledgers. `make` is
    called once for each writing of it, and what it gives once for each record, in order, after `look` has looked up
    what it takes to tell that."""

    def __init__(
        self,
        path: str,
        make: Callable[[Manifest], Callable[[Given], Iterable[bytes]]],
        head: bytes = b"",
        look: Callable[[Given], Awaitable[None]] | None = None,
    ) -> None:
        self._path, self._make, self._head, self._look = path, make, head, look

    @property
    def path(self) -> str:
        return self._path

    async def pieces(self, material: Material) -> AsyncGenerator[bytes, None]:
        of, piece = self._make(material.manifest), bytearray(self._head)
        for records in (material.selected(), material.apart(selected=True)):
            async for given in records:
                if self._look is not None:
                    await self._look(given)
                for line in of(given):
                    piece += line
                if len(piece) >= PIECE:
                    yield bytes(piece)
                    piece.clear()
        if piece:
            yield bytes(piece)


def audit_events() -> Lines:
    """FHIR R4 AuditEvents of what is about health data."""

    def make(manifest: Manifest) -> Callable[[Given], Iterable[bytes]]:
        events = AuditEvents(manifest.origin)
        return lambda given: map(fhir.line, events.of(given.envelope, given.detail, given.emergency))

    return Lines("data/fhir/AuditEvent.ndjson", make)


class AuditEventCoverage:
    """How many of the selected records became AuditEvents, and how many may be about health data for all that anybody
    knows and did not: what could not be searched has no class to go by."""

    path = "data/fhir/coverage.json"

    async def pieces(self, material: Material) -> AsyncGenerator[bytes, None]:
        events, counts = AuditEvents(material.manifest.origin), {"records": 0, "mapped": 0, "events": 0}
        for records in (material.selected(), material.apart(selected=True)):
            async for given in records:
                made = sum(1 for _ in events.of(given.envelope, given.detail))
                counts["records"] += 1
                counts["mapped"] += made > 0
                counts["events"] += made
        yield strict_json.dump({**counts, "classes": sorted(fhir.HEALTH), "unscanned": events.unscanned}) + b"\n"


def api_activity() -> Lines:
    """OCSF events."""
    return Lines(
        "data/ocsf/api_activity.ndjson", lambda manifest: lambda given: (ocsf.line(given.bytes, given.emergency),)
    )


def table() -> Lines:
    """The records by their index columns, as the audit API lists them."""
    return Lines("data/csv/records.csv", lambda manifest: lambda given: (_row(given),), tabular.row(_CELLS))


def disclosures(registers: Registers) -> tuple[Lines, Lines]:
    """What personal data was sent to whom, with what the policy version in force said of them, as NDJSON and as a
    table."""
    told: dict[str, Declared] = {}

    async def look(given: Given) -> None:
        version = disclosed.version(given.envelope) if given.envelope.event in disclosed.EVENTS else None
        if version is not None and version not in told:
            told[version] = await registers.declared((version,))

    def row(given: Given) -> dict[str, Any] | None:
        declared = told.get(disclosed.version(given.envelope) or "", Declared())
        return disclosed.row(given.envelope, given.detail, declared)

    def line(given: Given) -> Iterable[bytes]:
        found = row(given)
        return () if found is None else (tabular.line({**found, "emergency": given.emergency}),)

    def in_cells(given: Given) -> Iterable[bytes]:
        found = row(given)
        cells = () if found is None else (*(found[name] for name in disclosed.COLUMNS), given.emergency)
        return (tabular.row(cells),) if cells else ()

    head = tabular.row((*disclosed.COLUMNS, "emergency"))
    return (
        Lines("data/disclosures.jsonl", lambda manifest: line, look=look),
        Lines("data/csv/disclosures.csv", lambda manifest: in_cells, head, look),
    )


def _row(given: Given) -> bytes:
    return tabular.row(
        (given.envelope.seq, *index_columns(given.envelope), leaf_hash(given.bytes).hex(), given.emergency)
    )


class AssessmentFile:
    """OSCAL assessment results of all records of the range and of the emergency ledgers that it stitches in, selected
    or not: what is not there cannot be evidence that somebody left out."""

    path = "data/oscal/assessment-results.json"

    def __init__(self, frameworks: Frameworks, stood: Stood | None = None) -> None:
        """`stood`: what stood before the range, where that was looked at."""
        self._frameworks, self._stood = frameworks, stood

    async def pieces(self, material: Material) -> AsyncGenerator[bytes, None]:
        manifest, assessments = material.manifest, await self._frameworks()
        since, until, numbers = "", "", list[int]()
        opened, inside = await every_detail(material), timed(manifest.scope)
        period = None if manifest.scope is None else manifest.scope.period
        stood = self._stood
        if stood is None and not manifest.first and period is None:  # nothing stands before the first record
            stood = Stood(start=Start())
        if stood is not None:
            for one in assessments:
                one.begin(stood if opened else stood.closed())
        async for given in material.opened():
            if not inside(given.envelope):
                continue
            at = given.envelope.recorded_at or given.envelope.occurred_at
            since, until = since or at, at
            numbers[1:] = [given.envelope.seq or 0]
            for one in assessments:
                one.feed(seen(given.envelope, given.detail, Known()))
        async for given in material.apart():
            if inside(given.envelope):
                for one in assessments:
                    one.feed(seen(given.envelope, given.detail, Known(), given.emergency))
        if period is not None:
            since, until = period
            for one in assessments:
                one.reach(min(until, manifest.created))
        about = Subject(
            origin=manifest.origin,
            first=manifest.first if period is None or not numbers else numbers[0],
            end=manifest.end if period is None or not numbers else numbers[-1] + 1,
            since=since,
            until=until,
            created=manifest.created,
            opened=opened,
        )
        files = [
            Resource(
                path=f"../{bag.RECORDS.removeprefix('data/')}",
                title="Every record of the range, in order, with nothing left out",
                media_type="application/jsonl",
                sha256=material.sha256(bag.RECORDS),
            ),
            *(_emergency(material, one.id) for one in manifest.emergencies or () if one.selected is not None),
        ]
        yield oscal.encode(
            oscal.document(assessments, about, files, _remarks(about, manifest, opened=opened) + self._before(manifest))
        )

    def _before(self, manifest: Manifest) -> str:
        """How far back what stood is known."""
        stood, dated = self._stood, manifest.scope is not None and manifest.scope.period is not None
        if stood is None:
            return " What stood before the range was not looked at." if manifest.first or dated else ""
        return f" What stood before record {stood.known_from} is not known." if stood.known_from else ""


def _emergency(material: Material, emergency: str) -> Resource:
    path = bag.emergency_file(emergency)
    return Resource(
        path=f"../{path.removeprefix('data/')}",
        title=f"Every record of emergency {emergency}, an archive",
        media_type="application/zip",
        sha256=material.sha256(path),
        emergency=emergency,
    )


def _remarks(about: Subject, manifest: Manifest, *, opened: bool) -> str:
    """From which coverage it was made; what was not at hand is named."""
    told, size = manifest.emergencies or (), manifest.checkpoint[0]
    missing = [one.id for one in told if one.selected is None]
    found = len(told) - len(missing)
    apart = f", and of {found} emergency ledgers that they stitch in" if found else ""
    unopened = "" if opened else UNOPENED
    left = f" Not at hand, and so not looked at: emergency {', '.join(missing)}." if missing else ""
    return (
        f"Made of records {about.first} to {about.end - 1}, all of which are in the bundle and under its"
        f" checkpoint of {size} records{apart}.{left}{unopened} They cover what went through the gateway and nothing"
        " else. The provisions are those of the policy that was active when this was made."
    )
