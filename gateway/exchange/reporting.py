"""Reports of a period, recorded: that one is made is on the trail before the first record is read for it.

The records of a period are those written in it: a range of numbers, found by looking at some twenty of them
(`Auditor.written_between`).
"""

import asyncio
import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import msgspec

from gateway import __version__
from gateway.core.errors import FormatError, RecordsArchived, VerificationError
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.evidence.figures.facts import Facts
from gateway.evidence.figures.seen import Seen, seen
from gateway.evidence.figures.subjects import Personal
from gateway.evidence.measured import measured
from gateway.evidence.misses import Misses, told
from gateway.evidence.reports.affected import affected_by
from gateway.evidence.reports.basis import Affected, Apart, Basis, Kept
from gateway.evidence.reports.document import Document
from gateway.evidence.reports.kinds import KINDS, document
from gateway.evidence.reports.register import Registers
from gateway.evidence.reports.versions import named
from gateway.exchange.audit_scribe import Made, Reader
from gateway.exchange.auditor import Auditor
from gateway.exchange.emergency_trail import Spliced
from gateway.exchange.scoping import HAS_COME
from gateway.exchange.terms import Terms, questions
from gateway.ledger.emergency import Stitched
from gateway.ledger.record import parse, timestamp
from gateway.ledger.times import parse_timestamp
from gateway.store.archives import Archived, ArchiveStore
from gateway.store.postings import BLOCK
from gateway.store.subjects import SubjectStore

