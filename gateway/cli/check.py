"""`gateway check`: everything that serving would refuse, one line each, and whether the agents can be reached.

It changes nothing and serves nothing. An agent that does not answer is told, and is no error: it may come later. One
whose address it must not have is: the client would never connect to it.
"""

import argparse
import asyncio
import difflib
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.agents.authorities import FileTrust
from gateway.agents.client import AgentClient
from gateway.agents.description import Description
from gateway.agents.http import HttpAdapter
from gateway.agents.issuers import KeysError, reached
from gateway.agents.jwks import FileKeys
from gateway.agents.own_credential import LEAST
from gateway.agents.registry import Registry
from gateway.bootstrap import (
    DEFAULT_ORIGIN,
    SystemClock,
    bounds_of,
    caching_of,
    config_digest,
    engine_of,
    frameworks_of,
    load_schemas,
    nats_messages,
    profile,
    proposed,
    quotas_of,
    remote_counters,
)
from gateway.bootstrap.approvals import channels_of
from gateway.bootstrap.callbacks import destinations_of
from gateway.bootstrap.forwarding import reachable_settings
from gateway.bootstrap.scheduling import fit_schedules
from gateway.bootstrap.stamps import proved
from gateway.checks.access.shipped import ROLES
from gateway.checks.identity.certificate import Certificates
from gateway.checks.identity.verifier import TokenVerifier
from gateway.checks.limits import Rate
from gateway.cli import check_policies
from gateway.cli.check_witnesses import witnesses
from gateway.cli.common import BAD, OK, Commands, configuration_of, demand_database, load_settings, say
from gateway.cli.server_tls import check_tls, ends
from gateway.core.errors import (
    AgentError,
    ConfigurationError,
    CountersUnavailable,
    GatewayError,
    MessagesUnavailable,
)
from gateway.core.finding import CLASSES
from gateway.core.ids import SYSTEM
from gateway.exchange.descriptions import load_descriptions
from gateway.exchange.probing import well
from gateway.exchange.rewrapping import wrapping_now
from gateway.ledger.note import Signer
from gateway.settings import Agent, Settings, secret, with_id
from gateway.store.directory import Directory
from gateway.store.engine import open_engine, target
from gateway.store.guard import guard
from gateway.store.keyring import Keyring, open_keyring
from gateway.store.replication import demand_kept, standing
from gateway.store.signed import SignedMarks, demand_claimed, demand_signed
from gateway.store.signing import LedgerSigning
from gateway.store.sql import reachable

