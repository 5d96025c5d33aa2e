"""Labels of a schema reach every place that they could apply to, through references and alternatives, and end."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.bodies import walk
from gateway.agents.formats.labels import MAX_SCHEMAS, Labels, from_pointers, label_of, resolved, scalar
from gateway.agents.formats.layout import Marking
from gateway.core.errors import ConfigurationError
from gateway.core.message import Part

NAME = {"x-finding-type": "person"}


def found(schema: object, value: object, document: object = None) -> dict[str, str]:
    return {part.pointer: part.known for part in Labels(schema, document).parts(value) if part.known}


@pytest.mark.parametrize(
    ("schema", "value", "where"),
    [
        (NAME, "Ann", ""),
        ({"properties": {"a": NAME}}, {"a": "Ann", "b": "x"}, "/a"),
        ({"additionalProperties": NAME, "properties": {"b": {}}}, {"a": "Ann", "b": "x"}, "/a"),
        ({"patternProperties": {"^a": NAME}}, {"a": "Ann"}, "/a"),
        ({"items": NAME, "prefixItems": [{}]}, ["x", "Ann"], "/1"),
        ({"prefixItems": [NAME]}, ["Ann", "x"], "/0"),
        ({"contains": NAME}, ["Ann"], "/0"),
        ({"allOf": [{"properties": {"a": NAME}}]}, {"a": "Ann"}, "/a"),
        ({"anyOf": [{"type": "null"}, {"oneOf": [{}, {"properties": {"a": NAME}}]}]}, {"a": "Ann"}, "/a"),
        ({"if": {}, "then": {"properties": {"a": NAME}}}, {"a": "Ann"}, "/a"),
        ({"dependentSchemas": {"a": NAME}}, {"a": "Ann"}, "/a"),
    ],
)
def test_a_label_is_found_wherever_schemas_may_say_it(schema: object, value: object, where: str) -> None:
    assert found(schema, value) == {where: "person"}


def test_references_lead_into_the_document_and_may_be_circular() -> None:
    document = {"$defs": {"p~/": {"properties": {"name": NAME, "child": {"$ref": "#/$defs/p~0~1"}}}}}
    value = {"child": {"child": {"name": "Ann"}}}
    assert found({"$ref": "#/$defs/p~0~1"}, value, document) == {"/child/child/name": "person"}


def test_a_label_on_an_object_holds_for_all_in_it_and_joins_with_those_inside() -> None:
    schema = {"x-data-class": "phi", "properties": {"a": NAME}}
    assert found(schema, {"a": "Ann", "b": [{"c": "x"}]}) == {
        "/a": "x-declared-phi person",
        "/b": "x-declared-phi",
        "/b/0/c": "x-declared-phi",
    }


def test_one_schema_in_two_places_has_the_label_of_each() -> None:
    """In whichever order they come."""
    document: dict[str, Any] = {"s": {"properties": {"n": {}}}}
    below = {"x-data-class": "phi", "properties": {"d": {"$ref": "#/s"}}}
    schema = {"properties": {"a": {"$ref": "#/s"}, "c": below}}
    plain, labelled = {"n": "x"}, {"d": {"n": "x"}}
    for value in ({"a": plain, "c": labelled}, {"c": labelled, "a": plain}):
        assert found(schema, value, document) == {"/c/d/n": "x-declared-phi"}, value


def test_what_is_remembered_is_bounded_by_the_schema_and_not_by_the_callers_keys() -> None:
    labels = Labels({"additionalProperties": {"items": {}}, "prefixItems": [{}]}, None)
    labels.parts({f"key {number}": [number] * 3 for number in range(500)})
    labels.parts(list(range(500)))
    assert len(labels._children) < 10


def test_keys_that_the_schema_does_not_name_carry_the_label_of_their_object() -> None:
    parts = Labels({"x-data-class": "phi", "properties": {"a": {}}}, None).parts({"a": "x", "7701": "y"})
    assert [(part.text, part.kind, part.known) for part in parts] == [
        ("a", "name", ""),
        ("x", "text", "x-declared-phi"),
        ("7701", "name", "x-declared-phi"),
        ("y", "text", "x-declared-phi"),
    ]


def test_labelled_numbers_and_literals_are_parts_that_cannot_be_masked() -> None:
    schema = {"properties": {"a": NAME, "b": {"x-data-class": ["phi", "pii"]}, "c": NAME}}
    parts = Labels(schema, None).parts({"a": 7, "b": True, "c": None, "d": 12345, "e": 1})
    assert [part for part in parts if part.text not in "abcde"] == [
        Part("/a", "7", "name", "", "person"),
        Part("/b", "true", "name", "", "x-declared-phi x-declared-pii"),
        Part("/d", "d: 12345", "name"),
    ]


def test_a_form_asks_for_its_fields_by_name() -> None:
    labels = Labels({"properties": {"who": NAME}}, None)
    assert (labels.member("who"), labels.member("x")) == ("person", "")


def test_a_finding_type_names_the_mask_before_a_class_does() -> None:
    assert label_of({"x-finding-type": "mrn", "x-data-class": "phi"}) == Marking("mrn x-declared-phi")
    assert label_of({}) == Marking()


@pytest.mark.parametrize("reference", ["x.json", "https://example.test/x", "#", "#/nobody", "#/a/b", None])
def test_a_reference_that_leads_outside_or_nowhere_is_refused(reference: object) -> None:
    with pytest.raises(ConfigurationError, match=r"a \$ref"):
        resolved({"a": 1}, reference)


def test_how_many_schemas_apply_to_one_value_is_bounded() -> None:
    with pytest.raises(ConfigurationError, match="more than"):
        Labels({"anyOf": [{"title": str(index)} for index in range(MAX_SCHEMAS + 1)]}, None)


def test_pointers_of_a_mapping_become_a_schema() -> None:
    schema = from_pointers({"/a/b~1c": Marking("person"), "/l/*/n": Marking("mrn"), "/l/*": Marking("x-declared-pii")})
    value = {"a": {"b/c": "Ann"}, "l": [{"n": "1"}, {"n": "2"}]}
    assert found(schema, value) == {
        "/a/b~1c": "person",
        "/l/0/n": "x-declared-pii mrn",
        "/l/1/n": "x-declared-pii mrn",
    }


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-99_999, 99_999) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab~/"), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=150)
@given(_JSON)
def test_without_labels_the_parts_are_those_of_any_json(value: Any) -> None:
    plain: list[Part] = []
    walk(value, plain)
    assert Labels({}, None).parts(value) == plain


@settings(max_examples=150)
@given(_JSON)
def test_with_a_label_on_everything_every_string_is_known(value: Any) -> None:
    recursive: dict[str, Any] = {"x-data-class": "phi"}
    recursive |= {"additionalProperties": {"$ref": "#/s"}, "items": {"$ref": "#/s"}}
    parts = Labels({"$ref": "#/s"}, {"s": recursive}).parts(value)
    assert all(part.known == "x-declared-phi" for part in parts)


def test_a_key_that_says_nothing_leaves_the_label_of_its_object() -> None:
    parts = Labels({}, None).parts({"mrn": {"value": "84736251", "system": "x"}, "n": [{"value": 84736251}]})
    assert {part.pointer: part.label for part in parts if part.kind == "text"} == {
        "/mrn/value": "mrn",
        "/mrn/system": "system",
    }
    assert Part("/n/0/value", "n: 84736251", "name") in parts


def test_an_age_above_89_is_a_part_although_it_is_short_and_nothing_is_declared_of_it() -> None:
    found: list[Part] = []
    for value in (93, 89, True):
        scalar(value, "", "/age", "patientAge", found)
    assert [(part.text, part.kind) for part in found] == [("age: 93", "name")]
