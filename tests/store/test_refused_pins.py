"""What a token refused is remembered beside the keys, and no PIN can be read there."""

from pathlib import Path

import pytest

from gateway.core.errors import ConfigurationError
from gateway.store.refused_pins import RefusedPins


def test_what_was_refused_is_known_to_whoever_comes_next_and_nothing_else_is(tmp_path: Path) -> None:
    RefusedPins(tmp_path).add(b"token 987654")
    RefusedPins(tmp_path).add(b"token 1111")
    later = RefusedPins(tmp_path)
    assert [later.has(one) for one in (b"token 987654", b"token 1111", b"token 98765", b"other 987654")] == [
        *(True, True),
        *(False, False),
    ]
    files = sorted(tmp_path.iterdir())
    assert len(files) == 2
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    held = [path.read_bytes() for path in files]
    assert not any(b"987654" in data or b"1111" in data for data in held)
    assert held[0][16:] != held[1][16:]
    for path in files:
        path.unlink()
    assert not later.has(b"token 987654")


def test_the_same_is_kept_under_another_salt_each_time(tmp_path: Path) -> None:
    for _ in range(2):
        RefusedPins(tmp_path).add(b"x")
    one, other = (path.read_bytes() for path in tmp_path.iterdir())
    assert (one[:16] != other[:16], one[16:] != other[16:]) == (True, True)


def test_a_file_that_is_none_is_not_passed_over(tmp_path: Path) -> None:
    RefusedPins(tmp_path).add(b"x")
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"cut off")
    with pytest.raises(ConfigurationError, match="length"):
        RefusedPins(tmp_path).has(b"x")


def test_where_there_is_no_directory_nothing_is_remembered_and_where_it_is_away_that_is_told(tmp_path: Path) -> None:
    RefusedPins(None).add(b"x")
    assert not RefusedPins(None).has(b"x")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        RefusedPins(tmp_path / "none").add(b"x")
