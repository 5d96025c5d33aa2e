"""Cards with what belongs to them, IBANs."""

import pytest

from tests.checks.classification.conftest import told


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "5555-5555-5555-4444",
        "3782 822463 10005",
        "6011111111111117",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    ],
)
def test_cards_are_found_by_checksum_and_issuer(text: str) -> None:
    assert told(f"it is {text}.") == [("card", text)]


@pytest.mark.parametrize(
    "text", ["Batch reference 5626321547105903", "4111 1111 1111 1112", "ms=1762973959867", "0000 0000 0000 0000"]
)
def test_other_long_numbers_are_not_cards(text: str) -> None:
    assert told(text) == []


def test_a_word_makes_a_card_of_any_number_that_passes_luhn() -> None:
    assert told("my card 4222222222222 is lost") == [("card", "4222222222222")]
    assert told("my row 4222222222222 is lost") == []


def test_a_card_is_found_beside_other_numbers() -> None:
    assert ("card", "4111 1111 1111 1111") in told("row 2024 4111 1111 1111 1111 12")


def test_expiry_and_code_need_their_words() -> None:
    assert told("exp 04/27, cvv: 123") == [("card-expiry", "04/27"), ("card-cvv", "123")]
    assert told("in 04/27 with 123") == []


@pytest.mark.parametrize(
    "text", ["4111111111111111|04/27|123", "4111111111111111 04/27/123", "4111111111111111 04/27 / 123"]
)
def test_what_stands_behind_a_cards_number_is_told(text: str) -> None:
    assert told(text)[1:] == [("card-expiry", "04/27"), ("card-cvv", "123")]
    assert told(text[: text.index("27") + 2])[1:] == [("card-expiry", "04/27")]


@pytest.mark.parametrize("text", ["84736251,12/19/1958,F", "84736251 12/19/58", "84736251|12/19/1958"])
def test_a_date_with_a_day_behind_another_number_is_no_expiry(text: str) -> None:
    assert [kind for kind, _ in told(text)] == ["date"]


@pytest.mark.parametrize("text", ["DE89 3704 0044 0532 0130 00", "gb82west12345698765432", "NL91-ABNA-0417-1643-00"])
def test_ibans_are_found_by_checksum_and_length(text: str) -> None:
    assert told(f"to {text} please") == [("iban", text)]


def test_an_iban_with_a_wrong_digit_is_none_and_a_code_before_one_does_not_hide_it() -> None:
    assert told("to DE89 3704 0044 0532 0130 01 now") == []
    assert ("iban", "DE89 3704 0044 0532 0130 00") in told("ab12 ab12 DE89 3704 0044 0532 0130 00")


def test_two_accounts_side_by_side_are_both_found() -> None:
    text = "DE89 3704 0044 0532 0130 00 NL91 ABNA 0417 1643 00 4111 1111 1111 1111 5555 5555 5555 4444"
    assert [kind for kind, _ in told(text)] == ["iban", "iban", "card", "card"]


@pytest.mark.parametrize("between", [" (", " / ", ", ", "; "])
def test_a_bic_right_behind_an_iban_needs_no_word(between: str) -> None:
    assert ("bic", "COBADEFFXXX") in told(f"pay to DE89370400440532013000{between}COBADEFFXXX by Monday")


def test_other_capitals_behind_an_iban_are_none() -> None:
    assert [kind for kind, _ in told("pay to DE89370400440532013000, WEEKDAYS by Monday")] == ["iban"]


@pytest.mark.parametrize(
    "text",
    [
        ":52A:COBADEFFXXX",
        ":57A:/DE89370400440532013000\nCOBADEFFXXX",
        "<BICFI>COBADEFFXXX</BICFI>",
        "COBADEFFXXX (BIC)",
    ],
)
def test_a_bic_is_found_in_messages_of_banks(text: str) -> None:
    assert ("bic", "COBADEFFXXX") in told(text)


@pytest.mark.parametrize(
    "stripe",
    [
        "%B4111111111111111^DOE/JOHN^27091010000000000?", "B4111111111111111^O'NEIL/ANN M.MS^2709101?",
        ";4111111111111111=27091010000000000?", "4111111111111111=2709101",
    ],
)  # fmt: skip
def test_a_magnetic_stripe_goes_whole(stripe: str) -> None:
    assert told(f"read {stripe}, then") == [("card", stripe)]


@pytest.mark.parametrize(
    "text",
    ["%B4111111111111112^DOE/JOHN^2709101?", "x 4000000000000003=9999", "sum 411111111112=2709", "B12^2709"],
)
def test_what_only_looks_like_a_stripe_is_none(text: str) -> None:
    assert [one for one in told(text) if "^" in one[1] or "=" in one[1]] == []


def test_lists_of_cards_have_bars_between() -> None:
    expected = [("card", "4111111111111111"), ("card-expiry", "12|2027"), ("card-cvv", "123")]
    assert told("4111111111111111|12|2027|123") == expected
    assert told("| 400000 |12|27|123| rows") == []


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("BSB 062-000 Acc 12345678", "bank-account", "12345678"),
        ("BSB 062-000 Acc 12345678", "bank-account", "062-000"),
        ("CLABE 032180000118359719", "bank-account", "032180000118359719"),
        ("Depotnummer 12345678", "bank-account", "12345678"),
        ("n° de compte 12345678901", "bank-account", "12345678901"),
        ("loan number 12345678", "account", "12345678"),
    ],
)
def test_accounts_are_found_behind_further_words(text: str, kind: str, value: str) -> None:
    assert (kind, value) in told(text)


@pytest.mark.parametrize("text", ["acc 0.98123456", "epoch 062 acc 12345678", "loan of 12345678 dollars", "depot 5"])
def test_what_looks_like_an_account_is_none(text: str) -> None:
    assert {"account", "bank-account"}.isdisjoint(kind for kind, _ in told(text))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("card 4111111111111111 exp 0927", {("card-expiry", "0927")}),
        ("card 4111 1111 1111 1111 Exp. 9/2027", {("card-expiry", "9/2027")}),
        ("Visa 4111111111111111, exp: 09/27, Sec code 123", {("card-expiry", "09/27"), ("card-cvv", "123")}),
        ("4111111111111111/0927/123", {("card-expiry", "0927"), ("card-cvv", "123")}),
    ],
)
def test_what_stands_on_a_card_goes_with_its_number(text: str, parts: set[tuple[str, str]]) -> None:
    assert {one for one in told(text) if one[0] != "card"} == parts


@pytest.mark.parametrize(
    "text",
    [
        "exp 0927", "Exp: 1025 points", "lot A12 exp 1224", "SEC code: PPD", "order 4500123456 exp 0927 units",
        "invoice 20240912 0927 123", "4500123456789/0927/123", "sec code 12", "card 4111111111111111 exp 1327",
    ],
)  # fmt: skip
def test_figures_without_a_card_are_no_expiry(text: str) -> None:
    assert {"card-expiry", "card-cvv"}.isdisjoint(kind for kind, _ in told(text))
