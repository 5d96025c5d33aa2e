"""A report for people: plain lines of at most 100 columns, colours only on a terminal."""

import os
import textwrap
from collections.abc import Iterator
from typing import TextIO

from gateway.demo.report import Check, Report, Told

WIDTH = 100
_INDENT = " " * 14
_GREEN, _RED, _DIM, _BOLD, _PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[2m", "\x1b[1m", "\x1b[0m"


class Painter:
    """Colours for a terminal; nothing for anything else, or where `NO_COLOR` is set."""

    def __init__(self, out: TextIO) -> None:
        self._on = out.isatty() and not os.environ.get("NO_COLOR")

    def bold(self, text: str) -> str:
        return self._paint(_BOLD, text)

    def dim(self, text: str) -> str:
        return self._paint(_DIM, text)

    def verdict(self, held: bool, text: str) -> str:
        return self._paint(_GREEN if held else _RED, text)

    def _paint(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._on else text


def conversation(told: Told, paint: Painter) -> Iterator[str]:
    """The lines of one conversation."""
    asks = f"{told.caller} -> {told.target}{' (stream)' if told.stream else ''}"
    room = WIDTH - 12 - 5 - len(asks) - 2
    verdict = paint.verdict(told.held, "  ok" if told.held else "  NO")
    yield f"{paint.bold(told.id.ljust(12))}{_cut(told.title, room).ljust(room)}  {paint.dim(asks)} {verdict}"
    yield from _line("found", _found(told))
    yield from _line("went to", _went(told))
    for passed in told.passed_over:
        yield from _line("not to", f"{passed.agent}: {passed.answer}{f' by {passed.rule}' if passed.rule else ''}")
    yield from _line("because", told.because)
    if told.answered not in (None, "route"):
        what = "withheld" if told.answered == "deny" else "masked"
        yield from _line("answer", f"{what}. {told.answer_because}".strip())
    for difference in told.differences:
        yield from (paint.verdict(False, line) for line in _line("EXPECTED", difference))


def check(told: Check, paint: Painter) -> Iterator[str]:
    """The lines of one check."""
    mark = "ok" if told.held else "NO"
    first, *rest = _wrapped(f"{told.name}: {told.told}", WIDTH - 4) or [told.name]
    yield f"{paint.verdict(told.held, mark)}  {first}"
    yield from (f"    {line}" for line in rest)


def end(report: Report, paint: Painter) -> Iterator[str]:
    """The last lines of a run."""
    good = sum(told.held for told in report.conversations)
    passed = sum(told.held for told in report.checks)
    text = f"{good} of {len(report.conversations)} conversations and {passed} of {len(report.checks)} checks held"
    yield ""
    yield paint.verdict(report.held, f"{text}.")
    names = [told.id for told in report.conversations if not told.held]
    if missed := [*names, *(told.name for told in report.checks if not told.held)]:
        yield f"Not held: {', '.join(missed)}"
    yield f"Kept: {report.directory} (configuration, database, {report.bundle}, {report.key})"


def _found(told: Told) -> str:
    kinds = ", ".join(f"{count} {kind}" for kind, count in told.found.items()) or "nothing"
    return f"{kinds} => {', '.join(told.classes)}" if told.classes else kinds


def _went(told: Told) -> str:
    if told.agent is None:
        return f"no agent: {told.status}{f' {told.error}' if told.error else ''}"
    if not told.masked:
        return f"{told.agent} ({told.zone}), as it was sent"
    spans = ", ".join(f"{count} {placeholder}" for placeholder, count in told.masked.items())
    return f"{told.agent} ({told.zone}), masked: {spans}"


def _line(label: str, text: str) -> Iterator[str]:
    if text:
        lines = _wrapped(text, WIDTH - len(_INDENT))
        yield f"    {label.ljust(10)}{lines[0]}"
        yield from (f"{_INDENT}{line}" for line in lines[1:])


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False)


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: max(0, room - 3)]}..."
