"""Counts of tokens as Messages states them: input comes in three parts, of which two concern the provider's cache."""

from gateway.agents.openai_words import tokens

_IN = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def tokens_in(usage: object) -> int | None:
    """All that was read, from the cache or not; None where no part is stated."""
    counts = [count for field in _IN if (count := tokens(usage, field)) is not None]
    return sum(counts) if counts else None


def tokens_out(usage: object) -> int | None:
    """All that was written; None where it is not stated."""
    return tokens(usage, "output_tokens")
