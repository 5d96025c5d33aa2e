"""What remains of a finding says no more than Safe Harbor lets it say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.checks.classification.classes import maskable
from gateway.checks.classification.readings import IN_CODE
from gateway.checks.generalising import GENERAL, generalised
from gateway.checks.redaction import NOTHING, CannotRedact, General, holds_none, mask_text, redact
from gateway.core.finding import Finding
from gateway.core.message import Part
from tests.checks.classification.conftest import ENGINE

YEAR = 2026


def find(kind: str, text: str) -> Finding:
    aged = kind == "age" and "94" in text
    return Finding(kind, 0, len(text), 0.9, "over-89" if aged else "form")


@pytest.mark.parametrize(
    ("kind", "text", "rest"),
    [
        ("date", "2024-05-01", "2024"),
        ("date", "May 1st, 2024", "2024"),
        ("date", "2024-05-01T10:00:00Z", "2024"),
        ("date", "03/12/58", None),
        ("date", "May 1", None),
        ("date", "1/2/2024-1/3/2025", None),
        ("date-of-birth", "03/12/1958", "1958"),
        ("date-of-birth", "03/12/1937", "1937"),
        ("date-of-birth", "03/12/1936", None),
        ("date", "12 March 1931", None),
        ("date", "2031-01-01", "2031"),
        ("date", "2024-05-01 \u0661", None),
        ("date", "20%3234-05-01", None),
        ("date-of-birth", "03/12/2027", None),
        ("age", "45 years old", "45 years old"),
        ("age", "89", "89"),
        ("age", "94 years old", "over 89 years old"),
        ("age", "between 4 and 94", None),
        ("postal-code", "94110", "941**"),
        ("postal-code", "94110-1234", "941**"),
        ("postal-code", "03601", "000**"),
        ("postal-code", "SW1A 1AA", None),
        ("email", "a@b.example", None),
    ],
)
def test_what_remains(kind: str, text: str, rest: str | None) -> None:
    assert generalised(find(kind, text), text, YEAR) == rest


def test_of_what_is_decoded_or_spelled_otherwise_nothing_remains() -> None:
    """The engine reads ages in other spellings too, and there the text says something else than the finding."""
    types, left = maskable("phi"), General(GENERAL, YEAR)
    for text in (
        "data dGhlIHBhdGllbnQgaXMgOTAgeWVhcnMgb2xk",
        "the patient is aged 9\u0665 years old",
        "the patient is aged 9&#53; years old",
    ):
        parts = [Part("/a", text)]
        scan = ENGINE.scan(parts)
        assert any(finding.type == "age" for finding in scan.parts[0]), text
        assert not holds_none(scan, types, parts, left)
        made = redact(parts, scan, types, left)
        assert isinstance(made, dict)
        assert "[AGE]" in made["/a"]


def test_an_age_is_believed_only_where_the_text_says_what_was_found() -> None:
    aged = Finding("age", 0, 2, 0.9, "over-89")
    assert generalised(aged, "94", YEAR) == "over 89"
    assert generalised(aged, "45", YEAR) is None
    assert generalised(Finding("age", 0, 2, 0.9, "form"), "94", YEAR) is None
    assert generalised(Finding("age", 0, 2, 0.9, f"{IN_CODE}form"), "45", YEAR) is None


@given(st.text(max_size=40), st.sampled_from(sorted(GENERAL)))
def test_what_is_general_is_as_general_as_it_gets(text: str, kind: str) -> None:
    rest = generalised(find(kind, text), text, YEAR)
    if rest is None or rest == text:
        return
    digits = sum(character.isdecimal() for character in rest)
    assert digits <= 4
    if kind in ("date", "date-of-birth"):
        assert generalised(find(kind, rest), rest, YEAR) == rest


def test_only_what_stands_alone_remains_and_the_rest_is_masked_whole() -> None:
    text = "DOB 03/12/1958, aged 94, a@b.example"
    findings = [
        Finding("date-of-birth", 4, 14, 0.9, "form"),
        Finding("age", 21, 23, 0.9, "over-89"),
        Finding("email", 25, 36, 0.9, "form"),
    ]
    types = frozenset({"date-of-birth", "age", "email"})
    left = General(GENERAL, YEAR)
    assert mask_text(text, findings, types, left) == "DOB 1958, aged over 89, [EMAIL]"
    assert mask_text(text, findings, types, NOTHING) == "DOB [DATE-OF-BIRTH], aged [AGE], [EMAIL]"
    overlapping = [*findings, Finding("account", 0, 14, 0.9, "form")]
    assert mask_text(text, overlapping, types | {"account"}, left).startswith("[ACCOUNT], aged over 89")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Patient: John Q. Smith, DOB: 03/12/1958.", "Patient: [PERSON], DOB: 1958."),
        ("Admitted on 2024-05-01 with diabetes, 45 years old.", "Admitted on 2024 with diabetes, 45 years old."),
        ("She is 94 years old and has asthma.", "She is over 89 years old and has asthma."),
        ("Seen May 1, 2024 for diabetes; born 03/12/1930", "Seen 2024 for diabetes; born [DATE-OF-BIRTH]"),
    ],
)
def test_what_remains_in_a_text_is_found_to_be_harmless(text: str, masked: str) -> None:
    types, left = maskable("phi"), General(GENERAL, YEAR)
    parts = [Part("/a", text)]
    made = redact(parts, ENGINE.scan(parts), types, left)
    assert made == {"/a": masked}
    after = [Part("/a", masked)]
    assert holds_none(ENGINE.scan(after), types, after, left)


def test_what_is_left_behind_is_told_also_where_something_may_remain() -> None:
    types, left = maskable("phi"), General(GENERAL, YEAR)
    parts = [Part("/a", "Admitted on 2024-05-01")]
    assert not holds_none(ENGINE.scan(parts), types, parts, left)
    assert not holds_none(ENGINE.scan([Part("/a", "", "unreadable")]), types, [Part("/a", "", "unreadable")], left)
    assert isinstance(redact([Part("2024-05-01", "x", "name")], ENGINE.scan([]), types, left), CannotRedact)
