"""What may go on in an emergency, and what is refused because one node cannot know it."""

from typing import Any

import msgspec
import pytest

from gateway.core.decision import Decision
from gateway.core.message import Inbound, Message
from gateway.core.ports import Route
from gateway.core.refusal import Refusal
from gateway.exchange.emergency_bounds import Bounds
from gateway.exchange.exchange import Routed

BOUNDS = Bounds(capabilities=frozenset({"triage"}), zones=frozenset({"in-house"}))
_INBOUND = Inbound(method="POST", path="/", query="", headers=(), body=b"")


def route(name: str, zone: str = "in-house", *capabilities: str, **fields: Any) -> Route:
    """An agent."""
    limits = ("connect_timeout_s", "first_byte_timeout_s", "idle_timeout_s", "timeout_s")
    times: dict[str, Any] = dict.fromkeys(limits, 1.0)
    nothing: dict[str, Any] = dict.fromkeys(("region", "processor", "model", "version", "credential", "ca"))
    return Route(
        id=name,
        protocol="openai",
        url="http://127.0.0.1",
        zone=zone,
        capabilities=capabilities or ("triage",),
        floor=(),
        routes=(),
        **times,
        **nothing,
        **fields,
    )


def message(target: str = "triage", **fields: Any) -> Message:
    return Message(
        protocol="openai",
        action="chat",
        target=target,
        stream=False,
        body=b"",
        media_type="application/json",
        parts=(),
        inbound=_INBOUND,
        **fields,
    )


def decided(effect: Any, *obligations: str, **fields: Any) -> Routed:
    decision = Decision(effect=effect, agent="ward", rules=(), obligations=obligations, policy="p", candidates=())
    return Routed(decision=decision, route=route("ward", **fields), masked={}, rest=(), inputs={}, explanation=())


def test_agents_of_the_zones_and_capabilities_may_be_asked_and_no_other() -> None:
    ward, cloud, desk = route("ward"), route("cloud", "cloud"), route("desk", "in-house", "summarize")
    fetching = route("fetching", "in-house", "triage", pull=True)
    assert BOUNDS.reached(message(), (cloud, ward, desk, fetching)) == (ward,)
    assert BOUNDS.reached(message("ward"), (ward, cloud)) == (ward,)
    assert isinstance(BOUNDS.reached(message("cloud"), (cloud, ward), exact=True), Refusal)
    assert BOUNDS.reached(message("ward"), (ward, cloud), exact=True) == (ward,)
    both = route("both", "in-house", "triage", "summarize")
    for target, candidates in (("summarize", (both,)), ("triage", (cloud,)), ("desk", (desk,))):
        refused = BOUNDS.reached(message(target), candidates)
        assert isinstance(refused, Refusal)
        assert (refused.code, refused.status) == ("emergency_unserved", 503)
        assert refused.hint == "one of the capabilities triage"


@pytest.mark.parametrize("more", [{"sessions": ("a2a-task:1",)}, {"references": ("file:1",)}])
def test_a_message_that_continues_something_is_refused(more: dict[str, Any]) -> None:
    assert isinstance(BOUNDS.reached(message(**more), (route("ward"),)), Refusal)


@pytest.mark.parametrize(
    ("effect", "obligations"),
    [
        ("approve", ("approve:clinician",)),
        ("route", ("supervise:guard",)),
        ("route", ("notify:duty",)),
        ("route", ("keep-content:3",)),
        ("tokenize", ("tokenize",)),
        ("redact", ("redact", "something-new")),
    ],
)
def test_what_one_node_cannot_know_by_itself_is_refused(effect: str, obligations: tuple[str, ...]) -> None:
    assert isinstance(BOUNDS.decided(decided(effect, *obligations)), Refusal)


def test_what_one_node_can_hold_to_goes_on() -> None:
    for obligations in ((), ("redact",), ("redact:email", "no-content"), ("generalise", "declassify:pii")):
        assert BOUNDS.decided(decided("redact" if obligations else "route", *obligations)) is None
    assert isinstance(BOUNDS.decided(decided("route", calls=True)), Refusal)


def test_bounds_are_frozen() -> None:
    with pytest.raises(AttributeError):
        BOUNDS.zones = frozenset()  # type: ignore[misc]  # that it cannot be is what is shown
    assert msgspec.structs.replace(BOUNDS, zones=frozenset({"cloud"})).zones == {"cloud"}
