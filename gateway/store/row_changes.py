"""Changes of mutable rows that come true in the transaction of a record (`ledger.entry.RowChange`), as SQL.

The names of tables and columns are the code's own and must be those of `tables`; values are always parameters.
"""

from collections.abc import Callable
from functools import cache

from gateway.ledger.entry import Column, RowChange
from gateway.store.tables import metadata

SAVE = "SAVEPOINT row_change"
KEEP = "RELEASE SAVEPOINT row_change"
TAKE_BACK = "ROLLBACK TO SAVEPOINT row_change"
"""A change that is made whole or not at all, within the transaction that is made for others too. What was taken back is
followed by the next `SAVE` of the same name, or by the end of the transaction: on both databases either is enough."""
Marks = Callable[[int], str]
"""How a database writes its n-th parameter, from 1."""


def qmark(number: int) -> str:
    """SQLite's."""
    return f"?{number}"


def dollar(number: int) -> str:
    """PostgreSQL's."""
    return f"${number}"


def statement(change: RowChange, tenant: str, marks: Marks) -> tuple[str, list[Column]]:
    """One change in a tenant's rows and its parameters. `KeyError` for a name that no table has."""
    text = _statement(change.table, tuple(change.values), tuple(change.where), marks)
    return text, [tenant, *change.values.values(), *change.where.values()]


def demanded(beside: RowChange) -> bool:
    """Whether a change beside another must take hold: new values of a row that was read do. What is new may be there
    already, and what is removed may be gone."""
    return bool(beside.values) and bool(beside.where)


@cache
def _statement(table: str, values: tuple[str, ...], where: tuple[str, ...], marks: Marks) -> str:
    columns = metadata.tables[table].c
    for name in ("tenant", *values, *where):
        _ = columns[name]
    # Quoted: `end` is a word of SQL's own.
    given = {f'"{name}"': marks(number) for number, name in enumerate(values, 2)}
    met = [f'"{name}" = {marks(number)}' for number, name in enumerate(where, 2 + len(values))]
    place = " AND ".join([f"tenant = {marks(1)}", *met])
    if not where:
        names, numbers = ", ".join(("tenant", *given)), ", ".join((marks(1), *given.values()))
        return f"INSERT INTO {table} ({names}) VALUES ({numbers}) ON CONFLICT DO NOTHING"  # noqa: S608
    if not values:
        return f"DELETE FROM {table} WHERE {place}"  # noqa: S608 — names of `tables`
    return f"UPDATE {table} SET {', '.join(f'{name} = {mark}' for name, mark in given.items())} WHERE {place}"  # noqa: S608
