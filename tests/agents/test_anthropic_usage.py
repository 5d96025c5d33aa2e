"""Input is counted whole, whether it came from the provider's cache or not; nonsense is not believed."""

import pytest

from gateway.agents.anthropic_usage import tokens_in, tokens_out


def test_input_is_the_sum_of_its_three_parts() -> None:
    usage = {"input_tokens": 3, "cache_creation_input_tokens": 40, "cache_read_input_tokens": 500, "output_tokens": 7}
    assert (tokens_in(usage), tokens_out(usage)) == (543, 7)
    assert tokens_in({"input_tokens": 3, "cache_read_input_tokens": None}) == 3


@pytest.mark.parametrize("usage", [None, "x", {}, {"input_tokens": "3", "output_tokens": -1}])
def test_what_is_not_stated_is_not_known(usage: object) -> None:
    assert tokens_in(usage) is None
    assert tokens_out(usage) is None
