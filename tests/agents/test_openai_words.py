"""What an agent states of itself is believed only where it can be true."""

import pytest

from gateway.agents import openai_words
from gateway.agents.bodies import Vocabulary
from gateway.agents.openai_words import model_name, tokens


@pytest.mark.parametrize("count", [-1, 2**31, True, 1.5, "7", None])
def test_nonsense_counts_are_not_believed(count: object) -> None:
    assert tokens({"prompt_tokens": count}, "prompt_tokens") is None
    assert tokens("x", "prompt_tokens") is None
    assert tokens(None, "prompt_tokens") is None


def test_a_count_is_taken_as_stated() -> None:
    assert tokens({"prompt_tokens": 0}, "prompt_tokens") == 0
    assert tokens({"prompt_tokens": 2**31 - 1}, "prompt_tokens") == 2**31 - 1


@pytest.mark.parametrize("value", ["", "Ann Smith", "x" * 129, "a\n", None, 5, ["m"]])
def test_free_text_is_no_model_name(value: object) -> None:
    assert model_name(value) is None


def test_names_of_models_are_taken_as_stated() -> None:
    assert model_name("org/tiny-7b:q4_0@2024.1") == "org/tiny-7b:q4_0@2024.1"


def test_no_word_that_is_left_out_could_hold_an_identifier() -> None:
    vocabularies = [value for value in vars(openai_words).values() if isinstance(value, Vocabulary)]
    assert len(vocabularies) == 6
    for vocabulary in vocabularies:
        left_out = vocabulary.keys.union(*vocabulary.words.values())
        assert all(word.strip("$").replace("_", "").replace(".", "").isalpha() for word in left_out)
