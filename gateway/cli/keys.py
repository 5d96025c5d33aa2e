"""`gateway keys`: API keys, who is denied whatever the key or token, the public key of a tenant's ledger, where the
data keys are, and what wraps the root key (`protection`).

An API key is shown once, when it is made.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from gateway.bootstrap import Site
from gateway.checks.access.rights import shipped_rights
from gateway.cli import protection
from gateway.cli.common import (
    OK,
    Commands,
    Failed,
    WrongUse,
    opened,
    operator,
    say,
    seconds,
    settings_of,
    subcommands,
    table,
    tenant_of,
    tenant_option,
    told,
    write_file,
)
from gateway.cli.granted import warn_of_unknown_grants
from gateway.core.refusal import Refusal
from gateway.ledger.record import timestamp
from gateway.ledger.rotation import encode_keys
from gateway.store.api_keys import Administrator, Grant, NewKey, shown
from gateway.store.denials import described
from gateway.store.keyring import means_of, share
from gateway.store.shared_keys import data_keys_dsn

_OPTIONS = {
    "id": "ID",
    "owner": "--owner",
    "kind": "--kind",
    "roles": "--role",
    "zone": "--zone",
    "purposes": "--purpose",
    "floor": "--floor",
    "scopes": "--scope",
    "rate": "--rate",
    "expires": "--expires",
    "overlap": "--overlap",
    "name": "--token, --subject or --owner",
    "issuer": "--issuer",
    "until": "--until",
}
_DAY = 86_400
T = TypeVar("T")


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the group."""
    group = subcommands(commands.add_parser("keys", help="API keys; the public key of a ledger"))

    create = group.add_parser("create", parents=[common], help="make an API key, and show it once")
    create.add_argument("--owner", required=True, help="whose it is: the subject of requests made with it")
    create.add_argument("--kind", choices=("person", "service", "agent"), default="service", help="default: service")
    create.add_argument("--zone", required=True, help="where its holder is: the id of a zone")
    create.add_argument("--role", nargs="+", action="extend", default=[], metavar="ROLE", help="a role of its holder")
    create.add_argument(
        "--purpose", nargs="+", action="extend", default=[], metavar="CODE", help="a purpose that it allows, like TREAT"
    )
    create.add_argument(
        "--floor", nargs="+", action="extend", default=[], metavar="CLASS", help="a data class all its messages have"
    )
    create.add_argument(
        "--scope",
        nargs="+",
        action="extend",
        default=[],
        metavar="SCOPE",
        help="narrow it to this: traffic, traffic:AGENT, audit, audit:read, … (default: whatever its roles may)",
    )
    create.add_argument("--rate", help="its own request rate, like 60/minute")
    create.add_argument("--expires", type=_moment, metavar="WHEN", help="a time (RFC 3339), a date, or a span like 90d")
    _finished(create, _create)

    _finished(group.add_parser("list", parents=[common], help="list API keys, never the keys themselves"), _list)

    revoke = group.add_parser("revoke", parents=[common], help="end an API key at once")
    revoke.add_argument("id", metavar="ID", help="its id, as `list` shows it")
    _finished(revoke, _revoke)

    rotate = group.add_parser("rotate", parents=[common], help="replace a key: an API key, or the ledger's own")
    rotate.add_argument("id", nargs="?", metavar="ID", help="the id of an API key; the new one has its rights")
    rotate.add_argument("--ledger", action="store_true", help="the key that signs the ledger's checkpoints, on record")
    rotate.add_argument("--prepare", action="store_true", help="with --ledger: make the next key, to be copied first")
    rotate.add_argument("--overlap", type=seconds, metavar="SPAN", help="how long both work (1d; of a ledger 30d)")
    rotate.add_argument("--expires", type=_moment, metavar="WHEN", help="when the new API key ends")
    _finished(rotate, _rotate)

    retire = group.add_parser("retire", parents=[common], help="destroy ledger keys that were replaced; it is recorded")
    retire.add_argument("--early", action="store_true", help="the one too that still signs beside the newest")
    _finished(retire, _retire)

    deny = group.add_parser("deny", parents=[common], help="refuse a token, a subject or an owner, at once everywhere")
    who = deny.add_mutually_exclusive_group(required=True)
    who.add_argument("--token", metavar="JTI", help="the id of a token (`jti`) of --issuer")
    who.add_argument("--subject", metavar="SUB", help="who holds tokens of --issuer, or is acted for in them")
    who.add_argument("--owner", metavar="NAME", help="who holds API keys")
    deny.add_argument("--issuer", default="", metavar="URL", help="the issuer of the token, or of the subject's tokens")
    deny.add_argument("--until", type=_moment, metavar="WHEN", help="a time (RFC 3339), a date, or a span like 12h")
    _finished(deny, _deny)

    allow = group.add_parser("allow", parents=[common], help="take an entry off the deny-list")
    allow.add_argument("id", metavar="ID", help="its id, as `denied` shows it")
    _finished(allow, _allow)

    _finished(group.add_parser("denied", parents=[common], help="list who is denied"), _denied)

    share = group.add_parser("share", parents=[common], help="move the data keys from their file to `keys.data_keys`")
    share.set_defaults(run=_share)

    protection.add(group, common)

    verifier = group.add_parser("verifier", parents=[common], help="print the public key that verifies a ledger")
    verifier.add_argument("--out", type=Path, metavar="FILE.vkey", help="write it there; nothing is overwritten")
    _finished(verifier, _verifier)


