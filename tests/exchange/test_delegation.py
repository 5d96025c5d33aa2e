"""What a call of an agent's carries is read before it goes on, and what it is told is written before it leaves."""

from typing import Any

import msgspec
import pytest

from gateway.checks.delegation import HEADER, Tokens
from gateway.core.caller import Caller
from gateway.core.decision import Decision
from gateway.core.errors import LedgerUnavailable
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Origin
from gateway.exchange.delegation import APART, MAX_SUBJECTS, Delegation
from gateway.exchange.exchange import Exchange, Joined, Lineage, Parent, Routed
from gateway.settings import DelegationSettings
from gateway.store.open_exchanges import Context, OpenExchange
from tests.conftest import ManualClock
from tests.exchange.making import LOCAL, classified, exchange, identity, message, route

TOKENS = Tokens(bytes(32))
CALLS = route("front", calls=True, delegation=True)


class Rows:
    """A store in memory. `failing`: it does not answer."""

    def __init__(self, *opened: OpenExchange) -> None:
        self.rows = {(one.tenant, one.id): one for one in opened}
        self.extended: list[Any] = []
        self.failing = False

    async def enter(self, tenant: str, exchange: str) -> OpenExchange | None:
        self._answers()
        found = self.rows.get((tenant, exchange))
        if found is not None:
            found = self.rows[tenant, exchange] = msgspec.structs.replace(found, children=found.children + 1)
        return found

    async def find(self, tenant: str, exchange: str) -> OpenExchange | None:
        self._answers()
        return self.rows.get((tenant, exchange))

    async def of_agent(self, agent: str) -> list[OpenExchange]:
        self._answers()
        return list(self.rows.values())

    async def learned(self, tenant: str, exchange: str) -> frozenset[str]:
        self._answers()
        return self.rows[tenant, exchange].learned

    async def learn(self, tenant: str, exchange: str, classes: frozenset[str]) -> None:
        self._answers()
        found = self.rows[tenant, exchange]
        self.rows[tenant, exchange] = msgspec.structs.replace(found, learned=found.learned | classes)

    async def extend(self, tenant: str, exchange: str, delegated: Any) -> None:
        self.extended.append((tenant, exchange, delegated))

    def _answers(self) -> None:
        if self.failing:
            raise LedgerUnavailable("the database did not answer")


def opened(id: str = "ex_up", **fields: Any) -> OpenExchange:
    chain, subjects = fields.pop("chain", ()), fields.pop("subjects", ())
    context = Context(trace="9" * 32, purpose=fields.pop("purpose", "HPAYMT"), subjects=subjects, chain=chain)
    values: dict[str, Any] = {
        "tenant": "tn_1",
        "sent": frozenset({"phi"}),
        "learned": frozenset({"pci"}),
        "children": 0,
        **fields,
    }
    return OpenExchange(id=id, context=context, **values)


def delegation(rows: Rows, clock: ManualClock, *, shared: bool = False, **settings: Any) -> Delegation:
    store: Any = rows
    return Delegation(
        store,
        TOKENS,
        clock,
        callers={("default", "front-bot"): "front"},
        persons=lambda ledger, who: (f"{ledger}/{who.subject}",),
        settings=DelegationSettings(**settings),
        shared=shared,
    )


def token(clock: ManualClock, exchange: str = "ex_up", agent: str = "front", lives_s: int = 60) -> tuple[str, str]:
    expires_s = clock.now_us() // 1_000_000 + lives_s
    return HEADER, TOKENS.issue(tenant="tn_1", exchange=exchange, agent=agent, expires_s=expires_s)


def called(*headers: tuple[str, str], **fields: Any) -> tuple[Exchange, Caller]:
    """A call, by the agent `front` unless `fields` of its identity say otherwise."""
    who = identity(**{"subject": "front-bot", "kind": "agent", **fields})
    one = exchange(*headers)
    one.caller = Caller(identity=who, tenant="tn_1", actor="ac_1", purpose="TREAT")
    return one, one.caller


async def refused(one: Delegation, *headers: tuple[str, str], **fields: Any) -> str:
    made, who = called(*headers, **fields)
    assert one.concerns(made, who)
    found = await one.admit(made, who)
    assert isinstance(found, Refusal), found
    return found.code


def test_most_callers_are_not_looked_at(clock: ManualClock) -> None:
    one = delegation(Rows(), clock)
    assert not one.concerns(*called(subject="ada", kind="person"))
    assert one.concerns(*called(subject="ada", kind="agent"))
    assert one.concerns(*called(kind="service"))
    assert one.concerns(*called((HEADER, ""), subject="ada", kind="person"))


