"""The agent's streams are what a client of chat completions reads."""

import json
from typing import Any

from benchmarks.deltas import DELTAS, END, FOUND, STREAMS


def events(chunks: tuple[bytes, ...]) -> list[Any]:
    """What the events hold, but for the closing one; every chunk is one event, whole."""
    read = []
    for chunk in chunks:
        size, _, rest = chunk.partition(b"\r\n")
        event, end = rest[: int(size, 16)], rest[int(size, 16) :]
        assert end == b"\r\n"
        read.append(event)
    assert read[-1] == END
    return [json.loads(event.removeprefix(b"data: ")) for event in read[:-1]]


def test_each_has_its_deltas_between_the_role_and_the_reason_to_end() -> None:
    for chunks in STREAMS:
        first, *deltas, last = [event["choices"][0] for event in events(chunks)]
        assert first["delta"]["role"] == "assistant"
        assert len(deltas) == DELTAS
        assert all(delta["delta"]["content"] and delta["finish_reason"] is None for delta in deltas)
        assert last["finish_reason"] == "stop"


def test_every_third_says_something_to_be_found() -> None:
    said = ["".join(event["choices"][0]["delta"].get("content", "") for event in events(one)) for one in STREAMS]
    assert [FOUND in text for text in said] == [False, False, True]
