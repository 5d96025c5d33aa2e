"""DER (X.690) as time-stamps need it: read strictly, every byte consumed, each length in its one form; and written.

Tags of one byte alone, lengths of at most four bytes after the first. What is no DER raises `FormatError`, and nothing
else does.
"""

from collections.abc import Iterator

from gateway.core.errors import FormatError

BOOLEAN, INTEGER, OCTETS, NULL, OID, UTF8, SEQUENCE, SET, TIME = 0x01, 0x02, 0x04, 0x05, 0x06, 0x0C, 0x30, 0x31, 0x18


def context(number: int, *, constructed: bool = True) -> int:
    """The context-specific tag `[number]`."""
    return (0xA0 if constructed else 0x80) | number


class Reader:
    """Values one after another; `end` after the last."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def next(self) -> int | None:
        """The tag of the next value; None where there is none."""
        return self._data[self._at] if self._at < len(self._data) else None

    def take(self, tag: int) -> bytes:
        """The contents of the next value, which must have this tag."""
        return self._value(tag)[0]

    def whole(self, tag: int) -> bytes:
        """The next value with its tag and length."""
        return self._value(tag)[1]

    def maybe(self, tag: int) -> bytes | None:
        """The contents of the next value if it has this tag; otherwise it stays the next."""
        return self.take(tag) if self.next == tag else None

    def into(self, tag: int) -> "Reader":
        """A reader of what is in the next value."""
        return Reader(self.take(tag))

    def rest(self, tag: int) -> Iterator[bytes]:
        """Every value that is left, with tag and length; all have this tag."""
        while self.next is not None:
            yield self.whole(tag)

    def end(self) -> None:
        if self.next is not None:
            raise FormatError("DER: more values than belong there")

    def _value(self, tag: int) -> tuple[bytes, bytes]:
        data, start = self._data, self._at
        if data[start : start + 1] != bytes((tag,)):
            raise FormatError("DER: a value of another kind, or none")
        first = data[start + 1] if start + 1 < len(data) else -1
        body = start + 2
        if 0 <= first < 0x80:
            length = first
        elif 0x81 <= first <= 0x84:
            digits = data[body : body + first - 0x80]
            body += first - 0x80
            length = int.from_bytes(digits)
            if len(digits) < first - 0x80 or digits[0] == 0 or length < 0x80:
                raise FormatError("DER: a length that is not in its one form")
        else:
            raise FormatError("DER: a length that is not in its one form")
        end = body + length
        if end > len(data):
            raise FormatError("DER: a value is cut short")
        self._at = end
        return data[body:end], data[start:end]


def ordered(values: list[bytes]) -> list[bytes]:
    """The encoded members of a SET OF (X.690 §11.6), which must be in their order."""
    if values != sorted(values):
        raise FormatError("DER: a set that is not in order")
    return values


def number(contents: bytes) -> int:
    """An INTEGER's value; `FormatError` for a negative one, too."""
    if not contents or contents[0] & 0x80 or (len(contents) > 1 and contents[0] == 0 and not contents[1] & 0x80):
        raise FormatError("DER: a number that is negative, or not in its one form")
    return int.from_bytes(contents)


def dotted(contents: bytes) -> str:
    """An OBJECT IDENTIFIER in its dotted form."""
    if not contents or contents[-1] & 0x80:
        raise FormatError("DER: an object identifier is cut short")
    arcs, arc, fresh = [], 0, True
    for byte in contents:
        if fresh and byte == 0x80:
            raise FormatError("DER: an object identifier that is not in its one form")
        arc, fresh = arc << 7 | byte & 0x7F, not byte & 0x80
        if fresh:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def encode(tag: int, *contents: bytes) -> bytes:
    """A value with its tag and length."""
    body = b"".join(contents)
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + body


def encode_number(value: int) -> bytes:
    """A number that is not negative, as an INTEGER."""
    return encode(INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


def encode_dotted(text: str) -> bytes:
    """A dotted object identifier, as one; `FormatError` for what cannot be one."""
    try:
        arcs = [int(arc) for arc in text.split(".")]
    except ValueError as error:
        raise FormatError("an object identifier must be numbers with dots between them") from error
    good = len(arcs) > 1 and 0 <= arcs[0] <= 2 and min(arcs) >= 0 and (arcs[0] == 2 or arcs[1] < 40)
    if not good or ".".join(map(str, arcs)) != text:
        raise FormatError("an object identifier must be numbers with dots between them")
    return encode(OID, *(_base128(arc) for arc in (40 * arcs[0] + arcs[1], *arcs[2:])))


def _base128(arc: int) -> bytes:
    digits = [arc & 0x7F]
    while arc := arc >> 7:
        digits.append(0x80 | arc & 0x7F)
    return bytes(reversed(digits))
