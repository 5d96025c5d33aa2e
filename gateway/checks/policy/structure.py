"""The part of the settings that decides where data may go: it is a member of the policy set, and so of its digest.

No credential, not even the reference to one, is in it: a policy version may be shown to auditors.
"""

from typing import TypeVar

import msgspec

from gateway.core import canonical
from gateway.core.errors import ConfigurationError, FormatError
from gateway.settings import Capability, Settings

_Facts = TypeVar("_Facts", bound=msgspec.Struct)


class ZoneFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    trusted: bool
    region: str | None
    within: str | None


class NetworkFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    addresses: tuple[str, ...]
    tenants: tuple[str, ...] = ()


class AgreementFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: str
    digest: str
    valid_until: str
    classes: tuple[str, ...]


class ProcessorFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    legal_name: str
    address: str
    country: str
    no_training: bool
    agreement: AgreementFacts | None


class InterfaceFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    binding: str
    path: str
    card: str
    push_urls: tuple[str, ...]
    file_urls: tuple[str, ...]
    tenants: tuple[str, ...] = ()
    """Not there where there are none: versions from before they could be keep their digests."""


class AgentFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    protocol: str
    url: str
    zone: str
    processor: str | None
    capabilities: tuple[str, ...]
    model: str | None
    version: str | None
    schema: str | None
    answer_schema: str | None
    routes: tuple[str, ...]
    floor: tuple[str, ...]
    ca: str | None
    mapping: str | None = None
    openapi: str | None = None
    apis: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    pin: tuple[str, ...] = ()
    store_field: bool = True
    a2a: InterfaceFacts | None = None
    callers: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()


class CapabilityFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    order: str


class CallbackFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    url: str
    zone: str
    tenants: tuple[str, ...]
    callers: tuple[str, ...]
    ca: str | None
    pin: tuple[str, ...]
    addresses: tuple[str, ...]


class IssuerFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    issuer: str
    audience: str
    algorithms: tuple[str, ...]
    tenants: tuple[str, ...]
    roles: tuple[str, ...]
    purposes: tuple[str, ...]
    role_claim: str
    tenant_claim: str | None
    purpose_claim: str | None
    zone: str | None
    kind: str
    named: bool | None = None
    """Not there where nothing is said: versions from before it could be keep their digests."""


class CertificateFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    match: str
    tenant: str
    subject: str | None
    roles: tuple[str, ...]
    purposes: tuple[str, ...]
    floor: tuple[str, ...]
    zone: str | None
    kind: str
    authorities: tuple[str, ...]


class ClientFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How callers' certificates come to be known, and whom they stand for."""

    ca: str
    auth: str
    crl: tuple[str, ...]
    header: str | None
    certificates: tuple[CertificateFacts, ...]


class TenantFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    retention_days: int
    region: str | None


class Structure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Every list in the order of the configuration: the order of agents is the order of preference where
    `capabilities` does not say another one."""

    engine: str
    """The version of the classification engine."""
    profile: str | None
    scan_budget_us: int
    stream: str
    trusted_proxies: tuple[str, ...]
    zones: tuple[ZoneFacts, ...]
    processors: tuple[ProcessorFacts, ...]
    agents: tuple[AgentFacts, ...]
    issuers: tuple[IssuerFacts, ...]
    tenants: tuple[TenantFacts, ...]
    clients: ClientFacts | None = None
    """Not there where no client certificates are taken: versions from before they could be keep their digests."""
    callbacks: tuple[CallbackFacts, ...] = ()
    """Not there where there are none, for the same reason."""
    channels: tuple[str, ...] = ()
    """Ids, which rules may name: where notices go is no part of where data may go. Not there where there is none."""
    capabilities: tuple[CapabilityFacts, ...] = ()
    """Those whose agents are asked in another order than that of the configuration. Not there where there are none."""
    networks: tuple[NetworkFacts, ...] = ()
    """Not there where there are none."""
    purposes: tuple[str, ...] = ()
    """Of one tenant's version: what its rules name and none of its issuers and certificates brings. Not there where
    there is none."""
    four_eyes: bool = False
    """Whether two people are asked for what changes it, so that taking that back takes two. Not there where not."""


def structure(settings: Settings, engine_version: str) -> Structure:
    """What of the settings belongs to the policy version."""
    return Structure(
        engine=engine_version,
        profile=settings.policy.profile,
        scan_budget_us=round(settings.classification.budget_ms * 1000),
        stream=settings.classification.stream,
        trusted_proxies=settings.server.trusted_proxies,
        zones=_facts(settings.zone, ZoneFacts),
        processors=_facts(settings.processor, ProcessorFacts),
        agents=_facts(settings.agent, AgentFacts),
        issuers=_facts(settings.issuer, IssuerFacts),
        tenants=_facts(settings.tenants, TenantFacts),
        clients=_clients(settings),
        callbacks=_facts(settings.callback, CallbackFacts),
        channels=tuple(one.id for one in settings.channel),
        capabilities=_facts(_ordered(settings), CapabilityFacts),
        networks=_facts(settings.network, NetworkFacts),
        four_eyes=settings.policy.four_eyes,
    )


def _ordered(settings: Settings) -> tuple[Capability, ...]:
    """Capabilities with an order of their own, by their ids: in which they stand in the file changes nothing."""
    return tuple(sorted((one for one in settings.capability if one.order != "static"), key=lambda one: one.id))


def _clients(settings: Settings) -> ClientFacts | None:
    server = settings.server
    if server.client_ca is None:
        return None
    return ClientFacts(
        ca=server.client_ca,
        auth=server.client_auth,
        crl=server.client_crl,
        header=server.client_header,
        certificates=_facts(settings.certificate, CertificateFacts),
    )


def encode(value: Structure) -> bytes:
    """Canonical JSON."""
    return canonical.encode(value)


def decode(data: bytes) -> Structure:
    """`ConfigurationError` for anything but the canonical bytes of a structure."""
    try:
        return msgspec.convert(canonical.decode(data), Structure)
    except (FormatError, msgspec.ValidationError) as error:
        raise ConfigurationError("structure.json: not the canonical form of a structure") from error


def _facts(items: tuple[msgspec.Struct, ...], kind: type[_Facts]) -> tuple[_Facts, ...]:
    return tuple(msgspec.convert(item, kind, from_attributes=True) for item in items)
