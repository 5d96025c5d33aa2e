"""Made-up logs and records of one made-up day."""

import io
from collections.abc import Iterable, Mapping
from typing import Any

from gateway.evidence.reconcile.compared import Compared
from gateway.evidence.reconcile.comparing import Comparison, Sent
from gateway.evidence.reconcile.lines import Row, Wrong, read
from gateway.evidence.reconcile.mapping import Source, load
from gateway.ledger.times import timestamp

AGENTS = frozenset({"ward", "cloudy", "other"})
DAY = 1_800_000_000_000_000 // 86_400_000_000 * 86_400_000_000
"""A midnight, UTC."""
S = 1_000_000
Ports = Mapping[str, frozenset[int | None]]
HOSTS = {"ward.example": frozenset({"ward"}), "api.cloud.example": frozenset({"cloudy"})}


def mapping(**changes: Any) -> bytes:
    """A mapping with one source; `columns` are its columns."""
    given = {"id": "proxy", "format": "csv", "each": "request", **changes}
    columns = given.pop("columns", {"time": "time", "host": "host"})
    hosts = given.pop("hosts", {})
    tables = ["[[source]]", *(f"{name} = {_toml(value)}" for name, value in given.items())]
    tables += ["[source.columns]", *(f'{name} = "{value}"' for name, value in columns.items())]
    tables += ["[hosts]", *(f'"{host}" = "{agent}"' for host, agent in hosts.items())]
    return "\n".join(tables).encode()


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value) if isinstance(value, int) else f"'{value}'"


def source(**changes: Any) -> Source:
    return load(mapping(**changes), AGENTS).source[0]


def rows(text: str | bytes, **changes: Any) -> list[Row | Wrong]:
    data = text.encode() if isinstance(text, str) else text
    return list(read(io.BytesIO(data), source(**changes)))


def log(*times: float, host: str = "ward.example", more: str = "") -> str:
    """CSV with a row for each of these seconds of the day."""
    return "time,host\n" + "".join(f"{timestamp(int(DAY + at * S))},{host}\n" for at in times) + more


def sent(
    *times: float, agent: str = "ward", host: str = "ward.example", first: int = 0, port: int | None = None
) -> list[Sent]:
    return [
        Sent("default", number, int(DAY + at * S), agent, host, f"ex-{number}", f"{number:032x}", port)
        for number, at in enumerate(times, first)
    ]


def comparison(records: Iterable[Sent], ports: Ports | None = None) -> Comparison:
    made = Comparison(DAY, DAY + 86_400 * S, HOSTS, ports or {})
    made.add(records)
    return made


def compared(records: Iterable[Sent], text: str, *, ports: Ports | None = None, **changes: Any) -> Compared:
    one = source(**changes)
    return comparison(records, ports).compare(one, read(io.BytesIO(text.encode()), one))


def kinds(found: Compared) -> dict[str, int]:
    return {kind: count for kind, count in found.read.kinds.items() if count}
