"""A bundle of evidence, verified as an auditor would: by the command, with a key, in a process of its own."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import msgspec

from gateway.demo.processes import gateway_command, run

_LOCAL_HEADER = 30
"""Bytes of a local file header before its name (APPNOTE 4.3.7)."""


class Verified(msgspec.Struct, frozen=True):
    """How the verification ended, and its last words: 0 it holds, 1 it does not, anything else it was not verified."""

    code: int
    told: str


def verify(bundle: Path, key: Path) -> Verified:
    """`gateway evidence verify --key KEY BUNDLE`, in a directory without a configuration."""
    done = run(gateway_command("evidence", "verify", "--key", str(key), str(bundle)), bundle.parent)
    said = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return Verified(done.returncode, said[-1] if said else f"exit {done.returncode}, without a word")


def flipped(bundle: bytes) -> tuple[bytes, int]:
    """The bundle with one bit changed in the middle of its records, and where that is."""
    with ZipFile(BytesIO(bundle)) as archive:
        member = next(item for item in archive.infolist() if item.filename.endswith("records.jsonl"))
    place = member.header_offset
    name, extra = (int.from_bytes(bundle[place + at : place + at + 2], "little") for at in (26, 28))
    place += _LOCAL_HEADER + name + extra + member.compress_size // 2
    return bundle[:place] + bytes([bundle[place] ^ 1]) + bundle[place + 1 :], place
