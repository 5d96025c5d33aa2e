"""The fields of records and details as plain data, taken from the typed structs, for a reader without typed decoder.

A shape is a JSON Schema of a few keywords: `type`, `properties`, `required`, `additionalProperties`, `propertyNames`,
`maxProperties`, `items`, `prefixItems`, `minItems`, `maxItems`, `minLength`, `maxLength`, `pattern`, `minimum`,
`maximum`, `$ref` (the name of another shape). `null` is no value of any: canonical records leave out what is absent.
"""

from typing import Any

import msgspec

from gateway.ledger import record

KEYWORDS = frozenset(
    {
        *("type", "properties", "required", "additionalProperties", "propertyNames", "maxProperties", "items"),
        *("prefixItems", "minItems", "maxItems", "minLength", "maxLength", "pattern", "minimum", "maximum", "$ref"),
    }
)
_TOLD = ("title", "description", "default")
EVENTS = record.EVENTS
GENESIS = record.GENESIS
MAX_BYTES = record.MAX_BYTES
VERSION = record.VERSION


def _shapes() -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components([record.Envelope, record.Detail], ref_template="{name}")
    return {name: _shape(schema) for name, schema in sorted(schemas.items())}


def _shape(schema: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in schema:
        (schema,) = [option for option in schema["anyOf"] if option != {"type": "null"}]
    found: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _TOLD:
            continue
        if key not in KEYWORDS:
            raise TypeError(f"a record's field has a form that shapes do not know: {key}")
        if key == "properties":
            found[key] = {name: _shape(inner) for name, inner in value.items()}
        elif key == "prefixItems":
            found[key] = [_shape(inner) for inner in value]
        elif isinstance(value, dict):
            found[key] = _shape(value)
        else:
            found[key] = value
    return found


SHAPES = _shapes()