Command = Callable[[argparse.Namespace, Site, str], Awaitable[None]]


def _finished(parser: argparse.ArgumentParser, command: Command) -> None:
    tenant_option(parser)
    parser.set_defaults(run=lambda arguments: asyncio.run(_run(arguments, command)))


async def _run(arguments: argparse.Namespace, command: Command) -> int:
    settings = settings_of(arguments)
    ledger = command in (_verifier, _retire) or (command is _rotate and arguments.ledger)
    tenant = tenant_of(arguments, settings, system=ledger)
    async with opened(settings) as site:
        await command(arguments, site, tenant)
    return OK


async def _create(arguments: argparse.Namespace, site: Site, tenant: str) -> None:
    zones = [zone.id for zone in site.settings.zone]
    if arguments.zone not in zones:
        raise WrongUse(f"--zone must be one of {', '.join(zones) or 'the [[zone]]s, of which there is none yet'}")
    grant = Grant(
        owner=arguments.owner,
        kind=arguments.kind,
        roles=tuple(arguments.role),
        zone=arguments.zone,
        purposes=tuple(arguments.purpose),
        floor=tuple(arguments.floor),
        scopes=_scopes(arguments.scope),
        rate=arguments.rate,
        expires_us=_absolute(arguments.expires, site),
    )
    made = await site.api_keys.create(await _administrator(site, tenant), tenant, grant)
    _show(arguments, made)
    await asyncio.to_thread(warn_of_unknown_grants, site, tenant, grant)


async def _list(arguments: argparse.Namespace, site: Site, tenant: str) -> None:
    found = [shown(record) for record in await site.api_keys.list(tenant)]
    head = ("id", "owner", "kind", "roles", "scopes", "zone", "purposes", "last used", "state")
    now = timestamp(site.clock.now_us())
    rows = [
        (
            *(key["id"], key["owner"], key["kind"], _joined(key["roles"]), _joined(key["scopes"]), key["zone"]),
            *(_joined(key["purposes"]), "-" if key["last_used"] is None else f"{key['last_used'][:16]}Z"),
            _state(key, now),
        )
        for key in found
    ]
    say(arguments, {"keys": found}, table(head, rows))


async def _revoke(arguments: argparse.Namespace, site: Site, tenant: str) -> None:
    record = _accepted(await site.api_keys.revoke(await _administrator(site, tenant), tenant, arguments.id))
    say(arguments, shown(record), [f"{record.id} is revoked"])


async def _rotate(arguments: argparse.Namespace, site: Site, tenant: str) -> None:
    if arguments.ledger:
        await _rotate_ledger(arguments, site, tenant)
        return
    if arguments.id is None or arguments.prepare:
        raise WrongUse("ID must name an API key, unless --ledger is given; --prepare goes with --ledger")
    made = await site.api_keys.rotate(
        await _administrator(site, tenant),
        tenant,
        arguments.id,
        overlap_s=_DAY if arguments.overlap is None else arguments.overlap,
        expires_us=_absolute(arguments.expires, site),
    )
    _show(arguments, made)


async def _rotate_ledger(arguments: argparse.Namespace, site: Site, tenant: str) -> None:
    if arguments.id is not None or arguments.expires is not None:
        raise WrongUse("--ledger goes with --prepare, --overlap and --tenant alone")
    rotating = await site.rotating(tenant)
    if arguments.prepare:
        vkey = (await rotating.prepare()).verifier.vkey
        say(
            arguments,
            {"next": vkey},
            [vkey, "It signs nothing yet. Copy it to the keys of the other nodes, then rotate."],
        )
        return
    by = await operator(site, tenant)
    overlap = 30 * _DAY if arguments.overlap is None else arguments.overlap
    done = await rotating.rotate(by.actor, by.detail, overlap)
    until = timestamp(done.until_us)
    lines = [done.vkey, f"signs from now on, and the key before it beside it until {until[:19]}Z"]
    say(arguments, {"vkey": done.vkey, "until": until, "statement": done.statement.decode("utf-8")}, lines)


