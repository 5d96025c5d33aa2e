"""Every byte of a bundle, changed one at a time: none goes unnoticed.

    python -m tests.evidence.every_byte [--jobs N]

First each byte of the file, in place: in a member, a header, the directory or the end. Then each byte of each member,
with the container made anew around it, so that nothing but what is signed can tell; of the packed verifier, which only
its digest in the manifest speaks for, every 97th. One bit of eight is changed, another one from byte to byte. Exits 1
if a change was not noticed.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from gateway.core.errors import VerificationError
from gateway.evidence.verify import verify

from .making import VKEY
from .tampering import good, put_together, take_apart

VERIFIER = "data/verify.py"
_STEP, _LOT = 97, 2_000


def noticed(path: Path, place: int) -> bool:
    """Whether the bundle is refused with a bit of this byte changed; the byte is put back."""
    with path.open("r+b", buffering=0) as file:
        before = os.pread(file.fileno(), 1, place)
        os.pwrite(file.fileno(), bytes((before[0] ^ _bit(place),)), place)
        try:
            return _refused(path)
        finally:
            os.pwrite(file.fileno(), before, place)


def noticed_within(path: Path, members: dict[str, bytes], name: str, place: int) -> bool:
    """Whether a bundle is refused that is whole but for a bit of this byte of a member; it is written to `path`."""
    content = bytearray(members[name])
    content[place] ^= _bit(place)
    path.write_bytes(put_together({**members, name: bytes(content)}))
    return _refused(path)


def around(whole: bytes, members: dict[str, bytes]) -> list[int]:
    """The places in the file that are of no member's content: headers, directory and end."""
    places, start = set(range(len(whole))), 0
    for content in members.values():
        start = whole.index(content, start)
        places -= set(range(start, start + len(content)))
        start += len(content)
    return sorted(places)


def _bit(place: int) -> int:
    return 1 << place * 5 % 8


def _refused(path: Path) -> bool:
    try:
        verify(path, VKEY)
    except VerificationError:
        return True
    return False


def _unnoticed(lot: tuple[str | None, Sequence[int]]) -> list[str]:
    """What of a lot goes unnoticed: places of the file, or with a name those of a member."""
    name, places = lot
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "bundle.zip")
        whole = good(path)
        if name is None:
            return [f"byte {place} of the file" for place in places if not noticed(path, place)]
        members = take_apart(whole)
        return [f"byte {place} of {name}" for place in places if not noticed_within(path, members, name, place)]


def _lots(whole: bytes) -> Iterator[tuple[str | None, Sequence[int]]]:
    sources: list[tuple[str | None, range]] = [(None, range(len(whole)))]
    sources += [
        (name, range(0, len(content), _STEP if name == VERIFIER else 1)) for name, content in take_apart(whole).items()
    ]
    for name, places in sources:
        for start in range(0, len(places), _LOT):
            yield name, places[start : start + _LOT]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Change every byte of a bundle, one at a time.")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    jobs: int = parser.parse_args(arguments).jobs
    with tempfile.TemporaryDirectory() as directory:
        lots = list(_lots(good(Path(directory, "bundle.zip"))))
    return told(lots, jobs)


def told(lots: Sequence[tuple[str | None, Sequence[int]]], jobs: int) -> int:
    """Try these; the exit code."""
    missed = [place for lot in _tried(lots, jobs) for place in lot]
    file, within = (sum(len(places) for name, places in lots if (name is None) is of) for of in (True, False))
    print(f"{file:,} bytes of the file and {within:,} of its members changed, {len(missed)} unnoticed")
    print("\n".join(missed[:100]), end="\n" if missed else "")
    return 1 if missed else 0


def _tried(lots: Sequence[tuple[str | None, Sequence[int]]], jobs: int) -> Iterator[list[str]]:
    if jobs <= 1:
        yield from map(_unnoticed, lots)
        return
    with multiprocessing.get_context("forkserver").Pool(jobs) as pool:
        yield from pool.imap_unordered(_unnoticed, lots)


if __name__ == "__main__":
    sys.exit(main())
