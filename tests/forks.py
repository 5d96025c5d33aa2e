"""The suite in several processes, each forked from the one that has collected it: `pytest -p tests.forks --forks 4`.

To collect all tests takes as long as some thousand of them: it is done once, and not again by each process. A file's
tests are run by one process, in their order; whoever is done with a file takes the next. What they report reaches the
first process, which tells it as if it had run all of them: one message a test, since most tests take less than to send
and to read a few. A process that dies fails the test it was at, by name, and another takes the rest of the file.

What is made while tests are collected is everybody's, so it may be no thread, connection or loop. What a session shares
is made by each process that needs it, and an error when it is given up fails the last test of that process.
"""

import contextlib
import gc
import os
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import count, groupby, pairwise
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Any, NoReturn

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--forks", type=int, default=1, metavar="N", help="run files in so many processes at once")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """All tests, in processes; None leaves them to pytest's own loop, and so does what cannot be collected."""
    forks: int = session.config.getoption("forks")
    if forks < 2 or session.config.getoption("collectonly") or session.testsfailed:
        return None
    if threading.active_count() > 1:
        raise RuntimeError(f"collecting has started {threading.enumerate()}: a fork would be without them")
    _Suite(session).run(forks)
    return True


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A run that broke off names no failed test: to run those again would tell nothing of all the others."""
    cache: pytest.Cache | None = getattr(session.config, "cache", None)
    if (
        cache is not None
        and session.config.getoption("forks") > 1
        and exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    ):
        cache.set("cache/lastfailed", {})


def stretches(items: Sequence[pytest.Item]) -> Iterator[range]:
    """The places of each file's tests, in the order of the files."""
    for _, places in groupby(range(len(items)), key=lambda place: items[place].path):
        first, *others = places
        yield range(first, first + 1 + len(others))


_NOTHING = range(0)
Location = tuple[str, int | None, str]
"""Where a test stands, as pytest has it. To find it out costs as much as to read it, so that it is found out once."""
Reports = list[pytest.TestReport | dict[str, Any]]
"""What was reported of a test, in order: as it is, or, where it holds more than that something passed, in the form in
which pytest gives it away."""


