"""A year of traffic with known ground truth: every figure of every report must be what the generator knows.

`Year.records` yields sealed records, in order; what is true of them is counted as each choice is drawn, never read back
from what was written. `Year.expected` is that truth in the form of `Facts.document`, `Year.persons` what is true of
single persons, and `Year.affected` whom incidents are about.

    python -m benchmarks.year [--exchanges N]

compares them with the product's for a year of 300,000 exchanges, then each block of each report with what must stand in
it (`year_reports`), and ends with 1 where anything differs.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

from msgspec.structs import asdict

from benchmarks.year_access import Access
from benchmarks.year_advice import Advice, advice_faults, advised
from benchmarks.year_compared import differences
from benchmarks.year_documents import carried_faults, carried_reports, composed, report_faults
from benchmarks.year_exchanges import Exchange, Exchanges
from benchmarks.year_hand import DAY_US, GONE, START_US, TENANT, YEAR_US, Drawn, Hand
from benchmarks.year_ledger import LASTS_US, Ledgers, emergencies_at
from benchmarks.year_messages import MASKABLE, few, subjects
from benchmarks.year_people import People
from benchmarks.year_persons import GROUPS, MANY, ONE, OTHER, PURGED, WATCHED
from benchmarks.year_provisions import Reference, asked
from benchmarks.year_register import KNOWN_FROM
from benchmarks.year_reports import MOST_LOOKED_UP
from benchmarks.year_subjects import Incidents, Subjects, followed
from benchmarks.year_tasks import Tasks
from benchmarks.year_truth import Truth
from gateway.core.ports import StoredRecord
from gateway.evidence.figures.facts import Facts
from gateway.evidence.figures.seen import Known, Seen, seen
from gateway.evidence.figures.standing import LOOKED_FOR, Before, Stood
from gateway.evidence.reports.affected import affected_by
from gateway.exchange import reporting
from gateway.ledger.chain import leaf_hash
from gateway.ledger.commitment import committed
from gateway.ledger.record import GENESIS, Envelope, OutcomeInfo, parse, parse_detail, seal, timestamp

EXCHANGES = 300_000
CLOSED = 20_000
"""Exchanges of the year whose details are not opened, at most."""
SAID = 100
"""Differences that are printed one by one."""
FIRST = 5_000
"""The number of the year's first record: others came before it."""
BEFORE, APART_BEFORE = 100, 7
"""The number of the first record before it, and how far these are apart."""
APART = 12
"""Exchanges on an emergency ledger."""
ABOUT = (None, (MANY,), (ONE, OTHER))
"""Whom exchanges are about that become incidents, in turn: nobody, one, and one who has two pseudonyms."""
KNOWN = Known(maskable=MASKABLE)
QUESTIONS = asked()
"""Those of the frameworks that ship."""


FOLLOWS_US = 60 * DAY_US
"""Within which all that follows from an exchange is on record."""


class Place(NamedTuple):
    """Where a year lies in a ledger."""

    before: int
    """The number of the first record before the year that changed what was in force; the others follow it."""
    between: int
    """How many others come between these and the year."""


