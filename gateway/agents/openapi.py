"""OpenAPI documents of agents (3.0 and 3.1, in JSON): operations with their schemas, parameters and labels.

`x-data-class` and `x-finding-type` on a schema or parameter label what stands there. Everything is resolved and
compiled at load: a reference that leads out of the document is refused, and nothing is ever fetched.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from gateway.agents.content import FORM, is_json
from gateway.agents.description import Body, Fits, Operation, Parameter
from gateway.agents.formats.labels import DECLARED, Labels, label_of, resolved
from gateway.agents.formats.layout import Layout, joined
from gateway.core.errors import ConfigurationError

Compile = Callable[[object, str], Fits]
"""(schema, name) → its validator; `ConfigurationError` for what is no usable schema."""
MAX_OPERATIONS = 500
_METHODS = ("get", "head", "post", "put", "patch", "delete")
_VERSION = re.compile(r"3\.[01]\.\d+")
_LABELS = ("x-data-class", "x-finding-type")
_WORD = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_OWN = frozenset({"accept", "content-type", "authorization"})
"""Header parameters that OpenAPI itself says to pass over (3.1.1 §4.8.12)."""
_NEVER = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "cookie",
        "expect",
        "host",
        "idempotency-key",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-api-key",
        "x-data-class",
        "x-data-subject",
        "x-exchange-id",
        "x-purpose",
        "x-receipt",
        "x-route",
    }
)
"""Headers that end at the gateway."""


def load(document: Any, name: str, compiled: Compile) -> dict[str, Operation]:
    """The operations by route (`GET /notes/{id}`). `ConfigurationError` names the file and what would be right."""
    try:
        return dict(_operations(document, compiled))
    except ConfigurationError as error:
        raise ConfigurationError(f"{name}: {error}") from error
    except (AttributeError, TypeError, KeyError, RecursionError):
        raise ConfigurationError(f"{name} is not an OpenAPI document of version 3.0 or 3.1") from None


def words_of(document: Any) -> frozenset[str]:
    """Every finding type that its labels name, declared classes as `x-declared-<class>`."""
    found: set[str] = set()
    for node in _nodes(document):
        if any(name in node for name in _LABELS):
            found.update(label_of(node).known.split())
    return frozenset(found)


def _operations(document: Any, compiled: Compile) -> Iterator[tuple[str, Operation]]:
    version = document.get("openapi")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise ConfigurationError("openapi must be a version 3.0 or 3.1")
    _check(document)
    if version.startswith("3.0."):
        document = _modern(document)
    count = 0
    for path, item in document.get("paths", {}).items():
        item = _resolved(document, item)
        for method in _METHODS:
            if method not in item:
                continue
            count += 1
            if count > MAX_OPERATIONS:
                raise ConfigurationError(f"at most {MAX_OPERATIONS} operations")
            route = f"{method.upper()} {path}"
            yield route, _Reader(document, compiled, route).operation(item, item[method])
    if not count:
        raise ConfigurationError("paths must hold at least one operation")


class _Reader:
    """Reads one operation."""

    def __init__(self, document: Any, compiled: Compile, route: str) -> None:
        self._document, self._compiled, self._route = document, compiled, route

    def operation(self, item: Any, operation: Any) -> Operation:
        given = [
            _resolved(self._document, one) for one in (*item.get("parameters", ()), *operation.get("parameters", ()))
        ]
        own = {(one["in"], one["name"]): one for one in given}  # an operation's own take the place of the path's
        request = _resolved(self._document, operation.get("requestBody", {}))
        answers = operation.get("responses", {})
        return Operation(
            bodies=self._bodies(request.get("content", {}), "request"),
            required=request.get("required", False) is True,
            answers={
                str(status): self._bodies(_resolved(self._document, one).get("content", {}), f"answer {status}")
                for status, one in answers.items()
            },
            parameters=tuple(found for one in own.values() if (found := self._parameter(one)) is not None),
        )

    def _parameter(self, item: Any) -> Parameter | None:
        name, place = item["name"], item["in"]
        if place == "header":
            name = name.lower()
            if name in _OWN:
                return None
            if name in _NEVER or not _HEADER.fullmatch(name):
                raise ConfigurationError(f"{self._route}: a header parameter that is never forwarded")
        if place == "cookie":
            if item.get("required"):
                raise ConfigurationError(f"{self._route}: cookies are never forwarded, so none may be required")
            return None
        if place not in ("path", "query", "header") or "content" in item:
            raise ConfigurationError(f"{self._route}: parameters are in path, query or header, each with a schema")
        schema = item.get("schema", {})
        root = Labels(schema, self._document).root
        types = [one.get("type", ()) for one in root.schemas]
        return Parameter(
            name=name,
            place=place,
            required=item.get("required", False) is True,
            known=joined(label_of(item).known, root.known),
            types=frozenset(kind for one in types for kind in ((one,) if isinstance(one, str) else one)),
            fits=self._fits(schema, f"parameter {name}"),
        )

    def _bodies(self, content: Any, what: str) -> dict[str, Body]:
        return {media.lower(): self._body(media.lower(), item, what) for media, item in content.items()}

    def _body(self, media: str, item: Any, what: str) -> Body:
        schema = item.get("schema", {})
        plain = media.partition(";")[0].strip()
        if plain != media:
            raise ConfigurationError(f"{self._route}: media types of content are written without parameters")
        labels = Labels(schema, self._document)
        if plain == "application/fhir+json":
            return Body(layout=Layout(format="fhir", labels=labels), fits=self._fits(schema, what))
        if is_json(plain):
            return Body(layout=Layout(format="json", labels=labels), fits=self._fits(schema, what))
        if plain == FORM:
            return Body(layout=Layout(format="form", labels=labels))
        if _labelled(schema, self._document):
            raise ConfigurationError(f"{self._route}: labels are for JSON and forms; other bodies take a mapping")
        return Body()

    def _fits(self, schema: Any, what: str) -> Fits:
        """References lead into `components` alone: what a schema refers to there goes with it."""
        whole = schema
        if isinstance(schema, dict):
            whole = {**schema, "components": _needed(schema, self._document)}
        return self._compiled(whole, f"{self._route}, {what}")


def _check(document: Any) -> None:
    """References lead to components of this document; labels are words."""
    for node in _nodes(document):
        reference = node.get("$ref")
        if isinstance(reference, str):
            if not reference.startswith("#/components/"):
                raise ConfigurationError("a $ref must lead into this document's #/components/…")
            resolved(document, reference)
        for name in _LABELS:
            words = node.get(name, ())
            for word in (words,) if isinstance(words, str) else words:
                if not isinstance(word, str) or not _WORD.fullmatch(word) or word.startswith(DECLARED):
                    raise ConfigurationError(f"{name} must be a name, or a list of names")


def _nodes(document: Any) -> Iterator[dict[str, Any]]:
    """Every object of the document."""
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _labelled(schema: Any, document: Any) -> bool:
    """Whether a schema, or one that it refers to at any distance, has a label."""
    needed = _needed(schema, document)
    return any(name in node for part in (schema, needed) for node in _nodes(part) for name in _LABELS)


def _needed(schema: Any, document: Any) -> dict[str, dict[str, Any]]:
    """The components that a schema refers to at any distance, by kind and name."""
    found: dict[str, dict[str, Any]] = {}
    waiting = [schema]
    while waiting:
        for node in _nodes(waiting.pop()):
            reference = node.get("$ref")
            if not isinstance(reference, str):
                continue
            kind, _, rest = reference.removeprefix("#/components/").partition("/")
            name = rest.partition("/")[0]
            kept = found.setdefault(kind, {})
            plain = name.replace("~1", "/").replace("~0", "~")
            if plain not in kept:
                kept[plain] = resolved(document, f"#/components/{kind}/{name}")
                waiting.append(kept[plain])
    return found


def _resolved(document: Any, item: Any) -> Any:
    """An item, or what its chain of references leads to."""
    for _ in range(16):
        if not isinstance(item, dict) or "$ref" not in item:
            return item
        item = resolved(document, item["$ref"])
    raise ConfigurationError("a chain of references that does not end")


def _modern(node: Any) -> Any:
    """A document of 3.0 with its schemas as 2020-12 has them: `nullable`, and bounds that are flags."""
    if isinstance(node, list):
        return [_modern(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _modern(item) for key, item in node.items()}
    for flag, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(found.get(flag), bool) and found.pop(flag) and bound in found:
            found[flag] = found.pop(bound)
    if found.get("nullable") is True and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
        if isinstance(found.get("enum"), list) and None not in found["enum"]:
            found["enum"] = [*found["enum"], None]
    return found
