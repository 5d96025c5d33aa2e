"""Seen from the system calls: what a record must be durable for happens after the sync that made it so (SQLite)."""

import asyncio
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import msgspec
import pytest

from gateway.settings import Settings
from tests.system.installation import installation
from tests.system.kit import PUBLIC
from tests.system.load import Answered, ask
from tests.system.processes import WAIT_S, child, command
from tests.system.site import system
from tests.system.syncing import Noted, durable, library, watched

_CALLS = "fsync,fdatasync,pwrite64,pwritev,write,writev,sendto,sendmsg"
_LINE = re.compile(r"(\d+) +(?:(\w+)\((.*)|<\.\.\. (\w+) resumed>(.*))", re.DOTALL)
_UNFINISHED = "<unfinished ...>"
_SENDS = ("write", "writev", "sendto", "sendmsg")
WAL, KEYS = "gateway.db-wal>", "data-keys.db-wal>"
PLAIN, STREAMED = "ab" * 16, "cd" * 16


class Call(msgspec.Struct):
    """One system call: its arguments and result as text, the line at which it began, the one by which it was done."""

    name: str
    text: str
    began: int
    done: int

    @property
    def synced(self) -> bool:
        return self.name in ("fsync", "fdatasync") and self.text.endswith("= 0")


def calls(trace: Path) -> list[Call]:
    """What strace saw, in the order in which the calls began."""
    found: list[Call] = []
    pending: dict[str, Call] = {}
    for number, line in enumerate(trace.read_text("utf-8", "replace").split("\n")):
        match = _LINE.match(line)
        if match is None:
            continue
        process, name, text, _, rest = match.groups()
        if name is None:
            call = pending.pop(process)
            call.text, call.done = call.text + rest, number
            continue
        call = Call(name, text.removesuffix(_UNFINISHED), number, number)
        found.append(call)
        if text.endswith(_UNFINISHED):
            pending[process] = call
    return found


def traces() -> bool:
    """Whether strace is here and may trace."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def strace() -> str:
    if not traces():
        pytest.skip("strace is not installed, or may not trace")
    return "strace"


async def test_the_write_ahead_log_is_synced_before_agent_and_caller_are_sent_anything(
    sqlite_settings: Settings, strace: str
) -> None:
    """For a whole answer and a stream: keys, then the intent, then the agent; the outcome, then the answer's end."""
    seen = Path(sqlite_settings.base, "trace")
    # -D: the gateway is our own child, to be told to stop, and strace beside it. --seccomp-bpf: it is not stopped at
    # calls that nobody asks for.
    before = (strace, "-D", "-f", "--seccomp-bpf", "-y", "-s", "65536", "-o", str(seen), "-e", f"trace={_CALLS}")
    async with (
        installation(sqlite_settings, ledger={"checkpoint_interval_s": 3600.0}) as site,
        command(site.file, *before) as (process, url),
        httpx.AsyncClient(base_url=url, timeout=60) as client,
    ):
        plain = await ask(client, site.key, "plain", PLAIN)
        streamed = await ask(client, site.key, "streamed", STREAMED)
        process.terminate()
        async with asyncio.timeout(WAIT_S):
            await process.communicate()  # to the end of its output, which strace keeps open until it has written all
    made = calls(seen)
    assert plain is not None
    assert streamed is not None
    _check(made, plain, "POST /cloud/", "HTTP/1.1 200")
    _check(made, streamed, "POST /desk/", "data: [DONE]")


def _check(made: list[Call], answered: Answered, request: str, end: str) -> None:
    asked = _first(made, request, answered.trace)
    intent = _written(made, answered.trace, 0, asked.began)
    keys = [call for call in made if call.synced and KEYS in call.text and call.done < intent[0].began]
    assert keys, "a key was not durable when the record that needs it was written"
    _synced_between(made, intent[-1], asked)
    released = _first(made, end, after=asked.began)
    outcome = _written(made, answered.trace, asked.began, released.began)
    _synced_between(made, outcome[-1], released)


def _first(made: list[Call], *texts: str, after: int = 0) -> Call:
    """The first call that sends all of these to a socket."""
    return next(
        call
        for call in made
        if call.name in _SENDS and "socket:" in call.text and call.began > after and all(t in call.text for t in texts)
    )


def _written(made: list[Call], trace: str, after: int, before: int) -> list[Call]:
    """The writes of this trace's records to the write-ahead log; there must be some."""
    found = [
        call
        for call in made
        if call.name.startswith("pwrite") and WAL in call.text and trace in call.text and after < call.began < before
    ]
    assert found, "nothing was written before it was sent"
    return found


def _synced_between(made: list[Call], write: Call, send: Call) -> None:
    """A sync of the log began after the write was done, and was done before the send began."""
    assert [
        call for call in made if call.synced and WAL in call.text and write.done < call.began and call.done < send.began
    ], "it was sent before it was durable"


