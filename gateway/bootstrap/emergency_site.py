"""The installation as it is while its database is away: the same in all that needs no database, and one of its own."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from gateway.agents.issuers import IssuerKeys
from gateway.bootstrap.agents import delegation_of
from gateway.bootstrap.digests import build_digest, config_digest
from gateway.bootstrap.foundation import Foundation
from gateway.bootstrap.identity import admission_of, underway_of
from gateway.bootstrap.site import DEFAULT_ORIGIN, Site
from gateway.bootstrap.subjects import linking_of
from gateway.core.ids import SYSTEM
from gateway.exchange.emergency_bounds import Bounds
from gateway.exchange.ledgers import Ledgers as OpenLedgers
from gateway.exchange.parts import Parts, stays
from gateway.exchange.receipts import Receipts
from gateway.exchange.scribe import Scribe
from gateway.exchange.sessions import Sessions
from gateway.exchange.tokens import Tokens
from gateway.settings.purposes import legal_bases
from gateway.store.api_keys import ApiKeyStore
from gateway.store.approvals import ApprovalStore
from gateway.store.data_keys import DataKeys, holds_keys
from gateway.store.denials import DenialStore
from gateway.store.emergency_copy import beside
from gateway.store.engine import Target, open_engine
from gateway.store.guard import guard
from gateway.store.known_directory import KnownDirectory
from gateway.store.ledgers import Ledgers
from gateway.store.policies import PolicyStore
from gateway.store.sealing import Sealer
from gateway.store.session_tokens import TokenStore
from gateway.store.sessions import SessionStore
from gateway.store.sticking import StickingClasses
from gateway.store.subjects import SubjectStore
from gateway.store.tools import ToolStore

KEYS_END = "-keys"
"""What the name of a file of data keys has at its end, where an emergency has one of its own."""


@asynccontextmanager
async def opened(site: Site, path: Path, origins: Mapping[str, str]) -> AsyncIterator[Site]:
    """A site on the database of an emergency. `origins`: those of its ledgers, by configured tenant, whose keys are in
    the keyring. Whoever opens it first closes what former boots left open in it.

    `LedgerUnavailable`, `ConfigurationError` or `VerificationError` where it cannot be worked with."""
    async with AsyncExitStack() as stack:
        where = Target(kind="sqlite", path=path)
        engine = open_engine(where)
        stack.push_async_callback(engine.dispose)
        await guard(engine)
        keyring = site.keyring
        if keyring.shared is not None:  # where data keys are made otherwise is away too, or may be
            home = own_keys(site, path)
            stack.callback(home.close)
            keyring = keyring.beside(home)
        ledgers = Ledgers(
            where,
            engine,
            node=site.node,
            clock=site.clock,
            keyring=keyring,
            failpoint=site.failpoint,
            on_batch=site.metrics.batch,
            build=build_digest(),
            config=config_digest(site.settings),
        )
        await ledgers.start()
        stack.push_async_callback(ledgers.stop)
        api_keys = ApiKeyStore(engine, site.clock, site.keyring.search_key(SYSTEM))
        issuers = (one.issuer for one in site.settings.issuer)
        yield msgspec.structs.replace(
            site,
            where=where,
            engine=engine,
            keyring=keyring,
            directory=KnownDirectory(engine, keyring, site.clock, DEFAULT_ORIGIN),
            ledgers=ledgers,
            tenants={
                name: msgspec.structs.replace(entry, origin=origins[name])
                for name, entry in site.tenants.items()
                if name in origins
            },
            api_keys=api_keys,
            denials=DenialStore(engine, site.clock, issuers, api_keys.forget),
            policies=PolicyStore(engine, site.clock),
            tools=ToolStore(engine, site.clock),
            approvals=ApprovalStore(engine),
            flags=SubjectStore(engine, site.clock),
            signed=None,  # those that are remembered are of the database that is away
            signings={},
        )


def own_keys(site: Site, path: Path) -> DataKeys:
    """The data keys of an emergency, in a file beside its database, wrapped as all others are."""
    file = own_keys_file(path)
    if not holds_keys(file):  # there is none yet, or all of them were handed over, in a try before
        for name in (file, *beside(file)):
            name.unlink(missing_ok=True)
        DataKeys.create(file)
    return site.keyring.data_keys_in(file)


def own_keys_file(path: Path) -> Path:
    """Where they are, of the database at `path`."""
    return path.with_name(path.stem + KEYS_END)


async def parts_on(site: Site, base: Foundation, parts: Parts, issuers: IssuerKeys, bounds: Bounds) -> Parts:
    """The pipeline's parts on an emergency's `site`: those of the installation in all that needs no database (agents
    and how they are, the policy and the engine in force, limits counted in this process), others for the rest."""
    writers = {entry.ledger: await site.ledgers.open(entry.ledger) for entry in site.tenants.values()}
    for ledger in writers:
        await site.denials.reload(ledger)
    sealer = Sealer(site.keyring)
    own = msgspec.structs.replace(base, site=site, writers=writers, sealer=sealer)
    store = SessionStore(site.engine, site.keyring.search_key(SYSTEM))
    settings, clock = site.settings, site.clock
    sessions, delegation = Sessions(store, clock, settings.sessions.idle_days), delegation_of(site)
    sticking = StickingClasses(site.engine, clock, principal=store.principal, lasts_s=settings.sessions.denied_s)
    await sticking.look()
    scribe = Scribe(
        clock=clock,
        sealing=sealer,
        node=site.node,
        version=base.policy.version,
        engine=base.engine.version,
        config=config_digest(settings),
        bases=legal_bases(settings.purpose, settings.tenants),
    )
    pages = TokenStore(site.engine, sealer, clock, settings.sessions.idle_days)
    tokens = Tokens(pages, key=scribe.key, persist=site.keyring.persist, used=base.policy.tokenizes)
    receipts = Receipts({one.ledger: site.signing(name) for name, one in site.tenants.items()})
    return msgspec.structs.replace(
        parts,
        admission=admission_of(own, issuers, None),
        sessions=sessions,
        tokens=tokens,
        delegation=delegation,
        sticking=sticking,
        subjects=site.flags,
        linking=linking_of(site),
        forwarder=parts.forwarder.elsewhere(scribe, delegation),
        answering=parts.answering.elsewhere(sessions=sessions, tokens=tokens, delegation=delegation, receipts=receipts),
        scribe=scribe,
        ledgers=OpenLedgers(writers, {name: one.ledger for name, one in site.tenants.items()}),
        underway=underway_of(site),
        moved=stays,
        pulling=None,
        emergency=bounds,
    )
