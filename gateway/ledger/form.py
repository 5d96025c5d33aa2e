"""Records made from forms: an envelope that was checked once, with holes for what differs from one record to the next.

Encoding an envelope and reading it back through the typed decoder costs more than all else that is done for a record,
and a thousand records in a row differ in a few ids, times, commitments and counts only. So an envelope is checked and
encoded once (`Form`), and what lies between its holes is kept; filling the holes gives the very bytes that encoding
the filled envelope would give (a property test holds the two together). Three holes every form has: the record's place
in the ledger (`prev`, `recorded_at`, `seq`), which only the writer knows.

A text that goes into a hole has the length that was checked there and only characters that JSON writes as they are;
a count is an integer of 0 to 2^53. What does not fit is refused, as `record.check` refuses it.
"""

import os
import re
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from operator import itemgetter
from string import ascii_letters, digits
from typing import Any

import msgspec

from gateway.core.canonical import MAX_INTEGER, encode_unchecked
from gateway.core.errors import FormatError
from gateway.ledger.index import fixed_columns
from gateway.ledger.record import GENESIS, MAX_BYTES, PLACE_BYTES, Envelope, check, parse, read

Value = str | int

_PLACE = ("prev", "recorded_at", "seq")
"""In the order in which canonical JSON has them, whatever else an envelope holds."""
_OWN = ("id", "occurred_at", "exchange", "trace", "actor")
"""Holes that every form for many records has."""
_PLAIN = (ascii_letters + digits + "+/=_.:-").encode()
"""Characters that JSON writes as they are, and an id, a time or a commitment is made of."""
_COUNT_ROOM = len(str(MAX_INTEGER))
_MARK = f"hole-{os.urandom(16).hex()}-"
"""Nobody outside this process can write it into an envelope."""
_HOLES = re.compile(f'"{_MARK}([a-z_.]+)"')
_PLACES = re.compile(f'{_MARK}prev|{_MARK}recorded_at|"{_MARK}seq"')
_QUOTED = ("prev", "recorded_at")
"""Those of the places that are texts."""


class Common(msgspec.Struct, frozen=True):
    """What all records of one form have in common, as far as whoever appends them wants to know."""

    tenant: str
    event: str
    detailed: bool
    """Whether it commits to a detail."""
    columns: tuple[str | None, ...]


class Form:
    """An envelope with holes, for many records."""

    __slots__ = ("_at", "_common", "_counts", "_length", "_pieces", "_places", "_texts")

    def __init__(self, envelope: Envelope, values: Mapping[str, Value]) -> None:
        """`values` name the holes by their members (`id`, `request.bytes`) and what the first record has there, in
        place of whatever the envelope says: those of `_OWN` are among them. `FormatError`
        unless all of it passes `record.check`, with room for any count.
        """
        check(msgspec.structs.replace(envelope, **{name: values[name] for name in _OWN}))
        data = encode_unchecked(_with(envelope, values))
        example = read(data)
        check(example)
        if len(data) + _COUNT_ROOM * len(values) + PLACE_BYTES > MAX_BYTES:
            raise FormatError("a record must not exceed 65,535 bytes")
        self._common = _common(example)
        texts = (*_OWN, *(name for name, value in values.items() if isinstance(value, str) and name not in _OWN))
        self._length = sum(len(str(values[name])) for name in texts)
        self._pieces, at = _taken_apart(envelope, values)
        self._places = (at["prev"], at["recorded_at"], at["seq"])
        self._texts, self._at = itemgetter(*texts), tuple(at[name] for name in texts)
        self._counts = tuple((name, at[name]) for name in values if name not in texts)

    def fill(self, values: Mapping[str, Value]) -> "Draft":
        """A record to be, with these values in its holes; others are not looked at. `FormatError` as said above."""
        texts: tuple[str, ...] = self._texts(values)
        try:
            text = "".join(texts).encode()
        except (TypeError, UnicodeEncodeError):
            raise FormatError("a text of a record must be one") from None
        if len(text) != self._length or text.translate(None, _PLAIN):
            raise FormatError("a text of a record must be of its fixed form")
        pieces = self._pieces.copy()
        for place, value in zip(self._at, texts, strict=True):
            pieces[place] = value
        for name, place in self._counts:
            count = values[name]
            if type(count) is not int or not 0 <= count <= MAX_INTEGER:
                raise FormatError("a count of a record must be an integer of 0 to 2^53")
            pieces[place] = str(count)
        return Draft(self._common, pieces, self._places, *texts[: len(_OWN)])


