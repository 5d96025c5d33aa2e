"""An archiving of a ledger of more than a block, on a real database beside a real keyring."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from gateway.exchange.activations import Activations
from gateway.exchange.archive_blocks import Mine
from gateway.exchange.archived import Archives
from gateway.exchange.archiving import Archiving, Busy, Waits
from gateway.ledger.note import Verifier
from gateway.store.archives import Archived, ArchiveStore
from gateway.store.lease import Lease
from gateway.store.policies import PolicyStore
from gateway.store.postings import BLOCK
from gateway.store.reader import StoreReader
from gateway.store.sealing import Sealer
from gateway.store.subject_cases import CaseStore
from gateway.store.subjects import SubjectStore
from gateway.store.tree import TreeReader
from tests.store.archive_kit import SIGNER
from tests.store.kit import LEDGER, NODE, Store

LATER_US = 4_000_000_000_000_000
"""After everything."""


def archives(store: Store) -> Archives:
    return Archives(ArchiveStore(store.engine), Sealer(store.keyring), store.directory / "archive")


async def stood(store: Store, ledger: str, end: int) -> str | None:
    """What archives are to say that stood: the newest activation before their end, as the gateway asks for it."""

    async def keys(ledger: str) -> Verifier:
        return SIGNER.verifier

    policies = PolicyStore(store.engine, store.clock)
    found = await Activations(store.engine, policies, archives(store), keys).newest(ledger, end)
    return None if found is None else found.digest


def archiving(store: Store, failpoint: Any = None, holder: str = "nd_1/bt_1/ar_1") -> Archiving:
    return Archiving(
        archives=archives(store),
        flags=SubjectStore(store.engine, store.clock),
        cases=CaseStore(store.engine),
        sealer=Sealer(store.keyring),
        keys=store.keyring,
        lease=lambda name: Lease(store.engine, name, holder, store.clock, 300),
        clock=store.clock,
        node=NODE,
        records=BLOCK,
        standing=partial(stood, store),
        rest_s=0,
        forwards=("siem",),
        failpoint=failpoint,
    )


@asynccontextmanager
async def mine(store: Store) -> AsyncIterator[Mine]:
    async with store.writer() as writer:
        yield Mine(
            ledger=LEDGER,
            writer=writer,
            reader=StoreReader(store.engine, LEDGER),
            tree=TreeReader(store.engine, LEDGER),
            keys=SIGNER.verifier,
        )


async def advance(store: Store, failpoint: Any = None, before_us: int = LATER_US) -> Archived | Waits | Busy | None:
    async with mine(store) as one:
        return await archiving(store, failpoint).advance(one, before_us)
