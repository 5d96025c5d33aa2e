"""The document says what decides: who may, in which form a body is read, how a request may end."""

import inspect
import re
from typing import Any

import jsonschema_rs
import msgspec

from gateway.checks.access.rights import shipped_rights
from gateway.core.refusal import CODES
from gateway.settings import Settings
from gateway.web.app import _application, openapi_document
from gateway.web.openapi import FORM, _handlers
from tests.web.kit import audited

DOCUMENT: Any = openapi_document()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
READ = re.compile(r"body_of\(request, allowed, (\w+)\)|read_json\(.*?, (\w+)\)|_read\(allowed, .*?, (\w+)\)")


def refs(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {value["$ref"]} if "$ref" in value else set[str]().union(*map(refs, value.values()))
    return set[str]().union(*map(refs, value)) if isinstance(value, list) else set()


def test_every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    for ref in refs(DOCUMENT):
        found = DOCUMENT
        for step in ref.removeprefix("#/").split("/"):
            found = found[step]
        assert found
    assert len({one["operationId"] for one in OPERATIONS.values()}) == len(OPERATIONS)
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema_rs.meta.validate({**schema, "$schema": "https://json-schema.org/draft/2020-12/schema"})


def test_who_may_is_said_as_the_rights_have_it() -> None:
    rights = shipped_rights()
    assert set(DOCUMENT["security"][0]) <= set(DOCUMENT["components"]["securitySchemes"])
    for route, operation in OPERATIONS.items():
        assert (operation.get("security") == []) == rights.open(route), route
        if not rights.open(route):
            assert rights.permissions[route] in operation["description"]
            assert {"401", "403", "429", "503"} <= set(operation["responses"])


def test_every_error_that_is_told_of_lists_its_codes() -> None:
    for name, response in DOCUMENT["components"]["responses"].items():
        status = int(name.removeprefix("Error") or 0)
        assert {code for code in CODES if f"`{code}`" in response["description"]} == {
            code for code, one in CODES.items() if one.status == status
        }


def test_handlers_name_the_form_that_their_body_is_read_by() -> None:
    named = 0
    for handler in _handlers(_application()).values():
        read = READ.search(inspect.getsource(inspect.unwrap(handler.fn)))
        if read is not None:
            named += 1
            assert handler.opt[FORM].__name__ == next(filter(None, read.groups())), handler.operation_id
            needed = any(one.required for one in msgspec.structs.fields(handler.opt[FORM]))
            told = next(one for one in OPERATIONS.values() if one["operationId"] == handler.operation_id)
            assert told["requestBody"]["required"] is needed
    assert named > 25
    assert sum("requestBody" in one for one in OPERATIONS.values()) > named


async def test_an_error_is_of_the_form_that_the_document_has(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        for answer in (await api.site.http.get("/keys"), await api.post("/evidence/bundles", {"range": "x"})):
            jsonschema_rs.validate(DOCUMENT["components"]["schemas"]["Problem"], answer.json())
        assert answer.json()["field"] == "range"
