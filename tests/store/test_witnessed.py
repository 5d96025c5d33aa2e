"""What was cosigned stays, on disk, before anybody is told."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from gateway.core.errors import ConfigurationError, LedgerUnavailable
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.witnessing import Refused, judge
from gateway.store.witnessed import Witnessed
from tests.ledger.test_witnessing import KNOWN, LOG, asked, point

ORIGIN = LOG.name


@pytest.fixture
def held(tmp_path: Path) -> Witnessed:
    return Witnessed.create(tmp_path / "witness.db")


def add(held: Witnessed, old: int, size: int) -> Checkpoint | Refused:
    request = asked(old, size)
    return held.advance(ORIGIN, request.note, lambda last: judge(request, KNOWN, last))


def test_it_goes_on_where_it_was_after_every_opening(held: Witnessed, tmp_path: Path) -> None:
    assert add(held, 0, 3) == point(3)
    again = Witnessed(tmp_path / "witness.db")
    assert add(again, 0, 3) == Refused(409, 3)
    assert add(again, 3, 17) == point(17)
    assert [(one.origin, one.size, one.note) for one in held.held()] == [(ORIGIN, 17, asked(3, 17).note)]
    assert (tmp_path / "witness.db").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_missing_or_something_else_is_no_beginning(held: Witnessed, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="missing"):
        Witnessed(tmp_path / "other.db")
    sqlite3.connect(tmp_path / "strange.db").close()
    with pytest.raises(ConfigurationError, match="not what a witness keeps"):
        Witnessed(tmp_path / "strange.db")
    with pytest.raises(ConfigurationError, match="exists"):
        Witnessed.create(tmp_path / "witness.db")
    add(held, 0, 3)
    (tmp_path / "witness.db").unlink()
    with pytest.raises(LedgerUnavailable):
        add(held, 3, 17)


def test_what_cannot_be_kept_is_not_cosigned(held: Witnessed, tmp_path: Path) -> None:
    add(held, 0, 3)
    (tmp_path / "witness.db").write_bytes(b"SQLite format 3\0" + b"x" * 4_096)
    with pytest.raises(LedgerUnavailable):
        add(held, 3, 17)


def test_two_at_once_are_told_one_history(held: Witnessed) -> None:
    found: list[Checkpoint | Refused] = []
    workers = [threading.Thread(target=lambda size=size: found.append(add(held, 0, size))) for size in range(1, 9)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    cosigned = [one for one in found if isinstance(one, Checkpoint)]
    assert len(cosigned) == 1
    assert {one.size for one in found if isinstance(one, Refused)} == {cosigned[0].size}


def test_who_is_forgotten_begins_anew_and_what_was_is_put_aside(held: Witnessed, tmp_path: Path) -> None:
    add(held, 0, 17)
    gone = held.forget(ORIGIN, 5)
    assert gone is not None
    assert (gone.size, held.forget(ORIGIN, 6)) == (17, None)
    assert add(held, 0, 3) == point(3)
    with closing(sqlite3.connect(tmp_path / "witness.db")) as connection, connection:
        assert connection.execute("SELECT origin, size, at_us FROM forgotten").fetchall() == [(ORIGIN, 17, 5)]
    connection.close()
