"""Log lines: JSON, with what may be told of an exchange, and nothing of what came with a request."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.cli import logs

SECRET = "219-09-9999"


class Lines:
    """What was logged."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    @property
    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._stream.getvalue().splitlines()]

    @property
    def text(self) -> str:
        return self._stream.getvalue()


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Logging as `gateway serve` has it, and as it was afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("gateway")
    handlers, level, our_level = root.handlers[:], root.level, ours.level
    disabled = {name: logging.getLogger(name).disabled for name in logs.SILENT}
    # Servers that other tests started in this process have left their own levels behind.
    servers = [logging.getLogger(name) for name in ("uvicorn", "uvicorn.error")]
    left = [(server.level, server.propagate) for server in servers]
    for server in servers:
        server.setLevel(logging.NOTSET)
        server.propagate = True
    stream = io.StringIO()
    logs.configure("info", stream)
    try:
        yield Lines(stream)
    finally:
        logging.captureWarnings(False)
        root.handlers[:] = handlers
        root.setLevel(level)
        ours.setLevel(our_level)
        for name, was in disabled.items():
            logging.getLogger(name).disabled = was
        for server, (was_level, propagated) in zip(servers, left, strict=True):
            server.setLevel(was_level)
            server.propagate = propagated


def test_a_line_of_ours_says_what_it_knows_of_the_exchange(lines: Lines) -> None:
    extra = {"exchange": "ex", "trace": "tr", "code": "ok", "status": 200, "agent": "ward", "decision": "route"}
    logging.getLogger("gateway.pipeline").info("completed %s", "well", extra={**extra, "body": SECRET})
    (line,) = lines.all
    assert {name: line[name] for name in extra} == extra
    assert (line["level"], line["logger"], line["message"]) == ("info", "gateway.pipeline", "completed well")
    assert line["time"].endswith("Z")
    assert SECRET not in lines.text


def test_what_is_not_known_is_left_out(lines: Lines) -> None:
    logging.getLogger("gateway").info("started", extra={"agent": None})
    assert set(lines.all[0]) == {"time", "level", "logger", "message"}


def test_of_an_exception_only_type_and_place_are_told(lines: Lines) -> None:
    try:
        int(SECRET)
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    (line,) = lines.all
    assert line["message"] == "Exception in ASGI application"
    assert line["error"] == "ValueError"
    assert line["raised"][-1].startswith("tests/cli/test_logs.py:")
    assert SECRET not in lines.text


def test_of_a_library_only_the_text_in_its_code_is_told(lines: Lines) -> None:
    logging.getLogger("some.library").error("could not read %r", SECRET)
    logging.getLogger("asyncio").error(f"Task exception was never retrieved\nfuture: {SECRET}")
    logging.getLogger("some.library").error(ValueError(SECRET))
    assert [line["message"] for line in lines.all] == [
        "could not read %r",
        "Task exception was never retrieved",
        "ValueError",
    ]
    assert SECRET not in lines.text


def test_libraries_speak_only_of_what_is_wrong(lines: Lines) -> None:
    logging.getLogger("uvicorn.error").info("Started")
    logging.getLogger("gateway").debug("details")
    assert lines.all == []


def test_loggers_that_quote_requests_are_off(lines: Lines) -> None:
    for name in logs.SILENT:
        logging.getLogger(name).critical(SECRET)
    assert lines.all == []


def test_a_warning_is_told_by_its_kind(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn(SECRET, DeprecationWarning, stacklevel=1)
    assert [line["message"] for line in lines.all] == ["DeprecationWarning"]


def test_a_line_is_one_line_whatever_is_in_it(lines: Lines) -> None:
    logging.getLogger("gateway").info("one\ntwo\x1b[31m\u2028", extra={"agent": object()})
    assert lines.text.count("\n") == 1
    assert lines.text.isascii()
    assert lines.all[0]["agent"] == "object"