async def test_who_bears_an_agents_name_by_an_issuer_that_may_not_use_it_is_not_that_agent(clock: ManualClock) -> None:
    one = delegation(Rows(opened()), clock)
    assert not one.concerns(*called(kind="service", named=False))
    refused = await one.admit(*called(token(clock), named=False))
    assert isinstance(refused, Refusal)
    assert refused.code == "delegation_invalid"
    refused = await one.admit(*called(named=False))
    assert isinstance(refused, Refusal)
    assert refused.code == "agent_unregistered"


async def test_a_call_with_a_token_goes_on_as_part_of_its_exchange(clock: ManualClock) -> None:
    rows = Rows(opened(chain=("top",), subjects=("sb_1", "sb_2")), opened("ex_else", sent=frozenset({"secret"})))
    one, who = called(token(clock))
    one.subjects = ("sb_2", "sb_3")
    found = await delegation(rows, clock).admit(one, who)
    assert isinstance(found, Caller)
    assert found.purpose == "HPAYMT"
    assert one.caller == found
    assert one.trace == "9" * 32
    assert list(one.subjects) == ["sb_1", "sb_2", "sb_3"]
    assert one.lineage == Lineage(
        chain=("top", "front"),
        classes=frozenset({"phi", "pci"}),
        parents=(Parent(tenant="tn_1", exchange="ex_up", learned=frozenset({"pci"})),),
        parent="ex_up",
    )


async def test_a_call_without_one_carries_what_all_open_exchanges_do_and_keeps_its_own_trace(
    clock: ManualClock,
) -> None:
    rows = Rows(
        opened(children=3, chain=("top",)),
        opened("ex_else", tenant="tn_2", sent=frozenset({"secret"}), learned=frozenset(), chain=("front", "mid")),
    )
    one, who = called()
    assert await delegation(rows, clock).admit(one, who) == who
    assert one.lineage is not None
    assert one.lineage.classes == {"phi", "pci", "secret"}
    assert one.lineage.parent is None
    assert one.lineage.chain == ("top", "mid", "front")
    assert [parent.exchange for parent in one.lineage.parents] == ["ex_up", "ex_else"]
    assert one.trace == "1" * 32
    assert rows.rows["tn_2", "ex_else"].children == 1
    free, who = called()
    assert await delegation(Rows(), clock).admit(free, who) == who
    assert free.lineage == Lineage(chain=("front",))


async def test_tokens_that_do_not_hold_are_refused_by_what_is_wrong_with_them(clock: ManualClock) -> None:
    one = delegation(Rows(opened()), clock)
    name, good = token(clock)
    assert await refused(one, token(clock, agent="back")) == "delegation_invalid"
    assert await refused(one, (name, good), (name, good)) == "delegation_invalid"
    assert await refused(one, (name, good + "x")) == "delegation_invalid"
    assert await refused(one, (name, good), subject="ada", kind="person") == "delegation_invalid"
    assert await refused(one, (name, good), tenant="other") == "delegation_invalid"
    assert await refused(one, token(clock, lives_s=0)) == "delegation_expired"
    assert await refused(one, token(clock, "ex_gone")) == "delegation_expired"
    assert await refused(one, (name, good), ("x-purpose", "TREAT")) == "purpose_not_allowed"


def resumed(origin: Origin, **fields: Any) -> tuple[Exchange, Caller]:
    """A call that was asked for earlier."""
    one, who = called(**fields)
    one.arrival = msgspec.structs.replace(one.arrival, origin=origin)
    return one, who


ASKED = Origin(
    trace="8" * 32,
    inherited=("phi",),
    chain=("top", "front"),
    parent="ex_gone",
    purpose="HPAYMT",
    subjects=("sb_1", "sb_2"),
    persons=("pe_1",),
)
LINEAGE = Lineage(chain=("top", "front"), classes=frozenset({"phi"}), parent="ex_gone", persons=("pe_1",))


async def test_what_was_asked_for_earlier_comes_from_what_was_found_then_and_is_not_counted_again(
    clock: ManualClock,
) -> None:
    rows = Rows(opened(sent=frozenset({"secret"})))
    made, (one, who) = delegation(rows, clock), resumed(ASKED)
    one.subjects = tuple(f"sb_{number}" for number in (2, 3))
    assert made.concerns(one, who)
    found = await made.admit(one, who)
    assert isinstance(found, Caller)
    assert (found.purpose, one.caller, one.trace) == ("HPAYMT", found, "8" * 32)
    assert one.subjects == ("sb_1", "sb_2", "sb_3")
    assert one.lineage == LINEAGE
    assert rows.rows["tn_1", "ex_up"].children == 0


