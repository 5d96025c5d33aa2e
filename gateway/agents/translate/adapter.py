"""An adapter that also reaches agents of other families: the caller's own adapter, with translation behind it.

The request is masked in the caller's form by the caller's own adapter, and translated after that; the answer is
translated into the caller's form first, and read, scanned and masked there. So every text is looked at exactly once, in
the form in which the caller sees it, and nothing that was translated leaves without having been looked at.
"""

from collections.abc import Mapping

import msgspec

from gateway.agents.bodies import read_json, write_json
from gateway.agents.translate.forms import FORMS, translate_error, translate_reply, translate_request
from gateway.agents.translate.neutral import Untranslatable
from gateway.agents.translate.stream import StreamTranslation
from gateway.core.decision import Fit, Unfit
from gateway.core.errors import AgentError, FormatError
from gateway.core.message import Answer, Inbound, Message, Outgoing, WireAnswer
from gateway.core.ports import Adapter, Bounds, Lanes, Route, StreamFilter
from gateway.core.refusal import Refusal

_PATHS = {"openai": "/v1/chat/completions", "responses": "/v1/responses", "anthropic": "/v1/messages"}
_APIS = {"openai": "chat", "responses": "responses"}
_FAMILIES = {"openai": ("openai", "responses"), "anthropic": ("anthropic",)}
"""An agent's protocol → the forms that its family has, the one to translate into first."""
_JSON = (("content-type", "application/json"),)
_GROWTH = 16
"""How much longer a stream may become in another form: the agent's own bytes are held to their bounds before."""


def spoken(agent: Route) -> tuple[str, ...]:
    """The forms that an agent takes, the one to translate into first."""
    family = _FAMILIES.get(agent.protocol, ())
    if agent.protocol != "openai" or not agent.apis:
        return family
    return tuple(form for form in family if _APIS[form] in agent.apis)


