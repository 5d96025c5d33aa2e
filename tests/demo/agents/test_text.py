"""Sentences, content words and summaries."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.demo.agents.text import content_words, key_words, sentences, summary


def test_sentences_end_at_marks_and_line_ends_but_not_at_titles_or_initials() -> None:
    found = sentences("Dr. Elena Marchetti called. J. Roe did not!\nNext line\n\nAt 9.30 he left. 2 more came.")
    assert found == ["Dr. Elena Marchetti called.", "J. Roe did not!", "Next line", "At 9.30 he left.", "2 more came."]


def test_content_words_leave_out_the_words_that_carry_nothing() -> None:
    assert content_words("The nurse and the second nurse are on a break.") == ["nurse", "second", "nurse", "break"]


def test_key_words_are_the_most_frequent_ones_and_of_equals_the_first() -> None:
    assert key_words("Loan, rate, loan, fee, rate, loan.", 2) == ["loan", "rate"]
    assert key_words("Fee, rate.", 1) == ["fee"]


def test_a_summary_takes_the_sentences_that_say_the_most_in_their_own_order() -> None:
    text = "It rained. The bridge over the river is closed. We had tea. The river took the old bridge."
    assert summary(text, 2) == ["The bridge over the river is closed.", "The river took the old bridge."]


def test_a_summary_of_nothing_is_nothing() -> None:
    assert summary("", 3) == []
    assert summary("  \n ", 3) == []


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.integers(0, 5))
def test_a_summary_holds_only_what_the_text_held(text: str, count: int) -> None:
    found = summary(text, count)
    assert len(found) <= count
    assert set(" ".join(found).split()) <= set(text.split())
