"""A program of the operator's that wraps and unwraps a secret: the way to a hardware module, a TPM, Vault or a cloud's
key service without code of ours.

It is started once for each use, without arguments and without a shell, in `/`, with nothing of the environment but
`PATH`, `LANG` and what `keys.provider_environment` names. It reads one line of JSON and writes one, at most 64 KiB:

    {"id":"5f…","op":"wrap","secret":"<base64 of 32 bytes>","v":1}     →  {"v":1,"wrapped":"<base64>"}
    {"id":"5f…","op":"unwrap","v":1,"wrapped":"<base64>"}              →  {"secret":"<base64>","v":1}

and ends with 0. `id` stands for the wrapping; it may be bound to what is made, and logged. What it says on standard
error is not looked at, since nobody knows what it holds. Whoever may change the program has the secret, so it and the
directories above it must be its account's or root's, and nobody else's to write. One that does not end in time is
killed, with all that it has started.
"""

import os
import select
import signal
import stat
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from gateway.core import canonical
from gateway.core.errors import ConfigurationError, FormatError, LedgerUnavailable
from gateway.ledger.encoding import from_base64, to_base64
from gateway.store.data_keys import KEY_BYTES
from gateway.store.root_key import MAX_WRAPPED

WAIT_S = 10.0
MAX_ANSWER = 65_536
T = TypeVar("T")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class _Made(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    v: Literal[1]
    wrapped: str


class _Opened(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    v: Literal[1]
    secret: str


class Provider:
    """The program at a path. `names`: variables of the environment that it is given."""

    def __init__(self, program: Path, names: tuple[str, ...] = (), wait_s: float = WAIT_S) -> None:
        self._program, self._names, self._wait_s = program, names, wait_s

    def wrap(self, wrapping: str, secret: bytes) -> bytes:
        """What it makes of a secret, of 1 to 2,048 bytes, in which the secret does not stand."""
        answer = self._asked({"v": 1, "op": "wrap", "id": wrapping, "secret": to_base64(secret)})
        made = _bytes(_read(answer, _Made).wrapped)
        if not 0 < len(made) <= MAX_WRAPPED or secret in made:
            raise LedgerUnavailable("keys.provider gave nothing that wraps a secret")
        return made

    def unwrap(self, wrapping: str, wrapped: bytes) -> bytes:
        """The secret, of 32 bytes; whether it is the right one shows when it opens something."""
        answer = self._asked({"v": 1, "op": "unwrap", "id": wrapping, "wrapped": to_base64(wrapped)})
        secret = _bytes(_read(answer, _Opened).secret)
        if len(secret) != KEY_BYTES:
            raise LedgerUnavailable("keys.provider gave no secret of 32 bytes")
        return secret

    def _asked(self, question: Mapping[str, object]) -> bytes:
        program = trusted(self._program)
        environment = {"PATH": _PATH, "LANG": "C.UTF-8"}
        environment |= {name: os.environ[name] for name in self._names if name in os.environ}
        try:
            process = subprocess.Popen(  # noqa: S603 — the operator's program, by its path, without arguments
                [program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise ConfigurationError(
                "keys.provider cannot be started: it must be a program, or begin with #!"
            ) from error
        with process:
            try:
                return self._answered(process, canonical.encode(dict(question)) + b"\n")
            finally:
                if process.returncode is None:
                    # Not waited for yet, so that the group is still its own.
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    process.wait()

    def _answered(self, process: "subprocess.Popen[bytes]", question: bytes) -> bytes:
        over = time.monotonic() + self._wait_s
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 — pipes, as asked for
        with suppress(BrokenPipeError):  # it need not read: what counts is what it answers
            process.stdin.write(question)  # less than a pipe holds
            process.stdin.close()
        answer, out = b"", process.stdout.fileno()
        while len(answer) <= MAX_ANSWER:
            if not select.select([out], [], [], max(0.0, over - time.monotonic()))[0]:
                raise LedgerUnavailable(f"keys.provider did not answer within {self._wait_s:g} seconds")
            piece = os.read(out, MAX_ANSWER)
            if not piece:
                break
            answer += piece
        if len(answer) > MAX_ANSWER:
            raise LedgerUnavailable(f"keys.provider answered with more than {MAX_ANSWER} bytes")
        try:
            code = process.wait(max(0.0, over - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise LedgerUnavailable(f"keys.provider did not end within {self._wait_s:g} seconds") from None
        if code != 0:
            raise LedgerUnavailable(f"keys.provider failed: exit code {code}")
        return answer


def trusted(program: Path) -> str:
    """The program's real path; `ConfigurationError` unless it is a file that can be started, and that nobody but this
    account and root can change or replace."""
    try:
        found = program.resolve(strict=True)
        states = [(path, path.stat()) for path in (found, *found.parents)]
    except OSError as error:
        raise ConfigurationError("keys.provider must name a program that is there") from error
    if not stat.S_ISREG(states[0][1].st_mode) or not os.access(found, os.X_OK):
        raise ConfigurationError("keys.provider must name a file that this account may start")
    for path, state in states:
        # In a sticky directory nobody moves what is another's away (/tmp).
        open_to = state.st_mode & 0o022 and not (path != found and state.st_mode & stat.S_ISVTX)
        if open_to or state.st_uid not in (0, os.geteuid()):
            raise ConfigurationError(
                "keys.provider, and each directory above it, must be this account's or root's, and not for group or "
                "others to write"
            )
    return str(found)


def _read(answer: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(answer, type=kind, strict=True)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # Without its cause, which could show what it answered.
        raise LedgerUnavailable("keys.provider did not answer with one line of JSON in its form") from None


def _bytes(text: str) -> bytes:
    try:
        return from_base64(text)
    except FormatError:
        raise LedgerUnavailable("keys.provider did not answer in base64") from None
