"""`gateway audit check-receipt`: whether a ledger has kept what it promised a caller.

It needs the receipt and the ledger's public key. The hashes that show where the record stands come from a proof file,
from the ledger's own address, from the file of an archive or of an emergency ledger, or, for who runs it, from the
database; none of them is trusted, for all lead to a root that the ledger has signed. So a record that was changed shows
itself by two things that the same key has signed.
"""

import argparse
import asyncio
from pathlib import Path
from typing import Any, Literal

import msgspec

from gateway.bootstrap import Site, SystemClock
from gateway.cli.common import (
    BAD,
    OK,
    Commands,
    WrongUse,
    opened,
    operator,
    read_file,
    read_keys,
    say,
    seconds,
    settings_of,
)
from gateway.cli.remote import Remote, Silent, remote_of
from gateway.core.errors import FormatError, VerificationError
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.evidence import archive as files
from gateway.exchange.archived import opened as file_opened
from gateway.exchange.audit_scribe import Reader
from gateway.ledger import following, proof, receipt
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.checkpoint import verify as verify_checkpoint
from gateway.ledger.note import MAX_NOTE_BYTES
from gateway.ledger.receipt import MAX_BYTES, Promise, Receipt
from gateway.ledger.record import MAX_BYTES as MAX_RECORD
from gateway.ledger.rotation import Keys
from gateway.ledger.times import parse_timestamp

Kind = Literal["promised", "kept", "changed", "dropped", "pending", "overdue", "unshown"]
_MAX_BODY = 1 << 30
_WORDS: dict[Kind, str] = {
    "promised": "the ledger has promised this; whether its record is there was not looked at",
    "kept": "the record that was promised stands in its place",
    "changed": "BROKEN: another record stands in its place",
    "dropped": "BROKEN: the record is not there",
    "pending": "NOT SHOWN: no checkpoint covers the record yet",
    "overdue": "NOT SHOWN: no checkpoint covers the record, and one should by now",
    "unshown": "NOT SHOWN: what came as a proof proves nothing",
}


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What came of looking for the record. `size`: of the checkpoint that it was looked for in."""

    kind: Kind
    size: int | None = None
    reason: str | None = None


def add(group: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to `gateway audit`."""
    check = group.add_parser("check-receipt", parents=[common], help="check what a ledger promised to a caller")
    check.add_argument("receipt", type=Path, metavar="FILE", help="the receipt, or the value of its header")
    check.add_argument("--key", type=Path, metavar="FILE.vkey", help="the ledger's public key, from elsewhere")
    check.add_argument("--request", type=Path, metavar="FILE", help="the request's exact body: the promise is about it")
    check.add_argument("--record", type=Path, metavar="FILE", help="the record's exact bytes: they are those promised")
    check.add_argument("--proof", type=Path, metavar="FILE.tlog-proof", help="the record's place, as a proof file")
    check.add_argument("--archive", type=Path, metavar="FILE", help="the archive, or emergency ledger, that it lies in")
    check.add_argument("--url", metavar="URL", help="the ledger's prefix: https://HOST/audit, or …/ledger/ID")
    check.add_argument("--checkpoint", type=Path, metavar="FILE", help="look in this checkpoint's tree (with --url)")
    check.add_argument("--credential", metavar="REF", help="env:NAME or file:PATH of an API key or token for --url")
    check.add_argument("--ca", type=Path, metavar="FILE", help="PEM file of authorities, instead of the system's")
    check.add_argument("--within", type=seconds, default=3600, metavar="SPAN", help="a checkpoint is due by then (1h)")
    check.set_defaults(run=lambda arguments: asyncio.run(run(arguments, SystemClock())))


