import pytest

from gateway.core.finding import CLASSES, Finding, Scan


def scan(*types: str) -> Scan:
    findings = tuple(Finding(item, 0, 1, 0.9, "luhn") for item in types)
    return Scan(parts=(findings[:1], (), findings[1:]), classes=frozenset(), scanned="full")


def test_counts_are_by_type_over_all_parts_and_sorted() -> None:
    counts = scan("us-ssn", "email", "us-ssn").counts()
    assert counts == {"email": 1, "us-ssn": 2}
    assert list(counts) == ["email", "us-ssn"]


def test_nothing_found_counts_nothing() -> None:
    assert scan().counts() == {}


def test_a_finding_has_no_place_for_the_matched_text() -> None:
    assert Finding.__struct_fields__ == ("type", "start", "end", "score", "reason")


def test_a_finding_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Finding("email", 0, 1, 1.0, "form").start = 1  # type: ignore[misc]


def test_class_names_are_not_repeated() -> None:
    assert len(set(CLASSES)) == len(CLASSES)