def test_calls_that_overlap_are_put_together_and_an_unsynced_send_is_found(tmp_path: Path) -> None:
    """The reading of the trace itself: were the sync later than the send, this test would say so."""
    trace = tmp_path / "trace"
    trace.write_text(
        f'1 pwrite64(9</x/{WAL}, "{PLAIN}", 4096, 0) = 4096\n'
        f"1 fdatasync(9</x/{WAL} <unfinished ...>\n"
        f'2 sendto(7<socket:[1]>, "POST {PLAIN}", 3) = 3\n'
        "1 <... fdatasync resumed>) = 0\n"
        f'2 sendto(7<socket:[1]>, "POST {PLAIN}", 3) = 3\n'
        "1 +++ exited with 0 +++\n"
    )
    write, sync, early, late = calls(trace)
    assert (sync.began, sync.done, sync.synced) == (1, 3, True)
    with pytest.raises(AssertionError, match="before it was durable"):
        _synced_between([write, sync, early, late], write, early)
    _synced_between([write, sync, early, late], write, late)


# ------------------------------------------------------------------------------------ the same where there is no strace


@pytest.fixture
def seen_by_sqlite() -> None:
    if library() is None:
        pytest.skip("this Python hides the SQLite that it is built with")


@pytest.mark.usefixtures("seen_by_sqlite")
async def test_sqlite_is_asked_to_sync_before_anything_is_forwarded_or_released(sqlite_settings: Settings) -> None:
    """Seen where SQLite asks it of the system: that the system then does so is what strace shows."""
    async with child(_serve_noting, sqlite_settings) as noting:
        noted: list[Noted] = await noting.told()
    for trace in (PLAIN, STREAMED):
        steps = noted[noted.index(Noted("asked", trace)) : noted.index(Noted("answered", trace))]
        forwarded, received = steps.index(Noted("forward.before")), steps.index(Noted("received", trace))
        recorded = steps.index(Noted("outcome.recorded"))
        durable(steps[:forwarded], WAL.rstrip(">"), trace.encode())
        durable(steps[received:recorded], WAL.rstrip(">"), trace.encode())
        assert forwarded < received < recorded
        assert Noted("release.before") in steps[recorded:]
        intent = next(at for at, one in enumerate(steps) if trace.encode() in one.data)
        assert Noted("sync", KEYS.rstrip(">")) in steps[:intent], "a key was not durable when its record was written"


@pytest.mark.usefixtures("seen_by_sqlite")
async def test_what_sqlite_does_not_sync_is_seen_to_be_unsynced(tmp_path: Path) -> None:
    """The watching itself: with `synchronous` off, of the same statement the write is noted and no sync."""
    async with child(_write_noting, tmp_path) as noting:
        full, off = await noting.told(), await noting.told()
    durable(full, "FULL.db-wal", b"something")
    with pytest.raises(AssertionError, match="not synced"):
        durable(off, "OFF.db-wal", b"something")
    with pytest.raises(AssertionError, match="not written"):
        durable(full, "FULL.db-wal", b"anything else")


def _serve_noting(base: Settings, told: Connection) -> None:
    asyncio.run(_ask_noting(base, told))


async def _ask_noting(base: Settings, told: Connection) -> None:
    """A plain and a streamed request through a gateway, its agents in this process too."""
    noted: list[Noted] = []

    async def failpoint(name: str) -> None:
        noted.append(Noted(name))

    async def received(headers: dict[str, str]) -> None:
        noted.append(Noted("received", headers["traceparent"].split("-")[1]))

    with watched(noted.append):
        async with system(base, failpoint=failpoint, ledger={"checkpoint_interval_s": 3600.0}) as site:
            key = await site.key("clerk")
            site.agents["ward"].on_request = received
            for trace, stream in ((PLAIN, False), (STREAMED, True)):
                noted.append(Noted("asked", trace))
                headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
                answer = await site.chat(key, PUBLIC, "ward", stream=stream, headers=headers)
                noted.append(Noted("answered", trace))
                assert answer.status_code == 200
    told.send(noted)


def _write_noting(directory: Path, told: Connection) -> None:
    for level in ("FULL", "OFF"):
        notes: list[Noted] = []
        file = directory / f"{level}.db"
        with watched(notes.append), closing(sqlite3.connect(file, isolation_level=None)) as opened:
            opened.execute("PRAGMA journal_mode = WAL")
            opened.execute(f"PRAGMA synchronous = {level}")
            opened.execute("CREATE TABLE kept (text TEXT)")
            opened.execute("INSERT INTO kept VALUES ('something')")
            told.send(list(notes))  # what closing syncs is beside the point
