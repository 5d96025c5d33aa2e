"""docs/proofs.md tells other programs what they may rely on: its names are there, and its examples run."""

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.ledger import proof as proofs
from gateway.ledger.checkpoint import verify
from gateway.ledger.note import Verifier
from gateway.ledger.tiles import Tile, encode_entries, encode_path
from tests.cli.kit import ROOT, Result, Run, environment

_DOCUMENT = (ROOT / "docs" / "proofs.md").read_text("utf-8")
NAMES = re.findall(r"^\| `(gateway\.ledger\.\w+)\.(\w+)` \| .+ \|$", _DOCUMENT, re.MULTILINE)
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", _DOCUMENT, re.MULTILINE | re.DOTALL)


@pytest.fixture
def proven(gateway: Run, site: Path) -> Path:
    """What the first example is told to have: three records, one of them proven, and the ledger's key."""
    for _ in range(3):
        assert gateway("keys", "create", "--owner", "alice", "--zone", "in-house").code == 0
    assert gateway("audit", "prove", "1", "--out", "1.tlog-proof", "--record", "1.json").code == 0
    assert gateway("keys", "verifier", "--out", "clinic.vkey").code == 0
    return site


@pytest.fixture
def saved(gateway: Run, proven: Path) -> Path:
    """What the second is told to have: the ledger's checkpoint and its bundles."""
    note = proofs.parse((proven / "1.tlog-proof").read_bytes()).checkpoint
    (proven / "checkpoint").write_bytes(note)
    size = verify(note, Verifier.parse((proven / "clinic.vkey").read_text().strip())).size
    found = gateway("audit", "query", "--order", "asc", "--json").data["records"]
    bundle = proven / encode_path(Tile(None, 0, size))
    bundle.parent.mkdir(parents=True)
    bundle.write_bytes(encode_entries([one["bytes"].encode() for one in found[:size]]))
    return proven


def _run(example: str, directory: Path) -> Result:
    ran = subprocess.run(
        [sys.executable, "-c", example], cwd=directory, env=environment(), capture_output=True, text=True, timeout=60
    )
    return Result(ran.returncode, ran.stdout, ran.stderr)


def test_every_name_is_there_and_says_what_it_promises() -> None:
    assert len(NAMES) > 15
    for module, name in NAMES:
        assert getattr(importlib.import_module(module), name).__doc__, f"{module}.{name}"


def test_none_of_it_brings_in_a_server_a_database_or_the_rest_of_the_gateway() -> None:
    modules = sorted({module for module, _ in NAMES})
    told = _run(f"import sys, json, {', '.join(modules)}; print(json.dumps(sorted(sys.modules)))", ROOT)
    loaded = {name for name in json.loads(told.out) if name.startswith("gateway.")}
    assert {name.split(".")[1] for name in loaded} == {"core", "ledger"}
    assert not {"sqlalchemy", "litestar", "asyncio", "socket", "sqlite3"} & set(json.loads(told.out))


def test_the_example_for_one_record_runs_and_fails_for_another_record(proven: Path) -> None:
    good = _run(EXAMPLES[0], proven)
    assert good.err == ""
    assert re.fullmatch(r"key\.created is record 1 of the \d+ of gateway\.internal/ledger/[0-9a-f]{32}\n", good.out)
    (proven / "1.json").write_bytes((proven / "1.json").read_bytes().replace(b"key.created", b"key.revoked"))
    bad = _run(EXAMPLES[0], proven)
    assert (bad.code, bad.out) == (1, "")
    assert "VerificationError" in bad.err


def test_the_example_for_a_whole_ledger_runs_and_names_the_record_that_does_not_hold(saved: Path) -> None:
    good = _run(EXAMPLES[1], saved)
    assert good.err == ""
    assert re.fullmatch(r"(\d+) records hold, \1 of them under the signature of \S+\n", good.out)
    (bundle,) = (saved / "tile" / "entries").glob("000.p/*")
    bundle.write_bytes(bundle.read_bytes().replace(b"key.created", b"key.revoked", 1))
    bad = _run(EXAMPLES[1], saved)
    assert bad.code == 1
    assert "record 1: prev" in bad.err


def test_there_is_no_example_that_no_test_runs() -> None:
    assert len(EXAMPLES) == 2
