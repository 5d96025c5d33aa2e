"""Streamed chat completions on their way through: every text of a choice runs through a lane of its own.

The pieces of a choice mean something only when joined, per choice and per tool call, so each place in a choice that
carries text has one lane for the whole stream (`openai_choice`). What a lane holds back leaves before the choice's
finish reason, or before the end of the stream. Texts outside the choices are short and come whole; each is looked at
as it comes, and with what came in its place before (`beside`). Anything that cannot be read stops the stream: nothing
unread leaves. Events that differ from the one before in a piece of text alone are read the short way (`openai_repeat`).
"""

from typing import Any

from gateway.agents.beside import is_padding
from gateway.agents.bodies import read_json, write_json
from gateway.agents.event_filter import EventFilter
from gateway.agents.openai_choice import Choice, Texts
from gateway.agents.openai_repeat import Repeat
from gateway.agents.openai_words import model_name, tokens
from gateway.agents.sse import COMMENT, Event, encode
from gateway.core.errors import AgentError
from gateway.core.ports import Bounds, Lanes, TextFilter
from gateway.core.refusal import Refusal

MAX_EVENT = 1 << 20
"""Bytes of one event."""
MAX_CHOICES = 128
_FRAME = ("id", "object", "created", "model", "system_fingerprint", "service_tier")
_NOISE = frozenset({"choices", "obfuscation"})
"""`obfuscation` is random padding against guessing from lengths, which no longer fit once a text was changed."""
_PADDING = "p"
"""Under which other providers send such padding: the beginning of an alphabet, another length with each event."""


class OpenAIStream(EventFilter):
    """A `StreamFilter` (see `core.ports`) for `chat.completion.chunk` events. `quiet`: what the agent says of
    its tokens is noted and not passed on, since the caller has not asked for it."""

    def __init__(self, lanes: Lanes, bounds: Bounds, *, quiet: bool = False) -> None:
        super().__init__(bounds, MAX_EVENT)
        self._quiet = quiet
        self._texts = Texts(lanes)
        self._choices: dict[int, Choice] = {}
        self._frame: dict[str, Any] = {"object": "chat.completion.chunk"}
        self._repeat: Repeat | None = None
        self._again = 0
        """How many events since the one read last were read the short way."""

    def _pass(self, events: list[Event]) -> bytes:
        out: list[bytes] = []
        for event in events:
            if event.data is None:
                out.append(COMMENT)
            elif self._repeat is not None and (again := self._repeat.pass_on(event)) is not None:
                out.append(again)
                self._again += 1
            elif event.data.strip() == "[DONE]":
                out.append(self._rest())
                self.closing = encode(b"[DONE]")
                break
            else:
                out.append(self._chunk(event))
        return b"".join(out)

    def _chunk(self, event: Event) -> bytes:
        read = read_json((event.data or "").encode(), self._bounds)
        if isinstance(read, Refusal) or type(read.value) is not dict:
            raise AgentError("bad_answer")
        chunk: dict[str, Any] = read.value
        choices = chunk.get("choices")
        if event.name == "error" or chunk.get("error") is not None:
            raise AgentError("agent_failed")  # its own word of it: no chunk, and nothing that would have been misread
        if type(choices) not in (list, type(None)):
            raise AgentError("bad_answer")
        self._texts.beside.begin(self._again)
        self._again = 0
        safe = self._texts.settle({key: item for key, item in chunk.items() if not _is_noise(key, item)}, "")
        self._note(chunk)
        if self._quiet and safe.pop("usage", None) is not None and not choices:
            return b""
        self._frame.update((key, safe[key]) for key in _FRAME if key in safe)
        spoken: list[dict[str, Any]] = []
        rests: list[dict[str, Any]] = []
        passed: list[dict[str, Any]] = []
        for item in choices or ():
            self._take(item, spoken, rests, passed)
        going = self._texts.beside.going
        self._repeat = None if going else Repeat.of(event, chunk, safe, self._lane_of(choices))
        out = b"".join(self._event(pieces) for pieces in (spoken, rests) if pieces)
        if choices and not passed and safe.get("usage") is None:
            return out
        if choices is not None:
            safe["choices"] = passed
        return out + encode(write_json(safe))

    def _take(
        self, item: Any, spoken: list[dict[str, Any]], rests: list[dict[str, Any]], passed: list[dict[str, Any]]
    ) -> None:
        """Sort what one piece of a choice gives into the three events that it may become: its own text where it also
        ends the choice, then what was held back, then the end (or, where it does not end, just the piece)."""
        choice = self._choice(item)
        piece = choice.take(item)
        reason = item.get("finish_reason")
        if reason is None:
            if piece is not None:
                passed.append(piece)
            return
        end = choice.end(reason)
        if piece is not None and choice.spoke:
            spoken.append(piece)
        elif piece is not None:
            end = {**piece, "finish_reason": end["finish_reason"]}
        if not choice.finished:
            rest = choice.close()
            if rest is not None:
                rests.append(rest)
        passed.append(end)

    def _choice(self, item: Any) -> Choice:
        index = item.get("index", 0) if type(item) is dict else None
        if type(index) is not int or not 0 <= index < MAX_CHOICES:
            raise AgentError("bad_answer")
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = Choice(index, self._texts)
        return choice

    def _lane_of(self, choices: list[Any] | None) -> TextFilter | None:
        """The lane of the text of the first choice that a chunk is about, where it has one and may have more."""
        if not choices:
            return None
        choice = self._choice(choices[0])
        return None if choice.finished else choice.content

    def _event(self, pieces: list[dict[str, Any]]) -> bytes:
        """An event of the gateway's own making, in the frame of the agent's."""
        return encode(write_json({**self._frame, "choices": pieces}))

    def _rest(self) -> bytes:
        """What the lanes of choices without a finish reason still held when the agent said that it was done."""
        rests = [choice.close() for choice in self._choices.values() if not choice.finished]
        pieces = [rest for rest in rests if rest is not None]
        return self._event(pieces) if pieces else b""

    def _note(self, chunk: dict[str, Any]) -> None:
        usage = chunk.get("usage")
        self.model = self.model or model_name(chunk.get("model"))
        if usage is not None:
            self.tokens_in = tokens(usage, "prompt_tokens")
            self.tokens_out = tokens(usage, "completion_tokens")


def _is_noise(key: str, item: Any) -> bool:
    return key in _NOISE or (key == _PADDING and type(item) is str and is_padding(item))
