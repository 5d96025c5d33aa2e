"""A row's seal: of all of its columns, by one key, for one purpose."""

from typing import Any

import pytest

from gateway.store.row_seal import RowSeal

KEY = bytes(32)
ROW: dict[str, Any] = {"id": "a", "hash": b"\x00\x01", "ends": None, "beside": 1}
SEAL = RowSeal(KEY, b"test/v1", ("id", "hash", "ends"))


def test_it_holds_for_the_row_it_was_made_of_whatever_lies_beside() -> None:
    made = SEAL.of(ROW)
    assert (len(made), SEAL.holds(ROW, made), SEAL.holds({**ROW, "beside": 2}, made)) == (64, True, True)


@pytest.mark.parametrize("change", [{"id": "b"}, {"hash": b"\x00\x02"}, {"ends": 0}, {"id": None}, {"id": 'a","'}])
def test_it_holds_for_no_other_row(change: dict[str, Any]) -> None:
    assert not SEAL.holds({**ROW, **change}, SEAL.of(ROW))


@pytest.mark.parametrize("seal", [None, "", "0" * 64, 7])
def test_what_is_none_is_none(seal: object) -> None:
    assert not SEAL.holds(ROW, seal)


def test_another_key_purpose_or_order_makes_another() -> None:
    columns = ("id", "hash", "ends")
    others = [
        RowSeal(bytes([1]) * 32, b"test/v1", columns),
        RowSeal(KEY, b"test/v2", columns),
        RowSeal(KEY, b"test/v1", columns[::-1]),
    ]
    assert len({one.of(ROW) for one in (SEAL, *others)}) == 4
