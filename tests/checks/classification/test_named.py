"""Whether what stands where a name is announced is a person's or a thing's."""

import pytest

from gateway.checks.classification import named
from tests.checks.classification.conftest import told


@pytest.mark.parametrize(
    "thing",
    [
        "Data Pipeline",
        "Production Cluster",
        "Monthly Revenue Report",
        "Main Menu",
        "MAIN MENU",
        "Default",
        "Acme Corporation",
        "Anna Holdings Ltd",
        "Blue Running Shoes",
        "Kubernetes Dashboard",
        "Green Widget",
        "Weather Forecasts",
        "Prometheus Authors",
    ],
)
def test_things_and_organizations_are_told(thing: str) -> None:
    assert named.is_thing(thing)
    assert named.named(thing) is None


@pytest.mark.parametrize(
    "person",
    [
        "Oluwaseun Adeyemi",
        "Adeyemi",
        "John Miller",
        "Grace",
        "Summer",
        "Anna Report",
        "J. Price",
        "Page",
        "Ngozi Field",
    ],
)
def test_names_are_no_things(person: str) -> None:
    assert not named.is_thing(person)
    assert named.named(person) is not None


@pytest.mark.parametrize("text", ['{"name":"Data Pipeline"}', "Name: Main Menu", '{"customer":"Acme Corporation"}'])
def test_a_bare_label_names_things_as_well(text: str) -> None:
    assert "person" not in {kind for kind, _ in told(text)}


@pytest.mark.parametrize("text", ['{"lastName":"Report"}', "Patient: Default", '{"first_name":"Data"}'])
def test_a_label_of_people_is_believed(text: str) -> None:
    assert "person" in {kind for kind, _ in told(text)}


def test_a_likely_name_is_two_words_or_of_a_dictionary_and_all_of_the_text() -> None:
    assert named.likely("Oluwaseun Adeyemi") is not None
    assert named.likely("Miller") is not None
    for text in ("Adeyemi", "New York", "Port Mitchell", "Accounts Payable", "Oluwaseun Adeyemi and"):
        assert named.likely(text) is None


def test_a_degree_is_no_state() -> None:
    assert named.qualified("Oluwaseun Adeyemi, MD") == ("name", 0, 17)
    assert named.qualified("Chevy Chase, MD 20815") is None


def test_a_greeting_of_a_word_in_capitals_is_a_name_if_a_dictionary_knows_it() -> None:
    assert named.greeted("TOKEN") is None
    assert named.greeted("JOHN") is not None
    assert named.greeted("Oluwaseun") is not None


def test_a_thing_that_is_counted_is_no_street() -> None:
    assert named.housed("Line 1") is None
    assert named.housed("Hauptstrasse 12") == ("heading", 0, 15)
    assert named.housed("12 Main Street") is not None


def test_an_entry_of_a_directory_is_apart_by_semicolons() -> None:
    assert named.carded("Adeyemi;Oluwaseun") == ("name", 0, 17)
    assert named.carded("Main;Menu") is None
