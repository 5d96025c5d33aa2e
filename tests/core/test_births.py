"""A day of birth in members of its own."""

from typing import Any

import pytest

from gateway.core.births import of_birth, says_birth


@pytest.mark.parametrize(
    ("members", "label"),
    [
        ({"year": 1984, "month": 5, "day": 2}, "dob"),
        ({"year": "1984", "month": "05", "day": "02", "text": "x"}, "birthdays date"),
        ({"dob_month": "5", "dob_day": "2", "dob_year": "1984"}, ""),
        ({"birthYear": 1984, "birthMonth": "May", "birthDay": 2}, "person"),
        ({"DOB_MM": "05", "DOB_DD": "02", "DOB_YYYY": "1984"}, ""),
        ({"geburtsjahr": 1984, "geburtsmonat": 5, "geburtstag": 2}, ""),
    ],
)
def test_a_day_of_birth_is_put_together(members: dict[str, Any], label: str) -> None:
    born = of_birth(members, label)
    assert born is not None
    assert born[0] == "1984-05-02"
    assert born[1] == members.keys() - {"text"}


@pytest.mark.parametrize(
    ("members", "label"),
    [
        ({"year": 1984, "month": 5, "day": 2}, "start"),
        ({"year": 1984, "month": 5}, "dob"),
        ({"year": 1984, "month": 2, "day": 30}, "dob"),
        ({"year": 84, "month": 5, "day": 2}, "dob"),
        ({"year": {"type": "integer"}, "month": {}, "day": None}, "dob"),
        ({"dob_year": 1984, "start_month": 5, "end_day": 2}, ""),
        ({"adobe_year": 1984, "adobe_month": 5, "adobe_day": 2}, ""),
        ({"ADOBE_YEAR": 1984, "ADOBE_MONTH": 5, "ADOBE_DAY": 2}, ""),
        ({"stubborn_year": 1984, "stubborn_month": 5, "stubborn_day": 2}, ""),
        ({"year": "y" * 5000, "month": 5, "day": 2}, "dob"),
    ],
)
def test_what_is_no_day_or_nobodys_birth_is_none(members: dict[str, Any], label: str) -> None:
    assert of_birth(members, label) is None


def test_a_key_speaks_of_birth() -> None:
    assert says_birth("patientDob")
    assert not says_birth("Adobe")
    assert not says_birth("dob" * 40)
