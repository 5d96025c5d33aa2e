"""The records and details of a bundle, read side by side in bounded memory."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import chain

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import bag, strict_json
from gateway.evidence.contents import Account, Counting
from gateway.evidence.edge import frontier_before
from gateway.evidence.misses import Misses
from gateway.evidence.scope import Watch, chooser
from gateway.evidence.selection import Selection
from gateway.ledger import proof as proofs
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.emergency import TOLD
from gateway.ledger.encoding import from_base64, to_base64
from gateway.ledger.proof import Proof
from gateway.ledger.published import Published
from gateway.ledger.record import MAX_BYTES, Envelope, parse
from gateway.ledger.rotation import Keys
from gateway.ledger.verify import State, Verification, beginning, check_detail

_DETAIL_LINE = re.compile(
    rb'\{"bytes":"([A-Za-z0-9+/=]*+)","salt":"([A-Za-z0-9+/=]*+)","seq":(0|[1-9][0-9]{0,14}+)\}'
).fullmatch
MOST_TOLD = 10_000
"""Records about emergency ledgers in one range."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What the rest of the bundle says of its records."""

    first: int
    end: int
    selection: Selection
    before: Sequence[bytes] | None
    """The path to the record before `first`; None at the beginning of the ledger."""
    proofs: Mapping[int, Proof]
    checkpoints: Sequence[Checkpoint]
    """Those of a size within the range: compared where the tree has that size."""
    last_note: bytes
    """The last checkpoint's whole note, which the proofs must hold too."""
    verifier: Keys | None
    """None where proofs are not looked at."""
    published: Sequence[Published] = ()
    """What records of the range tell of checkpoints, of a size within it: compared likewise."""
    created: str = ""
    """When the bundle was written: whose days were over by then is not missed."""
    line_bytes: int = MAX_BYTES


