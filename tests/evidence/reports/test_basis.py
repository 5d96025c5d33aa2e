"""How numbers are written in reports."""

import msgspec
import pytest

from gateway.evidence.reports.basis import percent, share_of, span, table
from gateway.evidence.reports.document import SHOWN, more


def test_a_table_holds_all_rows_and_says_how_many_are_not_shown() -> None:
    made = table("c", ("n",), [[number] for number in range(SHOWN + 7)])
    assert (len(made.rows), made.left_out) == (SHOWN + 7, 0)
    assert more(made) == "7 more are in the report as data."
    assert more(table("c", ("n",), [])) == ""
    beyond = msgspec.structs.replace(table("c", ("n",), []), left_out=1_000)
    assert more(beyond) == "1,000 more are in a bundle of these records."


def test_shares_are_percentages_of_something() -> None:
    assert (percent(1_234), percent(5), share_of(1, 3), share_of(0, 0)) == (
        "12.34 %",
        "0.05 %",
        "33.33 %",
        "nothing to take it of",
    )


@pytest.mark.parametrize(
    ("us", "expected"),
    [
        (0, "0 ms"),
        (250_000, "250 ms"),
        (12_000_000, "12 s"),
        (65_000_000, "1 min 5 s"),
        (7_200_000_000, "2 h"),
        (183_600_000_000, "2 d 3 h"),
        (86_400_000_000 + 60_000_000, "1 d"),
    ],
)
def test_times_are_written_in_their_two_largest_units(us: int, expected: str) -> None:
    assert span(us) == expected
