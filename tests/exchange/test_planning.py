"""A decision from memory is the decision that would have been made, and the same object for the same answer."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.policy.engine import Engine as Rulebook
from gateway.checks.policy.policy import Policy
from gateway.checks.schema import Schema
from gateway.core.caller import Caller
from gateway.core.decision import Fit, Unfit
from gateway.core.message import Message
from gateway.core.ports import Route
from gateway.exchange import planning
from gateway.exchange.exchange import Classified, Joined, Routed
from gateway.exchange.planning import Planner
from gateway.exchange.router import Denied, Router
from tests.checks.policy.making import DAY_US, NOON_US, policy, rule
from tests.conftest import ManualClock
from tests.exchange.making import FRIEND, LOCAL, MAIL, SKY, caller, classified, message, router

_LINES = (
    rule("public", 50, agent="zone:*"),
    rule("night", 1, agent="zone:cloud", when="time:18:00-06:00", eft="deny"),
    rule("masked", 5, data="class:pii", agent="zone:cloud", when="contract:valid", obligations="redact"),
    rule("no-pii", 6, data="class:pii", agent="zone:partner", eft="deny", text="Not to partners."),
    rule("care", 7, data="class:phi", agent="zone:in-house", purpose="purpose:TREAT"),
    rule("asked", 8, role="role:clinician", data="class:pci", agent="zone:in-house", obligations="approve:privacy"),
    rule("own", 9, data="class:pii", agent="zone:in-house"),
    "x, role:clinician, tool:*\n",
)
_FEW = (_LINES[0], _LINES[2], _LINES[6])


class Asked:
    """A router that counts how often it is asked."""

    def __init__(self, inner: Router) -> None:
        self.inner, self.count = inner, 0
        self.unfit, self.masked, self.standing = inner.unfit, inner.masked, inner.standing
        self.reroutes = inner.reroutes

    def decide(self, *given: Any, **more: Any) -> Routed | Denied:
        self.count += 1
        return self.inner.decide(*given, **more)


class Site:
    """A planner before a router that counts, and a router of its own to compare with."""

    def __init__(self, clock: ManualClock, *lines: str, using: Policy | None = None, **fields: Any) -> None:
        self.clock, self.policy = clock, using or policy(*lines)
        self.asked = Asked(router(clock, using=self.policy, **fields))
        self.plain = router(clock, *lines, **fields)
        inner: Any = self.asked
        self.planner = Planner(inner, self.policy)

    def decide(
        self, who: Caller, what: Message, found: Classified, *candidates: Route, exact: bool = False
    ) -> Routed | Denied:
        """The planned decision, which is the router's own to the last field."""
        decided = self.planner.decide(who, what, found, candidates, exact=exact)
        assert decided == self.plain.decide(who, what, found, candidates, exact=exact)
        return decided

    def text(self, text: str, *candidates: Route, **declared: Any) -> Routed | Denied:
        sent = message(text)
        return self.decide(caller(), sent, classified(self.clock, sent.parts, **declared), *candidates)


def test_the_same_question_is_asked_once_and_answered_with_the_same_objects(clock: ManualClock) -> None:
    site = Site(clock, *_FEW)
    one, other = site.text("hello", SKY, LOCAL), site.text("good day", SKY, LOCAL)
    assert isinstance(one, Routed)
    assert one is other
    assert site.asked.count == 1


def test_masks_are_each_messages_own_under_one_decision(clock: ManualClock) -> None:
    site = Site(clock, *_FEW)
    one, other = site.text(f"to {MAIL}", SKY), site.text("to john.doe@example.com, soon", SKY)
    assert isinstance(one, Routed)
    assert isinstance(other, Routed)
    assert (one.decision is other.decision, site.asked.count) == (True, 1)
    assert list(other.masked.values()) == ["to [EMAIL], soon"]
    assert one.masked != other.masked


def test_what_cannot_be_masked_is_decided_anew_and_not_remembered(clock: ManualClock) -> None:
    site = Site(clock, *_FEW)
    site.text(f"to {MAIL}", SKY, LOCAL)
    part = msgspec.structs.replace(message(f"to {MAIL}").parts[-1], kind="name")
    sent = msgspec.structs.replace(message("x"), parts=(part,))
    for _ in range(2):
        decided = site.decide(caller(), sent, classified(clock, sent.parts), SKY, LOCAL)
        assert [view.answer for view in decided.decision.candidates] == ["cannot-redact", "allow"]
    assert (site.asked.count, len(site.planner)) == (3, 1)


def test_a_message_that_an_agent_takes_otherwise_than_the_last_one_is_decided_anew(clock: ManualClock) -> None:
    short = Schema({"properties": {"messages": {"items": {"properties": {"content": {"maxLength": 5}}}}}})
    site = Site(clock, *_FEW, schemas={"sky": short})
    assert [view.answer for view in site.text("hello", SKY, LOCAL).decision.candidates] == ["allow"]
    for _ in range(2):
        long = site.text("a longer text", SKY, LOCAL)
        assert [view.answer for view in long.decision.candidates] == ["schema", "allow"]
    assert site.asked.count == 2, "which is remembered in its turn"


