"""A bundle of evidence, verified as an auditor would: by the command, with a key, in a process of its own."""

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import msgspec

from gateway.demo.processes import gateway_command, run
from gateway.evidence.verdict import OK

_LOCAL_HEADER = 30
"""Bytes of a local file header before its name (APPNOTE 4.3.7)."""


class Verified(msgspec.Struct, frozen=True):
    """How the verification ended: 0 it holds, 1 it does not, else it was not verified. `told`: what was seen."""

    code: int
    told: str


class _Report(msgspec.Struct, frozen=True):
    """What the command's report says of a bundle that holds; there is more in it."""

    selected: int
    opened: int
    uncovered: int


class _Step(msgspec.Struct, frozen=True):
    """What became of one step."""

    state: str


class _Said(msgspec.Struct, frozen=True):
    """What the command says with `--json`."""

    ok: bool
    failure: str | None
    steps: tuple[_Step, ...]
    report: _Report | None


def verify(bundle: Path, key: Path) -> Verified:
    """`gateway evidence verify --key KEY BUNDLE`, in an empty directory: without configuration or database."""
    with TemporaryDirectory() as elsewhere:
        command = gateway_command("evidence", "verify", "--json", "--key", str(key), str(bundle))
        done = run(command, Path(elsewhere))
    try:
        said = msgspec.json.decode(done.stdout, type=_Said)
    except msgspec.MsgspecError:
        words = done.stderr.strip() or "not a word"
        return Verified(done.returncode or 2, f"exit {done.returncode}: {words}")
    if said.report is None:
        return Verified(done.returncode, said.failure or "no report")
    report = said.report
    held = sum(step.state == OK for step in said.steps)
    told = f"{report.selected} records, {report.opened} details, {report.uncovered} not covered by a checkpoint"
    return Verified(done.returncode, f"{told}; {held} steps held")


def flipped(bundle: bytes) -> tuple[bytes, int]:
    """The bundle with one bit changed in the middle of its records, and where that is."""
    with ZipFile(BytesIO(bundle)) as archive:
        member = next(item for item in archive.infolist() if item.filename.endswith("records.jsonl"))
    place = member.header_offset
    name, extra = (int.from_bytes(bundle[place + at : place + at + 2], "little") for at in (26, 28))
    place += _LOCAL_HEADER + name + extra + member.compress_size // 2
    return bundle[:place] + bytes([bundle[place] ^ 1]) + bundle[place + 1 :], place
