"""What a Messages request makes an agent do beyond answering, and what it refers to that the provider holds.

Tools that the provider itself runs, servers and addresses that it would call, and threads that it would keep are each
a further disclosure (`onward:<kind>`). Files, containers, skills and earlier messages at the provider are content that
this gateway cannot read.
"""

from typing import Any, TypeAlias

import msgspec

from gateway.agents.anthropic_content import ADDRESSED
from gateway.agents.anthropic_words import REQUEST
from gateway.agents.elsewhere import elsewhere, leads_elsewhere

_RUN_BY_PROVIDER = {
    "web_search": "onward:web_search",
    "web_fetch": "onward:web_fetch",
    "code_execution": "onward:code_execution",
    "mcp_toolset": "onward:mcp",
    "advisor": "onward:advisor",
}
_RUN_BY_CALLER = (
    "bash_",
    "text_editor_",
    "computer_",
    "browser_toolset_",
    "memory_",
    "tool_search_tool_",
)
"""Kinds of tools that the caller runs, or (`tool_search_tool_`) that only search the tools of the request itself."""
_OTHER = "onward:tool"
"""A tool of a kind that is not known here: somebody other than the caller may run it."""
Names: TypeAlias = tuple[str, ...]


class Beyond(msgspec.Struct, frozen=True):
    """Onward actions, references to what the provider holds, and sessions that a request continues; each once."""

    onward: Names
    references: Names
    sessions: Names


def beyond(value: dict[str, Any]) -> Beyond:
    """What a request asks for beyond its answer. Any document will do: another form is the schema's to refuse."""
    onward: dict[str, None] = {}
    references: dict[str, None] = {}
    for tool in _items(value.get("tools")):
        _tool(tool, onward)
    elsewhere(value, REQUEST.keys, lambda kind: onward.update({f"onward:{kind}": None}))
    _container(value.get("container"), onward, references)
    _content(value.get("system"), onward, references)
    _content(value.get("messages"), onward, references)
    sessions = _continued(value, onward, references)
    return Beyond(tuple(onward), tuple(references), sessions)


def held(document: Any, *, kept: bool) -> Names:
    """Names of what the provider holds after an answer: its container, its files, and the message where it keeps it."""
    if type(document) is not dict:
        return ()
    found: dict[str, None] = {}
    container = document.get("container")
    if type(container) is dict:
        _name("container", container.get("id"), found)
    _files(document.get("content"), found)
    if kept:
        _name("anthropic-message", document.get("id"), found)
    return tuple(found)


def keeps(document: Any) -> bool:
    """Whether the provider was asked to keep the conversation."""
    return type(document) is dict and document.get("thread") is not None


def _tool(tool: Any, onward: dict[str, None]) -> None:
    """A tool without a kind is one that the caller defines and runs."""
    kind = tool.get("type") if type(tool) is dict else None
    if kind is None or kind == "custom":
        return
    if type(kind) is not str:
        onward[_OTHER] = None
        return
    if kind.startswith(_RUN_BY_CALLER):
        return
    onward[next((action for name, action in _RUN_BY_PROVIDER.items() if kind.startswith(name)), _OTHER)] = None


def _container(value: Any, onward: dict[str, None], references: dict[str, None]) -> None:
    """A container at the provider (its id, or an object with one), and skills that run in it."""
    if type(value) is str:
        _name("container", value, references)
    elif type(value) is dict:
        _name("container", value.get("id"), references)
        for skill in _items(value.get("skills")):
            onward["onward:code_execution"] = None
            if type(skill) is dict and skill.get("type") != "anthropic":
                _name("skill", skill.get("skill_id"), references)


def _continued(value: dict[str, Any], onward: dict[str, None], references: dict[str, None]) -> Names:
    """A thread is kept by the provider; one that is continued brings what it holds with it."""
    diagnostics, thread = value.get("diagnostics"), value.get("thread")
    if type(diagnostics) is dict:
        _name("anthropic-message", diagnostics.get("previous_message_id"), references)
    if thread is None:
        return ()
    onward["onward:store"] = None
    sessions: dict[str, None] = {}
    if type(thread) is dict:
        _name("anthropic-message", thread.get("previous_message_id"), sessions)
    references.update(sessions)
    return tuple(sessions)


def _content(value: Any, onward: dict[str, None], references: dict[str, None]) -> None:
    """Addresses that the provider would fetch, files that it holds, and tools that are added on the way."""
    stack = [value]
    while stack:
        item = stack.pop()
        if type(item) is list:
            stack.extend(reversed(item))
        elif type(item) is dict:
            if _is_fetched(item):
                onward["onward:url"] = None
            if "definition" in item:
                _tool(item["definition"], onward)
            _name("file", item.get("file_id"), references)
            stack.extend(child for key, child in reversed(item.items()) if key != "input")


def _is_fetched(item: dict[str, Any]) -> bool:
    """Whether an object's content lies at an address."""
    source = item.get("source")
    kind = source.get("type") if type(source) is dict else None
    if type(source) is dict and kind not in ("base64", "file", "text", "content"):
        return True
    bare = kind == "base64" or (type(source) is str and item.get("type") != "search_result")
    return (bare and leads_elsewhere(source)) or any(item.get(key) is not None for key in ADDRESSED)


def _files(value: Any, found: dict[str, None]) -> None:
    stack = [value]
    while stack:
        item = stack.pop()
        if type(item) is list:
            stack.extend(reversed(item))
        elif type(item) is dict:
            _name("file", item.get("file_id"), found)
            stack.extend(child for key, child in reversed(item.items()) if key != "input")


def _name(kind: str, value: Any, found: dict[str, None]) -> None:
    if type(value) is str and value:
        found[f"{kind}:{value}"] = None


def _items(value: Any) -> list[Any]:
    return value if type(value) is list else []
