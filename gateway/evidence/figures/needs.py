"""What a provision needs of records: which fields, of which records, and how many of these hold them.

`detail.tls` is asked of every record that the provision finds; `checkpoint.witnessed: count` of every one of that
event, of which there must be one. `any: auth.failed: outcome.code` is asked of every one of an event that need not
occur: that nobody was refused is no lack. `some: processor` asks that one record at least holds it. Of several events
and fields (`key.denied | key.allowed: actor`, `detail.issuer | detail.credential`) one is enough; `region where agent`
is asked of records alone that hold the other. Of cases it is asked that they have ended (`endings`).

A record whose detail was deleted, or is not opened, holds no field of the detail, and is counted apart: that the
gateway recorded it can neither be shown nor denied.
"""

import re
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Literal, TypeAlias

import msgspec

from gateway.core.errors import FormatError
from gateway.evidence.figures.endings import Ended, ending_of
from gateway.evidence.figures.seen import Looked, Seen
from gateway.evidence.figures.tally import Cell
from gateway.ledger.record import (
    KNOWN_EVENTS,
    DecisionInfo,
    Detail,
    Envelope,
    MessageInfo,
    NodeInfo,
    OutcomeInfo,
    SampleInfo,
    TokensInfo,
)

_INSIDE: dict[str, type[msgspec.Struct]] = {
    "decision": DecisionInfo,
    "outcome": OutcomeInfo,
    "request": MessageInfo,
    "response": MessageInfo,
    "node": NodeInfo,
    "sample": SampleInfo,
    "tokens": TokensInfo,
    "detail": Detail,
}
_FORM = re.compile(
    r"(?:(?P<mode>any|some): )?(?:(?P<events>[^ :|]+(?: \| [^ :|]+)*): )?"
    r"(?P<fields>[^ :|]+(?: \| [^ :|]+)*)(?: where (?P<where>[^ :|]+))?"
)
_HINT = (
    "must be a field of the envelope, or one of a part of it or of the detail as in decision.policy and detail.tls, or "
    "several with | between them; of records of some events as in checkpoint.witnessed: count, with any: before events "
    "that need not occur; of records alone that hold a field of the envelope as in region where agent; with some: "
    "before it where one record is enough; or of cases, emergencies or incidents, as in subject.erasure end in "
    "subject.erased"
)
_OF_NONE = {"processor": "whoever was sent something is in-house, or was registered without one"}
"""Fields that no record need hold for good reasons, and what it says where none does."""
Mode = Literal["every", "any", "some"]
_MODES: dict[str | None, Mode] = {None: "every", "any": "any", "some": "some"}
Get = Callable[[Seen], bool]


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """A need as it was written, taken apart."""

    text: str
    mode: Mode
    events: tuple[str, ...]
    """Asked of records of these events alone; none: of whatever the provision finds."""
    fields: tuple[str, ...]
    """One of which must be there."""
    where: str | None
    """A field of the envelope that records hold of which it is asked; None: it is asked of all."""


def need_of(text: str) -> Need:
    """`FormatError` for what is no need."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise FormatError(_HINT)
    mode, where = _MODES[found["mode"]], found["where"]
    events = tuple(found["events"].split(" | ")) if found["events"] else ()
    fields = tuple(found["fields"].split(" | "))
    if not set(events) <= KNOWN_EVENTS or (mode == "any" and not events) or not all(map(_is_field, fields)):
        raise FormatError(_HINT)
    if where is not None and (not _is_field(where) or where.startswith("detail.")):
        raise FormatError(_HINT)
    if len({*events, *fields}) < len(events) + len(fields):
        raise FormatError(_HINT)
    return Need(text=text, mode=mode, events=events, fields=fields, where=where)


def _is_field(path: str) -> bool:
    part, dot, name = path.partition(".")
    if not dot:
        return part in Envelope.__struct_fields__ and part != "detail"
    return part in _INSIDE and name in _INSIDE[part].__struct_fields__


class Held:
    """Of how many records that a provision finds one need is asked, and how many of them hold it."""

    def __init__(self, text: str) -> None:
        self.need = need_of(text)
        self.of = 0
        """Records of its events; all that were found where it names none."""
        self.asked = 0
        self.held = 0
        self.closed = 0
        """Records that do not hold it, and whose detail, where it may have stood, was deleted or is not opened."""
        self._fields = [_field(path) for path in self.need.fields]
        self._where = None if self.need.where is None else _field(self.need.where)
        self._in_detail = any(path.startswith("detail.") for path in self.need.fields)

    def take(self, one: Seen) -> None:
        if self.need.events and one.envelope.event not in self.need.events:
            return
        self.of += 1
        if self._where is not None and not self._where(one):
            return
        self.asked += 1
        if any(holds(one) for holds in self._fields):
            self.held += 1
        elif self._in_detail and one.detail is None and one.envelope.detail is not None:
            self.closed += 1

    def merge(self, later: Any) -> None:
        self.of += later.of
        self.asked += later.asked
        self.held += later.held
        self.closed += later.closed

    def row(self, _: Looked) -> list[Cell]:
        """The need, of how many records it is asked, how many hold it, of how many the detail is closed."""
        return [self.need.text, self.asked, self.held, self.closed]

    def lack(self, looked: Looked) -> str | None:
        """Why records hold less than is needed; None where they hold it."""
        if self.need.events and not self.of:
            return None if self.need.mode == "any" else f"no record of {' or '.join(self.need.events)}"
        if self.held == self.asked if self.need.mode != "some" else self.held:
            return None
        gone = "deleted" if looked.opened else "not opened here"
        closed = f" (the details of {self.closed} are {gone})" if self.closed else ""
        means = _OF_NONE.get(self.need.fields[0]) if self.need.mode == "some" and len(self.need.fields) == 1 else None
        said = f"{self.need.text}: in {self.held} of {self.asked} records{closed}"
        return said if means is None or not self.asked else f"{said}: {means}"


Asked: TypeAlias = Held | Ended


def asked_of(text: str) -> Asked:
    """`FormatError` for what is no need, of fields or of cases."""
    ending = ending_of(text)
    return Held(text) if ending is None else Ended(ending)


def lacks(needs: Sequence[Asked], looked: Looked) -> list[str]:
    """What is lacking, each once, in the order of the needs."""
    return list(dict.fromkeys(why for one in needs if (why := one.lack(looked)) is not None))


def _field(path: str) -> Get:
    part, _, name = path.partition(".")
    if part == "detail":
        return lambda one: one.detail is not None and getattr(one.detail, name) is not None
    if not name:
        return lambda one: getattr(one.envelope, part) is not None
    get, inner = attrgetter(part), attrgetter(name)

    def held(one: Seen) -> bool:
        outer = get(one.envelope)
        return outer is not None and inner(outer) is not None

    return held
