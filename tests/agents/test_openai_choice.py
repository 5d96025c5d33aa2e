"""A choice's texts run through lanes; what they hold back comes out in the form it came in, or not at all."""

import pytest

from gateway.agents.openai_choice import MAX_IDENTIFIER, Choice, Texts
from gateway.core.errors import AgentError

from .support import SSN, MaskingLanes


def choice() -> Choice:
    return Choice(3, Texts(MaskingLanes()))


def test_a_piece_whose_text_is_held_back_whole_does_not_leave() -> None:
    one = choice()
    assert one.take({"index": 3, "delta": {"content": "held"}}) is None
    assert one.spoke
    assert one.close() == {"index": 3, "delta": {"content": "held"}, "finish_reason": None}


def test_a_choice_that_holds_nothing_has_nothing_to_close() -> None:
    one = choice()
    one.take({"delta": {"content": "gone "}})
    assert one.close() is None
    assert one.finished


def test_held_items_of_a_list_keep_their_index_and_type() -> None:
    one = choice()
    call = {"index": 2, "id": "c", "type": "function", "function": {"name": "f", "arguments": "held"}}
    taken = one.take({"delta": {"tool_calls": [call]}})
    assert taken is not None
    assert taken["delta"]["tool_calls"] == [{"index": 2, "id": "c", "type": "function", "function": {"name": "f"}}]
    rest = one.close()
    assert rest is not None
    assert rest["delta"]["tool_calls"] == [{"index": 2, "type": "function", "function": {"arguments": "held"}}]


def test_keys_that_hold_an_identifier_are_masked_and_their_texts_still_have_lanes() -> None:
    one = choice()
    one.take({"delta": {f"k {SSN}": "held"}})
    assert one.close() == {"index": 3, "delta": {"k [US-SSN]": "held"}, "finish_reason": None}


class Hidden:
    """A lane that finds everything sensitive."""

    def lane(
        self,
        pointer: str,
        label: str = "",
        *,
        apart: bool = False,
        token: bool = False,
        prose: bool = False,
        after: str = "",
    ) -> "Hidden":
        return self

    def last(self) -> None:
        return None

    def unreadable(self, pointer: str, text: str) -> str:
        return "[UNSCANNED]"

    def feed(self, text: str) -> str:
        return "[MRN]"

    def finish(self) -> str:
        return ""


def test_a_number_that_is_an_identifier_is_emptied() -> None:
    texts = Texts(Hidden())
    assert texts.number("mrn", 12345678, "/mrn") is None
    assert texts.number("created", 12345678, "/created") is None
    assert texts.number("created", 1_700_000_000, "/created") == 1_700_000_000
    assert texts.number("mrn", 1234, "/mrn") == 1234
    assert texts.number("score", 0.123456, "/score") is None


def test_a_sound_cannot_be_read() -> None:
    lanes = MaskingLanes()
    taken = Choice(3, Texts(lanes)).take({"delta": {"audio": {"data": "UklGRg==", "transcript": "Call me "}}})
    assert taken is not None
    assert taken["delta"]["audio"] == {"data": "UklGRg==", "transcript": "Call me "}
    assert lanes.unread == ["/choices/3/delta/audio/data"]
    assert "UklGRg==" not in lanes.texts().values()


def test_an_identifier_does_not_grow_without_bound() -> None:
    one = choice()
    with pytest.raises(AgentError):
        one.take({"delta": {"id": "x" * (MAX_IDENTIFIER + 1)}})


def test_a_reason_to_finish_is_a_word_or_looked_at() -> None:
    assert choice().end("stop") == {"index": 3, "delta": {}, "finish_reason": "stop"}
    assert choice().end(f"{SSN} ")["finish_reason"] == "[US-SSN] "


def test_a_value_repeated_is_looked_at_once() -> None:
    lanes = MaskingLanes()
    texts = Texts(lanes)
    assert [texts.whole("/id", "a"), texts.whole("/id", "a"), texts.whole("/id", "b")] == ["a", "a", "b"]
    assert len(lanes.opened) == 2
