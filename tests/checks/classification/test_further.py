"""What a back end finds adds to what the engine found, makes the classes that it makes, and clears nothing."""

from collections.abc import Sequence

from gateway.checks.classification.further import TYPES, joined, version
from gateway.core.finding import Finding, Scan
from gateway.core.message import Part
from tests.checks.classification.conftest import ENGINE

NAME = Finding("person", 6, 11, 0.8, "ner")


class Named:
    name = "model-1"

    async def read(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]:
        return [()] * len(texts)


def _scan(*texts: str) -> Scan:
    return ENGINE.scan([Part("/a", text) for text in texts])


def test_what_the_engine_missed_is_there_with_its_classes() -> None:
    scan = joined(ENGINE, _scan("Greet Zlorp", "has diabetes"), [(NAME,), ()], health_context=False)
    assert scan.counts() == {"health-term": 1, "person": 1}
    assert scan.classes == {"pii", "phi"}
    assert joined(ENGINE, _scan("Greet Zlorp"), [(NAME,)], health_context=True).classes == {"pii", "phi"}


def test_what_both_found_is_there_once_and_by_place() -> None:
    text = "mail bob@example.com or Zlorp"
    more = (Finding("person", 24, 29, 0.8, "ner"), Finding("email", 6, 18, 0.5, "ner"))
    scan = joined(ENGINE, _scan(text), [more], health_context=False)
    assert [(one.type, one.start, one.end) for one in scan.parts[0]] == [("email", 5, 20), ("person", 24, 29)]


def test_a_back_end_that_finds_nothing_clears_nothing() -> None:
    before = _scan("mail bob@example.com")
    assert joined(ENGINE, before, [()], health_context=False) == before
    unread = ENGINE.scan([Part("/a", "", "unreadable")])
    assert joined(ENGINE, unread, [()], health_context=False) == unread


def test_a_record_names_both() -> None:
    assert version(ENGINE, None) == ENGINE.version
    assert version(ENGINE, Named()) == f"{ENGINE.version}+model-1"
    assert {"person", "organization", "place", "date"} <= TYPES
