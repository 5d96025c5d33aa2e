"""Answers that were kept are read again and decided on for who gets them now: as they are, masked anew, or withheld."""

import json
from typing import Any

import pytest

from gateway.agents.registry import Registry
from gateway.core.caller import Caller
from gateway.core.message import Inbound, WireAnswer
from gateway.exchange.protocols import wire_protocols
from gateway.exchange.rereading import Again, KeptAnswer, Rereading
from gateway.settings import Agent, Settings, Zone
from tests.agents.a2a_making import message as a2a_message
from tests.agents.a2a_making import rest, rpc, task
from tests.agents.mcp_making import event, old
from tests.agents.mcp_making import result as mcp_result
from tests.agents.mcp_making import rpc as mcp_rpc
from tests.agents.support import BOUNDS, answer, inbound
from tests.checks.policy.making import rule
from tests.conftest import ManualClock
from tests.exchange.making import MAIL, caller
from tests.exchange.test_inspector import ALL, MASKED, WITHHELD, inspector
from tests.system.site import completion
from tests.system.site import event as chunk

NOT_UNREAD = rule("read-only", 1, data="class:unscanned", agent="zone:*", action="receive", eft="deny")
ASKED = {"model": "chatty", "messages": [{"role": "user", "content": "hello"}]}
HTML = {"accept": "*/*"}


def protocols() -> Any:
    kinds: dict[str, Any] = {"chatty": "openai", "plain": "http", "tools": "mcp", "ward": "a2a"}
    agents = tuple(
        Agent(id=name, protocol=kind, url="http://a", zone="in-house", routes=("GET /notes",) if kind == "http" else ())
        for name, kind in kinds.items()
    )
    registry = Registry(Settings(zone=(Zone(id="in-house", trusted=True),), agent=agents), lambda reference: reference)
    return wire_protocols(registry, BOUNDS, {}, {})


PROTOCOLS = protocols()


def again(
    clock: ManualClock,
    *lines: str,
    protocol: str = "openai",
    request: Inbound | None = None,
    given: WireAnswer | None = None,
    by: Caller | None = None,
    **more: Any,
) -> Again:
    kept = KeptAnswer(
        protocol=protocol,
        action="chat",
        request=request or inbound(ASKED),
        answer=given or answer(completion(f"to {MAIL}")),
        agent=more.pop("agent", "chatty"),
        inherited=more.pop("inherited", ()),
        floor=more.pop("floor", ()),
    )
    if "unknown" in more:
        kept = KeptAnswer(**{**{name: getattr(kept, name) for name in kept.__struct_fields__}, "request": None})
    reading = Rereading(inspector=inspector(clock, *lines), bounds=BOUNDS, protocols=PROTOCOLS, offered={})
    return reading.again(by or caller(), kept)


def said(found: Again) -> str:
    text: str = json.loads(found.body)["choices"][0]["message"]["content"]
    return text


def test_what_its_receiver_may_have_is_given_byte_for_byte(clock: ManualClock) -> None:
    given = answer(completion(f"to {MAIL}"))
    found = again(clock, ALL, given=given)
    assert (found.refusal, found.body, found.decision.effect) == (None, given.body, "route")
    assert (found.classes, found.told, found.found["email"]) == (("pii",), frozenset({"pii"}), 1)


def test_what_must_be_masked_by_now_is_and_what_may_not_be_given_is_withheld(clock: ManualClock) -> None:
    masked = again(clock, ALL, MASKED)
    assert (said(masked), masked.decision.effect, masked.told) == ("to [EMAIL]", "redact", frozenset())
    withheld = again(clock, ALL, WITHHELD)
    assert withheld.refusal is not None
    assert (withheld.refusal.code, withheld.body, withheld.decision.effect) == ("answer_withheld", b"", "deny")
    assert withheld.explanation


@pytest.mark.parametrize("fields", [{"inherited": ("pii",)}, {"floor": ("pii",)}])
def test_what_it_has_from_elsewhere_cannot_be_masked_and_is_withheld(clock: ManualClock, fields: Any) -> None:
    given = answer(completion("hello"))
    assert again(clock, ALL, given=given, **fields).body == given.body
    assert again(clock, ALL, MASKED, given=given, **fields).refusal is not None


def test_a_stream_is_read_whole_and_given_anew(clock: ManualClock) -> None:
    pieces = [f"to {MAIL}"[at : at + 3] for at in range(0, len(f"to {MAIL}"), 3)]
    raw = b"".join(chunk({"content": piece}) for piece in pieces) + chunk({}, "stop") + b"data: [DONE]\n\n"
    given = answer(raw, content_type="text/event-stream")
    stream = inbound({**ASKED, "stream": True})
    whole = again(clock, ALL, given=given, request=stream)
    assert (whole.refusal, whole.body.endswith(b"data: [DONE]\n\n")) == (None, True)
    masked = again(clock, ALL, MASKED, given=given, request=stream)
    assert b"[EMAIL]" in masked.body
    assert b"jane" not in masked.body
    assert again(clock, ALL, WITHHELD, given=given, request=stream).body == b""
    broken = answer(raw[:-40], content_type="text/event-stream")
    assert again(clock, ALL, given=broken, request=stream).scanned != "full"
    assert again(clock, ALL, NOT_UNREAD, given=broken, request=stream).refusal is not None


