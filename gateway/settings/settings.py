"""Every setting as one frozen value."""

from pathlib import Path

import msgspec

from gateway.settings.advise import AdviseSettings
from gateway.settings.agents import Agent
from gateway.settings.approvals import ApprovalSettings, BreakGlass, Channel
from gateway.settings.archive import ArchiveSettings
from gateway.settings.callbacks import Callback
from gateway.settings.capabilities import Capability
from gateway.settings.emergency import EmergencySettings
from gateway.settings.evidence import EvidenceSettings
from gateway.settings.forwarding import Forward
from gateway.settings.identity import Certificate, Issuer, Tenant
from gateway.settings.limits import Limit, Limits, Price
from gateway.settings.ner import Ner
from gateway.settings.networks import Network
from gateway.settings.policy import Cache, Classification, Policy
from gateway.settings.purposes import Purpose
from gateway.settings.retention import Retention
from gateway.settings.scheduling import Schedule
from gateway.settings.server import Database, Keys, LedgerSettings, Server
from gateway.settings.sessions import DelegationSettings, Mcp, SessionSettings
from gateway.settings.subjects import SubjectSettings
from gateway.settings.tasks import TaskSettings
from gateway.settings.tsas import Tsa
from gateway.settings.witnesses import Witness
from gateway.settings.zones import Processor, Zone


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `gateway.toml`. Relative paths are below `base`, the directory of the file."""

    base: str = "."
    server: Server = Server()
    database: Database = Database()
    policy: Policy = Policy()
    keys: Keys = Keys()
    ledger: LedgerSettings = LedgerSettings()
    limits: Limits = Limits()
    classification: Classification = Classification()
    ner: Ner = Ner()
    cache: Cache = Cache()
    sessions: SessionSettings = SessionSettings()
    approvals: ApprovalSettings = ApprovalSettings()
    delegation: DelegationSettings = DelegationSettings()
    mcp: Mcp = Mcp()
    tasks: TaskSettings = TaskSettings()
    subjects: SubjectSettings = SubjectSettings()
    advise: AdviseSettings = AdviseSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    archive: ArchiveSettings = ArchiveSettings()
    emergency: EmergencySettings = EmergencySettings()
    zone: tuple[Zone, ...] = ()
    network: tuple[Network, ...] = ()
    processor: tuple[Processor, ...] = ()
    agent: tuple[Agent, ...] = ()
    capability: tuple[Capability, ...] = ()
    issuer: tuple[Issuer, ...] = ()
    certificate: tuple[Certificate, ...] = ()
    tenant: tuple[Tenant, ...] = ()
    purpose: tuple[Purpose, ...] = ()
    break_glass: tuple[BreakGlass, ...] = ()
    callback: tuple[Callback, ...] = ()
    channel: tuple[Channel, ...] = ()
    limit: tuple[Limit, ...] = ()
    price: tuple[Price, ...] = ()
    witness: tuple[Witness, ...] = ()
    tsa: tuple[Tsa, ...] = ()
    forward: tuple[Forward, ...] = ()
    retention: tuple[Retention, ...] = ()
    schedule: tuple[Schedule, ...] = ()

    def path(self, name: str) -> Path:
        """A path of the configuration, taken from where the file lies."""
        return Path(self.base, name)

    @property
    def address(self) -> str:
        """Where callers reach the gateway: `server.public_url`, else what it listens on. No trailing slash."""
        server = self.server
        scheme = "http" if server.tls_certificate is None else "https"
        host = f"[{server.host}]" if ":" in server.host else server.host
        return (server.public_url or f"{scheme}://{host}:{server.port}").rstrip("/")

    @property
    def tenants(self) -> tuple[Tenant, ...]:
        return self.tenant or (Tenant(id="default"),)
