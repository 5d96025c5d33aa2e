"""Which fields the gateway's own records hold, event by event and shape by shape: as it wrote them in runs of the
suite.

A plugin of pytest, to make `held.json` again (a run adds to what is there; delete the file to begin anew), of whole
installations: `python -m pytest -q -p tests.exchange.held -m "not slow" tests/bootstrap tests/cli tests/web
tests/system`; and with `--held-new tests/exchange` of the events that happened in none of these. Only records that are
made by the gateway's own code count: not those that a test makes up, nor those for which it is nobody where every
entrance of the gateway says who it is.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.exchange.scribe import Scribe
from gateway.ledger.entry import Entry
from gateway.ledger.record import Envelope, parse_detail

FILE = Path(__file__).with_name("held.json")
_OWN = str(Path(__file__).parents[2] / "gateway")
_PARTS = ("decision", "outcome", "request", "response", "sample", "tokens", "classes", "node", "kept")
_EVERY = frozenset({"v", "id", "tenant", "event", "occurred_at", "detail"})
"""What each record holds, besides what the writer fills in."""
_SOMEBODYS = frozenset(
    {
        *("key.created", "key.rotated", "key.revoked", "key.denied", "key.allowed"),
        *("agent.tool_released", "audit.read", "audit.verified"),
    }
)
"""What nobody does but whom the gateway knows; a test may."""
Shape = frozenset[str]
"""The fields that one record held; a field of a part or of the detail as in `decision.policy`, `detail.tls`."""


class _Held(msgspec.Struct, frozen=True):
    """The records of one event: the fields that each of them held, and what further ones some held together."""

    always: list[str]
    besides: list[list[str]]


def load() -> dict[str, list[Shape]]:
    """Event → the shapes of its records, the one that holds most first."""
    read = msgspec.json.decode(FILE.read_bytes(), type=dict[str, _Held])
    return {event: [frozenset(held.always) | set(more) for more in held.besides] for event, held in read.items()}


def fields(envelope: Envelope, detail: bytes | None) -> Shape:
    """The fields that a record holds."""
    document = msgspec.to_builtins(envelope)
    found = set(document) - _EVERY
    for part in _PARTS:
        found |= {f"{part}.{name}" for name in document.get(part, ())}
    if detail is not None:
        found |= {f"detail.{name}" for name in msgspec.to_builtins(parse_detail(detail))}
    return frozenset(found)


def _written(shapes: Iterable[Shape]) -> _Held:
    every = frozenset.intersection(*shapes)
    besides = sorted((sorted(one - every) for one in shapes), key=lambda more: (-len(more), more))
    return _Held(sorted(every), besides)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--held-new", action="store_true", help="add events alone of which held.json has none")


def pytest_configure(config: pytest.Config) -> None:
    seen: dict[str, set[Shape]] = {}

    def note(envelope: Envelope, detail: bytes | None) -> None:
        if envelope.actor is not None or envelope.event not in _SOMEBODYS:
            seen.setdefault(envelope.event, set()).add(fields(envelope, detail))

    made, scribed = Entry.of.__func__, Scribe._entry  # type: ignore[attr-defined]  # a classmethod's function

    def of(cls: type[Entry], /, envelope: Envelope, **others: Any) -> Entry:
        if sys._getframe(1).f_code.co_filename.startswith(_OWN):
            note(envelope, others.get("detail"))
        entry: Entry = made(cls, envelope, **others)
        return entry

    def entry(self: Scribe, *given: Any) -> Entry:
        found = scribed(self, *given)
        note(found.envelope, found.detail)
        return found

    Entry.of = classmethod(of)  # type: ignore[assignment,method-assign]
    Scribe._entry = entry  # type: ignore[method-assign,assignment]

    def write() -> None:
        held = {event: {*shapes} for event, shapes in load().items()} if FILE.exists() else {}
        for event in seen.keys() - (held.keys() if config.getoption("--held-new") else set()):
            held.setdefault(event, set()).update(seen[event])
        told = {event: _written(shapes) for event, shapes in sorted(held.items())}
        FILE.write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")

    config.add_cleanup(write)
