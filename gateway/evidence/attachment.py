"""The port by which a bundle takes further members that are made of its records as it is written: reports, and records
in the forms of others.

A maker is given what the bundle itself holds, read back from it after its records were verified, and nothing else: so
it tells of no record and opens no detail that is not in the bundle too. What it makes is signed with the rest and not
made again by whoever verifies, and the verifier says so.
"""

import asyncio
import builtins
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Protocol

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import bag
from gateway.evidence.container import Writer
from gateway.evidence.emergency_file import Part, lines
from gateway.evidence.manifest import File, Manifest
from gateway.evidence.records import parsed_details
from gateway.evidence.scope import FRAMEWORK, PERIOD, chooser, timed
from gateway.evidence.selection import Scope
from gateway.ledger.record import MAX_BYTES, Detail, Envelope, parse, parse_detail
from gateway.ledger.verify import check_detail

TURN = 64
"""After so many records whoever else has something to do on this loop gets a turn."""
ENDLESS = 1 << 62
"""Bytes that a member may have whose size nobody knows before."""


class Given(msgspec.Struct, frozen=True):
    """One record as a maker gets it: parsed (`envelope.seq` is its number), its exact bytes, and its detail where the
    bundle opens that. `emergency`: the emergency ledger whose number that is; None for the bundle's own."""

    envelope: Envelope
    bytes: builtins.bytes
    detail: Detail | None = None
    emergency: str | None = None


class Material:
    """What a maker makes its file of. Each iteration reads the bundle's records once more, a block at a time; there may
    be several, but a maker that needs one only keeps others waiting for less."""

    def __init__(self, writer: Writer, manifest: Manifest, files: Sequence[File]) -> None:
        self._writer = writer
        self._sha256 = {one.path: one.sha256 for one in files}
        self.manifest = manifest
        """As it will be signed, but for `files`, which are not all there yet: ledger, range, time, filters, numbers of
        records selected and of details opened, and what there is of emergency ledgers."""

    def sha256(self, path: str) -> str:
        """Of a file with records that the bundle has, in hex."""
        return self._sha256[path]

    async def selected(self) -> AsyncGenerator[Given, None]:
        """The selected records in order, with the details that are in the bundle."""
        chosen = chooser(self.manifest.selection)
        async for given in self.opened():
            if chosen(given.envelope):
                yield given
            elif given.detail is not None:
                raise VerificationError("a detail of no selected record")

    async def opened(self) -> AsyncGenerator[Given, None]:
        """Every record of the range in order, selected or not, with the details that are in the bundle."""
        details = parsed_details(self._writer.lines(bag.DETAILS, bag.MAX_DETAIL))
        detail = next(details, None)
        async for given in self.whole():
            if detail is None or detail[0] != given.envelope.seq:
                yield given
                continue
            _, salt, data = detail
            check_detail(given.envelope, salt, data)
            yield Given(given.envelope, given.bytes, parse_detail(data))
            detail = next(details, None)
        if detail is not None:
            raise VerificationError("a detail of no record")

    async def whole(self) -> AsyncGenerator[Given, None]:
        """Every record of the range in order, selected or not, without details."""
        for number, line in enumerate(self._writer.lines(bag.RECORDS, MAX_BYTES), 1):
            yield Given(parse(line), line)
            if number % TURN == 0:
                await asyncio.sleep(0)

    async def apart(self, *, selected: bool = False) -> AsyncGenerator[Given, None]:
        """Every record of the emergency ledgers whose files the bundle has, ledger by ledger, each in order, or those
        of them that are selected; with the details that are in the bundle."""
        chosen, number = chooser(self.manifest.selection), 0
        for one in self.manifest.emergencies or ():
            if one.selected is None:
                continue
            member = self._writer.member(bag.emergency_file(one.id))
            path = bag.emergency_details(one.id)
            details = parsed_details(iter(()) if one.opened is None else self._writer.lines(path, bag.MAX_DETAIL))
            detail = next(details, None)
            for line in lines(Part(self._writer.file, member.data, member.size)):
                envelope, opened, number = parse(line), None, number + 1
                if detail is not None and detail[0] == envelope.seq:
                    check_detail(envelope, detail[1], detail[2])
                    opened, detail = parse_detail(detail[2]), next(details, None)
                if not selected or chosen(envelope):
                    yield Given(envelope, line, opened, one.id)
                if number % TURN == 0:
                    await asyncio.sleep(0)


class Attachment(Protocol):
    """Makes one further file of a bundle."""

    @property
    def path(self) -> str:
        """Where it lies: as `bag.attachable` allows."""
        ...

    def pieces(self, material: Material) -> AsyncGenerator[bytes, None]:
        """Its bytes, in pieces, which should be neither tiny nor unbounded. The same material must give the same
        bytes. What it raises fails the whole bundle: a bundle without what was asked for would look as if there were
        nothing to tell."""
        ...


async def every_detail(material: Material) -> bool:
    """Whether every detail that is still there is opened in the bundle, and not those of some selected records alone:
    of all records of the range, or of the period that the bundle is about."""
    manifest, scope = material.manifest, material.manifest.scope
    if not manifest.details or manifest.filters:
        return False
    if scope is None or scope.kind == PERIOD:
        return True
    return scope.kind == FRAMEWORK and await _all_selected(material, scope)


async def _all_selected(material: Material, scope: Scope) -> bool:
    """Whether the queries of a framework let every record through; read until one is not."""
    chosen, inside = chooser(material.manifest.selection), timed(scope)
    for records in (material.whole(), material.apart()):
        async with aclosing(records):
            async for given in records:
                if inside(given.envelope) and not chosen(given.envelope):
                    return False
    return True


def ordered(attachments: Sequence[Attachment]) -> tuple[Attachment, ...]:
    """By their paths, as they lie in the bundle. `FormatError` for a path that cannot be one, or that two have."""
    found = tuple(sorted(attachments, key=lambda one: one.path))
    paths = [one.path for one in found]
    if not all(bag.attachable(path) for path in paths) or len({path.lower() for path in paths}) < len(paths):
        raise FormatError("an attachment must have a path of its own in a directory for such")
    return found
