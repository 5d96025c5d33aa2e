"""Documents against their schema: where and by which rule they fail, never by what value."""

import http.server
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.looks import count
from gateway.checks.schema import MAX_HINT, MAX_TOLD, Schema
from gateway.core.errors import ConfigurationError
from gateway.core.refusal import Refusal
from tests.checks.test_looks import twice

NOTE = Schema(
    {
        "type": "object",
        "required": ["kind", "text"],
        "properties": {
            "kind": {"enum": ["summary", "letter", 3]},
            "text": {"type": "string", "minLength": 2, "maxLength": 20},
            "pages": {"type": "integer", "minimum": 1, "exclusiveMaximum": 9, "multipleOf": 2},
            "tags": {
                "type": "array",
                "items": {"type": "string", "pattern": "^[a-z]+$"},
                "uniqueItems": True,
                "maxItems": 3,
            },
            "when": {"format": "date"},
            "v": {"const": 1},
            "a/b~c": {"type": "null"},
            "of": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
            "any": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            "no": {"not": {"type": "string"}},
            "never": False,
            "names": {"propertyNames": {"maxLength": 3}},
            "map": {"additionalProperties": {"type": "integer"}},
        },
        "additionalProperties": False,
    }
)
GOOD = {"kind": "summary", "text": "well"}


def test_a_document_that_fits_is_not_refused() -> None:
    assert NOTE.validate({**GOOD, "pages": 4, "tags": ["a", "b"], "when": "2026-01-02", "v": 1, "of": 1}) is None


@pytest.mark.parametrize(
    ("document", "field", "hint"),
    [
        ([], "", "must be of type object"),
        ({"kind": "summary"}, "", 'must have the member "text"'),
        ({**GOOD, "kind": "XYZZY"}, "/kind", 'must be one of "summary", "letter", 3'),
        ({**GOOD, "text": 5}, "/text", "must be of type string"),
        ({**GOOD, "text": "X"}, "/text", "must be at least 2 characters"),
        ({**GOOD, "text": "XYZZY" * 9}, "/text", "must be at most 20 characters"),
        ({**GOOD, "pages": 0}, "/pages", "must be at least 1"),
        ({**GOOD, "pages": 10}, "/pages", "must be less than 9"),
        ({**GOOD, "pages": 3}, "/pages", "must be a multiple of 2"),
        ({**GOOD, "tags": ["a", "XYZZY"]}, "/tags/1", "must match the pattern ^[a-z]+$"),
        ({**GOOD, "tags": ["a", "a"]}, "/tags", "must not contain the same item twice"),
        ({**GOOD, "tags": list("abcd")}, "/tags", "must be at most 3 items"),
        ({**GOOD, "when": "XYZZY"}, "/when", "must be in the format date"),
        ({**GOOD, "v": 2}, "/v", "must be 1"),
        ({**GOOD, "a/b~c": 1}, "/a~1b~0c", "must be of type null"),
        ({**GOOD, "of": None}, "/of", "must fit exactly one of the alternatives of the schema"),
        ({**GOOD, "any": None}, "/any", "must fit at least one of the alternatives of the schema"),
        ({**GOOD, "no": "XYZZY"}, "/no", "must not be of the form that the schema excludes"),
        ({**GOOD, "never": 1}, "/never", "must not be there"),
        ({**GOOD, "names": {"XYZZY": 1}}, "/names", "must have member names that each must be at most 3 characters"),
        ({**GOOD, "XYZZY": 1}, "", "must have no members but those that the schema names"),
        ({**GOOD, "map": {"XYZZY": "XYZZY"}}, "/map/*", "must be of type integer"),
    ],
)
def test_a_refusal_says_where_and_by_which_rule_and_never_the_value(document: Any, field: str, hint: str) -> None:
    assert NOTE.validate(document) == Refusal(code="schema_violation", field=field, hint=hint)
    assert "XYZZY" not in hint + field


def test_a_long_hint_is_cut() -> None:
    found = Schema({"enum": ["x" * 50 + str(index) for index in range(50)]}).validate("y")
    assert found is not None
    assert len(found.hint or "") == MAX_HINT


@pytest.mark.parametrize("document", ["\ud800", {"\ud800": 1}, {1: 2}, b"x", {"a": object()}, {"a": {1, 2}}])
def test_what_is_no_json_is_refused_not_raised(document: object) -> None:
    found = Schema({"type": "object", "additionalProperties": {"type": "integer"}}).validate(document)
    assert found is not None
    assert found.code == "schema_violation"


def test_endless_nesting_is_answered_not_raised() -> None:
    nested: list[Any] = []
    for _ in range(5000):
        nested = [nested]
    Schema({"type": "array", "items": {"$ref": "#"}}).validate(nested)


def test_no_reference_ever_leads_to_the_network_or_a_file() -> None:
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        for schema in (
            {"$ref": f"{base}/a.json"},
            {"$dynamicRef": f"{base}/b.json"},
            {"$id": f"{base}/c.json", "$ref": "d.json"},
            {"properties": {"a": {"$ref": f"{base}/e.json"}}},
            {"$ref": "file:///etc/hostname"},
        ):
            with pytest.raises(ConfigurationError):
                Schema(schema)
        with pytest.raises(ConfigurationError, match=r"\$schema"):
            Schema({"$schema": f"{base}/dialect"})
        server.shutdown()
    assert asked == []


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "strin"},
        {"pattern": "(?=a)b"},
        {"pattern": "(a)\\1"},
        {"pattern": "("},
        {"$ref": "#/$defs/nothing"},
        {"$schema": "http://json-schema.org/draft-07/schema#"},
        {"required": "a"},
        {"type": {"\ud800": 1}},
        {"const": {1: 2}},
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_at_start(schema: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"notes\.json"):
        Schema(schema, "notes.json")


