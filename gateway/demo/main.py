"""`gateway demo`: sets the stage, and plays the script or keeps serving."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import msgspec

from gateway.core.errors import GatewayError
from gateway.demo import material, show
from gateway.demo.configuration import DirectoryRefusedError
from gateway.demo.report import Check, Told
from gateway.demo.script import matched, play
from gateway.demo.serving import serve
from gateway.demo.show import Painter
from gateway.demo.stage import stage

WRONG_USE, INTERRUPTED = 2, 130


def run(directory: Path, script: bool, as_json: bool, expected: Path | None = None) -> int:
    """The demo in `directory`; the exit code of the command.

    With `script`: 0 only if everything held, 1 if not; `expected` is a file of expectations in the place of the one
    that ships. Without: serves until interrupted, then 0. 2 for a directory that it may not empty,
    1 for what else cannot be set up or fails on the way.
    """
    try:
        with _terminable():
            return _script(directory, as_json, expected) if script else _serve(directory, as_json)
    except KeyboardInterrupt:
        return INTERRUPTED if script else 0
    except DirectoryRefusedError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_USE
    except GatewayError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _script(directory: Path, as_json: bool, expected: Path | None) -> int:
    conversations = material.conversations()
    expectations = material.expectations(expected or material.EXPECTED)
    matched(conversations, expectations)
    paint = Painter(sys.stdout)

    def say(told: Told | Check) -> None:
        if not as_json:
            lines = show.conversation(told, paint) if isinstance(told, Told) else show.check(told, paint)
            print("\n".join(lines), flush=True)

    with stage(directory, usual_port=False) as running:
        report = play(running, conversations, expectations, say)
    if as_json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    else:
        print("\n".join(show.end(report, paint)))
    return 0 if report.held else 1


def _serve(directory: Path, as_json: bool) -> int:
    with stage(directory, usual_port=True) as running:
        serve(running, as_json, sys.stdout)
    return 0


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends the block as an interrupt does, so that what was started is stopped."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal does
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
