"""Forms are filled mark by mark."""

from benchmarks.corpus.rows import digits
from benchmarks.corpus.templates import making


def test_each_mark_of_a_form_becomes_a_digit_or_a_letter_and_the_rest_stays() -> None:
    given = making("a seed", "en_US")
    value = digits(given, "A-##.@")
    assert value[:2] == "A-"
    assert value[2:4].isdigit()
    assert value[4] == "."
    assert value[5].isalpha()
    assert value[5].isupper()
