"""The one zip form that a bundle has (PKWARE APPNOTE 6.3.10), so that every byte of the file is either content or
follows from it.

Members are stored, not compressed (a compressed stream has many spellings, and can be a bomb); names are plain ASCII;
times are the zip epoch; there are no comments, no extra fields but zip64's, no data descriptors and nothing between or
around the members. The reader builds each header again from what it read and compares: what differs in a single bit is
no bundle. Any unzip program reads the form.
"""

import re
import zlib
from collections.abc import Callable, Iterator
from hashlib import sha256
from struct import Struct as Layout
from typing import BinaryIO

import msgspec

from gateway.core.errors import FormatError

MAX_MEMBERS = 10_000
MAX_NAME = 200
BLOCK = 1 << 20
_NEAR = 1 << 16
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_LOCAL = Layout("<4s5H3I2H")  # §4.3.7
_CENTRAL = Layout("<4s6H3I5H2I")  # §4.3.12
_END = Layout("<4s4H2IH")  # §4.3.16
_END64 = Layout("<4sQ2H2I4Q")  # §4.3.14
_LOCATOR64 = Layout("<4sIQI")  # §4.3.15
_SIZES64 = Layout("<2H2Q")  # §4.5.3
ENCRYPTED = (b"age-encryption.org/v1\n", b"-----BEGIN AGE ENCRYPTED FILE-----")
"""How files begin that are a bundle once they are decrypted (C2SP age-encryption.org/v1)."""
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_EPOCH_DATE = 1 << 5 | 1  # 1980-01-01
_UNIX_FILE = 0o100644 << 16


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One file in the container: where its header starts, where its bytes start, and what they are."""

    name: str
    offset: int
    data: int
    size: int
    crc: int
    zip64: bool
    """Whether its local header has room for sizes of 4 GiB and more."""


class Written(msgspec.Struct, frozen=True):
    """What was written as one member."""

    name: str
    size: int
    sha256: str


class Writer:
    """Writes members one after another to a seekable binary file that is empty; `close` ends it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = self.file = file
        self._at = 0
        self._members: list[Member] = []

    def add(self, name: str, content: bytes) -> Written:
        """A member whose bytes are at hand."""
        with self.stream(name, len(content)) as stream:
            stream.write(content)
        return stream.written

    def stream(self, name: str, at_most: int) -> "Stream":
        """A member whose bytes come in pieces, `at_most` so many; a context manager."""
        if len(self._members) == MAX_MEMBERS:
            raise FormatError(f"a bundle must have at most {MAX_MEMBERS} members")
        check_name(name, {member.name for member in self._members})
        return Stream(self._file, name, self._at, at_most >= _FULL32, self._ended)

    def member(self, name: str) -> Member:
        """Where a member lies that was written."""
        return next(one for one in self._members if one.name == name)

    def lines(self, name: str, at_most: int) -> Iterator[bytes]:
        """The lines of a member that was written, as `Container.lines` has them; another may be written meanwhile. For
        that the file must be readable too."""
        return _lines(name, _blocks(self._file, self.member(name)), at_most)

    def close(self) -> None:
        self._file.write(_directory(self._members, self._at))

    def _ended(self, member: Member) -> None:
        self._members.append(member)
        self._at = member.data + member.size


class Stream:
    """A member being written. Its header is written last, when its size and checksum are known."""

    def __init__(self, file: BinaryIO, name: str, offset: int, zip64: bool, ended: Callable[[Member], None]) -> None:
        self._file, self._name, self._offset, self._zip64, self._ended = file, name, offset, zip64, ended
        self._hash, self._crc, self.size = sha256(), 0, 0
        self._data = offset + len(_local(Member(name=name, offset=0, data=0, size=0, crc=0, zip64=zip64)))

    def __enter__(self) -> "Stream":
        self._file.seek(self._data)
        return self

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self._crc = zlib.crc32(data, self._crc)
        self.size += len(data)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            return
        if self.size >= _FULL32 and not self._zip64:
            raise FormatError("a member is larger than was announced")
        member = Member(
            name=self._name, offset=self._offset, data=self._data, size=self.size, crc=self._crc, zip64=self._zip64
        )
        self._file.seek(self._offset)
        self._file.write(_local(member))
        self._file.seek(member.data + member.size)
        self._ended(member)

    @property
    def written(self) -> Written:
        return Written(self._name, self.size, self._hash.hexdigest())