class Draft(msgspec.Struct, gc=False, eq=False):
    """A record but for its place in the ledger: checked, encoded, final. Made by `Form.fill` and `drafted` alone."""

    common: Common
    _pieces: list[str]
    """The record, one after the other; those of the numbers `_places` stand for what `_PLACE` names."""
    _places: tuple[int, int, int]
    id: str
    occurred_at: str
    exchange: str | None
    trace: str | None
    actor: str | None

    def seal(self, seq: int, prev: bytes, recorded_at: str) -> bytes:
        """The record's bytes. `prev` is the 32-byte leaf hash of the record before, `GENESIS` for the first."""
        # A copy: a record that is given up may be read on one thread while it is sealed on another.
        pieces = self._pieces.copy()
        first, second, third = self._places
        pieces[first] = b2a_base64(prev, newline=False).decode("ascii")
        pieces[second], pieces[third] = recorded_at, str(seq)
        return "".join(pieces).encode()

    def columns(self, recorded_at: str) -> tuple[str | None, ...]:
        """As `index.index_columns` of the sealed envelope."""
        common = self.common
        return (
            self.id,
            common.event,
            self.occurred_at,
            recorded_at,
            self.exchange,
            self.actor,
            *common.columns,
            self.trace,
        )

    def envelope(self) -> Envelope:
        """The envelope, its place not filled in. Costs as much as making it did: for what is rare."""
        envelope = parse(self.seal(0, GENESIS, self.occurred_at))
        envelope.seq = envelope.prev = envelope.recorded_at = None
        return envelope


def drafted(envelope: Envelope) -> Draft:
    """One record to be. `FormatError` unless it passes `record.check`."""
    check(envelope)
    envelope.prev, envelope.recorded_at = _MARK + "prev", _MARK + "recorded_at"
    envelope.seq = _MARK + "seq"  # type: ignore[assignment]  # for the length of the next line
    try:
        text = encode_unchecked(envelope).decode()
    finally:
        envelope.prev = envelope.recorded_at = envelope.seq = None
    own = (envelope.id, envelope.occurred_at, envelope.exchange, envelope.trace, envelope.actor)
    return Draft(_common(envelope), _holed(_PLACES.split(text)), (1, 3, 5), *own)


def _common(envelope: Envelope) -> Common:
    return Common(envelope.tenant, envelope.event, envelope.detail is not None, fixed_columns(envelope))


def _with(envelope: Envelope, values: Mapping[str, Value]) -> dict[str, Any]:
    """The envelope as plain mappings, with these values in these places."""
    document: dict[str, Any] = msgspec.to_builtins(envelope)
    for name, value in values.items():
        where, _, last = name.rpartition(".")
        holder = document.setdefault(where, {}) if where else document
        holder[last] = value
    return document


def _taken_apart(envelope: Envelope, values: Mapping[str, Value]) -> tuple[list[str], dict[str, int]]:
    """The record in pieces, and the number of the piece that each hole is, in their order."""
    document = _with(envelope, {name: _MARK + name for name in (*values, *_PLACE)})
    found = _HOLES.split(encode_unchecked(document).decode())
    between, names = found[0::2], found[1::2]
    for number, name in enumerate(names):
        if name in _QUOTED or isinstance(values.get(name), str):
            between[number] += '"'
            between[number + 1] = '"' + between[number + 1]
    return _holed(between), {name: 2 * number + 1 for number, name in enumerate(names)}


def _holed(between: Sequence[str]) -> list[str]:
    """These, and an empty piece after each but the last."""
    pieces = [""] * (2 * len(between) - 1)
    pieces[0::2] = between
    return pieces
