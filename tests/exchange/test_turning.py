"""Tokens are turned back in the places that are prose, in lanes of prose, and counted once."""

from gateway.checks.restoring import Restorer
from gateway.core.message import Part
from gateway.core.tokens import Book
from gateway.exchange.replaying import Collected
from gateway.exchange.turning import Turning, all_but, turning_of
from tests.exchange.making import message

EVERY = all_but(frozenset())


def book() -> tuple[Book, str]:
    made = Book()
    return made, str(made.token("person", "Ada Lovelace"))


def test_there_is_nothing_to_turn_back_without_tokens_or_without_prose() -> None:
    made, _ = book()
    assert turning_of(message(), made) is not None
    assert turning_of(message(), Book()) is None
    assert turning_of(message(), None) is None
    assert turning_of(None, made) is None
    assert turning_of(message(response_format={"type": "json_object"}), made) is None


def test_of_a_whole_answer_only_its_prose_changes_and_only_what_is_taken_counts() -> None:
    made, token = book()
    turning = Turning(message(), made)
    places = turning.places({"choices": [{"message": {"content": token}}]})
    parts = (
        Part("/choices/0/message/content", f"Dear {token}"),
        Part("/choices/0/message/tool_calls/0/function/arguments", token),
        Part("/choices/0/message/content/0/text", token),
    )
    changed, counting = turning.texts(parts, places, EVERY)
    assert changed == {"/choices/0/message/content": "Dear Ada Lovelace"}
    assert turning.turned.totals == {"back": 0, "kept": 0, "foreign": 0}
    turning.count(counting)
    assert turning.turned.back == {"person": 1}
    changed, counting = turning.texts(parts, places, all_but(frozenset({"person"})))
    turning.count(counting)
    assert changed == {}
    assert turning.turned.kept == {"person": 1}
    twice = (parts[0], parts[0])
    assert turning.texts(twice, places, EVERY) == ({}, []), "nobody could say which of two is meant"


def test_lanes_of_prose_turn_back_before_the_lane_takes_it() -> None:
    made, token = book()
    turning, inner = Turning(message(), made), Collected()
    lanes = turning.lanes(inner, EVERY)
    prose, other = lanes.lane("/a", prose=True), lanes.lane("/b")
    assert lanes.lane("/c", prose=True) is lanes.lane("/d", prose=True) or len(inner.texts) == 4
    for character in f"Dear {token}":
        prose.feed(character)
    other.feed(token)
    assert prose.finish() == "Dear Ada Lovelace"
    assert other.finish() == token
    assert lanes.unreadable("/e", "x") == "x"
    assert turning.turned.totals == {"back": 1, "kept": 0, "foreign": 0}
    assert isinstance(turning.restorer(EVERY), Restorer)