class Records(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    root: bytes
    """Of the tree that ends with the range."""
    selected: int
    committed: int
    """Selected records that commit to a detail."""
    opened: int
    policies: frozenset[str]
    """Digests that records of the range name."""
    proven: frozenset[int]
    """The records that must have a proof file: those at the ends, and the first of those selected."""
    recorded: tuple[str, str]
    """When the first and the last of the range were recorded."""
    watch: Watch | None
    """What they show of what the bundle is about; None where it is about nothing but its selection."""
    misses: Misses
    """What they show of what classification misses."""
    emergencies: tuple[Envelope, ...]
    """Those that are about emergency ledgers (`ledger.emergency.TOLD`), in order."""
    contents: Account
    """What they say of kept content, and of how much is carried."""


def named_policies(envelope: Envelope, known: Container[str] = ()) -> list[str]:
    """The digests of policy versions that a record names, without those that are known already."""
    decision = envelope.decision
    found = []
    for digest in (None if decision is None else decision.policy, envelope.policy):
        if digest is None or digest in known:
            continue
        if bag.policy_digest(bag.policy_path(digest)) == digest:
            found.append(digest)
    return found


def start(first: int, record: bytes, before: Sequence[bytes] | None) -> State:
    """The state before record `first`, from that record and the path to the one before (None where first is 0)."""
    if not first:
        return beginning()
    try:
        prev = from_base64(parse(record).prev or "")
    except FormatError as error:
        raise VerificationError(f"record {first}: form: {error}") from error
    return State(frontier=frontier_before(first, prev, before or ()), prev=prev)


def encode_detail_line(seq: int, salt: bytes, detail: bytes) -> bytes:
    """A line of `details.jsonl`, with its newline."""
    # Canonical JSON as it stands: names in order, and two texts that hold nothing which JSON would escape.
    return f'{{"bytes":"{to_base64(detail)}","salt":"{to_base64(salt)}","seq":{seq}}}\n'.encode("ascii")


def read(
    lines: Iterator[bytes], details: Iterator[bytes], expected: Expected, contents: Iterable[bytes] = ()
) -> Records:
    """Every record of the range, every detail and every content that is carried, or `VerificationError`/`FormatError`
    for the first that fails.

    Not checked here: that `Records.root` is a checkpoint's, and that no erasure has destroyed a key of a content.
    """
    return Reader(details, expected, contents).read(lines)


class Reader:
    """Goes over the lines of a range; `read` is all of it, `split` has others go over parts."""

    def __init__(self, details: Iterator[bytes], expected: Expected, contents: Iterable[bytes]) -> None:
        self._expected = expected
        self._contents = Counting(contents, asked=expected.selection.contents, created=expected.created)
        self._details = parsed_details(details)
        self._detail = next(self._details, None)
        self._selected = self._committed = self._opened = 0
        self._policies: set[str] = set()
        self._proven = {expected.first, expected.end - 1}
        self._first_selected: list[int] = []
        self._misses = Misses()
        self._emergencies: list[Envelope] = []
        self._recorded = ("", "")
        self._chosen = chooser(expected.selection)
        self._watch = None if expected.selection.scope is None else Watch(expected.selection.scope)

    def read(self, lines: Iterator[bytes]) -> Records:
        expected = self._expected
        head = next(lines, None)
        if head is None:
            raise VerificationError("there are no records")
        state = start(expected.first, head, expected.before)
        # Canonical form is checked here, because the selection needs the parsed envelope anyway.
        verification = Verification(state, expected.checkpoints, canonical=False, published=expected.published)
        self._walk(chain([head], lines), verification)
        done = verification.finish()
        if done.size != expected.end:
            raise VerificationError("records of the range are missing")
        if self._detail is not None:
            raise VerificationError("a detail of no record of the range, or out of order")
        account = self._contents.account()
        self._proven.update(self._first_selected)
        if set(expected.proofs) != self._proven:
            raise VerificationError("the proof files are not those of the ends and the first selected records")
        return Records(
            root=done.state.frontier.root(),
            selected=self._selected,
            committed=self._committed,
            opened=self._opened,
            policies=frozenset(self._policies),
            proven=frozenset(self._proven),
            recorded=self._recorded,
            watch=self._watch,
            misses=self._misses,
            emergencies=tuple(self._emergencies),
            contents=account,
        )

    def _walk(self, lines: Iterator[bytes], verification: Verification) -> None:
        """Every record, once: parsed once, hashed once."""
        expected, misses, policies = self._expected, self._misses, self._policies
        end, proofs, first, last = expected.end, expected.proofs, "", ""
        chosen, watch, contents = self._chosen, self._watch, self._contents
        for seq, data in enumerate(lines, self._expected.first):
            if seq == end:
                raise VerificationError("there are more records than the range has")
            try:
                envelope = parse(data)
            except FormatError as error:
                raise VerificationError(f"record {seq}: form: {error}") from error
            verification.take(seq, data, leaf_hash(data), envelope)
            for digest in named_policies(envelope, policies):
                policies.add(digest)
            misses.feed(envelope)
            if envelope.event in TOLD:
                self._emergency(envelope)
            contents.feed(seq, envelope)
            if watch is not None:
                watch.feed(envelope)
            if chosen(envelope):
                self._select(seq, envelope)
            if seq in proofs:
                self._prove(seq, data)
            if seq == expected.first:
                first = envelope.recorded_at or ""
            last = envelope.recorded_at or ""
        self._recorded = (first, last)

    def _emergency(self, envelope: Envelope) -> None:
        if len(self._emergencies) == MOST_TOLD:
            raise VerificationError("more emergency ledgers than a bundle can tell of")
        self._emergencies.append(envelope)

    def _select(self, seq: int, envelope: Envelope) -> None:
        self._selected += 1
        if len(self._first_selected) < bag.PROOFS:
            self._first_selected.append(seq)
        if envelope.detail is not None:
            self._committed += 1
        if self._detail is not None and self._detail[0] == seq:
            check_detail(envelope, self._detail[1], self._detail[2])
            self._opened += 1
            self._detail = next(self._details, None)
        self._contents.take(seq, envelope)

    def _prove(self, seq: int, data: bytes) -> None:
        prove(seq, data, self._expected)


def prove(seq: int, data: bytes, expected: Expected) -> None:
    """The proof file of this record leads from its bytes to the last checkpoint, or `VerificationError`."""
    proof = expected.proofs[seq]
    if proof.checkpoint != expected.last_note or proof.extra is not None:
        raise VerificationError(f"record {seq}: proof: of another checkpoint than the last")
    if expected.verifier is None:
        raise TypeError("a proof needs the ledger's keys")
    proofs.verify(data, proof, expected.verifier)


def parsed_details(lines: Iterator[bytes]) -> Iterator[tuple[int, bytes, bytes]]:
    """Number of the record, salt and bytes of each line of `details.jsonl`; `FormatError` for another."""
    for line in lines:
        # Most lines are canonical by the look of them; the others are parsed, and only that says what is wrong.
        if (seen := _DETAIL_LINE(line)) is not None:
            yield int(seen[3]), from_base64(seen[2].decode("ascii")), from_base64(seen[1].decode("ascii"))
            continue
        found = strict_json.load(line)
        if not isinstance(found, dict) or set(found) != {"seq", "salt", "bytes"}:
            raise FormatError("a detail must have seq, salt and bytes")
        seq, salt, data = found["seq"], found["salt"], found["bytes"]
        if isinstance(seq, bool) or not isinstance(seq, int) or not isinstance(salt, str) or not isinstance(data, str):
            raise FormatError("a detail must be a number and two texts")
        yield seq, from_base64(salt), from_base64(data)