def is_encrypted(file: BinaryIO) -> bool:
    """Whether a file begins as an encrypted one does. Leaves it at its beginning."""
    file.seek(0)
    head = file.read(max(map(len, ENCRYPTED)))
    file.seek(0)
    return head.startswith(ENCRYPTED)


class Container:
    """A container that was opened: its members in order. `FormatError` for a file in any other form."""

    def __init__(self, file: BinaryIO) -> None:
        if is_encrypted(file):
            raise FormatError("it is encrypted: give the identity that opens it, or decrypt it first (age --decrypt)")
        self._file = file
        self._sound: set[str] = set()
        """Members that were read to their end and had their checksum: it is not computed again."""
        self.members: dict[str, Member] = {}
        names: set[str] = set()
        at, end = 0, file.seek(0, 2)
        while (member := self._member(at, end)) is not None:
            if len(self.members) == MAX_MEMBERS:
                raise FormatError(f"a bundle must have at most {MAX_MEMBERS} members")
            check_name(member.name, names)
            names.add(member.name.lower())
            self.members[member.name] = member
            at = member.data + member.size
        file.seek(0)
        if file.read(2) != b"PK":
            raise FormatError("it is no zip file, which a bundle is")
        directory = _directory(list(self.members.values()), at)
        file.seek(at)
        if file.read(len(directory) + 1) != directory:
            raise FormatError("the directory of the container does not match its members")

    def member(self, name: str) -> Member:
        """The member of this name; `FormatError` if it is not there."""
        found = self.members.get(name)
        if found is None:
            raise FormatError(f"{name} is missing")
        return found

    def read(self, name: str, at_most: int) -> bytes:
        """The bytes of a small member; `FormatError` if it is not there or larger."""
        member = self.member(name)
        if member.size > at_most:
            raise FormatError(f"{name} is larger than it may be")
        return b"".join(self.blocks(name))

    def blocks(self, name: str) -> Iterator[bytes]:
        """A member's bytes in blocks; `FormatError` at the end if they do not have its checksum, the first time."""
        if name in self._sound:
            yield from _blocks(self._file, self.member(name), checked=False)
        else:
            yield from _blocks(self._file, self.member(name))
            self._sound.add(name)

    def lines(self, name: str, at_most: int) -> Iterator[bytes]:
        """A member's lines without their newlines; `FormatError` for a last line without one, or one too long."""
        return _lines(name, self.blocks(name), at_most)

    def line_at(self, name: str, near: int, at_most: int) -> tuple[int, bytes]:
        """Where the first line of a member begins that does not begin before this place, and the line without its
        newline; the member's end and no bytes where there is none. For who looks for a line and checks all of them
        elsewhere: no checksum is asked for here."""
        member, start = self.member(name), max(near - 1, 0)
        for room in (_NEAR, 2 * at_most + 2):  # most lines are short
            self._file.seek(member.data + start)
            data = self._file.read(min(member.size - start, room))
            # A line begins behind the newline that is before it, or at 0.
            begin = data.find(b"\n") + 1 if near else 0
            end = data.find(b"\n", begin)
            if end >= 0 and (begin or not near):
                return start + begin, data[begin:end]
            if start + len(data) == member.size and (start + begin == member.size or (near and not begin)):
                return member.size, b""
        raise FormatError(f"{name} has a line that is too long, or without its end")

    def _member(self, at: int, end: int) -> Member | None:
        self._file.seek(at)
        head = self._file.read(_LOCAL.size)
        if len(head) < _LOCAL.size or head[:4] != b"PK\x03\x04":
            return None
        *_, crc, _, size, name_length, extra_length = _LOCAL.unpack(head)
        if name_length > MAX_NAME or extra_length not in (0, _SIZES64.size):
            raise FormatError("a member's header is not in the form of a bundle")
        tail = self._file.read(name_length + extra_length)
        if len(tail) < name_length + extra_length:
            raise FormatError("the container ends early")
        if extra_length:
            size = _SIZES64.unpack(tail[name_length:])[2]
        member = Member(
            name=tail[:name_length].decode("latin-1"),
            offset=at,
            data=at + _LOCAL.size + len(tail),
            size=size,
            crc=crc,
            zip64=bool(extra_length),
        )
        if not _NAME.fullmatch(member.name) or _local(member) != head + tail or member.data + size > end:
            raise FormatError("a member's header is not in the form of a bundle")
        return member