def test_a_pattern_that_would_blow_up_elsewhere_runs_in_linear_time() -> None:
    schema = Schema({"type": "string", "pattern": "^(a+)+$"})
    assert schema.validate("a" * 200_000 + "b") is not None


def test_the_trivial_schemas_take_all_or_nothing() -> None:
    assert Schema(True).validate({"a": 1}) is None
    assert Schema(False).validate(1) == Refusal(code="schema_violation", field="", hint="must not be there")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(_json)
def test_no_document_makes_the_check_raise(document: object) -> None:
    found = NOTE.validate(document)
    assert found is None or found.status == 400


class Watched:
    """A validator, and how many values the documents had in which it was to gather what is wrong."""

    def __init__(self, validator: Any) -> None:
        self._validator, self.gathered = validator, list[int]()

    def is_valid(self, instance: Any) -> bool:
        return bool(self._validator.is_valid(instance))

    def iter_errors(self, instance: Any) -> Any:
        self.gathered.append(count(instance, 1_000_000))
        return self._validator.iter_errors(instance)


LISTS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "a": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object", "required": ["x"]}}]},
        "b": {"type": "array", "items": {"type": "integer"}},
    },
    "required": ["a"],
}


@pytest.mark.parametrize(
    ("document", "field", "told"),
    [
        ({"a": [{}] * 50_000}, "/a", True),
        ({"a": [{"x": 1}] * 50 + [7] + [{}] * 50_000}, "/a", True),
        ({"a": "x", "b": [1, 2, "y"] * 50_000}, "/b/2", True),
        ({"b": [1] * 50_000}, "", True),
        ({"a": "x", "b": [1] * 50_000 + ["y"]}, "", False),
        ({"a": {str(number): 1 for number in range(9_000)}}, "", False),
    ],
    ids=["first", "soon", "shallow", "missing", "late", "members"],
)
def test_what_is_wrong_in_a_large_document_is_not_gathered_from_all_of_it(
    document: Any, field: str, told: bool
) -> None:
    """It took half a minute of everybody's time for a megabyte of a caller's. What is wrong at the beginning of a list
    is told as ever; of what is wrong further on, that it is."""
    schema = Schema(LISTS)
    watched = Watched(schema._validator)
    schema._validator = watched
    found = schema.validate(document)
    assert found is not None
    assert (found.field, "too large to say where" not in str(found.hint)) == (field, told)
    assert len(watched.gathered) == told
    assert all(size <= MAX_TOLD for size in watched.gathered)


def test_a_document_is_shortened_only_where_that_breaks_no_rule() -> None:
    for rule in ({"minItems": 9}, {"contains": {"const": 1}}, {"not": {"maxItems": 9}}, {"if": {"maxItems": 9}}):
        found = Schema({"allOf": [rule], "items": {"type": "integer"}}).validate(["x"] * 5_000)
        assert found is not None
        assert "too large to say where" in str(found.hint)
    found = Schema({"minItems": 8, "items": {"type": "integer"}}).validate(["x"] * 5_000)
    assert found is not None
    assert found.field == "/0"


def test_a_schema_of_somebody_elses_takes_no_time_that_it_was_not_given() -> None:
    """Hours, where an alternative of it is met twice at each level."""
    deep: dict[str, Any] = {"a": {}}
    for _ in range(60):
        deep = {"a": deep}
    both = [{"properties": {"a": {"$ref": "#"}}, "required": [name]} for name in ("b", "c")]
    branching = Schema({"anyOf": [*both, {"type": "string"}]}, foreign=True)
    found = branching.validate(deep)
    assert found is not None
    assert (found.code, found.field) == ("schema_violation", "")
    assert "takes too long" in str(found.hint)
    assert branching.validate({"a": {"c": 1}, "b": 1}) is None
    for schema in ({"allOf": [{"$ref": "#"}]}, twice(40)):
        with pytest.raises(ConfigurationError, match="cannot be checked within bounds"):
            Schema(schema, foreign=True)


def test_a_schema_of_somebody_elses_may_be_older_and_its_formats_are_remarks() -> None:
    older = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "string", "format": "email"}
    with pytest.raises(ConfigurationError):
        Schema(older)
    assert Schema(older, foreign=True).validate("no address") is None
    assert Schema(older, foreign=True).validate(7) is not None
    with pytest.raises(ConfigurationError):
        Schema({"$schema": "http://json-schema.org/draft-03/schema#"}, foreign=True)


def test_a_schema_that_becomes_another_holds_documents_to_that_for_everybody_who_holds_it() -> None:
    one, other = Schema({"type": "object"}, "one"), Schema({"type": "array", "maxItems": 1}, "other")
    holders = {"a": one}, {"b": one}
    one.become(other)
    for holder in holders:
        (held,) = holder.values()
        assert held.validate([]) is None
        assert held.validate({}) is not None
        found = held.validate([1, 2])
        assert found is not None
        assert found.hint == "must be at most 1 items"