def test_what_has_no_translation_is_told_of_every_message_by_its_own_name(clock: ManualClock) -> None:
    def serves(sent: Message, agent: Route) -> Fit | Unfit:
        return Unfit("translation", sent.target) if agent.id == "sky" else Fit(sent.document)

    site = Site(clock, *_FEW, serves=serves)
    for target in ("tools", "images", "tools"):
        sent = msgspec.structs.replace(message("hello"), target=target)
        decided = site.decide(caller(), sent, classified(clock, sent.parts), SKY, LOCAL)
        assert any(target in sentence for sentence in decided.explanation)


def test_sessions_and_onward_actions_are_always_decided_anew(clock: ManualClock) -> None:
    site = Site(clock, *_FEW)
    onward = msgspec.structs.replace(message("hello"), onward=("onward:web_search",))
    joined = Joined(
        id="se_1",
        known=(),
        started=(),
        unknown=False,
        holders=frozenset(),
        sent=frozenset(),
        said=frozenset(),
    )
    for _ in range(2):
        site.decide(caller(), onward, classified(clock, onward.parts), LOCAL)
        site.decide(caller(), message("hello"), classified(clock, message("hello").parts, joined=joined), LOCAL)
    assert (site.asked.count, len(site.planner)) == (4, 0)


def test_what_policy_could_not_evaluate_is_asked_again(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(clock, *_FEW)

    def broken(*given: Any) -> Any:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(Rulebook, "answer", broken)
        assert isinstance(site.planner.decide(*_hello(clock), (LOCAL,), exact=False), Denied)
    assert isinstance(site.text("hello", LOCAL), Routed)


def _hello(clock: ManualClock) -> tuple[Caller, Message, Classified]:
    sent = message("hello")
    return caller(), sent, classified(clock, sent.parts)


def test_only_so_much_is_remembered(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MAX_PLANS", 2)
    site = Site(clock, *_FEW)
    for target in (LOCAL, FRIEND, SKY, LOCAL):
        site.text("hello", target)
    assert (site.asked.count, len(site.planner)) == (4, 2)


_WHO = st.builds(
    lambda roles, zone, subject, purpose: msgspec.structs.replace(
        caller(roles=roles, zone=zone, subject=subject), purpose=purpose
    ),
    st.sampled_from([("clerk",), ("clinician",), ("clerk", "clinician"), (), ("",), ("stranger",)]),
    st.sampled_from(["in-house", "cloud", "moon"]),
    st.sampled_from(["ada", "bob", ""]),
    st.sampled_from(["TREAT", "HOPERAT", None]),
)
_WHAT = st.tuples(
    st.sampled_from(["hello", f"to {MAIL}", "Card 4111 1111 1111 1111"]), st.sampled_from(["chat", "tool:x"])
)
_SOURCES = st.fixed_dictionaries(
    {
        name: st.sampled_from([(), ("public",), ("phi",), ("pci", "phi"), ("internal",)])
        for name in ("declared", "inherited", "floor")
    }
)
_TO = st.lists(
    st.sampled_from([LOCAL, FRIEND, SKY, msgspec.structs.replace(LOCAL, id="nobody")]), unique_by=lambda one: one.id
)
_WHEN = st.sampled_from([NOON_US, NOON_US + DAY_US // 3, NOON_US + 400 * DAY_US])
_CLOCK = ManualClock()
_EVERYTHING = Site(_CLOCK, *_LINES)


@settings(deadline=None)
@given(st.lists(st.tuples(_WHO, _WHAT, _SOURCES, _TO, _WHEN, st.booleans()), max_size=6))
def test_whatever_was_decided_before_a_planned_decision_is_the_routers(questions: list[Any]) -> None:
    """The planner remembers everything of all examples before: `Site.decide` compares."""
    for who, (text, action), sources, candidates, now_us, exact in questions:
        _CLOCK.us = now_us
        sent = msgspec.structs.replace(message(text), action=action)
        _EVERYTHING.decide(who, sent, classified(_CLOCK, sent.parts, **sources), *candidates, exact=exact)


def test_whether_anybody_else_may_have_it_is_the_routers_word(clock: ManualClock) -> None:
    site, sent = Site(clock, *_LINES), msgspec.structs.replace(message("hello"), action="tool:files/read")
    found = classified(clock, sent.parts)
    assert site.planner.reroutes(caller(), sent, found)
    clinician = msgspec.structs.replace(
        caller(), identity=msgspec.structs.replace(caller().identity, roles=("clinician",))
    )
    assert not site.planner.reroutes(clinician, sent, found)
