"""The streams of the benchmark's agent: chat completions in 200 deltas, each event in a chunk of its own.

Every third stream holds something to find, which its deltas cut into pieces.
"""

import json
import re
from collections.abc import Iterator

DELTAS = 200
PROSE = (
    "The plan for the coming quarter was read by all who asked for it. The first part is about the stock that is held "
    "at the three sites and how it moves between them; the second is about hours and shifts, and what changes when one "
    "of the sites is closed for repairs. Nothing in it needs a decision this week. "
)
FOUND = "For questions write to Maria Lopez (maria.lopez@example.com) or call (415) 555-0132. "
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"
END = b"data: [DONE]\n\n"
"""The closing event."""


def stream(text: str) -> tuple[bytes, ...]:
    """The chunks of a stream that says as much of the text as `DELTAS` deltas hold."""
    pieces = re.findall(r" ?\w+|[^\w ]| ", text)[:DELTAS]
    events = [
        _event({"role": "assistant", "content": ""}),
        *(_event({"content": piece}) for piece in pieces),
        _event({}, "stop"),
        END,
    ]
    return tuple(b"%x\r\n%b\r\n" % (len(event), event) for event in events)


def _event(delta: dict[str, str], reason: str | None = None) -> bytes:
    chunk = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "bench",
        "system_fingerprint": "fp_44709d6fcb",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}],
    }
    return b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n"


def texts() -> Iterator[str]:
    """Three texts, the third with something to find, each long enough."""
    long = PROSE * 4
    yield long
    yield long[40:]
    yield PROSE + FOUND + long


STREAMS = tuple(stream(text) for text in texts())