async def test_what_was_asked_for_without_a_token_keeps_its_purpose_and_names_no_parent(clock: ManualClock) -> None:
    origin = Origin(trace="8" * 32, inherited=("phi",), chain=("top", "front"))
    one, who = resumed(origin)
    assert await delegation(Rows(opened()), clock).admit(one, who) == who
    assert (one.trace, one.subjects) == ("8" * 32, ())
    assert one.lineage == Lineage(chain=("top", "front"), classes=frozenset({"phi"}))


async def test_what_was_asked_for_earlier_is_held_to_bounds_and_callers_as_they_are_now(clock: ManualClock) -> None:
    one, who = resumed(ASKED)
    found = await delegation(Rows(), clock, max_depth=1).admit(one, who)
    assert isinstance(found, Refusal)
    assert found.code == "delegation_depth"
    one, who = resumed(ASKED)
    one.subjects = tuple(f"sb_own_{number}" for number in range(MAX_SUBJECTS))
    found = await delegation(Rows(), clock).admit(one, who)
    assert isinstance(found, Refusal)
    assert found.code == "header_invalid"
    one, who = resumed(ASKED, subject="stranger")
    found = await delegation(Rows(), clock).admit(one, who)
    assert isinstance(found, Refusal)
    assert found.code == "agent_unregistered"


async def test_what_an_agent_asked_for_that_is_none_any_more_keeps_what_it_comes_from(clock: ManualClock) -> None:
    made, (one, who) = delegation(Rows(), clock), resumed(ASKED, subject="former", kind="service")
    assert made.concerns(one, who)
    assert isinstance(await made.admit(one, who), Caller)
    assert one.lineage == LINEAGE
    one, who = resumed(Origin(trace="8" * 32), subject="ada", kind="person")
    assert not made.concerns(one, who)


async def test_who_is_no_agent_here_calls_only_where_that_is_allowed(clock: ManualClock) -> None:
    assert await refused(delegation(Rows(), clock), subject="stranger") == "agent_unregistered"
    one, who = called(subject="stranger")
    assert await delegation(Rows(), clock, unregistered=True).admit(one, who) == who
    assert one.lineage is None


async def test_chains_calls_and_subjects_are_bounded(clock: ManualClock) -> None:
    deep = Rows(opened(chain=("a", "b")))
    assert await refused(delegation(deep, clock, max_depth=2), token(clock)) == "delegation_depth"
    one, who = called(token(clock))
    assert isinstance(await delegation(deep, clock, max_depth=3).admit(one, who), Caller)
    full = delegation(Rows(opened(children=2)), clock, max_children=2)
    assert await refused(full, token(clock)) == "delegation_fanout"
    assert await refused(full) == "delegation_fanout"
    many = Rows(opened(subjects=tuple(f"sb_{number}" for number in range(MAX_SUBJECTS + 1))))
    assert await refused(delegation(many, clock), token(clock)) == "header_invalid"


async def test_what_cannot_be_read_lets_no_call_go_on(clock: ManualClock) -> None:
    rows = Rows(opened())
    rows.failing = True
    for headers in ((), (token(clock),)):
        with pytest.raises(LedgerUnavailable):
            await delegation(rows, clock).admit(*called(*headers))


def routed(to: Any = CALLS) -> Routed:
    decision = Decision(effect="route", agent=to.id, rules=(), obligations=(), policy="sha256:1", candidates=())
    return Routed(decision=decision, route=to, masked={}, rest=(), inputs={}, explanation=())


def sending(clock: ManualClock, **fields: Any) -> Exchange:
    """An exchange that is about to be sent."""
    one = exchange()
    one.caller = Caller(identity=identity(), tenant="tn_1", actor="ac_1", purpose="TREAT")
    one.subjects = ("sb_1",)
    one.classified = classified(clock, message().parts, **fields)
    return one