REACH_S = 5.0
"""How long an agent is waited for, or less where its own connect time-out is shorter."""
_REFUSED = "its address is one that no agent may have, or outside of its `addresses`: it is never connected to"
_UNUSABLE = {
    "status": "it does not answer with 200",
    "not_json": "what it answers is no JSON object",
    "no_metadata": "its metadata name no jwks_uri that keys may be fetched from",
    "other_issuer": "its metadata are another issuer's: `issuer` must be the same text",
    "other_host": "its metadata say that its keys are on another host: name that in `key_hosts` if it may be so",
    "no_usable_key": "none of the keys that it publishes fits its `algorithms`",
}
"""What `KeysError` says, in words."""
_STANDS = {
    "alone": "without standbys",
    "synchronous": "with standbys that commits wait for",
    "asynchronous": "with standbys that commits do not wait for: a failover loses records, which is accepted",
    "standby": "a standby",
}
_ALONE = "each node counts for itself: several nodes grant every limit once each; set limits.url to count together"
_UNREACHED = {"connect_failed": "nobody listens there, its name has no address, or its certificate is not trusted"}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was checked."""

    name: str
    state: Literal["ok", "bad", "unreachable", "skipped"]
    text: str


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser("check", parents=[common], help="validate everything that serving needs")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    found = asyncio.run(examine(configuration_of(arguments)))
    good = not any(line.state == "bad" for line in found)
    width = max(len(line.name) for line in found)
    lines = [f"{line.state:<11}  {line.name:<{width}}  {line.text}" for line in found]
    say(arguments, {"ok": good, "checks": found}, lines)
    return OK if good else BAD


async def examine(file: Path) -> list[Line]:
    """All lines, in the order in which things depend on each other."""
    try:
        settings = load_settings(file)
    except ConfigurationError as error:
        rest: tuple[str, ...] = (
            "server",
            "policies",
            "rules",
            "openings",
            "frameworks",
            "schemas",
            "credentials",
            "keys",
        )
        rest += ("database", "active")
        return [
            Line(name="config", state="bad", text=str(error)),
            *(Line(name=name, state="skipped", text="needs a configuration") for name in rest),
        ]
    policies = await _line("policies", _policies(settings))
    lines = [
        Line(name="config", state="ok", text=_told(settings)),
        await _line("server", _server(settings)),
        policies,
        *[
            await _line(name, check(settings))
            if policies.state == "ok"
            else Line(name=name, state="skipped", text="needs policies")
            for name, check in (("rules", _rules), ("openings", _openings), ("frameworks", _frameworks))
        ],
        *await _purposes(settings, policies.state == "ok"),
        *await _schedules(settings, policies.state == "ok"),
        _identified(await _line("schemas", _schemas(settings)), settings),
        _identified(await _line("credentials", _credentials(settings)), settings),
        await _line("keys", _keys(settings)),
        await _line("database", _database(settings)),
    ]
    needed = [line for line in lines if line.name in ("policies", "keys", "database")]
    lines += await _standing(settings, asked=all(line.state == "ok" for line in needed))
    lines += await _witnesses(settings, asked=all(line.state == "ok" for line in needed[1:]))
    lines += [
        line
        for line in (
            await _token(settings),
            await _profile(settings),
            await _limits(settings),
            await _tasks(settings),
        )
        if line is not None
    ]
    issuers = [index for index, issuer in enumerate(settings.issuer) if issuer.jwks_file is None]
    return [
        *lines,
        *await asyncio.gather(*(_issuer(index, settings) for index in issuers)),
        *await asyncio.gather(*(_tsa(index, settings) for index in range(len(settings.tsa)))),
        *await asyncio.gather(*(_agent(agent, settings) for agent in settings.agent)),
    ]


def _told(settings: Settings) -> str:
    """With the digest by which records name this configuration, so that one that was kept can be held against them."""
    return f"{len(settings.agent)} agents, {len(settings.tenants)} tenants, {config_digest(settings)}"


async def _line(name: str, check: Coroutine[Any, Any, str]) -> Line:
    try:
        return Line(name=name, state="ok", text=await check)
    except GatewayError as error:
        return Line(name=name, state="bad", text=str(error))
    except OSError as error:
        return Line(name=name, state="bad", text=_unread(error))


def _identified(line: Line, settings: Settings) -> Line:
    """With the id of what is named by its number."""
    text = with_id(line.text, msgspec.to_builtins(settings)) if line.state == "bad" else line.text
    return msgspec.structs.replace(line, text=text)


async def _server(settings: Settings) -> str:
    server, limits = settings.server, settings.limits
    for name in ("credential", "tenant", "target", "failures"):
        try:
            Rate.parse(getattr(limits, name))
        except ConfigurationError as error:
            raise ConfigurationError(f"limits.{name}: {error}") from error
    if server.workers != 1:
        raise ConfigurationError("server.workers must be 1: for more, run more nodes on one PostgreSQL")
    check_tls(server, settings)
    if server.tls_certificate is None:
        return "without TLS: let a proxy on this machine have it"
    return f"with TLS, by a certificate that is good until {ends(settings.path(server.tls_certificate)):%Y-%m-%d}"


async def _policies(settings: Settings) -> str:
    profile = "no profile" if settings.policy.profile is None else f"profile {settings.policy.profile}"
    policy, _ = proposed(settings)
    caching_of(settings, policy, SystemClock())
    quotas_of(settings, policy, None, SystemClock(), lambda tenant, limit, what, hard: None)
    tenants = [tenant.id for tenant in settings.tenants]
    if len(tenants) == 1:
        return f"{policy.version(tenants[0])}, {profile}"
    return ", ".join((*(f"{tenant} {policy.version(tenant)}" for tenant in tenants), profile))


async def _rules(settings: Settings) -> str:
    return check_policies.rules(proposed(settings)[0])


async def _openings(settings: Settings) -> str:
    return check_policies.openings(proposed(settings)[0])


_UNKNOWN = (
    ("approvers", check_policies.unknown_approvers),
    ("roles", check_policies.unknown_roles),
    ("tools", check_policies.unknown_tools),
)


async def _standing(settings: Settings, *, asked: bool) -> list[Line]:
    """What a start would do with the policy directory, and what waits to be activated."""
    if not asked:
        return [Line(name="active", state="skipped", text="needs policies, keys and a database")]
    lines = [await _line("active", check_policies.active(settings))]
    if lines[0].state == "ok":
        for name, unknown in _UNKNOWN:
            lines += await _unknown(name, unknown(settings))
        found = check_policies.waiting(settings)
        lines += [Line(name=f"proposal {name}", state="ok", text=text) async for name, text in found]
    return lines


async def _witnesses(settings: Settings, *, asked: bool) -> list[Line]:
    """What each witness says of the ledgers; nothing where none is configured."""
    if not settings.witness:
        return []
    if not asked:
        return [Line(name="witnesses", state="skipped", text="needs keys and a database")]
    return [
        msgspec.convert(dict(zip(("name", "state", "text"), one, strict=True)), Line)
        for one in await witnesses(settings)
    ]


async def _unknown(name: str, check: Coroutine[Any, Any, str]) -> list[Line]:
    """Roles that rules have approve or are about and that nothing here gives anybody, and tools that nobody has;
    nothing where there are none. They are told, and are no error: what has the name may come later."""
    line = await _line(name, check)
    return [line] if line.text else []


async def _frameworks(settings: Settings) -> str:
    """What provisions the records are arranged by, framework by framework."""
    found = frameworks_of(*proposed(settings))
    return ", ".join(f"{one.id} ({len(one.provisions)} provisions)" for one in found) or "none"


async def _purposes(settings: Settings, policies: bool) -> list[Line]:
    """Purposes with a legal basis that hardly a request can name; nothing where there are none. They are told, and are
    no error: an API key may be granted any."""
    if not settings.purpose:
        return []
    if not policies:
        return [Line(name="purposes", state="skipped", text="needs policies")]
    return [await _line("purposes", _known_purposes(settings))]


async def _known_purposes(settings: Settings) -> str:
    known, told = proposed(settings)[0].known_purposes, []
    for place, one in enumerate(settings.purpose):
        if one.id not in known:
            near = difflib.get_close_matches(one.id, sorted(known), n=1)
            told.append(f"purpose[{place}].id" + (f" (the nearest is {near[0]})" if near else ""))
    if not told:
        return f"{len(settings.purpose)} with a legal basis"
    return (
        f"{', '.join(told)}: neither an HL7 PurposeOfUse code nor a purpose of an [[issuer]] or a certificate; its "
        "legal basis is put on record for requests of API keys alone that are granted this very purpose"
    )


async def _schedules(settings: Settings, policies: bool) -> list[Line]:
    """Where bundles go by themselves; nothing where there are none."""
    if not settings.schedule:
        return []
    if not policies:
        return [Line(name="schedules", state="skipped", text="needs policies")]
    return [await _line("schedules", fit_schedules(settings, *proposed(settings)))]


async def _schemas(settings: Settings) -> str:
    count = sum(len(load_schemas(settings, which)) for which in ("schema", "answer_schema"))
    descriptions = _descriptions(settings)
    HttpAdapter(Registry(settings, lambda reference: "*" * LEAST), bounds_of(settings), descriptions)
    return f"{count} of agents, {len(descriptions)} agents with a mapping or an OpenAPI document"


def _descriptions(settings: Settings) -> dict[str, Description]:
    """By the classes and recognizers of the policy; by those that ship where it cannot be read, which its own line
    tells."""
    try:
        policy = proposed(settings)[0]
    except GatewayError:
        return load_descriptions(settings, frozenset(CLASSES))

    def knows(kind: str) -> bool:
        """To build the engine takes half a second: only where something is declared that does not ship."""
        return engine_of(policy, SystemClock(), settings.classification.budget_ms).knows(kind)

    return load_descriptions(settings, policy.known_classes, own=knows)


async def _credentials(settings: Settings) -> str:
    """What agents are asked with, who is told is told with and issuers sign with: resolved, looked at as at start, and
    thrown away. All that is wrong is told, and not the first alone."""
    roles = None
    with suppress(ConfigurationError):  # told by its own line
        roles = proposed(settings)[0].known_roles | ROLES
    wrong, clients = list[str](), ""
    for agent in settings.agent:
        only = msgspec.structs.replace(settings, agent=(agent,))
        async with _noted(wrong, agent.id):
            registry = Registry(only, lambda reference: secret(reference, settings.base))
            await AgentClient(registry.reachable).close()
    async with _noted(wrong):
        await AgentClient(tuple(one.route for one in channels_of(settings, {}))).close()
    async with _noted(wrong):
        await AgentClient(tuple(one.route for one in destinations_of(settings).values())).close()
    async with _noted(wrong):
        await reachable_settings(settings)
    for index, issuer in enumerate(settings.issuer):
        async with _noted(wrong):
            _issuers_word(index, msgspec.structs.replace(settings, issuer=(issuer,)), roles)
    async with _noted(wrong):
        clients = _clients(settings, roles)
    if wrong:
        raise ConfigurationError("; ".join(wrong))
    given = sum(agent.credential is not None for agent in settings.agent)
    files = sum(issuer.jwks_file is not None for issuer in settings.issuer)
    return f"{given} for agents, keys of {files} issuers, {clients}"


@asynccontextmanager
async def _noted(wrong: list[str], agent: str | None = None) -> AsyncIterator[None]:
    """What is found to be wrong within is added, with the agent that it is about, and the next thing looked at."""
    try:
        yield
    except GatewayError as error:
        told = str(error)
    except OSError as error:
        told = _unread(error)
    else:
        return
    wrong.append(told if agent is None or f"agent {agent}" in told else f"agent {agent}: {told}")


def _unread(error: OSError) -> str:
    return f"{error.filename} cannot be read: {error.strerror}"


def _issuers_word(index: int, only: Settings, roles: frozenset[str] | None) -> None:
    """One issuer's keys from its file, and what it may assert. `index`: its place, for it is looked at alone."""
    try:
        TokenVerifier(only.issuer, FileKeys(only), SystemClock(), roles)
    except ConfigurationError as error:
        raise ConfigurationError(str(error).replace("issuer[0]", f"issuer[{index}]", 1)) from error


