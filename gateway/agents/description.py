"""What is declared of the routes of a plain HTTP agent, by a mapping file or an OpenAPI document."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from gateway.agents.formats.layout import Layout
from gateway.agents.formats.mapping import Mapped
from gateway.agents.formats.pairs import Pair
from gateway.core.errors import ConfigurationError
from gateway.core.refusal import Refusal

Fits = Callable[[object], Refusal | None]
"""Whether a document fits a schema, as `checks.schema.Schema.validate` tells."""
_WORDS: Mapping[str, object] = {"true": True, "false": False}


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """A body of one media type: how it is read, and what it must fit where it is JSON."""

    layout: Layout | None = None
    fits: Fits | None = None


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter of an operation. `place` is `path`, `query` or `header` (its name then in lower case)."""

    name: str
    place: str
    required: bool
    known: str = ""
    types: frozenset[str] = frozenset()
    """What its schema says it is: `integer`, `number`, `boolean`, `array`; texts otherwise."""
    fits: Fits

    def refuses(self, values: Sequence[str]) -> Refusal | None:
        """Why these values, as they were written, are none of it."""
        if not values:
            wanted = Refusal(code="parameter_invalid", field=self.name, hint="this parameter is required")
            return wanted if self.required else None
        if "array" in self.types:
            refusal = self.fits([self._meant(value) for value in values])
        elif len(values) > 1:
            return Refusal(code="parameter_invalid", field=self.name, hint="this parameter once")
        else:
            refusal = self.fits(self._meant(values[0]))
        if refusal is None:
            return None
        return Refusal(code="parameter_invalid", field=self.name, hint=refusal.hint)

    def _meant(self, value: str) -> object:
        if "boolean" in self.types and value in _WORDS:
            return _WORDS[value]
        if self.types & {"integer", "number"}:
            try:
                number: object = msgspec.json.decode(value)
            except (msgspec.DecodeError, ValueError, RecursionError):
                return value
            return number if isinstance(number, (int, float)) else value
        return value


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What is declared of one route. None: nothing is, and a body is read by its media type.

    `request` and `answer` hold whatever the media type (a mapping); `bodies` are by media type, `answers` by status
    (`200`, `2XX`, `default`) and media type (an OpenAPI document). `parameters` is None where any may be there.
    """

    request: Layout | None = None
    answer: Layout | None = None
    bodies: Mapping[str, Body] | None = None
    required: bool = False
    answers: Mapping[str, Mapping[str, Body]] | None = None
    parameters: tuple[Parameter, ...] | None = None

    def body(self, media: str, *, empty: bool) -> Body | Refusal:
        """What a request's body must be."""
        if self.bodies is None:
            return Body(layout=self.request)
        if empty:
            missing = Refusal(code="schema_violation", field="body", hint="the operation asks for a body")
            return missing if self.required else Body()
        found = _of(self.bodies, media)
        if found is None:
            hint = " or ".join(sorted(self.bodies)) or "no body"
            return Refusal(code="media_type", field="content-type", hint=hint[:200])
        return found

    def answered(self, status: int, media: str, *, empty: bool) -> Body | None:
        """What an answer's body must be; None for an answer that the operation does not have."""
        if self.answers is None:
            return Body(layout=self.answer)
        for name in (str(status), f"{status // 100}XX", "default"):
            bodies = self.answers.get(name)
            if bodies is not None:
                return Body() if empty else _of(bodies, media)
        return Body() if status >= 400 else None

    def refuses(self, place: str, given: Mapping[str, Sequence[str]]) -> Refusal | None:
        """Why the parameters of this place, by name, are none of the operation's."""
        if self.parameters is None:
            return None
        declared = [parameter for parameter in self.parameters if parameter.place == place]
        if place == "query" and not given.keys() <= {parameter.name for parameter in declared}:
            return Refusal(code="parameter_invalid", field="query", hint="parameters that the operation declares")
        return next((one for parameter in declared if (one := parameter.refuses(given.get(parameter.name, ())))), None)

    def known(self, place: str, name: str) -> str:
        """What is known of a parameter."""
        found = (one.known for one in self.parameters or () if (one.place, one.name) == (place, name))
        return next(found, "")

    @property
    def headers(self) -> tuple[str, ...]:
        """Further headers that the operation takes."""
        return tuple(one.name for one in self.parameters or () if one.place == "header")


Description = Mapping[str, Operation]
"""Route (`POST /charges`) → what is declared of it."""
NOTHING = Operation()


def values(pairs: Iterable[Pair]) -> dict[str, list[str]]:
    """The values of each name, in order."""
    found: dict[str, list[str]] = {}
    for pair in pairs:
        found.setdefault(pair.name, []).append(pair.value)
    return found


def described(mapped: Sequence[Mapped], operations: Description) -> dict[str, Operation]:
    """Both together. `ConfigurationError` where both declare a body of the same route."""
    found = dict(operations)
    for one in mapped:
        if one.route in found:
            raise ConfigurationError(f"the route {one.route} is in the mapping and in the OpenAPI document")
        found[one.route] = Operation(request=one.request, answer=one.answer)
    return found


def _of(bodies: Mapping[str, Body], media: str) -> Body | None:
    """The body of a media type: by its name, its range, or any."""
    main = media.partition("/")[0]
    return bodies.get(media) or bodies.get(f"{main}/*") or bodies.get("*/*")
