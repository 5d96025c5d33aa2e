"""Streams of A2A on their way through: each event is a whole, but for artifacts, whose pieces their readers join.

Texts of an artifact's pieces run through one lane, so that an identifier over two of them is masked before any of it
leaves; what the lane holds back leaves with the next piece, or as one of its own before the artifact's end, before the
agent asks or ends, and before the stream does. Everything else in an event is looked at as it comes, by the same reader
as a whole answer's. What cannot be read stops the stream: nothing unread leaves.
"""

from itertools import pairwise, takewhile
from typing import Any

import msgspec

from gateway.agents.a2a_answers import named, payload, result_of, state_of
from gateway.agents.a2a_call import Call
from gateway.agents.a2a_errors import Said, said_in
from gateway.agents.a2a_parts import Reader, rewrite, withheld
from gateway.agents.a2a_words import INTERRUPTED, TERMINAL
from gateway.agents.bodies import read_json, write_json
from gateway.agents.ending import ending
from gateway.agents.event_filter import EventFilter
from gateway.agents.prose import prose_of_event
from gateway.agents.sse import COMMENT, Event
from gateway.core.errors import AgentError, FormatError
from gateway.core.message import Part
from gateway.core.ports import Bounds, Lanes, Route, TextFilter
from gateway.core.refusal import Refusal

MAX_EVENT = 8 << 20
"""Bytes of one event: an artifact may come as one."""
MAX_LANES = 20_000
"""Texts that one stream may hold: as many as an answer may have parts."""


class Artifact(msgspec.Struct):
    """An artifact that is under way: where it belongs, and the lane of its text."""

    task: str
    context: str
    id: str
    lane: TextFilter


