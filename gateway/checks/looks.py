"""How often a validator looks at a document for a schema of somebody else's, told before it looks once.

Whoever writes a JSON Schema decides how much work it makes: references that name each other twice, alternatives that
meet the same value again one level deeper, `unevaluatedProperties` within each other take hours with a kilobyte of
schema. What a document costs is the sum over all ways that lead from the root of the schema to a subschema and a value;
each pair of these is counted once here and remembered, so that counting takes no more steps than there are pairs.

A pattern runs in time linear in the text that it is held to, and in how often it repeats itself: long texts count for
more than one look.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

MAX_LOOKS = 2_000_000
"""What a document may cost: some 0.2 seconds."""
MAX_PAIRS = 100_000
"""Pairs of a subschema and a value, beyond which nobody counts on."""
_SINGLE = ("not", "if", "then", "else", "additionalProperties", "items", "additionalItems", "contains", "propertyNames")
_SAME = frozenset({"not", "if", "then", "else"})
"""Keywords whose subschemas are held to the very value, as those of `_LISTS` and `_MAPS` but the named ones are."""
_LISTS = ("allOf", "anyOf", "oneOf")
_LATE = ("unevaluatedProperties", "unevaluatedItems")
"""They look again at all that stands beside them, once for each member at most."""
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_LONG = ("enum", "required", "dependentRequired")
"""What takes longer the longer it is."""
_REPEATED = re.compile(r"\{(?:[0-9]+,)?([0-9]+)\}")
_LONG_TEXT = 4_096
"""Characters up to which a text is held to a pattern in no time."""
_SHARE = 4
"""Characters that are read in one look by a pattern that repeats nothing."""
_STATES, _MOST_STATES = 64, 200_000
"""Repetitions that double that, and the most that a pattern can have."""
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


class Unbounded(Exception):
    """A schema that nobody can say the cost of. The message is of this code only."""


class _Beyond(Exception):
    """More than may be."""


class _Node:
    """A subschema: what is held to its value, and what to the values inside of that."""

    __slots__ = ("items", "keys", "late", "members", "names", "others", "pattern", "prefix", "same", "weight")

    def __init__(self) -> None:
        self.weight = 1
        self.pattern = self.keys = 0
        """What a look by the pattern counts for, and by those of `patternProperties`; 0 where there is none."""
        self.same: list[int] = []
        self.members: dict[str, int] = {}
        self.others: list[int] = []
        """For members that have no subschema of their own, or have this one beside it."""
        self.names: list[int] = []
        self.prefix: list[int] = []
        self.items: list[int] = []
        self.late = False

    def inside(self) -> Iterator[int]:
        yield from self.members.values()
        for some in (self.others, self.names, self.prefix, self.items):
            yield from some


class Looks:
    """Counts for one schema. `Unbounded` for one with references that cannot be followed here (to another document, or
    past an `$id` of a part), or that holds one value to itself without end."""

    def __init__(self, schema: Any) -> None:
        self._root_schema = schema
        self._nodes: list[_Node] = []
        self._known: dict[int, int] = {}
        self._waiting: list[tuple[int, Mapping[str, Any]]] = []
        self._anchors = _anchors(schema)
        self._root = self._node(schema)
        while self._waiting:
            self._read(*self._waiting.pop())
        if self._turns(lambda node: node.same) is None:
            raise Unbounded("a schema that refers to itself for the same value")
        order = self._turns(lambda node: (*node.same, *node.inside()))
        late = any(node.late for node in self._nodes)
        self.most = None if order is None or late else self._most(order)
        """The most looks that one value can cost in any document; None where that grows with how deep it lies."""
        self._plain = not any(node.pattern or node.keys for node in self._nodes)

    def within(self, document: Any) -> bool:
        """Whether a document costs no more than `MAX_LOOKS`."""
        if self._plain and self.most is not None and count(document, MAX_LOOKS // self.most) * self.most <= MAX_LOOKS:
            return True
        return self.of(document) <= MAX_LOOKS

    def of(self, document: Any) -> int:
        """What a document costs; a number above `MAX_LOOKS` where that is too much to be counted."""
        try:
            return self._visit(self._root, document, {})
        except (_Beyond, RecursionError):
            return MAX_LOOKS + 1

    def _visit(self, index: int, value: Any, known: dict[tuple[int, int], int]) -> int:
        """`known`: what was counted. Values with nothing inside are all alike."""
        kind = type(value)
        long = kind is str and len(value) > _LONG_TEXT
        pair = (index, id(value) if long or kind is dict or kind is list else 0)
        cost = known.get(pair)
        if cost is not None:
            return cost
        if len(known) >= MAX_PAIRS:
            raise _Beyond
        node = self._nodes[index]
        cost = sum(self._visit(one, value, known) for one in node.same)
        if long:
            cost += len(value) // _SHARE * node.pattern
        elif kind is dict:
            cost *= 2 + len(value) if node.late else 1
            for name, item in value.items():
                if node.keys and len(name) > _LONG_TEXT:
                    cost += len(name) // _SHARE * node.keys
                if name in node.members:
                    cost += self._visit(node.members[name], item, known)
                cost += sum(self._visit(one, item, known) for one in node.others)
                cost += sum(self._visit(one, name, known) for one in node.names)
        elif kind is list:
            cost *= 2 + len(value) if node.late else 1
            for at, item in enumerate(value):
                if at < len(node.prefix):
                    cost += self._visit(node.prefix[at], item, known)
                cost += sum(self._visit(one, item, known) for one in node.items)
        cost += node.weight
        if cost > MAX_LOOKS:
            raise _Beyond
        known[pair] = cost
        return cost

    # ------------------------------------------------------------------------------------------------ what is written

    def _node(self, schema: Any) -> int:
        """The number of a subschema, which is read later."""
        found = self._known.get(id(schema)) if type(schema) is dict else None
        if found is None:
            found = len(self._nodes)
            self._nodes.append(_Node())
            if type(schema) is dict:
                self._known[id(schema)] = found
                self._waiting.append((found, schema))
        return found

    def _read(self, index: int, schema: Mapping[str, Any]) -> None:
        node = self._nodes[index]
        node.weight += sum(len(schema[name]) for name in _LONG if isinstance(schema.get(name), list | dict))
        patterns = [schema["pattern"]] if type(schema.get("pattern")) is str else []
        node.pattern = sum(map(_repeats, patterns))
        node.keys = sum(map(_repeats, _named(schema.get("patternProperties"))))
        for name in _REFERENCES:
            if isinstance(schema.get(name), str):
                node.same += map(self._node, self._targets(schema[name], static=name == "$ref"))
        for name in _LISTS:
            node.same += map(self._node, _several(schema.get(name)))
        for name in ("dependentSchemas", "dependencies"):
            node.same += (self._node(one) for one in _named(schema.get(name)).values() if type(one) is not list)
        node.members = {key: self._node(one) for key, one in _named(schema.get("properties")).items()}
        node.others += map(self._node, _named(schema.get("patternProperties")).values())
        for name in (*_SINGLE, *_LATE):
            if name in schema:
                self._single(node, name, schema[name])
        node.prefix += map(self._node, _several(schema.get("prefixItems")))

    def _single(self, node: _Node, name: str, value: Any) -> None:
        if name == "items" and type(value) is list:  # as it was before 2020-12
            node.prefix += map(self._node, value)
            return
        one = self._node(value)
        node.late = node.late or name in _LATE
        if name in _SAME:
            node.same.append(one)
        elif name == "propertyNames":
            node.names.append(one)
        elif name in ("additionalProperties", "unevaluatedProperties"):
            node.others.append(one)
        else:
            node.items.append(one)

    def _targets(self, reference: str, *, static: bool) -> list[Any]:
        """What a reference may lead to: one, but for those that are looked up where the validator is."""
        root = self._root_schema
        own = root.get("$id") if type(root) is dict else None
        if type(own) is str and reference.startswith(own.rstrip("#")):
            reference = "#" + reference[len(own.rstrip("#")) :].lstrip("#")
        if not reference.startswith("#"):
            raise Unbounded("a reference that leads to another document")
        fragment = unquote(reference[1:])
        if fragment and not fragment.startswith("/"):
            found = self._anchors.get(fragment, [])
        else:
            found = [_pointed(root, fragment)]
        if not found or (static and len(found) > 1):
            raise Unbounded("a reference that leads nowhere, or to several")
        return found

    # ------------------------------------------------------------------------------------------------------ its form

    def _turns(self, following: Any) -> list[int] | None:
        """All subschemas, those that one leads to before it; None where one leads to itself."""
        order: list[int] = []
        state = [0] * len(self._nodes)
        for start in range(len(self._nodes)):
            if state[start]:
                continue
            state[start] = 1
            ways = [(start, iter(following(self._nodes[start])))]
            while ways:
                index, rest = ways[-1]
                step = next(rest, None)
                if step is None:
                    state[index] = 2
                    order.append(index)
                    ways.pop()
                elif state[step] == 1:
                    return None
                elif not state[step]:
                    state[step] = 1
                    ways.append((step, iter(following(self._nodes[step]))))
        return order

    def _most(self, order: list[int]) -> int | None:
        """The cost of the root, were every subschema held to one value. None beyond what a document may cost."""
        costs = [0] * len(self._nodes)
        for index in order:
            node = self._nodes[index]
            costs[index] = node.weight + sum(costs[one] for one in (*node.same, *node.inside()))
        return costs[self._root] if costs[self._root] <= MAX_LOOKS else None


def _repeats(pattern: str) -> int:
    """What a look by a pattern counts for: more, the more states it has, all of which may be alive at a character."""
    states = 1
    for found in _REPEATED.finditer(pattern):
        states = min(states * max(1, int(found[1][:9])), _MOST_STATES)
    return 1 + states // _STATES


def _several(value: Any) -> Iterable[Any]:
    return value if type(value) is list else ()


def _named(value: Any) -> Mapping[str, Any]:
    return value if type(value) is dict else {}


def _anchors(schema: Any) -> dict[str, list[Any]]:
    """Subschemas by the names that they give themselves. `Unbounded` where a part says that it is a document."""
    found: dict[str, list[Any]] = {}
    waiting = [schema]
    while waiting:
        value = waiting.pop()
        if type(value) is list:
            waiting += value
        elif type(value) is dict:
            waiting += value.values()
            if value is not schema and type(value.get("$id")) is str:
                raise Unbounded("a part with an $id of its own")
            for name in ("$anchor", "$dynamicAnchor"):
                if type(value.get(name)) is str:
                    found.setdefault(value[name], []).append(value)
    return found


def _pointed(schema: Any, pointer: str) -> Any:
    """What a JSON pointer (RFC 6901) leads to."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if type(schema) is dict and key in schema:
            schema = schema[key]
        elif type(schema) is list and _INDEX.fullmatch(key) and int(key) < len(schema):
            schema = schema[int(key)]
        else:
            raise Unbounded("a reference that leads nowhere, or to several")
    return schema


def count(document: Any, stop: int) -> int:
    """Values in a document; not on beyond `stop`."""
    count, waiting = 0, [document]
    while waiting and count <= stop:
        value = waiting.pop()
        count += 1
        if type(value) is dict:
            waiting += value.values()
            count += len(value)  # the names
        elif type(value) is list:
            waiting += value
    return count
