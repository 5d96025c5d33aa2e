"""`gateway keys protect`, `unprotect` and `protection`: what wraps the keyring's root key.

A passphrase is never given on the command line: `--new` says where it is, or the terminal asks for it.
"""

import argparse
import asyncio
from functools import partial

import msgspec

from gateway.bootstrap import Site
from gateway.cli.common import OK, Commands, WrongUse, opened, operator, say, settings_of
from gateway.core.errors import ConfigurationError
from gateway.core.ids import SYSTEM
from gateway.exchange.rewrapping import Rewrapping, Wrapping, wrapping_now
from gateway.settings import Settings, check_passphrase
from gateway.store.keyring import means_of, provider_of
from gateway.store.passphrase import asked_twice, chosen, passphrase
from gateway.store.root_key import Means, by_passphrase, by_provider


def add(group: Commands, common: argparse.ArgumentParser) -> None:
    """Add the commands to `gateway keys`."""
    protect = group.add_parser(
        "protect", parents=[common], help="wrap the keyring's root key, or wrap it anew; it is recorded"
    )
    protect.add_argument("method", choices=("passphrase", "provider"), help="by what; a provider is keys.provider")
    protect.add_argument(
        "--new",
        metavar="WHERE",
        help="where the new passphrase is: env:NAME, file:PATH, fd:NUMBER, credential:NAME or prompt (default: prompt)",
    )
    protect.set_defaults(run=lambda arguments: asyncio.run(_protect(arguments)))

    unprotect = group.add_parser("unprotect", parents=[common], help="put the root key back into the clear; recorded")
    unprotect.set_defaults(run=lambda arguments: asyncio.run(_unprotect(arguments)))

    protection = group.add_parser("protection", parents=[common], help="say what wraps the keyring's root key")
    protection.set_defaults(run=_protection)


async def _protect(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    if arguments.method == "provider":
        if arguments.new is not None:
            raise WrongUse("--new goes with passphrase alone")
        provider = provider_of(settings)
        wrap, means = partial(by_provider, provider=provider), Means(provider=provider)
    else:
        secret = _new_passphrase(arguments.new, settings)
        wrap, means = partial(by_passphrase, passphrase=secret), Means(passphrase=lambda: secret)
    async with opened(_anyhow(settings)) as site:
        by = await operator(site, SYSTEM)
        done = await (await _rewrapping(site)).wrap(by.actor, by.detail, wrap, means)
    lines = [f"the root key is wrapped {done.how}: {done.id}"]
    if settings.keys.protection != done.method:
        lines.append(f'set keys.protection = "{done.method}": then none is taken that is wrapped in another way')
    if done.method == "passphrase":
        lines.append("keys.passphrase must lead to the new passphrase from now on: try it with `gateway check`")
    _say(arguments, done, lines)
    return OK


async def _unprotect(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    async with opened(_anyhow(settings)) as site:
        by = await operator(site, SYSTEM)
        done = await (await _rewrapping(site)).unwrap(by.actor, by.detail)
    lines = ["the root key lies in the clear, and who copies the keyring has it"]
    if settings.keys.protection is not None:
        lines.append("keys.protection must go from the configuration: nothing starts with it")
    _say(arguments, done, lines)
    return OK


def _protection(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    found = wrapping_now(settings.path(settings.keys.directory))
    lines = [f"the root key is wrapped {found.how}: {found.id}" if found.id else f"the root key lies {found.how}"]
    _say(arguments, found, lines)
    return OK


def _say(arguments: argparse.Namespace, found: Wrapping, lines: list[str]) -> None:
    say(arguments, msgspec.to_builtins(found), lines)


def _new_passphrase(where: str | None, settings: Settings) -> bytes:
    if where in (None, "prompt"):
        return chosen(asked_twice(), "the new passphrase")
    try:
        check_passphrase("--new", where)
    except ConfigurationError as error:
        raise WrongUse(str(error)) from error
    return chosen(passphrase(where, settings.base, "--new"), "--new")


async def _rewrapping(site: Site) -> Rewrapping:
    settings = site.settings
    return Rewrapping(
        directory=settings.path(settings.keys.directory),
        means=means_of(settings),
        ledger=site.tenants[SYSTEM].ledger,
        writer=await site.writer(SYSTEM),
        clock=site.clock,
        node=site.node,
        failpoint=site.failpoint,
    )


def _anyhow(settings: Settings) -> Settings:
    """Settings that take the root key however it is wrapped: it is about to be changed."""
    return msgspec.structs.replace(settings, keys=msgspec.structs.replace(settings.keys, protection=None))
