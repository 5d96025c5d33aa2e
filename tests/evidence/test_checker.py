"""The process beside answers as a pass does, has nothing that it does not need, and ends when nobody asks."""

import io
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.ports import StoredRecord
from gateway.evidence.checker import MAX_MESSAGE, NICE, Answer, Job, receive, send, serve
from gateway.evidence.checking import started
from gateway.evidence.selection import Selection
from gateway.ledger.chain import leaf_hash

from .making import MADE_LAST, ledger

LEDGER = ledger(20)
JOB = Job(selection=Selection(filters={"actor": "ac_1"}), first=0, end=20, before=None, last=MADE_LAST)


def answers(*asked: Any) -> list[Answer]:
    """What is answered to these messages, one after the other."""
    source, sink = io.BytesIO(), io.BytesIO()
    for one in asked:
        send(source, one)
    source.seek(0)
    serve(source, sink)
    sink.seek(0)
    return list(iter(lambda: receive(sink, Answer), None))


def test_it_answers_what_the_pass_says() -> None:
    passing = JOB.passing()
    chosen = passing.take(LEDGER.stored)
    first, second, come, again = answers(JOB, LEDGER.stored[:7], LEDGER.stored[7:], (), ())
    assert first.chosen + second.chosen == chosen
    assert come == again
    assert come.passed == passing.passed()


def test_it_goes_on_from_where_another_pass_has_come_to() -> None:
    passing = JOB.passing()
    passing.take(LEDGER.stored[:7])
    there = msgspec.structs.replace(JOB, passed=passing.passed())
    passing.take(LEDGER.stored[7:])
    assert answers(there, LEDGER.stored[7:], ())[1].passed == passing.passed()


def test_what_does_not_hold_is_said_as_the_pass_says_it() -> None:
    changed = msgspec.structs.replace(LEDGER.stored[3], envelope=LEDGER.stored[3].envelope + b" ")
    (found,) = answers(JOB, [*LEDGER.stored[:3], changed])
    assert (found.fault, found.form) == ("record 3: hash: the stored hash is not that of the bytes", False)
    whole = msgspec.structs.replace(changed, hash=leaf_hash(changed.envelope))
    (found,) = answers(JOB, [*LEDGER.stored[:3], whole])
    assert (found.fault, found.form) == ("not in canonical form", True)


def test_it_ends_where_it_is_asked_nothing() -> None:
    assert answers() == answers(JOB) == []


def test_a_message_is_whole_and_of_its_type() -> None:
    file = io.BytesIO()
    send(file, LEDGER.stored[:2])
    whole = file.getvalue()
    assert receive(io.BytesIO(whole), list[StoredRecord]) == LEDGER.stored[:2]
    assert receive(io.BytesIO(), Answer) is None
    for short in (whole[:2], whole[:4], whole[:-1]):
        with pytest.raises(EOFError):
            receive(io.BytesIO(short), list[StoredRecord])
    with pytest.raises(msgspec.MsgspecError):
        receive(io.BytesIO(whole), Answer)
    with pytest.raises(EOFError):
        receive(_Unread((MAX_MESSAGE + 1).to_bytes(4)), Answer)


class _Unread(io.BytesIO):
    """A file of which nobody may want more than there is."""

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert 0 <= size <= len(self.getvalue())
        return super().read(size)


@pytest.fixture(scope="module")
def process() -> "Iterator[subprocess.Popen[bytes]]":
    os.environ["SECRET_OF_THE_TEST"] = "x"
    try:
        made = started()
    finally:
        del os.environ["SECRET_OF_THE_TEST"]
    with made:
        yield made
        made.kill()


def test_it_is_given_no_environment_no_file_and_no_precedence(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    send(process.stdin, JOB)
    send(process.stdin, LEDGER.stored)
    assert len(receive(process.stdout, Answer).chosen) > 0  # it is there
    there = Path(f"/proc/{process.pid}")
    names = [one.split(b"=")[0] for one in (there / "environ").read_bytes().split(b"\0") if one]
    assert names == [b"PYTHONPATH"]
    assert sorted(one.name for one in (there / "fd").iterdir()) == ["0", "1", "2"]
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == os.getpriority(os.PRIO_PROCESS, 0) + NICE


def test_it_ends_with_who_has_asked(process: "subprocess.Popen[bytes]") -> None:
    """The pipe is all that it hears of the other, which may be killed in the middle of a message."""
    assert process.stdin is not None
    process.stdin.write(b"\0\0\1\0half")
    process.stdin.close()
    assert process.wait(60) == 1
