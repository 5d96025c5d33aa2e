"""A message has the classes of all that it is made of, and what was denied for them stays with its caller."""

from types import SimpleNamespace
from typing import Any

import msgspec

from gateway.core.decision import Decision
from gateway.core.refusal import Refusal
from gateway.exchange.classifying import classify, stick
from gateway.exchange.exchange import Exchange, Joined, Lineage
from gateway.exchange.router import Denied
from tests.checks.policy.making import policy
from tests.conftest import ManualClock
from tests.exchange.making import caller, engine, exchange, message
from tests.exchange.test_inspector import ALL

JOINED = Joined(
    id="se_1",
    known=(b"k",),
    started=(),
    unknown=False,
    holders=frozenset(),
    sent=frozenset({"phi"}),
    said=frozenset({"internal"}),
)


DENY = Decision(effect="deny", agent=None, rules=(), obligations=(), policy="sha256:0", candidates=())


class Stuck:
    def __init__(self, classes: frozenset[str] = frozenset()) -> None:
        self.classes, self.noted = classes, list[frozenset[str]]()

    def of(self, *_: object) -> frozenset[str]:
        return self.classes

    async def note(self, tenant: str, actor: str, principal: tuple[str, ...], classes: frozenset[str]) -> None:
        self.noted.append(classes)


def parts(clock: ManualClock, stuck: Stuck, joined: Joined | Refusal = JOINED) -> Any:
    async def join(*_: object) -> Joined | Refusal:
        return joined

    return SimpleNamespace(
        policy=policy(ALL),
        engine=engine(clock),
        sticking=stuck,
        sessions=SimpleNamespace(join=join),
        tokens=SimpleNamespace(used=False),
        linking=None,
    )


def asked(*headers: tuple[str, str]) -> Exchange:
    found = exchange(*headers)
    found.caller = caller()
    return found


async def test_what_was_declared_what_sticks_and_what_an_agent_calls_from_are_joined(clock: ManualClock) -> None:
    one = asked(("x-data-class", "internal"))
    one.lineage = Lineage(chain=("desk",), classes=frozenset({"phi"}))
    found = await classify(parts(clock, Stuck(frozenset({"pii"}))), one, caller(floor=("secret",)), message("hello"))
    assert not isinstance(found, Refusal)
    assert found.declared == ("internal",)
    assert found.inherited == ("phi", "pii")
    assert "secret" in found.floor
    assert found.chain == ("desk",)


async def test_what_a_message_continues_brings_its_classes_or_ends_it(clock: ManualClock) -> None:

    continuing = msgspec.structs.replace(message("hello"), sessions=("mcp:1",))
    found = await classify(parts(clock, Stuck()), asked(), caller(), continuing)
    assert not isinstance(found, Refusal)
    assert found.inherited == ("internal", "phi")
    assert found.joined == JOINED
    refused = await classify(parts(clock, Stuck(), Refusal(code="not_found")), asked(), caller(), continuing)
    assert refused == Refusal(code="not_found")


async def test_what_only_ends_a_session_has_none_of_its_classes(clock: ManualClock) -> None:
    ends = msgspec.structs.replace(message("hello"), sessions=("mcp:1",), ends=True)
    found = await classify(parts(clock, Stuck()), asked(), caller(), ends)
    assert not isinstance(found, Refusal)
    assert (found.joined, found.inherited) == (JOINED, ())


async def test_only_what_the_message_itself_brought_sticks_and_public_never_does(clock: ManualClock) -> None:
    one, stuck = asked(("x-data-class", "internal")), Stuck(frozenset({"phi"}))
    found = await classify(parts(clock, stuck), one, caller(), message("hello"))
    assert not isinstance(found, Refusal)
    for classes in ({"internal", "phi", "public"}, {"phi"}):
        denied = Denied(decision=DENY, explanation=(), classes=frozenset(classes))
        await stick(parts(clock, stuck), one, found, denied)
    assert stuck.noted == [frozenset({"internal"})]


async def test_what_a_supervisor_was_not_to_be_asked_sticks_to_nobody(clock: ManualClock) -> None:
    one, stuck = exchange(("x-data-class", "internal"), asks="judge"), Stuck()
    one.caller = caller()
    found = await classify(parts(clock, stuck), one, caller(), message("hello"))
    assert not isinstance(found, Refusal)
    await stick(parts(clock, stuck), one, found, Denied(decision=DENY, explanation=(), classes=frozenset({"internal"})))
    assert stuck.noted == []
