"""What sticks to data subjects is in memory at a revision of the head, and read anew when that has moved."""

from gateway.core.subjects import RESTRICTED
from gateway.ledger.entry import Entry
from gateway.store.subjects import SubjectStore, marked
from tests.store.kit import LEDGER, Store, entry


def _marking(change: object, *, denies: bool = True) -> Entry:
    made = entry("subject.restricted", subject="su_a")
    return Entry(draft=made.draft, change=change, denies=denies)  # type: ignore[arg-type]  # a RowChange


async def test_a_row_changes_with_its_record_and_moves_the_revision_that_others_look_at(store: Store) -> None:
    flags, elsewhere = SubjectStore(store.engine, store.clock), SubjectStore(store.engine, store.clock)
    seen: list[frozenset[str]] = []

    async def flagged(subjects: frozenset[str]) -> None:
        seen.append(subjects)

    elsewhere.on_flagged = flagged
    async with store.writer() as writer:
        await writer.append(entry())
        assert await elsewhere.flags(LEDGER, ("su_a",), 0) == frozenset()
        row = await flags.row(LEDGER, "su_a")
        assert await writer.submit(_marking(marked(row, restricted_us=5))) is not None
        # At the revision that was read nothing is asked; at the one that the head has now everything is.
        assert await elsewhere.flags(LEDGER, ("su_a",), 0) == frozenset()
        assert await elsewhere.flags(LEDGER, ("su_a",), 1) == {RESTRICTED}
        assert seen == [frozenset({"su_a"})]
        # Somebody who read the row before finds that it has changed: no record, no change.
        assert await writer.submit(_marking(marked(row, restricted_us=None))) is None
        (now,) = await flags.marks(LEDGER, ("su_a", "su_b"))
        assert (now.version, now.restricted_us) == (1, 5)


async def test_who_is_one_with_whom_is_found_from_either_end(store: Store) -> None:
    flags = SubjectStore(store.engine, store.clock)
    async with store.writer() as writer:
        for one, into in (("su_a", "su_b"), ("su_b", "su_c")):
            row = await flags.row(LEDGER, one)
            assert await writer.submit(_marking(marked(row, merged=into))) is not None
        row = await flags.row(LEDGER, "su_c")
        assert await writer.submit(_marking(marked(row, erasing="sc_1"))) is not None
    assert await flags.group(LEDGER, "su_a") == await flags.group(LEDGER, "su_c") == ("su_a", "su_b", "su_c")
    assert await flags.group(LEDGER, "su_z") == ("su_z",)
    assert set(await flags.groups(LEDGER)) == {"su_a", "su_b", "su_c"}
    assert (await flags.reload(LEDGER)).of(("su_a",)) == {RESTRICTED}
    assert await flags.known(LEDGER, "su_a")
    assert not await flags.known(LEDGER, "su_z")


async def test_of_whom_nothing_is_known_nothing_is_said(store: Store) -> None:
    flags = SubjectStore(store.engine, store.clock)
    await flags.look(lambda tenant: 0, (LEDGER,))
    assert await flags.flags(LEDGER, ("su_a",), 0) == frozenset()
    assert await flags.records(LEDGER, ("su_a",)) == 0
    assert await flags.identifiers(LEDGER, ("su_a",)) == {}
    assert not await flags.about(LEDGER, ("su_a",), 0)
