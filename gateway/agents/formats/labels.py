"""Labels on JSON: a JSON Schema says with `x-data-class` and `x-finding-type` what stands where in a document.

The schema is walked beside the document, so that a schema which refers to itself costs no more than the document is
deep. Everything that might apply applies: all alternatives of `anyOf` and `oneOf`, every `patternProperties`. A label
on an object or list holds for all that is in it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gateway.agents.bodies import MAX_PARTS, escape, named, over_89
from gateway.agents.formats.layout import Marking, joined
from gateway.core.errors import ConfigurationError
from gateway.core.message import Part

DECLARED = "x-declared-"
"""The finding type of a text of which no more is known than its data class: `x-declared-<class>`."""
_SAME = ("allOf", "anyOf", "oneOf")
_BRANCHES = ("if", "then", "else", "not")
_LAST = "1000000000"
"""An index beyond every `prefixItems`."""
MAX_SCHEMAS = 200
"""Schemas that may apply to one value at once."""
_PLAIN = Marking()


class Applied(msgspec.Struct, frozen=True):
    """The schemas that apply to a value, all that they refer to among them, and what they say of it."""

    schemas: tuple[Mapping[str, Any], ...]
    known: str


class Labels:
    """The labels of one schema. `document` is what its references lead into (`#/…`)."""

    def __init__(self, schema: object, document: object) -> None:
        self._document = document
        self._children: dict[tuple[tuple[int, ...], str, str, str | None], Applied] = {}
        self.root = self._applied([schema], "")

    def __bool__(self) -> bool:
        """Whether anything could be labelled."""
        return bool(self.root.schemas)

    def parts(self, value: object, prefix: str = "") -> list[Part]:
        """Every string, key and longer number of a document as `bodies.walk` gives them, and every other labelled
        scalar, with what is known of it."""
        found: list[Part] = []
        self._walk(value, self.root, prefix, "", found)
        return found

    def member(self, name: str) -> str:
        """What is known of the member of this name (a field of a form)."""
        return self._child(self.root, "key", name).known

    def _walk(self, value: object, applied: Applied, pointer: str, label: str, found: list[Part]) -> None:
        if len(found) >= MAX_PARTS:
            if found[-1].kind != "unreadable":
                found.append(Part(pointer, "", "unreadable"))
            return
        if isinstance(value, str):
            if value:
                found.append(Part(pointer, value, "text", label, applied.known))
        elif isinstance(value, dict):
            for key, item in value.items():
                place = f"{pointer}/{escape(key)}"
                if key:
                    found.append(Part(place, key, "name", "", applied.known if _foreign(applied, key) else ""))
                self._walk(item, self._child(applied, "key", key), place, named(key, label), found)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self._walk(item, self._child(applied, "item", str(index)), f"{pointer}/{index}", label, found)
        else:
            scalar(value, applied.known, pointer, label, found)

    def _child(self, applied: Applied, kind: str, step: str) -> Applied:
        """What applies one step further down. Remembered by what the schema tells apart, never by a caller's key."""
        if not applied.schemas:
            return applied
        told = _told(applied.schemas, kind, step)
        key = (tuple(id(schema) for schema in applied.schemas), applied.known, kind, told)
        child = self._children.get(key)
        if child is None:
            below = _members(applied.schemas, told) if kind == "key" else _items(applied.schemas, int(told or _LAST))
            child = self._children[key] = self._applied(list(below), applied.known)
        return child

    def _applied(self, schemas: list[object], inherited: str) -> Applied:
        """These schemas and all that they refer to or are made of."""
        known, seen = [inherited], set[int]()
        found: list[Mapping[str, Any]] = []
        while schemas:
            schema = schemas.pop()
            if not isinstance(schema, dict) or id(schema) in seen:
                continue
            seen.add(id(schema))
            if len(seen) > MAX_SCHEMAS:
                raise ConfigurationError(f"more than {MAX_SCHEMAS} schemas apply to one value")
            found.append(schema)
            known.append(label_of(schema).known)
            schemas += [inner for name in _SAME for inner in schema.get(name, ())]
            schemas += [schema[name] for name in _BRANCHES if name in schema]
            if "$ref" in schema:
                schemas.append(resolved(self._document, schema["$ref"]))
        return Applied(tuple(found), joined(*known))