async def run(arguments: argparse.Namespace, clock: Clock) -> int:
    """Check one receipt; 0 where all that was given holds and the record, if it was looked for, stands in its place."""
    held = _receipt(arguments.receipt)
    if arguments.checkpoint is not None and arguments.url is None:
        raise WrongUse("--checkpoint goes with --url: hashes of its tree are fetched there")
    if arguments.archive is not None and (arguments.url is not None or arguments.proof is not None):
        raise WrongUse("--archive stands for itself: without --url and --proof")
    if arguments.key is not None:
        return await _with_key(arguments, clock, held, read_keys(arguments.key))
    if arguments.url is not None or arguments.proof is not None or arguments.archive is not None:
        raise WrongUse("--key must be given: what comes from elsewhere is believed by the ledger's public key alone")
    return await _at_home(arguments, held)


async def _with_key(arguments: argparse.Namespace, clock: Clock, held: Receipt, verifier: Keys) -> int:
    wrong = _wrong(arguments, held, verifier)
    if wrong is not None:
        return _tell(arguments, held.promise, Found(kind="unshown", reason=wrong))
    promise = held.promise
    if arguments.proof is not None:
        return _tell(arguments, promise, _by_file(promise, arguments.proof, verifier))
    if arguments.archive is not None:
        return _tell(arguments, promise, await asyncio.to_thread(_in_archive, promise, arguments.archive, verifier))
    if arguments.url is None:
        return _tell(arguments, promise, Found(kind="promised"))
    async with remote_of(arguments) as remote:
        return _tell(arguments, promise, await _by_address(arguments, promise, verifier, remote, clock))


def _wrong(arguments: argparse.Namespace, held: Receipt, verifier: Keys) -> str | None:
    """What of the receipt itself does not hold: its signature, the request, the record's bytes."""
    try:
        receipt.verify(held, verifier)
        if arguments.request is not None:
            receipt.check_request(held, read_file(arguments.request, "--request", _MAX_BODY))
        if arguments.record is not None:
            receipt.check_record(held.promise, read_file(arguments.record, "--record", MAX_RECORD))
    except (FormatError, VerificationError) as error:
        return str(error)
    return None


def _by_file(promise: Promise, path: Path, verifier: Keys) -> Found:
    try:
        point = receipt.check_proof(promise, proof.parse(read_file(path, "--proof", 2 * MAX_NOTE_BYTES)), verifier)
    except (FormatError, VerificationError) as error:
        return Found(kind="unshown", reason=str(error))
    return Found(kind="kept", size=point.size)


