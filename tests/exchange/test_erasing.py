"""An erasure is asked for with identity and ground, agreed to by another person or refused with a ground, on record."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.refusal import Refusal
from gateway.core.subjects import RESTRICTED
from gateway.exchange.erasing import GROUNDS, REFUSALS
from gateway.ledger.times import month_after, timestamp
from gateway.store.subject_cases import Case
from tests.exchange.erasure_kit import ASKED, HOUR_US, case, erasing
from tests.exchange.subject_kit import called, registry
from tests.store.conftest import store as store
from tests.store.kit import LEDGER, Store


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
