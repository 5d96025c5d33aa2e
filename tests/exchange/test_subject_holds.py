"""A hold holds from its first word to the last one that ends it, by two persons where two are asked for."""

import pytest

from gateway.core.refusal import Refusal
from gateway.settings import SubjectSettings
from gateway.store.subject_cases import Case
from tests.exchange.subject_kit import Registry, called, registry
from tests.store.conftest import store as store
from tests.store.kit import LEDGER, Store

TWO = SubjectSettings(hold_four_eyes=True)


def case(answer: Case | Refusal) -> Case:
    assert isinstance(answer, Case), answer
    return answer


def code(answer: object) -> str:
    assert isinstance(answer, Refusal), answer
    return answer.code


async def _held(found: Registry, subject: str) -> bool:
    return await found.cases.held(LEDGER, (subject,))


async def test_one_person_places_and_lifts_a_hold_where_no_more_are_asked_for(store: Store) -> None:
    async with registry(store) as found:
        (su,) = await found.named("a")
        made = case(await found.holds.hold(found.who(), called("a"), "lawsuit 7"))
        assert (made.state, await _held(found, su)) == ("active", True)
        assert code(await found.holds.confirm(found.who("eve"), made.id, "yes")) == "conflict"
        done = case(await found.holds.lift(found.who(), made.id, "settled"))
        assert (done.state, await _held(found, su)) == ("lifted", False)
        assert code(await found.holds.lift(found.who(), made.id, "again")) == "conflict"
        codes = [(one.case, one.outcome.code if one.outcome else "") for one in await found.events()]
        assert codes == [(made.id, "placed"), (made.id, "lifted")]


async def test_two_persons_place_it_and_two_lift_it_and_it_holds_all_the_while(store: Store) -> None:
    async with registry(store, TWO) as found:
        (su,) = await found.named("a")
        made = case(await found.holds.hold(found.who(), called("a"), "lawsuit 7"))
        assert (made.state, await _held(found, su)) == ("proposed", True)
        assert code(await found.holds.confirm(found.who(), made.id, "myself")) == "approver_barred"
        assert code(await found.holds.confirm(found.who("bot", kind="service"), made.id, "x")) == "approver_barred"
        active = case(await found.holds.confirm(found.who("eve"), made.id, "yes"))
        assert (active.state, active.terms.confirmed) == ("active", "ac_eve")
        lifting = case(await found.holds.lift(found.who("eve"), made.id, "settled"))
        assert (lifting.state, await _held(found, su)) == ("lifting", True)
        assert code(await found.holds.confirm(found.who("eve"), made.id, "myself")) == "approver_barred"
        lifted = case(await found.holds.confirm(found.who(), made.id, "yes"))
        assert (lifted.state, await _held(found, su)) == ("lifted", False)
        words = [one.outcome.code if one.outcome else "" for one in await found.events()]
        assert words == ["proposed", "placed", "lifting", "lifted"]


async def test_what_was_changed_meanwhile_leaves_neither_a_change_nor_a_record(store: Store) -> None:
    async with registry(store) as found:
        await found.named("a")
        made = case(await found.holds.hold(found.who(), called("a"), "lawsuit 7"))
        answers = [await found.holds._moved(found.who(), made, "lifted", "lifted", "x") for _ in range(2)]
        assert code(answers[1]) == "conflict"
        assert len(await found.events()) == 2


@pytest.mark.parametrize("roles", [(), ("auditor", "compliance")])
async def test_whoever_has_not_the_role_gets_nothing(store: Store, roles: tuple[str, ...]) -> None:
    async with registry(store) as found:
        await found.named("a")
        made = case(await found.holds.hold(found.who(), called("a"), "lawsuit 7"))
        who = found.who("eve", roles=roles)
        answers = [
            await found.holds.hold(who, called("a"), "x"),
            await found.holds.confirm(who, made.id, "x"),
            await found.holds.lift(who, made.id, "x"),
            await found.holds.cases(who),
        ]
        assert {code(answer) for answer in answers} == {"role_required"}
        listed = await found.holds.cases(found.who())
        assert not isinstance(listed, Refusal)
        assert [one.id for one in listed] == [made.id]
        assert code(await found.holds.lift(found.who(), "sc_none", "x")) == "not_found"
        assert code(await found.holds.lift(found.who(), made.id, "")) == "parameter_invalid"