def _clients(settings: Settings, roles: frozenset[str] | None) -> str:
    """Authorities for client certificates, their revocation lists, and whom certificates stand for."""
    clock = SystemClock()
    trust = FileTrust(settings, clock)
    stale = Certificates(settings.certificate, trust, clock, roles).stale()
    if stale:
        raise ConfigurationError(
            f"server.client_crl holds no fresh list of {stale} authorities in server.client_ca: their certificates "
            "would be refused"
        )
    return f"{len(trust.trust().authorities)} authorities of clients"


async def _keys(settings: Settings) -> str:
    keyring = open_keyring(settings)
    keyring.close()
    home = "" if keyring.shared is None else ", data keys in a database that nodes share"
    how = wrapping_now(settings.path(settings.keys.directory))
    root = "" if how.id is None else f", its root key wrapped {how.how}"
    return f"{settings.keys.directory} is open to its owner alone{root}{home}"


async def _database(settings: Settings) -> str:
    """The database's own rules, and a signing key for every ledger that is in it."""
    await demand_database(settings)
    where = target(settings)
    engine = open_engine(where)
    try:
        with reachable():
            await guard(engine)
        stands = await standing(engine)
        demand_kept(stands, settings.database.accept_lossy_failover)
        found, missing = await _ledgers(settings, engine)
    finally:
        await engine.dispose()
    kind = "sqlite" if stands is None else f"postgresql with a wall between tenants, {_STANDS[stands.state]}"
    said = [f"{kind}, {found} ledgers"]
    if missing:
        said.append(f"{missing} more at the first start")
    return ", ".join(said)


