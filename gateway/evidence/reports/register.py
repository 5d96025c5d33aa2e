"""What policy versions say of whoever gets data: told in reports beside what records show, and apart from it.

A register is what one version has in `structure.json`. Which versions a report needs its figures say: those that its
messages were decided under, and those that stood in its period.
"""

from collections.abc import Collection, Mapping
from typing import Protocol

import msgspec

from gateway.evidence.figures.seen import NONE

UNKNOWN = "not in the policy version"
NO_AGREEMENT = "none configured"
NO_PROCESSOR = "none named"
"""What is said of who gets data where the record names no processor: agents of one's own, callbacks."""
NOT_KNOWN = "not known"
"""What is said where the version that was in force cannot be read, or none is named."""
NOT_KEPT = "not known: its text is not kept"
NOT_READ = "not known: its text is of a form that is not read any more"


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """A processor as a policy version has it."""

    legal_name: str
    address: str
    country: str
    safeguard: str
    """The kind of its agreement, or `NO_AGREEMENT`."""
    valid_until: str
    classes: tuple[str, ...]
    no_training: bool
    document: str = ""
    """Digest of the signed agreement."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A zone as a policy version has it."""

    trusted: bool
    region: str


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """Processors and zones of one policy version by their ids, and the tenant's days of retention."""

    retention_days: int | None = None
    """None where the version does not say."""
    processors: Mapping[str, Party] = {}
    zones: Mapping[str, Place] = {}
    known: bool = True
    """Whether the version was read; of one that was not, nothing is known."""

    def party(self, processor: str) -> Party:
        """As records name it; where they name none, there is none to be told of."""
        if processor == NONE:
            return _NONE
        return self.processors.get(processor, _NOBODY if self.known else _UNTOLD)

    def place(self, zone: str) -> Place:
        return self.zones.get(zone, _NOWHERE if self.known else _ANYWHERE)


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """What policy versions say, by their digests: a register, or why it is not known."""

    registers: Mapping[str, Register | str] = {}

    def of(self, version: str | None) -> Register:
        """By a version as a record names it; where it names none, nothing is known."""
        found = self.registers.get(version or NONE)
        return found if isinstance(found, Register) else _UNREAD

    def why(self, version: str) -> str:
        """Why it is not known what a version says; nothing where it is."""
        found = self.registers.get(version, NOT_KEPT)
        return found if isinstance(found, str) else ""


class Registers(Protocol):
    """Reads what policy versions say."""

    async def declared(self, versions: Collection[str]) -> Declared:
        """Of each of these digests the register, or why it is not known. `VerificationError` for a text that is not the
        one that its digest names."""
        ...


def _without(place: str, agreement: str) -> Party:
    return Party(
        legal_name=place,
        address=place,
        country=place,
        safeguard=agreement,
        valid_until="",
        classes=(),
        no_training=False,
    )


_NOBODY, _NONE = _without(UNKNOWN, NO_AGREEMENT), _without(NO_PROCESSOR, NO_PROCESSOR)
_UNTOLD = _without(NOT_KNOWN, NOT_KNOWN)
_NOWHERE, _ANYWHERE = Place(trusted=False, region=UNKNOWN), Place(trusted=False, region=NOT_KNOWN)
_UNREAD = Register(known=False)
