"""Reads the objects of the Responses protocol into parts: requests, their items and tools, and answers alike.

Default is that every string, key and longer number is a part; only exact words of the protocol (`responses_words`) are
left out. An object whose `type` is not one that is read here is an attachment, and so is what only the provider can
read (`encrypted_content`, an image in base64): one `unreadable` part each, never nothing.
"""

from typing import Any

from gateway.agents.bodies import Vocabulary, escape, member, walk
from gateway.agents.elsewhere import elsewhere
from gateway.agents.openai_beyond import ATTACHED, Beyond, attachment, tool_kind
from gateway.agents.responses_words import BODY, ECHOES, FREE_KEYS, SCHEMAS, TEXT_TYPES, TOOL
from gateway.core.message import Part

_CALLERS_OWN = frozenset({"function", "custom", "local_shell", "apply_patch", "namespace", "tool_search"})
"""Tools that the caller runs, or that only order other tools; everything else is run by the provider."""
_TEXTS = ("input_text", "output_text", "text", "refusal", "summary_text", "reasoning_text")
"""Types of what is read as it stands. No set: a type that is a list or an object is compared, too."""
_SAME = {"computer": "computer_use"}


class Reader:
    """Gathers the parts of one document in its order, and what it reaches beyond its text."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.beyond = Beyond()

    def request(self, value: dict[str, Any]) -> None:
        """The members of a request."""
        elsewhere(value, BODY.keys, self.beyond.contacts)
        for key, item in value.items():
            place = f"/{escape(key)}"
            if key == "model":
                self.parts.append(Part(place, item, "name"))
                continue
            if key == "input" and type(item) is list:
                self._items(item, place)
                continue
            if key == "previous_response_id":
                self.beyond.continues("openai-response", item)
            elif key == "conversation" and item is not None:
                # What a conversation is given, the provider keeps, whatever `store` says.
                self.beyond.continues("openai-conversation", item.get("id") if type(item) is dict else item)
                self.beyond.contacts("store")
            elif key == "prompt" and type(item) is dict:
                self.beyond.refers("openai-prompt", item.get("id"))
            elif key == "store" and item is True:
                self.beyond.contacts("store")
            self._entry(key, item, place, BODY)

    def answer(self, value: dict[str, Any]) -> None:
        """The members of an answer or an error."""
        self._look(value, "", BODY)

    def _items(self, items: list[Any], place: str) -> None:
        for index, item in enumerate(items):
            if type(item) is dict:
                self._refers(item)
            self._look(item, f"{place}/{index}", BODY)

    def _refers(self, item: dict[str, Any]) -> None:
        """Items that stand for others which the provider holds."""
        kind = item.get("type")
        bare = kind is None and "role" not in item
        if kind == "item_reference" or bare or (kind == "image_generation_call" and not item.get("result")):
            self.beyond.refers("openai-item", item.get("id"))
        elif kind == "mcp_approval_response" and item.get("approve") is not False:
            self.beyond.contacts("mcp")

    def _look(self, value: Any, place: str, vocabulary: Vocabulary, label: str = "") -> None:
        form = type(value)
        if form is dict:
            kind = value.get("type")
            attached = (kind is None or kind in _TEXTS) and not ATTACHED.isdisjoint(value)
            if (type(kind) is str and kind not in TEXT_TYPES) or attached:
                attachment(value, place, self.parts, self.beyond, vocabulary)
                return
            for key, item in value.items():
                self._entry(key, item, f"{place}/{escape(key)}", vocabulary, kind)
        elif form is list:
            for index, item in enumerate(value):
                self._look(item, f"{place}/{index}", vocabulary, label)
        else:
            walk(value, self.parts, place, vocabulary, label)

    def _entry(self, key: str, item: Any, place: str, vocabulary: Vocabulary, kind: Any = None) -> None:
        """One member of an object of the type `kind`."""
        form = type(item)
        if key == "encrypted_content" or (key == "result" and kind == "image_generation_call"):
            if item:
                self.parts.append(Part(place, "", "unreadable"))
        elif key == "variables" and form is dict:
            for name, value in item.items():
                member(name, None if type(value) is dict else value, self.parts, f"{place}/{escape(name)}")
                if type(value) is dict:
                    self._look(value, f"{place}/{escape(name)}", BODY)
        elif key in FREE_KEYS:
            walk(item, self.parts, place)
        elif key in ECHOES:
            walk(item, self.parts, place, vocabulary)
        elif key in SCHEMAS:
            member(key, item, self.parts, place, TOOL)
        elif key == "tools" and form is list and kind != "mcp_list_tools":
            self._tools(item, place)
        elif form is dict or form is list:
            self.beyond.holds(key, item)
            member(key, None, self.parts, place, vocabulary)
            self._look(item, place, vocabulary, "" if key in vocabulary.keys else key)
        else:
            self.beyond.holds(key, item)
            if key == "container":
                self.beyond.refers("container", item)
            member(key, item, self.parts, place, vocabulary)

    def _tools(self, tools: list[Any], place: str) -> None:
        for index, tool in enumerate(tools):
            at = f"{place}/{index}"
            self._contacts(tool)
            if type(tool) is dict:
                for key, item in tool.items():
                    self._tool_entry(key, item, f"{at}/{escape(key)}")
            else:
                walk(tool, self.parts, at, TOOL)

    def _tool_entry(self, key: str, item: Any, place: str) -> None:
        if key == "input_image_mask":
            attachment(item, place, self.parts, self.beyond, TOOL)
        else:
            self._entry(key, item, place, TOOL)

    def _contacts(self, tool: Any) -> None:
        kind = tool_kind(tool)
        if kind is None:
            self.beyond.contacts("tool")
        elif kind not in _CALLERS_OWN and not (kind == "shell" and _is_local(tool)):
            self.beyond.contacts(_SAME.get(kind, kind))


def _is_local(tool: dict[str, Any]) -> bool:
    environment = tool.get("environment")
    return type(environment) is dict and environment.get("type") == "local"
