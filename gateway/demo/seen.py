"""What was seen of one conversation: by its caller, by the agents, and on the record."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

STRICTNESS = ("route", "redact", "tokenize", "approve", "deny")
_OPENINGS = ("exchange.requested", "exchange.denied")


class Received(msgspec.Struct, frozen=True):
    """One request as an agent wrote it down."""

    agent: str
    headers: tuple[tuple[str, str], ...]
    body: str

    @property
    def trace(self) -> str | None:
        """The trace id in `traceparent` (W3C Trace Context §3.2.2.3)."""
        pieces = dict(self.headers).get("traceparent", "").split("-")
        return pieces[1] if len(pieces) == 4 else None

    def document(self) -> Any:
        """The body's value, None where it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Reply(msgspec.Struct, frozen=True):
    """What the caller's client saw."""

    status: int
    headers: dict[str, str]
    text: str
    pieces: int
    error: Any

    def header(self, name: str) -> str | None:
        return {key.lower(): value for key, value in self.headers.items()}.get(name)

    @property
    def code(self) -> str | None:
        """The error's code, wherever the client left it."""
        error = self.error
        if isinstance(error, dict) and isinstance(error.get("error"), dict):
            error = error["error"]
        return str(error["code"]) if isinstance(error, dict) and error.get("code") else None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation from all sides. `records` as the audit API gives them, in order."""

    reply: Reply
    received: tuple[Received, ...]
    records: tuple[dict[str, Any], ...]

    @property
    def exchange(self) -> str | None:
        return self.reply.header("x-exchange-id")

    @property
    def opening(self) -> Mapping[str, Any]:
        """The envelope of the intent or the refusal; empty where there is none."""
        envelopes = (record["record"] for record in self.records)
        return next((envelope for envelope in envelopes if envelope.get("event") in _OPENINGS), {})

    @property
    def closing(self) -> Mapping[str, Any]:
        """The envelope of the outcome; empty where there is none."""
        envelopes = (record["record"] for record in self.records)
        return next((envelope for envelope in envelopes if envelope.get("event") == "exchange.completed"), {})

    @property
    def decision(self) -> str | None:
        """What was decided on the request."""
        return (self.opening.get("decision") or {}).get("effect")

    @property
    def answered(self) -> str | None:
        """What was decided on the answer; None where there was none to decide on."""
        return (self.closing.get("decision") or {}).get("effect")

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple((self.opening.get("decision") or {}).get("rules", ()))

    @property
    def found(self) -> dict[str, int]:
        """Finding type → how many there were in the request."""
        return dict(self.opening.get("found") or {})

    @property
    def classes(self) -> tuple[str, ...]:
        """The data classes of the request, wherever they came from."""
        origins = self.opening.get("classes") or {}
        return tuple(sorted({name for names in origins.values() for name in names}))

    def explanation(self, event: str) -> str:
        """Why policy decided so, in the words of its rules, as the detail of a record of this kind tells it."""
        for record in self.records:
            if record["record"].get("event") == event:
                return str((record.get("detail") or {}).get("explanation") or "")
        return ""


class Logs:
    """What agents wrote down, read on from where it was read to the last time."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = dict(files)
        self._read = dict.fromkeys(files, 0)

    def new(self) -> tuple[Received, ...]:
        """Every request that any agent has received since the last call. Whole lines only: the last one is complete,
        because an agent writes it down before it begins to answer."""
        found: list[Received] = []
        for agent, file in self._files.items():
            if not file.exists():
                continue
            with file.open("rb") as log:
                log.seek(self._read[agent])
                data = log.read()
            self._read[agent] += len(data)
            found += [_received(agent, json.loads(line)) for line in data.splitlines()]
        return tuple(found)


def _received(agent: str, line: dict[str, Any]) -> Received:
    return Received(agent, tuple((name, value) for name, value in line["headers"]), line["body"])
