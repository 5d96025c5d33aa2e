"""An OpenAPI document becomes operations with validators and labels, or is refused by what is wrong in it."""

from typing import Any

import pytest

from gateway.agents.description import Operation
from gateway.agents.formats.labels import Labels
from gateway.agents.openapi import MAX_OPERATIONS, load, words_of
from gateway.checks.schema import Schema
from gateway.core.errors import ConfigurationError
from gateway.core.refusal import Refusal

PATIENT = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "x-finding-type": "person"},
        "history": {"$ref": "#/components/schemas/History"},
    },
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/patients/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}, "x-finding-type": "mrn"}
            ],
            "put": {
                "parameters": [
                    {"$ref": "#/components/parameters/Limit"},
                    {"name": "X-Ward", "in": "header", "schema": {"type": "string", "maxLength": 3}},
                    {"name": "Accept", "in": "header", "schema": {}},
                    {"name": "c", "in": "cookie", "schema": {}},
                ],
                "requestBody": {"$ref": "#/components/requestBodies/Patient"},
                "responses": {"200": {"$ref": "#/components/responses/Patient"}, "204": {"description": "none"}},
            },
        }
    },
    "components": {
        "schemas": {
            "Patient": PATIENT,
            "History": {
                "type": "object",
                "x-data-class": "phi",
                "properties": {"before": {"$ref": "#/components/schemas/History"}},
            },
            "Unused": {"type": "string"},
        },
        "parameters": {"Limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 9}}},
        "requestBodies": {
            "Patient": {
                "required": True,
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Patient"}},
                    "application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/Patient"}},
                    "application/fhir+json": {"schema": {}},
                    "text/plain": {},
                },
            }
        },
        "responses": {
            "Patient": {
                "content": {"application/json": {"schema": {"items": {"$ref": "#/components/schemas/Patient"}}}}
            }
        },
    },
}


def operations(document: Any) -> dict[str, Operation]:
    return load(document, "doc.json", lambda schema, name: Schema(schema, name).validate)  # type: ignore[arg-type]


def put() -> Operation:
    return operations(DOCUMENT)["PUT /patients/{id}"]


def with_schema(
    schema: Any, version: str = "3.1.0", media: str = "application/json", **components: Any
) -> dict[str, Any]:
    return {
        "openapi": version,
        "paths": {"/x": {"post": {"requestBody": {"content": {media: {"schema": schema}}}}}},
        "components": {"schemas": components},
    }


def request(schema: Any, value: object, version: str = "3.1.0") -> Refusal | None:
    (operation,) = operations(with_schema(schema, version)).values()
    assert operation.bodies is not None
    fits = operation.bodies["application/json"].fits
    assert fits is not None
    return fits(value)


def test_requests_and_answers_are_held_to_their_schemas_through_references() -> None:
    bodies = put().bodies
    assert bodies is not None
    fits = bodies["application/json"].fits
    assert fits is not None
    assert fits({"name": "Ann", "history": {"before": {"before": {}}}}) is None
    refusal = fits({"name": "Ann", "history": {"before": 1}})
    assert refusal is not None
    assert refusal.field == "/history/before"
    body = put().answered(200, "application/json", empty=False)
    assert body is not None
    assert body.fits is not None
    assert body.fits([{"name": 1}]) is not None
    assert put().answered(204, "application/json", empty=False) is None


def test_labels_reach_through_references_into_recursion_forms_and_lists() -> None:
    bodies = put().bodies
    assert bodies is not None
    layout = bodies["application/json"].layout
    assert layout is not None
    assert isinstance(layout.labels, Labels)
    known = {part.text: part.known for part in layout.labels.parts({"name": "Ann", "history": {"before": {"x": "y"}}})}
    assert (known["Ann"], known["y"]) == ("person", "x-declared-phi")
    form = bodies["application/x-www-form-urlencoded"].layout
    assert form is not None
    assert isinstance(form.labels, Labels)
    assert form.labels.member("name") == "person"
    assert words_of(DOCUMENT) == {"person", "mrn", "x-declared-phi"}


