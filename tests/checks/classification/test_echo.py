"""What was masked is looked for behind it: what is certain of a piece of text, and what waits for more."""

import pytest

from gateway.checks.classification.echo import LONGEST, Echo
from gateway.core.finding import Finding


def echo(*values: tuple[str, str, int]) -> Echo:
    made = Echo()
    for kind, value, end in values:
        made.learn(Finding(kind, end - len(value), end, 0.9, "label"), value)
    return made


def find(made: Echo, text: str, *, start: int = 0, more: bool = False) -> tuple[list[tuple[int, int]], int]:
    found, certain = made.find(text, start, len(text), begins=0, more=more)
    return [(one.start, one.end) for one in found], certain


def test_nothing_is_known_at_first() -> None:
    assert not Echo()
    assert echo(("mrn", "88231944", 8))


@pytest.mark.parametrize(
    ("kind", "value"), [("person", "Ajayi"), ("mrn", "12345"), ("age", "93 years"), ("mrn", "8" * (LONGEST + 1))]
)
def test_what_says_nothing_by_itself_or_is_too_long_is_not_learned(kind: str, value: str) -> None:
    assert not echo((kind, value, 50))


def test_it_stands_behind_what_was_found_and_touches_nothing() -> None:
    made = echo(("mrn", "88231944", 8))
    assert find(made, "88231944 and 88231944") == ([(13, 21)], 21)
    assert find(made, "88231944 and 882319445 a88231944") == ([], 32)


@pytest.mark.parametrize(
    ("text", "certain"), [("........ 8823", 9), ("........ 88231944", 9), ("........ 88231944 ", 18)]
)
def test_what_may_go_on_waits(text: str, certain: int) -> None:
    made = echo(("mrn", "88231944", 8))
    assert find(made, text, more=True)[1] == certain
    assert find(made, text)[1] == len(text)


def test_the_longer_of_two_that_begin_alike_is_waited_for() -> None:
    made = echo(("person", "Olu Ajayi", 9), ("person", "Olu Ajayi Roe", 30))
    text = "." * 30 + "Olu Ajayi"
    assert find(made, f"{text} R", more=True) == ([], 30)
    assert find(made, f"{text} Roe.", more=True) == ([(30, 43)], 44)
    assert find(made, f"{text} Rob.", more=True) == ([(30, 39)], 44)


def test_the_first_of_two_that_overlap_counts() -> None:
    made = echo(("person", "Ada Bee", 7), ("person", "Bee Cole", 8))
    assert find(made, "." * 8 + "Ada Bee Cole") == ([(8, 15)], 20)


def test_places_are_those_of_the_lane() -> None:
    made = echo(("mrn", "88231944", 108))
    found, certain = made.find("x 88231944 y", 202, 212, begins=200, more=True)
    assert ([(one.type, one.start, one.end, one.reason) for one in found], certain) == (
        [("mrn", 202, 210, "repeated")],
        212,
    )


def test_more_values_than_there_is_room_for_are_not_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.checks.classification.echo._MANY", 1)
    made = echo(("mrn", "88231944", 8), ("mrn", "77231944", 8))
    assert find(made, "........ 88231944 77231944") == ([(9, 17)], 26)
