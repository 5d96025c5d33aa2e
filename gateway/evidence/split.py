"""The records of a large bundle gone over by several processes, each over a part of the range.

A part is read as the whole is (`records`): every record parsed, hashed, linked to the one before it, selected or not,
and each detail and each content held against its commitment. What one part cannot know is checked where two meet:

    1. the parts follow each other without a gap, from the first record of the range to the last
    2. the first record of each is linked to the last of the part before, and was not recorded before it
    3. all are of one tenant
    4. the subtrees over each part are put together to the tree, whose root is each checkpoint's where it has its size,
       and what records tell of checkpoints (`published`) likewise
    5. proofs, policies and what records show of the scope, of misses and of emergency ledgers are taken in the order of
       the ledger

Processes can only say yes. Where a part or a joint does not hold, or a process fails, there is no answer from here, and
one process goes over all of it: it alone says what is wrong, so that the verdict is the same whatever their number.
"""

import multiprocessing
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import bag, strict_json
from gateway.evidence.container import Container, lines_between
from gateway.evidence.contents import MAX_LINE, Account, together
from gateway.evidence.edge import frontier_before
from gateway.evidence.misses import EVENTS, Misses
from gateway.evidence.records import MOST_TOLD, Expected, Reader, Records, prove
from gateway.evidence.scope import Watch
from gateway.evidence.selection import Selection
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.encoding import from_base64
from gateway.ledger.merkle import Frontier, Span
from gateway.ledger.proof import Proof
from gateway.ledger.published import Published
from gateway.ledger.record import GENESIS, Envelope, parse
from gateway.ledger.verify import State, Verification

MAX_PROCESSES = 64
WORTH = 16 << 20
"""Bytes of records that a process is worth starting for."""
_HELD = 10_000
"""Records that a part hands back whole, at most."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the range: places in the file at which its lines of records and of details begin and end."""

    bundle: str
    first: int
    end: int
    records: tuple[int, int]
    details: tuple[int, int]
    contents: tuple[int, int] | None
    cuts: tuple[int, ...]
    """Sizes within it, ascending, at which the root is compared."""
    selection: Selection
    proofs: Mapping[int, Proof]
    """Of its records."""
    created: str
    line_bytes: int


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one part was found to be."""

    first: int
    end: int
    nodes: tuple[tuple[int, bytes], ...]
    before: bytes
    """What its first record says is the hash of the one before."""
    last: bytes
    """The leaf hash of its last record."""
    tenant: str | None
    recorded: tuple[str, str]
    selected: int
    committed: int
    opened: int
    policies: frozenset[str]
    first_selected: tuple[int, ...]
    proven: tuple[tuple[int, bytes], ...]
    """The records with a proof file, which is looked at where the keys are."""
    told: tuple[Envelope, ...]
    """The records that `Misses` is about."""
    emergencies: tuple[Envelope, ...]
    contents: Account
    seen: Any
    """What `Watch.seen` gives."""


Run = Callable[[Sequence[Job]], Sequence[Part | None]]
"""Does all jobs, in any order, and gives what they came to in theirs."""


def read(box: Container, bundle: Path, expected: Expected, processes: int, run: Run | None = None) -> Records | None:
    """As `records.read` of the bundle's records and details, where they hold and are worth it; None for nothing said.

    The bundle is opened again by its path in each process. Were it another file by then, its records would not lead to
    the root, and its details not open the commitments.
    """
    count = min(processes, MAX_PROCESSES, box.member(bag.RECORDS).size // WORTH)
    if count < 2:
        return None
    try:
        return joined(expected, (run or _in_processes)(jobs(box, bundle, expected, count)))
    except (FormatError, VerificationError, BrokenProcessPool):
        return None  # one process goes over all of it, and says what is wrong


def _in_processes(given: Sequence[Job]) -> list[Part | None]:
    # Forked where that can be: who calls this with more than one process has no threads that a fork would leave behind.
    method = "fork" if sys.platform == "linux" else "spawn"
    with ProcessPoolExecutor(len(given), multiprocessing.get_context(method)) as pool:
        return list(pool.map(done, given))


def jobs(box: Container, bundle: Path, expected: Expected, count: int) -> list[Job]:
    """The range in so many parts, and one more for each checkpoint within it: roots are compared where parts meet."""
    first, end = expected.first, expected.end
    cuts = {first + (end - first) * number // count for number in range(1, count)}
    cuts |= {point.size for point in expected.checkpoints}
    numbers = [first, *sorted(cut for cut in cuts if first < cut < end), end]
    places = {name: _places(box, name, numbers, most) for name, most in _members(expected)}
    told = sorted({one.size for one in expected.published})
    return [
        Job(
            bundle=str(bundle),
            first=low,
            end=high,
            records=(places[bag.RECORDS][number], places[bag.RECORDS][number + 1]),
            details=(places[bag.DETAILS][number], places[bag.DETAILS][number + 1]),
            contents=(places[bag.CONTENTS][number], places[bag.CONTENTS][number + 1])
            if bag.CONTENTS in places
            else None,
            cuts=tuple(told[bisect_right(told, low) : bisect_left(told, high)]),
            selection=expected.selection,
            proofs={seq: proof for seq, proof in expected.proofs.items() if low <= seq < high},
            created=expected.created,
            line_bytes=expected.line_bytes,
        )
        for number, (low, high) in enumerate(pairwise(numbers))
    ]


def _members(expected: Expected) -> list[tuple[str, int]]:
    found = [(bag.RECORDS, expected.line_bytes), (bag.DETAILS, bag.MAX_DETAIL)]
    return [*found, (bag.CONTENTS, MAX_LINE)] if expected.selection.contents else found


def _places(box: Container, name: str, numbers: Sequence[int], at_most: int) -> list[int]:
    """Where in the file the lines of the records from each of these numbers on begin. The first and the last place are
    the member's, so that no line is in no part."""
    member = box.member(name)
    inner = [_place(box, name, seq, at_most) for seq in numbers[1:-1]]
    return [member.data, *(member.data + place for place in inner), member.data + member.size]


