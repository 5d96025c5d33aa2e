"""Kept content in a bundle: what is carried opens its record's commitment; of what is not, records say why it may be.

    1. each line is of a selected record, which commits to it; in their order, each once      (`records.Reader`)
    2. none was sealed under a key that an erasure on record has destroyed                     (`demand_not_erased`)

Content that is not carried is `expired` where its days were over when the bundle was written, or a retention on record
covers it; `erased` where an erasure is on record that came after it; `too_large`; and `absent` where nothing on record
says why. Which records an erasure was about is told nowhere, on purpose: so `erased` says that it can have been.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import strict_json
from gateway.ledger.content import check_content
from gateway.ledger.encoding import from_base64, to_base64
from gateway.ledger.record import Envelope

MAX_KEPT = 32 << 20
"""Bytes of content that a bundle carries of one record."""
MAX_LINE = 45 << 20
"""Of a line: these in base64, and what is around them."""
_FIELDS = frozenset({"seq", "salt", "keys", "bytes"})
_ERASURES = frozenset({"subject.erasure", "subject.erased", "restore.erased"})
_EVENTS = _ERASURES | {"retention.applied"}
_TOLD = 16
_WHOSE = (
    "Which records an erasure was about is on no record, on purpose: that content is not here because of one is what"
    " the gateway says by leaving it out, and nothing on record is against it."
)


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """One line: the opening of a record's commitment to content."""

    seq: int
    salt: bytes
    keys: str
    """Ids of the data keys that it was sealed under, joined by `+`."""
    value: bytes

    def __repr__(self) -> str:
        return f"Content(seq={self.seq})"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What the records of a range, or of a part of it, say of kept content."""

    committed: int = 0
    """Selected records that commit to content."""
    carried: int = 0
    expired: int = 0
    """Not carried, and over when the bundle was written."""
    large: int = 0
    rest: tuple[int, ...] = ()
    """Selected records whose content is not carried for neither reason, in their order."""
    erasures: tuple[int, ...] = ()
    """Records of erasures that have begun or are done."""
    swept: tuple[tuple[int, int], ...] = ()
    """Ranges of records beside which a retention has destroyed content."""
    destroyed: frozenset[str] = frozenset()
    """Keys that erasures on record have destroyed."""


class Counting:
    """Goes over the records of a range beside what is carried; `asked`: whether content was asked for."""

    def __init__(self, lines: Iterable[bytes], *, asked: bool, created: str) -> None:
        self._contents, self._asked, self._created = parsed(lines), asked, created
        self._next = next(self._contents, None)
        self._committed = self._carried = self._expired = self._large = 0
        self._rest: list[int] = []
        self._erasures: list[int] = []
        self._swept: list[tuple[int, int]] = []
        self._destroyed: set[str] = set()

    def feed(self, seq: int, envelope: Envelope) -> None:
        """Any record of the range."""
        if envelope.event not in _EVENTS:
            return
        if envelope.event == "retention.applied":
            if _code(envelope) == "content" and envelope.range is not None and envelope.range[1] <= seq:
                self._swept.append(envelope.range)
        elif destroys(envelope):
            self._erasures.append(seq)
            self._destroyed.update(envelope.keys or ())

    def take(self, seq: int, envelope: Envelope) -> None:
        """A selected one. `VerificationError` where what is carried of it is not what it commits to."""
        kept, one = envelope.kept, self._next
        self._committed += kept is not None
        if one is not None and one.seq == seq:
            try:
                check_content(envelope, one.salt, one.keys, one.value)
            except VerificationError as error:
                raise VerificationError(f"record {seq}: {error}") from error
            self._carried += 1
            self._next = next(self._contents, None)
        elif kept is None or not self._asked:
            return
        elif kept.until <= self._created:
            self._expired += 1
        elif kept.bytes > MAX_KEPT:
            self._large += 1
        else:
            self._rest.append(seq)

    def account(self) -> Account:
        """At the end. `VerificationError` where something is carried of no record that was selected."""
        if self._next is not None:
            raise VerificationError("a content of no selected record of the range, or out of order")
        return Account(
            committed=self._committed,
            carried=self._carried,
            expired=self._expired,
            large=self._large,
            rest=tuple(self._rest),
            erasures=tuple(self._erasures),
            swept=tuple(self._swept),
            destroyed=frozenset(self._destroyed),
        )


def destroys(envelope: Envelope) -> bool:
    """Whether from this record on keys of an erasure (`keys`) are destroyed."""
    return envelope.event in _ERASURES and (envelope.event != "subject.erasure" or _code(envelope) == "begun")


def together(accounts: Sequence[Account]) -> Account:
    """Of parts of a range, in their order, that of the whole."""
    return Account(
        committed=sum(one.committed for one in accounts),
        carried=sum(one.carried for one in accounts),
        expired=sum(one.expired for one in accounts),
        large=sum(one.large for one in accounts),
        rest=tuple(seq for one in accounts for seq in one.rest),
        erasures=tuple(seq for one in accounts for seq in one.erasures),
        swept=tuple(span for one in accounts for span in one.swept),
        destroyed=frozenset().union(*(one.destroyed for one in accounts)),
    )


def demand_not_erased(lines: Iterator[bytes], destroyed: frozenset[str]) -> None:
    """`VerificationError` names the first record whose content was sealed under a destroyed key."""
    if not destroyed:
        return
    for one in parsed(lines):
        if not destroyed.isdisjoint(one.keys.split("+")):
            raise VerificationError(f"record {one.seq}: content: an erasure on record has destroyed a key of it")


def document(account: Account, *, asked: bool) -> dict[str, Any]:
    """What is told of it, as plain data: see above for the words. `erasures`: the records that may be why, the last
    sixteen of them."""
    starts, ends = _merged(account.swept)
    last, erased, expired, absent = max(account.erasures, default=-1), 0, account.expired, 0
    for seq in account.rest:
        place = bisect_right(starts, seq)
        if place and seq < ends[place - 1]:
            expired += 1
        elif seq < last:
            erased += 1
        else:
            absent += 1
    after = [seq for seq in account.erasures if erased and seq > account.rest[0]]
    return {
        "asked": asked,
        "committed": account.committed,
        "open": account.carried,
        "expired": expired,
        "erased": erased,
        "erasures": after[-_TOLD:],
        "too_large": account.large,
        "absent": absent,
    }


def told(found: Mapping[str, Any]) -> list[str]:
    """For people: a line, or none where no selected record commits to content."""
    if not found["committed"]:
        return []
    if not found["asked"]:
        return [f"not asked for; {found['committed']} selected records commit to some"]
    by = f" (records {', '.join(map(str, found['erasures']))})" if found["erasures"] else ""
    return [
        f"{found['open']} open, {found['expired']} expired, {found['erased']} erased{by},"
        f" {found['too_large']} too large, {found['absent']} not carried and nothing on record says why"
    ]


def notes(found: Mapping[str, Any]) -> list[str]:
    """What is not shown."""
    return [_WHOSE] if found["erased"] else []


def proven(found: Mapping[str, Any]) -> list[str]:
    """What is shown, in words."""
    if not found["open"]:
        return []
    return [f"content: {found['open']} messages are what their records have committed to since they were sent"]


def encode_line(one: Content) -> bytes:
    """A line of the bundle's file, with its newline."""
    fields = {"seq": one.seq, "salt": to_base64(one.salt), "keys": one.keys, "bytes": to_base64(one.value)}
    return strict_json.dump(fields) + b"\n"


def parsed(lines: Iterable[bytes]) -> Iterator[Content]:
    """Each line read; `FormatError` for another."""
    for line in lines:
        found = strict_json.load(line)
        if not isinstance(found, dict) or set(found) != _FIELDS:
            raise FormatError("a content must have seq, salt, keys and bytes")
        seq, texts = found["seq"], [found[name] for name in ("salt", "keys", "bytes")]
        if type(seq) is not int or not all(isinstance(text, str) for text in texts):
            raise FormatError("a content must be a number and three texts")
        yield Content(seq=seq, salt=from_base64(texts[0]), keys=texts[1], value=from_base64(texts[2]))


def _code(envelope: Envelope) -> str | None:
    return None if envelope.outcome is None else envelope.outcome.code


def _merged(spans: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Starts and ends of ranges that do not overlap, in order, which hold the same numbers."""
    starts: list[int] = []
    ends: list[int] = []
    for first, end in sorted(spans):
        if ends and first <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(first)
            ends.append(end)
    return starts, ends
