"""What is masked is gone, the rest stands, and what cannot be masked is said."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.classification.classes import maskable
from gateway.checks.policy.words import FINDING_TYPES
from gateway.checks.redaction import CannotRedact, Tokenizing, holds_none, mask_text, redact
from gateway.core.finding import Finding, Scan
from gateway.core.message import Part
from gateway.core.tokens import MAX_VALUE, Book
from tests.checks.classification.conftest import ENGINE

EMAIL = frozenset({"email"})
ALL = maskable("phi") | maskable("secret")
SENTENCES = (
    "Patient: John Q. Smith, DOB: 03/12/1958, MRN: 84736251.",
    "SSN 123-45-6789 or 912-70-1234",
    "Dr. Maria Lopez saw him",
    "on 2024-05-01 for diabetes",
    "mail j.smith@example.com",
    "phone (415) 555-2671 x12",
    "card 4111 1111 1111 1111 exp 04/27 cvv 123",
    "IBAN DE89 3704 0044 0532 0130 00",
    "from 203.0.113.9",
    "member id: XYZ123456789",
    "password: hunter2",
    "api_key=a1b2c3d4e5f6g7h8",
    "postgres://bob:s3cret@db.example.com/x",
    "account number 4452209871",
    "my name is anna",
    "aged 94",
    "see https://example.com/x",
    "Regards,\nBob",
    "and",
    "the",
    "Bearer a1b2c3d4e5f6g7h8",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx",
    "passport 123456789",
    "\n",
    ": ",
)


def find(kind: str, start: int, end: int) -> Finding:
    return Finding(kind, start, end, 0.9, "form")


def scan_of(*findings: tuple[Finding, ...], scanned: str = "full") -> Scan:
    return Scan(parts=findings, classes=frozenset(), scanned=scanned)  # type: ignore[arg-type]


def test_only_the_types_asked_for_are_masked() -> None:
    text = "bob@x.de 10.1.2.3"
    assert mask_text(text, [find("email", 0, 8), find("ip", 9, 17)], EMAIL) == "[EMAIL] 10.1.2.3"


def test_overlapping_findings_become_the_placeholder_of_the_widest() -> None:
    assert mask_text("abcdefgh", [find("email", 0, 4), find("url", 2, 8)], EMAIL | {"url"}) == "[URL]"


def test_no_finding_leaves_the_text_alone() -> None:
    assert mask_text("abc", [], EMAIL) == "abc"
    assert mask_text("", [], EMAIL) == ""


def test_redact_gives_the_parts_that_change() -> None:
    parts = [Part("/a", "mail bob@x.de"), Part("/b", "nothing")]
    assert redact(parts, scan_of((find("email", 5, 13),), ()), EMAIL) == {"/a": "mail [EMAIL]"}


def test_a_finding_in_a_name_cannot_be_masked_in_place() -> None:
    parts = [Part("/a", "bob@x.de", "name")]
    assert redact(parts, scan_of((find("email", 0, 8),)), EMAIL) == CannotRedact("place", "/a")
    assert redact(parts, scan_of((find("ip", 0, 8),)), EMAIL) == {}


@pytest.mark.parametrize("scanned", ["partial", "none"])
def test_what_was_not_read_cannot_be_masked(scanned: str) -> None:
    assert redact([Part("/a", "x")], scan_of((), scanned=scanned), EMAIL) == CannotRedact("unscanned")


def test_an_unreadable_part_cannot_be_masked() -> None:
    assert redact([Part("/a", "", "unreadable")], scan_of(()), EMAIL) == CannotRedact("unscanned", "/a")


def test_a_scan_of_another_message_is_refused() -> None:
    assert redact([Part("/a", "x")], scan_of((), ()), EMAIL) == CannotRedact("mismatch")


def test_two_parts_of_one_place_that_both_change_are_refused() -> None:
    parts = [Part("/a", "bob@x.de"), Part("/a", "amy@x.de")]
    found = (find("email", 0, 8),)
    assert redact(parts, scan_of(found, found), EMAIL) == CannotRedact("place", "/a")


def test_holds_none_wants_a_complete_scan_without_the_types() -> None:
    assert holds_none(scan_of((find("ip", 0, 1),)), EMAIL)
    assert not holds_none(scan_of((find("email", 0, 1),)), EMAIL)
    assert not holds_none(scan_of((), scanned="partial"), EMAIL)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(SENTENCES), max_size=10), st.sampled_from((" ", ". ", ", ", "\n", "; ")))
def test_what_was_masked_holds_nothing_of_it_when_scanned_again(sentences: list[str], between: str) -> None:
    parts = [Part("/a", between.join(sentences))]
    masked = redact(parts, ENGINE.scan(parts), ALL)
    assert not isinstance(masked, CannotRedact)
    again = ENGINE.scan([Part("/a", masked.get("/a", parts[0].text))])
    assert holds_none(again, ALL)


def test_json_in_a_string_stays_json_when_masked() -> None:
    text = '{"note": "line\\nbob\\u0040example.com said \\"123-45-6789\\"", "n": 1}'
    parts = [Part("/a", text)]
    masked = redact(parts, ENGINE.scan(parts), ALL)
    assert masked == {"/a": '{"note": "line\\n[EMAIL] said \\"[US-SSN]\\"", "n": 1}'}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(SENTENCES), max_size=10), st.sampled_from((" ", ". ", ", ", "\n", "; ")))
def test_what_was_tokenised_holds_nothing_of_it_and_says_as_much_as_before(sentences: list[str], between: str) -> None:
    text, book = between.join(sentences), Book()
    parts = [Part("/a", text)]
    masked = redact(parts, ENGINE.scan(parts), ALL, tokenizing=Tokenizing(ALL, book))
    assert not isinstance(masked, CannotRedact)
    sent = masked.get("/a", text)
    assert holds_none(ENGINE.scan([Part("/a", sent)]), ALL)
    for token, meant in book.fresh.items():
        assert token in sent
        sent = sent.replace(token, meant.value)
    assert sent == text


WHERE = (
    *("Mr. {} said", "patient: {}", "MRN: {}", "SSN {}", "password: {}", "api_key={}", "Bearer {}", "account no. {}"),
    *("DOB: {}", "IBAN {}", "phone: {}", "serial number {}", "lives at {}", "passport {}", "{}", '{{"mrn": "{}"}}'),
)


@pytest.mark.parametrize("kind", ["person", "us-ssn", "secret-password", "x-own", *sorted(FINDING_TYPES)[::7]])
def test_a_token_is_taken_for_no_identifier_wherever_it_stands(kind: str) -> None:
    texts = [where.format(Book().token(kind, "value")) for where in WHERE]
    found = ENGINE.scan([Part(f"/{index}", text) for index, text in enumerate(texts)], health_context=True)
    assert found.scanned == "full"
    assert found.counts() == {}


def test_only_the_types_that_are_tokenised_get_tokens_and_too_long_ones_none() -> None:
    text, book = "bob@x.de 203.0.113.9", Book()
    found = (find("email", 0, 8), find("ip", 9, 20))
    both = EMAIL | {"ip"}
    shown = mask_text(text, found, both, tokenizing=Tokenizing(EMAIL, book))
    assert shown == f"{book.token('email', 'bob@x.de')} [IP]"
    long = "x" * (MAX_VALUE + 1)
    assert mask_text(long, (find("email", 0, len(long)),), EMAIL, tokenizing=Tokenizing(EMAIL, book)) == "[EMAIL]"


def test_in_json_a_token_stands_for_what_is_said_and_not_for_how_it_is_written() -> None:
    book = Book()
    text = '{"mail": "bob\\u0040x.de", "n": 4111}'
    found = (find("email", 10, 23), find("card", text.index("4111"), text.index("4111") + 4))
    types = EMAIL | {"card"}
    shown = mask_text(text, found, types, tokenizing=Tokenizing(types, book))
    assert shown == f'{{"mail": "{book.token("email", "bob@x.de")}", "n": "{book.token("card", "4111")}"}}'
    cut = '["\\u00"]'
    assert mask_text(cut, (find("email", 2, 6),), EMAIL, tokenizing=Tokenizing(EMAIL, book)).startswith('["[EMAIL_')