def _in_archive(promise: Promise, path: Path, verifier: Keys) -> Found:
    """In a file that holds records under a checkpoint of the ledger's; all of it is verified first. Blocks."""
    try:
        with file_opened(path) as file:
            archive = files.Archive(file)
            point = files.verify(archive, verifier).checkpoint
            header = archive.header
            if not header.first <= promise.seq < header.end:
                reason = f"the file holds records {header.first} to {header.end - 1}: not the one that was promised"
                return Found(kind="unshown", size=point.size, reason=reason)
            block = archive.records(promise.seq // files.BLOCK)
    except (FormatError, VerificationError) as error:
        return Found(kind="unshown", reason=str(error))
    leaf = block[promise.seq % files.BLOCK].hash
    return Found(kind="kept" if leaf == promise.leaf_hash else "changed", size=point.size)


async def _by_address(
    arguments: argparse.Namespace, promise: Promise, verifier: Keys, remote: Remote, clock: Clock
) -> Found:
    """By the hashes that the ledger shows at its address, in the newest tree or that of `--checkpoint`."""
    try:
        since, note = None, b""
        if arguments.checkpoint is None:
            shown = await remote.checkpoint()
            since, note = shown.since, shown.note
        else:
            note = read_file(arguments.checkpoint, "--checkpoint", MAX_NOTE_BYTES)
        point = verify_checkpoint(note, verifier)
        if point.size <= promise.seq:
            told = arguments.checkpoint is None and not arguments.url.rstrip("/").rpartition("/ledger/")[1]
            return _uncovered(promise, point, since, told, clock.now_us(), arguments.within)
        tiles = {tile: await remote.tile(tile) for tile in following.needed_leaf(promise.seq, point)}
        leaf, _ = following.leaf_at(promise.seq, point, tiles)
    except (FormatError, VerificationError, Silent) as error:
        return Found(kind="unshown", reason=str(error))
    return Found(kind="kept" if leaf == promise.leaf_hash else "changed", size=point.size)


def _uncovered(promise: Promise, point: Checkpoint, since: str | None, told: bool, now_us: int, within_s: int) -> Found:
    """`told`: the server says since when a checkpoint has been due, of all records that it has. One that was there when
    it was promised is still one of those: a server that has none, or later ones alone, has it no more."""
    if told and (since is None or since > promise.recorded_at):
        return Found(
            kind="dropped", size=point.size, reason="the ledger has no record of then that awaits a checkpoint"
        )
    late = now_us - parse_timestamp(promise.recorded_at) > within_s * 1_000_000
    return Found(kind="overdue" if late else "pending", size=point.size)


async def _at_home(arguments: argparse.Namespace, held: Receipt) -> int:
    """For who runs the ledger: by its database and its keyring. The reading is on record."""
    async with opened(settings_of(arguments)) as site:
        origins = {entry.origin: name for name, entry in site.tenants.items()}
        tenant = origins.get(held.promise.origin)
        if tenant is None:
            raise WrongUse("the receipt is of no ledger of this installation: give the --key of the one that it is of")
        verifier = (await site.signing(tenant).load()).keys
        wrong = _wrong(arguments, held, verifier)
        found = Found(kind="unshown", reason=wrong) if wrong else await _stored(site, tenant, held.promise, verifier)
    return _tell(arguments, held.promise, found)


async def _stored(site: Site, tenant: str, promise: Promise, verifier: Keys) -> Found:
    auditor, account = await site.auditor(tenant), await operator(site, tenant)
    by = Reader(actor=account.actor, kind="person", detail=account.detail)
    stored = await auditor.record(by, promise.seq)
    if stored is None:
        return Found(kind="dropped", reason="the ledger has no record of this number")
    if leaf_hash(stored.envelope) != promise.leaf_hash:
        return Found(kind="changed", reason="the record's bytes are not those that were promised")
    try:
        receipt.check_record(promise, stored.envelope)
        made = await auditor.proof(by, promise.seq, force=True)
        if isinstance(made, Refusal):
            return Found(kind="unshown", reason=made.title)
        return Found(kind="kept", size=receipt.check_proof(promise, proof.parse(made), verifier).size)
    except VerificationError as error:
        return Found(kind="unshown", reason=str(error))


def _tell(arguments: argparse.Namespace, promise: Promise, found: Found) -> int:
    ok = found.kind in ("kept", "promised")
    data: dict[str, Any] = {
        "ok": ok,
        "verdict": found.kind,
        "ledger": promise.origin,
        "seq": promise.seq,
        "hash": promise.leaf_hash.hex(),
        "recorded_at": promise.recorded_at,
        "request": ok and arguments.request is not None,
        "record": ok and arguments.record is not None,
        "checkpoint": found.size,
        "reason": found.reason,
    }
    lines = [f"ledger      {promise.origin}", f"record      {promise.seq}, of {promise.recorded_at}"]
    if data["request"]:
        lines.append("request     the one that the record commits to")
    if data["record"]:
        lines.append("bytes       those that were promised")
    if found.size is not None:
        lines.append(f"checkpoint  of {found.size} records")
    if found.reason is not None:
        lines.append(f"reason      {found.reason}")
    say(arguments, data, [*lines, f"{found.kind.upper()}: {_WORDS[found.kind]}"])
    return OK if ok else BAD


def _receipt(path: Path) -> Receipt:
    data = read_file(path, "FILE", MAX_BYTES)
    try:
        if data.startswith(receipt.HEADER.encode()):
            return receipt.parse(data)
        return receipt.from_header(data.decode("ascii").strip("\r\n \t"))
    except (FormatError, UnicodeDecodeError) as error:
        raise WrongUse(f"FILE must be a receipt, or the value of its header: {error}") from error
