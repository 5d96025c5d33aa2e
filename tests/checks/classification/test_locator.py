"""One window: gates, checks, words near by, and which of overlapping hits are told."""

import pytest

from gateway.checks.classification.locator import Locator
from gateway.checks.classification.normalise import outline
from gateway.checks.classification.recognizer import Label, Lexicon, Near, Recognizer
from gateway.checks.classification.registry import DEFAULT, Registry

LOCATOR = Locator(DEFAULT)


def hits(text: str, start: int = 0, locator: Locator = LOCATOR) -> list[tuple[str, str]]:
    return [(hit.type, text[hit.start : hit.end]) for hit in locator.locate(text, start).hits]


def test_nothing_before_the_start_is_told_but_it_is_context() -> None:
    assert hits("bob@example.com 03/12/1958", 16) == [("date", "03/12/1958")]
    assert hits("born on 03/12/1958", 8) == [("date-of-birth", "03/12/1958")]


def test_a_lighter_hit_inside_a_heavier_one_is_not_told() -> None:
    assert hits("postgres://bob:s3cret@db.example.com/x") == [
        ("secret-connection-string", "postgres://bob:s3cret@db.example.com/x")
    ]


def test_a_heavier_hit_inside_a_lighter_one_is_told_too() -> None:
    found = hits("https://example.com/?user=bob@example.com&x=1")
    assert {kind for kind, _ in found} == {"url", "email"}


def test_a_word_of_a_lexicon_stays_beside_what_it_lies_in() -> None:
    assert {kind for kind, _ in hits("Patient: Lupus Smith")} == {"person", "health-term"}


def test_words_are_whole_and_may_be_plural() -> None:
    assert hits("she had migraines") == [("health-term", "migraines")]
    assert hits("stdout, classified, fevered") == []


def test_words_are_found_whatever_their_case_and_form() -> None:
    assert hits("DIABETES") == [("health-term", "DIABETES")]
    assert hits("ｄｉａｂｅｔｅｓ") == [("health-term", "ｄｉａｂｅｔｅｓ")]
    assert hits("İ diabetes") == [("health-term", "diabetes")]


def test_a_label_belongs_to_the_value_right_after_it() -> None:
    assert hits("MRN: 84736251, room 40219876") == [("mrn", "84736251")]
    assert hits("MRNs 84736251 and 84736252") == [("mrn", "84736251"), ("mrn", "84736252")]


def test_a_number_that_is_a_piece_of_another_is_not_told() -> None:
    for text in ("1123-45-6789", "123-45-67890", "123-45-6789-01", "x123-45-6789", "4.123-45-6789"):
        assert ("us-ssn", "123-45-6789") not in hits(text)


def test_escapes_are_read_and_told_in_whole() -> None:
    assert hits("bob\\u0040example.com") == [("email", "bob\\u0040example.com")]
    assert hits('{\\"n\\":\\"123-45-6789\\"}') == [("us-ssn", "123-45-6789")]
    assert hits("\\nina@example.com") == [("email", "\\nina@example.com")]
    assert hits("bob\\\\u0040example.com") == [("email", "bob\\\\u0040example.com")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://a.test/?q=bob%40example.com&x=1", "bob%40example.com"),
        ("patient://ward/bob%2540example.com", "bob%2540example.com"),
        ("bob&#64;example.com", "bob&#64;example.com"),
        ("bob&#x40;example.com", "bob&#x40;example.com"),
        ('{"url": "https:\\/\\/a.test\\/bob%40example.com"}', "bob%40example.com"),
    ],
)
def test_what_an_address_or_a_page_spells_in_another_way_is_found(text: str, found: str) -> None:
    assert ("email", found) in hits(text)


def test_escapes_nested_too_deep_are_not_complete() -> None:
    assert LOCATOR.locate("\\u0041", 0).complete
    assert not LOCATOR.locate("\\" * 8 + "u0041", 0).complete
    assert LOCATOR.locate("\\" * 200, 0).complete


def test_a_candidate_without_a_type_needs_its_words() -> None:
    registry = Registry(
        recognizers=(
            Recognizer(
                id="n",
                type=None,
                pattern="[0-9]{4}",
                gate="[0-9]",
                near=(Near(lexicon="w", type="x-n", score=1, after=8),),
            ),
        ),
        lexicons=(Lexicon(id="w", words=("badge",)),),
    )
    locator = Locator(registry)
    assert hits("badge 1234", 0, locator) == [("x-n", "1234")]
    assert hits("1234 badge", 0, locator) == [("x-n", "1234")]
    assert hits("1234 budge", 0, locator) == []


def test_words_with_letters_beyond_ascii_are_triggers_in_any_case() -> None:
    registry = Registry(recognizers=(), lexicons=(Lexicon(id="w", words=("größe-x",), type="x-w"),))
    locator = Locator(registry)
    for text in ("größe-x", "Größe-X", "GRÖßE-X"):
        assert locator.trigger(outline(text), 0) == 0
        assert hits(text, 0, locator) == [("x-w", text)]


def test_unless_clears_what_has_no_checksum() -> None:
    assert hits("upgrade from 17.65.71.32 to 10.85.0.1") == []
    assert hits("login from 17.65.71.32") == [("ip", "17.65.71.32")]


def test_a_label_value_may_run_into_the_end_of_a_window() -> None:
    registry = Registry(
        recognizers=(),
        labels=(Label(id="l", lexicon="w", type="x-l", value="[0-9]+"),),
        lexicons=(Lexicon(id="w", words=("badge",)),),
    )
    locator = Locator(registry)
    hit = locator.locate("badge 1234", 0).hits[0]
    assert locator.continuation(hit, "56a-7") == 3
    assert locator.continuation(LOCATOR.locate("diabetes", 0).hits[0], "x") == 0
