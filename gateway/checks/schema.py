"""Whether a document fits its JSON Schema (2020-12), and if not, where and by which rule. Never by what value."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import jsonschema_rs

from gateway.checks.looks import Looks, Unbounded, count
from gateway.core.errors import ConfigurationError
from gateway.core.refusal import Refusal


class _Validator(Protocol):
    """A compiled schema of any dialect."""

    def is_valid(self, instance: Any) -> bool: ...

    def iter_errors(self, instance: Any) -> Iterator[jsonschema_rs.ValidationError]: ...


DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAX_HINT = 200
MAX_TOLD = 500
"""Values of a document up to which it is looked for what is wrong in it, which takes some 10 milliseconds."""
_MAX_LOOKS_TOLD = 2_000
"""The same in looks, where these are counted."""
_SHORTENED = (64, 8)
"""Items that lists of a larger one are cut to for that."""
_REVERSING = ("if", "not", "oneOf")
"""Keywords by which a document may fit because a part of it does not."""
_OF_LISTS = frozenset(
    {"items", "prefixItems", "additionalItems", "unevaluatedItems", "maxItems", "minItems", "uniqueItems", "$ref"}
)
_MAX_POINTER = 200
_DIALECTS: Mapping[str, Callable[..., _Validator]] = {
    DIALECT: jsonschema_rs.Draft202012Validator,
    "https://json-schema.org/draft/2019-09/schema": jsonschema_rs.Draft201909Validator,
    "http://json-schema.org/draft-07/schema": jsonschema_rs.Draft7Validator,
    "http://json-schema.org/draft-06/schema": jsonschema_rs.Draft6Validator,
}
_BOUNDS = {
    "maxItems": "at most {} items",
    "minItems": "at least {} items",
    "maxLength": "at most {} characters",
    "minLength": "at least {} characters",
    "maxProperties": "at most {} members",
    "minProperties": "at least {} members",
    "maximum": "at most {}",
    "minimum": "at least {}",
    "exclusiveMaximum": "less than {}",
    "exclusiveMinimum": "more than {}",
}
_PLAIN = {
    "additionalProperties": "must have no members but those that the schema names",
    "unevaluatedProperties": "must have no members but those that the schema names",
    "additionalItems": "must have no more items than the schema names",
    "unevaluatedItems": "must have no more items than the schema names",
    "anyOf": "must fit at least one of the alternatives of the schema",
    "oneOf": "must fit exactly one of the alternatives of the schema",
    "not": "must not be of the form that the schema excludes",
    "contains": "must contain an item of the form that the schema asks for",
    "uniqueItems": "must not contain the same item twice",
    "falseSchema": "must not be there",
}


class Schema:
    """One JSON Schema, compiled once. Formats are asserted; patterns run in linear time; nothing is ever fetched.

    `name` (a file's name, say) is for messages. `foreign`: a schema of somebody else's, which may be of an older
    dialect, and whose formats are remarks; what it makes a document cost is known first, and bounded (`checks.looks`).
    Raises `ConfigurationError` for what is not such a schema: another dialect, a reference that leads outside the
    document, a pattern that needs look-around or back-references; a foreign one whose cost nobody can say.
    """

    def __init__(self, document: Mapping[str, Any] | bool, name: str = "schema", *, foreign: bool = False) -> None:
        schema = dict(document) if isinstance(document, Mapping) else document
        dialect = str(schema.get("$schema", DIALECT)).rstrip("#") if isinstance(schema, dict) else DIALECT
        validator = _DIALECTS.get(dialect) if foreign or dialect == DIALECT else None
        if validator is None:
            raise ConfigurationError(f"{name}: $schema must be {DIALECT}")
        try:
            self._validator = validator(
                schema,
                validate_formats=not foreign,
                pattern_options=jsonschema_rs.RegexOptions(),
                offline=True,  # no reference is ever fetched, from network or file
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError, TypeError) as error:
            raise ConfigurationError(f"{name} is not a usable JSON Schema 2020-12: {_why(error)}") from None
        self._looks = _looks(schema, name) if foreign else None
        self._names = frozenset(_names(schema))
        self._shortens = _shortens(schema)

    def become(self, other: "Schema") -> None:
        """Hold documents to another one from now on, for everybody who holds this one, in one assignment. `other` is
        not to be used any more."""
        self.__dict__ = other.__dict__

    def validate(self, document: object) -> Refusal | None:
        """None where the document fits. Otherwise `field` is the JSON pointer (RFC 6901) of what does not.

        Object keys that the schema does not name are `*` in the pointer: the caller chose them, and they may say
        something about a person.
        """
        if self._looks is not None and not self._looks.within(document):
            hint = "must be less, or less deep: the schema takes too long to check it"
            return Refusal(code="schema_violation", field="", hint=hint)
        try:
            if self._validator.is_valid(document):
                return None
            error = self._error(document)
        except (ValueError, TypeError, RecursionError):  # a lone surrogate, a key that is no string, endless depth
            return Refusal(code="schema_violation", field="", hint="must be JSON that can be checked")
        if error is None:
            return Refusal(code="schema_violation", field="", hint="must fit the schema; it is too large to say where")
        return Refusal(code="schema_violation", field=self._pointer(error.instance_path), hint=_hint(error))

    def _error(self, document: object) -> jsonschema_rs.ValidationError | None:
        """What is wrong first. None where a document is so large that looking for it would hold up everybody else: the
        validator gathers every error there is, tens of microseconds each, to tell one of an alternative."""
        if count(document, MAX_TOLD) > MAX_TOLD:
            for most in _SHORTENED if self._shortens else ():
                document = _shortened(document, most)
                if count(document, MAX_TOLD) <= MAX_TOLD and not self._validator.is_valid(document):
                    break
            else:
                return None
        if self._looks is not None and self._looks.of(document) > _MAX_LOOKS_TOLD:
            return None
        return next(self._validator.iter_errors(document), None)

    def _pointer(self, path: Sequence[str | int]) -> str:
        tokens = [
            str(step) if isinstance(step, int) else _escape(step) if step in self._names else "*" for step in path
        ]
        return "".join("/" + token for token in tokens)[:_MAX_POINTER]


def _looks(schema: Any, name: str) -> Looks:
    try:
        looks = Looks(schema)
        if not looks.within({}):
            raise Unbounded("it takes too long for whatever it is held to")
        return looks
    except Unbounded as unbounded:
        raise ConfigurationError(f"{name} cannot be checked within bounds: {unbounded}") from None


def _hint(error: jsonschema_rs.ValidationError) -> str:
    """What would be right, made of the keyword and the schema alone, cut at `MAX_HINT` characters."""
    kind = error.kind
    match kind:
        case jsonschema_rs.ValidationErrorKind.Type(types=types):
            text = f"must be of type {' or '.join(types)}"
        case jsonschema_rs.ValidationErrorKind.Enum(options=options):
            text = f"must be one of {_values(options)}"
        case jsonschema_rs.ValidationErrorKind.Constant(expected_value=expected):
            text = f"must be {_values([expected])}"
        case jsonschema_rs.ValidationErrorKind.Required(property=name):
            text = f"must have the member {_values([name])}"
        case jsonschema_rs.ValidationErrorKind.Pattern(pattern=pattern):
            text = f"must match the pattern {pattern}"
        case jsonschema_rs.ValidationErrorKind.Format(format=name):
            text = f"must be in the format {name}"
        case jsonschema_rs.ValidationErrorKind.MultipleOf(multiple_of=step):
            text = f"must be a multiple of {step}"
        case jsonschema_rs.ValidationErrorKind.PropertyNames(error=inner):
            text = f"must have member names that each {_hint(inner)}"
        case _ if kind.name in _BOUNDS:
            text = f"must be {_BOUNDS[kind.name].format(kind.as_dict().get('limit'))}"
        case _:
            text = _PLAIN.get(kind.name, f"must fit `{kind.name}` of the schema")
    return text if len(text) <= MAX_HINT else text[: MAX_HINT - 1] + "…"


def _values(values: Sequence[object]) -> str:
    return ", ".join(json.dumps(value, ensure_ascii=False, default=str) for value in values)


def _names(schema: object) -> list[str]:
    """Every object key anywhere in the schema, and every string in a list (`required`, `enum`): its own vocabulary."""
    found: list[str] = []
    waiting = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            found.extend(str(key) for key in value)
            waiting.extend(value.values())
        elif isinstance(value, (list, tuple)):
            waiting.extend(value)
            found.extend(item for item in value if isinstance(item, str))
    return found


def _shortens(schema: object) -> bool:
    """Whether what is wrong in a list that was cut is wrong in the whole one: nothing asks for many items, or is right
    only because something else is wrong in a list."""
    return all(
        "contains" not in part
        and _few(part.get("minItems", 0))
        and all(_OF_LISTS.isdisjoint(inner) for name in _REVERSING for inner in _parts(part.get(name)))
        for part in _parts(schema)
    )


def _few(count: object) -> bool:
    return isinstance(count, int) and count <= min(_SHORTENED)


def _parts(schema: object) -> Iterator[Mapping[str, Any]]:
    """Every object in a schema, itself among them."""
    waiting = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            yield value
            waiting.extend(value.values())
        elif isinstance(value, (list, tuple)):
            waiting.extend(value)


def _shortened(value: Any, most: int) -> Any:
    """A document with the first items of its lists alone. `RecursionError` for endless depth."""
    if isinstance(value, dict):
        return {key: _shortened(item, most) for key, item in value.items()}
    return [_shortened(item, most) for item in value[:most]] if isinstance(value, list) else value


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _why(error: Exception) -> str:
    """The first line of what is wrong with the *schema*, which is the operator's own, cut short."""
    return str(error).strip().split("\n", 1)[0][:MAX_HINT]
