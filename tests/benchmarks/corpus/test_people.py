"""Names, dates and telephone numbers are as they are written in their place."""

import re
from datetime import date

import pytest
from faker.providers.person import en_US as en_us

from benchmarks.corpus.people import MAKERS, invented, written
from benchmarks.corpus.templates import making


@pytest.mark.parametrize(
    ("locale", "form", "shown"),
    [
        ("en_US", "{M} {d}, {y}", "March 2, 2024"),
        ("en_GB", "{d}{th} {M} {y}", "2nd March 2024"),
        ("de_DE", "{d}. {M} {y}", "2. März 2024"),
        ("pl_PL", "{d:02}.{m:02}.{s}", "02.03.24"),
        ("pt_BR", "{d} de {M} de {y}", "2 de março de 2024"),
    ],
)
def test_a_day_is_written_in_the_language_of_its_place(locale: str, form: str, shown: str) -> None:
    assert written(date(2024, 3, 2), locale, form) == shown


def test_a_birth_has_a_year() -> None:
    for number in range(60):
        value = MAKERS["date-of-birth"](making(str(number), "en_US"))
        assert re.search(r"[0-9]{4}|/[0-9]{2}$", value), value


def test_some_surnames_are_in_no_list() -> None:
    listed = {str(name) for name in en_us.Provider.last_names}
    names = [MAKERS["person:last"](making(str(number), "en_US")) for number in range(300)]
    assert 30 < sum(name not in listed for name in names) < 90
    assert all(invented(name) or name in listed for name in names)
    assert invented("ANNA TORABRICK-LEE")
    assert not invented("Anna Lee")


def test_numbers_of_north_america_begin_as_its_plan_says() -> None:
    for number in range(200):
        given = making(str(number), "en_US")
        value = MAKERS["phone:dashed"](given)
        assert re.fullmatch("[2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4}", value)


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_nothing_that_is_made_is_empty_or_has_space_around_it(name: str) -> None:
    for number in range(5):
        value = MAKERS[name](making(str(number), "en_US"))
        assert value
        assert value == value.strip()