async def _ledgers(settings: Settings, engine: AsyncEngine) -> tuple[int, int]:
    """How many of the configured ledgers there are, each with its keys and all that was signed, and how many there are
    not yet."""
    keyring = open_keyring(settings)
    try:
        directory = Directory(engine, keyring, SystemClock(), DEFAULT_ORIGIN)
        marks = SignedMarks(settings.path(settings.keys.directory))
        names = [tenant.id for tenant in settings.tenants] + [SYSTEM]
        entries = [entry for entry in [await directory.find_tenant(name) for name in names] if entry is not None]
        for entry in entries:
            await LedgerSigning(
                engine, entry.ledger, entry.origin, SystemClock(), partial(keyring.signer, entry.origin)
            ).load()
            keyring.search_key(entry.ledger)
            await demand_signed(engine, marks, entry.ledger, entry.origin)
    finally:
        keyring.close()
    demand_claimed(marks, [entry.origin for entry in entries])
    return len(entries), len(names) - len(entries)


async def _token(settings: Settings) -> Line | None:
    """That the keys of ledgers that are on a token sign there; None where none is configured."""
    if settings.keys.pkcs11_module is None:
        return None

    async def signed() -> str:
        async with _signing(settings) as signers:
            there = [signer for signer in signers if signer.reference is not None]
            for signer in there:
                await asyncio.to_thread(signer.sign, b"gateway check\n")
        return f"{len(there)} keys of ledgers sign on it, {len(signers) - len(there)} are in files"

    return await _line("token", signed())


