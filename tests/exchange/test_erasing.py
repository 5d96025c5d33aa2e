"""An erasure is asked for with identity and ground, agreed to by another person or refused with a ground, on record."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.refusal import Refusal
from gateway.core.subjects import RESTRICTED
from gateway.exchange.erasing import GROUNDS, REFUSALS
from gateway.exchange.subjects import Identifier, Meant, Shown
from gateway.ledger.entry import Entry
from gateway.ledger.times import month_after, timestamp
from gateway.store.subject_cases import Case, opened
from tests.exchange.erasure_kit import ASKED, HOUR_US, case, erasing, erasure, interrupted, later
from tests.exchange.subject_kit import called, registry
from tests.store.conftest import store as store
from tests.store.kit import LEDGER, Store, entry


def code(answer: object) -> str:
    assert isinstance(answer, Refusal), answer
    return answer.code


def _us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


async def test_it_is_agreed_to_by_another_person_and_restricts_from_then_on(store: Store) -> None:
    async with registry(store) as found:
        (su,) = await found.named("a")
        made = case(await erasing(found).request(found.who(), called("a"), ASKED))
        assert (made.state, made.due_us) == ("proposed", month_after(made.opened_us))
        assert (await found.flags.reload(LEDGER)).of((su,)) == frozenset()
        assert code(await erasing(found).request(found.who("eve"), called("a"), ASKED)) == "conflict"
        assert code(await erasing(found).approve(found.who(), made.id, "myself")) == "approver_barred"
        assert code(await erasing(found).approve(found.who("bot", kind="agent"), made.id, "x")) == "approver_barred"
        agreed = case(await erasing(found).approve(found.who("eve"), made.id, "it is right"))
        assert agreed.ripe_us == store.clock.now_us() + 72 * HOUR_US
        assert (await found.flags.reload(LEDGER)).of((su,)) == {RESTRICTED}
        assert code(await erasing(found).approve(found.who("zoe"), made.id, "again")) == "conflict"
        told = [(one.event, one.case, one.legal_basis) for one in await found.events()]
        assert told == [("subject.erasure", made.id, "Art. 17(1)(b)")] * 2


async def test_each_of_its_records_says_when_it_was_asked_for(store: Store) -> None:
    async with registry(store) as found:
        await found.named("a")
        received = store.clock.now_us() - 5 * 24 * HOUR_US
        made = case(
            await erasing(found).request(found.who(), called("a"), msgspec.structs.replace(ASKED, received_us=received))
        )
        case(await erasing(found).approve(found.who("eve"), made.id, "yes"))
        case(await erasing(found).refuse(found.who(), made.id, "e", "a claim is pending"))
        assert [one.began for one in await found.events()] == [timestamp(received)] * 3


async def test_it_is_refused_with_a_ground_until_it_begins_and_the_restriction_ends(store: Store) -> None:
    async with registry(store) as found:
        (su,) = await found.named("a")
        made = case(await erasing(found).request(found.who(), called("a"), ASKED))
        case(await erasing(found).approve(found.who("eve"), made.id, "yes"))
        assert code(await erasing(found).refuse(found.who(), made.id, "z", "x")) == "parameter_invalid"
        refused = case(await erasing(found).refuse(found.who(), made.id, "e", "a claim is pending"))
        assert (refused.state, refused.ended_us) == ("refused", store.clock.now_us())
        assert (await found.flags.reload(LEDGER)).of((su,)) == frozenset()
        assert code(await erasing(found).refuse(found.who(), made.id, "e", "again")) == "conflict"
        last = (await found.events())[-1]
        assert (last.event, last.legal_basis) == ("subject.erasure-refused", "Art. 17(3)(e)")
        assert isinstance(await erasing(found).request(found.who(), called("a"), ASKED), Case)


@pytest.mark.parametrize(
    ("ground", "basis"),
    [
        ("e", "Art. 17(3)(e)"),
        ("hold", "Art. 17(1)(b)"),
        ("identity", "Art. 12(6)"),
        ("unfounded", "Art. 12(5)"),
        ("withdrawn", "Art. 17(1)(b)"),
    ],
)
async def test_a_refusal_names_what_it_rests_on(store: Store, ground: str, basis: str) -> None:
    async with registry(store) as found:
        await found.named("a")
        made = case(await erasing(found).request(found.who(), called("a"), ASKED))
        case(await erasing(found).refuse(found.who(), made.id, ground, "as said"))
        last = (await found.events())[-1]
        assert (last.outcome and last.outcome.code, last.legal_basis) == (ground, basis)


async def test_a_hold_refuses_a_request_and_stops_one_that_was_asked_for(store: Store) -> None:
    async with registry(store) as found:
        await found.named("a", "b")
        held = case(await found.holds.hold(found.who(), called("a"), "lawsuit"))
        assert case(await erasing(found).request(found.who(), called("a"), ASKED)).state == "refused"
        last = (await found.events())[-1]
        assert (last.event, last.outcome.code if last.outcome else "") == ("subject.erasure-refused", "hold")
        made = case(await erasing(found).request(found.who(), called("b"), ASKED))
        case(await found.holds.hold(found.who(), called("b"), "lawsuit"))
        assert code(await erasing(found).approve(found.who("eve"), made.id, "yes")) == "conflict"
        assert code(await erasing(found).approve(found.who("eve"), held.id, "yes")) == "not_found"


async def test_of_two_who_ask_for_one_person_at_once_one_does(store: Store) -> None:
    async with registry(store) as found:
        (su,) = await found.named("a")
        who, between = interrupted(found, lambda: erasing(found).request(found.who("eve"), called("a"), ASKED))
        assert code(await erasing(found).request(who, called("a"), ASKED)) == "conflict"
        other = between.came[0]
        assert isinstance(other, Case)
        assert [one.id for one in await found.cases.open_erasures(LEDGER, (su,))] == [other.id]
        assert [one.case for one in await found.events()] == [other.id]


@pytest.mark.parametrize("merging", [True, False])
async def test_who_becomes_one_with_whom_something_is_asked_for_at_once_is_not_asked_for_twice(
    store: Store, merging: bool
) -> None:
    """Whichever of the two comes first, and whichever of the two persons it was asked for."""
    async with registry(store) as found:
        await found.named("a", "b")

        async def merge() -> object:
            return await found.subjects.merge(found.who("eve"), called("a"), called("b"), "same")

        case(await erasing(found).request(found.who(), called("a"), ASKED))
        if merging:
            who, between = interrupted(found, merge)
            assert code(await erasing(found).request(who, called("b"), ASKED)) == "conflict"
            assert isinstance(between.came[0], Shown)
        else:
            who, _ = interrupted(found, lambda: erasing(found).request(found.who("eve"), called("b"), ASKED))
            assert code(await found.subjects.merge(who, called("a"), called("b"), "same")) == "conflict"
            assert code(await merge()) == "conflict", "both are asked for now"
        assert len(await found.flags.groups(LEDGER)) == (2 if merging else 0)


async def test_nobody_becomes_one_or_two_with_whom_an_erasure_was_agreed_to_for(store: Store) -> None:
    async with registry(store) as found:
        one, two, _ = await found.named("a", "b", "c")
        made = case(await erasing(found).request(found.who(), called("a"), ASKED))
        merged = await found.subjects.merge(found.who(), called("a"), called("b"), "same")
        assert isinstance(merged, Shown)

        async def split() -> object:
            return await found.subjects.split(found.who(), called("a"), "a mistake")

        async def merge() -> object:
            return await found.subjects.merge(found.who(), called("c"), called("b"), "same")

        for step in (merge, split):
            who, between = interrupted(found, step, "eve")
            assert code(await erasing(found).approve(who, made.id, "yes")) == "conflict"
            assert isinstance(between.came[0], Shown)
            if step is merge:
                await found.subjects.split(found.who(), called("c"), "a mistake")
        assert isinstance(await found.subjects.merge(found.who(), called("a"), called("b"), "same"), Shown)
        agreed = case(await erasing(found).approve(found.who("eve"), made.id, "yes"))
        assert agreed.terms.subjects == tuple(sorted((one, two)))
        assert (code(await merge()), code(await split())) == ("conflict", "conflict")
        assert {each.erasing for each in await found.flags.marks(LEDGER, (one, two))} == {made.id}


async def test_who_was_merged_or_split_meanwhile_is_looked_at_again(store: Store) -> None:
    """An agreement between the look of a merging, or of a splitting, and its record."""
    async with registry(store) as found:
        await found.named("a", "b", "c")
        made = case(await erasing(found).request(found.who(), called("a"), ASKED))
        await found.subjects.merge(found.who(), called("a"), called("b"), "same")
        who, between = interrupted(found, lambda: erasing(found).approve(found.who("eve"), made.id, "yes"))
        assert code(await found.subjects.merge(who, called("c"), called("b"), "same")) == "conflict"
        assert case(between.came[0]).state == "approved"  # type: ignore[arg-type]
        assert len(await found.flags.groups(LEDGER)) == 2


async def test_to_whom_an_erasure_was_agreed_to_for_nothing_is_linked_any_more(store: Store) -> None:
    """Nothing would take it away again, and of who was erased no other erasure is asked for."""
    number = (Identifier(kind="mrn", value="4711"),)
    async with registry(store) as found:
        (one,) = await found.named("a")
        meant = Meant(subject=one)
        made = case(await erasing(found).request(found.who(), called("a"), ASKED))
        known = await found.subjects.link(found.who(), meant, (Identifier(kind="mrn", value="1"),))
        assert isinstance(known, Shown)
        who, between = interrupted(found, lambda: erasing(found).approve(found.who("eve"), made.id, "yes"))
        assert code(await found.subjects.link(who, meant, number)) == "conflict"
        assert case(between.came[0]).state == "approved"  # type: ignore[arg-type]
        for state in ("approved", "erasing", "erased"):
            refused = await found.subjects.link(found.who(), meant, number)
            assert (code(refused), getattr(refused, "field", "")) == ("conflict", "subject")
            assert case(await found.cases.get(LEDGER, made.id)).state == state  # type: ignore[arg-type]
            later(found, 72 * HOUR_US)
            await erasure(found).advance(LEDGER, found.writer)
        assert code(await found.subjects.show(found.who(), Meant(identifier=number[0]))) == "not_found"
        assert [one.event for one in await found.events()].count("subject.linked") == 1


async def test_two_that_are_open_from_before_are_not_both_agreed_to(store: Store) -> None:
    """As a database may hold them that was written while two could be."""
    async with registry(store) as found:
        await found.named("a")
        made = case(await erasing(found).request(found.who(), called("a"), ASKED))
        twin = msgspec.structs.replace(made, id="sc_" + "7" * 26)
        await found.writer.append(Entry(draft=entry("subject.erasure").draft, change=opened(twin)))
        for one in (made, twin):
            assert code(await erasing(found).approve(found.who("eve"), one.id, "yes")) == "conflict"
        case(await erasing(found).refuse(found.who(), twin.id, "withdrawn", "asked for twice"))
        assert case(await erasing(found).approve(found.who("eve"), made.id, "yes")).state == "approved"


@pytest.mark.parametrize("step", ["approve", "refuse"])
async def test_a_restriction_that_ends_at_once_leaves_no_case_without_its_mark(store: Store, step: str) -> None:
    async with registry(store) as found:
        (su,) = await found.named("a")
        made = case(await erasing(found).request(found.who(), called("a"), ASKED))
        await found.subjects.restrict(found.who(), called("a"), restricted=True, reason="contested")
        if step == "refuse":
            case(await erasing(found).approve(found.who("eve"), made.id, "yes"))

        async def lift() -> object:
            return await found.subjects.restrict(found.who(), called("a"), restricted=False, reason="settled")

        who, between = interrupted(found, lift, "eve")
        if step == "approve":
            done: object = await erasing(found).approve(who, made.id, "yes")
        else:
            done = await erasing(found).refuse(who, made.id, "e", "a claim")
        assert code(done) == "conflict"
        assert isinstance(between.came[0], Shown)
        (mark,) = await found.flags.marks(LEDGER, (su,))
        now = await found.cases.get(LEDGER, made.id)
        assert now is not None
        assert (now.state, mark.erasing) == (("proposed", None) if step == "approve" else ("approved", made.id))


@pytest.mark.parametrize(
    "change", [{"ground": "g"}, {"ground": ""}, {"identity": " "}, {"reason": ""}, {"received_us": 1 << 62}]
)
async def test_what_is_not_well_said_is_refused_and_on_no_record(store: Store, change: dict[str, object]) -> None:
    async with registry(store) as found:
        await found.named("a")
        asked = msgspec.structs.replace(ASKED, **change)
        assert code(await erasing(found).request(found.who(), called("a"), asked)) == "parameter_invalid"
        assert code(await erasing(found).request(found.who(roles=()), called("a"), ASKED)) == "role_required"
        assert code(await erasing(found).approve(found.who(roles=()), "sc_" + "0" * 26, "x")) == "role_required"
        assert code(await erasing(found).approve(found.who(), "sc_" + "0" * 26, "x")) == "not_found"
        assert await found.events() == []


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-24T10:00:00", "2026-12-25T00:00:00"),
        ("2026-12-31T23:59:59", "2027-02-01T00:00:00"),
        ("2027-01-31T00:00:00", "2027-03-01T00:00:00"),
        ("2028-01-30T00:00:00", "2028-03-01T00:00:00"),
    ],
)
def test_a_month_ends_with_the_same_day_of_the_next_or_with_its_last(received: str, due: str) -> None:
    assert month_after(_us(received) + 7) == _us(due) - 1


@given(st.integers(0, 4_000_000_000_000_000))
def test_a_month_has_28_to_31_days_and_the_rest_of_the_last_and_grounds_are_letters(us: int) -> None:
    assert 28 <= (month_after(us) - us) / 86_400_000_000 < 32
    assert set(GROUNDS) - set(REFUSALS) == {"f"}
