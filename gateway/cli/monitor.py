"""`gateway audit monitor`: follows another's ledger, remembers what it has seen, and is loud when that is contradicted.

It needs no configuration and no database: an address, the ledger's public key, and a file for the newest checkpoint
that it has verified, which is also what `gateway audit verify --checkpoint` takes. Beside that it keeps, once the key
was replaced, how (`<state>.keys`), so that what it remembers can be verified while the ledger is silent. What it cannot
see is said in `docs/proofs.md`.
"""

import argparse
import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from gateway.bootstrap import SystemClock
from gateway.cli.common import BAD, OK, Commands, WrongUse, printable, read_file, read_keys, say, seconds, warn
from gateway.cli.remote import Remote, Shown, Silent, remote_of
from gateway.core.errors import FormatError, GatewayError, VerificationError
from gateway.core.ports import Clock
from gateway.ledger.checkpoint import Checkpoint, parse, verify
from gateway.ledger.following import Diverged, compare, needed
from gateway.ledger.note import MAX_NOTE_BYTES, parse_note
from gateway.ledger.rotation import MAX_BYTES as MAX_KEYS
from gateway.ledger.rotation import Keys, encode_keys, parse_keys
from gateway.ledger.times import parse_timestamp, timestamp

Pause: TypeAlias = Callable[[float], Awaitable[None]]


class Alarm(GatewayError):
    """What must wake somebody. `kind`: `fork`, `rollback`, `tiles`, `bad_signature`, `stall` or `unreachable`."""

    def __init__(self, kind: str, reason: str, after: Shown | None = None) -> None:
        super().__init__(reason)
        self.kind, self.after = kind, after