def test_parameters_are_declared_with_their_places_and_labels() -> None:
    operation = put()
    assert operation.known("path", "id") == "mrn"
    assert operation.headers == ("x-ward",)
    assert operation.refuses("query", {"limit": ["9"]}) is None
    assert operation.refuses("query", {"limit": ["10"]}) is not None
    assert operation.refuses("header", {"x-ward": ["long"]}) is not None


def test_an_operations_own_parameter_takes_the_place_of_its_paths() -> None:
    own = {"name": "id", "in": "path", "required": True, "schema": {"maxLength": 1}}
    path = {**DOCUMENT["paths"]["/patients/{id}"], "get": {"parameters": [own]}}
    operation = operations({**DOCUMENT, "paths": {"/patients/{id}": path}})["GET /patients/{id}"]
    assert operation.refuses("path", {"id": ["12"]}) is not None
    assert operation.known("path", "id") == ""


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "nullable": True, "enum": ["a"]}, None, "b"),
        ({"minimum": 1, "exclusiveMinimum": True}, 2, 1),
        ({"maximum": 1, "exclusiveMaximum": False}, 1, 2),
    ],
)
def test_the_schemas_of_3_0_mean_what_they_meant_there(schema: Any, good: object, bad: object) -> None:
    assert request(schema, good, "3.0.3") is None
    assert request(schema, bad, "3.0.3") is not None


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({}, "must be a version"),
        ({"openapi": "2.0"}, "must be a version"),
        ({"openapi": "3.1.0"}, "at least one operation"),
        ({"openapi": "3.1.0", "paths": []}, "not an OpenAPI document"),
        ({"openapi": "3.1.0", "paths": {"/x": {"get": []}}}, "not an OpenAPI document"),
        (with_schema({"$ref": "https://example.test/x.json"}), r"a \$ref must lead into"),
        (with_schema({"$ref": "other.json#/x"}), r"a \$ref must lead into"),
        (with_schema({"$ref": "#/paths/~1x"}), r"a \$ref must lead into"),
        (with_schema({"$ref": "#/components/schemas/Nobody"}), "leads to nothing"),
        (with_schema({"type": "nonsense"}), "not a usable JSON Schema"),
        (with_schema({"x-data-class": "<b>"}), "must be a name"),
        (with_schema({"x-finding-type": [1]}), "must be a name"),
        (with_schema({"x-finding-type": "x-declared-phi"}), "must be a name"),
        (with_schema({"x-data-class": "phi"}, media="application/xml"), "take a mapping"),
        (
            with_schema({"$ref": "#/components/schemas/A"}, media="text/csv", A={"x-data-class": "phi"}),
            "take a mapping",
        ),
        (with_schema({}, media="application/json; charset=utf-8"), "without parameters"),
        (
            {"openapi": "3.1.0", "paths": {f"/{n}": {"get": {}} for n in range(MAX_OPERATIONS + 1)}},
            "at most",
        ),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_fetched(document: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        operations(document)
    assert "doc.json" in str(caught.value)


@pytest.mark.parametrize(
    ("parameter", "told"),
    [
        ({"name": "s", "in": "cookie", "required": True, "schema": {}}, "cookies"),
        ({"name": "X-Api-Key", "in": "header", "schema": {}}, "never forwarded"),
        ({"name": "a b", "in": "header", "schema": {}}, "never forwarded"),
        ({"name": "q", "in": "query", "content": {}}, "each with a schema"),
        ({"name": "q", "in": "body", "schema": {}}, "each with a schema"),
    ],
)
def test_parameters_that_could_not_be_passed_on_are_refused(parameter: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        operations({"openapi": "3.1.0", "paths": {"/x": {"get": {"parameters": [parameter]}}}})


def test_a_schema_that_only_refers_to_itself_ends() -> None:
    document = with_schema({"$ref": "#/components/schemas/A"}, A={"allOf": [{"$ref": "#/components/schemas/A"}]})
    (operation,) = operations(document).values()
    assert operation.bodies is not None
