"""What differs between two policy sets, one line each: names of rules, groupings, settings and files, never values."""

from collections.abc import Iterable, Mapping

import msgspec

from gateway.checks.policy.rows import read
from gateway.core.errors import ConfigurationError

_RULE_FILES = ("policy.csv", "profile.csv")
_STRUCTURE = "structure.json"
_RULE_ID = 10
_SINGULAR = {
    "zones": "zone",
    "processors": "processor",
    "agents": "agent",
    "capabilities": "capability",
    "issuers": "issuer",
    "tenants": "tenant",
    "callbacks": "callback",
}


def between(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> tuple[str, ...]:
    """Lines such as `rule phi-in-house changed`, in a fixed order. Members that do not parse are compared whole."""
    lines: list[str] = []
    try:
        lines += _compared(_rules(old), _rules(new))
    except (ConfigurationError, IndexError):
        lines += _compared(_whole(old, _RULE_FILES), _whole(new, _RULE_FILES))
    try:
        lines += _structures(old.get(_STRUCTURE), new.get(_STRUCTURE))
    except (msgspec.MsgspecError, AttributeError, KeyError, TypeError):
        lines += _compared(_whole(old, (_STRUCTURE,)), _whole(new, (_STRUCTURE,)))
    rest = sorted((old.keys() | new.keys()) - {*_RULE_FILES, _STRUCTURE})
    return (*lines, *_compared(_whole(old, rest), _whole(new, rest)))


def _compared(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    lines = []
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            lines.append(f"{name} added")
        elif name not in new:
            lines.append(f"{name} removed")
        elif old[name] != new[name]:
            lines.append(f"{name} changed")
    return lines


def _whole(members: Mapping[str, bytes], names: Iterable[str]) -> dict[str, object]:
    return {f"file {name}": members[name] for name in names if name in members}


def _rules(members: Mapping[str, bytes]) -> dict[str, object]:
    """`rule <id>` → its columns, and each grouping or other line under its own words."""
    found: dict[str, object] = {}
    for file in _RULE_FILES:
        for row in read(file, members.get(file, b"")):
            if row.fields[0] == "p":
                found[f"rule {row.fields[_RULE_ID]}"] = row.fields
            else:
                found[f"line {' '.join(row.fields)}"] = None
    return found


def _structures(old: bytes | None, new: bytes | None) -> list[str]:
    before, after = (msgspec.json.decode(data) if data is not None else {} for data in (old, new))
    lines = []
    for name in sorted(before.keys() | after.keys()):
        if name in _SINGULAR:
            lines += _items(_SINGULAR[name], before.get(name, []), after.get(name, []))
        elif before.get(name) != after.get(name):
            lines.append(f"setting {name} {'changed' if name in before else 'added'}")
    return lines


def _items(kind: str, before: list[dict[str, object]], after: list[dict[str, object]]) -> list[str]:
    """Items by their id; for one that changed, the names of its fields that did."""
    key = "issuer" if kind == "issuer" else "id"
    old, new = ({str(item[key]): item for item in items} for items in (before, after))
    lines = []
    for name in sorted(old.keys() | new.keys()):
        if name not in old or name not in new:
            lines.append(f"{kind} {name} {'removed' if name in old else 'added'}")
        elif old[name] != new[name]:
            fields = sorted(field for field in old[name] | new[name] if old[name].get(field) != new[name].get(field))
            lines.append(f"{kind} {name} changed: {', '.join(fields)}")
    kept = [name for name in old if name in new]
    if kept != [name for name in new if name in old]:
        lines.append(f"order of {kind}s changed")
    return lines