GENERATOR = f"agent-compliance-gateway {__version__}"
MOST_INCIDENTS = 1_000
"""Of so many incidents of one report it is looked up whom their records name: each is a search of its own."""
TURN = 32
"""Records after which others get their turn: some two milliseconds of work."""
_INACTIVE = (
    "This one is not active: have its file in frameworks/ of the policy directory, and activate that (gateway policy "
    "propose, gateway policy activate)"
)
_NOBODY = "somebody whom this ledger knows: none of its records names this one"
_SUBJECT = re.compile(r"su_[0-9a-z_]{1,60}")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: a kind, a period (27 characters each, the end exclusive), and what the kind needs."""

    kind: str
    since: str
    until: str
    subject: str | None = None
    """A pseudonym."""
    framework: str | None = None


class Reporter:
    """Makes reports of one tenant. `ledger`: its ledger's id; `terms`: of the policy to report by; `inactive`: ids of
    frameworks that there are and that it has not."""

    def __init__(
        self,
        *,
        auditor: Auditor,
        archives: ArchiveStore,
        flags: SubjectStore,
        ledger: str,
        origin: str,
        registers: Registers,
        terms: Terms,
        inactive: frozenset[str],
        clock: Clock,
    ) -> None:
        self._auditor, self._archives, self._flags = auditor, archives, flags
        self._ledger, self._origin, self._registers, self._known = ledger, origin, registers, terms.known
        self._frameworks, self._inactive = {one.id: one for one in terms.frameworks}, inactive
        self._clock = clock

    def unfit(self, wanted: Wanted) -> Refusal | None:
        """Why this cannot be asked for; None where it can."""
        kind = KINDS.get(wanted.kind)
        if kind is None:
            return _invalid("kind", f"one of {', '.join(KINDS)}")
        if parse_timestamp(wanted.since) >= parse_timestamp(wanted.until):
            return _invalid("to", "a time after from")
        if parse_timestamp(wanted.since) > self._clock.now_us():
            return _invalid("from", HAS_COME)
        if kind.subject != (wanted.subject is not None):
            return _invalid("subject", "a pseudonym (su_…)" if kind.subject else f"none for a report of {wanted.kind}")
        if wanted.subject is not None and not _SUBJECT.fullmatch(wanted.subject):
            return _invalid("subject", "a pseudonym (su_…)")
        if (wanted.kind == "framework") != (wanted.framework is not None):
            needed = wanted.kind == "framework"
            return _invalid("framework", self._named() if needed else f"none for a report of {wanted.kind}")
        if wanted.framework in self._inactive:
            return _invalid("framework", f"{self._named()}. {_INACTIVE}")
        if wanted.framework is not None and wanted.framework not in self._frameworks:
            return _invalid("framework", self._named())
        return None

    async def report(self, by: Reader, wanted: Wanted) -> Document | Refusal:
        """The report, whose making is on record before any record is read for it.

        1. What cannot be asked for is refused, and leaves no record. 2. Find the range, in archives too, and see that
        these are at hand and what is on record, and of a report about a person the emergency ledgers of the period;
        what lies in one that is not at hand is refused as `archived`. 3. Record. 4. Read it once.
        `VerificationError` where an archive is not what is on record, or a record is not in its form. What is *not*
        checked: chain and signatures.
        """
        refusal = self.unfit(wanted)
        if refusal is not None:
            return refusal
        created = timestamp(self._clock.now_us())  # what comes later is in none of the records that are read
        try:
            first, end = await self._auditor.written_between(wanted.since, wanted.until)
            archives = await self._auditor.whole.demand(first, end)
            if wanted.subject is not None:
                await self._auditor.emergencies.demand(wanted.since, wanted.until)
                if not await self._known_here(wanted.subject):
                    return Refusal(code="not_found", field="subject", hint=_NOBODY)
        except RecordsArchived as error:
            return Refusal(code="archived", hint=error.hint)
        asked = {"report": wanted.kind, "from": wanted.since, "to": wanted.until}
        given = {"subject": wanted.subject, "framework": wanted.framework}
        named = {name: value for name, value in given.items() if value is not None}
        # A crash before this is durable: nothing was told. After: the record says that it may have been.
        await self._auditor.scribe.reporting(by, {**asked, **named}, first, end)
        async with self._auditor.busy:
            try:
                return await self._made(wanted, created, first, end, archives)
            except RecordsArchived as error:  # archived, and taken elsewhere, since the range was found
                return Refusal(code="archived", hint=error.hint)
            except FormatError as error:
                raise VerificationError(f"the ledger is not in its form: {error}") from error

    async def _known_here(self, subject: str) -> bool:
        """A report about a pseudonym that nobody has, by a slip perhaps, would read as if nothing were on record of a
        person. Who was met on an emergency ledger alone has no row, and keys, which do not say whose tenant's."""
        if await self._flags.known(self._ledger, subject):
            return True
        async for some in self._auditor.emergencies.about([subject]):
            if some:
                return True
        return False

    async def given(self, by: Reader, document: Document, form: str, data: bytes) -> Made:
        """Put on record which file came of a report, in which form (`html`, `pdf`, `json`), before it is given out."""
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        made = Made(kind=document.kind, digest=digest, first=document.first, end=document.end)
        # A crash before this is durable: nothing was given out, and no sign-off can name the file. After: it may have
        # been.
        await self._auditor.scribe.reported(by, {"report": document.kind, "format": form}, made)
        return made

    async def _made(self, wanted: Wanted, created: str, first: int, end: int, archives: Sequence[Archived]) -> Document:
        framework = self._frameworks.get(wanted.framework or "")
        facts, misses = Facts(self._known, () if framework is None else questions(framework)), Misses()
        stood = await self._auditor.stood.before(first, wanted.since) if KINDS[wanted.kind].standing else None
        if stood is not None:
            facts.begin(stood)
        person = None if wanted.subject is None else await self._person(wanted.subject)
        number = 0
        async for stored in self._auditor.whole.records(first, end, details=True):
            one = facts.take(stored)
            misses.feed(one.envelope)
            if person is not None:
                await person.feed(stored.seq, one)
            number += 1
            if number % TURN == 0:
                await asyncio.sleep(0)  # traffic goes on beside it, and has its turn
        if person is not None:
            await self._in_emergencies(person, wanted)
        emergencies = [await self._apart(facts, spliced.one, wanted) for spliced in await self._within(wanted)]
        figures = facts.document(min(wanted.until, created))
        about: Mapping[str, object] = {} if person is None else person.document()
        basis = Basis(
            ledger=self._origin,
            since=wanted.since,
            until=wanted.until,
            first=first,
            end=end,
            created=created,
            generator=GENERATOR,
            figures=figures,
            misses=tuple(told(misses.document())),
            measured=measured(),
            declared=await self._registers.declared(named(figures, about)),
            subject=about,
            known_from=None if stood is None else stood.known_from,
            outside=await self._auditor.published.outside(end),
            emergencies=emergencies,
            archives=tuple((one.id, one.first, one.end) for one in archives),
            framework=("", "", "") if framework is None else (framework.id, framework.title, framework.text),
            life=await self._auditor.stood.life(first),
            kept=await self._kept(),
            affected=await self._affected(figures["incidents"]["opened"]) if wanted.kind == "breach" else {},
        )
        return document(wanted.kind, basis)

    async def _kept(self) -> Kept | None:
        """Archives are of all records before those that the database has."""
        archives = await self._archives.all(self._ledger)
        oldest = await self._auditor.whole.record(archives[-1].end if archives else 0)
        if oldest is None:
            return None
        since = (archives[0].first, min(one.first_at for one in archives)) if archives else (0, "")
        at = parse(oldest.envelope).occurred_at
        return Kept(first=oldest.seq, at=at, archives=len(archives), archived_from=since)

    async def _within(self, wanted: Wanted) -> Sequence[Spliced]:
        return await self._auditor.emergencies.within(wanted.since, wanted.until)

    async def _apart(self, facts: Facts, one: Stitched, wanted: Wanted) -> Apart:
        """What an emergency ledger has on record of the period goes into the figures, where its file is at hand: a
        report is made without it, and says so, for a breach is to be told of in time. One about a person is not."""
        trail, told = self._auditor.emergencies, None
        if trail.blocks.at_hand(one):
            told = 0
            async for some in trail.written(one, wanted.since, wanted.until):
                for stored in some:
                    facts.take(stored)
                    told += 1
                    if told % TURN == 0:
                        await asyncio.sleep(0)
        exchanges = "not told" if one.exchanges is None else one.exchanges
        return Apart(id=one.id, records=one.size, exchanges=exchanges, began=one.began, ended=one.ended, told=told)

    async def _in_emergencies(self, person: "Person", wanted: Wanted) -> None:
        """What emergency ledgers have on record of a person, of those records that were written in the period."""
        async for some in self._auditor.emergencies.about(person.group):
            for stored in some:
                envelope = parse(stored.envelope)
                if wanted.since <= (envelope.recorded_at or "") < wanted.until:
                    person.take(seen(envelope, None, self._known))

    async def _person(self, subject: str) -> "Person":
        """Pseudonyms that were merged are one person."""
        return Person(self._archives, self._ledger, await self._flags.group(self._ledger, subject))

    async def _affected(self, incidents: list[list[str | int]]) -> dict[str, Affected]:
        """Incident → whom the records of its exchange name, wherever these lie; of the first `MOST_INCIDENTS`."""
        found: dict[str, Affected] = {}
        groups = await self._flags.groups(self._ledger) if incidents else {}
        for row in incidents[:MOST_INCIDENTS]:
            name = str(row[6])
            whole, apart = await self._auditor.whole.exchange(name), await self._auditor.emergencies.exchange(name)
            found[str(row[0])] = affected_by((*whole, *apart), groups)
        return found

    def _named(self) -> str:
        return f"one of {', '.join(self._frameworks)}" if self._frameworks else "none: the policy has no frameworks"


class Links(Protocol):
    """Which records are about whom (`ArchiveStore`)."""

    async def places(self, ledger: str, subjects: Collection[str], first: int, end: int) -> frozenset[int]: ...


class Person:
    """What the records about one person say, as they are read in order: their numbers are links', which stay in the
    database wherever the records lie. `group`: the pseudonyms."""

    def __init__(self, links: Links, ledger: str, group: Sequence[str]) -> None:
        self._links, self._ledger, self.group = links, ledger, group
        self._said = Personal()
        self._places, self._end = frozenset[int](), 0
        """Of records up to this one."""

    async def feed(self, seq: int, one: Seen) -> None:
        """The next record, whoever it is about."""
        if seq >= self._end:
            self._end = seq + BLOCK
            self._places = await self._links.places(self._ledger, self.group, seq, self._end)
        if seq in self._places:
            self.take(one)

    def take(self, one: Seen) -> None:
        """A record about this person."""
        self._said.take(one)

    def document(self) -> Mapping[str, object]:
        """As `Basis.subject`."""
        return self._said.document(self.group)


def _invalid(field: str, hint: str) -> Refusal:
    return Refusal(code="parameter_invalid", field=field, hint=hint)
