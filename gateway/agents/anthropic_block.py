"""One content block of a streamed message: texts that its deltas join run through a lane each, all else is looked at
whole."""

from typing import Any

from gateway.agents.anthropic_texts import Texts
from gateway.agents.bodies import escape
from gateway.agents.json_pieces import JsonPieces
from gateway.core.errors import AgentError
from gateway.core.ports import TextFilter

_JOINED = {"text_delta": "text", "thinking_delta": "thinking", "compaction_delta": "content"}
"""Kinds of deltas that add to a text of their block, and the key of it, in the delta as in the block."""
_BEGUN = {"text": "text_delta", "thinking": "thinking_delta", "compaction": "compaction_delta"}
"""Kinds of blocks whose text such deltas add to."""


class Block:
    """The state of one block. `start` it, `take` each of its deltas in order, `close` it; then no text may follow."""

    def __init__(self, index: int, texts: Texts, depth: int) -> None:
        self._texts = texts
        self._place = f"/content/{index}"
        self._depth = depth
        self._lanes: dict[str, TextFilter] = {}
        self._input: JsonPieces | None = None
        self._thought = False
        self._kind: object = None
        self._citations = 0

    @property
    def prose(self) -> bool:
        return self._kind == "text"

    def start(self, block: dict[str, Any]) -> dict[str, Any]:
        """The block as it may leave. What its text holds already is the first piece of what deltas add to."""
        kind = self._kind = block.get("type")
        delta = _BEGUN.get(kind) if type(kind) is str else None
        begun = _JOINED.get(delta, "") if delta is not None else ""
        text = block.get(begun)
        if delta is None or type(text) is not str or not text:
            return self._settled(block)
        signature = block.get("signature")
        safe = self._settled({key: "" if key in (begun, "signature") else item for key, item in block.items()})
        safe[begun] = self._add(delta, text)
        if signature is not None:
            safe["signature"] = self._signed({"type": "signature_delta", "signature": signature})["signature"]
        return safe

    def take(self, delta: dict[str, Any]) -> dict[str, Any] | None:
        """The delta as it may leave; None when all it carried is held back."""
        kind = delta.get("type")
        if type(kind) is not str:
            raise AgentError("bad_answer")
        if kind in _JOINED:
            return self._joined(kind, delta)
        if kind == "input_json_delta":
            return self._json(delta)
        if kind == "signature_delta":
            return self._signed(delta)
        if kind == "citations_delta":
            self._citations += 1
            safe = self._texts.settle(delta, f"{self._place}/citations/{self._citations}")
        else:
            safe = self._texts.clean(delta, f"{self._place}/{escape(kind)}")
        return dict(safe)

    def close(self) -> list[dict[str, Any]]:
        """What the lanes still held, as deltas."""
        rests = [{"type": kind, _JOINED[kind]: self._tell(kind, lane.finish())} for kind, lane in self._lanes.items()]
        self._lanes = {}
        if self._input is not None:
            rests.append({"type": "input_json_delta", "partial_json": self._input.finish()})
            self._input = None
        return [rest for rest in rests if all(rest.values())]

    def _settled(self, block: dict[str, Any]) -> dict[str, Any]:
        return dict(self._texts.settle(block, self._place))

    def _add(self, kind: str, text: str) -> str:
        lane = self._lanes.get(kind)
        if lane is None:
            lane = self._lanes[kind] = self._texts.open(f"{self._place}/{_JOINED[kind]}", prose=self._is_prose(kind))
        self._thought = self._thought or kind != "text_delta"
        return self._tell(kind, lane.feed(text))

    def _is_prose(self, kind: str) -> bool:
        return kind == "text_delta" and self.prose

    def _tell(self, kind: str, text: str) -> str:
        return self._texts.tell(text) if self._is_prose(kind) else text

    def _joined(self, kind: str, delta: dict[str, Any]) -> dict[str, Any] | None:
        key = _JOINED[kind]
        text = delta.get(key)
        if type(text) is not str:
            if text is not None:
                raise AgentError("bad_answer")
            return self._beside(kind, key, delta)
        safe = self._add(kind, text) if text else text
        if text and not safe and len(delta) == 2:  # its type and its text
            return None
        return {**self._beside(kind, key, delta), key: safe}

    def _beside(self, kind: str, key: str, delta: dict[str, Any]) -> dict[str, Any]:
        """What else a delta carries; `encrypted_content` is the provider's own."""
        place = f"{self._place}/{kind}"
        own = {name: item for name, item in delta.items() if name not in (key, "type", "encrypted_content")}
        safe = {"type": kind, **self._texts.clean(own, place)}
        if key in delta:
            safe[key] = delta[key]
        if "encrypted_content" in delta:
            safe["encrypted_content"] = self._sealed(f"{place}/encrypted_content", delta["encrypted_content"])
        return safe

    def _json(self, delta: dict[str, Any]) -> dict[str, Any] | None:
        piece = delta.get("partial_json")
        if type(piece) is not str:
            raise AgentError("bad_answer")
        if self._input is None:
            self._input = JsonPieces(self._texts, f"{self._place}/input", self._depth)
        safe = self._input.feed(piece)
        if piece and not safe and len(delta) == 2:
            return None
        return {**self._beside("input_json_delta", "partial_json", delta), "partial_json": safe}

    def _signed(self, delta: dict[str, Any]) -> dict[str, Any]:
        """A signature passes unaltered or not at all. Where no thinking was shown it holds the thinking, encrypted."""
        signature = delta.get("signature")
        if type(signature) is not str:
            raise AgentError("bad_answer")
        place = f"{self._place}/signature"
        if not self._thought:
            signature = self._sealed(place, signature)
        elif signature:
            self._texts.joined(place, signature, token=True)
        return {**self._beside("signature_delta", "signature", delta), "signature": signature}

    def _sealed(self, place: str, item: Any) -> Any:
        if type(item) is str:
            return self._texts.unreadable(place, item)
        if item is not None:
            raise AgentError("bad_answer")
        return item
