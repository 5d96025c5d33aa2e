"""Which fields the gateway's own records hold, event by event: as it wrote them in a run of the suite.

A plugin of pytest, to make `held.json` again (a run adds to what is there; delete the file to begin anew):
`python -m pytest -q -p tests.exchange.held tests/bootstrap tests/cli tests/web tests/exchange`. Only records that
are made by the gateway's own code count, and not those that a test makes up.
"""

import sys
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
Held = dict[str, list[str]]


def load() -> Held:
    """Event → the fields of its records; a field of a part or of the detail as in `decision.policy`, `detail.tls`."""
    return msgspec.json.decode(FILE.read_bytes(), type=Held)


def fields(envelope: Envelope, detail: bytes | None) -> set[str]:
    """The fields that a record holds."""
    document = msgspec.to_builtins(envelope)
    found = set(document) - _EVERY
    for part in _PARTS:
        found |= {f"{part}.{name}" for name in document.get(part, ())}
    if detail is not None:
        found |= {f"detail.{name}" for name in msgspec.to_builtins(parse_detail(detail))}
    return found


def pytest_configure(config: pytest.Config) -> None:
    seen: dict[str, set[str]] = {}
    made, scribed = Entry.of.__func__, Scribe._entry  # type: ignore[attr-defined]  # a classmethod's function

    def of(cls: type[Entry], /, envelope: Envelope, **others: Any) -> Entry:
        if sys._getframe(1).f_code.co_filename.startswith(_OWN):
            seen.setdefault(envelope.event, set()).update(fields(envelope, others.get("detail")))
        entry: Entry = made(cls, envelope, **others)
        return entry

    def entry(self: Scribe, *given: Any) -> Entry:
        found = scribed(self, *given)
        seen.setdefault(found.envelope.event, set()).update(fields(found.envelope, found.detail))
        return found

    Entry.of = classmethod(of)  # type: ignore[assignment,method-assign]
    Scribe._entry = entry  # type: ignore[method-assign,assignment]

    def write() -> None:
        held = load() if FILE.exists() else {}
        for event, names in seen.items():
            held[event] = sorted({*held.get(event, ()), *names})
        FILE.write_bytes(msgspec.json.format(msgspec.json.encode(dict(sorted(held.items()))), indent=1) + b"\n")

    config.add_cleanup(write)
