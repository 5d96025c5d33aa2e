"""Links from data subjects to records against the details that name them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.ledger.note import Signer
from gateway.ledger.record import Detail
from gateway.store.named import Links, Named, Said, shown
from gateway.store.postings import BLOCK
from gateway.store.search import Hit, Search
from gateway.store.verification import LedgerVerification, Verdict
from tests.store.kit import LEDGER, Store, entry

SIGNER = Signer("gateway.internal/ledger/0011", bytes(range(32)))
OTHERS = "record {}: index: whom it is about is not what its detail says"


async def verify(store: Store) -> Verdict:
    return await LedgerVerification(store.engine, LEDGER, SIGNER.verifier).run()


@pytest.fixture
async def about(store: Store) -> Store:
    """Four records: about one, about two, about nobody, and about one by a link alone, since its detail is gone."""
    await store.append(
        [
            entry(detail=Detail(subjects=("su_a",)), subjects=("su_a",)),
            entry(detail=Detail(subjects=("su_a", "su_b", "su_a")), subjects=("su_a", "su_b")),
            entry(detail=Detail(reason="none")),
            entry(subjects=("su_a",)),
        ]
    )
    return store


async def test_links_that_details_name_verify(about: Store) -> None:
    assert (await verify(about)).failure is None


@pytest.mark.parametrize(
    ("statement", "failure"),
    [
        ("DELETE FROM subject_record WHERE seq = 1 AND subject = 'su_b'", OTHERS.format(1)),
        ("DELETE FROM subject_record", OTHERS.format(0)),
        ("UPDATE subject_record SET subject = 'su_c' WHERE seq = 0", OTHERS.format(0)),
        (f"INSERT INTO subject_record VALUES ('{LEDGER}', 'su_a', 2)", OTHERS.format(2)),
        (f"INSERT INTO subject_record VALUES ('{LEDGER}', 'su_a', 4)", "record 4: index: it is said to be about"),
        # Nothing is left that could say whom these records are about.
        ("DELETE FROM subject_record WHERE seq = 3", None),
        (f"INSERT INTO subject_record VALUES ('{LEDGER}', 'su_c', 3)", None),
        ("DELETE FROM subject_record WHERE tenant <> 'x' AND seq IN (SELECT seq FROM detail WHERE seq = 9)", None),
    ],
)
async def test_a_link_too_few_or_too_many_is_found(about: Store, statement: str, failure: str | None) -> None:
    """Who changes them hides records from whoever looks for a person, answers them, or erases them."""
    async with about.bare() as bare:
        await bare.run("subject_record", statement)
    found = (await verify(about)).failure
    assert found == failure if failure is None else (found or "").startswith(failure)


@pytest.mark.parametrize(
    ("event", "archived", "says"),
    [
        ("exchange.requested", True, True),
        ("task.submitted", False, True),
        ("task.read", False, False),
        ("task.callback_sent", False, False),
        ("task.cancelled", False, False),
        ("task.requeued", False, False),
        ("subject.restricted", False, True),
        ("subject.restricted", True, False),
    ],
)
def test_only_details_that_honest_ledgers_have_as_their_links_say_so(event: str, archived: bool, says: bool) -> None:
    assert shown(event, archived=archived) is says


@pytest.mark.parametrize("event", ["task.read", "task.callback_sent", "task.cancelled", "task.requeued"])
async def test_what_versions_before_wrote_of_tasks_is_no_failure(about: Store, event: str) -> None:
    """Beside a link that is missing in the same block, for which all of it is read again."""
    await about.append(
        [
            entry(event, detail=Detail(subjects=()), subjects=("su_a",)),
            entry(event, detail=Detail(subjects=("su_b",)), subjects=("su_a",)),
            entry(event, detail=Detail(subjects=("su_b",))),
        ]
    )
    assert (await verify(about)).failure is None
    async with about.bare() as bare:
        await bare.run("subject_record", "DELETE FROM subject_record WHERE seq = 1 AND subject = 'su_b'")
    assert (await verify(about)).failure == OTHERS.format(1)


async def test_an_erasure_that_comes_between_is_no_failure(about: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes details and links at once, here when the details were read and the links were not."""
    stream = Search.stream

    async def erased(self: Search, *given: Any, **options: Any) -> AsyncIterator[Hit]:
        async for hit in stream(self, *given, **options):
            yield hit
        async with about.bare() as bare:
            await bare.run("detail", "DELETE FROM detail WHERE seq = 1")
            await bare.run("subject_record", "DELETE FROM subject_record WHERE seq = 1 AND subject = 'su_b'")

    monkeypatch.setattr(Search, "stream", erased)
    assert (await verify(about)).failure is None


async def test_links_are_read_before_the_details_that_they_are_held_against_once_more(
    about: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that what is erased between the two has links and no detail, which says nothing."""
    named, links = Named(), Links(about.engine, LEDGER)
    for seq, names in ((0, ("su_a",)), (1, ())):
        named.take(seq, Detail(subjects=names))
    of_block = Links._of_block

    async def between(self: Links, block: int) -> Said:
        found = await of_block(self, block)
        async with about.bare() as bare:
            await bare.run("detail", "DELETE FROM detail WHERE seq = 1")
            await bare.run("subject_record", "DELETE FROM subject_record WHERE seq = 1")
        return found

    async def nowhere(block: int) -> Said:
        raise AssertionError(f"block {block} lies in no archive")

    monkeypatch.setattr(Links, "_of_block", between)
    await links.compare(named, 4, nowhere, archived=0)


def test_parts_are_put_together_to_what_one_finds() -> None:
    whole, first, second = Named(), Named(), Named()
    for seq, part in ((0, first), (BLOCK, second), (BLOCK + 9, second)):
        for one in (whole, part):
            one.take(seq, Detail(subjects=(f"su_{seq}",)))
    first.join(second)
    for one in (whole, first):
        one.found(0, "su_0")
        one.found(BLOCK + 9, f"su_{BLOCK + 9}")
        one.found(1, "su_of_a_record_without_a_detail")
    assert list(whole.left()) == list(first.left()) == [1]
