"""`gateway evidence`: bundles, and their verification with a public key and nothing else."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

from gateway.cli.common import (
    BAD,
    OK,
    Commands,
    WrongUse,
    as_json,
    hush,
    named,
    read_file,
    read_keys,
    say,
    subcommands,
)
from gateway.core.errors import FormatError, VerificationError
from gateway.evidence.age import MAX_FILE, Identities, decrypt, parse_identities
from gateway.evidence.container import is_encrypted
from gateway.evidence.scratch import scratch
from gateway.evidence.split import MAX_PROCESSES
from gateway.evidence.verdict import Course, document
from gateway.evidence.verdict import lines as verdict_lines
from gateway.evidence.verify import judge
from gateway.ledger.note import MAX_NOTE_BYTES
from gateway.ledger.rotation import encode_keys
from gateway.ledger.trust import MAX_BYTES as MAX_TRUST
from gateway.ledger.trust import parse as parse_trust
from gateway.ledger.tsa import MAX_BYTES as MAX_AUTHORITIES
from gateway.ledger.tsa import roots

_PARTS = {"export": "export", "report": "reports", "schedules": "schedules"}
"""Commands of the group that need the installation → the module of each, which adds it."""


def add(commands: Commands, common: argparse.ArgumentParser, arguments: Sequence[str] = ()) -> None:
    """Add the group, or what of it these arguments may name: who verifies a bundle needs no database, and does not wait
    until what opens one is read in."""
    group = subcommands(commands.add_parser("evidence", help="evidence bundles and reports: write one, verify one"))
    for name in named((*_PARTS, "verify"), arguments):
        if name in _PARTS:
            import_module(f"gateway.cli.{_PARTS[name]}").add(group, common)
        else:
            _add_verify(group, common)


def _add_verify(group: Commands, common: argparse.ArgumentParser) -> None:

    check = group.add_parser("verify", parents=[common], help="verify a bundle: no database, network or configuration")
    check.add_argument("--key", type=Path, metavar="FILE.vkey", help="the ledger's public key")
    check.add_argument(
        "--trust", type=Path, metavar="FILE", help="a trust policy (C2SP tlog-policy): who must have seen it"
    )
    check.add_argument(
        "--tsa-ca", type=Path, metavar="FILE.pem", help="certificates of authorities: who must have time-stamped it"
    )
    check.add_argument("--checkpoint", type=Path, metavar="FILE", help="a newer signed checkpoint of the same ledger")
    check.add_argument(
        "--processes", type=int, default=2, metavar="N", help="how many go over a large bundle (default: 2)"
    )
    check.add_argument("--identity", type=Path, metavar="FILE", help="private keys that open an encrypted bundle")
    check.add_argument("bundle", type=Path, metavar="BUNDLE", help="the bundle")
    check.set_defaults(run=_verify)


def _verify(arguments: argparse.Namespace) -> int:
    """Reads the bundle, the key and the checkpoint, and nothing else."""
    if arguments.key is None and arguments.trust is None:
        raise WrongUse("--key must be given, or --trust with a policy that names the ledger's key")
    if not 1 <= arguments.processes <= MAX_PROCESSES:
        raise WrongUse(f"--processes must be 1 to {MAX_PROCESSES}")
    key = None if arguments.key is None else encode_keys(read_keys(arguments.key)).decode("utf-8")
    trust = None if arguments.trust is None else read_file(arguments.trust, "--trust", MAX_TRUST)
    try:
        _ = None if trust is None else parse_trust(trust)
    except FormatError as error:
        raise WrongUse(f"--trust: {error}") from error
    authorities = None if arguments.tsa_ca is None else read_file(arguments.tsa_ca, "--tsa-ca", MAX_AUTHORITIES)
    try:
        _ = None if authorities is None else roots(authorities)
    except FormatError as error:
        raise WrongUse(f"--tsa-ca {error}") from error
    given = None if arguments.checkpoint is None else read_file(arguments.checkpoint, "--checkpoint", MAX_NOTE_BYTES)
    identities = None if arguments.identity is None else _identities(arguments.identity)
    try:
        with arguments.bundle.open("rb") as file, _clear(file, identities) as bundle:
            processes = arguments.processes if bundle is file else 1
            verdict = judge(bundle, key, given, trust, processes, authorities)
    except VerificationError as error:
        verdict = Course().fails(str(error))  # it does not open
    except OSError as error:
        raise WrongUse("BUNDLE must be a file that can be read") from error
    try:
        say(arguments, document(verdict), [] if as_json(arguments) else verdict_lines(verdict))
    except BrokenPipeError:
        hush()  # the verdict is the same, whoever hears it to its end
    return OK if verdict.ok else BAD


def _identities(file: Path) -> Identities:
    try:
        return parse_identities(read_file(file, "--identity", MAX_FILE))
    except FormatError as error:
        raise WrongUse(f"--identity: {error}") from error


@contextmanager
def _clear(file: BinaryIO, identities: Identities | None) -> Iterator[BinaryIO]:
    """The bundle that a file is, decrypted whole and authentic before anything of it is looked at. In clear it lies on
    no disk. `VerificationError` where it does not open; where it is encrypted and no identity is given, verification
    says so."""
    if identities is None or not is_encrypted(file):
        yield file
        return
    with scratch() as work:
        decrypt(file, work, identities)
        yield work
