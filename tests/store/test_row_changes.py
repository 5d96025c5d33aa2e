"""Rows that change with a record: both come true or neither does, and nobody else's record suffers for it."""

import asyncio

import msgspec
import pytest
from sqlalchemy import select

from gateway.core.errors import FormatError, LeftOut
from gateway.ledger.entry import Column, Entry, RowChange
from gateway.store.row_changes import dollar, qmark, statement
from gateway.store.tables import bundle, lease, task_content
from tests.store.kit import LEDGER, Store, entry
from tests.store.ledger_kit import seeing

SEALED: dict[str, Column] = {"key": "k", "nonce": b"n", "ciphertext": b"c"}


def put(name: str, *beside: RowChange) -> RowChange:
    return RowChange(table="task_content", values={"task": name, "part": "request", **SEALED}, beside=beside)


def with_change(change: RowChange) -> Entry:
    made = entry()
    return Entry(draft=made.draft, change=change)


async def rows(store: Store) -> list[tuple[str, str]]:
    async with seeing(store.where) as connection:
        query = select(task_content.c.task, task_content.c.key).order_by(task_content.c.task)
        return [(row[0], row[1]) for row in await connection.execute(query)]


async def test_a_row_comes_with_its_record_and_a_second_one_of_its_key_leaves_the_record_out(store: Store) -> None:
    async with store.writer() as writer:
        batch = [writer.submit(with_change(put("a"))), writer.submit(entry()), writer.submit(with_change(put("a")))]
        first, plain, second = await asyncio.gather(*batch)
        assert first is not None
        assert plain is not None
        assert (first.seq, plain.seq, second) == (0, 1, None)
        with pytest.raises(LeftOut, match="left out"):
            await writer.append(with_change(put("a")))
    assert await rows(store) == [("a", "k")]


async def test_what_changes_a_row_that_is_not_as_it_was_is_left_out_with_what_is_beside_it(store: Store) -> None:
    def change(key: str, *beside: RowChange) -> RowChange:
        return RowChange(table="task_content", values={"key": "new"}, where={"task": "a", "key": key}, beside=beside)

    async with store.writer() as writer:
        await writer.append(with_change(put("a", put("b"))))
        assert await writer.submit(with_change(change("other", put("c")))) is None
        assert await writer.submit(with_change(change("k", put("d")))) is not None
        assert await writer.submit(with_change(change("k"))) is None
        gone = RowChange(table="task_content", where={"task": "b"})
        assert await writer.submit(with_change(gone)) is not None
        assert await writer.submit(with_change(gone)) is None
    assert await rows(store) == [("a", "new"), ("d", "k")]


async def test_what_is_beside_must_find_the_row_that_it_gives_new_values_or_nothing_of_it_comes_true(
    store: Store,
) -> None:
    def becomes(name: str, was: str, *beside: RowChange) -> RowChange:
        where = {"task": name, "key": was}
        return RowChange(table="task_content", values={"key": "new"}, where=where, beside=beside)

    async with store.writer() as writer:
        await writer.append(with_change(put("a", put("b"), put("c"))))
        batch = [
            writer.submit(with_change(becomes("a", "k", put("d"), becomes("b", "another's"), put("e")))),
            writer.submit(entry()),
            writer.submit(with_change(becomes("b", "k", becomes("c", "k")))),
        ]
        torn, plain, whole = await asyncio.gather(*batch)
        assert torn is None
        assert plain is not None
        assert whole is not None
        assert (plain.seq, whole.seq) == (1, 2)
        with pytest.raises(LeftOut):
            await writer.append(with_change(becomes("a", "k", becomes("c", "k"))))
        assert (await writer.append(entry())).seq == 3
    assert await rows(store) == [("a", "k"), ("b", "new"), ("c", "new")]


async def test_what_is_new_beside_may_be_there_already_and_what_is_removed_may_be_gone(store: Store) -> None:
    gone = RowChange(table="task_content", where={"task": "z"})
    async with store.writer() as writer:
        await writer.append(with_change(put("a")))
        assert await writer.submit(with_change(put("b", put("a"), gone, put("c")))) is not None
    assert await rows(store) == [("a", "k"), ("b", "k"), ("c", "k")]


async def test_a_column_may_have_the_name_of_a_word_of_sql(store: Store) -> None:
    """As `end` of a bundle has."""
    job: dict[str, Column] = {"id": "ev_1", "state": "queued", "version": 0, "created_us": 1, "asked": b"{}"}
    counts: dict[str, Column] = {"tries": 0, "done": 0, "total": 0}
    async with store.writer() as writer:
        await writer.append(with_change(RowChange(table="bundle", values={**job, **counts})))
        await writer.append(with_change(RowChange(table="bundle", values={"end": 7}, where={"id": "ev_1"})))
    async with seeing(store.where) as connection:
        assert await connection.scalar(select(bundle.c.end)) == 7


async def test_what_was_looked_up_under_another_revision_changes_nothing_and_is_on_no_record(store: Store) -> None:
    def under(revision: int, name: str) -> Entry:
        return msgspec.structs.replace(with_change(put(name)), denied_under=revision)

    moving = msgspec.structs.replace(entry(), denies=True)
    async with store.writer() as writer:
        assert await writer.submit(under(1, "a")) is None
        batch = [writer.submit(one) for one in (under(0, "b"), moving, under(0, "c"), entry())]
        first, moved, late, plain = await asyncio.gather(*batch)
        assert [one and one.seq for one in (first, moved, late, plain)] == [0, 1, None, 2]
        with pytest.raises(LeftOut):
            await writer.append(under(0, "d"))
        assert await writer.submit(under(1, "e")) is not None
    assert await rows(store) == [("b", "k"), ("e", "k")]


async def test_a_change_is_made_in_its_own_tenant_alone(store: Store) -> None:
    async with store.writer("tn_other") as writer:
        await writer.append(Entry(draft=entry(ledger="tn_other").draft, change=put("a")))
    async with store.writer() as writer:
        gone = RowChange(table="task_content", where={"task": "a"})
        assert await writer.submit(with_change(gone)) is None
    assert await rows(store) == [("a", "k")]


async def test_intents_and_ends_of_exchanges_change_no_rows(store: Store) -> None:
    made = entry(exchange="ex_1")
    async with store.writer() as writer:
        for wrong in (
            Entry(draft=made.draft, change=put("a"), opens=True),
            Entry(draft=made.draft, change=put("a"), closes=True),
            Entry(draft=made.draft, change=put("a"), decided_under="sha256:0"),
        ):
            with pytest.raises(FormatError, match="no exchange's beginning or end"):
                await writer.submit(wrong)


def test_values_are_parameters_and_names_are_those_of_tables() -> None:
    text, values = statement(RowChange(table="task", values={"state": "x'"}, where={"id": "t"}), LEDGER, dollar)
    assert text == 'UPDATE task SET "state" = $2 WHERE tenant = $1 AND "id" = $3'
    assert values == [LEDGER, "x'", "t"]
    text, _ = statement(put("a"), LEDGER, qmark)
    assert text == (
        'INSERT INTO task_content (tenant, "task", "part", "key", "nonce", "ciphertext") '
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING"
    )
    for change in (
        RowChange(table="tasks", values={"state": "x"}),
        RowChange(table="task", values={"state = 1 --": "x"}),
        RowChange(table="task", values={"state": "x"}, where={"1=1 --": "x"}),
        RowChange(table=lease.name, values={"holder": "x"}),
    ):
        with pytest.raises(KeyError):
            statement(change, LEDGER, qmark)
