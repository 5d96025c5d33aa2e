"""Policy unit tests: what is asked of a policy, and what must be answered (`policies/tests/*.toml`).

A file holds cases and the instant at which they are asked, and may bring a configuration of its own: without one it is
about the agents and zones that are configured. What is configured stands beside a file's own, since rules may name it:
an agent more, or a network, changes no answer about others. They decide nothing, and are no part of the policy version.
"""

import difflib
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from gateway import settings
from gateway.checks.policy.actions import HTTP, TOOL, actions
from gateway.checks.policy.conditions import STRENGTHS
from gateway.checks.policy.policy import UNKNOWN_WAY, Policy
from gateway.checks.policy.version import policy_set
from gateway.checks.policy.ways import is_address
from gateway.core.decision import Question, Ruling, effect_of
from gateway.core.errors import ConfigurationError, FormatError
from gateway.settings import Agent, Settings, Zone

FOLDER = "tests/"
MAX_BYTES = 1_048_576
_NO_PURPOSE = "none"
_Expected = Literal["route", "redact", "tokenize", "approve", "deny"]


class Floor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What messages to an agent or capability carry at least."""

    target: str
    classes: tuple[str, ...]


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One test: of `agents`, of answers to callers in the zones of `receive`, or of a floor."""

    name: str
    agents: tuple[str, ...] = ()
    receive: tuple[str, ...] = ()
    floor: Floor | None = None
    classes: tuple[str, ...] = ()
    expect: _Expected | None = None
    rules: tuple[str, ...] | None = None
    """The rules that must decide, in the order of the classes; not looked at where nothing is said."""
    obligations: tuple[str, ...] | None = None
    now: datetime | None = None
    tenant: str | None = None
    subject: str = "alice"
    roles: tuple[str, ...] = ("clerk",)
    zone: str | None = None
    action: str = "chat"
    purpose: str = "TREAT"
    source: str | None = None
    """The caller's network address, the file's where nothing is said; what a rule on networks would answer is denied
    without it. Empty for a caller of whom none is known."""
    strength: str | None = None
    """`key`, `token` or `certificate`, the file's where nothing is said; what a rule on it would answer is denied
    without it."""


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of tests."""

    now: datetime
    case: tuple[Case, ...]
    source: str = ""
    """Where callers of cases that say no source come from."""
    strength: str = ""
    """How callers of cases that say no strength were identified."""
    configuration: dict[str, Any] | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How one question of a case came out. `wrong` is empty where it holds."""

    file: str
    case: str
    asked: str
    wrong: tuple[str, ...]


def run(files: Mapping[str, bytes], configured: Settings, engine: str) -> tuple[Result, ...]:
    """Every case of every file of tests in a policy directory (relative paths → bytes), asked of what else is in it.

    `engine`: the version of the classification engine. `ConfigurationError` names a file that cannot be read, and what
    keeps the directory from being served by as it is configured. Where it can be, but not under a file's own
    configuration, that is one result, which is wrong: the other files are asked all the same.
    """
    asked = {path: read(path, files[path]) for path in sorted(files) if _is_test(path)}
    served = Policy(policy_set(files, configured, engine), configured) if asked and configured.zone else None
    found: list[Result] = []
    for path, document in asked.items():
        if document.configuration is not None:
            found += _of_its_own(path, document, document.configuration, files, configured, engine)
        elif served is None:
            raise ConfigurationError(f"{path}: there is no [[zone]], and so nothing to ask about")
        else:
            found += _answered(path, document, served, configured)
    return tuple(found)


def _is_test(path: str) -> bool:
    return path.startswith(FOLDER) and path.endswith(".toml")