class _Worker:
    """A process, as the first one sees it: the file it has, and the test that it is at or was at last."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.stretch: range | None = None
        self.place: int | None = None
        self.said = ""

    def given(self, stretch: range) -> None:
        """The next file; nothing, where none is left: then what it was at last stays what it answers for."""
        self.stretch = stretch
        if stretch:
            self.place = None

    @property
    def ended(self) -> bool:
        """Whether it was told that nothing is left."""
        return self.stretch == _NOTHING

    def blamed(self) -> int | None:
        """The test that is to answer for its end: the one it was at, was at last, or was to begin with; None where it
        has come to none."""
        return self.stretch.start if self.place is None and self.stretch else self.place

    def left(self) -> range:
        """What follows in its file."""
        place = self.blamed()
        return range(place + 1, self.stretch.stop) if self.stretch and place is not None else _NOTHING

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


class _Suite:
    """What the first process does: gives out files, and tells what the others report."""

    def __init__(self, session: pytest.Session) -> None:
        self._session, self._hook = session, session.config.hook
        self._waiting = deque(stretches(session.items))
        self._workers: dict[Connection, _Worker] = {}
        self._numbers = count()
        self._heard = DefaultSelector()
        self._over: set[int] = set()
        """Tests that have ended, or failed with their process."""

    def run(self, forks: int) -> None:
        try:
            for _ in range(min(forks, len(self._waiting))):
                self._fork()
            while self._workers:
                for key, _ in self._heard.select():
                    if isinstance(key.fileobj, Connection):
                        self._hear(key.fileobj)
                if self._session.shouldfail:
                    raise self._session.Failed(self._session.shouldfail)
                if self._session.shouldstop:
                    raise self._session.Interrupted(self._session.shouldstop)
            if len(self._over) != len(self._session.items):
                raise RuntimeError(f"of {len(self._session.items)} tests, {len(self._over)} were run")
        finally:
            for worker in self._workers.values():
                worker.kill()
            self._heard.close()

    def _fork(self) -> None:
        directory: Path = _any(self._session.config)._tmp_path_factory.getbasetemp() / f"fork-{next(self._numbers)}"
        ours, theirs = Pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._heard.close()
            # As long as another holds an end of a pipe, nobody would see that its owner is gone.
            for connection in (ours, *self._workers):
                connection.close()
            _work(self._session, theirs, directory)
        theirs.close()
        self._workers[ours] = _Worker(pid)
        self._heard.register(ours, EVENT_READ)

    def _hear(self, connection: Connection) -> None:
        worker = self._workers[connection]
        try:
            kind, said, ended = connection.recv()
        except (EOFError, OSError):  # at its end, or in the middle of what it said
            self._gone(connection)
            return
        if ended is not None:
            self._ended(*ended)
        match kind:
            case "next":
                stretch = self._waiting.popleft() if self._waiting else _NOTHING
                worker.given(stretch)
                with contextlib.suppress(BrokenPipeError):  # it died since: that is heard next
                    connection.send(stretch)
            case "begins":
                worker.place, location = said
                self._hook.pytest_runtest_logstart(nodeid=self._session.items[worker.place].nodeid, location=location)
            case "broke":
                worker.said = said

    def _ended(self, place: int, location: Location, reports: Reports) -> None:
        self._over.add(place)
        for one in reports:
            report = one
            if isinstance(one, dict):
                report = self._hook.pytest_report_from_serializable(config=self._session.config, data=one)
            self._hook.pytest_runtest_logreport(report=report)
        self._hook.pytest_runtest_logfinish(nodeid=self._session.items[place].nodeid, location=location)

    def _gone(self, connection: Connection) -> None:
        """It has ended as it was told to; or its test has failed, and another process takes the rest of its file."""
        worker = self._workers.pop(connection)
        self._heard.unregister(connection)
        connection.close()
        code = os.waitstatus_to_exitcode(os.waitpid(worker.pid, 0)[1])
        if code == 0 and worker.ended:
            return
        place, left = worker.blamed(), worker.left()
        ended = f"by {signal.Signals(-code).name}" if code < 0 else f"with {code}"
        if place is None:  # and so would the next one
            raise RuntimeError(f"a process ended {ended} before its first test\n{worker.said}")
        self._over.add(place)
        item = self._session.items[place]
        failed = pytest.TestReport(
            nodeid=item.nodeid,
            location=item.location,
            keywords={},
            outcome="failed",
            longrepr=f"The process that ran this test ended {ended}.\n{worker.said}",
            when="call",
        )
        self._hook.pytest_runtest_logreport(report=failed)
        self._hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        if left:
            self._waiting.appendleft(left)
        if self._waiting:
            self._fork()


def _work(session: pytest.Session, first: Connection, directory: Path) -> NoReturn:
    """What a forked process does, to its end: it returns to nothing of what called it."""
    code = 1
    try:
        _become_another(session.config, directory)
        told = _Told(session.config, first)
        session.config.pluginmanager.register(told)
        while stretch := told.next():
            for place, following in pairwise((*stretch, None)):
                told.place = place
                # Behind a file's last test stands the session: what all tests share stays, all else is torn down.
                _any(session.items[place].ihook).pytest_runtest_protocol(
                    item=session.items[place], nextitem=session if following is None else session.items[following]
                )
        _end(session)
        code = 0
    except BaseException:  # noqa: BLE001 — whatever it is, the first process tells it
        with contextlib.suppress(OSError):  # nobody is there to tell it to
            first.send(("broke", traceback.format_exc(), None))
    finally:
        os._exit(code)


def _end(session: pytest.Session) -> None:
    """Give up what the session shares. What that prints belongs to no test."""
    captured: Any = session.config.pluginmanager.getplugin("capturemanager")
    captured.resume_global_capture()
    _any(session)._setupstate.teardown_exact(None)
    captured.suspend_global_capture()
    if captured.is_globally_capturing():
        captured.read_global_capture()
    _any(session.config)._ensure_unconfigure()


def _become_another(config: pytest.Config, directory: Path) -> None:
    """Give up what belongs to the first process: its screen, its cache of what failed, its captured output, and its
    directory of files in passing."""
    _any(config).workerinput = {"workerid": directory.name}  # by this pytest's own plugins know whose cache it is
    config.pluginmanager.unregister(name="terminalreporter")
    directory.mkdir(mode=0o700)
    _any(config)._tmp_path_factory._basetemp = directory
    captured: Any = config.pluginmanager.getplugin("capturemanager")
    captured.stop_global_capturing()
    captured.start_global_capturing()
    captured.suspend_global_capture()
    gc.freeze()


class _Told:
    """What a forked process tells the first one, as it would tell its screen: of each test that it begins, so that the
    test is known that it dies of; and what came of a test with what it does next."""

    def __init__(self, config: pytest.Config, first: Connection) -> None:
        self._config, self._first = config, first
        self.place = -1
        self._reports: Reports = []
        self._ended: tuple[int, Location, Reports] | None = None

    def next(self) -> range:
        """The next file's tests; none, if nothing is left."""
        self._tell("next", None)
        stretch: range = self._first.recv()
        return stretch

    def pytest_runtest_logstart(self, location: Location) -> None:
        self._tell("begins", (self.place, location))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            # A screen asks this, and by it a test with a failed subtest fails.
            self._config.hook.pytest_report_teststatus(report=report, config=self._config)
        if type(report) is pytest.TestReport and report.longrepr is None and not report.user_properties:
            self._reports.append(report)
        else:
            self._reports.append(self._config.hook.pytest_report_to_serializable(config=self._config, report=report))

    def pytest_runtest_logfinish(self, location: Location) -> None:
        self._ended, self._reports = (self.place, location, self._reports), []

    def _tell(self, kind: str, said: object) -> None:
        ended, self._ended = self._ended, None
        self._first.send((kind, said, ended))


def _any(value: object) -> Any:
    """The same, of which parts are used that pytest has no types for."""
    return value