class A2aStream(EventFilter):
    """A `StreamFilter` (see `core.ports`) for one call's events."""

    def __init__(self, lanes: Lanes, bounds: Bounds, call: Call, agent: Route) -> None:
        super().__init__(bounds, MAX_EVENT)
        self._lanes, self._call, self._agent = lanes, call, agent
        self._opened = self._count = 0
        self._seen = False
        self._artifacts: dict[str, Artifact] = {}
        """By the artifact's id: a stream is about one task, whether each event names it or not."""
        self._told: dict[str, str] = {}
        """How the text of an artifact ends that has left already, by its id."""

    def finish(self) -> bytes:
        """The agent may end a stream at any time: callers subscribe again. One without an event is none."""
        out = b"" if self.closing else self._pass(self._events.finish())
        if not self._seen and not self._call.lasting:
            raise AgentError("closed_early")
        return out + b"".join(self._rests())

    def _pass(self, events: list[Event]) -> bytes:
        out: list[bytes] = []
        for event in events:
            if self.closing:
                break
            if event.data is None:
                out.append(COMMENT)
            elif event.data:
                out += self._event(event.data)
        return b"".join(out)

    def _event(self, data: str) -> list[bytes]:
        """What leaves for one event; the one that ends the stream is kept in `closing`."""
        read = read_json(data.encode(), self._bounds)
        if isinstance(read, Refusal):
            raise AgentError("bad_answer")
        found = result_of(read.value, self._agent.interface.binding, 200)
        self._seen, self._count = True, self._count + 1
        place = f"/{self._count}"
        if isinstance(found, Said):
            error = self._settled(said_in(found, self._call.binding), place)
            self.closing = b"event: error\n" + self._encoded(error, "error")
            return self._rests()
        kind, value = payload(found)
        names = named(kind, value, self._agent.id)
        self.sessions = tuple(dict.fromkeys((*self.sessions, *names)))
        if kind == "artifactUpdate":
            return self._artifact(found, value, place)
        ended = state_of(kind, value)
        closes = kind == "message" or ended in TERMINAL
        settled = self._settled(found, place, closes=closes)
        safe = self._encoded(settled)
        before = self._rests() if kind in ("task", "message") or ended in TERMINAL | INTERRUPTED else []
        if kind == "task":
            self._show(settled["task"])
        if closes:
            self.closing = safe
            return before
        return [*before, safe]

    def _artifact(self, event: dict[str, Any], update: dict[str, Any], place: str) -> list[bytes]:
        """One piece of an artifact."""
        artifact = update.get("artifact")
        if type(artifact) is not dict or type(artifact.get("parts")) is not list:
            raise AgentError("bad_answer")
        texts = {index: part["text"] for index, part in enumerate(artifact["parts"]) if _is_text(part)}
        parts = [{**part, "text": ""} if index in texts else part for index, part in enumerate(artifact["parts"])]
        bare = {**event, "artifactUpdate": {**update, "artifact": {**artifact, "parts": parts}}}
        safe = self._settled(bare, place)
        key, goes_on, last = _text(artifact, "artifactId"), _flag(update, "append"), _flag(update, "lastChunk")
        out = [] if goes_on else self._rest(key)
        if not goes_on:
            self._told.pop(key, None)
        shown: list[Any] = []
        for index, part in enumerate(safe["artifactUpdate"]["artifact"]["parts"]):
            if index in texts:
                shown.append({**part, "text": self._tell(key, self._lane(key, update).feed(texts[index]))})
                continue
            # No identifier reaches over what is no text: what was held back stands before it.
            rest = self._finished(key)
            self._told.pop(key, None)
            shown += [{"text": rest}, part] if rest else [part]
        if last:
            rest = self._finished(key)
            if rest and shown and _is_text(shown[-1]):
                shown[-1] = {**shown[-1], "text": shown[-1]["text"] + rest}
            elif rest:
                shown.append({"text": rest})
        safe["artifactUpdate"]["artifact"]["parts"] = shown
        return [*out, self._encoded(safe)]

    def _lane(self, key: str, update: dict[str, Any]) -> TextFilter:
        found = self._artifacts.get(key)
        if found is None:
            # Pieces that are prose and pieces that are for programs may follow each other in it: no token is turned
            # back in either, and an identifier over both is found.
            lane = self._open(f"/artifacts/{self._opened}", apart=True, after=self._told.get(key, ""))
            found = Artifact(task="", context="", id=key, lane=lane)
            self._artifacts[key] = found
        found.task = _text(update, "taskId") or found.task
        found.context = _text(update, "contextId") or found.context
        return found.lane

    def _finished(self, key: str) -> str:
        """The rest of an artifact's text, which ends here, unless more is appended to it all the same."""
        found = self._artifacts.pop(key, None)
        return "" if found is None else self._tell(key, found.lane.finish())

    def _tell(self, key: str, text: str) -> str:
        """The text, of which is known now that it leaves."""
        if text:
            self._told[key] = ending(self._told.get(key, ""), text)
        return text

    def _show(self, task: dict[str, Any]) -> None:
        """A task as a whole shows its artifacts as they are, and what comes is appended to these."""
        artifacts = task.get("artifacts")
        for artifact in artifacts if type(artifacts) is list else ():
            parts = artifact.get("parts") if type(artifact) is dict else None
            if type(parts) is not list:
                continue
            key = _text(artifact, "artifactId")
            self._told.pop(key, None)
            texts = list(takewhile(_is_text, reversed(parts)))
            self._tell(key, "".join(part["text"] for part in reversed(texts)))

    def _rest(self, key: str) -> list[bytes]:
        """The rest of an artifact's text as a piece of its own, where there is any."""
        found = self._artifacts.get(key)
        rest = self._finished(key)
        if found is None or not rest:
            return []
        artifact = {"artifactId": found.id, "parts": [{"text": rest}]}
        update = {"taskId": found.task, "contextId": found.context, "artifact": artifact, "append": True}
        return [self._encoded({"artifactUpdate": {name: item for name, item in update.items() if item}})]

    def _rests(self) -> list[bytes]:
        return [event for key in list(self._artifacts) for event in self._rest(key)]

    def _open(
        self, pointer: str, label: str = "", *, apart: bool = False, prose: bool = False, after: str = ""
    ) -> TextFilter:
        self._opened += 1
        if self._opened > MAX_LANES:
            raise AgentError("answer_too_large")
        return self._lanes.lane(pointer, label, apart=apart, prose=prose, after=after)

    def _settled(self, value: dict[str, Any], place: str, *, closes: bool = False) -> dict[str, Any]:
        """A value that came whole, safe to leave. `closes`: nothing comes after it. `AgentError("bad_answer")` where
        something would have to be masked that cannot be (an id, a key), or where what cannot be read can be given no
        other form."""
        reader = Reader(self._bounds)
        try:
            reader.read(value)
            masked: dict[str, str] = {}
            unread: list[str] = []
            places = prose_of_event(value)
            spoken = [part for part in reader.parts if part.pointer in places]
            for part in reader.parts:
                if closes and spoken and part is spoken[-1]:
                    self._lanes.last()
                self._look(part, place, masked, unread, prose=part.pointer in places)
            # A mask first: its place is that of the value as it came.
            return dict(withheld(rewrite(value, masked, self._bounds), unread))
        except FormatError as error:
            raise AgentError("bad_answer") from error

    def _look(self, part: Part, place: str, masked: dict[str, str], unread: list[str], *, prose: bool) -> None:
        if part.kind == "unreadable" or part.known:
            if self._lanes.unreadable(f"{place}{part.pointer}", "x") != "x":
                unread.append(part.pointer)
            return
        lane = self._open(f"{place}{part.pointer}", part.label, apart=bool(part.cuts), prose=prose)
        borders = (0, *part.cuts, len(part.text))
        shown = [lane.feed(part.text[start:end]) for start, end in pairwise(borders)]
        safe = "".join(shown) + lane.finish()
        if safe == part.text:
            return
        if part.kind != "text":
            raise AgentError("bad_answer")
        masked[part.pointer] = safe

    def _encoded(self, value: Any, member: str = "result") -> bytes:
        if self._call.binding == "JSONRPC":
            value = {"jsonrpc": "2.0", "id": self._call.id, member: value}
        elif member == "error":
            value = {"error": value}
        return b"data: " + write_json(value) + b"\n\n"


def _is_text(part: Any) -> bool:
    return type(part) is dict and type(part.get("text")) is str


def _text(holder: dict[str, Any], key: str) -> str:
    """A text that may be left out; `AgentError("bad_answer")` for anything else."""
    found = holder.get(key)
    if found is not None and type(found) is not str:
        raise AgentError("bad_answer")
    return found or ""


def _flag(holder: dict[str, Any], key: str) -> bool:
    """A flag that may be left out; `AgentError("bad_answer")` for anything else, which some readers take for true."""
    found = holder.get(key)
    if found is not None and type(found) is not bool:
        raise AgentError("bad_answer")
    return bool(found)
