"""A record as a syslog message (RFC 5424): what its envelope has in clear as structured data, a few words as text.

Facility 13 (log audit), the severity by what `ocsf` says of the event. Like that it is made of the envelope alone.
"""

import re
from typing import Any

import msgspec

from gateway.evidence import ocsf
from gateway.ledger import record
from gateway.ledger.chain import leaf_hash
from gateway.ledger.encoding import to_base64
from gateway.ledger.record import Envelope

FACILITY = 13
APP_NAME = "gateway"
_SEVERITIES = {1: 6, 2: 5, 3: 4, 4: 3, 5: 2}
"""OCSF's `severity_id` → the severity of RFC 5424 §6.2.1: informational, notice, warning, error, critical."""
_ESCAPED = re.compile(r'["\\\]\x00-\x1f\x7f]')
_COUNTED = frozenset({"found", "inputs", "missed", "wrong"})
"""Mappings whose keys are no field's name: told as they are."""


def message(data: bytes, enterprise: int, emergency: str | None = None) -> bytes:
    """The message of one record's exact bytes, without framing; `FormatError` where they are no record's. `enterprise`
    is the private enterprise number that makes the name of its structured data (§7.2.2); `emergency` the emergency
    ledger whose number the record's is, told as `ledger`."""
    envelope = record.parse(data)
    fields = {**_fields(envelope), "leaf_hash": to_base64(leaf_hash(data)), **_ledger(emergency)}
    text = envelope.event if envelope.outcome is None else f"{envelope.event} {envelope.outcome.code}"
    return _message(envelope, enterprise, fields, text)


def carrying(data: bytes, enterprise: int, emergency: str | None = None) -> bytes:
    """The message of one record whose text is its OCSF event, for systems that read that."""
    envelope = record.parse(data)
    fields = {"tenant": envelope.tenant, "seq": str(envelope.seq), "event": envelope.event, **_ledger(emergency)}
    text = msgspec.json.encode(ocsf.event_of(envelope, data, emergency)).decode("utf-8")
    return _message(envelope, enterprise, fields, text)


def _ledger(emergency: str | None) -> dict[str, str]:
    """No field of an envelope has this name (`test_syslog`)."""
    return {} if emergency is None else {"ledger": emergency}


def framed(text: bytes) -> bytes:
    """A message as it goes over TLS or TCP: its length before it (RFC 5425 §4.3)."""
    return b"%d %b" % (len(text), text)


def _message(envelope: Envelope, enterprise: int, fields: dict[str, str], text: str) -> bytes:
    priority = FACILITY * 8 + _SEVERITIES[ocsf.severity_of(envelope)]
    host, process = ("-", "-") if envelope.node is None else (envelope.node.id, envelope.node.boot)
    told = "".join(f' {name}="{_escaped(value)}"' for name, value in fields.items())
    head = f"<{priority}>1 {envelope.occurred_at} {_word(host)} {APP_NAME} {_word(process)} {envelope.event[:32]}"
    return f"{head} [record@{enterprise}{told}] \ufeff{text}".encode()


def _fields(envelope: Envelope) -> dict[str, str]:
    """The envelope's fields by their names, those of its parts after a dot; lists and counts as JSON. No name is longer
    than 32 characters, since they are all the code's own."""
    told: dict[str, str] = {}
    document: dict[str, Any] = msgspec.to_builtins(envelope)
    for name, value in document.items():
        if isinstance(value, dict) and name not in _COUNTED:
            told |= {f"{name}.{inner}": _text(part) for inner, part in value.items()}
        else:
            told[name] = _text(value)
    return told


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode("utf-8")


def _escaped(text: str) -> str:
    """§6.3.3: three characters with a backslash. What would end a line for a reader of another framing is a space."""
    return _ESCAPED.sub(lambda found: f"\\{found[0]}" if found[0] > " " and found[0] != "\x7f" else " ", text)


def _word(text: str) -> str:
    """A word of the header (§6): printable ASCII without spaces, and never none."""
    return re.sub(r"[^!-~]", "_", text)[:128] or "-"
