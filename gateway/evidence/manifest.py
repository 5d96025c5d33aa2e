"""What a bundle says of itself, under the ledger's signature: its range, its checkpoints and every one of its files."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.core.errors import FormatError
from gateway.evidence import scope as scopes
from gateway.evidence import strict_json
from gateway.evidence.selection import Scope, Selection, check_filters
from gateway.ledger.encoding import from_base64, to_base64
from gateway.ledger.times import parse_timestamp

VERSION = 1
TYPE = "application/vnd.agent-compliance-gateway.bundle+json"
NAME = "manifest.dsse.json"
MAX_BYTES = 8 << 20
_HEX = re.compile(r"[0-9a-f]{64}")
_FIELDS = frozenset(
    {"v", "origin", "created", "generator", "range", "filters", "details", "selected", "opened", "checkpoint", "files"}
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_OPTIONAL = frozenset({"opening", "scope", "contents", "emergencies", "standing"})


class File(msgspec.Struct, frozen=True):
    """One file of the bundle: its path, size in bytes, and SHA-256 in hex."""

    path: str
    bytes: int
    sha256: str


class Apart(msgspec.Struct, frozen=True):
    """What a bundle has of an emergency ledger that a record of its range stitches in, by its id."""

    id: str
    selected: int | None = None
    """How many of its records the selection lets through; None where its file was not at hand."""
    opened: int | None = None
    """Of how many of these the detail is in the bundle; None where no details were asked for, either."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle's own account. `files` are all but the manifest itself, in the order of the container."""

    origin: str
    """The ledger's, which is the name of the key that signs."""
    created: str
    generator: str
    """The name and version of the program that wrote the bundle."""
    first: int
    end: int
    filters: Mapping[str, str]
    details: bool
    selected: int
    """How many records of the range the filters let through."""
    opened: int
    """How many details are in the bundle."""
    checkpoint: tuple[int, bytes]
    """Size and root of the checkpoint that covers the range."""
    opening: tuple[int, bytes] | None = None
    """Size and root of an earlier checkpoint that the range starts at or after."""
    scope: Scope | None = None
    contents: int | None = None
    """Of how many selected records it carries kept content; None where that was not asked for."""
    emergencies: tuple[Apart, ...] | None = None
    """Those that records of the range stitch in, in that order; None in bundles that do not say."""
    standing: str | None = None
    """The digest of the policy version in force at the first record of the range, which no record of the range has to
    name; None where none was, and in bundles that do not say."""
    files: tuple[File, ...]

    @property
    def selection(self) -> Selection:
        return Selection(
            first=self.first,
            end=self.end,
            filters=self.filters,
            details=self.details,
            contents=self.contents is not None,
            scope=self.scope,
        )


def encode(manifest: Manifest) -> bytes:
    """The payload that is signed: canonical JSON."""
    document: dict[str, Any] = {
        "v": VERSION,
        "origin": manifest.origin,
        "created": manifest.created,
        "generator": manifest.generator,
        "range": [manifest.first, manifest.end],
        "filters": dict(manifest.filters),
        "details": manifest.details,
        "selected": manifest.selected,
        "opened": manifest.opened,
        "checkpoint": _pair(manifest.checkpoint),
        "files": [{"path": file.path, "bytes": file.bytes, "sha256": file.sha256} for file in manifest.files],
    }
    if manifest.opening is not None:
        document["opening"] = _pair(manifest.opening)
    if manifest.scope is not None:
        document["scope"] = scopes.encode(manifest.scope)
    if manifest.contents is not None:
        document["contents"] = manifest.contents
    if manifest.emergencies is not None:
        document["emergencies"] = [_encode_apart(one) for one in manifest.emergencies]
    if manifest.standing is not None:
        document["standing"] = manifest.standing
    return strict_json.dump(document)


