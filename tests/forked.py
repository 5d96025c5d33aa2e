"""A command in a process of its own, forked from the server that has loaded everything already: for tests of what a
process does and leaves behind, where how it was loaded is not what they are about. To import it all takes two seconds
of the processor each time."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from tests.system.processes import forking


class Forked:
    """What tests use of `subprocess.Popen[str]`: a process that runs `main(arguments)`, and ends with what it gives.
    `given` is its standard input."""

    def __init__(
        self, main: Callable[[list[str]], int | None], arguments: list[str], directory: Path, given: str = ""
    ) -> None:
        context, self._error = forking(), TemporaryFile("w+b")  # noqa: SIM115 — closed with the process
        ours, theirs = context.Pipe(duplex=False)
        error_theirs = Connection(os.dup(self._error.fileno()), readable=False)
        with TemporaryFile("w+b") as file:
            file.write(given.encode("utf-8"))
            file.seek(0)
            given_theirs = Connection(os.dup(file.fileno()), writable=False)
        streams = (given_theirs, theirs, error_theirs)
        self._process = context.Process(target=_run, args=(main, arguments, str(directory), streams))
        self._process.start()
        for stream in streams:
            stream.close()
        self.stdout: IO[str] = os.fdopen(os.dup(ours.fileno()), encoding="utf-8")
        ours.close()

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self._process.pid is not None and self._process.is_alive():
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout: float) -> int:
        """Its exit code, once it has ended."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("forked", timeout)
        return self._process.exitcode

    def communicate(self, timeout: float) -> tuple[str, str]:
        """What it says from here on, and all that it said on standard error, when it has ended."""
        said = self.stdout.read()
        self.wait(timeout)
        self._error.seek(0)
        return said, self._error.read().decode("utf-8")

    def close(self) -> None:
        """End it, if it lives."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self.stdout.close()
        self._error.close()


@contextmanager
def forked(
    main: Callable[[list[str]], int | None], arguments: list[str], directory: Path, given: str = ""
) -> Iterator[Forked]:
    """Such a process, which does not outlive the block. Its environment is the server's, without the gateway's."""
    process = Forked(main, arguments, directory, given)
    try:
        yield process
    finally:
        process.close()


def _run(
    main: Callable[[list[str]], int | None], arguments: list[str], directory: str, streams: tuple[Connection, ...]
) -> None:
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        del os.environ[name]
    os.chdir(directory)
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
        stream.close()
    sys.stdin = os.fdopen(os.dup(0), encoding="utf-8")
    sys.stdout, sys.stderr = (os.fdopen(os.dup(number), "w", buffering=1, encoding="utf-8") for number in (1, 2))
    sys.exit(main(arguments))
