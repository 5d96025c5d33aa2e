"""Tools as an agent defines them: each definition whole, with a digest by which a change of it is seen.

The digest is SHA-256 over the definition as sorted compact JSON, numbers as they were written: every member counts,
also those that no version of the protocol names, because a client may show any of them to a model.
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import msgspec

from gateway.agents.spelling import Spellings
from gateway.core.errors import AgentError

MAX_TOOLS = 1000
"""Tools in one list."""
_LIST = Spellings(("tools",))
_NAME = re.compile(r"[A-Za-z0-9_./-]{1,128}")
_sorted = msgspec.json.Encoder(order="sorted", decimal_format="number")
_HEADER = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}")
_MIRRORABLE = ("string", "integer", "boolean")


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """One tool. `body` is its definition as sorted JSON, `digest` `sha256:` and 64 hex digits of it."""

    name: str
    digest: str
    body: bytes


def definitions(value: Any) -> tuple[Definition, ...]:
    """The tools in the response to `tools/list`; none in an error. `AgentError("bad_answer")` for what is no such list.

    A tool whose name policy could not speak of is left out: nobody can be permitted to use it.
    """
    result = value.get("result") if type(value) is dict else None
    if result is None:
        return ()
    tools = result.get("tools") if type(result) is dict and not any(map(_LIST.meant, result)) else None
    if type(tools) is not list or len(tools) > MAX_TOOLS or not all(type(tool) is dict for tool in tools):
        raise AgentError("bad_answer")
    found: dict[str, Definition] = {}
    for tool in tools:
        name = tool.get("name")
        if type(name) is not str or name in found:
            raise AgentError("bad_answer")
        if _NAME.fullmatch(name):
            body = _sorted.encode(tool)
            found[name] = Definition(name=name, digest=f"sha256:{sha256(body).hexdigest()}", body=body)
    return tuple(found.values())


def only(value: Any, names: Iterable[str]) -> Any:
    """The response with these tools alone; itself where none is left out."""
    kept = frozenset(names)
    tools = [tool for tool in value["result"]["tools"] if tool["name"] in kept]
    if len(tools) == len(value["result"]["tools"]):
        return value
    return {**value, "result": {**value["result"], "tools": tools}}


def is_list(value: Any) -> bool:
    """Whether a response holds tools, or what some reader would take for them."""
    result = value.get("result") if type(value) is dict else None
    return type(result) is dict and any(key.casefold() == "tools" for key in result)


def input_schema(body: bytes) -> Any:
    """The schema of a tool's arguments; what allows any object where the tool has none."""
    return msgspec.json.decode(body).get("inputSchema", {"type": "object"})


def other_spelling(schema: Any, arguments: Any) -> str | None:
    """The property of a schema, at any depth that `properties` and `items` lead to, for which a name in the arguments
    stands in another spelling; None for none."""
    waiting: list[tuple[Any, Any]] = [(schema, arguments)]
    for node, given in waiting:  # which grows while it is gone through
        if type(node) is not dict:
            continue
        properties = node.get("properties")
        if type(given) is list:
            waiting += [(node.get("items"), item) for item in given if type(item) in (dict, list)]
        elif type(given) is dict and type(properties) is dict:
            if not given.keys() <= properties.keys():
                own = Spellings(properties)
                word = next((word for key in given if (word := own.meant(key)) is not None), None)
                if word is not None:
                    return word
            waiting += [(properties[key], item) for key, item in given.items() if key in properties]
    return None


def mirrored(schema: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Arguments that headers repeat (`x-mcp-header`; 2026-07-28, Transports, Custom Headers): name, and the way there.

    Only those that stand below nothing but `properties`; a schema with an annotation that is not valid has none.
    """
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    waiting: list[tuple[tuple[str, ...], Any]] = [((), schema)]
    while waiting:
        path, node = waiting.pop()
        if type(node) is not dict:
            continue
        if path and "x-mcp-header" in node:
            name = node["x-mcp-header"]
            good = type(name) is str and _HEADER.fullmatch(name) and name.lower() not in found
            if not good or node.get("type") not in _MIRRORABLE:
                return ()
            found[name.lower()] = (name, path)
        properties = node.get("properties")
        if type(properties) is dict:
            waiting += [((*path, key), inner) for key, inner in properties.items()]
    return tuple(sorted(found.values()))
