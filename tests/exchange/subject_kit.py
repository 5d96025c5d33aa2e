"""A registry of data subjects on a real database, and people who act in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from gateway.exchange.approval_record import By
from gateway.exchange.approving import Approver
from gateway.exchange.subject_holds import Holds
from gateway.exchange.subjects import Identifier, Meant, Subjects
from gateway.ledger.record import Detail, Envelope, parse
from gateway.settings import SubjectSettings
from gateway.store.directory import Directory
from gateway.store.reader import StoreReader
from gateway.store.subject_cases import CaseStore
from gateway.store.subjects import SubjectStore
from gateway.store.writer_base import LedgerWriter
from tests.store.kit import LEDGER, NODE, Store

ALONE = SubjectSettings()


class Registry(msgspec.Struct, kw_only=True):
    """What acts on one ledger."""

    store: Store
    writer: LedgerWriter
    directory: Directory
    flags: SubjectStore
    cases: CaseStore
    subjects: Subjects
    holds: Holds

    def who(self, name: str = "ada", *, roles: tuple[str, ...] = ("privacy",), kind: str = "person") -> Approver:
        return Approver(
            tenant=LEDGER,
            ledger=self.writer,
            actor=f"ac_{name}",
            kind=kind,
            roles=roles,
            persons=(name,),
            by=By(actor=f"ac_{name}", detail=Detail(subject=name)),
        )

    async def named(self, *identifiers: str) -> list[str]:
        """The pseudonyms of subjects that callers have named."""
        found = [await self.directory.subject(LEDGER, one) for one in identifiers]
        return [one for one in found if isinstance(one, str)]

    async def events(self) -> list[Envelope]:
        """The records of what was done about subjects, in order."""
        return [one for one in await self._records() if one.event != "subject.shown"]

    async def told(self) -> list[Envelope]:
        """Those of what was told of them."""
        return [one for one in await self._records() if one.event == "subject.shown"]

    async def _records(self) -> list[Envelope]:
        reader = StoreReader(self.store.engine, LEDGER)
        found = [parse(one.envelope) async for one in reader.records(0, await reader.size())]
        return [one for one in found if one.event.startswith("subject.")]


def called(value: str, kind: str = "given") -> Meant:
    return Meant(identifier=Identifier(value=value, kind=kind))


@asynccontextmanager
async def registry(store: Store, settings: SubjectSettings = ALONE) -> AsyncIterator[Registry]:
    """With a search key for its ledger, and its writer running."""
    if not (store.directory / "keys" / f"search-{LEDGER}.key").exists():
        store.keyring.create_search_key(LEDGER)
    directory = Directory(store.engine, store.keyring, store.clock, "gateway.test")
    flags, cases = SubjectStore(store.engine, store.clock), CaseStore(store.engine)
    subjects = Subjects(store=flags, cases=cases, directory=directory, clock=store.clock, node=NODE)
    holds = Holds(subjects=subjects, flags=flags, cases=cases, clock=store.clock, node=NODE, settings=settings)
    async with store.writer() as writer:
        yield Registry(
            store=store,
            writer=writer,
            directory=directory,
            flags=flags,
            cases=cases,
            subjects=subjects,
            holds=holds,
        )
