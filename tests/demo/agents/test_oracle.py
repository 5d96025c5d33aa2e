"""The oracle's answers depend on what it was asked."""

import pytest

from gateway.demo.agents.oracle import answer
from tests.demo.agents.asking import said


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("What is the capital of France?", "Paris"),
        ("And the capital of Portugal?", "Lisbon"),
        ("What is an APR?", "loan"),
    ],
)
def test_facts_come_from_its_table(question: str, fact: str) -> None:
    assert fact in answer(said(question)).text


def test_a_message_is_rewritten_sentence_by_sentence() -> None:
    text = answer(said("Rewrite: The total is wrong. You must call [PHONE] ASAP.")).text
    assert text == (
        "Thank you for your message. The total is not quite right. "
        "We kindly ask you to call [PHONE] as soon as you can. Kind regards"
    )


def test_steps_become_a_list() -> None:
    assert answer(said("List the steps as a list: Unplug it. Wait.")).text == "1. Unplug it.\n2. Wait."


def test_anything_else_is_summarised_with_its_key_words() -> None:
    lines = answer(said("Summarize: The bridge is closed. It rained. The bridge will open again.")).text.splitlines()
    assert "The bridge is closed." in lines
    assert lines[-1].startswith("Key words: bridge")


def test_a_long_text_that_mentions_a_fact_is_summarised_all_the_same() -> None:
    words = " ".join(f"word{number} is here." for number in range(30))
    assert answer(said(f"Summarize: The APR changed. {words}")).text.startswith("In short")


def test_results_of_tools_are_summarised() -> None:
    assert "The score is 712." in answer(said("And now?", results=("The score is 712.",))).text


def test_an_empty_message_has_an_answer() -> None:
    assert answer(said("")).text.startswith("In short")
