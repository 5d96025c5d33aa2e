"""A ledger's key is replaced by another: what both sign, and what then counts (`docs/keys.md`).

The origin stays, and with it the name of the key. What is signed, as the text of a note (C2SP signed-note) by the old
key and by the new one:

    gateway/key-rotation/v1
    origin <the ledger's>
    from <verifier key of the old key>
    to <verifier key of the new key>
    after <size, ASCII decimal>
    at <when>

Its second line is no checkpoint's, its first no receipt's, so that no signature of one passes for another's. The
old key says with it who comes after it, the new one who came before: whoever knows either comes to know the other, and
so on along any number of such statements. `after` bounds the old key: alone it counts for checkpoints of up to so many
records, so that nobody who comes by it later can sign what the ledger becomes. What a thief can still do with it is to
sign another past; witnesses, receipts and time-stamps speak against that, and no key does.

Statements stand in files one after the other, nine lines each, and after a public key's own line in a file of keys.
"""

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger.encoding import MAX_SIZE, from_decimal
from gateway.ledger.note import Signer, Verifier, open_note, parse_note, sign
from gateway.ledger.times import parse_timestamp

TEXT = "gateway/key-rotation/v1"
MAX_ROTATIONS = 1_000
MAX_BYTES = 1 << 20
"""Of a file of keys."""
_NAMES = ("origin ", "from ", "to ", "after ", "at ")
_LINES = 9


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed: of the ledger `origin`, the key `new` replaces `old`."""

    origin: str
    old: str
    """A verifier key, as `new`."""
    new: str
    after: int
    """Records of the largest checkpoint for which the old key counts alone."""
    at: str
    """27 characters."""


def encode(rotation: Rotation) -> str:
    """The text that is signed; `FormatError` for values that cannot be a rotation."""
    values = (rotation.origin, rotation.old, rotation.new, str(rotation.after), rotation.at)
    text = f"{TEXT}\n" + "".join(f"{name}{value}\n" for name, value in zip(_NAMES, values, strict=True))
    if parse(text) != rotation:
        raise FormatError("a rotation must name a ledger, two keys of it, a size and a time")
    return text


def parse(text: str) -> Rotation:
    """The rotation that exactly this text is; `FormatError` otherwise."""
    lines = text.split("\n")
    if len(lines) != 7 or lines[0] != TEXT or lines[6]:
        raise FormatError(f"a rotation must be the line {TEXT} and its five lines in order")
    if not all(line.startswith(name) for line, name in zip(lines[1:6], _NAMES, strict=True)):
        raise FormatError("a rotation must have the lines origin, from, to, after and at")
    origin, old, new, after, at = (line.removeprefix(name) for line, name in zip(lines[1:6], _NAMES, strict=True))
    keys = Verifier.parse(old), Verifier.parse(new)
    if any(key.name != origin for key in keys) or keys[0].key_id == keys[1].key_id:
        raise FormatError("a rotation must be from one key of its ledger to another")
    parse_timestamp(at)
    return Rotation(origin=origin, old=old, new=new, after=from_decimal(after), at=at)


def issue(rotation: Rotation, old: Signer, new: Signer) -> bytes:
    """The statement: the note that both keys have signed. `FormatError` unless they are those that it names."""
    if (old.verifier.vkey, new.verifier.vkey) != (rotation.old, rotation.new):
        raise FormatError("a rotation must be signed by the two keys that it names")
    return sign(encode(rotation), (old, new))


def verify(statement: bytes) -> Rotation:
    """The rotation that both of its keys have signed; `VerificationError` where one has not, `FormatError` for what is
    no statement. Whether either key is the ledger's is for the caller to know: see `Keys`."""
    text, signatures = parse_note(statement)
    rotation = parse(text)
    keys = [Verifier.parse(rotation.old), Verifier.parse(rotation.new)]
    if len(signatures) != len(keys):
        raise FormatError("a rotation must have two signatures")
    opened = open_note(statement, keys)
    if [(line.name, line.key_id) for line in opened.verified] != [(key.name, key.key_id) for key in keys]:
        raise VerificationError("rotation: it is not signed by the old key and then the new one")
    return rotation