class Year:
    """One year. The same `seed` and number of exchanges make the same records. `opened`: whether the details that are
    still there come with them, or none does, as in a bundle that does not open them; `place`: where they lie in a
    ledger without a gap, beside which there are no emergency ledgers; `closed`: of which records no detail comes with
    them, nor with those before the year, as in a bundle that opens those of others alone."""

    def __init__(
        self,
        exchanges: int = EXCHANGES,
        seed: int = 7,
        *,
        opened: bool = True,
        place: Place | None = None,
        closed: Callable[[Envelope], bool] | None = None,
    ) -> None:
        self._count, self._seed, self.truth, self._place = exchanges, seed, Truth(), place
        self.opened = opened and closed is None
        self._hand = Hand(self.truth, seed, PURGED, GONE if opened else 1.0, closed or (lambda record: False))
        self._closed = closed is not None
        self._exchanges, self._tasks = Exchanges(self._hand), Tasks(self._hand)
        self._people, self._ledgers = People(self._hand), Ledgers(self._hand, FIRST)
        self._access = Access(self._hand)
        self._subjects, self._incidents = Subjects(self._hand), Incidents(self._hand)
        self._provisions = Reference(opened=self.opened)
        self.links: dict[str, set[int]] = {name: set() for name in WATCHED}
        """Pseudonym of a person who is watched → the numbers of the records about them on the main ledger."""
        self.about: list[StoredRecord] = []
        """These records, in order."""
        self.apart: list[tuple[frozenset[str], StoredRecord]] = []
        """Records about them on emergency ledgers, each with whom it is about."""
        self.of_exchange: dict[str, list[StoredRecord]] = {}
        """Exchange that an incident is about → its records."""
        self.advice = Advice()
        """What is true of capabilities."""
        self.first = FIRST
        """The number of the year's first record."""
        self.drawn_before: list[Drawn] = []
        """Of which `before` was made."""
        self.newest: Drawn | None = None
        """Of which the record was made that was given last."""
        self.before = self._before()
        """Records before the year that changed what was in force, in order."""

    def again(self, closed: Callable[[Envelope], bool]) -> "Year":
        """The same records, with the details of those that are not `closed` alone."""
        return Year(self._count, self._seed, place=self._place, closed=closed)

    def records(self) -> Iterator[StoredRecord]:
        """The records in order, then those of the emergency ledgers. Memory: what is under way."""
        prev, seq = GENESIS, self.first
        for number, drawn in enumerate(self._in_order()):
            if number % 3_000 == 2_000 and self._place is None:  # some are not there any more
                self.truth.lost(seq, seq + number % 7)
                seq += number % 7 + 1
            self.truth.placed(drawn.envelope, seq)
            self._provisions.take(seq, drawn)
            for name in drawn.about:
                if name in self.links:
                    self.links[name].add(seq)
            stored = self._stored(drawn, seq, prev, None)
            self.newest = drawn
            self.advice.take(drawn.envelope)
            if not WATCHED.isdisjoint(drawn.about):
                self.about.append(stored)
            prev, seq = stored.hash, seq + 1
            yield stored
        for name, records in self._ledgers.emergencies:
            prev = GENESIS
            for seq, (_, drawn) in enumerate(records):
                self.truth.placed_apart(drawn.envelope.event)
                self.advice.take(drawn.envelope)
                self._provisions.take(f"{name} {seq}", drawn)
                stored = self._stored(drawn, seq, prev, name)
                prev = stored.hash
                if not WATCHED.isdisjoint(drawn.about):
                    self.apart.append((frozenset(drawn.about), stored))
                yield stored

    def expected(self, known_from: int = KNOWN_FROM) -> dict[str, Any]:
        """The truth, once all records were taken. `known_from`: from which record on what stood before is known."""
        return self.truth.document(self._provisions.document(self.truth.erasures, known_from))

    def persons(self) -> dict[str, dict[str, Any]]:
        """Pseudonym (the first) of a person who is watched → what is true of that person, in the form of
        `Basis.subject`: `pseudonyms`, `records`, `disclosures` and `subjects`."""
        return self.truth.persons.document()

    def affected(self) -> dict[str, dict[str, Any]]:
        """Incident → whom it affects, in the form of `Basis.affected`, in the order of the incidents: of all of them,
        though the product looks it up for the first ones alone."""
        return self.truth.affected()

    def _stored(self, drawn: Drawn, seq: int, prev: bytes, emergency: str | None) -> StoredRecord:
        envelope, salt = drawn.envelope, self._hand.random.randbytes(32)
        if drawn.encoded is not None:
            envelope.detail = committed(salt, "detail", drawn.encoded)
        data = seal(envelope, seq, prev, envelope.occurred_at)
        kept = None if drawn.gone else drawn.encoded
        one = StoredRecord(
            seq=seq, envelope=data, hash=leaf_hash(data), detail=kept, detail_salt=salt, emergency=emergency
        )
        if envelope.exchange in self._hand.followed:
            self.of_exchange.setdefault(envelope.exchange, []).append(one)
        return one

    # ------------------------------------------------------------------------------------------------- what is drawn

    def _before(self) -> list[StoredRecord]:
        stands, place = self.truth.stands, self._place
        stands.since = timestamp(START_US)
        self._hand.earlier(early=True)
        self._access.before()
        self._subjects.before()
        self._people.before()
        self._incidents.before()
        first, step = (BEFORE, APART_BEFORE) if place is None else (place.before, 1)
        found = []
        for number, (_, drawn) in enumerate(self._hand.due(None)):
            seq = first + step * number
            stands.numbers[drawn.envelope.id] = seq
            self.drawn_before.append(drawn)
            found.append(self._stored(drawn, seq, GENESIS, None))
        self._hand.earlier(early=False)
        if place is not None:
            self.first = first + len(found) + place.between
        stands.first = self.first
        for drawn in stands.standing():
            told = drawn.closed() if self._closed else drawn
            self._provisions.before(stands.numbers[drawn.envelope.id], told)
        for name, drawn in stands.overdue.items():
            self.truth.overdue[name].insert(4, stands.numbers[drawn.envelope.id])
        if self._closed:  # what stood is known by those details all the same
            self.truth.close()
        return found

    def _in_order(self) -> Iterator[Drawn]:
        """Each exchange's first record as it comes, and everything that follows from one when its time has come."""
        hand, lasts, apart = self._hand, YEAR_US, emergencies_at(self._count)
        if self._place is not None:
            lasts, apart = YEAR_US - FOLLOWS_US, ()
        step = lasts // max(self._count, 1)
        self._began()
        for number in range(self._count):
            at = START_US + number * step + hand.random.randrange(step // 2 or 1)
            yield from self._due(at)
            about = few(number, self._count) or subjects(hand, at)
            about = ABOUT[number // 700 % len(ABOUT)] if followed(number) else about
            about = (MANY,) if number % 1_000 == 29 else about  # a task's, whose callback is told of it
            one = self._exchanges.draw(at, about, followed=followed(number))
            self._beside(number, one)
            if number in apart:
                self._emergency(apart.index(number) + 1, at)
            yield from self._due(at)
        self._ledgers.state(START_US + YEAR_US - 1, "ledger.stopped")
        yield from self._due(None)

    def _due(self, until: int | None) -> Iterator[Drawn]:
        for _, drawn in self._hand.due(until):
            yield drawn

    def _began(self) -> None:
        """What the year begins with, and what had begun before it."""
        hand, truth = self._hand, self.truth
        began = self._ledgers.state(
            START_US, "ledger.started", build="sha256:" + "3c" * 32, config="sha256:" + "01" * 32
        )
        truth.stands.configured(began, "at a start")
        self._people.answered_before(START_US + 1)
        self._incidents.closed_of_before(START_US + 2)
        for number in range(3):
            ended = OutcomeInfo(code="ok", status=200)
            hand.put("exchange.completed", START_US + 3 + number, exchange=f"ex_before_{number}", outcome=ended)
            truth.outcomes["ok"] += 1
        if self._place is None:  # no bundle would be made of a ledger with such a record
            self._ledgers.unreadable(START_US + 9)
        self._subjects.told()
        self._people.told_late()
        self._incidents.told_late()

    def _beside(self, number: int, one: Exchange) -> None:
        """What happens now and then."""
        for waiting in self._exchanges.waiting:
            self._people.asked(waiting)
        self._exchanges.waiting.clear()
        self._tasks.draw(number, one)
        self._people.draw(number, one.at)
        self._access.draw(number, one.at)
        self._ledgers.draw(number, one.at)
        self._subjects.draw(number, one.at)
        self._incidents.draw(number, one)

    def _emergency(self, number: int, at: int) -> None:
        """The database is away for a while: what goes on meanwhile is on a ledger of its own."""
        hand, name = self._hand, self._ledgers.prepared(at)
        hand.apart(number)
        self._ledgers.began(at + 1_000_000)
        first = None
        for turn in range(APART):
            then = at + LASTS_US * (turn + 1) // (APART + 2)
            about = (MANY,) if turn in (0, 5) else subjects(hand, then)
            one = self._exchanges.draw(then, about, apart=True, followed=turn == 0)
            first = first or one
        self._ledgers.ended(at + LASTS_US)
        records = list(hand.due(None))
        hand.apart(0)
        requested = sum(drawn.envelope.event == "exchange.requested" for _, drawn in records)
        self._ledgers.stitched(at + LASTS_US + 3_600_000_000, name, records, requested, told=number != 2)
        if first is not None:
            self._incidents.opened(at + 2 * LASTS_US, first, "should_not_have_left")


class Links:
    """Which records of a year are about whom, as the database has it (`reporting.Links`)."""

    def __init__(self, year: Year) -> None:
        self._year = year

    async def places(self, ledger: str, subjects: Collection[str], first: int, end: int) -> frozenset[int]:
        del ledger
        return frozenset(seq for name in subjects for seq in self._year.links.get(name, ()) if first <= seq < end)


def _seen(stored: StoredRecord) -> Seen:
    detail = None if stored.detail is None else parse_detail(stored.detail)
    return seen(parse(stored.envelope), detail, KNOWN)


async def persons_of(year: Year) -> dict[str, dict[str, Any]]:
    """What the product says of the persons who are watched, each of whom it is given all records about any of them."""
    links, found = Links(year), {}
    for group in GROUPS:
        person = reporting.Person(links, TENANT, group)
        for stored in year.about:
            await person.feed(stored.seq, _seen(stored))
        for names, stored in year.apart:
            if not names.isdisjoint(group):
                person.take(seen(parse(stored.envelope), None, KNOWN))
        found[group[0]] = dict(person.document())
    return found


def stood_of(year: Year) -> Stood:
    """What the product says stood when a year began."""
    before = Before()
    for stored in year.before:
        one = _seen(stored)
        if one.envelope.event in LOOKED_FOR:
            before.feed(one)
    return Stood(start=before.start(timestamp(START_US)), known_from=KNOWN_FROM)


def figures(year: Year, beside: Callable[[Envelope], object] = lambda record: None) -> dict[str, Any]:
    """What the product says of a year, whose records it takes: all figures, `persons`, whom incidents `affected`, and
    how many records of each emergency ledger it took (`apart`). `beside` takes them, too."""
    facts, apart = Facts(KNOWN, QUESTIONS, opened=year.opened), Counter[str]()
    facts.begin(stood_of(year))
    for stored in year.records():
        facts.take(stored)
        beside(parse(stored.envelope))
        if stored.emergency is not None:
            apart[stored.emergency] += 1
    found = facts.document()
    groups = {name: frozenset(group) for group in GROUPS if len(group) > 1 for name in group}
    opened = found["incidents"]["opened"][: reporting.MOST_INCIDENTS]
    about = {str(row[0]): asdict(affected_by(year.of_exchange.get(str(row[6]), ()), groups)) for row in opened}
    return {**found, "persons": asyncio.run(persons_of(year)), "affected": about, "apart": dict(apart)}


def truth(year: Year, known_from: int = KNOWN_FROM) -> dict[str, Any]:
    """What is true of all that, once its records were taken."""
    about, whole = dict(list(year.affected().items())[:MOST_LOOKED_UP]), year.expected(known_from)
    apart = {str(row[0]): row[1] for row in whole["coverage"]["emergencies"]}
    return {**whole, "persons": year.persons(), "affected": about, "apart": apart}


class Compared(NamedTuple):
    """A year of so many exchanges, its records, the reports made of them, and what differs, by its place."""

    exchanges: int
    records: int
    reports: int
    faults: list[str]

    def lines(self) -> list[str]:
        """For people."""
        said = f"{len(self.faults):,} differ" if self.faults else "every figure and every block equals the ground truth"
        return [f"{self.exchanges:,} exchanges, {self.records:,} records, {self.reports} reports: {said}"]


def compare(exchanges: int, seed: int = 7) -> Compared:
    """Every figure, and then every report, with the truth; and of a year whose details are not opened those reports
    that a bundle carries."""
    year = Year(exchanges, seed)
    feed, advice = advised()
    found, expected = figures(year, feed), truth(year)
    reports = composed(found)
    faults = [*differences(found, expected), *report_faults(reports, expected)]
    faults += (f"advice: {one}" for one in advice_faults(advice(), year.advice))
    closed = Year(min(exchanges, CLOSED), seed, opened=False)
    found, expected = figures(closed), truth(closed)
    carried = carried_reports(found)
    faults += [f"unopened: {one}" for one in (*differences(found, expected), *carried_faults(carried, expected))]
    records = sum(one.truth.records + one.truth.emergency_records for one in (year, closed))
    return Compared(exchanges, records, len(reports) + len(carried), faults)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.year", description="Figures and reports against known truth.")
    parser.add_argument("--exchanges", type=int, default=EXCHANGES)
    given = parser.parse_args(arguments)
    began = time.perf_counter()
    found = compare(given.exchanges)
    print("\n".join([*(f"differs: {fault}" for fault in found.faults[:SAID]), *found.lines()]))
    print(f"{time.perf_counter() - began:.1f} s")
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main())
