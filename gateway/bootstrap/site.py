"""An opened installation: database, keyring, tenants and ledgers. Every command needs it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.bootstrap.clock import SystemClock
from gateway.bootstrap.digests import build_digest, config_digest
from gateway.core.errors import ConfigurationError
from gateway.core.ids import SYSTEM, random_id
from gateway.core.ports import Clock, Failpoint
from gateway.exchange.archived import Archives, digest_of
from gateway.exchange.declared import VersionRegisters
from gateway.exchange.emergency_files import EmergencyFiles
from gateway.exchange.emergency_trail import EmergencyTrail
from gateway.exchange.metrics import Metrics
from gateway.exchange.recipients import demand_recipients
from gateway.ledger.record import NodeInfo
from gateway.settings import Settings
from gateway.store.api_keys import ApiKeyStore
from gateway.store.approvals import ApprovalStore
from gateway.store.archives import ArchiveStore
from gateway.store.checkpointer import Checkpointer
from gateway.store.denials import DenialStore
from gateway.store.directory import Directory, TenantEntry
from gateway.store.emergencies import EmergencyStore
from gateway.store.engine import Target, let_go, open_engine, target
from gateway.store.guard import guard
from gateway.store.keyring import Keyring, open_keyring
from gateway.store.ledgers import Ledgers
from gateway.store.lost import LostMarks
from gateway.store.policies import PolicyStore
from gateway.store.reader import StoreReader
from gateway.store.sealing import Sealer
from gateway.store.signed import SignedMarks
from gateway.store.signing import LedgerSigning
from gateway.store.subject_cases import CaseStore
from gateway.store.subject_trail import SubjectTrail
from gateway.store.subjects import SubjectStore
from gateway.store.tools import ToolStore
from gateway.store.writer_base import LedgerWriter

# Imported by those who are asked for one: most commands need none, nor the half of the program that these import.
if TYPE_CHECKING:
    from gateway.exchange.approving import Approving
    from gateway.exchange.auditor import Auditor
    from gateway.exchange.erasing import Erasing
    from gateway.exchange.rotating import Rotating
    from gateway.exchange.subject_access import SubjectAccess
    from gateway.exchange.subject_holds import Holds
    from gateway.exchange.subjects import Subjects
    from gateway.exchange.witnessing import Quorum

DEFAULT_ORIGIN = "gateway.internal"


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """An opened installation: what commands and the server share. `tenants` are the configured ones, by id."""

    settings: Settings
    clock: Clock
    where: Target
    engine: AsyncEngine
    keyring: Keyring
    directory: Directory
    ledgers: Ledgers
    node: NodeInfo
    metrics: Metrics
    tenants: Mapping[str, TenantEntry]
    api_keys: ApiKeyStore
    denials: DenialStore
    policies: PolicyStore
    tools: ToolStore
    approvals: ApprovalStore
    flags: SubjectStore
    """What is known of data subjects, and what sticks to them."""
    lost: LostMarks
    """What this node acknowledged and its database lacked, until that is on record."""
    signed: SignedMarks | None
    """What was signed last for each origin; None for those of an emergency."""
    failpoint: Failpoint | None = None
    signings: dict[str, LedgerSigning] = msgspec.field(default_factory=dict)
    """By origin, as they were asked for."""

    def holder(self, what: str) -> str:
        """An unlike holder of leases (`store.lease`). A command is none of its node's: it runs beside the one that
        serves, and is no former boot of it."""
        own = random_id(what)
        return f"{self.node.id}/{self.node.boot}/{own}" if self.ledgers.serving else own

    @property
    def approving(self) -> "Approving":
        """The approvers' side of approvals, of every tenant."""
        from gateway.exchange.approving import Approving  # noqa: PLC0415

        return Approving(
            store=self.approvals,
            directory=self.directory,
            sealer=Sealer(self.keyring),
            clock=self.clock,
            node=self.node,
            metrics=self.metrics,
            use_s=self.settings.approvals.use_s,
            callers=frozenset(callers_of(self.settings)),
        )

    @property
    def subjects(self) -> "Subjects":
        """The registry of data subjects, of every tenant."""
        from gateway.exchange.subjects import Subjects  # noqa: PLC0415

        return Subjects(
            store=self.flags,
            cases=CaseStore(self.engine),
            directory=self.directory,
            clock=self.clock,
            node=self.node,
        )

    @property
    def holds(self) -> "Holds":
        """What keeps data subjects' data from destruction, and the cases of every tenant."""
        from gateway.exchange.subject_holds import Holds  # noqa: PLC0415

        return Holds(
            subjects=self.subjects,
            flags=self.flags,
            cases=CaseStore(self.engine),
            clock=self.clock,
            node=self.node,
            settings=self.settings.subjects,
        )

    @property
    def access(self) -> "SubjectAccess":
        """What data subjects of every tenant may know."""
        from gateway.exchange.subject_access import SubjectAccess  # noqa: PLC0415

        days = {one.id: one.retention_days for one in self.settings.tenants}
        names = {entry.ledger: name for name, entry in self.tenants.items()}
        return SubjectAccess(
            subjects=self.subjects,
            flags=self.flags,
            trail=SubjectTrail(self.engine, self.clock),
            sealer=Sealer(self.keyring),
            clock=self.clock,
            node=self.node,
            registers=lambda ledger: VersionRegisters(self.policies, names[ledger]),
            emergencies=self.emergencies,
            retention={self.tenants[name].ledger: kept for name, kept in days.items()},
        )

    @property
    def erasing(self) -> "Erasing":
        """Erasures as persons see to them, of every tenant."""
        from gateway.exchange.erasing import Erasing  # noqa: PLC0415

        return Erasing(
            subjects=self.subjects,
            flags=self.flags,
            cases=CaseStore(self.engine),
            clock=self.clock,
            node=self.node,
            settings=self.settings.subjects,
        )

    async def brought_back(self) -> int:
        """Of how many erased data subjects a restored copy has anything that is to go again before it is read."""
        if not await asyncio.to_thread(self.keyring.erased):
            return 0
        from gateway.bootstrap.subjects import restored_of  # noqa: PLC0415

        return await restored_of(self).brought_back([entry.ledger for entry in self.tenants.values()])

    async def writer(self, tenant: str) -> LedgerWriter:
        """The writer of a configured tenant, or of `_system`."""
        return await self.ledgers.open(self.tenants[tenant].ledger)

    @property
    def quorum(self) -> "Quorum | None":
        """Who must have cosigned a checkpoint for it to count as witnessed; None where there are no witnesses."""
        names = tuple(one.name for one in self.settings.witness)
        if not names:
            return None
        from gateway.exchange.witnessing import Quorum  # noqa: PLC0415

        return Quorum(names=names, needed=self.settings.ledger.witness_quorum or len(names))

    def signing(self, tenant: str) -> LedgerSigning:
        """Who signs for a configured tenant's ledger: one for all that ask, which learns what any of them loads."""
        entry = self.tenants[tenant]
        found = self.signings.get(entry.origin)
        if found is None:
            found = self.signings[entry.origin] = LedgerSigning(
                self.engine,
                entry.ledger,
                entry.origin,
                self.clock,
                partial(self.keyring.signer, entry.origin),
            )
        return found

    async def rotating(self, tenant: str) -> "Rotating":
        """What replaces the key of a configured tenant's ledger."""
        from gateway.exchange.rotating import Rotating  # noqa: PLC0415

        entry = self.tenants[tenant]
        return Rotating(
            ledger=entry.ledger,
            origin=entry.origin,
            keyring=self.keyring,
            signing=self.signing(tenant),
            reader=self.reader(tenant),
            publisher=await self.checkpointer(tenant),
            writer=await self.writer(tenant),
            clock=self.clock,
            node=self.node,
            failpoint=self.failpoint,
        )

    @property
    def archives(self) -> Archives:
        """Archives of every tenant, where they lie here."""
        directory = self.settings.archive.directory
        place = None if directory is None else self.settings.path(directory)
        return Archives(ArchiveStore(self.engine), Sealer(self.keyring), place)

    @property
    def emergency_files(self) -> EmergencyFiles:
        """Emergency ledgers that are over, of every tenant, where their files lie here."""
        place = self.settings.emergency.place
        return EmergencyFiles(None if place is None else self.settings.path(place))

    def reader(self, tenant: str) -> StoreReader:
        return StoreReader(self.engine, self.tenants[tenant].ledger)

    async def lying_in(self, files: Sequence[Path]) -> tuple[Archives, EmergencyFiles]:
        """Archives and emergency ledgers where they lie here, and those that these files are. `VerificationError` for a
        file that no ledger of this site has on record, `FormatError` for one that cannot be read."""
        store, ledgers = EmergencyStore(self.engine), [one.ledger for one in self.tenants.values()]
        known = {one.digest for ledger in ledgers for one in await store.all(ledger) if one.digest} if files else set()
        own = {found: path for path in files if (found := await asyncio.to_thread(digest_of, path)) in known}
        others = [path for path in files if path not in own.values()]
        archives = await self.archives.beside(ledgers, others) if others else self.archives
        return archives, self.emergency_files.beside(own)

    def emergencies(self, ledger: str, files: EmergencyFiles | None = None) -> EmergencyTrail:
        """What the emergency ledgers of a ledger (its id) hold; `files`: where else than in the directory they lie."""
        sealer = Sealer(self.keyring)
        return EmergencyTrail(self.engine, ledger, files or self.emergency_files, sealer, self.keyring.subject_keys)

    async def auditor(
        self, tenant: str, archives: Archives | None = None, emergencies: EmergencyFiles | None = None
    ) -> "Auditor":
        """The recorded way into a configured tenant's trail; `archives` and `emergencies`: where else than in their
        directories they lie."""
        from gateway.exchange.attaching import Setting  # noqa: PLC0415
        from gateway.exchange.auditor import Auditor  # noqa: PLC0415

        entry, publisher = self.tenants[tenant], await self.checkpointer(tenant)
        return Auditor(
            engine=self.engine,
            ledger_id=entry.ledger,
            ledger=await self.writer(tenant),
            publisher=publisher,
            policies=self.policies,
            signing=self.signing(tenant),
            clock=self.clock,
            node=self.node,
            archives=archives or self.archives,
            emergencies=self.emergencies(entry.ledger, emergencies),
            quorum=self.quorum,
            opener=Sealer(self.keyring),
            setting=Setting(
                settings=self.settings,
                engine=self.engine,
                tenant=tenant,
                ledger=entry.ledger,
                policies=self.policies,
            ),
            alone=partial(self.metrics.bundle_alone, entry.ledger),
            remembered=publisher.remembered.mark,
        )

    async def checkpointer(self, tenant: str) -> Checkpointer:
        """Publishes checkpoints of a configured tenant's ledger."""
        entry = self.tenants[tenant]
        return Checkpointer(
            self.engine,
            ledger=entry.ledger,
            signing=self.signing(tenant),
            writer=await self.writer(tenant),
            clock=self.clock,
            node=self.node,
            failpoint=self.failpoint,
            marks=self.signed,
        )


