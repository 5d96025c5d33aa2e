"""What is used is estimated from above, settled to what the agent says, and priced in whole millionths."""

from typing import Any

import msgspec
import pytest

from gateway.core.message import Message, Part
from gateway.exchange.exchange import Outcome
from gateway.exchange.usage import Prices, Used, estimate, settled
from gateway.settings import Price
from tests.exchange.making import message, route


def with_text(text: str, **fields: Any) -> Message:
    return msgspec.structs.replace(message("x", **fields), parts=(Part("/messages/0/content", text),))


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("abc", 1), ("abcd", 1), ("abcde", 2), ("日本語", 3), ("a" * 4000, 1000)]
)
def test_a_token_is_taken_for_four_bytes_of_text(text: str, tokens: int) -> None:
    assert estimate(with_text(text), 10).tokens_in == tokens


def test_what_is_no_text_counts_as_much_as_a_picture() -> None:
    picture = msgspec.structs.replace(message("x"), parts=(Part("/a", "", "unreadable"), Part("/b", "", "unreadable")))
    assert estimate(picture, 10).tokens_in == 2000


@pytest.mark.parametrize(
    ("fields", "tokens"),
    [
        ({}, 50),
        ({"max_tokens": 7}, 7),
        ({"max_completion_tokens": 9, "max_tokens": 7}, 9),
        ({"max_completion_tokens": 1, "max_tokens": 4096}, 4096),
        ({"max_output_tokens": 5000, "max_tokens": 4096}, 4096),
        ({"max_output_tokens": 1}, 50),
        ({"max_tokens": 7, "n": 3}, 21),
        ({"n": 2}, 100),
        ({"max_tokens": -1}, 50),
        ({"max_tokens": True}, 50),
        ({"max_tokens": "7"}, 50),
        ({"max_tokens": 1 << 60}, 1 << 40),
    ],
)
def test_an_answer_is_taken_to_be_as_long_as_the_request_allows(fields: dict[str, Any], tokens: int) -> None:
    assert estimate(message("hello", **fields), 50).tokens_out == tokens


def test_vectors_have_no_written_tokens_and_protocols_without_tokens_have_none() -> None:
    asked = message("hello there")
    assert estimate(msgspec.structs.replace(asked, protocol="embeddings"), 50).tokens_out == 0
    assert estimate(msgspec.structs.replace(asked, protocol="mcp"), 50) == Used(0, 0, len(asked.body))
    assert estimate(msgspec.structs.replace(asked, protocol="http", body=b""), 50).bytes == 1


ESTIMATED = Used(10, 20, 100)


@pytest.mark.parametrize(
    ("outcome", "tokens"),
    [
        (Outcome(code="ok", status=200, attempts=1, tokens_in=3, tokens_out=4), (3, 4)),
        (Outcome(code="ok", status=200, attempts=1, tokens_in=3), (3, 0)),
        (Outcome(code="client_disconnected", status=499, attempts=1, tokens_in=3, tokens_out=1), (10, 20)),
        (Outcome(code="client_disconnected", status=499, attempts=1, tokens_in=30, tokens_out=40), (30, 40)),
        (Outcome(code="client_disconnected", status=499, attempts=1, tokens_in=3, tokens_out=1, size=401), (10, 101)),
        (Outcome(code="agent_timeout", status=200, attempts=1, reason="timeout_total", tokens_out=1), (10, 20)),
        (Outcome(code="ok", status=200, attempts=1, size=79), (10, 20)),
        (Outcome(code="ok", status=200, attempts=1, size=401), (10, 101)),
        (Outcome(code="ok", status=200, attempts=1, released=b"a" * 404), (10, 101)),
        (Outcome(code="ok", status=200, attempts=1, size=4_000, written=79), (10, 20)),
        (Outcome(code="ok", status=200, attempts=1, size=4_000, written=401), (10, 101)),
        (Outcome(code="credential_denied", status=200, attempts=1, reason="cut", tokens_in=3, tokens_out=1), (10, 20)),
        (Outcome(code="ok", status=200, attempts=1, tokens_in=-3, tokens_out=1 << 50), (0, 1 << 40)),
        (Outcome(code="ok", status=200, attempts=1), (10, 20)),
        (Outcome(code="client_disconnected", status=499, attempts=1), (10, 20)),
        (Outcome(code="agent_timeout", status=504, attempts=1, reason="timeout_total"), (10, 20)),
        (Outcome(code="agent_unavailable", status=502, attempts=1, reason="connect_failed"), (0, 0)),
        (Outcome(code="agent_refused", status=400, attempts=1), (0, 0)),
        (Outcome(code="cached", status=200, attempts=0, tokens_in=3, tokens_out=4), (0, 0)),
    ],
)
def test_what_was_used_is_what_the_agent_says_or_what_it_may_have_done(
    outcome: Outcome, tokens: tuple[int, int]
) -> None:
    used = settled(message("hello"), outcome, ESTIMATED)
    assert (used.tokens_in, used.tokens_out) == tokens


