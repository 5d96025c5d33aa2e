"""E-mail, telephone, web addresses."""

import pytest

from tests.checks.classification.conftest import told


@pytest.mark.parametrize(
    "text",
    [
        "bob@example.com", "o'brien+tag@mail.example.co.uk", "BOB_1@EXAMPLE.ORG", "josé@exämple.de", "a@b-c.museum",
        "bob＠example.com",
    ],
)  # fmt: skip
def test_addresses_are_found_whole(text: str) -> None:
    assert told(f"write to <{text}>, please") == [("email", text)]


@pytest.mark.parametrize(
    "text", ["image@sha256:1c4f7f0f", "pkg@1.2.3", "npm i left-pad@latest", "@handle", "a@b", "user@ host", "a @b.de"]
)
def test_at_signs_alone_are_no_addresses(text: str) -> None:
    assert [kind for kind, _ in told(text)] == []


@pytest.mark.parametrize("text", ['"anna smith"@example.org', '"anna.smith"@mail.example.org', '"a"@b.de'])
def test_quoted_local_parts_are_of_addresses(text: str) -> None:
    assert told(f"write to {text}, please") == [("email", text)]


@pytest.mark.parametrize(
    "text", ['he said "so" and "@anna.smith" came', '"left-pad"@1.2.3', '"a" @example.org', '["x"]@y', '"x"@latest']
)
def test_quotes_before_an_at_sign_alone_are_none(text: str) -> None:
    assert "email" not in {kind for kind, _ in told(text)}


@pytest.mark.parametrize("text", ["+2026-11-30", "+2026-11-30 14:02", "call 2026-11-30", "Dial-in: 30.11.2026 14"])
def test_a_day_is_no_number(text: str) -> None:
    assert "phone" not in {kind for kind, _ in told(f"{text}, it says")}


@pytest.mark.parametrize("text", ["+20 2 2736 1130", "+2022-736-1130", "call 555-0199 2026-11-30"])
def test_a_number_beside_a_day_or_like_one_is(text: str) -> None:
    assert "phone" in {kind for kind, _ in told(f"{text}, it says")}


@pytest.mark.parametrize(
    "text",
    [
        "(415) 555-2671",
        "415-555-2671",
        "415.555.2671 x12",
        "+1 415 555 2671",
        "001-415-555-2671",
        "+44 20 7946 0958",
        "+49 (0)30 901820",
    ],
)
def test_numbers_in_a_telephone_s_form_are_found_without_a_word(text: str) -> None:
    assert told(f"it was {text}.") == [("phone", text)]


@pytest.mark.parametrize(
    "text", ["Phone: 030 901820", "call me on 9472 7916", "Mobile: 99 577450", "fax 03.93.92.16.85"]
)
def test_a_word_makes_a_telephone_of_other_forms(text: str) -> None:
    assert [kind for kind, _ in told(text)] == ["phone"]


def test_the_word_may_follow() -> None:
    assert told("28-64-66-98 office") == [("phone", "28-64-66-98")]


@pytest.mark.parametrize(
    "text",
    [
        "Range 430-5101 to 536-14264",
        "row 991243324 of 8022097960",
        "ts=1567860577",
        "115-555-2671",
        "ISBN 978-1-5493-3222-7",
    ],
)
def test_other_numbers_are_not_telephones(text: str) -> None:
    assert told(text) == []


def test_web_addresses_end_before_punctuation() -> None:
    assert told("see https://example.com/a?b=c, or www.example.org/x.") == [
        ("url", "https://example.com/a?b=c"),
        ("url", "www.example.org/x"),
    ]


@pytest.mark.parametrize("text", ["jane.roe@\nexample.org", "jane_roe@\r\nmail.example.org"])
def test_an_address_may_be_wrapped_behind_its_sign(text: str) -> None:
    assert told(f"write to {text} soon") == [("email", text)]


@pytest.mark.parametrize(
    "text", ["see @\nfoo.org", "jane@\n\nexample.org", "jane@\nexample", "a @\nb.c", "jane@ \nx y.z"]
)
def test_a_sign_at_a_line_s_end_alone_is_no_address(text: str) -> None:
    assert told(text) == []


def test_a_number_with_the_prefix_of_another_country_is_found_behind_its_word() -> None:
    assert ("phone", "0049 30 901820") in told("Telefon: 0049 30 901820")


@pytest.mark.parametrize(
    "text",
    [
        "Mobile users: 4812345", "call 1234567 times", "Phone sales 4812345 units", "calls mobile: 1234567 ms",
        "MemFree: 2076672 kB\nDirectMap2M:     2076672 kB\nDirectMap1G:  20766 kB", "phone traffic was 4812345",
    ],
)  # fmt: skip
def test_what_is_counted_of_telephones_is_no_number(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    "text", ["Mobile: 4812345", "call 555 1234", "phone 4812345 ext 12", "my mobile is 4812345", "4812345 (mobile)",
             "555 123 4567 office"]
)  # fmt: skip
def test_numbers_of_telephones_still_are(text: str) -> None:
    assert [kind for kind, _ in told(text)] == ["phone"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("phone1: 4155550199", "4155550199"), ("contact_no: 4155550199", "4155550199"),
        ("msisdn=4155550199", "4155550199"), ("caller_id: 4155550199", "4155550199"),
        ("M: +49 (0) 170 / 123 45 67", "+49 (0) 170 / 123 45 67"), ("T +49 170/1234567", "+49 170/1234567"),
    ],
)  # fmt: skip
def test_more_keys_and_forms_of_telephone_numbers(text: str, number: str) -> None:
    assert told(text) == [("phone", number)]


@pytest.mark.parametrize("text", ["Contact no later than 12345", "caller id blocked 2024", "+1 / 2", "x +12/34"])
def test_what_looks_like_those_is_no_telephone_number(text: str) -> None:
    assert "phone" not in {kind for kind, _ in told(text)}