@asynccontextmanager
async def open_site(
    settings: Settings, *, serving: bool = False, failpoint: Failpoint | None = None, clock: Clock | None = None
) -> AsyncIterator[Site]:
    """Database, keyring, tenants and ledgers. `ConfigurationError` for anything that must not be worked with."""
    clock = clock or SystemClock()
    demand_recipients(settings)
    async with AsyncExitStack() as stack:
        where = target(settings)
        engine = open_engine(where)
        stack.push_async_callback(let_go, engine)
        await guard(engine)
        keys = settings.path(settings.keys.directory)
        keyring = open_keyring(settings)
        stack.callback(keyring.close)
        directory = Directory(engine, keyring, clock, settings.ledger.origin or DEFAULT_ORIGIN)
        tenants = {name: await directory.entry(name) for name in (*(one.id for one in settings.tenants), SYSTEM)}
        metrics = Metrics()
        node = NodeInfo(id=_node_id(keys, settings.keys.node), boot=random_id("bt"))
        lost, signed = LostMarks(keys), SignedMarks(keys)
        ledgers = Ledgers(
            where,
            engine,
            node=node,
            clock=clock,
            keyring=keyring,
            failpoint=failpoint,
            on_batch=metrics.batch,
            serving=serving,
            build=build_digest(),
            config=config_digest(settings),
            lost=lost,
            signed=signed,
            origins={entry.ledger: entry.origin for entry in tenants.values()},
        )
        await ledgers.start()
        stack.push_async_callback(ledgers.stop)
        api_keys = ApiKeyStore(engine, clock, keyring.search_key(SYSTEM))
        yield Site(
            settings=settings,
            clock=clock,
            where=where,
            engine=engine,
            keyring=keyring,
            directory=directory,
            ledgers=ledgers,
            node=node,
            metrics=metrics,
            tenants=tenants,
            api_keys=api_keys,
            denials=DenialStore(engine, clock, (one.issuer for one in settings.issuer), api_keys.forget),
            policies=PolicyStore(engine, clock),
            tools=ToolStore(engine, clock),
            approvals=ApprovalStore(engine),
            flags=SubjectStore(engine, clock),
            lost=lost,
            signed=signed,
            failpoint=failpoint,
        )


def callers_of(settings: Settings) -> dict[tuple[str, str], str]:
    """Tenant and subject of each that an agent calls as → the agent."""
    callers: dict[tuple[str, str], str] = {}
    for agent in settings.agent:
        for caller in agent.callers:
            tenant, _, subject = caller.partition("/")
            callers[tenant, subject] = agent.id
    return callers


def _node_id(keys: Path, name: str | None) -> str:
    """The node's random id, made once and kept with its keys; of a node with a name, apart from the others'."""
    file = keys / ("node-id" if name is None else f"node-id.{name}")
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(random_id("nd"), "ascii")
    found = file.read_text("ascii").strip()
    if not found.startswith("nd_") or len(found) > 64:
        raise ConfigurationError(f"{file} does not hold a node's id: remove it, and a new one is made")
    return found
