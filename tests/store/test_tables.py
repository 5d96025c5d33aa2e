"""The tables hold to what their module says of them."""

from gateway.store import tables
from gateway.store.grants import RIGHTS, unlisted
from gateway.store.guard import APPEND_ONLY, NEVER_DELETED, NEVER_UPDATED


def test_every_table_is_in_the_list_of_who_may_change_what() -> None:
    listed = {
        word.strip()
        for line in (tables.__doc__ or "").splitlines()
        if line.startswith("| ")
        for word in line.split("|")[1].split(",")
    } - {"tables"}
    assert listed == set(tables.metadata.tables)


def test_the_rights_follow_the_rules() -> None:
    assert unlisted() == set()
    for name in APPEND_ONLY:
        assert RIGHTS[name] == "SELECT, INSERT"
    for name in NEVER_UPDATED:
        assert "UPDATE" not in RIGHTS[name]
    for name in NEVER_DELETED:
        assert "DELETE" not in RIGHTS[name]


def test_records_are_found_by_few_indexes() -> None:
    """A write-heavy table pays for each of them at every row."""
    assert {index.name for index in tables.record.indexes} == {
        "record_exchange",
        "record_trace",
        "record_occurred_at",
    }
