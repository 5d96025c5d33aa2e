"""Whom callers' tokens and certificates stand for, and in which tenants."""

import re
from typing import Literal

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.evidence import Encryption
from gateway.settings.forms import check_between, check_networks, check_pins

_WEB = re.compile(
    r"(https://[^/?#@\s]+|http://(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?)(/[^?#\s]*)?(?P<query>\?[^#\s]*)?"
)
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


class Issuer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may issue tokens, and what they may assert."""

    issuer: str
    audience: str
    resource_audience: bool = False
    """Whether a token may instead name the gateway's address, or that of one MCP agent, as its audience."""
    algorithms: tuple[str, ...]
    jwks_file: str | None = None
    jwks_url: str | None = None
    discovery: bool = False
    """Whether its keys are found by its own metadata (OpenID Connect Discovery 1.0)."""
    key_hosts: tuple[str, ...] = ()
    """Hosts besides its own that the metadata may say its keys are on."""
    ca: str | None = None
    """PEM file of the only authorities that may vouch for it; default the system's."""
    addresses: tuple[str, ...] = ()
    """Networks in CIDR form: the only ones that its name may lead into."""
    refresh_s: float = 600.0
    """Seconds between two fetches of its keys."""
    refetch_s: float = 30.0
    """Seconds that must lie between any fetch and one that a token with an unknown key causes."""
    hold_s: float = 86400.0
    """Seconds that fetched keys hold while it cannot be asked."""
    tenants: tuple[str, ...] = ("default",)
    roles: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    role_claim: str = "roles"
    tenant_claim: str | None = None
    purpose_claim: str | None = None
    zone: str | None = None
    kind: Literal["person", "service", "agent"] = "person"
    named: bool | None = None
    """Whether its subjects are those that policy, `[[agent]] callers` and `[[limit]] callers` name; by default where no
    other issuer may assert the tenant."""
    leeway_s: int = 30


class Certificate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom a client certificate stands for, by a name in it."""

    match: str
    """`uri:`, `dns:` or `email:` and a subject alternative name, or `subject:` and a distinguished name (RFC 4514);
    `*` stands for one segment of it."""
    tenant: str = "default"
    subject: str | None = None
    """The caller's subject; by default the name that matched."""
    roles: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    floor: tuple[str, ...] = ()
    zone: str | None = None
    kind: Literal["person", "service", "agent"] = "service"
    authorities: tuple[str, ...] = ()
    """`sha256:<hex>` of the SubjectPublicKeyInfo of authorities, of which one must have issued it."""


class Tenant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    name: str | None = None
    retention_days: int = 2192
    region: str | None = None
    bundle_recipients: tuple[str, ...] | None = None
    """As `evidence.recipients`, in place of these."""
    bundle_encryption: Encryption | None = None
    """As `evidence.encryption`, in place of it."""


def keys_address(address: str) -> bool:
    """Whether keys may be fetched from there: over https, or from this machine, where nobody can be in between."""
    return _WEB.fullmatch(address) is not None


def may_name(issuer: Issuer, tenant: str, issuers: tuple[Issuer, ...]) -> bool:
    """Whether subjects of this issuer's tokens are, in this tenant, those that policy and configuration name. Where
    nothing is said, only if no other issuer may assert the tenant: `alice` is whoever says so there."""
    if issuer.named is not None:
        return issuer.named
    return all(tenant not in one.tenants for one in issuers if one.issuer != issuer.issuer)


def check_named(issuers: tuple[Issuer, ...], tenant: str, who: str) -> None:
    """`ConfigurationError` where `who` names callers of a tenant that several issuers may assert, and one of these does
    not say whether its subjects are meant."""
    asserting = [index for index, one in enumerate(issuers) if tenant in one.tenants]
    for index in asserting if len(asserting) > 1 else ():
        if issuers[index].named is None:
            raise ConfigurationError(
                f"issuer[{index}].named must be true or false: {who} names callers of a tenant that several "
                "issuers may assert, and only the subjects of some may be meant"
            )


def check_issuer(place: str, issuer: Issuer, zones: set[str]) -> None:
    if issuer.zone is not None and issuer.zone not in zones:
        raise ConfigurationError(f"{place}.zone names no [[zone]]")
    if not issuer.algorithms:
        raise ConfigurationError(f"{place}.algorithms must name at least one algorithm")
    _keys_of(place, issuer)


def _keys_of(place: str, issuer: Issuer) -> None:
    """Where an issuer's keys come from."""
    if [issuer.jwks_file is not None, issuer.jwks_url is not None, issuer.discovery].count(True) != 1:
        raise ConfigurationError(f"{place} needs one of jwks_file, jwks_url and discovery = true")
    form = "https://host[:port][/path], or http:// on this machine (127.0.0.1, [::1], localhost)"
    if issuer.jwks_url is not None and not keys_address(issuer.jwks_url):
        raise ConfigurationError(f"{place}.jwks_url must be {form}")
    if issuer.discovery:
        found = _WEB.fullmatch(issuer.issuer)
        if found is None or found["query"] is not None:
            raise ConfigurationError(f"{place}.issuer must be {form}, where discovery = true")
    if issuer.jwks_file is not None and (issuer.ca is not None or issuer.addresses):
        raise ConfigurationError(f"{place}: ca and addresses are for keys over HTTP")
    if issuer.key_hosts and not issuer.discovery:
        raise ConfigurationError(f"{place}.key_hosts is for discovery = true")
    if not all(_HOST.fullmatch(host) for host in issuer.key_hosts):
        raise ConfigurationError(f"{place}.key_hosts must be names of hosts in lower case, without port")
    check_networks(f"{place}.addresses", issuer.addresses)
    for name, value, low, high in (
        ("refresh_s", issuer.refresh_s, 10, 86_400),
        ("refetch_s", issuer.refetch_s, 1, 3_600),
        ("hold_s", issuer.hold_s, 0, 2_592_000),
    ):
        check_between(f"{place}.{name}", value, low, high)
    if issuer.hold_s < issuer.refresh_s:
        raise ConfigurationError(f"{place}.hold_s must be at least refresh_s")


def check_certificate(place: str, certificate: Certificate, zones: set[str], tenants: set[str]) -> None:
    if certificate.zone is not None and certificate.zone not in zones:
        raise ConfigurationError(f"{place}.zone names no [[zone]]")
    if certificate.tenant not in tenants:
        raise ConfigurationError(f"{place}.tenant names no [[tenant]]")
    check_pins(f"{place}.authorities", certificate.authorities)