def label_of(schema: Mapping[str, Any]) -> Marking:
    """What a schema itself says: `x-finding-type` first, so that masks are named for it, then `x-data-class`."""
    types = schema.get("x-finding-type", ())
    classes = schema.get("x-data-class", ())
    types = (types,) if isinstance(types, str) else types
    classes = (classes,) if isinstance(classes, str) else classes
    return Marking(" ".join((*types, *(DECLARED + name for name in classes)))) if types or classes else _PLAIN


def scalar(value: object, known: str, pointer: str, label: str, found: list[Part]) -> None:
    """A number or literal: it cannot hold a placeholder, so it is scanned and not maskable. Labelled ones always, the
    others from five digits up, and as ages above 89."""
    if value is None:
        return
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    if known:
        found.append(Part(pointer, text, "name", "", known))
    elif sum(character.isdigit() for character in text) >= 5:
        found.append(Part(pointer, f"{label}: {text}" if label else text, "name"))
    elif not isinstance(value, bool) and (told := over_89(label, value)):
        found.append(Part(pointer, told, "name"))


def resolved(document: object, reference: object) -> object:
    """What a reference within the document (`#/…`, RFC 6901 as a fragment) leads to. `ConfigurationError` for any
    other, and for one that leads nowhere: nothing is ever fetched."""
    if not isinstance(reference, str) or not reference.startswith("#/"):
        raise ConfigurationError("a $ref must lead into the document itself (#/…)")
    node = document
    for token in reference[2:].split("/"):
        step = token.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, dict) or step not in node:
            raise ConfigurationError("a $ref leads to nothing that is there")
        node = node[step]
    return node


def _foreign(applied: Applied, key: str) -> bool:
    """Whether a key is the caller's own: then what is declared of the object is said of it too."""
    return bool(applied.known) and not any(key in schema.get("properties", {}) for schema in applied.schemas)


def _told(schemas: tuple[Mapping[str, Any], ...], kind: str, step: str) -> str | None:
    """The step, where some schema speaks of just this key or index; None for all others, which are alike."""
    if kind == "key":
        named = any(step in schema.get(name, {}) for schema in schemas for name in ("properties", "dependentSchemas"))
        return step if named else None
    return step if any(int(step) < len(schema.get("prefixItems", ())) for schema in schemas) else None


def _members(schemas: tuple[Mapping[str, Any], ...], key: str | None) -> Iterator[object]:
    for schema in schemas:
        named = schema.get("properties", {})
        if key in named:
            yield named[key]
        yield from schema.get("patternProperties", {}).values()
        if key not in named:
            yield schema.get("additionalProperties")
            yield schema.get("unevaluatedProperties")
        yield schema.get("dependentSchemas", {}).get(key)


def _items(schemas: tuple[Mapping[str, Any], ...], index: int) -> Iterator[object]:
    for schema in schemas:
        first = schema.get("prefixItems", ())
        yield first[index] if index < len(first) else schema.get("items")
        yield schema.get("contains")
        yield schema.get("unevaluatedItems")


def from_pointers(fields: Mapping[str, Marking]) -> dict[str, Any]:
    """The schema that labels these JSON pointers; a step `*` is any key and any index."""
    root: dict[str, Any] = {}
    for pointer, marking in fields.items():
        node = root
        for step in pointer.split("/")[1:]:
            node = _stepped(node, step.replace("~1", "/").replace("~0", "~"))
        node.setdefault("x-finding-type", []).extend(marking.known.split())
    return root


def _stepped(node: dict[str, Any], step: str) -> dict[str, Any]:
    if step == "*":
        every: dict[str, Any] = node.setdefault("patternProperties", {}).setdefault("", {})
        node["contains"] = every
        return every
    named: dict[str, Any] = node.setdefault("properties", {}).setdefault(step, {})
    return named