def lines_between(file: BinaryIO, name: str, start: int, end: int, at_most: int) -> Iterator[bytes]:
    """Lines of the file from one place to another, both where lines begin, as `Container.lines` has them."""
    part = Member(name=name, offset=start, data=start, size=end - start, crc=0, zip64=False)
    return _lines(name, _blocks(file, part, checked=False), at_most)


def _blocks(file: BinaryIO, member: Member, *, checked: bool = True) -> Iterator[bytes]:
    """Leaves the file where it was before each block: somebody may be writing it."""
    at, left, crc = member.data, member.size, 0
    while left:
        place = file.tell()
        file.seek(at)
        block = file.read(min(BLOCK, left))
        file.seek(place)
        if not block:
            raise FormatError("the container ends early")
        at, left = at + len(block), left - len(block)
        if checked:
            crc = zlib.crc32(block, crc)
        yield block
    if checked and crc != member.crc:
        raise FormatError(f"{member.name} does not have its checksum")


def _lines(name: str, blocks: Iterator[bytes], at_most: int) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        if len(rest) > at_most:
            raise FormatError(f"{name} has a line that is too long")
        for line in lines:
            if len(line) > at_most:
                raise FormatError(f"{name} has a line that is too long")
            yield line
    if rest:
        raise FormatError(f"{name} does not end with a newline")


def check_name(name: str, others: set[str]) -> None:
    """`FormatError` for a name that could lead out of the directory, or mean the same file as another one."""
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise FormatError("a member's name must be plain, relative and at most 200 characters")
    if name in others or name.lower() in others:
        raise FormatError("two members have the same name")


def _local(member: Member) -> bytes:
    name = member.name.encode("ascii")
    size = _FULL32 if member.zip64 else member.size
    extra = _SIZES64.pack(1, 16, member.size, member.size) if member.zip64 else b""
    version = 45 if member.zip64 else 20
    return (
        _LOCAL.pack(b"PK\x03\x04", version, 0, 0, 0, _EPOCH_DATE, member.crc, size, size, len(name), len(extra))
        + name
        + extra
    )


def _central(member: Member) -> bytes:
    name = member.name.encode("ascii")
    size, offset = min(member.size, _FULL32), min(member.offset, _FULL32)
    large = [value for value in (member.size, member.size, member.offset) if value >= _FULL32]
    extra = b"".join(value.to_bytes(8, "little") for value in large)
    if extra:
        extra = (1).to_bytes(2, "little") + len(extra).to_bytes(2, "little") + extra
    version = 45 if member.zip64 or large else 20
    return (
        _CENTRAL.pack(
            b"PK\x01\x02",
            3 << 8 | version,
            *(version, 0, 0, 0, _EPOCH_DATE),
            *(member.crc, size, size, len(name), len(extra)),
            *(0, 0, 0, _UNIX_FILE, offset),
        )
        + name
        + extra
    )


def _directory(members: list[Member], at: int) -> bytes:
    """Everything after the last member, which ends at `at`."""
    entries = b"".join(_central(member) for member in members)
    count, size = len(members), len(entries)
    end64 = b""
    if at >= _FULL32 or size >= _FULL32 or count >= _FULL16:
        end64 = _END64.pack(b"PK\x06\x06", 44, 3 << 8 | 45, 45, 0, 0, count, count, size, at)
        end64 += _LOCATOR64.pack(b"PK\x06\x07", 0, at + size, 1)
    count16, size32, at32 = min(count, _FULL16), min(size, _FULL32), min(at, _FULL32)
    return entries + end64 + _END.pack(b"PK\x05\x06", 0, 0, count16, count16, size32, at32, 0)
