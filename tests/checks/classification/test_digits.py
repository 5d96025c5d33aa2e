"""Check digits of any number, whatever stands between its digits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.classification import digits
from gateway.checks.classification.digits import luhn, mod97


@pytest.mark.parametrize(
    ("text", "holds"), [("7992739871 3", True), ("79927398714", False), ("12345674", True), ("0", False), ("x", False)]
)
def test_luhn_is_over_all_digits(text: str, holds: bool) -> None:
    assert luhn(text) == (("luhn", 0, len(text)) if holds else None)


@pytest.mark.parametrize(
    ("text", "holds"),
    [("794-44", True), ("79445", False), ("0794", False), ("XS7900", False), ("44", False), ("7944A", False)],
)
def test_mod_97_is_over_letters_and_digits(text: str, holds: bool) -> None:
    assert mod97(text) == (("mod97", 0, len(text)) if holds else None)


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_any_text_has_an_answer(text: str) -> None:
    for check in digits.CHECKS.values():
        assert check(text) in (None, (check.__name__, 0, len(text)))