def _place(box: Container, name: str, seq: int, at_most: int) -> int:
    """By halving: lines are in the order of their records. Where they are not, a part will not hold."""
    low, high = 0, box.member(name).size
    while low < high:
        middle = (low + high) // 2
        place, line = box.line_at(name, middle, at_most)
        if line and _number(line) < seq:
            low = place + len(line) + 1
        else:
            high = middle
    return box.line_at(name, low, at_most)[0]


def _number(line: bytes) -> int:
    found = strict_json.load(line)
    seq = found.get("seq") if isinstance(found, dict) else None
    if type(seq) is not int:
        raise FormatError("a line must have its record's number")
    return seq


def done(job: Job) -> Part | None:
    """One part, in whatever process this is; None where it does not hold, which is not for this process to say."""
    try:
        path = Path(job.bundle)
        with path.open("rb") as file, path.open("rb") as beside, path.open("rb") as kept:
            lines = lines_between(file, bag.RECORDS, *job.records, job.line_bytes)
            details = lines_between(beside, bag.DETAILS, *job.details, bag.MAX_DETAIL)
            contents = lines_between(kept, bag.CONTENTS, *(job.contents or (0, 0)), MAX_LINE)
            return _PartReader(details, contents, job).part(lines)
    except (FormatError, VerificationError, OSError):
        return None