async def _retire(arguments: argparse.Namespace, site: Site, tenant: str) -> None:
    by = await operator(site, tenant)
    gone = await (await site.rotating(tenant)).retire(by.actor, by.detail, early=arguments.early)
    told = [f"destroyed  {vkey}" for vkey in gone] or ["there is none that was replaced and signs no more"]
    say(arguments, {"destroyed": gone}, told)


async def _deny(arguments: argparse.Namespace, site: Site, tenant: str) -> None:
    named = arguments.token or arguments.subject
    if (named is None) != (not arguments.issuer):
        raise WrongUse("--issuer goes with --token and --subject, and not with --owner")
    found = _accepted(
        await site.denials.deny(
            await _administrator(site, tenant),
            "token" if arguments.token is not None else "subject",
            named if named is not None else arguments.owner,
            issuer=arguments.issuer,
            until_us=_absolute(arguments.until, site),
        )
    )
    say(arguments, described(found), [f"{found.id}  {found.kind} {found.name} is denied"])


async def _allow(arguments: argparse.Namespace, site: Site, tenant: str) -> None:
    found = _accepted(await site.denials.allow(await _administrator(site, tenant), arguments.id))
    say(arguments, described(found), [f"{found.id} is off the list"])


async def _denied(arguments: argparse.Namespace, site: Site, tenant: str) -> None:
    found = [described(one) for one in await site.denials.list(site.tenants[tenant].ledger)]
    head = ("id", "kind", "name", "issuer", "until")
    say(arguments, {"denied": found}, table(head, [tuple(one[name] or "-" for name in head) for one in found]))


async def _verifier(arguments: argparse.Namespace, site: Site, tenant: str) -> None:
    keys = (await site.signing(tenant).load()).keys
    data: dict[str, Any] = {"vkey": keys.vkey}
    if keys.statements:
        data["statements"] = [one.decode("utf-8") for one in keys.statements]
    if arguments.out is None:
        say(arguments, data, [keys.vkey])
        return
    write_file(arguments.out, encode_keys(keys))
    lines = [f"wrote {arguments.out}: give it to auditors by a way of its own, not with the bundles"]
    say(arguments, {**data, "file": str(arguments.out)}, lines)


def _share(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    dsn = data_keys_dsn(settings)
    if dsn is None:
        raise WrongUse("keys.data_keys must name the database that they are moved to")
    moved = share(settings.path(settings.keys.directory), dsn, means_of(settings))
    say(arguments, {"moved": moved}, [f"moved {moved} data keys; the old file holds none now"])
    return OK


async def _administrator(site: Site, tenant: str) -> Administrator:
    by = await operator(site, tenant)
    return Administrator(
        ledger=await site.writer(tenant),
        tenant=site.tenants[tenant].ledger,
        actor=by.actor,
        actor_kind="person",
        detail=by.detail,
    )


def _show(arguments: argparse.Namespace, made: NewKey | Refusal) -> None:
    key = _accepted(made)
    lines = [f"{key.record.id}  {key.record.owner}", "", key.plain, "", "It is not shown again: keep it now."]
    say(arguments, {**shown(key.record), "key": key.plain}, lines)


def _accepted(answer: T | Refusal) -> T:
    """The answer, unless it was refused."""
    if isinstance(answer, Refusal):
        wrong = answer.code == "parameter_invalid"
        raise (WrongUse if wrong else Failed)(told(answer, _OPTIONS))
    return answer


def _scopes(given: Sequence[str]) -> tuple[str, ...]:
    """Scopes that narrow to something: a word that no route knows would make a key that can do nothing."""
    if not given:
        return ()
    rights = shipped_rights()
    if not all(rights.knows(scope) for scope in given):
        raise WrongUse(f"--scope must be traffic, traffic:AGENT, or one of {', '.join(rights.scopes)}")
    return tuple(given)


def _state(key: dict[str, Any], now: str) -> str:
    if key["revoked"] is not None:
        return f"revoked {key['revoked'][:10]}"
    if not key["sealed"]:
        return "refused: not as it was kept"
    if key["expires"] is None:
        return "valid"
    return f"{'expired' if key['expires'] <= now else 'valid until'} {key['expires'][:19]}Z"


def _joined(names: tuple[str, ...]) -> str:
    return ",".join(names) or "-"


def _moment(text: str) -> int | datetime:
    """A span in seconds, or a time; for argparse."""
    try:
        return seconds(text)
    except argparse.ArgumentTypeError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or (moment.tzinfo is None and len(text) != len("2026-11-24")):
        raise argparse.ArgumentTypeError("must be a span like 90d, a date, or a time with its zone (RFC 3339)")
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _absolute(moment: int | datetime | None, site: Site) -> int | None:
    """Microseconds since the epoch."""
    if moment is None:
        return None
    if isinstance(moment, int):
        return site.clock.now_us() + moment * 1_000_000
    return int(moment.timestamp()) * 1_000_000