async def _profile(settings: Settings) -> Line | None:
    """What `ledger.profile` still lacks; None where there is none."""
    if settings.ledger.profile is None:
        return None

    async def lacking() -> str:
        async with _signing(settings) as signers:
            await asyncio.to_thread(profile.demand, settings, signers)
            for signer in signers:
                await asyncio.to_thread(signer.sign, b"gateway check\n")
        return f"{settings.ledger.profile}: {len(signers)} keys of ledgers sign on a token, witnesses are elsewhere"

    return await _line("profile", lacking())


@asynccontextmanager
async def _signing(settings: Settings) -> AsyncIterator[list[Signer]]:
    """Who signs for the ledgers that are there (`_signers`), while the keyring is open."""
    await demand_database(settings)
    engine = open_engine(target(settings))
    keyring = open_keyring(settings)
    try:
        yield [signer async for signer in _signers(settings, engine, keyring)]
    finally:
        keyring.close()
        await engine.dispose()


async def _signers(settings: Settings, engine: AsyncEngine, keyring: Keyring) -> AsyncIterator[Signer]:
    """Who signs for the ledgers that are there, with keys that were replaced and sign beside the newest still."""
    directory = Directory(engine, keyring, SystemClock(), DEFAULT_ORIGIN)
    for name in (*(tenant.id for tenant in settings.tenants), SYSTEM):
        entry = await directory.find_tenant(name)
        if entry is not None:
            private = partial(keyring.signer, entry.origin)
            signing = LedgerSigning(engine, entry.ledger, entry.origin, SystemClock(), private)
            for signer in (await signing.load()).all:
                yield signer