def parse(payload: bytes) -> Manifest:
    """The manifest of exactly these bytes; `FormatError` otherwise."""
    found = strict_json.load(payload)
    if not isinstance(found, dict) or not _FIELDS <= set(found) <= _FIELDS | _OPTIONAL or found["v"] != VERSION:
        raise FormatError("a manifest must have the fields of version 1 and no others")
    for name in ("origin", "created", "generator"):
        if not isinstance(found[name], str) or not 0 < len(found[name]) <= 256 or "\n" in found[name]:
            raise FormatError(f"{name} must be one line")
    for name in ("selected", "opened"):
        _number(found[name], name)
    parse_timestamp(found["created"])
    if not isinstance(found["range"], list) or len(found["range"]) != 2:
        raise FormatError("range must be two numbers")
    first, end = (_number(value, "range") for value in found["range"])
    if not isinstance(found["filters"], dict) or not isinstance(found["details"], bool):
        raise FormatError("filters must be an object and details a boolean")
    if not all(isinstance(value, str) for value in found["filters"].values()):
        raise FormatError("a filter's value must be a text")
    check_filters(found["filters"])
    if not isinstance(found["files"], list):
        raise FormatError("files must be a list")
    if not first < end:
        raise FormatError("range must not be empty")
    return Manifest(
        origin=found["origin"],
        created=found["created"],
        generator=found["generator"],
        first=first,
        end=end,
        filters=found["filters"],
        details=found["details"],
        selected=found["selected"],
        opened=found["opened"],
        checkpoint=_point(found["checkpoint"]),
        opening=_point(found["opening"]) if "opening" in found else None,
        scope=scopes.parse(found["scope"]) if "scope" in found else None,
        contents=_number(found["contents"], "contents") if "contents" in found else None,
        emergencies=_emergencies(found["emergencies"]) if "emergencies" in found else None,
        standing=_digest(found["standing"]) if "standing" in found else None,
        files=tuple(_file(item) for item in found["files"]),
    )


def _encode_apart(one: Apart) -> dict[str, Any]:
    numbers = (("selected", one.selected), ("opened", one.opened))
    return {"id": one.id, **{name: number for name, number in numbers if number is not None}}


def _emergencies(value: Any) -> tuple[Apart, ...]:
    if not isinstance(value, list):
        raise FormatError("emergencies must be a list")
    return tuple(_apart(item) for item in value)


def _apart(value: Any) -> Apart:
    if not isinstance(value, dict) or not {"id"} <= set(value) <= {"id", "selected", "opened"}:
        raise FormatError("an emergency must have an id, and of selected and opened what is known")
    if not isinstance(value["id"], str) or ("selected" not in value and "opened" in value):
        raise FormatError("an emergency must have an id, and details of what was selected")
    numbers = (_number(value[name], name) if name in value else None for name in ("selected", "opened"))
    return Apart(value["id"], *numbers)


def _digest(value: Any) -> str:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise FormatError("standing must be sha256: and 64 hex digits")
    return value


def _pair(point: tuple[int, bytes]) -> list[Any]:
    return [point[0], to_base64(point[1])]


def _point(value: Any) -> tuple[int, bytes]:
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], str):
        raise FormatError("a checkpoint must be a size and a root")
    root = from_base64(value[1])
    if len(root) != 32:
        raise FormatError("a root must be 32 bytes")
    return _number(value[0], "checkpoint"), root


def _file(value: Any) -> File:
    if not isinstance(value, dict) or set(value) != {"path", "bytes", "sha256"}:
        raise FormatError("a file must have a path, a number of bytes and a sha256")
    if (
        not isinstance(value["path"], str)
        or not isinstance(value["sha256"], str)
        or not _HEX.fullmatch(value["sha256"])
    ):
        raise FormatError("a file must have a path and 64 hex digits of sha256")
    return File(value["path"], _number(value["bytes"], "bytes"), value["sha256"])


def _number(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise FormatError(f"{name} must be a number")
    return value
