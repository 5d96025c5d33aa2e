"""No word that is left out could be an identifier, and headers that pass hold words of the protocol alone."""

import pytest

from gateway.agents import anthropic_words
from gateway.agents.anthropic_words import beta, version
from gateway.agents.bodies import Vocabulary


def test_no_word_that_is_left_out_could_hold_an_identifier() -> None:
    vocabularies = [value for value in vars(anthropic_words).values() if isinstance(value, Vocabulary)]
    assert len(vocabularies) == 4
    for vocabulary in vocabularies:
        left_out = vocabulary.keys.union(*vocabulary.words.values())
        plain = [word.strip("$").replace("_", "").replace("/", "") for word in left_out]
        assert all(sum(map(str.isdigit, word)) <= 2 for word in plain)
        assert all(word.isalnum() for word in plain)


@pytest.mark.parametrize("text", ["2023-06-01", "2026-10-21"])
def test_a_version_is_the_date_of_its_release(text: str) -> None:
    assert version(text)


@pytest.mark.parametrize("text", ["", "1958-03-12", "2023-13-01", "2023-06-01 ", "2023-06-01,2026-10-21", "latest"])
def test_what_is_no_such_date_is_no_version(text: str) -> None:
    assert not version(text)


@pytest.mark.parametrize(
    "token",
    ["interleaved-thinking-2025-05-14", "claude-code-20250219", "context-1m-2025-08-07", "mcp-client-2031-01-01"],
)
def test_known_betas_pass_whatever_their_date(token: str) -> None:
    assert beta(token)


@pytest.mark.parametrize("token", ["", "interleaved-thinking", "jane-roe-2025-01-01", "mcp-client-1958-03-12", "files"])
def test_other_words_are_no_betas(token: str) -> None:
    assert not beta(token)