async def _issuer(index: int, settings: Settings) -> Line:
    """Whether an issuer's keys can be fetched, as the server would."""
    name = f"issuer[{index}]"
    try:
        count = await reached(settings, index)
    except ConfigurationError as error:
        return Line(name=name, state="bad", text=str(error))
    except AgentError as error:
        if error.code == "address_refused":
            return Line(name=name, state="bad", text=_REFUSED)
        return Line(name=name, state="unreachable", text=_UNREACHED.get(error.code, f"no keys: {error.code}"))
    except KeysError as error:
        return Line(name=name, state="bad", text=_UNUSABLE[error.code])
    return Line(name=name, state="ok", text=f"publishes {count} keys that fit its algorithms")


async def _tsa(index: int, settings: Settings) -> Line:
    """Whether a time-stamping authority stamps, as the server would have it: it is asked for one stamp."""
    name = f"tsa {settings.tsa[index].id}"
    try:
        return Line(name=name, state="ok", text=await proved(settings, index))
    except ConfigurationError as error:
        return Line(name=name, state="bad", text=str(error))
    except AgentError as error:
        if error.code == "address_refused":
            return Line(name=name, state="bad", text=_REFUSED)
        return Line(name=name, state="unreachable", text=_UNREACHED.get(error.code, f"no answer: {error.code}"))


async def _limits(settings: Settings) -> Line | None:
    """Whether the server that counts for all nodes can be asked. It may come later: until then, each counts alone.
    Without one, what becomes of limits where the database is one that several nodes may have; None where it is not."""
    name = "limits"
    try:
        remote = remote_counters(settings)
        if remote is None:
            return Line(name=name, state="skipped", text=_ALONE) if target(settings).kind == "postgresql" else None
        try:
            await remote.ping()
        finally:
            await remote.close()
    except ConfigurationError as error:
        return Line(name=name, state="bad", text=str(error))
    except CountersUnavailable as error:
        return Line(name=name, state="unreachable", text=str(error))
    return Line(name=name, state="ok", text="counted for all nodes together")


async def _tasks(settings: Settings) -> Line | None:
    """Whether the server by which nodes tell each other of tasks can be asked, and has their stream or lets it be made.
    It may come later: until then, each looks for itself. None where they are not to tell each other."""
    name = "tasks"
    try:
        messages = nats_messages(settings)
        if messages is None:
            return None
        async with messages.connected():
            return Line(name=name, state="ok", text="nodes hear of each other's tasks")
    except ConfigurationError as error:
        return Line(name=name, state="bad", text=str(error))
    except MessagesUnavailable as error:
        return Line(name=name, state="unreachable", text=str(error))


async def _agent(agent: Agent, settings: Settings) -> Line:
    """Whether the agent can be connected to, through the client that carries its messages; where it has a path for that
    question, also whether it is well. Else nothing is sent."""
    name = f"agent {agent.id}"
    if agent.pull:
        return Line(name=name, state="ok", text="fetches its requests itself")
    try:
        # Credentials are not needed to ask, and a missing one is told by its own line.
        only = msgspec.structs.replace(settings, agent=(msgspec.structs.replace(agent, credential=None),))
        (found,) = Registry(only, lambda reference: secret(reference, settings.base)).routes
        limit = min(REACH_S, agent.connect_timeout_s)
        route = msgspec.structs.replace(found, connect_timeout_s=limit, timeout_s=max(limit, agent.timeout_s))
        async with AgentClient((route,)) as client:
            began = time.monotonic()
            await client.reach(route)
            took = time.monotonic() - began
            if agent.health is None:
                return Line(name=name, state="ok", text=f"listens, {took * 1000:.0f} ms away")
            good = await well(client, route, agent.health, REACH_S)
    except ConfigurationError as error:
        return Line(name=name, state="unreachable", text=str(error))
    except AgentError as error:
        if error.code == "address_refused":
            return Line(name=name, state="bad", text=_REFUSED)
        return Line(
            name=name, state="unreachable", text=_UNREACHED.get(error.code, f"no connection within {limit:g} s")
        )
    text = "says that it is well" if good else f"does not answer GET {agent.health} with 2xx"
    return Line(name=name, state="ok" if good else "unreachable", text=text)
