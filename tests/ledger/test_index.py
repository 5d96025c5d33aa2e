"""The index columns follow from the envelope alone."""

import pytest

from gateway.ledger.index import COLUMNS, class_text, index_columns
from gateway.ledger.record import ClassesInfo
from gateway.store.tables import record
from tests.store.ledger_kit import intent, note, outcome


def test_the_columns_are_those_of_the_table_between_its_key_and_its_bytes() -> None:
    assert ("tenant", "seq", *COLUMNS, "bytes", "hash") == tuple(record.columns.keys())


def test_an_intents_columns() -> None:
    envelope = intent("ex_1").envelope
    columns = dict(zip(COLUMNS, index_columns(envelope), strict=True))
    assert columns["decision"] == "route"
    assert columns["classes"] == "|phi|pii|"
    assert columns["outcome"] is None
    for name in ("id", "event", "occurred_at", "exchange", "actor", "agent", "action", "purpose", "zone", "trace"):
        assert columns[name] == getattr(envelope, name)


def test_an_outcomes_code_and_what_is_absent() -> None:
    columns = dict(zip(COLUMNS, index_columns(outcome("ex_1").envelope), strict=True))
    assert (columns["outcome"], columns["decision"], columns["classes"]) == ("ok", None, None)
    bare = dict(zip(COLUMNS, index_columns(note().envelope), strict=True))
    assert {name for name, value in bare.items() if value is not None} == {"id", "event", "occurred_at"}


@pytest.mark.parametrize(
    ("found", "floor", "text"),
    [((), (), ""), (("phi",), (), "|phi|"), (("pii", "phi"), ("phi", "internal"), "|internal|phi|pii|")],
)
def test_classes_are_sorted_once_each_between_bars(found: tuple[str, ...], floor: tuple[str, ...], text: str) -> None:
    assert class_text(ClassesInfo(found=found, declared=(), inherited=(), floor=floor)) == text