def read(path: str, data: bytes) -> Document:
    """One file; `ConfigurationError` names it, and what would be right."""
    if len(data) > MAX_BYTES:
        raise ConfigurationError(f"{path}: must be of at most {MAX_BYTES} bytes")
    try:
        document = msgspec.toml.decode(data, type=Document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        told = str(error) if isinstance(error, msgspec.ValidationError) else "must be TOML in UTF-8"
        if told.startswith("Invalid enum value"):
            told += f": expected one of {', '.join(get_args(_Expected))}"
        raise ConfigurationError(f"{path}: {told}") from error
    names = [case.name for case in document.case]
    if not names or len(set(names)) != len(names):
        raise ConfigurationError(f"{path}: must hold [[case]] tables, each with a name of its own")
    try:
        _check_way(document.source, document.strength)
    except FormatError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    for case in document.case:
        try:
            _check(case, document)
        except FormatError as error:
            raise ConfigurationError(f"{path}: case {names.index(case.name) + 1}: {error}") from error
    return document


def _check(case: Case, document: Document) -> None:
    asks = bool(case.agents or case.receive)
    if asks == (case.floor is not None):
        raise FormatError("must name agents or receive, or else a floor")
    if asks and (case.expect is None or not case.classes):
        raise FormatError("must say the classes, and expect")
    _check_way(case.source or "", case.strength or "")
    if any(when.utcoffset() is None for when in (document.now, case.now) if when is not None):
        raise FormatError("now must say its offset, like 2026-01-05T12:00:00Z")


def _check_way(source: str, strength: str) -> None:
    if source and not is_address(source):
        raise FormatError("source must be a network address such as 10.1.2.3")
    if strength not in ("", *STRENGTHS):
        raise FormatError(f"strength must be one of {', '.join(STRENGTHS)}")


def _of_its_own(
    path: str,
    document: Document,
    written: dict[str, Any],
    files: Mapping[str, bytes],
    configured: Settings,
    engine: str,
) -> Iterator[Result]:
    try:
        own = _laid_over(settings.parse(written, {}, Path("/")), written, configured)
        if not own.zone:
            raise ConfigurationError("there is no [[zone]], and so nothing to ask about")
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    try:
        policy = Policy(policy_set(files, own, engine), own)
    except ConfigurationError as error:
        yield Result(file=path, case="no case was asked", asked="under its own [configuration]", wrong=(str(error),))
        return
    yield from _answered(path, document, policy, own)


def _laid_over(own: Settings, written: Collection[str], configured: Settings) -> Settings:
    """A file's own configuration, and beside it what else is configured. What the file says holds: of what has one id
    its own is taken, and of sections all that it writes. The profile is the file's alone."""
    found: dict[str, Any] = {}
    for name in Settings.__struct_fields__:
        mine, theirs = getattr(own, name), getattr(configured, name)
        if isinstance(mine, tuple):
            found[name] = _beside(mine, theirs)
        elif name not in (*written, "policy", "base"):
            found[name] = theirs
    return msgspec.structs.replace(own, **found)


def _beside(mine: tuple[Any, ...], theirs: tuple[Any, ...]) -> tuple[Any, ...]:
    same = {one.id: one for one in theirs if hasattr(one, "id")}
    ids = {one.id for one in mine if hasattr(one, "id")}
    kept = (one for one in theirs if getattr(one, "id", None) not in ids)
    return (*(_named(one, same.get(getattr(one, "id", None))) for one in mine), *kept)


def _named(mine: Any, theirs: Any) -> Any:
    """With what rules may name it by as well, where something of this id is configured."""
    if isinstance(mine, Agent) and isinstance(theirs, Agent):
        capabilities = tuple(dict.fromkeys((*mine.capabilities, *theirs.capabilities)))
        return msgspec.structs.replace(mine, capabilities=capabilities)
    if isinstance(mine, Zone) and isinstance(theirs, Zone) and mine.region is None:
        return msgspec.structs.replace(mine, region=theirs.region)
    return mine


def _answered(path: str, document: Document, policy: Policy, configured: Settings) -> Iterator[Result]:
    for case in document.case:
        for asked, wrong in _asked(case, document, policy, configured):
            yield Result(file=path, case=case.name, asked=asked, wrong=wrong)


def _asked(
    case: Case, document: Document, policy: Policy, configured: Settings
) -> Iterator[tuple[str, tuple[str, ...]]]:
    tenant = case.tenant or configured.tenants[0].id
    if case.floor is not None:
        answered = policy.floor(case.roles, case.floor.target, tenant=tenant, subject=case.subject)
        wrong = () if answered == set(case.floor.classes) else (f"floor: {', '.join(sorted(answered)) or 'none'}",)
        yield f"floor {case.floor.target}", wrong
        return
    now_us = round((case.now or document.now).timestamp() * 1_000_000)
    here = case.zone or next((zone.id for zone in configured.zone if zone.trusted), configured.zone[0].id)
    question = Question(
        tenant=tenant,
        subject=case.subject,
        roles=case.roles,
        zone=here,
        action=case.action,
        purpose=None if case.purpose == _NO_PURPOSE else case.purpose,
        classes=tuple(sorted(case.classes)),
        source=document.source if case.source is None else case.source,
        strength=document.strength if case.strength is None else case.strength,
    )
    words = _unknown(case, policy, configured)
    for agent in case.agents:
        ruling = policy.ruling(question, agent, now_us=now_us)
        nobody = _no_such("agent", "an [[agent]]", agent, policy.agents)
        yield f"agent {agent}", (*words, *nobody, *_unasked(case, policy, agent), *_wrong(case, ruling))
    for zone in case.receive:
        there = msgspec.structs.replace(question, zone=zone)
        nowhere = _no_such("receive", "a [[zone]]", zone, policy.known_zones)
        yield f"receive {zone}", (*words, *nowhere, *_wrong(case, policy.receive(there, now_us=now_us)))


def _unknown(case: Case, policy: Policy, configured: Settings) -> tuple[str, ...]:
    """What a case names and nothing stands behind: it is denied whatever the rules say, so that a slip in a case that
    expects `deny` would hold for ever and show nothing. Roles and subjects are free, and so are purposes of keys."""
    tenants = [one.id for one in configured.tenants]
    return (
        *(one for name in case.classes for one in _no_such("classes", "a data class", name, policy.known_classes)),
        *(() if case.zone is None else _no_such("zone", "a [[zone]]", case.zone, policy.known_zones)),
        *(() if case.tenant is None else _no_such("tenant", "a [[tenant]]", case.tenant, tenants)),
    )


def _no_such(field: str, what: str, name: str, known: Collection[str]) -> tuple[str, ...]:
    if name in known:
        return ()
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.4)
    return (f"{field}: {name} is not {what}" + (f"; the nearest is {near[0]}" if near else ""),)


def _unasked(case: Case, policy: Policy, agent: str) -> tuple[str, ...]:
    """A case about a path, where policy is asked about templates, or about a tool of an agent that has none, shows
    nothing whatever is answered."""
    facts = policy.agents.get(agent)
    if facts is None or not case.action.startswith((TOOL, HTTP)) or actions(facts).has(case.action):
        return ()
    return (f"action: no message to agent {agent} has it; it has {actions(facts).told}",)


def _wrong(case: Case, ruling: Ruling) -> tuple[str, ...]:
    found = []
    otherwise = effect_of(ruling) != case.expect
    if otherwise:
        found.append(f"{effect_of(ruling)}, not {case.expect}")
    if otherwise or (case.rules is not None and ruling.rules != case.rules):
        found.append(f"decided by {', '.join(ruling.rules) or 'no rule'}")
    if UNKNOWN_WAY in ruling.rules and found:
        found.append(
            "rules ask from where callers come or how they were identified: say `source` and `strength`, in the case "
            "or for all of them at the head of the file"
        )
    if case.obligations is not None and ruling.obligations != tuple(sorted(case.obligations)):
        found.append(f"obligations: {', '.join(ruling.obligations) or 'none'}")
    return tuple(found)