async def test_an_exchange_is_kept_open_with_what_its_agent_has(clock: ManualClock) -> None:
    rows = Rows()
    made = delegation(rows, clock)
    joined = Joined(
        id="se_1",
        known=(),
        started=(),
        unknown=False,
        holders=frozenset(),
        sent=frozenset(),
        said=frozenset({"pci"}),
    )
    one = sending(clock, declared=("phi",), inherited=("pci",), joined=joined)
    one.lineage = Lineage(chain=("top",))
    row = made.opened(one, routed())
    assert row is not None
    assert (row.agent, row.classes, row.chain) == ("front", ("pci", "phi"), ("top",))
    assert (row.trace, row.purpose, row.subjects) == ("1" * 32, "TREAT", ("sb_1",))
    assert made.opened(sending(clock), routed(LOCAL)) is None
    await made.extend(one, routed(LOCAL))
    await made.extend(one, routed())
    assert [(tenant, id, row.agent) for tenant, id, row in rows.extended] == [("tn_1", "ex_1", "front")]


def test_only_an_agent_that_asks_for_it_is_sent_a_token_and_it_is_its_own(clock: ManualClock) -> None:
    made, one = delegation(Rows(), clock, lifetime_s=30), sending(clock)
    assert made.headers(one, LOCAL) == ()
    [(name, value)] = made.headers(one, CALLS)
    assert name == HEADER
    expires_s = clock.now_us() // 1_000_000 + 30
    assert TOKENS.exchange(value, tenant="tn_1", agent="front") == ("ex_1", expires_s)


@pytest.mark.parametrize("shared", [False, True])
async def test_what_a_child_is_told_its_parent_has_learned(clock: ManualClock, shared: bool) -> None:
    rows = Rows()
    made = delegation(rows, clock, shared=shared)
    parent = sending(clock)
    assert made.flow(parent) is APART
    made.opened(parent, routed())
    rows.rows["tn_1", "ex_1"] = opened("ex_1", learned=frozenset())
    child, who = called(token(clock, "ex_1"))
    assert isinstance(await made.admit(child, who), Caller)
    above, below = made.flow(parent), made.flow(child)
    assert await above.known() == await below.known() == ()
    await below.tell(frozenset({"phi", "public"}))
    await below.tell(frozenset({"phi"}))
    await below.tell(frozenset({"pii"}))
    assert await above.known() == ("phi", "pii")
    assert rows.rows["tn_1", "ex_1"].learned == {"phi", "pii"}
    await above.tell(frozenset({"phi"}))  # its own caller is no agent: nobody learns of it
    parent.give_back()
    if not shared:
        with pytest.raises(LedgerUnavailable):
            await above.known()


async def test_what_cannot_be_written_is_not_told(clock: ManualClock) -> None:
    rows = Rows(opened(learned=frozenset()))
    made = delegation(rows, clock, shared=True)
    child, who = called(token(clock))
    await made.admit(child, who)
    rows.failing = True
    with pytest.raises(LedgerUnavailable):
        await made.flow(child).tell(frozenset({"phi"}))


async def test_an_exchange_apart_knows_and_tells_nothing() -> None:
    assert await APART.known() == ()
    await APART.tell(frozenset({"phi"}))


async def test_what_is_told_to_a_task_is_known_and_sticks_to_what_its_agent_works_for_when_it_is_fetched(
    clock: ManualClock,
) -> None:
    rows = Rows(opened(learned=frozenset()))
    made = delegation(rows, clock)
    ran, _ = called()
    ran.arrival = msgspec.structs.replace(ran.arrival, identity=identity(), origin=ASKED)
    flow = made.flow(ran)
    await flow.tell(frozenset({"phi"}))
    await flow.tell(frozenset({"phi", "pii"}))
    assert ran.told == {"phi", "pii"}
    assert await made.fetched(*called(subject="ada", kind="person"), ran.told) is None
    assert rows.rows["tn_1", "ex_up"].learned == frozenset()
    assert await made.fetched(*called(token(clock)), ran.told | {"public"}) is None
    assert rows.rows["tn_1", "ex_up"].learned == {"phi", "pii"}
    refused = await made.fetched(*called(token(clock, "ex_gone")), ran.told)
    assert refused is not None
    assert refused.code == "delegation_expired"
    counted = rows.rows["tn_1", "ex_up"].children
    for asked in (called(token(clock)), called()):
        assert await made.fetched(*asked, frozenset({"pci"}), True) is None
    assert rows.rows["tn_1", "ex_up"].learned == {"phi", "pii", "pci"}
    assert rows.rows["tn_1", "ex_up"].children == counted, "looked at again, it is no further call"
    rows.failing = True
    with pytest.raises(LedgerUnavailable):
        await made.fetched(*called(), ran.told)
