"""Traffic of every kind from many callers at once, and what each of them was told."""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

import httpx
import msgspec

HEALTH = "Mr. John Carter, MRN 4481920, was diagnosed with diabetes."
KINDS: dict[str, dict[str, Any]] = {
    "plain": {"text": "Please summarise the opening hours of the library.", "model": "cloud"},
    "redacted": {"text": "Please write to jane.roe@example.com about the order.", "model": "cloud"},
    "streamed": {"text": "Tell me of the weather in spring, at some length.", "model": "desk", "stream": True},
    "routed": {"text": HEALTH, "model": "summarize", "headers": {"x-data-subject": "patient-7"}},
    "fallen back": {"text": f"{HEALTH} fail ward", "model": "summarize"},
    "denied": {"text": HEALTH, "model": "cloud", "headers": {"x-route": "exact"}},
}
_names = list(KINDS)


class Answered(msgspec.Struct, frozen=True):
    """One answer that arrived whole. `size` is that of its body, in bytes."""

    kind: str
    trace: str
    exchange: str
    status: int
    size: int


async def ask(client: httpx.AsyncClient, key: str, kind: str, trace: str) -> Answered | None:
    """One request of a kind; None unless the whole answer arrived (a stream's is whole with its `[DONE]`)."""
    asked = KINDS[kind]
    headers = {
        "authorization": f"Bearer {key}",
        "traceparent": f"00-{trace}-b7ad6b7169203331-01",
        **asked.get("headers", {}),
    }
    body: dict[str, Any] = {"model": asked["model"], "messages": [{"role": "user", "content": asked["text"]}]}
    if asked.get("stream"):
        body["stream"] = True
    try:
        answer = await client.post("/v1/chat/completions", json=body, headers=headers)
    except httpx.HTTPError:
        return None
    if asked.get("stream") and answer.status_code == 200 and not answer.text.endswith("data: [DONE]\n\n"):
        return None
    return Answered(kind, trace, answer.headers["x-exchange-id"], answer.status_code, len(answer.content))


class Load:
    """Callers that ask again and again until their gateway is gone. `trace` numbers are never used twice."""

    def __init__(self, key: str) -> None:
        self.answered: list[Answered] = []
        self.in_flight = 0
        self.key = key
        self._numbers = count(1)

    async def run(self, url: str, callers: int, told: Callable[[], None] | None = None) -> None:
        """Until every caller lost its connection; `told` after each answer."""
        async with httpx.AsyncClient(base_url=url, timeout=30, limits=httpx.Limits(max_connections=None)) as client:
            await asyncio.gather(*(self._caller(client, told) for _ in range(callers)))

    def trace(self) -> str:
        """A new trace id."""
        return f"{next(self._numbers):032x}"

    async def _caller(self, client: httpx.AsyncClient, told: Callable[[], None] | None) -> None:
        while True:
            trace = self.trace()
            self.in_flight += 1
            try:
                answer = await ask(client, self.key, _names[int(trace, 16) % len(_names)], trace)
            finally:
                self.in_flight -= 1
            if answer is None:
                return
            self.answered.append(answer)
            if told is not None:
                told()


def expected(kind: str) -> int:
    """The status that a request of this kind is answered with while nothing fails."""
    return 403 if kind == "denied" else 200