class Unvouched(GatewayError):
    """A checkpoint is kept whose key nobody has told of. `note`: as it is kept, nothing verified."""

    def __init__(self, note: bytes) -> None:
        super().__init__("nobody tells of the key that signed what --state holds, which stays as it is")
        self.note = note


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The newest checkpoint that was verified, and the note that says so."""

    checkpoint: Checkpoint
    note: bytes


class Memory:
    """The file with the newest verified checkpoint, and the one with the keys: one monitor's, each replaced as a whole
    or not at all."""

    def __init__(self, path: Path) -> None:
        self._path, self._beside = path, path.with_name(f"{path.name}.keys")
        self._statements: tuple[bytes, ...] = ()

    def keys(self, known: Keys) -> Keys:
        """Those that are known, joined to those that were kept. `WrongUse` for a file of others: the ledger tells of
        them anew, so that nothing is lost with it."""
        if not os.path.lexists(self._beside):
            return known
        try:
            self._statements = parse_keys(
                read_file(self._beside, "the file of keys beside --state", MAX_KEYS)
            ).statements
            return Keys(known.newest, (*known.statements, *self._statements))
        except (FormatError, VerificationError) as error:
            raise WrongUse(
                "the file of keys beside --state must be one that a monitor of this ledger wrote, or none"
            ) from error

    def load(self, keys: Keys) -> Kept | None:
        """What was kept, None where nothing was yet. `WrongUse` for a file that is not this ledger's checkpoint: what
        it stood for is gone, and whoever begins anew must do so on purpose. `Unvouched` for one that says that it is,
        and is signed by none of these keys."""
        if not os.path.lexists(self._path):
            return None
        note = read_file(self._path, "--state", MAX_NOTE_BYTES)
        try:
            return Kept(checkpoint=verify(note, keys), note=note)
        except (FormatError, VerificationError) as error:
            if _names(note, keys.name):
                raise Unvouched(note) from error
            raise WrongUse("--state must be a file that a monitor of this ledger wrote, or none yet") from error

    def keep_keys(self, keys: Keys) -> None:
        """Before the first checkpoint that needs them. A crash after it: more keys are known than are needed."""
        if keys.statements != self._statements:
            self._replace(self._beside, encode_keys(keys))
            self._statements = keys.statements

    def keep(self, note: bytes) -> None:
        """A crash before the rename: the checkpoint before is kept, and this one is compared with it again. After it:
        this one is. `WrongUse` where nothing can be written there."""
        self._replace(self._path, note)

    def _replace(self, path: Path, data: bytes) -> None:
        try:
            descriptor, name = tempfile.mkstemp(prefix=".monitor-", dir=path.parent)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(name, path)
            except BaseException:
                os.unlink(name)
                raise
            directory = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            raise WrongUse("--state must name a file that can be written") from error

    def age_s(self, now_us: int) -> float:
        """Seconds since a checkpoint was last kept."""
        return max(0.0, now_us / 1e6 - self._path.stat().st_mtime)


class Monitor:
    """Looks at one ledger again and again. `stall_s`: how long it may be silent or behind before that is an alarm."""

    def __init__(self, remote: Remote, keys: Keys, memory: Memory, clock: Clock, *, stall_s: float, busy: bool) -> None:
        self._remote, self._keys, self._memory, self._clock = remote, keys, memory, clock
        self._stall_s, self._busy = stall_s, busy
        self.kept = memory.load(keys)
        # Who says that the ledger is busy says it of the time before this process too.
        spent = memory.age_s(clock.now_us()) if busy and self.kept is not None else 0.0
        self._fresh_ns = self._heard_ns = clock.monotonic_ns()
        self._fresh_ns -= round(spent * 1e9)

    @property
    def note(self) -> bytes | None:
        """The newest one that was verified."""
        return None if self.kept is None else self.kept.note

    async def look(self) -> str | None:
        """`begun` or `advanced` where there is a newer checkpoint than before, which is then kept; None where there is
        none. `Alarm` for what must not be, `Silent` while the ledger may still be silent."""
        try:
            shown = await self._remote.checkpoint()
            after = await self._verified(shown)
            before = None if self.kept is None else self.kept.checkpoint
            tiles = {tile: await self._remote.tile(tile) for tile in needed(before, after)}
        except Silent as error:
            if self._since(self._heard_ns) > self._stall_s:
                raise Alarm("unreachable", str(error)) from error
            raise
        self._heard_ns = self._clock.monotonic_ns()
        try:
            compare(before, after, tiles)
        except Diverged as error:
            raise Alarm(error.kind, str(error), shown) from error
        self._memory.keep_keys(self._keys)
        if before is not None and before.size == after.size:
            self._demand_fresh(shown)
            return None
        self._memory.keep(shown.note)
        self.kept = Kept(checkpoint=after, note=shown.note)
        self._fresh_ns = self._clock.monotonic_ns()
        return "begun" if before is None else "advanced"

    async def _verified(self, shown: Shown) -> Checkpoint:
        try:
            try:
                return verify(shown.note, self._keys)
            except VerificationError:
                # The key may have been replaced since: then the one that is known says by which.
                self._keys = await self._remote.keys(self._keys)
                return verify(shown.note, self._keys)
        except (FormatError, VerificationError) as error:
            raise Alarm("bad_signature", str(error)) from error

    def _demand_fresh(self, shown: Shown) -> None:
        """The same checkpoint again is in order while no newer one is due; by the server's word, or by who knows that
        it is busy. Its word is also held against it: a time that it names itself is taken as it is."""
        if shown.since is None and not self._busy:
            self._fresh_ns = self._clock.monotonic_ns()
            return
        behind = self._since(self._fresh_ns)
        if shown.since is not None:
            try:
                behind = max(behind, (self._clock.now_us() - parse_timestamp(shown.since)) / 1e6)
            except FormatError as error:
                raise Alarm("stall", "since when a checkpoint is due is not told as a time", shown) from error
        if behind > self._stall_s:
            raise Alarm("stall", f"no newer checkpoint for {int(behind)} s, and one is due", shown)

    def _since(self, then_ns: int) -> float:
        return (self._clock.monotonic_ns() - then_ns) / 1e9


def add(group: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to `gateway audit`."""
    monitor = group.add_parser("monitor", parents=[common], help="follow another's ledger; needs no configuration")
    monitor.add_argument("url", metavar="URL", help="its prefix: https://HOST/audit, or …/ledger/ID where it is public")
    monitor.add_argument("--key", type=Path, required=True, metavar="FILE.vkey", help="the ledger's public key")
    monitor.add_argument(
        "--state", type=Path, required=True, metavar="FILE", help="where the newest checkpoint is kept"
    )
    monitor.add_argument("--credential", metavar="REF", help="env:NAME or file:PATH of an API key or token")
    monitor.add_argument("--ca", type=Path, metavar="FILE", help="PEM file of authorities, instead of the system's")
    monitor.add_argument("--interval", type=seconds, default=30, metavar="SPAN", help="between looks (default 30s)")
    monitor.add_argument("--stall", type=seconds, default=600, metavar="SPAN", help="silent for so long: alarm (10m)")
    monitor.add_argument("--busy", action="store_true", help="it is always in use: a newer checkpoint is always due")
    monitor.add_argument("--once", action="store_true", help="look once, and end")
    monitor.set_defaults(run=lambda arguments: asyncio.run(run(arguments, SystemClock(), asyncio.sleep)))


