"""What a back end finds adds to what the engine found, makes the classes that it makes, and clears nothing."""

from collections.abc import Sequence

import pytest

from gateway.checks.classification.further import joined, version
from gateway.checks.classification.masking import TYPES
from gateway.core.finding import Finding, Scan
from gateway.core.message import Part
from gateway.core.tokens import Book
from tests.checks.classification.conftest import ENGINE

NAME = Finding("person", 6, 11, 0.8, "ner")


class Named:
    name = "model-1"

    async def read(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]:
        return [()] * len(texts)


def _scan(*texts: str) -> Scan:
    return ENGINE.scan([Part("/a", text) for text in texts])


def _joined(*texts: str, more: Sequence[tuple[Finding, ...]], health_context: bool = False) -> Scan:
    return joined(ENGINE, _scan(*texts), texts, more, health_context=health_context)


def test_what_the_engine_missed_is_there_with_its_classes() -> None:
    scan = _joined("Greet Zlorp", "has diabetes", more=[(NAME,), ()])
    assert scan.counts() == {"health-term": 1, "person": 1}
    assert scan.classes == {"pii", "phi"}
    assert _joined("Greet Zlorp", more=[(NAME,)], health_context=True).classes == {"pii", "phi"}


def test_what_both_found_is_there_once_and_by_place() -> None:
    text = "mail bob@example.com or Zlorp"
    more = (Finding("person", 24, 29, 0.8, "ner"), Finding("email", 6, 18, 0.5, "ner"))
    scan = _joined(text, more=[more])
    assert [(one.type, one.start, one.end) for one in scan.parts[0]] == [("email", 5, 20), ("person", 24, 29)]


def test_a_back_end_that_finds_nothing_clears_nothing() -> None:
    before = _scan("mail bob@example.com")
    assert _joined("mail bob@example.com", more=[()]) == before
    unread = ENGINE.scan([Part("/a", "", "unreadable")])
    assert joined(ENGINE, unread, [""], [()], health_context=False) == unread


def test_a_record_names_both() -> None:
    assert version(ENGINE, None) == ENGINE.version
    assert version(ENGINE, Named()) == f"{ENGINE.version}+model-1"
    assert {"person", "organization", "place", "date"} <= TYPES


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("Greet [PERSON] now", 6, 14),
        ("Greet [PERSON] now", 7, 13),
        ("Greet [PERSON] [PERSON], now", 6, 24),
        ("Greet [X-BADGE] now", 6, 15),
    ],
)
def test_what_masking_wrote_is_nobody(text: str, start: int, end: int) -> None:
    assert _joined(text, more=[(Finding("person", start, end, 0.9, "ner"),)]) == _scan(text)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("Greet [PERSON] Zlorp", 6, 20),
        ("Greet Zlorp [PERSON]", 6, 20),
        ("Greet [PERSON] Zlorp [PERSON]", 6, 29),
        ("Greet [ZLORP] now", 6, 13),
    ],
)
def test_what_stands_beside_a_mask_or_looks_like_one_is_found(text: str, start: int, end: int) -> None:
    one = Finding("person", start, end, 0.9, "ner")
    assert one in _joined(text, more=[(one,)]).parts[0]


def test_a_token_is_nobody() -> None:
    token = Book().token("person", "Zlorp")
    assert token is not None
    one = Finding("person", 6, 6 + len(token), 0.9, "ner")
    assert _joined(f"Greet {token}", more=[(one,)]).counts() == {}
