"""Policy versions: every file and setting that decides where data may go, canonicalised and hashed.

The digest is SHA-256 over the canonical JSON (RFC 8785) of `{"members": {name: base64}, "v": 1}`; text members have
LF line ends. Two machines that hold the same files and settings hold the same version.

What is put on record, stored and shown is a tenant's own version (`tenancy`). It has the same form as the set of all
tenants, which was stored as it is before there were tenants' own, and is read as ever.
"""

import base64
import hashlib
import re
from collections.abc import Mapping

import msgspec

from gateway.checks.policy import changes
from gateway.checks.policy import structure as _structure
from gateway.core import canonical
from gateway.core.errors import ConfigurationError, FormatError
from gateway.settings import Settings

FORMAT = 1
MODEL = "model.conf"
RULES = "policy.csv"
PROFILE = "profile.csv"
STRUCTURE = "structure.json"
RECOGNIZERS = "recognizers/"
SCHEMAS = "schemas"
FOLDERS = ("recognizers", "frameworks", SCHEMAS)
"""Folders whose files belong to the version. `profiles` does by the one chosen; `tests` decide nothing."""

_PROFILE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_MEMBER = re.compile(rf"(?:{'|'.join(FOLDERS)})/[A-Za-z0-9][A-Za-z0-9_./-]{{0,200}}")
_TEXT = (".conf", ".csv", ".toml", ".json", ".yaml", ".yml", ".txt")


class PolicySet(msgspec.Struct, frozen=True):
    """One policy version. `members` maps names to bytes, in the order of the names; it is not to be changed."""

    members: Mapping[str, bytes]
    digest: str
    """`sha256:` and 64 hex digits."""


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    members: dict[str, str]
    v: int


def policy_set(files: Mapping[str, bytes], settings: Settings, engine_version: str) -> PolicySet:
    """What a policy directory (relative paths → bytes) and the settings make, for all tenants; which of it is a
    tenant's, `tenancy` tells.

    `ConfigurationError` for a file that is missing or has no business there: what lies in the directory either counts
    or is one of the few names that never do (`README.md`, dot files, `tests/`, other profiles).
    """
    members: dict[str, bytes] = {}
    for path in sorted(files):
        name = _member(path, settings.policy.profile)
        if name is not None:
            members[name] = _normal(path, files[path])
    for name in (MODEL, RULES):
        if name not in members:
            raise ConfigurationError(f"the policy directory holds no {name}")
    if settings.policy.profile is not None and PROFILE not in members:
        raise ConfigurationError(
            f"policy.profile names no file in profiles/; there are: {', '.join(_profiles(files)) or 'none'}"
        )
    members[STRUCTURE] = _structure.encode(_structure.structure(settings, engine_version))
    return made(members)


def replaced(policy: PolicySet, files: Mapping[str, bytes]) -> PolicySet:
    """The version with these files (`policy.csv`, `profile.csv`, what lies in the folders) in the place of its own.
    `ConfigurationError` names one that is no such file."""
    members = dict(policy.members)
    for path, data in files.items():
        if path not in (RULES, PROFILE) and (_MEMBER.fullmatch(path) is None or ".." in path.split("/")):
            raise ConfigurationError(f"files must be {RULES}, {PROFILE} or lie in {', '.join(FOLDERS)}")
        members[path] = _normal(path, data)
    return made(members)


def diff(old: PolicySet | None, new: PolicySet) -> tuple[str, ...]:
    """One line for each rule, grouping, setting or file that was added, removed or changed: names, never values."""
    return changes.between({} if old is None else old.members, new.members)


def to_bytes(policy: PolicySet) -> bytes:
    """The canonical form that the digest is taken over, to be stored."""
    return _encoded(policy.members)


def from_bytes(data: bytes) -> PolicySet:
    """The set that exactly these bytes encode; `FormatError` for anything else."""
    try:
        stored = msgspec.convert(canonical.decode(data), _Stored)
    except msgspec.ValidationError as error:
        raise FormatError("not a policy set") from error
    if stored.v != FORMAT:
        raise FormatError("a policy set of an unknown format")
    try:
        policy = made({name: base64.b64decode(text, validate=True) for name, text in stored.members.items()})
    except ValueError as error:
        raise FormatError("a member is not base64") from error
    if to_bytes(policy) != data:
        raise FormatError("not in canonical form")
    return policy


def made(members: Mapping[str, bytes]) -> PolicySet:
    """The version of exactly these members."""
    ordered = dict(sorted(members.items()))
    return PolicySet(ordered, f"sha256:{hashlib.sha256(_encoded(ordered)).hexdigest()}")


def _encoded(members: Mapping[str, bytes]) -> bytes:
    stored = _Stored(members={name: base64.b64encode(data).decode() for name, data in members.items()}, v=FORMAT)
    return canonical.encode(stored)


def _member(path: str, profile: str | None) -> str | None:
    """The member a file becomes; None for one that decides nothing."""
    *folders, base = path.split("/")
    if base.startswith(".") or base == "README.md" or (folders and folders[0] == "tests"):
        return None
    if path in (MODEL, RULES):
        return path
    if folders == ["profiles"] and base.endswith(".csv") and _PROFILE_NAME.fullmatch(base.removesuffix(".csv")):
        return PROFILE if base.removesuffix(".csv") == profile else None
    if _MEMBER.fullmatch(path) and ".." not in folders:
        return path
    # A name that shows otherwise than it is written is not repeated.
    named = f" ({path})" if path.isprintable() else ""
    raise ConfigurationError(
        f"the policy directory holds a file that is no part of a policy{named}: only {MODEL}, {RULES},"
        f" profiles/<name>.csv, tests/ and files in {', '.join(FOLDERS)} (letters, digits and . _ -) may lie there"
    )


def _profiles(files: Mapping[str, bytes]) -> list[str]:
    return sorted(
        path.removeprefix("profiles/").removesuffix(".csv")
        for path in files
        if path.startswith("profiles/") and path.endswith(".csv")
    )


def _normal(path: str, data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n") if path.endswith(_TEXT) else data
