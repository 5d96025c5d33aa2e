"""How many days a request of a data subject took, and how it stands."""

import pytest

from gateway.evidence.reports.requests import requests

RECEIVED, DUE = "2026-01-31T10:00:00.000000Z", "2026-02-28T10:00:00.000000Z"
JUST_AFTER = "2026-02-28T10:00:00.000001Z"
NONE = "none"


@pytest.mark.parametrize(
    ("received", "due", "ended", "newest", "told"),
    [
        (RECEIVED, DUE, RECEIVED, JUST_AFTER, (0, "ended in time")),
        (RECEIVED, DUE, "2026-02-01T09:59:59.999999Z", JUST_AFTER, (0, "ended in time")),
        (RECEIVED, DUE, DUE, JUST_AFTER, (28, "ended in time")),
        (RECEIVED, DUE, JUST_AFTER, JUST_AFTER, (28, "ended late")),
        (RECEIVED, DUE, NONE, DUE, (NONE, "open, not due yet")),
        (RECEIVED, DUE, NONE, JUST_AFTER, (NONE, "open, overdue")),
        (NONE, NONE, NONE, JUST_AFTER, (NONE, "open, not on record when due")),
        (NONE, NONE, DUE, JUST_AFTER, (NONE, "ended, not on record when due")),
    ],
)
def test_a_request_is_told_with_its_days_and_how_it_stands(
    received: str, due: str, ended: str, newest: str, told: tuple[str | int, str]
) -> None:
    made = requests([["sc_1", "erasure", "su_1", received, due, ended, "erased"]], newest)
    (row,) = made.rows
    assert made.columns[3:6] == ("Received", "Due", "Ended")
    assert row == ("sc_1", "erasure", "su_1", received, due, ended, "erased", *told)
