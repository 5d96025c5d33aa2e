"""Which classes findings make, and which types are masked for a class."""

import pytest

from gateway.checks.classification.classes import CLASS_TYPES, classes_of, maskable, weight
from gateway.checks.classification.registry import DEFAULT
from gateway.core.finding import CLASSES, Finding


def classes(*types: str, context: bool = False) -> frozenset[str]:
    return classes_of([Finding(kind, 0, 1, 0.9, "form") for kind in types], context)


OWN = {"x-badge": frozenset({"pii"}), "x-deal": frozenset({"merger", "internal"}), "x-token": frozenset({"secret"})}


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (("x-badge",), {"pii"}),
        (("x-badge", "health-term"), {"pii", "phi"}),
        (("x-deal", "health-term"), {"merger", "internal"}),
        (("x-token", "x-unknown"), {"secret"}),
    ],
)
def test_types_of_an_operators_own_make_the_classes_that_they_say(types: tuple[str, ...], expected: set[str]) -> None:
    findings = [Finding(kind, 0, 1, 0.9, "pattern") for kind in types]
    assert classes_of(findings, False, OWN) == expected
    assert classes_of([Finding("email", 0, 1, 0.9, "form")], False, OWN) == {"pii"}


def test_types_of_an_operators_own_are_masked_with_their_classes() -> None:
    assert maskable("merger", OWN) == maskable("internal", OWN) == {"x-deal"}
    assert maskable("secret", OWN) == maskable("secret") | {"x-token"}
    assert maskable("phi", OWN) == maskable("phi") | {"x-badge"}
    assert maskable("unscanned", OWN) == frozenset()


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ((), set()),
        (("email",), {"pii"}),
        (("health-term",), set()),
        (("date", "url", "age", "health-term"), set()),
        (("email", "health-term"), {"pii", "phi"}),
        (("person", "medication"), {"pii", "phi"}),
        (("us-ssn", "icd-10"), {"pii", "phi"}),
        (("mrn",), {"pii", "phi"}),
        (("health-plan-id",), {"pii", "phi"}),
        (("card",), {"pci"}),
        (("card", "health-term"), {"pci", "phi"}),
        (("card-cvv",), {"pci"}),
        (("secret-jwt",), {"secret"}),
        (("secret-something-new",), {"secret"}),
        (("special-religion",), {"special-category"}),
        (("x-badge",), set()),
    ],
)
def test_findings_make_these_classes(types: tuple[str, ...], expected: set[str]) -> None:
    assert classes(*types) == expected


def test_a_health_context_stands_for_a_health_term() -> None:
    assert classes("email", context=True) == {"pii", "phi"}
    assert classes("date", context=True) == frozenset()


def test_an_age_above_89_identifies_and_one_below_does_not() -> None:
    term = Finding("health-term", 0, 1, 0.8, "diagnosis")
    assert classes_of([Finding("age", 3, 9, 0.8, "over-89"), term]) == {"phi"}
    assert classes_of([Finding("age", 3, 9, 0.8, "form"), term]) == frozenset()


def test_a_date_of_long_ago_counts_as_somebody_where_health_is_spoken_of() -> None:
    """It may be of a birth; one alone, or a recent one, identifies nobody."""
    old, term = Finding("date", 0, 10, 0.9, "long-ago"), Finding("health-term", 20, 21, 0.8, "diagnosis")
    assert classes_of([old, term]) == {"phi"}
    assert classes_of([old], True) == {"phi"}
    assert classes_of([old]) == frozenset()
    assert classes_of([Finding("date", 0, 10, 0.9, "form"), term], True) == frozenset()


def test_quasi_identifiers_are_masked_with_phi_but_health_terms_are_not() -> None:
    assert {"date", "url", "age", "person", "mrn", "card"} <= maskable("phi")
    assert not maskable("phi") & {"health-term", "medication", "icd-10"}
    assert "date" not in maskable("pii")


def test_what_has_no_spans_cannot_be_masked() -> None:
    assert maskable("unscanned") == maskable("public") == maskable("class-of-an-operator") == frozenset()


def test_every_type_that_ships_has_a_meaning() -> None:
    known = frozenset().union(*CLASS_TYPES.values(), maskable("phi"), {"title"})
    types = {item.type for item in DEFAULT.recognizers} | {item.type for item in DEFAULT.lexicons}
    types |= {item.type for item in DEFAULT.labels} | {near.type for item in DEFAULT.recognizers for near in item.near}
    assert types - known == {None}
    assert set(CLASS_TYPES) <= set(CLASSES)


def test_masking_what_makes_a_class_leaves_nothing_that_makes_it() -> None:
    for name, types in CLASS_TYPES.items():
        left = sorted(types - maskable(name))
        assert name not in classes(*left)


def test_the_heavier_kind_is_the_one_that_is_told() -> None:
    assert weight("secret-jwt") > weight("card") > weight("mrn") > weight("email") > weight("url")


def test_a_declared_class_is_a_class_and_its_span_goes_with_it() -> None:
    for name in ("pii", "phi", "pci", "secret", "special-category"):
        assert name in classes(f"x-declared-{name}")
        assert f"x-declared-{name}" in maskable(name)
    assert classes("x-declared-merger") == {"merger"}
    assert classes("x-declared-phi") == {"phi"}
    assert classes("x-declared-pii", "health-term") == {"pii", "phi"}
