"""Texts that come whole are safe to leave, those that may be joined are clean together, and lanes have an end."""

from decimal import Decimal

import pytest

from gateway.agents import anthropic_texts
from gateway.agents.anthropic_texts import TAIL, Texts
from gateway.core.errors import AgentError

from .support import SSN, MaskingLanes


def test_every_text_and_key_of_a_value_that_came_whole_is_looked_at() -> None:
    lanes = MaskingLanes()
    value = {"type": "text", "note": f"for {SSN}", f"k {SSN}": [f"{SSN} "], "n": 5, "input": {"type": "text"}}
    assert Texts(lanes).settle(value, "/x") == {
        "type": "text",
        "note": "for [US-SSN]",
        "k [US-SSN]": ["[US-SSN] "],
        "n": 5,
        "input": {"type": "text"},
    }
    assert "/x/type" not in lanes.texts(), "the protocol's own word"
    assert lanes.texts()["/x/input/type"] == "text", "somebody's own data"


def test_ciphers_and_bytes_are_told_to_be_unreadable_and_signatures_are_not_changed() -> None:
    lanes = MaskingLanes()
    block = {
        "type": "redacted_thinking",
        "data": "Q0lQ",
        "encrypted_content": "Q0lQ",
        "empty": {"encrypted_index": ""},
        "image": {"type": "base64", "data": "AA"},
        "signed": {"thinking": "hm", "signature": "c2ln"},
        "bare": {"thinking": "", "signature": "c2ln"},
    }
    assert Texts(lanes).settle(block, "/x") == block
    assert lanes.unread == ["/x/data", "/x/encrypted_content", "/x/image/data", "/x/bare/signature"]
    assert lanes.texts()["/x/signed/signature"] == "c2ln"


def test_numbers_that_could_be_somebodys_are_looked_at_with_their_key() -> None:
    lanes = MaskingLanes()
    texts = Texts(lanes)
    assert texts.number("/a", "input_tokens", 123_456) == 123_456
    assert texts.number("/b", "year", 1999) == 1999
    assert lanes.texts() == {}
    assert texts.number("/c", "mrn", 123_456) == 123_456
    assert texts.number("/d", "mrn", Decimal("1.123456789012345678901")) is not None
    assert lanes.texts() == {"/c": "123456", "/d": "1.123456789012345678901"}


def test_halves_in_one_place_are_looked_at_joined() -> None:
    texts = Texts(MaskingLanes())
    assert texts.joined("/x", "078-05") == "078-05"
    with pytest.raises(AgentError) as caught:
        texts.joined("/x", "-1120")
    assert caught.value.code == "withheld"
    assert texts.joined("/y", "-1120") == "-1120"


def test_a_joined_text_is_remembered_no_longer_than_a_finding() -> None:
    lanes = MaskingLanes()
    texts = Texts(lanes)
    for _ in range(5):
        texts.joined("/x", "a" * TAIL)
    assert max(len(lane.text) for _, lane in lanes.opened) == 2 * TAIL


@pytest.mark.parametrize("value", [{"a": [{"b": SSN}]}, [SSN], {SSN: 1}])
def test_events_of_an_unknown_kind_are_clean_or_stop_the_stream(value: object) -> None:
    texts = Texts(MaskingLanes())
    assert texts.clean({"a": ["x", None, True, 123_456, {"b": ""}]}, "/new") is not None
    with pytest.raises(AgentError) as caught:
        texts.clean(value, "/new")
    assert caught.value.code == "withheld"


def test_neither_lanes_nor_places_are_opened_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anthropic_texts, "MAX_LANES", 3)
    texts = Texts(MaskingLanes())
    with pytest.raises(AgentError) as caught:
        texts.settle([f"n{i}" for i in range(9)], "/x")
    assert caught.value.code == "answer_too_large"
    monkeypatch.setattr(anthropic_texts, "MAX_LANES", 99)
    monkeypatch.setattr(anthropic_texts, "MAX_PLACES", 3)
    with pytest.raises(AgentError):
        Texts(MaskingLanes()).clean([f"n{i}" for i in range(9)], "/x")
