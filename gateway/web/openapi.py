"""The OpenAPI document of the API: what Litestar knows of its routes, and what the gateway itself goes by.

How a caller says who it is, which roles a route is open to, which errors there are, and the form of each body are taken
from what decides on them: the rights that ship, the table of refusals, and the forms that bodies are read by, which
handlers name in `opt`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from gateway.checks.access.rights import Rights, shipped_rights
from gateway.checks.access.shipped import CALLER
from gateway.core.refusal import CODES

FORM, MEMBERS = "form", "members"
"""In a handler's `opt`: the form of its body, or the names of the members that its body may have, each a text."""
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457; `field` names the member, header or parameter at fault, `detail` what would be right",
    "required": ["type", "title", "status", "exchange"],
    "properties": {
        "type": {"type": "string", "pattern": "^urn:gateway:problem:[a-z_]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "field": {"type": "string"},
        "exchange": {"type": "string", "description": "the id by which an auditor finds its record"},
    },
}
_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "an API key (`gwk_…`) or a token (JWT) of an issuer that is configured",
    },
    "certificate": {"type": "mutualTLS", "description": "a client certificate that is configured for a caller"},
}
_EVERYWHERE = (401, 403, 429, 503)
"""Statuses of whatever asks for a credential."""
_REF = "#/components/schemas/{name}"


def documented(app: Litestar) -> dict[str, Any]:
    """The document of these routes (OpenAPI 3.1)."""
    document: dict[str, Any] = app.openapi_schema.to_schema()
    handlers = _handlers(app)
    forms = tuple({one.opt[FORM]: None for one in handlers.values() if FORM in one.opt})
    schemas, components = msgspec.json.schema_components(forms, ref_template=_REF)
    bodies = dict(zip(forms, schemas, strict=True))
    rights = shipped_rights()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            handler = handlers.get(operation.get("operationId", ""))
            if handler is None:
                continue
            if FORM in handler.opt:
                needed = any(one.required for one in msgspec.structs.fields(handler.opt[FORM]))
                operation["requestBody"] = {**_body(bodies[handler.opt[FORM]]), "required": needed}
            elif MEMBERS in handler.opt:
                operation["requestBody"] = _body(_texts(handler.opt[MEMBERS]))
            _describe(operation, f"{method.upper()} {path}", rights)
    document["components"] = {
        "schemas": {**components, "Problem": _PROBLEM},
        "responses": {
            "Error": {**_error(0), "description": "another error (docs/errors.md lists all)"},
            **{f"Error{status}": _error(status) for status in sorted({code.status for code in CODES.values()})},
        },
        "securitySchemes": _SCHEMES,
    }
    document["security"] = [{name: []} for name in _SCHEMES]
    return document


def _handlers(app: Litestar) -> dict[str, HTTPRouteHandler]:
    """By their operation."""
    found: dict[str, HTTPRouteHandler] = {}
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler) and isinstance(handler.operation_id, str):
                found[handler.operation_id] = handler
    return found


def _describe(operation: dict[str, Any], route: str, rights: Rights) -> None:
    """Who may use it, and how it may end."""
    statuses: set[int] = {503}
    if rights.open(route):
        operation["security"] = []
    else:
        roles = rights.roles(route)
        who = "any caller" if CALLER in roles else f"the role {' or '.join(sorted(roles))}"
        said = f"For {who}, with the scope `{rights.permissions[route]}` where a key is narrowed."
        operation["description"] = " ".join(filter(None, (operation.get("description"), said)))
        statuses.update(_EVERYWHERE)
    if "requestBody" in operation or operation.get("parameters"):
        statuses.add(400)
    if "requestBody" in operation:
        statuses.update((408, 413))
    if "{" in route:
        statuses.add(404)
    # What Litestar says of errors is of its own form, which nothing here has.
    kept = {status: one for status, one in operation["responses"].items() if int(status) < 400}
    operation["responses"] = {
        **kept,
        **{str(status): {"$ref": f"#/components/responses/Error{status}"} for status in sorted(statuses)},
        "default": {"$ref": "#/components/responses/Error"},
    }


def _error(status: int) -> dict[str, Any]:
    codes = [f"`{name}`: {code.title}" for name, code in CODES.items() if code.status == status]
    content = {"application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}}
    return {"description": "; ".join(codes), "content": content}


def _body(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _texts(names: Iterable[str]) -> dict[str, Any]:
    properties = {name: {"type": ["string", "integer"]} for name in sorted(names)}
    return {"type": "object", "properties": properties, "additionalProperties": False}
