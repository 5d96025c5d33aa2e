"""Plain HTTP: `ANY /agents/{agent}/{path}`, for REST agents and wrapped legacy systems.

Only what fits one of the agent's path templates passes, and what passes is built anew from what was read: the path
from its decoded segments, headers from an allow-list. The action is `http:<METHOD>:<template>`, so that policy speaks
of templates and a path's concrete identifiers stay out of it.
"""

import re
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from urllib.parse import quote

import msgspec

from gateway.agents.bodies import check_places, decompress
from gateway.agents.content import Content, Form, media_type, read_content, render_content
from gateway.agents.description import NOTHING, Description, Operation, values
from gateway.agents.formats.pairs import pair_parts, read_pairs, render_pairs
from gateway.agents.own_credential import sent
from gateway.agents.problem import problem
from gateway.agents.registry import Registry
from gateway.core.errors import AgentError, ConfigurationError
from gateway.core.message import Answer, Inbound, Message, Outgoing, Part, PartKind, WireAnswer
from gateway.core.ports import Bounds, Lanes, Route, StreamFilter
from gateway.core.refusal import Refusal

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
FORWARDED = ("accept", "accept-language", "content-language", "content-type")
"""Headers of the caller that an agent gets; everything else ends here."""
_USUAL = frozenset(
    {
        "*/*",
        "application/json",
        "application/json; charset=utf-8",
        "application/x-www-form-urlencoded",
        "text/plain",
        "text/plain; charset=utf-8",
        "text/html",
    }
)
"""Header values that say nothing of anybody."""
_TEMPLATE = re.compile(r"([A-Z]+) (/(?:[^\s/?#%\\]+(?:/[^\s/?#%\\]+)*)?)")
_VARIABLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.-]*)\}")
_VALUE = re.compile(r"[\t -~]{0,1024}")
_HOSTILE = re.compile(r"[\x00-\x1f\x7f%\\/\ud800-\udfff]")
"""What a segment never holds: a second decoding, a back-slash or a control would mean something else further on."""
_PCHAR = "!$&'()*+,;=:@~"
"""What RFC 3986 §3.3 lets stand in a segment, besides what `quote` leaves anyway."""


class Template(msgspec.Struct, frozen=True):
    """A method and path of an agent. `steps` are literal segments, or None where a variable stands."""

    method: str
    path: str
    steps: tuple[str | None, ...]
    names: tuple[str, ...]
    """The variable's name for each step; empty for literals."""

    @property
    def action(self) -> str:
        return f"http:{self.method}:{self.path}"