def test_a_plain_answer_is_read_by_its_media_type(clock: ManualClock) -> None:
    request = inbound(method="GET", path="/agents/plain/notes", headers=HTML)
    given = answer(f"to {MAIL}".encode(), content_type="text/plain")
    more: dict[str, Any] = {"protocol": "http", "request": request, "given": given, "agent": "plain"}
    assert again(clock, ALL, **more).body == given.body
    assert again(clock, ALL, MASKED, **more).body == b"to [EMAIL]"


def test_answers_and_streams_of_mcp_are_masked_in_their_places(clock: ManualClock) -> None:
    request = old(mcp_rpc("tools/call", {"name": "find", "arguments": {}}))
    value = mcp_result({"content": [{"type": "text", "text": f"to {MAIL}"}]})
    more: dict[str, Any] = {"protocol": "mcp", "request": request, "agent": "tools"}
    whole = again(clock, ALL, MASKED, given=answer(value), **more)
    assert json.loads(whole.body)["result"]["content"][0]["text"] == "to [EMAIL]"
    news = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": MAIL}}
    stream = answer(event(news) + event(value), content_type="text/event-stream")
    masked = again(clock, ALL, MASKED, given=stream, **more)
    assert (masked.body.count(b"[EMAIL]"), masked.parts > 1, masked.refusal) == (2, True, None)
    assert again(clock, ALL, WITHHELD, given=stream, **more).body == b""
    cut = answer(event(news), content_type="text/event-stream")
    assert again(clock, ALL, NOT_UNREAD, given=cut, **more).refusal is not None


@pytest.mark.parametrize("binding", ["a2a", "a2a-rest"])
def test_answers_of_a2a_are_masked_and_streams_withheld_where_they_would_have_to_be(
    clock: ManualClock, binding: str
) -> None:
    request = rpc("SendMessage", {"message": a2a_message()})
    if binding == "a2a-rest":
        request = rest("POST", "/message:send", {"message": a2a_message()})
    more: dict[str, Any] = {"protocol": binding, "request": request, "agent": "ward"}
    value = {"task": task(artifacts=[{"artifactId": "a", "parts": [{"text": f"to {MAIL}"}]}])}
    wrapped = value if binding == "a2a-rest" else {"jsonrpc": "2.0", "id": 7, "result": value}
    masked = again(clock, ALL, MASKED, given=answer(wrapped), **more)
    assert b"to [EMAIL]" in masked.body
    pieces = [{"artifactUpdate": {"artifact": {"parts": [{"text": text}]}}} for text in ("jane.roe@exa", "mple.com")]
    raw = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in pieces)
    stream = answer(raw, content_type="text/event-stream")
    assert again(clock, ALL, given=stream, **more).body == raw
    withheld = again(clock, ALL, MASKED, given=stream, **more)
    assert (withheld.refusal is not None, withheld.classes) == (True, ("pii",)), "found over a cut"
    unread = answer(b"data: {\n\n", content_type="text/event-stream")
    assert again(clock, ALL, NOT_UNREAD, given=unread, **more).refusal is not None
    assert again(clock, ALL, NOT_UNREAD, given=answer(b"{"), **more).refusal is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"given": answer(b"not json")},
        {"request": inbound(b"not json")},
        {"unknown": True},
        {"protocol": "gone"},
        {"protocol": "unmodelled"},
    ],
)
def test_what_cannot_be_read_any_more_is_unscanned(clock: ManualClock, fields: Any) -> None:
    given = fields.pop("given", answer(completion("hello")))
    free = again(clock, ALL, given=given, **fields)
    assert (free.body, free.classes) == (given.body, ("unscanned",))
    assert again(clock, ALL, NOT_UNREAD, given=given, **fields).refusal is not None


def test_the_agents_of_a_tenant_are_its_own(clock: ManualClock) -> None:
    kept = KeptAnswer(
        protocol="openai",
        action="chat",
        request=inbound(ASKED),
        answer=answer(completion("hello")),
        agent="chatty",
        inherited=(),
        floor=(),
    )
    reading = Rereading(
        inspector=inspector(clock, ALL), bounds=BOUNDS, protocols={}, offered={"default": PROTOCOLS, "other": {}}
    )
    assert reading.again(caller(), kept).classes == ("public",)
    assert reading.again(caller(tenant="other"), kept).classes == ("unscanned",)
