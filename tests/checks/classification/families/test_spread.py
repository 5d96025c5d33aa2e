"""Groups further apart than is usual: found by their check and by their word, and not in tables of figures."""

import pytest

from tests.checks.classification.conftest import told

CARDS = (
    "4111  1111  1111  1111", "4111    1111    1111    1111", "4111 1111\n1111 1111",
    "4111 1111\r\n1111 1111", "4111 - 1111 - 1111 - 1111", "4111 1111  1111 -1111", "3782  822463  10005",
)  # fmt: skip


@pytest.mark.parametrize("card", CARDS)
def test_a_card_is_found_by_its_groups_and_its_check(card: str) -> None:
    assert ("card", card) in told(f"paid with {card} , thank you")


@pytest.mark.parametrize(
    "card",
    [
        *CARDS,
        "4111\t1111\t1111\t1111",
        "4111\n1111\n1111\n1111",
        "4111/1111/1111/1111",
        "4111_1111_1111_1111",
        "4111 . 1111·1111·1111",
    ],
)
def test_behind_its_word_whatever_parts_it(card: str) -> None:
    assert ("card", card) in told(f"card number: {card} 123")


@pytest.mark.parametrize("ssn", ["536  22  8731", "536\t22\t8731", "536\n22\n8731", "536 - 22 - 8731", "536- 22 -8731"])
def test_a_social_security_number_is_found_behind_its_word(ssn: str) -> None:
    assert ("us-ssn", ssn) in told(f"SSN: {ssn} , thank you")


@pytest.mark.parametrize(
    "card",
    [
        "4111·1111·1111·1111",
        "4111•1111•1111•1111",
        "4111 · 1111 · 1111 · 1111",
        "4111/1111/1111/1111",
        "3782/822463/10005",
    ],
)
def test_one_sign_between_all_groups_parts_a_card(card: str) -> None:
    assert told(f"paid with {card}, thank you") == [("card", card)]


@pytest.mark.parametrize(
    "text",
    [
        "4111·1111•1111·1111",
        "4111/1111/1111/1112",
        "/blob/4111/1111/1111/1111",
        "4111/1111/1111/1111/1.dat",
        "12/4111/1111/1111/1111",
        "2024/2025/2026/2027",
        "000·22·8731",
        "536·22•8731",
    ],
)
def test_paths_and_rows_of_years_are_none(text: str) -> None:
    assert not {"card", "us-ssn"} & {kind for kind, _ in told(f"see {text}, thank you")}


def test_one_sign_parts_a_social_security_number() -> None:
    assert told("it is 536·22·8731, thank you") == [("us-ssn", "536·22·8731")]


def test_with_dashes_it_needs_no_word() -> None:
    assert ("us-ssn", "536 - 22 - 8731") in told("it is 536 - 22 - 8731 , thank you")
    assert told("it is 000 - 22 - 8731 , thank you") == []


@pytest.mark.parametrize(
    "text",
    [
        "4111  1111  1111  1112", "4111\n1111\n1111\n1111", "120  4111  1111  1111  1111", "4111\t1111\t1111\t1111",
        "4111  1111  1111  1111  1111", "2019  2020  2021  2022", "536  22  8731", "536\n22\n8731", "536\t22\t8731",
        "4111 1111\n\n1111 1111", "4111     1111     1111     1111", "4111 -- 1111 -- 1111 -- 1111", "10 - 5 - 20",
        "ssn age year of entry\n536\t22\t8731",
    ],
)  # fmt: skip
def test_what_stands_in_a_row_of_figures_is_none(text: str) -> None:
    assert told(f"see {text} here") == []


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("SSN 536-22-\n8731", "us-ssn", "536-22-\n8731"),
        ("his 536-\r\n22-8731 here", "us-ssn", "536-\r\n22-8731"),
        ("use 4111-1111-\n1111-1111 now", "card", "4111-1111-\n1111-1111"),
        ("> use 4111 1111\n> 1111 1111", "card", "4111 1111\n> 1111 1111"),
        ("> > card 4111 1111\n> > 1111 1111", "card", "4111 1111\n> > 1111 1111"),
        ("> SSN 536-22-\n> 8731", "us-ssn", "536-22-\n> 8731"),
        ("> write anna.smith@\n> example.org", "email", "anna.smith@\n> example.org"),
    ],
)
def test_a_line_wrapped_at_a_hyphen_or_quoted_in_a_reply_goes_on(text: str, kind: str, value: str) -> None:
    assert (kind, value) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "1234-5678-\n9012-3456",
        "> 1234 5678\n> 9012 3456",
        "ISBN 978-3-16-\n148410-0",
        "range 2019-\n2024",
        "ask me @\n> alice: hi",
        "000-12-\n3456",
    ],
)
def test_other_wrapped_lines_hold_none(text: str) -> None:
    assert not {kind for kind, _ in told(text)} & {"us-ssn", "card", "email"}
