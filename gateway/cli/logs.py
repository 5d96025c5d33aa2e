"""Log lines: one JSON object each, on standard error.

A line never holds a value of a request. Our own messages are made of names and codes; what libraries log is cut down to
the text that stands in their code, without its arguments; of an exception only its type and where it was raised are
told, because its message may quote what it choked on.
"""

import json
import logging
import re
import sys
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import IO

from gateway.ledger.times import timestamp

FIELDS = ("exchange", "trace", "code", "status", "agent", "decision", "reason", "answered")
"""What a line may say of an exchange: ids, codes and registered names, from a record's `extra`."""
SILENT = ("casbin", "policy", "role", "uvicorn.access")
"""Loggers that are switched off: casbin's say what was asked of it, the server's who called what."""
_OURS = "gateway"
_WARNINGS = "py.warnings"
_CATEGORY = re.compile(r": (\w{1,64}Warning): ")
_MAX_FRAMES = 12
_ROOT = Path(__file__).parents[2]


class JsonLines(logging.Formatter):
    """One JSON object a line: `time` (RFC 3339, UTC), `level`, `logger`, `message`, the `FIELDS` that are known, and
    `error` with `raised` (`file:line`, the innermost last) where there was an exception."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": timestamp(int(record.created * 1e6)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        for name in FIELDS:
            value = getattr(record, name, None)
            if value is not None:
                line[name] = value
        if record.exc_info is not None and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["raised"] = _places(record.exc_info[2])
        return json.dumps(line, ensure_ascii=True, default=lambda value: type(value).__name__)


def configure(level: str, stream: IO[str] | None = None) -> None:
    """Send every log line of this process to `stream` (standard error) as JSON; `level` is that of our own.

    Of others, warnings and what is worse are written.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(_OURS).setLevel(level.upper())
    for name in SILENT:
        logging.getLogger(name).disabled = True
    logging.captureWarnings(True)
    # No line says which thread or process wrote it, or from where in the code: what is not told is not looked up, at
    # every request (the logging HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None


def _message(record: logging.LogRecord) -> str:
    if record.name == _OURS or record.name.startswith(f"{_OURS}."):
        return record.getMessage()
    if record.name == _WARNINGS:
        found = _CATEGORY.search(record.getMessage())
        return "a warning" if found is None else found[1]
    # Of a library the text in its code, and of that the first line: asyncio puts what failed, values and all, below.
    return str(record.msg).strip().partition("\n")[0] if isinstance(record.msg, str) else type(record.msg).__name__


def _places(trace: TracebackType | None) -> list[str]:
    places = []
    for frame, number in walk_tb(trace):
        file = Path(frame.f_code.co_filename)
        shown = file.relative_to(_ROOT).as_posix() if file.is_relative_to(_ROOT) else file.name
        places.append(f"{shown}:{number}")
    return places[-_MAX_FRAMES:]
