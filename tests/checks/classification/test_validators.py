"""Checks of candidates: what passes, what does not, and that none fails on odd text."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.checks.classification import validators
from gateway.checks.classification.validators import CHECKS, LEAST, luhn


@pytest.mark.parametrize(
    ("check", "text"),
    [
        ("email", "a@b.de"),
        ("phone", "030 901820"),
        ("phone_nanp", "(415) 555-2671 x12"),
        ("phone_nanp", "001-415-555-2671"),
        ("card", "4111-1111-1111-1111"),
        ("card", "378282246310005"),
        ("card", "6011111111111117"),
        ("card", "2223003122003222"),
        ("card_labelled", "503802053770"[:-1] + "0"),
        ("iban", "GB82 WEST 1234 5698 7654 32"),
        ("iban", "nl91abna0417164300"),
        ("ipv4", "203.0.113.9"),
        ("ipv6", "2001:db8::8a2e:370:7334"),
        ("ipv6", "fe80:0:0:0:1:2:3:4"),
        ("ssn", "123-45-6789"),
        ("nine_digits", "000 12 3456"),
        ("itin", "912-70-1234"),
        ("npi", "1234567893"),
        ("dea", "AB1234563"),
        ("code", "A12345"),
        ("long_code", "XYZ-1234"),
        ("numeric_date", "31/12/1999"),
        ("numeric_date", "12.31.99"),
        ("iso_date", "2024-02-29"),
        ("textual_date", "March 5, 2020"),
        ("textual_date", "5th of May"),
        ("age", "94 years old"),
        ("name", "John Smith"),
        ("password", "hunter2"),
        ("spoken_password", "hunter2"),
        ("api_key", "a1b2c3d4e5f6g7h8"),
        ("connection", "postgres://u:pw@host/db"),
    ],
)
def test_these_hold(check: str, text: str) -> None:
    assert CHECKS[check](text) is not None


@pytest.mark.parametrize(
    ("check", "text"),
    [
        ("email", "a..b@c.de"),
        ("email", "a" * 250 + "@b.de"),
        ("phone", "11111111"),
        ("phone", "123456"),
        ("phone_nanp", "115-555-2671"),
        ("phone_nanp", "415-155-2671"),
        ("card", "4111 1111 1111 1112"),
        ("card", "0000000000000000"),
        ("card", "9999999999999995"),
        ("card_labelled", "12345678"),
        ("iban", "GB82 WEST 1234 5698 7654 33"),
        ("iban", "XX82 WEST 1234 5698 7654 32"),
        ("iban", "GB82 WEST"),
        ("ipv4", "256.1.1.1"),
        ("ipv4", "01.2.3.4"),
        ("ipv4", "127.0.0.1"),
        ("ipv4", "0.0.0.0"),  # noqa: S104 -- text, not a binding
        ("ipv6", "::1"),
        ("ipv6", "a::b"),
        ("ipv6", "12:34:56"),
        ("ssn", "000-12-3456"),
        ("ssn", "666-12-3456"),
        ("ssn", "123-00-4567"),
        ("ssn", "123-45-0000"),
        ("nine_digits", "12345678"),
        ("itin", "912-10-1234"),
        ("npi", "1234567890"),
        ("npi", "3234567893"),
        ("dea", "AB1234567"),
        ("dea", "1B1234563"),
        ("code", "12/03/1958"),
        ("code", "A12"),
        ("long_code", "12345"),
        ("numeric_date", "31/13/1999"),
        ("numeric_date", "12.31"),
        ("numeric_date", "12345678123-45-67890"),
        ("numeric_date", "1/2/1066"),
        ("iso_date", "2023-02-29"),
        ("textual_date", "March 32"),
        ("age", "200 years old"),
        ("age", "0 years"),
        ("name", "The Company"),
        ("name", "I"),
        ("password", "required"),
        ("password", "****"),
        ("password", "[SECRET-PASSWORD]"),
        ("password", "[SECRET-PASSWORD_bcdfghjkmnpqrstv]"),
        ("connection", "postgres://u:[SECRET_bcdfghjkmnpqrstv]@host"),
        ("spoken_password", "forever"),
        ("api_key", "abcdefghijklmnopqrst"),
        ("api_key", "[SECRET-API-KEY-1]"),
        ("connection", "postgres://u:****@host"),
        ("connection", "postgres://u:[SECRET]@host"),
    ],
)
def test_these_do_not(check: str, text: str) -> None:
    assert CHECKS[check](text) is None


def test_an_iban_ends_where_its_country_says() -> None:
    text = "GB82 WEST 1234 5698 7654 32 please"
    assert CHECKS["iban"](text) == ("mod97", 0, 27)
    assert CHECKS["iban"]("GB82WEST12345698765432X") is None


@pytest.mark.parametrize(
    "text", ["be86-839bde82f0e5", "ad65-4075-8f31-2789473ea2f4", "be427dbc-677e-42e6-a553", "ee51e729-f9d7-4438-9e7c"]
)
def test_a_piece_of_a_uuid_is_no_iban_although_its_sum_is_right(text: str) -> None:
    """Account numbers are of the form that the country has registered: a Belgian one is of digits alone."""
    assert CHECKS["iban"](text) is None


def test_a_name_ends_before_the_first_word_that_is_none() -> None:
    assert CHECKS["name"]("John Smith Please Help") == ("name", 0, 10)


def test_an_age_above_89_says_so() -> None:
    assert CHECKS["age"]("90 years old") == ("over-89", 0, 12)
    assert CHECKS["age"]("89 years old") == ("form", 0, 12)


def test_luhn_by_hand() -> None:
    assert luhn("79927398713")
    assert not luhn("79927398710")
    assert not luhn("")
    for text in ("4111a", "41\uff11", "4 1"):
        with pytest.raises(ValueError, match=r"digits|ordinal"):
            luhn(text)


@given(st.text(alphabet="0123456789", max_size=24))
def test_luhn_is_the_sum_of_every_other_digit_doubled(digits: str) -> None:
    doubled = [int(one) * (1 + at % 2) for at, one in enumerate(reversed(digits))]
    assert luhn(digits) == (bool(digits) and sum(one - 9 * (one > 9) for one in doubled) % 10 == 0)


@given(st.text(alphabet="0123456789 -.", max_size=max(LEAST.values()) + 2))
@example("4222222222222")
def test_what_is_shorter_than_a_check_asks_for_does_not_pass(text: str) -> None:
    for name, least in LEAST.items():
        assert len(text) >= least or not any(map(str.isdigit, text[:1])) or CHECKS[name](text) is None


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("1984/7/22", True), ("22 Jul 84", True), ("Jul 22nd, 84", True), ("1984-Jul-22", True), ("7.22.1984", True),
        ("1984/22/7", False), ("22 Jul 1784", False), ("31 Feb 84", False), ("22 Juli", False), ("1 2 3", False),
        ("Jul Aug 84", False),
    ],
)  # fmt: skip
def test_a_birthday_is_a_whole_day(text: str, valid: bool) -> None:
    assert (CHECKS["birthday"](text) is not None) is valid


@pytest.mark.parametrize(
    ("text", "valid"),
    [("840722", True), ("220784", True), ("07221984", True), ("19840722", True), ("991399", False), ("0722198", False),
     ("99999999", False)],
)  # fmt: skip
def test_digits_of_a_birthday_are_a_day(text: str, valid: bool) -> None:
    assert (CHECKS["birth_digits"](text) is not None) is valid


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(CHECKS)), st.from_regex(r"[A-Za-z]{0,3}[0-9][0-9 ./:,x@\[\]A-Za-z-]{0,30}", fullmatch=True)
)
@example("textual_date", "0.:")
def test_no_check_fails_on_what_a_pattern_may_hand_it(check: str, text: str) -> None:
    if check in {"ipv4", "card"}:
        return  # their patterns hand over digits and separators alone; see the next test
    verdict = CHECKS[check](text)
    assert verdict is None or 0 <= verdict[1] < verdict[2] <= len(text)


@settings(max_examples=100, deadline=None)
@given(
    st.from_regex(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}", fullmatch=True),
    st.from_regex(r"[0-9](?:[ -]?[0-9]){11,18}", fullmatch=True),
)
def test_addresses_and_cards_are_judged_without_an_error(address: str, card: str) -> None:
    for verdict in (CHECKS["ipv4"](address), CHECKS["card"](card), CHECKS["iban"]("GB" + card)):
        assert verdict is None or 0 <= verdict[1] < verdict[2]


@pytest.mark.parametrize("text", ["2024 4111 1111 1111 1111", "4111 1111 1111 1111 12", "2024-4111-1111-1111-1111 99"])
def test_a_card_is_found_among_other_numbers(text: str) -> None:
    verdict = CHECKS["card"](text)
    assert verdict is not None
    assert text[verdict[1] : verdict[2]].replace("-", " ") == "4111 1111 1111 1111"


def simple_card(text: str) -> tuple[str, int, int] | None:
    """Every run of whole groups, from each group on the longest first; one that was found goes only for one with more
    digits than it has characters."""
    groups = text.replace("-", " ").split(" ")
    best: tuple[int, int] | None = None
    for first in range(len(groups)):
        for last in range(len(groups), first, -1):
            number = "".join(groups[first:last])
            fits = 14 <= len(number) <= 19 and issued(number) and luhn(number)
            if fits and (best is None or len(number) > best[1] - best[0]):
                best = len(" ".join(groups[:first])) + bool(first), len(" ".join(groups[:last]))
    return None if best is None else ("luhn", *best)


def issued(digits: str) -> bool:
    length, two, three, four = len(digits), int(digits[:2]), int(digits[:3]), int(digits[:4])
    return (
        (digits[0] == "4" and length in (16, 19))
        or ((51 <= two <= 55 or 2221 <= four <= 2720) and length == 16)
        or (two in (34, 37) and length == 15)
        or ((four == 6011 or two == 65 or 644 <= three <= 649) and length >= 16)
        or (3528 <= four <= 3589 and length >= 16)
        or (300 <= three <= 305 or two in (36, 38, 39))
        or (two == 62 and length >= 16)
        or (four in (2131, 1800) and length == 15)
        or (two in (50, 56, 57, 58, 67) and length in (16, 18, 19))
    )


GROUPS = ("4111", "1111", "5500", "0000", "0004", "3400", "6011", "1", "2", "34", "3", "45", "00", "123456")


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(GROUPS), st.sampled_from(("", " ", "-"))), min_size=1, max_size=12))
def test_a_card_is_found_as_by_trying_every_run_of_groups(groups: list[tuple[str, str]]) -> None:
    text = "".join("".join(group) for group in groups).rstrip(" -")
    assert validators.card(text) == simple_card(text)


@pytest.mark.parametrize("length", range(14, 20))
def test_every_beginning_has_the_lengths_that_its_issuer_gives_out(length: int) -> None:
    for four in range(10_000):
        number = f"{four:04d}".ljust(length, "0")
        assert bool(validators._ISSUED[four] >> length & 1) == issued(number)


def test_thousands_apart_are_no_day() -> None:
    assert validators.numeric_date("1.029.384") is None
    assert validators.numeric_date("1.02.384") is None
    assert validators.numeric_date("1.02.84") is not None


def test_a_day_of_figures_has_its_year_first_or_last() -> None:
    assert validators.day_of_figures("1976-06-09") == ("long-ago", 0, 10)
    assert validators.day_of_figures("05/24/2018") == ("form", 0, 10)
    assert validators.day_of_figures("45/24/2018") is None
