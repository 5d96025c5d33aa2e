"""Texts of a streamed response become the same each time that they are told."""

from typing import Any

import pytest

from gateway.agents import responses_texts
from gateway.agents.responses_texts import SPOKEN, Speech, Texts
from gateway.core.errors import AgentError

from .support import SSN, MaskingLanes


def test_a_text_is_looked_at_once_however_often_it_is_told() -> None:
    lanes = MaskingLanes()
    texts = Texts(lanes)
    assert [texts.whole(f"{SSN} "), texts.whole(f"{SSN} ")] == ["[US-SSN] ", "[US-SSN] "]
    assert len(lanes.opened) == 1


def test_a_text_under_another_label_is_another_text() -> None:
    lanes = MaskingLanes()
    texts = Texts(lanes)
    texts.whole("4481920")
    texts.whole("4481920", "mrn")
    assert len(lanes.opened) == 2


def test_a_joined_text_is_known_from_its_end_on() -> None:
    lanes = MaskingLanes()
    texts = Texts(lanes)
    speech = Speech(texts, {"type": "x.delta"}, ())
    assert speech.feed("078-05") == ""
    assert speech.feed("-1120 a") == "[US-SSN] "
    assert speech.close() == "a"
    assert texts.whole(f"{SSN} a") == "[US-SSN] a"
    assert len(lanes.opened) == 1
    with pytest.raises(AgentError):
        speech.feed("more")


def spoken(texts: Texts, *words: str) -> None:
    """Joined texts for whoever reads, each of which becomes itself in capitals."""
    for number, one in enumerate(words):
        texts.learn(one, one.upper(), (number, 0))


def part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text}


def item(*words: str) -> dict[str, Any]:
    return {"content": [*map(part, words), {"type": "refusal", "text": "x"}]}


def output(*words: str) -> list[Any]:
    return [item(one) for one in words]


def test_a_response_repeats_what_its_texts_became_only_in_their_order() -> None:
    for told in (output("a", "b"), [], [{"content": "x"}, "x"]):
        texts = Texts(MaskingLanes())
        spoken(texts, "a", "b")
        texts.repeated({"response": {"output": told}})
        assert (texts.spoken("a"), texts.spoken("b")) == ("A", "B")
    for told in (output("b", "a"), output("a"), output("a", "x", "b"), [item("a", "b")]):
        texts = Texts(MaskingLanes())
        spoken(texts, "a", "b")
        texts.repeated({"response": {"output": told}})
        assert (texts.spoken("a"), texts.spoken("b")) == ("a", "b")


@pytest.mark.parametrize(
    ("event", "known"),
    [
        ({"type": SPOKEN, "output_index": 1, "content_index": 0, "text": "b"}, True),
        ({"type": SPOKEN, "output_index": 1, "content_index": 1, "text": "b"}, False),
        ({"type": SPOKEN, "text": "b"}, False),
        ({"type": "response.content_part.done", "output_index": 0, "content_index": 0, "part": part("a")}, True),
        ({"type": "response.content_part.done", "output_index": 0, "content_index": 0, "part": part("b")}, False),
        ({"type": "response.output_item.done", "output_index": 1, "item": item("b")}, True),
        ({"type": "response.output_item.done", "output_index": 1, "item": item("x", "b")}, False),
        ({"type": "response.output_item.done", "output_index": 2, "item": item("b")}, False),
    ],
)
def test_an_event_repeats_what_its_texts_became_only_in_their_places(event: dict[str, Any], known: bool) -> None:
    texts = Texts(MaskingLanes())
    spoken(texts, "a", "b")
    texts.repeated(event)
    assert (texts.spoken("a"), texts.spoken("b")) == (("A", "B") if known else ("a", "b"))
    texts.learn("c", "C", (2, 0))
    assert texts.spoken("c") == ("C" if known else "c"), "once astray, nothing is told as what it seems"


def test_no_text_that_is_read_begins_before_another() -> None:
    def said(output: int, content: int) -> Speech:
        frame = {"type": "response.output_text.delta", "output_index": output, "content_index": content}
        return Speech(texts, frame, ())

    texts = Texts(MaskingLanes())
    for place in ((0, 1), (0, 2), (1, 0)):
        said(*place)
    for place in ((0, 3), (0, 0)):
        with pytest.raises(AgentError, match="bad_answer"):
            said(*place)


def test_of_two_texts_of_the_same_words_neither_is_repeated_as_what_it_became() -> None:
    texts = Texts(MaskingLanes())
    spoken(texts, "a", "b", "a")
    assert (texts.spoken("a"), texts.spoken("b")) == ("a", "B")


def test_a_delta_keeps_its_frame_and_its_form() -> None:
    texts = Texts(MaskingLanes())
    assert Speech(texts, {"type": "t"}, ()).event("a") == {"type": "t", "delta": "a"}
    assert Speech(texts, {"type": "t"}, ("stdout",)).event("a") == {"type": "t", "delta": {"stdout": "a"}}


@pytest.mark.parametrize(
    ("value", "safe"),
    [
        ({"type": "message", "status": "completed"}, {"type": "message", "status": "completed"}),
        ({"note": f"{SSN} "}, {"note": "[US-SSN] "}),
        ({f"{SSN} ": 1}, {"[US-SSN] ": 1}),
        ({"metadata": {"name": f"{SSN} "}}, {"metadata": {"name": "[US-SSN] "}}),
        ({"schema": {"properties": {f"{SSN} ": {}}}}, {"schema": {"properties": {"[US-SSN] ": {}}}}),
        ({"logprobs": [{"token": SSN}]}, {"logprobs": []}),
        ({"obfuscation": SSN}, {}),
        ({"x": [1, None, True, 1.5, ["a"]]}, {"x": [1, None, True, 1.5, ["a"]]}),
        ({"created_at": 1_700_000_000}, {"created_at": 1_700_000_000}),
    ],
)
def test_what_comes_whole_is_settled_to_its_last_leaf(value: Any, safe: Any) -> None:
    assert Texts(MaskingLanes()).settle(value, "") == safe


class Hidden(MaskingLanes):
    """Lanes that find everything sensitive, and let nothing pass that is not read."""

    def lane(
        self,
        pointer: str,
        label: str = "",
        *,
        apart: bool = False,
        token: bool = False,
        prose: bool = False,
        after: str = "",
    ) -> Any:
        return self

    def feed(self, text: str) -> str:
        return "[MRN]"

    def finish(self) -> str:
        return ""

    def last(self) -> None:
        return None

    def unreadable(self, pointer: str, text: str) -> str:
        return "[UNSCANNED]"


def test_a_number_that_is_an_identifier_is_emptied() -> None:
    texts = Texts(Hidden())
    assert texts.settle({"mrn": 12345678}, "") == {"[MRN]": None}
    assert texts.settle({"input_tokens": 12345, "index": 7}, "") == {"input_tokens": 12345, "index": 7}


@pytest.mark.parametrize(
    "item",
    [
        {"encrypted_content": "x"},
        {"partial_image_b64": "x", "index": 1},
        {"type": "image_generation_call", "result": "x"},
    ],
)
def test_what_no_lane_can_read_passes_only_where_it_may(item: dict[str, Any]) -> None:
    lanes = MaskingLanes()
    assert "x" in Texts(lanes).settle(item, "").values()
    assert len(lanes.unread) == 1
    assert "[UNSCANNED]" in Texts(Hidden()).settle(item, "").values()


def test_texts_do_not_open_lanes_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses_texts, "MAX_LOOKS", 3)
    with pytest.raises(AgentError):
        Texts(MaskingLanes()).settle({"note": [str(i) for i in range(10)]}, "")
