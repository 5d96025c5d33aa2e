"""Cases of data subjects move from version to version with their records, and are found by subject, kind and state."""

import msgspec
import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.ledger.entry import Entry, RowChange
from gateway.store.engine import writing
from gateway.store.subject_cases import MAX_LISTED, Case, CaseStore, Terms, moved, opened
from gateway.store.tables import subject_case
from tests.store.kit import LEDGER, Store, entry


def made(case_id: str = "sc_1", **fields: object) -> Case:
    values = {"tenant": LEDGER, "id": case_id, "kind": "hold", "subject": "su_a", "state": "active", "opened_us": 1}
    terms = Terms(actor="ac_1", persons=("p1",), reason="lawsuit")
    return Case(**{**values, "terms": terms, **fields})  # type: ignore[arg-type]


def telling(change: RowChange) -> Entry:
    return Entry(draft=entry("subject.held", subject="su_a").draft, change=change)


async def test_a_case_is_kept_with_its_record_and_changes_once_from_each_version(store: Store) -> None:
    cases, one = CaseStore(store.engine), made()
    lifted = msgspec.structs.replace(one, state="lifted", ended_us=9)
    async with store.writer() as writer:
        assert await writer.submit(telling(opened(one))) is not None
        assert await cases.get(LEDGER, "sc_1") == one
        assert await cases.held(LEDGER, ("su_b", "su_a"))
        assert await writer.submit(telling(moved(one, lifted))) is not None
        assert await writer.submit(telling(moved(one, lifted))) is None
    assert await cases.get(LEDGER, "sc_1") == msgspec.structs.replace(lifted, version=1)
    assert not await cases.held(LEDGER, ("su_a",))


async def test_cases_are_found_by_subject_and_by_state_the_newest_first(store: Store) -> None:
    cases = CaseStore(store.engine)
    async with store.writer() as writer:
        for number in range(3):
            await writer.submit(telling(opened(made(f"sc_{number}", opened_us=number))))
        await writer.submit(telling(opened(made("sc_e", kind="erasure", state="proposed", opened_us=7))))
    assert [one.id for one in await cases.of_subjects(LEDGER, ("su_a",), "hold")] == ["sc_2", "sc_1", "sc_0"]
    assert [one.id for one in await cases.of_subjects(LEDGER, ("su_a",))] == ["sc_e", "sc_2", "sc_1", "sc_0"]
    assert [one.id for one in await cases.in_state(LEDGER, "erasure", ("proposed",))] == ["sc_e"]
    assert len(await cases.newest(LEDGER)) == 4
    assert await cases.get(LEDGER, "sc_none") is None
    assert await cases.newest("tn_other") == ()


async def test_all_erasures_whose_time_has_come_are_found_those_first_whose_time_came_first(store: Store) -> None:
    """Newer ones that wait for a hold hide none, and neither do those of the same instant."""
    cases, many = CaseStore(store.engine), 2 * MAX_LISTED
    approved = made("sc_old", kind="erasure", state="approved", opened_us=1, ripe_us=50)
    waiting = [
        made(f"sc_{number:04}", kind="erasure", state="deferred", opened_us=100 + number, ripe_us=40 + number // 500)
        for number in range(many)
    ]
    others = [
        made("sc_late", kind="erasure", state="approved", ripe_us=61),
        made("sc_over", kind="erasure", state="erased", ripe_us=50),
    ]
    rows = [{"tenant": LEDGER, **opened(one).values} for one in (*waiting, approved, *others)]
    async with writing(store.engine, LEDGER) as connection:
        await connection.execute(subject_case.insert(), rows)
    assert [one.id for one in await cases.ripe(LEDGER, 60)] == [one.id for one in (*waiting, approved)]
    assert await cases.ripe(LEDGER, 39) == ()


async def test_a_row_that_was_tampered_with_is_an_error_and_no_case(store: Store) -> None:
    async with store.writer() as writer:
        await writer.submit(telling(opened(made())))
    broken = "X'7b'" if store.where.kind == "sqlite" else "'7b'"
    async with store.bare() as bare:
        await bare.run("subject_case", f"UPDATE subject_case SET terms = {broken}")
    with pytest.raises(LedgerUnavailable):
        await CaseStore(store.engine).get(LEDGER, "sc_1")
