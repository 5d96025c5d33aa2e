"""What looks like something and is nothing says why, in words of the registry and never in those of the text."""

import pytest
from hypothesis import given, settings

from gateway.checks.classification import rejecting
from gateway.checks.classification.registry import DEFAULT
from gateway.checks.classification.rejecting import Rejected, rejected
from tests.checks.classification.conftest import ENGINE
from tests.checks.classification.samples import texts


def told(text: str) -> list[Rejected]:
    return list(rejected(DEFAULT, text, ENGINE.scan_text(text)))


@pytest.mark.parametrize(
    ("text", "rule", "place", "why"),
    [
        ("card 4111 1111 1111 1112", "card", "4111 1111 1111 1112", "it does not hold to card: "),
        ("visit on 31 February 2024", "date-textual", "31 February 2024", "it does not hold to textual_date: "),
        ("build 10.1.2.3", "ipv4", "10.1.2.3", "a word of version stands before it"),
        ("order 1.2.3.4.5", "ipv4", "1.2.3.4", "it is a piece of a longer number or word"),
        (
            "took 52 ms. Alvarado",
            "person-titled",
            "Alvarado",
            "what stands right before it says that it is something else",
        ),
        ("ref 84736251 here", "labels", "84736251", "no word that says what it is stands right before it"),
        ("ref 84736251 here", "phone-annotated", "84736251", "it takes a word near by to be anything"),
        ("zu Händen, 4111 1111 1111 1112", "card", "4111 1111 1111 1112", "it does not hold to card: "),
    ],
)
def test_a_candidate_that_is_none_names_its_rule_and_what_spoke_against_it(
    text: str, rule: str, place: str, why: str
) -> None:
    found = [one for one in told(text) if one.rule == rule]
    assert [(text[one.start : one.end], one.why.startswith(why)) for one in found] == [(place, True)]


def test_the_words_that_would_make_something_of_it_are_named() -> None:
    (one,) = [one for one in told("ref 84736251 here") if one.rule == "phone-annotated"]
    assert (one.type, one.context) == (None, ("phone-after",))


def test_where_something_was_found_nothing_is_rejected() -> None:
    assert told("card 4111 1111 1111 1111") == []
    assert told("nothing at all") == []


def test_a_few_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejecting, "MAX_REJECTED", 3)
    assert len(told("card 4111 1111 1111 1112 " * 20)) == 3


@settings(max_examples=40, deadline=None)
@given(texts())
def test_any_text_can_be_asked_about_and_none_of_it_is_told(text: str) -> None:
    for one in told(text):
        assert 0 <= one.start < one.end <= len(text)
        piece = text[one.start : one.end]
        assert len(piece) < 6 or piece not in one.why
