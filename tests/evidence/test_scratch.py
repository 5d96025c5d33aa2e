"""A working file is a file like any other to who has it, and noise on the disk."""

import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence.scratch import directory_of, named, reopened, scratch

MARK = b"canary of the content " * 40


def on_disk(directory: Path) -> bytes:
    """What lies in files without a name that this process has open in a directory."""
    found = b""
    for number in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue
        if target.startswith(str(directory)) and target.endswith("(deleted)"):
            found += Path(f"/proc/self/fd/{number}").read_bytes()
    return found


@given(st.lists(st.tuples(st.integers(0, 3_000_000), st.binary(min_size=1, max_size=70_000)), min_size=1, max_size=12))
def test_what_is_written_somewhere_is_read_there_as_of_a_file_in_memory(pieces: list[tuple[int, bytes]]) -> None:
    plain = io.BytesIO()
    with scratch() as work:
        for place, data in pieces:
            for file in (plain, work):
                assert file.seek(place) == place
                assert file.write(data) == len(data)
                assert file.tell() == place + len(data)
        for place, data in pieces:
            for file in (plain, work):
                file.seek(place)
            assert work.read(len(data)) == plain.read(len(data))
        assert work.seek(0, 2) == plain.seek(0, 2)
        assert work.read(1) == b""


def test_nothing_of_it_lies_on_the_disk_in_clear_and_no_name_leads_to_it(tmp_path: Path) -> None:
    with scratch(tmp_path) as work:
        work.write(MARK)
        work.flush()
        held = on_disk(tmp_path)
        assert len(held) == len(MARK)
        assert not any(MARK[start : start + 8] in held for start in range(len(MARK) - 8))
        assert list(tmp_path.iterdir()) == []
        with scratch(tmp_path) as other:
            other.write(MARK)
            other.flush()
            assert on_disk(tmp_path).count(held) == 1, "each has a key of its own"
    assert on_disk(tmp_path) == b""
    assert work.closed


def test_it_lies_where_it_is_to_lie(tmp_path: Path) -> None:
    with scratch(tmp_path) as work, (tmp_path / "named").open("w+b") as named:
        assert directory_of(work) == directory_of(named) == tmp_path
        assert directory_of(io.BytesIO()) is None
    with pytest.raises(FileNotFoundError):
        scratch(tmp_path / "missing")


def test_one_with_a_name_is_there_for_whoever_has_its_key_and_noise_to_others(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with named(path, b"k" * 32) as work:
        work.write(MARK)
        assert directory_of(work) == tmp_path
        with pytest.raises(FileExistsError):
            named(path, b"k" * 32)
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"canary" not in path.read_bytes()
    for key, there in ((b"k", True), (b"o", False)):
        with reopened(path, key * 32) as work:
            work.seek(7)
            assert (work.read() == MARK[7:]) is there