class _Told(Misses):
    """Keeps the records that are about misses, for who has those before."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Envelope] = []

    def feed(self, envelope: Envelope) -> None:
        if envelope.event in EVENTS:
            if len(self.kept) == _HELD:
                raise VerificationError("more of it than a part hands back")
            self.kept.append(envelope)


class _PartReader(Reader):
    """Reads a part; what only the whole shows is left to `_joined`."""

    def __init__(self, details: Iterator[bytes], contents: Iterator[bytes], job: Job) -> None:
        expected = Expected(
            first=job.first,
            end=job.end,
            selection=job.selection,
            before=None,
            proofs=job.proofs,
            checkpoints=(),
            last_note=b"",
            verifier=None,
            created=job.created,
            line_bytes=job.line_bytes,
        )
        super().__init__(details, expected, contents)
        self._cuts = job.cuts
        self._misses = self._told = _Told()
        self._kept: list[tuple[int, bytes]] = []

    def part(self, lines: Iterator[bytes]) -> Part:
        """All of it, or `FormatError` or `VerificationError`."""
        job = self._expected
        first = next(lines, None)
        if first is None:
            raise VerificationError("there are no records")
        before = from_base64(parse(first).prev or "")
        verification = Verification(State(frontier=Span(job.first, cuts=self._cuts), prev=before), canonical=False)
        self._walk(chain([first], lines), verification)
        state = verification.finish().state
        if state.frontier.size != job.end or self._detail is not None or state.prev is None:
            raise VerificationError("a part is not whole")
        if not isinstance(state.frontier, Span):
            raise TypeError("a part has a frontier of its own")
        return Part(
            first=job.first,
            end=job.end,
            nodes=tuple(state.frontier.nodes),
            before=before,
            last=state.prev,
            tenant=state.tenant,
            recorded=self._recorded,
            selected=self._selected,
            committed=self._committed,
            opened=self._opened,
            policies=frozenset(self._policies),
            first_selected=tuple(self._first_selected),
            proven=tuple(self._kept),
            told=tuple(self._told.kept),
            emergencies=tuple(self._emergencies),
            contents=self._contents.account(),
            seen=None if self._watch is None else self._watch.seen(),
        )

    def _prove(self, seq: int, data: bytes) -> None:
        self._kept.append((seq, data))


def joined(expected: Expected, parts: Sequence[Part | None]) -> Records | None:
    """Steps 1 to 5 above, over parts each of which holds by itself; None where one does not, or two do not meet."""
    found = [part for part in parts if part is not None]
    misses, watch = Misses(), None if expected.selection.scope is None else Watch(expected.selection.scope)
    frontier = _tree(expected, found)
    if frontier is None or None in parts:
        return None
    first_selected: list[int] = []
    for part in found:
        # 5. `FormatError` or `VerificationError` where a proof does not hold.
        for seq, data in part.proven:
            prove(seq, data, expected)
        for envelope in part.told:
            misses.feed(envelope)
        if watch is not None:
            watch.add(part.seen)
        first_selected += part.first_selected[: bag.PROOFS - len(first_selected)]
    proven = frozenset({expected.first, expected.end - 1, *first_selected})
    if frozenset(expected.proofs) != proven or sum(len(part.emergencies) for part in found) > MOST_TOLD:
        return None
    return Records(
        root=frontier.root(),
        selected=sum(part.selected for part in found),
        committed=sum(part.committed for part in found),
        opened=sum(part.opened for part in found),
        policies=frozenset(chain.from_iterable(part.policies for part in found)),
        proven=proven,
        recorded=(found[0].recorded[0], found[-1].recorded[1]),
        watch=watch,
        misses=misses,
        emergencies=tuple(chain.from_iterable(part.emergencies for part in found)),
        contents=together([part.contents for part in found]),
    )


def _tree(expected: Expected, parts: Sequence[Part]) -> Frontier | None:
    """Steps 1 to 4: the tree that ends with the range; None where the parts do not make it."""
    at, recorded, prev, tenant = expected.first, "", GENESIS, None
    frontier, roots = Frontier(), _roots(expected)
    for part in parts:
        if at == expected.first:
            tenant = part.tenant
            if at:  # what comes before is known by the path to it alone
                prev, frontier = part.before, frontier_before(at, part.before, expected.before or ())
            if not _rooted(frontier, roots):
                return None
        # 1. to 3.
        if part.first != at or part.before != prev or part.recorded[0] < recorded or part.tenant != tenant:
            return None
        # 4.
        for node in part.nodes:
            frontier.extend((node,))
            if not _rooted(frontier, roots):
                return None
        at, prev, recorded = part.end, part.last, part.recorded[1]
        if frontier.size != at:
            return None
    # What is left was never come to.
    return None if roots or at != expected.end else frontier


def _roots(expected: Expected) -> dict[int, set[bytes]]:
    """Size → the root that there must be, by each checkpoint and by each record that tells of one."""
    found: dict[int, set[bytes]] = {}
    for one in chain[Checkpoint | Published](expected.checkpoints, expected.published):
        found.setdefault(one.size, set()).add(one.root)
    return found


def _rooted(frontier: Frontier, roots: dict[int, set[bytes]]) -> bool:
    """Whether the tree has the root that there must be of its size, which is done with then. The parts were cut where
    there is one."""
    wanted = roots.pop(frontier.size, None)
    return wanted is None or wanted == {frontier.root()}
