"""What a schema of somebody else's would make a document cost is known before anybody looks."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.looks import MAX_LOOKS, MAX_PAIRS, Looks, Unbounded

TREE: dict[str, Any] = {
    "type": "object",
    "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}, "name": {"type": "string"}},
    "additionalProperties": False,
}
FILTER: dict[str, Any] = {
    "$defs": {
        "one": {"type": "object", "required": ["field"], "properties": {"field": {"type": "string"}}},
        "all": {"type": "object", "properties": {"and": {"type": "array", "items": {"$ref": "#/$defs/any"}}}},
        "any": {"anyOf": [{"$ref": "#/$defs/one"}, {"$ref": "#/$defs/all"}]},
    },
    "properties": {"filter": {"$ref": "#/$defs/any"}},
}


def twice(levels: int) -> dict[str, Any]:
    """Each level holds its value to the next one twice."""
    both = {f"a{at}": {"allOf": [{"$ref": f"#/$defs/a{at + 1}"}] * 2} for at in range(levels)}
    return {"$ref": "#/$defs/a0", "$defs": {**both, f"a{levels}": {"type": "object"}}}


def nested(depth: int, leaf: Any = 1) -> Any:
    for _ in range(depth):
        leaf = {"a": leaf}
    return leaf


def late(levels: int) -> Any:
    """Members that nothing has looked at, asked for at each level of alternatives that hold the same value."""
    schema: dict[str, Any] = {"type": "object"}
    for _ in range(levels):
        schema = {"unevaluatedProperties": {"type": "integer"}, "anyOf": [schema, {"type": "string"}]}
    return schema


BRANCHING: dict[str, Any] = {
    "anyOf": [
        {"properties": {"a": {"$ref": "#"}}, "required": ["b"]},
        {"properties": {"a": {"$ref": "#"}}, "required": ["c"]},
    ]
}


def test_trees_and_filters_of_any_sensible_depth_are_looked_at() -> None:
    tree: Any = {"name": "leaf"}
    for _ in range(9):
        tree = {"left": tree, "right": {"name": "r"}, "name": "n"}
    assert Looks(TREE).within(tree)
    filters: Any = {"field": "a"}
    for _ in range(9):
        filters = {"and": [filters, {"field": "b"}]}
    assert Looks(FILTER).within({"filter": filters})


def test_what_is_nowhere_deeper_is_counted_without_looking_at_the_document_twice() -> None:
    looks = Looks({"properties": {"a": {"enum": [1, 2, 3]}, "b": {"items": {"type": "string"}}}, "required": ["a"]})
    assert looks.most == (1 + 1) + (1 + 3) + 1 + 1
    assert looks.within({"a": 1, "b": ["x"] * 100_000})
    assert (Looks(TREE).most, Looks(late(1)).most, Looks(twice(40)).most) == (None, None, None)
    assert Looks(True).most == Looks(False).most == Looks({}).most == 1


@pytest.mark.parametrize(
    ("schema", "document"),
    [
        (twice(40), {}),
        (BRANCHING, nested(60)),
        (late(20), {"a": 1, "b": 2}),
        ({"items": {"allOf": [{"type": "integer"}] * 4_000}}, [1] * 4_000),
        ({"patternProperties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}}, nested(60)),
        ({"unevaluatedItems": {"$ref": "#"}, "anyOf": [{"items": {"$ref": "#"}}, True]}, [[[[[[[[[[[[[]]]]]]]]]]]]]),
    ],
)
def test_what_would_take_hours_is_beyond(schema: Any, document: Any) -> None:
    looks = Looks(schema)
    assert not looks.within(document)
    assert looks.of(document) == MAX_LOOKS + 1


def test_a_pattern_that_repeats_itself_is_held_to_no_long_text() -> None:
    often, text = r"^[01]*1[01]{5000}$", "01" * 300_000
    assert Looks({"pattern": often}).within("01" * 2_000)
    assert not Looks({"pattern": often}).within(text)
    assert not Looks({"properties": {"a": {"pattern": "(?:a{1,90}){1,90}"}}}).within({"a": text})
    assert not Looks({"patternProperties": {often: True}}).within({text: 1})
    for plain in (r"\S", r"^.{1,80}$", "^[0-9a-f]{8}-[0-9a-f]{4}$"):
        assert Looks({"pattern": plain, "patternProperties": {plain: True}}).within(text)


def test_values_that_nothing_is_held_to_cost_nothing() -> None:
    assert Looks(TREE).of([nested(5)] * 1_000) == 1


def test_a_document_with_more_pairs_than_anybody_counts_is_beyond() -> None:
    assert not Looks({"items": {"$ref": "#"}}).within([[] for _ in range(MAX_PAIRS)])


def test_a_document_that_is_deeper_than_anybody_reads_is_beyond() -> None:
    assert not Looks(TREE).within(_left(100_000))


def _left(depth: int) -> Any:
    tree: Any = {}
    for _ in range(depth):
        tree = {"left": tree}
    return tree


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"$ref": "#/$defs/a", "$defs": {"a": {"not": {"$ref": "#/$defs/b"}}, "b": {"if": {"$ref": "#/$defs/a"}}}},
        {"$dynamicAnchor": "n", "anyOf": [{"$dynamicRef": "#n"}]},
        {"$recursiveAnchor": True, "allOf": [{"$recursiveRef": "#"}]},
        {"dependentSchemas": {"a": {"$ref": "#"}}},
        {"dependencies": {"a": {"$ref": "#"}}},
        {"$ref": "https://elsewhere.test/schema"},
        {"$ref": "other.json"},
        {"$ref": "#nowhere"},
        {"$ref": "#/$defs/nowhere"},
        {"$ref": "#/allOf/9", "allOf": [True]},
        {"$ref": "#twice", "$defs": {"a": {"$anchor": "twice"}, "b": {"$anchor": "twice"}}},
        {"properties": {"a": {"$id": "https://a.test/inner", "$ref": "#"}}},
    ],
)
def test_what_nobody_can_say_the_cost_of_is_refused(schema: Any) -> None:
    with pytest.raises(Unbounded):
        Looks(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/a~1b%25", "$defs": {"a/b%": {"type": "object"}}},
        {"$ref": "#here", "$defs": {"a": {"$anchor": "here"}}},
        {"$id": "https://a.test/s", "properties": {"a": {"$ref": "https://a.test/s#/$defs/x"}}, "$defs": {"x": {}}},
        {"$ref": "#/allOf/0", "allOf": [True]},
        {"properties": {"$id": {"type": "string"}, "$ref": {"type": "string"}}},
        {"items": [{"type": "string"}, True], "additionalItems": False},
        {"dependencies": {"a": ["b"]}},
    ],
)
def test_references_within_a_document_are_followed(schema: Any) -> None:
    assert Looks(schema).within({"a": {}, "$id": "x", "$ref": "y"})


def test_each_keyword_holds_what_it_holds() -> None:
    for keyword, document, cost in (
        ("additionalProperties", {"a": 1, "b": 2}, 3),
        ("propertyNames", {"a": 1, "b": 2}, 3),
        ("items", [1, 2, 3], 4),
        ("contains", [1, 2, 3], 4),
        ("not", {"a": 1}, 2),
        ("if", 1, 2),
        ("prefixItems", [1, 2, 3], 2),
        ("allOf", [1], 2),
        ("properties", {"a": 1, "b": 2}, 2),
        ("patternProperties", {"a": 1, "b": 2}, 3),
        ("unevaluatedProperties", {"a": 1, "b": 2}, 3),
        ("unevaluatedItems", [1, 2], 3),
        ("items", {"a": 1}, 1),
        ("properties", [1], 1),
    ):
        inner: Any = [{}] if keyword in ("prefixItems", "allOf") else {"a": {}} if "roperties" in keyword[-10:] else {}
        if keyword in ("additionalProperties", "unevaluatedProperties"):
            inner = {}
        assert Looks({keyword: inner}).of(document) == cost, keyword


LEAVES = st.sampled_from([True, {}, {"type": "string"}, {"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}])
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda some: {"anyOf": some}, st.lists(inner, max_size=3)),
        st.builds(lambda some: {"properties": some}, st.dictionaries(st.sampled_from("ab"), inner, max_size=2)),
        st.builds(lambda one: {"additionalProperties": one}, inner),
        st.builds(lambda one: {"items": one}, inner),
        st.builds(lambda one, some: {"unevaluatedProperties": one, "allOf": some}, inner, st.lists(inner, max_size=2)),
    ),
    max_leaves=6,
)
DOCUMENTS = st.recursive(
    st.just(1),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=6,
)


def naive(root: Any, schema: Any, value: Any) -> int:
    """The same, with nothing remembered."""
    if type(schema) is bool:
        return 1
    if "$ref" in schema:
        return 1 + naive(root, root["$defs"][schema["$ref"][-1]], value)
    cost = sum(naive(root, one, value) for name in ("anyOf", "allOf") for one in schema.get(name, ()))
    if "unevaluatedProperties" in schema and isinstance(value, dict | list):
        cost *= 2 + len(value)
    if isinstance(value, dict):
        for key, item in value.items():
            cost += naive(root, schema["properties"][key], item) if key in schema.get("properties", {}) else 0
            for name in ("additionalProperties", "unevaluatedProperties"):
                cost += naive(root, schema[name], item) if name in schema else 0
    elif isinstance(value, list):
        cost += sum(naive(root, schema["items"], item) for item in value) if "items" in schema else 0
    return cost + 1


@given(SCHEMAS, SCHEMAS, SCHEMAS, DOCUMENTS)
@settings(max_examples=100, deadline=None)
def test_what_is_remembered_is_counted_as_often_as_it_is_met(top: Any, a: Any, b: Any, document: Any) -> None:
    schema = {"allOf": [top], "$defs": {"a": a, "b": b}}
    try:
        looks = Looks(schema)
    except Unbounded:
        return
    assert looks.of(document) == min(naive(schema, schema, document), MAX_LOOKS + 1)
    assert looks.within(document)


WORDS = ["$ref", "$id", "$anchor", "items", "anyOf", "properties", "enum", "prefixItems", "not", "$defs"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=8,
)


@given(ANYTHING)
@settings(max_examples=100, deadline=None)
def test_whatever_somebody_calls_a_schema_is_counted_or_refused(schema: Any) -> None:
    with suppress(Unbounded):
        Looks(schema).within({"a": [1]})
