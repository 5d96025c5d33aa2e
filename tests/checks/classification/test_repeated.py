"""What was found once is found wherever it stands in the message again."""

import json

import pytest

from gateway.checks.classification.engine import MAX_FINDINGS, Engine
from gateway.checks.classification.repeated import REPEATED
from gateway.core.finding import Finding
from gateway.core.message import Part
from tests.checks.classification.conftest import ENGINE, StillClock


def again(*texts: str) -> list[tuple[str, str]]:
    """Type and text of what is told as repeated in a message of these texts."""
    parts = [Part(f"/{number}", text) for number, text in enumerate(texts)]
    return [
        (one.type, part.text[one.start : one.end])
        for part, found in zip(parts, ENGINE.scan(parts).parts, strict=True)
        for one in found
        if one.reason == REPEATED
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Patient: Oluwaseun Ajayi. Oluwaseun Ajayi was seen.", ("person", "Oluwaseun Ajayi")),
        ("Oluwaseun Ajayi was seen. Patient: Oluwaseun Ajayi", ("person", "Oluwaseun Ajayi")),
        ("MRN 88231944, see 88231944 for details", ("mrn", "88231944")),
        ("SSN 536228731, i.e. 536228731 again", ("us-ssn", "536228731")),
        ("account number 4410029913; file 4410029913.pdf", ("account", "4410029913")),
        ("password: Zomer2024!\nI tried Zomer2024! twice", ("secret-password", "Zomer2024!")),
        ('{"ssn":"536228731","memo":"536228731 verified"}', ("us-ssn", "536228731")),
        ('{"full_name":"Oluwaseun Ajayi","note":"seen:\\nOluwaseun Ajayi"}', ("person", "Oluwaseun Ajayi")),
    ],
)
def test_in_the_same_text(text: str, found: tuple[str, str]) -> None:
    assert again(text) == [found]


def test_in_another_text_before_and_after() -> None:
    assert again("88231944 was asked about", "MRN 88231944", "for 88231944") == [("mrn", "88231944")] * 2
    body = {"mrn": "88231944", "memo": "88231944 asked", "items": [{"text": "call 88231944"}]}
    assert again(json.dumps(body)) == [("mrn", "88231944")] * 2


def test_what_a_format_says_a_field_is() -> None:
    parts = [Part("/name", "Oluwaseun Ajayi", known="person"), Part("/text", "about Oluwaseun Ajayi today")]
    (_, (found,)) = ENGINE.scan(parts).parts
    assert found == Finding("person", 6, 21, found.score, REPEATED)


@pytest.mark.parametrize(
    "text",
    [
        "MRN 88231944 and 188231944, 882319445, A88231944, x88231944y",  # part of another
        "Patient: Ajayi. Ajayi and Ajayis.",  # one word may be any
        "MRN 12345, room 12345",  # too short to be one wherever it stands
        "password: swordfish, we talked of swordfish",  # a word of the language
        "Patient: Anna Keller-Smith met Annabel Kellers",
        "born 1958, in 1958",
        "anna@example.org writes to anna@example.org",  # found by its form both times
        "She is 93 years old; room 93",
    ],
)
def test_what_is_none(text: str) -> None:
    assert again(text) == []


def test_it_is_told_once_where_it_was_found_already() -> None:
    found = ENGINE.scan([Part("/a", "SSN 536-22-8731, SSN 536-22-8731")]).parts[0]
    assert [one.type for one in found] == ["us-ssn"] * 2


def test_findings_are_by_place() -> None:
    found = ENGINE.scan([Part("/a", "88231944 a@b.de 88231944 MRN 88231944 c@d.de 88231944")]).parts[0]
    assert [one.start for one in found] == sorted(one.start for one in found)
    assert len(found) == 6


def test_more_than_a_message_may_have_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.checks.classification.engine.MAX_FINDINGS", 10)
    scan = ENGINE.scan([Part("/a", "MRN 88231944 " + "and 88231944 " * 20)])
    assert (scan.scanned, "unscanned" in scan.classes, MAX_FINDINGS > 10) == ("partial", True, True)


def test_a_budget_that_is_spent_is_no_clean_end() -> None:
    clock = StillClock()
    engine = Engine(clock=clock, budget_ms=50)

    def slow(*args: object) -> bool:
        clock.tick_ns = 10**9
        return True

    engine._join = slow  # type: ignore[assignment]
    parts = [Part("/a", "MRN 88231944"), Part("/b", "88231944")]
    assert engine.scan(parts).scanned == "partial"


def test_what_fails_is_unscanned(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gateway.checks.classification.engine.repeated", broken)
    scan = ENGINE.scan([Part("/a", "MRN 88231944")])
    assert (scan.scanned, [one.type for one in scan.parts[0]]) == ("partial", ["mrn"])


def test_many_values_are_looked_for_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [str(88_000_000 + number * 7) for number in range(300)]
    text = "\n".join(f"MRN {number}" for number in numbers)
    assert again(text, " ".join(numbers)) == [("mrn", number) for number in numbers]
    monkeypatch.setattr("gateway.checks.classification.repeated._MANY", 10)
    assert len(again(text, " ".join(numbers))) == 10


def test_texts_are_searched_in_blocks_and_places_are_those_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["MRN 88231944", "", "of 88231944", "x" * 50, "88231944", "", "88231944 " * 9]
    whole = again(*texts)
    for size in (1, 10, 60, 61):
        monkeypatch.setattr("gateway.checks.classification.repeated._BLOCK", size)
        assert again(*texts) == whole == [("mrn", "88231944")] * 11
