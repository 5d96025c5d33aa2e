"""Whom somebody believes of a ledger: its keys, witnesses, and how many of these it takes (C2SP tlog-policy).

    # a comment
    log <verifier key> [<url>]
    witness <name> <verifier key> [<url>]
    group <name> <k, any or all> <name>…
    quorum <name, or none>

A checkpoint is believed that one of the logs has signed and that the quorum has cosigned: a witness, or a group of
which so many members have. Names are octets, compared as such. Addresses are read over: who asks whom is not said here.
"""

import re
from collections.abc import Iterable, Mapping

import msgspec

from gateway.core.errors import FormatError
from gateway.ledger.cosignature import Witness
from gateway.ledger.encoding import from_decimal
from gateway.ledger.note import Note, Signature, Verifier

MAX_BYTES = 1 << 18
MAX_NAMES = 256
"""Of logs, of witnesses and of groups; the specification asks for 32 of each."""
NONE = "none"
_control = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """What such a file says."""

    logs: tuple[Verifier, ...]
    witnesses: Mapping[str, Witness]
    """By their names in the file, which need not be those of their keys."""
    groups: Mapping[str, tuple[int, tuple[str, ...]]]
    """How many of which witnesses and groups."""
    quorum: str
    """The name of one of either, or `none`."""

    @property
    def verifiers(self) -> tuple[Witness, ...]:
        return tuple(self.witnesses.values())

    def cosigned(self, note: Note) -> dict[str, Signature]:
        """By which of the witnesses a note was cosigned that was opened with them, by their names in the file."""
        lines = {(line.name, line.key_id): line for line in note.verified}
        keys = {name: (one.name, one.key_id) for name, one in self.witnesses.items()}
        return {name: lines[key] for name, key in keys.items() if key in lines}

    def quorate(self, names: Iterable[str]) -> bool:
        """Whether these witnesses are a quorum."""
        held = set(names)
        for name, (needed, members) in self.groups.items():  # each speaks of those before it alone
            if sum(member in held for member in members) >= needed:
                held.add(name)
        return self.quorum == NONE or self.quorum in held


def parse(data: bytes) -> Trust:
    """What a file says; `FormatError` names the line that says nothing, or what the file lacks."""
    if len(data) > MAX_BYTES:
        raise FormatError("a trust policy must not exceed 262,144 bytes")
    if _control.search(data) or (data and not data.endswith(b"\n")):
        raise FormatError("a trust policy must be lines that end in a newline, without control characters but tabs")
    reading = _Reading()
    for number, line in enumerate(data.split(b"\n"), 1):
        items = re.split(rb"[ \t]+", line.strip(b" \t"))
        if not items[0] or items[0].startswith(b"#"):
            continue
        try:
            reading.line([item.decode("utf-8", "surrogateescape") for item in items])
        except FormatError as error:
            raise FormatError(f"line {number} of the trust policy: {error}") from error
    return reading.done()


class _Reading:
    """The lines of a file, one after the other."""

    def __init__(self) -> None:
        self._logs: dict[bytes, Verifier] = {}
        self._witnesses: dict[str, Witness] = {}
        self._groups: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._members: set[str] = set()
        self._quorum: str | None = None

    def line(self, items: list[str]) -> None:
        if max(len(self._logs), len(self._witnesses), len(self._groups)) >= MAX_NAMES:
            raise FormatError("there are more than 256 logs, witnesses or groups")
        kind, rest = items[0], items[1:]
        if kind == "log" and len(rest) in (1, 2):
            log = Verifier.parse(rest[0])
            if self._logs.setdefault(log.public_key, log) is not log:
                raise FormatError("the key of this log is there already")
        elif kind == "witness" and len(rest) in (2, 3):
            witness = Witness.parse(rest[1])
            if witness.public_key in {one.public_key for one in self._witnesses.values()}:
                raise FormatError("the key of this witness is there already")
            self._witnesses[self._new(rest[0])] = witness
        elif kind == "group" and len(rest) >= 3:
            self._group(rest[0], rest[1], tuple(rest[2:]))
        elif kind == "quorum" and len(rest) == 1:
            if self._quorum is not None or (rest[0] != NONE and not self._known(rest[0])):
                raise FormatError("there must be one quorum, of a witness or group on a line before it, or none")
            self._quorum = rest[0]
        else:
            raise FormatError("it must be a log, a witness, a group or the quorum, each with what belongs to it")

    def done(self) -> Trust:
        if self._quorum is None:
            raise FormatError("a trust policy must have a line quorum")
        logs = tuple(self._logs.values())
        return Trust(logs=logs, witnesses=self._witnesses, groups=self._groups, quorum=self._quorum)

    def _group(self, name: str, number: str, members: tuple[str, ...]) -> None:
        needed = {"any": 1, "all": len(members)}.get(number)
        if needed is None:
            needed = from_decimal(number)
        if not 1 <= needed <= len(members):
            raise FormatError("a group must need at least one of its members, and no more than it has")
        if len(set(members)) != len(members) or not all(self._known(member) for member in members):
            raise FormatError("the members of a group must be on lines before it, each once")
        if not self._members.isdisjoint(members):
            raise FormatError("a witness or group must be a member of one group at most")
        self._members.update(members)
        self._groups[self._new(name)] = (needed, members)

    def _known(self, name: str) -> bool:
        return name in self._witnesses or name in self._groups

    def _new(self, name: str) -> str:
        if name == NONE or self._known(name):
            raise FormatError("a name must not be none, nor there already")
        return name
