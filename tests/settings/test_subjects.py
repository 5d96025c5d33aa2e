"""How long an erasure waits, and how long backups hold what was erased, lie within bounds."""

import pytest

from tests.settings.kit import parsed, refused


@pytest.mark.parametrize(
    ("key", "value"), [("erasure_delay_h", -1), ("erasure_delay_h", 721), ("backups_days", -1), ("backups_days", 3651)]
)
def test_what_lies_outside_is_refused_by_name(key: str, value: int) -> None:
    assert refused(subjects={key: value}).startswith(f"subjects.{key} must lie between")


@pytest.mark.parametrize("link", [["name"], ["mrn", "mrn"], [""]])
def test_only_identifiers_that_are_somebodys_alone_are_linked(link: list[str]) -> None:
    assert refused(subjects={"link": link}).startswith("subjects.link must name each at most once of mrn, ")


def test_what_is_linked_may_come_from_the_environment() -> None:
    assert parsed().subjects.link == ()
    assert parsed({"GATEWAY_SUBJECTS_LINK": "mrn,email"}).subjects.link == ("mrn", "email")


def test_an_erasure_waits_three_days_unless_something_else_is_said() -> None:
    assert parsed().subjects.erasure_delay_h == 72
    assert parsed(subjects={"erasure_delay_h": 0, "hold_four_eyes": True}).subjects.hold_four_eyes
