"""Organizations and titles."""

import pytest

from tests.checks.classification.conftest import told


@pytest.mark.parametrize(
    "text",
    [
        "Acme Widgets Inc.", "Müller Maschinenbau GmbH", "Bright & Sons Ltd", "Mercy General Hospital",
        "Banco del Sur S.A.", "University of Leeds", "Lakeside Medical Center",
    ],
)  # fmt: skip
def test_names_that_say_so_are_organizations(text: str) -> None:
    assert ("organization", text) in told(f"he works for {text} these days")


@pytest.mark.parametrize("text", ["the hospital", "a limited offer", "Limited time", "go to the bank", "AG"])
def test_words_alone_are_not(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize("title", ["Dr", "Mrs", "Prof", "Frau"])
def test_a_title_before_a_name_is_a_title(title: str) -> None:
    assert ("title", title) in told(f"seen by {title} Brandt")
    assert told(f"the {title} of it") == []
