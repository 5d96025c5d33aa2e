"""A back end that finds names, and whatever else it can, in texts: a service of the operator's own, asked over HTTP.

`POST` to its address, `{"texts": ["…"]}`; it answers `{"findings": [[{"type", "start", "end", "score"}, …], …]}`, a
list for each text, `start` and `end` being offsets in code points, `end` exclusive. It is handed what agents were
sent, so it is reached by the client of agents: at its own address or none, TLS verified, no redirect, no proxy of the
environment, every answer bounded in size and time. What it answers is held to that form and to the texts; whatever
else comes is an error, and nothing of it is taken.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from gateway.agents.client import AgentClient
from gateway.core.errors import AgentError, GatewayError
from gateway.core.finding import Finding
from gateway.core.message import Outgoing
from gateway.core.ports import Route

MAX_CHARACTERS = 262_144
"""Of texts that go in one request, as long as each is shorter."""
MAX_ANSWER = 16 << 20
MAX_FINDINGS = 20_000
"""Of all texts of one request: as the engine's own for a message."""
REASON = "ner"


class NerError(GatewayError):
    """The back end has not said what it finds. Says why, in words of this program."""


class _Found(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: str
    start: Annotated[int, Meta(ge=0)]
    end: Annotated[int, Meta(ge=1)]
    score: Annotated[float, Meta(ge=0, le=1)]


class _Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    findings: list[list[_Found]]


_decode = msgspec.json.Decoder(_Answer).decode


class NerService:
    """Asks it. `types`: what it may say. Use it as a context: it is connected to meanwhile."""

    def __init__(self, route: Route, *, name: str, types: frozenset[str]) -> None:
        self._route, self.name, self._types = route, name, types
        self._client = AgentClient((route,))

    async def __aenter__(self) -> "NerService":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def read(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]:
        """The findings of each text; `NerError` where it has not told them of all. Empty texts are not asked about."""
        found: list[tuple[Finding, ...]] = [()] * len(texts)
        for some in _batches(texts):
            for place, findings in zip(some, await self._ask([texts[place] for place in some]), strict=True):
                found[place] = findings
        return found

    async def _ask(self, texts: list[str]) -> list[tuple[Finding, ...]]:
        # Halves of surrogate pairs are no JSON; a mark for each leaves the offsets as they are.
        told = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        headers = (("content-type", "application/json"), ("accept", "application/json"))
        body = msgspec.json.encode({"texts": told})
        try:
            answer = await self._client.send(
                self._route, Outgoing(method="POST", path="", headers=headers, body=body), MAX_ANSWER
            )
        except AgentError as error:
            raise NerError(f"the NER back end did not answer: {error.code}") from error
        if answer.status != 200:
            raise NerError(f"the NER back end answered with status {answer.status}")
        try:
            findings = _decode(answer.body).findings
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise NerError("the NER back end's answer is not of its form") from None
        if len(findings) != len(texts) or sum(map(len, findings)) > MAX_FINDINGS:
            raise NerError(f"the NER back end must answer for each text, with at most {MAX_FINDINGS} findings")
        return [tuple(self._finding(one, text) for one in some) for some, text in zip(findings, texts, strict=True)]

    def _finding(self, one: _Found, text: str) -> Finding:
        if one.type not in self._types:
            raise NerError("the NER back end names a type that is none of docs/classification.md")
        if not one.start < one.end <= len(text):
            raise NerError("the NER back end names a place that is not in the text")
        return Finding(one.type, one.start, one.end, one.score, REASON)


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """The places of texts that go together."""
    some: list[int] = []
    size = 0
    for place, text in enumerate(texts):
        if not text:
            continue
        if some and size + len(text) > MAX_CHARACTERS:
            yield some
            some, size = [], 0
        some.append(place)
        size += len(text)
    if some:
        yield some