def test_vectors_are_no_tokens_however_long_they_are() -> None:
    asked = msgspec.structs.replace(message("hello"), protocol="embeddings")
    assert settled(asked, Outcome(code="ok", status=200, attempts=1, size=9_000), Used(10, 0, 100)).tokens_out == 0


def test_each_protocol_has_its_own_words_for_how_long_an_answer_may_be() -> None:
    asked = message("hello", max_output_tokens=7, max_tokens=9, max_completion_tokens=11)
    written = [
        estimate(msgspec.structs.replace(asked, protocol=protocol), 50).tokens_out
        for protocol in ("openai", "responses", "anthropic")
    ]
    assert written == [11, 7, 9]


def test_bytes_are_those_of_request_and_answer() -> None:
    asked = message("hello")
    assert settled(asked, Outcome(code="ok", status=200, released=b"12345"), ESTIMATED).bytes == len(asked.body) + 5
    assert settled(asked, Outcome(code="ok", status=200, size=9), ESTIMATED).bytes == len(asked.body) + 9
    assert settled(asked, Outcome(code="internal", status=500), ESTIMATED).bytes == len(asked.body)


PRICES = Prices(
    (Price(agent="sky", input=2_500_000, output=10_000_000), Price(model="big", input=1, request=100), Price(agent="f"))
)


def test_an_agent_has_its_own_price_or_that_of_its_model_rounded_up_for_each_exchange() -> None:
    sky, big, free = route("sky", model="big"), route("other", model="big"), route("local")
    assert PRICES.cost(sky, Used(3, 4, 0)) == 48  # 7.5 and 40
    assert PRICES.cost(sky, Used(2, 0, 0)) == 5
    assert PRICES.cost(big, Used(1, 0, 0)) == 101
    assert (PRICES.cost(big, Used(0, 0, 0)), PRICES.cost(free, Used(9, 9, 0)), PRICES.of(free)) == (100, 0, None)
    assert (bool(PRICES), bool(Prices(()))) == (True, False)


def test_the_record_says_what_it_cost_where_that_is_known() -> None:
    sky, asked = route("sky"), message("hello")
    told = Outcome(code="ok", status=200, attempts=1, tokens_in=3, tokens_out=4)
    assert PRICES.stated(sky, asked, told) == 48
    assert PRICES.stated(route("local"), asked, told) is None
    assert PRICES.stated(sky, asked, Outcome(code="ok", status=200, attempts=1)) is None
    cut = Outcome(code="client_disconnected", status=499, attempts=1, tokens_in=3, tokens_out=1)
    assert PRICES.stated(sky, asked, cut) is None
    timed_out = Outcome(code="agent_timeout", status=200, attempts=1, reason="timeout_total", tokens_in=3, tokens_out=1)
    assert PRICES.stated(sky, asked, timed_out) is None
    assert PRICES.stated(sky, asked, Outcome(code="agent_refused", status=400, attempts=1)) == 0
    unsent = Outcome(code="agent_unavailable", status=502, attempts=1, reason="connect_failed")
    assert PRICES.stated(sky, asked, unsent) == 0
    assert PRICES.stated(sky, asked, Outcome(code="cached", status=200, attempts=0, tokens_in=3)) == 0
    tool = msgspec.structs.replace(asked, protocol="mcp")
    assert PRICES.stated(route("o", model="big"), tool, Outcome(code="ok", status=200, attempts=1)) == 100
