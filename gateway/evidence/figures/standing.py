"""What was in force in a period, and since when: API keys with what they grant, the deny-list, versions of the policy,
configurations. Whatever was made before the period and still stood at its start is told too, with its record.

Who reads the records of a range first gives what stood at its start (`Start`), which `Before` finds from the records
before it. Nothing of an emergency ledger is told here: none of its records changes what is in force, and each of its
nodes was started with the configuration that the main ledger has on record.
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import msgspec

from gateway.evidence.figures.in_force import DELETED, EVENTS, OPENED, UNKNOWN, Book, Change, Held, change
from gateway.evidence.figures.seen import NONE, Seen
from gateway.evidence.figures.tally import MAX_KEYS, Cell
from gateway.ledger.granted import Denied, Granted

LOOKED_FOR = (*EVENTS, *OPENED)
"""Events of the records that it takes to know what stood at a time."""


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """What stood when a range began."""

    book: Book = msgspec.field(default_factory=Book)
    records: Sequence[Seen] = ()
    """The records that it was made by, in order."""

    def closed(self) -> "Start":
        """The same without what details say."""
        book = deepcopy(self.book)
        book.close()
        return Start(book=book, records=[msgspec.structs.replace(one, detail=None) for one in self.records])


class Stood(msgspec.Struct, frozen=True, kw_only=True):
    """What stood, known from the record `known_from` on: 0 where it is known from the first."""

    start: Start
    known_from: int = 0

    def closed(self) -> "Stood":
        """The same without what details say."""
        return Stood(start=self.start.closed(), known_from=self.known_from)


class Before:
    """Finds what stands, from the records of `LOOKED_FOR` before a range, in order. Memory: what
    stands, and one lot."""

    def __init__(self) -> None:
        self._book = Book()
        self._records: dict[int, Seen] = {}
        self._most = MAX_KEYS

    def feed(self, one: Seen) -> None:
        self._book.take(change(one), before=True)
        self._records[one.envelope.seq or 0] = one
        if len(self._records) > self._most:
            self._forget()
            self._most = 2 * len(self._records) + MAX_KEYS

    def start(self, at: str) -> Start:
        """What stands at a time (27 characters)."""
        self._book.prune(at)
        self._forget()
        return Start(book=self._book, records=[self._records[seq] for seq in sorted(self._records)])

    def _forget(self) -> None:
        standing = self._book.records()
        self._records = {seq: one for seq, one in self._records.items() if seq in standing}


class Standing:
    """The figures. `begin` comes before the first record."""

    events = EVENTS

    def __init__(self) -> None:
        self._start = Start()
        self._changes: list[Change] = []
        self.beyond = 0
        """Changes that there was no room for."""
        self._told_to = -1
        """The record of the first of them."""

    def begin(self, start: Start) -> None:
        self._start = start

    def feed(self, one: Seen) -> None:
        if one.emergency is None:
            self._add(change(one))

    def left_out(self) -> int:
        """How many changes there was no room for, and how many things."""
        return self.beyond + self._replayed().beyond

    def merge(self, later: "Standing") -> None:
        for one in later._changes:
            self._add(one)
        self.beyond += later.beyond
        if self._told_to < 0:
            self._told_to = later._told_to

    def document(self) -> dict[str, Any]:
        """Of each key, entry, version and configuration a row; `told_to`: the first record that changed what is in
        force and that there was no room for, or that brought what there was no room for, -1 where there was for all."""
        book = self._replayed()
        held = {name: book.of(name) for name in ("key", "denial", "policy", "configuration")}
        return {
            "keys": [_key(one) for one in held["key"]],
            "denials": [_denial(one) for one in held["denial"]],
            "policies": [_policy(one) for one in held["policy"]],
            "configurations": [_configuration(one) for one in held["configuration"]],
            "before": sum(one.before for some in held.values() for one in some),
            "untold": book.untold,
            "told_to": min((one for one in (self._told_to, book.told_to) if one >= 0), default=-1),
        }

    def _replayed(self) -> Book:
        """What was in force, by what stood and all changes; made anew each time, for changes may still come."""
        book = deepcopy(self._start.book)
        for one in self._changes:
            book.take(one)
        return book

    def _add(self, one: Change) -> None:
        if len(self._changes) < MAX_KEYS:
            self._changes.append(one)
            return
        self.beyond += 1
        if self._told_to < 0:
            self._told_to = one.record


def told_of(start: Start) -> dict[str, Any]:
    """What stands, as it is told where nothing changes."""
    figures = Standing()
    figures.begin(start)
    return figures.document()


def _key(one: Held) -> list[Cell]:
    """Key, owner, kind, roles, zone, purposes, scopes, from, until; who made it, its record, where that lies, the key
    that it replaces, when it was made to expire, why it ended, by whom and by which record, further lines."""
    who: list[Cell] = [DELETED] * 6
    replaces = expires = other = DELETED
    if one.made is None:
        owner = one.told.owner if isinstance(one.told, Granted) else None
        who, replaces, expires, other = [owner or UNKNOWN, *[UNKNOWN] * 5], UNKNOWN, UNKNOWN, NONE
    elif isinstance(told := one.told, Granted):
        lists = ", ".join(told.roles), ", ".join(told.purposes), ", ".join(told.scopes)
        roles, purposes, scopes = (text or NONE for text in lists)
        who = [told.owner or NONE, told.kind or NONE, roles, told.zone or NONE, purposes, scopes]
        replaces, expires, other = told.replaces or NONE, told.ends or NONE, "; ".join(told.other) or NONE
    by = UNKNOWN if one.made is None else one.made.actor
    return [one.name, *who, *one.span(), by, *one.origin(), replaces, expires, *one.end(), other]


def _denial(one: Held) -> list[Cell]:
    """Entry, kind, name, issuer, from, until; who denied it, its record, where that lies, why it ended, by whom and by
    which record, further lines."""
    told = one.told if isinstance(one.told, Denied) else None
    said: list[Cell] = [DELETED if one.made else UNKNOWN] * 3
    other = DELETED if one.made else NONE
    if told is not None:
        kind = "subject" if told.token is None else "token"
        said = [kind, told.token or told.subject or NONE, told.issuer or NONE]
        other = "; ".join(told.other) or NONE
    by = UNKNOWN if one.made is None else one.made.actor
    return [one.name, *said, *one.span(), by, *one.origin(), *one.end(), other]


def _policy(one: Held) -> list[Cell]:
    """Version, from, until, who activated it, who had proposed it, proposal, record, where that lies."""
    made = one.made
    by = [UNKNOWN] * 3 if made is None else [made.actor, made.proposer, made.proposal]
    return [one.name, *one.span(), *by, *one.origin()]


def _configuration(one: Held) -> list[Cell]:
    """Node, digest, from, until, who changed it, record, where that lies."""
    made = one.made
    value, by = (UNKNOWN, UNKNOWN) if made is None else (made.value, made.actor)
    return [one.name, value, *one.span(), by, *one.origin()]
