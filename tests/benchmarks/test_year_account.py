"""How the account of reports writes shares and times, and what it says of a ledger with nothing on it."""

import pytest

from benchmarks.year_account import Known, coverage, hundredths, lasting, share


@pytest.mark.parametrize(
    ("part", "of", "said"),
    [(0, 0, "nothing to take it of"), (0, 3, "0.00 %"), (1, 3, "33.33 %"), (2, 3, "66.67 %"), (1, 1, "100.00 %")],
)
def test_shares_are_of_two_decimals(part: int, of: int, said: str) -> None:
    assert share(part, of) == said


def test_halves_are_rounded_up() -> None:
    assert share(1, 20_000) == "0.01 %"
    assert hundredths(1_234) == "12.34 %"
    assert hundredths(5) == "0.05 %"


@pytest.mark.parametrize(
    ("us", "said"),
    [
        (999_999, "999 ms"),
        (12_000_000, "12 s"),
        (303_000_000, "5 min 3 s"),
        (300_000_000, "5 min"),
        (7_800_000_000, "2 h 10 min"),
        (273_600_000_000, "3 d 4 h"),
        (259_260_000_000, "3 d"),
    ],
)
def test_times_are_told_in_two_units(us: int, said: str) -> None:
    assert lasting(us) == said


def test_a_range_without_a_record_has_no_strip() -> None:
    zero = dict.fromkeys(("records", "missing", "refused_unrecorded", "emergency_records", "open", "interrupted"), 0)
    zero |= dict.fromkeys(("unscanned_bp", "partial_bp", "personal_without_subject_bp", "unwitnessed_records"), 0)
    zero |= dict.fromkeys(("unwitnessed_us", "witnessings", "published", "witnessed", "details", "details_deleted"), 0)
    empty = dict.fromkeys(("gaps", "states", "events", "scanned", "personal", "engines"), ())
    known = Known({"coverage": {**zero, **empty, "last": -1}}, 0, 0, "ledger", (), (), (), (), ())
    kinds = {block.kind for block in coverage(known).blocks}
    assert kinds == {"fields", "table", "text"}