class HttpAdapter:
    """The adapter of protocol `http`. An agent's own schema is all that its bodies are held to."""

    protocol = "http"
    schema: Mapping[str, object] | None = None

    def __init__(
        self, registry: Registry, answers: Bounds, descriptions: Mapping[str, Description] = MappingProxyType({})
    ) -> None:
        """`descriptions`: what is declared of agents' routes, by agent id. `ConfigurationError` for an agent with a
        malformed template, without any, or with a description of a route that is not among its own."""
        self._registry = registry
        self._answers = Bounds(body_bytes=answers.answer_bytes, answer_bytes=answers.answer_bytes, depth=answers.depth)
        self._descriptions = descriptions
        self._templates = self._templated(descriptions)
        self._actions = _actions(self._templates)

    def become(self, descriptions: Mapping[str, Description]) -> None:
        """Read by other descriptions from now on: `ConfigurationError` as for the first ones, and then nothing changes.
        Nobody who reads a message meets half of them: reading waits for nothing."""
        templates = self._templated(descriptions)
        self._descriptions, self._templates, self._actions = descriptions, templates, _actions(templates)

    def _templated(self, descriptions: Mapping[str, Description]) -> dict[str, tuple[Template, ...]]:
        return {
            route.id: _templates(route, descriptions.get(route.id, {}))
            for route in self._registry.routes
            if route.protocol == self.protocol
        }

    def serves(self, message: Message, agent: Route) -> bool:
        """Whether this agent has the very template that the message was read by, and takes such a body there."""
        if message.action not in self._actions.get(agent.id, ()):
            return False
        body = self._operation(agent, message.action).body(message.media_type, empty=not message.body)
        if isinstance(body, Refusal):
            return False
        return body.fits is None or not message.body or body.fits(message.document) is None

    def read(self, request: Inbound, bounds: Bounds) -> Message | Refusal:
        """The request's parts: path variables, query, forwarded headers and body."""
        target, segments = _address(request.path)
        candidates = [route for route in self._registry.candidates(target) if route.id in self._templates]
        if not candidates:
            return Refusal(code="unknown_target", hint="the id of an agent of protocol http, or a capability of one")
        template = _matching(self._templates[candidates[0].id], request.method, segments)
        if isinstance(template, Refusal):
            return template
        operation = self._operation(candidates[0], template.action)
        pairs = read_pairs(request.query, "query")
        if isinstance(pairs, Refusal):
            return pairs
        headers = _header_parts(request, operation)
        if isinstance(headers, Refusal):
            return headers
        variables = {name: segments[index] for index, name in enumerate(template.names) if name}
        unfit = (
            operation.refuses("path", {name: [value] for name, value in variables.items()})
            or operation.refuses("query", values(pairs))
            or operation.refuses("header", _header_values(request, operation))
        )
        if unfit is not None:
            return unfit
        content = _content(request, bounds, operation)
        if isinstance(content, Refusal):
            return content
        body, read = content
        named = [
            Part(f"path:{index}", segments[index], "name", name, operation.known("path", name))
            for index, name in enumerate(template.names)
            if name
        ]
        return Message(
            protocol=self.protocol,
            action=template.action,
            target=target,
            stream=False,
            body=body,
            media_type=read.media_type,
            parts=(*named, *pair_parts(pairs, partial(operation.known, "query")), *headers, *read.parts),
            document=read.document,
            inbound=request,
            form=msgspec.structs.replace(read.form, headers=operation.headers),
        )

    def render(self, message: Message, agent: Route, masked: Mapping[str, str]) -> Outgoing:
        """The request for this agent. A header that would be masked is left out; `FormatError` for a mask elsewhere
        than in header, query or body: a path that was masked would name another thing."""
        check_places(masked, message.parts)
        outside = {place: text for place, text in masked.items() if place.startswith(("query:", "header:"))}
        inside = {place: text for place, text in masked.items() if place not in outside}
        query = message.inbound.query
        queried = {place: text for place, text in outside.items() if place.startswith("query:")}
        if queried:
            pairs = read_pairs(query, "query")
            query = "" if isinstance(pairs, Refusal) else render_pairs(pairs, queried)
        own = sent(agent)
        taken = {name for name, _ in own}  # whatever the agent's description says, a caller's is not sent beside it
        headers = [
            (name, value)
            for name in (*FORWARDED, *_form(message.form).headers)
            if (value := message.inbound.header(name)) is not None
            and f"header:{name}" not in outside
            and name not in taken
        ]
        headers += own
        _, segments = _address(message.inbound.path)
        path = "/" + "/".join(quote(segment, safe=_PCHAR) for segment in segments)
        return Outgoing(
            method=message.inbound.method,
            path=f"{path}?{query}" if query else path,
            headers=tuple(headers),
            body=render_content(message.body, _form(message.form), message.document, inside),
        )

    def read_answer(self, answer: WireAnswer, message: Message, agent: Route) -> Answer:
        """The answer's parts; `AgentError("bad_answer")` for a body that breaks the rules of its own type.

        401 and 407 speak of the gateway's own credential, not of the caller's: they are a bad answer too.
        """
        content_type = answer.header("content-type")
        declared = self._operation(agent, message.action).answered(
            answer.status, media_type(content_type), empty=not answer.body
        )
        if declared is None:
            raise AgentError("bad_answer")
        content = read_content(answer.body, content_type, self._answers, declared.layout)
        whole = 200 <= answer.status < 300 or (400 <= answer.status < 600 and answer.status not in (401, 407))
        if isinstance(content, Refusal) or not whole:
            raise AgentError("bad_answer")
        if declared.fits is not None and answer.body and declared.fits(content.document) is not None:
            raise AgentError("bad_answer")
        headers: tuple[tuple[str, str], ...] = ()
        parts = content.parts
        if content_type is not None and content.media_type and _VALUE.fullmatch(content_type):
            headers = (("content-type", content_type),)
            if content_type.lower() not in _USUAL:
                parts = (*parts, Part("header:content-type", content_type, "name"))
        return Answer(
            status=answer.status,
            media_type=content.media_type,
            headers=headers,
            body=answer.body,
            parts=parts,
            document=content.document,
            form=content.form,
        )

    def render_answer(self, answer: Answer, masked: Mapping[str, str]) -> bytes:
        check_places(masked, answer.parts)
        return render_content(answer.body, _form(answer.form), answer.document, masked)

    def stream(self, message: Message, lanes: Lanes, bounds: Bounds, agent: Route) -> StreamFilter:
        """Plain HTTP has no streams that could be read piece by piece."""
        raise AgentError("bad_answer")

    def error(self, refusal: Refusal, exchange: str) -> bytes:
        return problem(refusal, exchange)

    def _operation(self, agent: Route, action: str) -> Operation:
        """What is declared of an agent's route."""
        _, method, path = action.split(":", 2)
        return self._descriptions.get(agent.id, {}).get(f"{method} {path}", NOTHING)