async def run(arguments: argparse.Namespace, clock: Clock, pause: Pause) -> int:
    """Until an alarm, or once."""
    memory, silent = Memory(arguments.state), None
    keys = memory.keys(read_keys(arguments.key))
    async with remote_of(arguments) as remote:
        try:
            keys = await remote.keys(keys)
        except Silent as error:  # told by the first look
            silent = error
        try:
            monitor = Monitor(remote, keys, memory, clock, stall_s=arguments.stall, busy=arguments.busy)
        except Unvouched as error:
            kind = "bad_signature" if silent is None else "unreachable"
            return _alarm(Alarm(kind, str(error if silent is None else silent)), error.note, keys.name, clock)
        return await _follow(arguments, monitor, keys.name, clock, pause)


async def _follow(arguments: argparse.Namespace, monitor: Monitor, ledger: str, clock: Clock, pause: Pause) -> int:
    while True:
        try:
            event = await monitor.look()
        except Silent as error:
            if arguments.once:
                return _alarm(Alarm("unreachable", str(error)), monitor.note, ledger, clock)
            warn(f"{ledger}: {error}; asked again")
        except Alarm as error:
            return _alarm(error, monitor.note, ledger, clock)
        else:
            kept = monitor.kept
            if kept is not None and (event is not None or arguments.once):
                size = kept.checkpoint.size
                data = {"event": event or "unchanged", "ledger": ledger, "size": size, "at": _now(clock)}
                say(arguments, data, [f"{data['event']}  {ledger}  {size} records"])
        if arguments.once:
            return OK
        await pause(arguments.interval)


def _alarm(alarm: Alarm, before: bytes | None, ledger: str, clock: Clock) -> int:
    """One line of JSON in any case, with both signed notes: what others can be shown."""
    data: dict[str, Any] = {"event": "alarm", "alarm": alarm.kind, "ledger": ledger, "reason": str(alarm)}
    data["at"] = _now(clock)
    data["before"] = None if before is None else before.decode("utf-8")
    data["after"] = None if alarm.after is None else alarm.after.note.decode("utf-8")
    print(msgspec.json.encode(data).decode("utf-8"), flush=True)
    warn(printable(f"{alarm.kind.upper()}: {alarm}"))
    return BAD


def _names(note: bytes, ledger: str) -> bool:
    """Whether it says that it is a checkpoint of this ledger, whoever signed it."""
    try:
        return parse(parse_note(note)[0]).origin == ledger
    except FormatError:
        return False


def _now(clock: Clock) -> str:
    return timestamp(clock.now_us())
