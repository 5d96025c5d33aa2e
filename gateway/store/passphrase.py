"""Where a passphrase comes from: never from the configuration, and never from the command line.

    env:NAME           a variable of the environment
    file:PATH          a file that its owner alone may read, best on a file system in memory
    fd:NUMBER          a descriptor that the process was started with, read to its end, once
    credential:NAME    a credential of systemd (`LoadCredential=`, `LoadCredentialEncrypted=`)
    prompt             whoever sits at the terminal is asked, once

One line feed at the end is no part of it. Its characters are composed (Unicode NFC), so that it is the same from every
keyboard. What can be read once only is kept in this process for its next use.
"""

import getpass
import os
import select
import sys
import unicodedata
from pathlib import Path

from gateway.core.errors import ConfigurationError
from gateway.settings import secret
from gateway.store.key_files import read

LEAST = 12
"""Characters that a new passphrase must have. A longer one that a generator has made is better."""
MOST = 1_024
_MAX_BYTES = 4_096
_WAIT_S = 10.0
"""How long a descriptor may give nothing."""
_read_once: dict[str, bytes] = {}


def passphrase(reference: str, base: str, what: str = "keys.passphrase") -> bytes:
    """What a reference leads to, UTF-8. `ConfigurationError` names `what` where there is nothing, or nothing usable."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        return _text(secret(reference, base).encode(), what)
    if kind == "file":
        return _text(read(Path(base, name)), what)
    if kind == "credential":
        directory = os.environ.get("CREDENTIALS_DIRECTORY")
        if not directory:
            raise ConfigurationError(f"{what} names a credential of systemd, and this process was given none")
        return _text(_credential(Path(directory, name), what), what)
    if reference not in _read_once:
        _read_once[reference] = _text(_prompted() if kind == "prompt" else _described(int(name), what), what)
    return _read_once[reference]


def chosen(value: bytes, what: str) -> bytes:
    """A passphrase that is to protect from now on; `ConfigurationError` for one that is too short."""
    if len(value.decode()) < LEAST:
        raise ConfigurationError(f"{what} must be a passphrase of at least {LEAST} characters")
    return value


def asked_twice() -> bytes:
    """A new passphrase from the terminal; `ConfigurationError` where there is none, or the two differ."""
    _demand_terminal()
    first = getpass.getpass("New passphrase of the keyring: ")
    if getpass.getpass("Once more: ") != first:
        raise ConfigurationError("the two passphrases differ: nothing was changed")
    return _text(first.encode(), "the passphrase")


def forget() -> None:
    """Keep nothing that was read once."""
    _read_once.clear()


def _prompted() -> bytes:
    _demand_terminal()
    return getpass.getpass("Passphrase of the keyring: ").encode()


def _demand_terminal() -> None:
    if not sys.stdin.isatty():
        raise ConfigurationError("there is no terminal to ask for the passphrase at: say where it is")


def _credential(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:  # systemd's own directory, which it guards
            return file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{what} names a credential that this process was not given") from error


def _described(number: int, what: str) -> bytes:
    data = b""
    try:
        while len(data) <= _MAX_BYTES:
            if not select.select([number], [], [], _WAIT_S)[0]:
                raise ConfigurationError(f"{what} names a descriptor that gives nothing and is not closed")
            piece = os.read(number, _MAX_BYTES + 1)
            if not piece:
                break
            data += piece
        os.close(number)  # nobody who is started later has it
    except OSError as error:
        raise ConfigurationError(f"{what} names a descriptor that this process cannot read") from error
    return data


def _text(data: bytes, what: str) -> bytes:
    try:
        text = unicodedata.normalize("NFC", data.decode("utf-8")).removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        text = ""
    if not 0 < len(text) <= MOST or len(data) > _MAX_BYTES or "\n" in text or "\0" in text:
        raise ConfigurationError(f"{what} must lead to one line of UTF-8, of 1 to {MOST} characters")
    return text.encode()
