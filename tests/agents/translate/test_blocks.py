"""Documents cut out of streams, and blocks that follow one another."""

import pytest

from gateway.agents.translate.blocks import DONE, MAX_BLOCKS, Blocks, Documents
from gateway.agents.translate.fields import Lost
from gateway.agents.translate.neutral import Closed, Grown, Opened
from gateway.core.errors import AgentError

from ..support import BOUNDS


def test_events_are_documents_and_comments_and_the_last_word() -> None:
    assert Documents(BOUNDS).feed(b': hi\n\ndata: {"a":1}\n\ndata: [DONE]\n\n') == [None, {"a": 1}, DONE]


def test_an_event_without_its_blank_line_is_read_at_the_end() -> None:
    documents = Documents(BOUNDS)
    assert documents.feed(b'data: {"a":') == []
    assert documents.feed(b"1}") == []
    assert documents.finish() == [{"a": 1}]


@pytest.mark.parametrize("data", [b"data: 1\n\n", b"data: {\n\n", b"data: \xff\n\n", b'data: {"a":1,"a":2}\n\n'])
def test_an_event_that_is_no_document_is_a_bad_answer(data: bytes) -> None:
    with pytest.raises(AgentError, match="bad_answer"):
        Documents(BOUNDS).feed(data)


def test_a_stream_beyond_its_bounds_is_too_large() -> None:
    with pytest.raises(AgentError, match="answer_too_large"):
        Documents(BOUNDS).feed(b":" * (BOUNDS.answer_bytes + 1))


def test_a_block_opens_once_and_closes_before_the_next() -> None:
    blocks = Blocks()
    assert blocks.open("a", "text") == [Opened(block=0, kind="text")]
    assert blocks.open("a", "text") == []
    assert blocks.grow("x") == [Grown(block=0, text="x")]
    assert blocks.grow("") == []
    assert blocks.open("b", "tool", id="i", name="n") == [
        Closed(block=0),
        Opened(block=1, kind="tool", id="i", name="n"),
    ]
    assert (blocks.seen("a"), blocks.seen("c"), blocks.tools) == (True, False, 1)


def test_a_call_without_arguments_has_those_of_an_empty_object() -> None:
    blocks = Blocks()
    blocks.open("a", "tool", id="i", name="n")
    assert blocks.close() == [Grown(block=0, text="{}"), Closed(block=0)]
    assert blocks.close() == []


def test_blocks_that_are_mixed_with_each_other_are_told() -> None:
    blocks = Blocks()
    blocks.open("a", "tool", id="i", name="n")
    blocks.open("b", "text")
    with pytest.raises(Lost, match="mixed"):
        blocks.open("a", "tool")


def test_text_outside_a_block_is_told() -> None:
    with pytest.raises(Lost, match="outside"):
        Blocks().grow("x")


def test_there_are_only_so_many_blocks() -> None:
    blocks = Blocks()
    for at in range(MAX_BLOCKS):
        blocks.open(at, "text")
    with pytest.raises(Lost, match="too many"):
        blocks.open("more", "text")