def _content(request: Inbound, bounds: Bounds, operation: Operation) -> tuple[bytes, Content] | Refusal:
    """The body without its content coding, and what was read of it as the operation has it."""
    body = decompress(request.body, request.header("content-encoding"), bounds)
    if isinstance(body, Refusal):
        return body
    kind = request.header("content-type")
    declared = operation.body(media_type(kind), empty=not body)
    if isinstance(declared, Refusal):
        return declared
    read = read_content(body, kind, bounds, declared.layout)
    if isinstance(read, Refusal):
        return read
    unfit = declared.fits(read.document) if declared.fits is not None and body else None
    return (body, read) if unfit is None else unfit


def _form(kept: object) -> Form:
    return kept if isinstance(kept, Form) else Form()


def _actions(templates: Mapping[str, tuple[Template, ...]]) -> dict[str, set[str]]:
    return {agent: {one.action for one in several} for agent, several in templates.items()}


def _templates(route: Route, description: Description) -> tuple[Template, ...]:
    """An agent's templates, those with literals before those with variables: the more particular one decides. Without
    any in the settings they are those of its OpenAPI document."""
    listed = route.routes or tuple(description)
    documented = {name for name, operation in description.items() if operation.bodies is not None}
    if any(name not in listed for name in description.keys() - documented):
        raise ConfigurationError(f"agent {route.id}: its mapping has a route that is not among its routes")
    if documented and any(name not in description for name in listed):
        raise ConfigurationError(f"agent {route.id}: its routes have one that is not in its OpenAPI document")
    templates = [_template(text, f"agent {route.id}: routes[{index}]") for index, text in enumerate(listed)]
    return tuple(sorted(templates, key=_shape))


def _template(text: str, place: str) -> Template:
    found = _TEMPLATE.fullmatch(text)
    if found is None or found.group(1) not in METHODS:
        raise ConfigurationError(f"{place} must be METHOD /path/{{variable}}, with a method of {', '.join(METHODS)}")
    steps: list[str | None] = []
    names: list[str] = []
    for segment in found.group(2)[1:].split("/") if len(found.group(2)) > 1 else ():
        variable = _VARIABLE.fullmatch(segment)
        if segment in (".", "..") or (variable is None and ("{" in segment or "}" in segment)):
            raise ConfigurationError(f"{place} may hold literal segments and whole segments as {{variable}} only")
        steps.append(None if variable else segment)
        names.append(variable.group(1) if variable else "")
    return Template(found.group(1), found.group(2), tuple(steps), tuple(names))


def _address(path: str) -> tuple[str, list[str]]:
    """The agent or capability that a path names, and the decoded segments below it."""
    target, _, rest = path.removeprefix("/agents/").partition("/")
    return target, rest.split("/") if rest else []


def _matching(templates: tuple[Template, ...], method: str, segments: list[str]) -> Template | Refusal:
    if any(not segment or segment in (".", "..") or _HOSTILE.search(segment) for segment in segments):
        return Refusal(code="not_found", hint="a path of plain segments, as the agent's templates have them")
    fitting = [one for one in templates if _fits(one.steps, segments)]
    if not fitting:
        return Refusal(code="not_found", hint="a path that fits one of the agent's templates")
    # The most particular shape decides for all methods: with `POST /x/export`, `GET /x/{id}` is not `GET /x/export`.
    same = [one for one in fitting if _shape(one) == _shape(fitting[0])]
    for template in same:
        if template.method == method:
            return template
    return Refusal(code="method_not_allowed", hint=" or ".join(sorted({one.method for one in same})))


def _shape(template: Template) -> list[bool]:
    """Where variables stand."""
    return [step is None for step in template.steps]


def _fits(steps: tuple[str | None, ...], segments: list[str]) -> bool:
    return len(steps) == len(segments) and all(
        step is None or step == segment for step, segment in zip(steps, segments, strict=True)
    )


def _header_parts(request: Inbound, operation: Operation) -> list[Part] | Refusal:
    parts: list[Part] = []
    for name in (*FORWARDED, *operation.headers):
        value = request.header(name)
        if value is None:
            continue
        if not _VALUE.fullmatch(value):
            return Refusal(code="header_invalid", field=name, hint="visible ASCII, at most 1024 characters")
        if value and (value.lower() not in _USUAL or name not in FORWARDED):
            kind: PartKind = "name" if name == "content-type" else "text"
            parts.append(Part(f"header:{name}", value, kind, "", operation.known("header", name)))
    return parts


def _header_values(request: Inbound, operation: Operation) -> dict[str, list[str]]:
    wanted = frozenset(operation.headers)
    found: dict[str, list[str]] = {}
    for name, value in request.headers:
        if name in wanted:
            found.setdefault(name, []).append(value)
    return found
