"""How logs are laid out: a TOML file of `[[source]]` tables, read whole and strictly. Errors name the key, and what
would be right, never what was written."""

import re
from collections.abc import Mapping as Table
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.evidence.reconcile.hosts import place_of

MAX_BYTES = 65_536
MAX_SOURCES = 32
TEXT = ("csv", "ndjson")
_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
_COLUMN = re.compile(r"[^\x00-\x1f\x7f]{1,128}")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]{2,45}\])(?::[0-9]{1,5})?|[0-9a-f:]{2,45}")
_ADDRESS = re.compile(r"[0-9A-Fa-f.:]{2,45}")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")


class Columns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a row holds what: the name of a column, its number from 1 where there is no head, or in JSON the names that
    lead to it with dots between."""

    time: str
    host: str | None = None
    """A host, `host:port` or a URL. Not there where the whole log is of `agent`."""
    port: str | None = None
    """The port that it went to, where that stands in a column of its own."""
    path: str | None = None
    """The path that was asked for there, or a request's target with its query; without it, that of the host's, where
    this is a URL."""
    bytes: str | None = None
    request: str | None = None
    """The exchange or trace id that the gateway gave it."""
    source: str | None = None
    """The address that it came from."""
    duration: str | None = None
    """Seconds that a connection lasted."""
    count: str | None = None
    """How many requests a row stands for."""


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of log."""

    id: str
    format: Literal["csv", "ndjson", "json"]
    each: Literal["request", "connection", "day"]
    """What a row is."""
    columns: Columns
    time: str = "rfc3339"
    """`rfc3339`, `epoch_s`, `epoch_ms`, or a pattern of strptime's."""
    zone: str = "UTC"
    """Of times that name no offset, and of days: a name of the IANA time zone database."""
    encoding: Literal["utf-8", "latin-1", "windows-1252"] = "utf-8"
    delimiter: str = ","
    head: bool = True
    """Whether the first line names the columns."""
    rows: str | None = None
    """`json`: the names that lead to the array of rows, with dots between; without, the file is that array."""
    agent: str | None = None
    """The registered agent that all rows are of."""
    agents: tuple[str, ...] = ()
    """The agents whose traffic this log would show; without any, all."""
    gateway: tuple[str, ...] = ()
    """The gateway's own addresses, as the column `source` has them."""
    skew_s: int = 120
    """How far its clock may be from the gateway's."""
    lag_s: int = 0
    """How long after a request began its row may be dated."""


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file. `hosts`: further names and addresses of agents, with a port or without, each with the agent's id."""

    source: tuple[Source, ...]
    hosts: dict[str, str] = {}


def load(data: bytes, agents: frozenset[str]) -> Mapping:
    """The mapping of a file's bytes; `agents` are the registered ones. `ConfigurationError` for any mistake."""
    if len(data) > MAX_BYTES:
        raise ConfigurationError(f"the mapping must be of at most {MAX_BYTES} bytes")
    try:
        found = msgspec.toml.decode(data, type=Mapping)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"the mapping: {_shape(error)}") from None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise ConfigurationError("the mapping must be TOML in UTF-8, each key once") from None
    if not 1 <= len(found.source) <= MAX_SOURCES:
        raise ConfigurationError(f"source: must be 1 to {MAX_SOURCES} tables")
    for index, one in enumerate(found.source):
        place = f"source[{index}]"
        if not _ID.fullmatch(one.id) or one.id in [other.id for other in found.source[:index]]:
            raise ConfigurationError(f"{place}.id: must be small letters, digits and . _ -, each id once")
        _check(place, one, agents)
    _hosts(found.hosts, agents)
    return found


def _shape(error: msgspec.ValidationError) -> str:
    """What it says of the form; a name that nobody knows, or a word that was written, is left out."""
    text = str(error)
    place = text.rpartition(" - at ")[2].strip("`") if " - at " in text else ""
    if text.startswith("Invalid enum value"):
        return f"{place}: must be one of the words that docs/reconciling.md lists".replace("$.", "")
    if "unknown field" in text:
        return "must hold no other keys than those that docs/reconciling.md lists"
    return text.replace("`", "").replace("$.", "")


def _check(place: str, one: Source, agents: frozenset[str]) -> None:
    for name, column in msgspec.structs.asdict(one.columns).items():
        if column is not None and not _COLUMN.fullmatch(column):
            raise ConfigurationError(f"{place}.columns.{name}: must be 1 to 128 characters")
        if column is not None and one.format == "csv" and not one.head and not _number(column):
            raise ConfigurationError(f"{place}.columns.{name}: must be a number from 1 to 1000 where there is no head")
    if (one.columns.host is None) == (one.agent is None):
        raise ConfigurationError(f"{place}: must hold either columns.host or agent")
    if one.columns.port is not None and one.columns.host is None:
        raise ConfigurationError(f"{place}.columns.port: goes with columns.host")
    if one.columns.path is not None and (one.columns.host is None or one.each != "request"):
        raise ConfigurationError(f'{place}.columns.path: goes with columns.host, and is for each = "request"')
    for name in (*one.agents, *(() if one.agent is None else (one.agent,))):
        if name not in agents:
            raise ConfigurationError(f"{place}: agent and agents must name registered agents")
    if bool(one.gateway) != (one.columns.source is not None):
        raise ConfigurationError(f"{place}: columns.source and gateway go together")
    if not all(_ADDRESS.fullmatch(address) for address in one.gateway):
        raise ConfigurationError(f"{place}.gateway: must be network addresses")
    if one.columns.count is not None and one.each != "day":
        raise ConfigurationError(f'{place}.columns.count: is for each = "day"')
    if one.columns.duration is not None and one.each != "connection":
        raise ConfigurationError(f'{place}.columns.duration: is for each = "connection"')
    if one.each != "request" and one.columns.request is not None:
        raise ConfigurationError(f'{place}.columns.request: is for each = "request"')
    if len(one.delimiter) != 1 or one.delimiter in '"\r\n\x00':
        raise ConfigurationError(f"{place}.delimiter: must be one character that is no quote and ends no line")
    if one.rows is not None and one.format != "json":
        raise ConfigurationError(f'{place}.rows: is for format = "json"')
    if one.time not in ("rfc3339", "epoch_s", "epoch_ms") and "%" not in one.time:
        raise ConfigurationError(f"{place}.time: must be rfc3339, epoch_s, epoch_ms or a pattern with % in it")
    if not 0 <= one.skew_s <= 86_400 or not 0 <= one.lag_s <= 86_400:
        raise ConfigurationError(f"{place}: skew_s and lag_s must lie between 0 and 86400")
    zone(place, one)


def zone(place: str, one: Source) -> ZoneInfo:
    """The zone that a source names; `ConfigurationError` where the time zone database has none of that name."""
    try:
        if not _ZONE.fullmatch(one.zone):
            raise ValueError
        return ZoneInfo(one.zone)
    except (ValueError, OSError, KeyError):  # ZoneInfo raises each of them for names of another kind
        raise ConfigurationError(f"{place}.zone: must be a name like Europe/Berlin") from None


def _number(column: str) -> bool:
    return column.isascii() and column.isdigit() and 1 <= int(column[:5]) <= 1_000


def _hosts(hosts: Table[str, str], agents: frozenset[str]) -> None:
    for host, agent in hosts.items():
        if not _HOST.fullmatch(host) or place_of(host) is None:
            raise ConfigurationError("hosts: must be host names in small letters or addresses, a port after a colon")
        if agent not in agents:
            raise ConfigurationError("hosts: must each name a registered agent")