class Translating:
    """The adapter of one of the three forms, for agents of all of them."""

    def __init__(self, own: Adapter, adapters: Mapping[str, Adapter], bounds: Bounds) -> None:
        """`adapters`: that of each form, for what is sent to agents. `bounds`: what an answer may measure."""
        self.protocol = own.protocol
        self._forms: dict[tuple[str, tuple[str, ...]], str | None] = {}
        """By what agents speak, of which there are as many as the configuration has."""
        self._own, self._adapters, self._bounds = own, adapters, bounds
        self._body = Bounds(
            body_bytes=bounds.body_bytes * _GROWTH, answer_bytes=bounds.answer_bytes, depth=bounds.depth
        )
        self._answer = Bounds(body_bytes=bounds.answer_bytes, answer_bytes=bounds.answer_bytes, depth=bounds.depth)

    def serves(self, message: Message, agent: Route) -> bool:
        """Whether this agent could be sent the message, translated or as it is."""
        return isinstance(self.offer(message, agent), Fit)

    def offer(self, message: Message, agent: Route) -> Fit | Unfit:
        """What this agent would get, unmasked, or why it could get nothing."""
        form = self._form(agent)
        if form is None or (form == self.protocol and not self._own.serves(message, agent)):
            return Unfit("protocol")
        if form == self.protocol:
            return Fit(message.document)
        if message.inbound.path != _PATHS[self.protocol]:
            return Unfit("translation", "requests beside the conversation itself")
        document = translate_request(message.document, self.protocol, form)
        return Unfit("translation", document.feature) if isinstance(document, Untranslatable) else Fit(document)

    def read(self, request: Inbound, bounds: Bounds) -> Message | Refusal:
        return self._own.read(request, bounds)

    def render(self, message: Message, agent: Route, masked: Mapping[str, str]) -> Outgoing:
        """Masked in the caller's form, then translated. `FormatError` for what cannot be, masks included."""
        form = self._form(agent)
        outgoing = self._own.render(message, agent, masked)
        if form is None or form == self.protocol:
            return outgoing
        read = read_json(outgoing.body, self._body)
        document = (
            Untranslatable("") if isinstance(read, Refusal) else translate_request(read.value, self.protocol, form)
        )
        if isinstance(document, Untranslatable):
            raise FormatError("the message has no translation")
        body = write_json(document)
        inbound = Inbound(method="POST", path=_PATHS[form], query="", headers=_JSON, body=body)
        translated = msgspec.structs.replace(
            message, protocol=form, document=document, body=body, parts=(), inbound=inbound
        )
        return self._adapters[form].render(translated, agent, {})

    def read_answer(self, answer: WireAnswer, message: Message, agent: Route) -> Answer:
        """The answer in the caller's form. `AgentError`: `bad_answer` for what is none, `untranslatable` for what
        that form has no words for."""
        form = self._form(agent)
        if form is None or form == self.protocol:
            return self._own.read_answer(answer, message, agent)
        read = read_json(answer.body, self._answer)
        if isinstance(read, Refusal) or type(read.value) is not dict or not 200 <= answer.status < 600:
            raise AgentError("bad_answer")
        if answer.status >= 400:
            document = translate_error(read.value, form, self.protocol, answer.status)
        elif answer.status < 300:
            document = translate_reply(read.value, form, self.protocol)
        else:
            raise AgentError("bad_answer")
        wire = WireAnswer(status=answer.status, headers=_JSON, body=write_json(document))
        return msgspec.structs.replace(self._own.read_answer(wire, message, agent), original=read.value)

    def render_answer(self, answer: Answer, masked: Mapping[str, str]) -> bytes:
        return self._own.render_answer(answer, masked)

    def stream(self, message: Message, lanes: Lanes, bounds: Bounds, agent: Route) -> StreamFilter:
        form = self._form(agent)
        if form is None or form == self.protocol:
            return self._own.stream(message, lanes, bounds, agent)
        wider = Bounds(body_bytes=bounds.body_bytes, answer_bytes=bounds.answer_bytes * _GROWTH, depth=bounds.depth)
        asked = FORMS[self.protocol].read(message.document).usage
        return TranslatedStream(
            StreamTranslation(form, self.protocol, bounds, usage=asked), self._own.stream(message, lanes, wider, agent)
        )

    def error(self, refusal: Refusal, exchange: str) -> bytes:
        return self._own.error(refusal, exchange)

    def _form(self, agent: Route) -> str | None:
        """The form in which this agent gets the caller's messages: the caller's own if it takes that."""
        key = (agent.protocol, agent.apis)
        if key not in self._forms:
            forms = spoken(agent)
            known = (form for form in forms if form in self._adapters)
            self._forms[key] = self.protocol if self.protocol in forms else next(known, None)
        return self._forms[key]


class TranslatedStream:
    """A `StreamFilter` (see `core.ports`): translated into the caller's form, then filtered in it."""

    def __init__(self, translation: StreamTranslation, inner: StreamFilter) -> None:
        self._translation, self._inner = translation, inner

        self.closing = b""
        self.model: str | None = None
        self.tokens_in: int | None = None
        self.tokens_out: int | None = None
        self.sessions: tuple[str, ...] = ()

    def feed(self, data: bytes) -> bytes:
        return self._passed(self._translation.feed(data))

    def finish(self) -> bytes:
        out = self._passed(self._translation.finish()) + self._inner.finish()
        self._note()
        return out

    def _passed(self, translated: bytes) -> bytes:
        if not translated:
            return b""
        out = self._inner.feed(translated)
        self._note()
        return out

    def _note(self) -> None:
        inner, usage = self._inner, self._translation.usage
        self.closing, self.model, self.sessions = inner.closing, inner.model, inner.sessions
        # The caller may not have asked for the usage of its stream: the record has it all the same.
        self.tokens_in = inner.tokens_in if usage is None else usage.input
        self.tokens_out = inner.tokens_out if usage is None else usage.output
