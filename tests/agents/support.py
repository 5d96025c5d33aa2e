"""Values that the tests of the adapters share: requests, routes, and lanes that mask what they are told to."""

import json
from collections.abc import Mapping
from typing import Any

from gateway.core.message import Inbound, Message, WireAnswer
from gateway.core.ports import Bounds, Route, TextFilter
from gateway.core.refusal import Refusal

BOUNDS = Bounds(body_bytes=100_000, answer_bytes=100_000, depth=32)
SSN = "078-05-1120"


def inbound(
    body: object = b"",
    *,
    method: str = "POST",
    path: str = "/v1/chat/completions",
    query: str = "",
    headers: Mapping[str, str] | None = None,
) -> Inbound:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"content-type": "application/json"} if headers is None else headers
    return Inbound(method=method, path=path, query=query, headers=tuple(given.items()), body=data)


def route(agent: str = "scribe", **more: Any) -> Route:
    base: dict[str, Any] = {
        "id": agent,
        "protocol": "openai",
        "url": "http://127.0.0.1:9",
        "zone": "in-house",
        "region": None,
        "processor": None,
        "capabilities": (),
        "model": None,
        "version": None,
        "floor": (),
        "routes": (),
        "credential": None,
        "ca": None,
        "connect_timeout_s": 5.0,
        "first_byte_timeout_s": 5.0,
        "idle_timeout_s": 5.0,
        "timeout_s": 5.0,
    }
    return Route(**{**base, **more})


def answer(body: object, status: int = 200, content_type: str = "application/json") -> WireAnswer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return WireAnswer(status=status, headers=(("content-type", content_type),), body=data)


def read(result: Message | Refusal) -> Message:
    assert isinstance(result, Message), result
    return result


def refused(result: Message | Refusal) -> Refusal:
    assert isinstance(result, Refusal)
    return result


class Lane:
    """Holds back everything from the last space on, and masks the planted number once it is whole."""

    def __init__(self, after: str = "") -> None:
        self.fed: list[str] = []
        self._after = after
        self._held = ""
        self._finished = False

    def feed(self, text: str) -> str:
        assert not self._finished, "fed after it was finished"
        self.fed.append(text)
        self._held += text
        cut = self._held.rfind(" ") + 1
        ready, self._held = self._held[:cut], self._held[cut:]
        return self._shown(ready)

    def finish(self) -> str:
        assert not self._finished, "finished twice"
        self._finished = True
        rest, self._held = self._held, ""
        return self._shown(rest)

    def _shown(self, ready: str) -> str:
        """What leaves, read after what has left before; of a number that begins in that its rest is masked."""
        for cut in range(1, len(SSN) if ready else 1):
            if self._after.endswith(SSN[:cut]) and ready.startswith(SSN[cut:]):
                ready = f"[US-SSN]{ready[len(SSN) - cut :]}"
        self._after = "" if ready else self._after
        return ready.replace(SSN, "[US-SSN]")

    @property
    def text(self) -> str:
        return "".join(self.fed)


class MaskingLanes:
    """Opens lanes and keeps them, in order of opening."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, Lane]] = []
        self.unread: list[str] = []
        self.over = 0
        """How often it was said that no text comes any more."""

    def lane(
        self,
        pointer: str,
        label: str = "",
        *,
        apart: bool = False,
        token: bool = False,
        prose: bool = False,
        after: str = "",
    ) -> TextFilter:
        lane = Lane(after)
        self.opened.append((pointer, lane))
        return lane

    def last(self) -> None:
        self.over += 1

    def unreadable(self, pointer: str, text: str) -> str:
        self.unread.append(pointer)
        return text

    def texts(self) -> dict[str, str]:
        return {pointer: lane.text for pointer, lane in self.opened}