class Keys:
    """The keys that a ledger has had, in their order: one that is known, and those that statements lead to from it.

    Stands where a `Verifier` does, of which it is the plural.
    """

    __slots__ = ("_until", "known", "name", "rotations", "statements")

    def __init__(self, known: Verifier, statements: Sequence[bytes] = ()) -> None:
        """`FormatError` or `VerificationError` for statements that do not hold, are of another ledger, or are not one
        line of keys to which the known one belongs. Their order does not matter, and one may be there twice."""
        # 1. Each statement is signed by both of its keys, and is of the known key's ledger.
        rotations: dict[str, tuple[Rotation, bytes]] = {}
        if len(statements) > MAX_ROTATIONS:
            raise FormatError("a ledger's keys must not be more than 1,000")
        for statement in statements:
            rotation = verify(statement)
            if rotation.origin != known.name:
                raise VerificationError("rotation: of another ledger")
            # 2. No key was replaced by two: that would be a split, and either could be the thief's.
            if rotations.setdefault(rotation.old, (rotation, statement))[0] != rotation:
                raise VerificationError("rotation: one key was replaced twice")
        self.name = known.name
        self.rotations, self.statements = _line(known, rotations)
        """In their order, and as they were signed."""
        vkeys = [*(one.old for one in self.rotations), *(one.new for one in self.rotations[-1:])]
        self.known: tuple[Verifier, ...] = tuple(Verifier.parse(vkey) for vkey in vkeys) or (known,)
        """All of them, the newest last."""
        self._until = [*(one.after for one in self.rotations), MAX_SIZE]

    @property
    def newest(self) -> Verifier:
        """The key that signs now, as far as is known."""
        return self.known[-1]

    @property
    def vkey(self) -> str:
        return self.newest.vkey

    def counting(self, size: int) -> tuple[Verifier, ...]:
        """The keys of which one must have signed a checkpoint of so many records."""
        return tuple(key for key, until in zip(self.known, self._until, strict=True) if size <= until)


def parse_statements(data: bytes) -> tuple[bytes, ...]:
    """The statements in a file of them, nothing verified; `FormatError` for anything else."""
    if len(data) > MAX_BYTES:
        raise FormatError("a file of keys must not exceed 1 MiB")
    lines = data.splitlines(keepends=True)
    if len(lines) % _LINES or (lines and not data.endswith(b"\n")):
        raise FormatError("statements of rotations must be nine lines each")
    found = tuple(b"".join(lines[at : at + _LINES]) for at in range(0, len(lines), _LINES))
    for statement in found:
        parse(parse_note(statement)[0])
    return found


def parse_keys(data: bytes) -> Keys:
    """The keys in a file: a public key on a line, and the statements that lead from it to others, if any.

    `FormatError` for anything else, `VerificationError` for statements that do not hold.
    """
    line, _, rest = data.replace(b"\r\n", b"\n").lstrip(b" \n\t").partition(b"\n")
    try:
        known = Verifier.parse(line.decode("utf-8").strip(" \t"))
    except UnicodeDecodeError as error:
        raise FormatError("a file of keys must be UTF-8") from error
    return Keys(known, parse_statements(rest.lstrip(b" \n\t")))


def encode_keys(keys: Keys) -> bytes:
    """The file that `parse_keys` reads: the newest key, and how it came to be."""
    return f"{keys.vkey}\n".encode() + b"".join(keys.statements)


def _line(
    known: Verifier, rotations: dict[str, tuple[Rotation, bytes]]
) -> tuple[tuple[Rotation, ...], tuple[bytes, ...]]:
    """The statements from the first key to the last, through the known one."""
    before = {rotation.new: rotation.old for rotation, _ in rotations.values()}
    if len(before) != len(rotations):
        raise VerificationError("rotation: one key replaced two")
    # 3. Back to the first key, and forward again; each step uses up a statement, so that a circle ends too.
    first, steps = known.vkey, len(rotations)
    while first in before and steps:
        first, steps = before[first], steps - 1
    line: list[tuple[Rotation, bytes]] = []
    while first in rotations and len(line) < len(rotations):
        line.append(rotations[first])
        first = line[-1][0].new
    if first in rotations or len(line) != len(rotations):
        raise VerificationError("rotation: the statements are not one line of keys that the known one belongs to")
    # 4. Sizes and times only grow along it.
    ordered = [(rotation.after, rotation.at) for rotation, _ in line]
    if any(one[0] > other[0] or one[1] > other[1] for one, other in pairwise(ordered)):
        raise VerificationError("rotation: a key was replaced before the one that it had replaced")
    return tuple(rotation for rotation, _ in line), tuple(statement for _, statement in line)
