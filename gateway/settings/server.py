"""Where the gateway listens, what it keeps where, and how callers' certificates come to be known."""

import re
from ipaddress import ip_network
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.forms import ID, check_address, check_between

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PASSPHRASE = re.compile(
    r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+|fd:(?:0|[3-9]|[1-9][0-9]{1,3})|credential:[\w.@-]+|prompt"
)
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[a-z0-9.:\[\]-]+")


class Server(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the gateway listens, and the bounds of what it reads."""

    host: str = "127.0.0.1"
    port: int = 8787
    workers: int = 1
    tls_certificate: str | None = None
    tls_key: str | None = None
    max_body_bytes: int = 4 * 1024 * 1024
    max_answer_bytes: int = 16 * 1024 * 1024
    max_depth: int = 64
    body_timeout_s: float = 15.0
    write_timeout_s: float = 60.0
    """How long a caller may take nothing of what waits for it."""
    public_url: str | None = None
    """Where callers reach the gateway; by default what `host`, `port` and the certificate make of it."""
    allowed_origins: tuple[str, ...] = ()
    """Origins of web pages that may call MCP agents, besides the gateway's own."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks of proxies whose word about their own callers is taken."""
    client_ca: str | None = None
    """PEM file of the authorities whose client certificates are taken; each is trusted for itself."""
    client_auth: Literal["optional", "required"] = "optional"
    client_crl: tuple[str, ...] = ()
    """CRL files (PEM or DER); with any, each authority needs a fresh one."""
    client_header: Literal["client-cert", "x-forwarded-client-cert"] | None = None
    """Header in which trusted proxies say the certificate that their own caller showed."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class Database(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where records are kept. `owner_url` is for migrations only; serving as the owner is refused on PostgreSQL."""

    url: str = "sqlite:///gateway.db"
    owner_url: str | None = None
    accept_lossy_failover: bool = False
    """Whether to serve from a PostgreSQL whose commits wait for none of its standbys."""


class Keys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the signing key and the data keys are kept: apart from the database and its backups."""

    directory: str = "keys"
    node: str | None = None
    """The name of this node among those that share the directory."""
    data_keys: str | None = None
    """A PostgreSQL of their own for the data keys, shared by nodes on several machines; by default a file here."""
    pkcs11_module: str | None = None
    """The PKCS#11 library of a token that the signing keys are made and used on."""
    pkcs11_token: str | None = None
    """The token's label."""
    pkcs11_pin: str | None = None
    """A reference to its user PIN."""
    protection: Literal["passphrase", "provider"] | None = None
    """How the root key must be wrapped; one that is not is refused, so that none in the clear is put in its place."""
    passphrase: str | None = None
    """Where the passphrase is that wraps the root key."""
    provider: str | None = None
    """The operator's program that wraps the root key."""
    provider_environment: tuple[str, ...] = ()
    """Variables of the environment that it is given."""
    provider_timeout_s: float = 10.0


class LedgerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    origin: str | None = None
    """Host part of the checkpoint's origin (`<host>/ledger/<random id>`); default `gateway.internal`."""
    checkpoint_interval_s: float = 60.0
    witness_quorum: int | None = None
    """How many of the `[[witness]]` must have cosigned a checkpoint for it to count as witnessed; without it all."""
    require_witnesses: bool = False
    """Whether a start is refused where no witness answers."""
    profile: Literal["production"] | None = None
    """With `production` nothing is served without a witness elsewhere and signing keys outside of the host's files."""
    max_uncovered_s: float | None = None
    """How old a record may become that no checkpoint covers before no new exchange is taken; without it traffic goes on
    without checkpoints."""
    public_hashes: tuple[str, ...] = ()
    """Tenants whose checkpoints and hashes anyone may fetch; what is in the records stays theirs."""


def check_keys(keys: Keys, database: Database) -> None:
    """A node that has a name is called by it in the name of a file; data keys are apart from the records.
    References are looked at again once it is known what they stand for."""
    if keys.node is not None and not ID.fullmatch(keys.node):
        raise ConfigurationError("keys.node must be of lower-case letters, digits and . _ -")
    token = (keys.pkcs11_module, keys.pkcs11_token, keys.pkcs11_pin)
    if any(token) and not all(token):
        raise ConfigurationError("keys.pkcs11_module, keys.pkcs11_token and keys.pkcs11_pin go together")
    if keys.pkcs11_pin is not None and not keys.pkcs11_pin.startswith(("env:", "file:")):
        raise ConfigurationError("keys.pkcs11_pin must be a reference, env:NAME or file:PATH, never a value")
    check_protection(keys)
    if keys.data_keys is None:
        return
    if not keys.data_keys.startswith(("postgresql://", "postgres://", "env:", "file:")):
        raise ConfigurationError("keys.data_keys must start with postgresql://, or refer to such a URL: env: or file:")
    if any(same_database(keys.data_keys, url) for url in (database.url, database.owner_url) if url is not None):
        raise ConfigurationError("keys.data_keys must name another database than the records': keys are kept apart")


def check_protection(keys: Keys) -> None:
    """What opens the root key is named where it must be wrapped, and nothing secret stands here."""
    if keys.passphrase is not None:
        check_passphrase("keys.passphrase", keys.passphrase)
    if keys.protection == "passphrase" and keys.passphrase is None:
        raise ConfigurationError("keys.passphrase must say where the passphrase is that keys.protection wants")
    if keys.protection == "provider" and keys.provider is None:
        raise ConfigurationError("keys.provider must name the program that keys.protection wants")
    if not all(_VARIABLE.fullmatch(name) for name in keys.provider_environment):
        raise ConfigurationError("keys.provider_environment must be names of variables, without values")
    check_between("keys.provider_timeout_s", keys.provider_timeout_s, 1.0, 60.0)


def check_passphrase(place: str, reference: str) -> None:
    """Where a passphrase is, never the passphrase."""
    if not _PASSPHRASE.fullmatch(reference):
        raise ConfigurationError(
            f"{place} must say where the passphrase is, never what it is: env:NAME, file:PATH, fd:NUMBER, "
            "credential:NAME or prompt"
        )


def same_database(one: str, other: str) -> bool:
    """Whether two URLs, or two references to one, name the same database in the same words. What two names of one host
    would hide is found when it is connected to."""
    return one == other or (_place(one) is not None and _place(one) == _place(other))


def _place(url: str) -> tuple[str, int, str] | None:
    """Host, port and database of a PostgreSQL URL; None for anything else."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("postgresql", "postgres"):
        return None
    more = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host = parts.hostname or more.get("host", "localhost")
    name = unquote(parts.path.lstrip("/")) or more.get("dbname", "")
    return host.lower(), port or 5432, name


def check_reachable(server: Server) -> None:
    """Where callers and their pages come in. What the gateway cannot keep is refused."""
    if server.workers != 1:
        raise ConfigurationError("server.workers must be 1: for more, run more nodes on one PostgreSQL")
    if server.public_url is not None:
        check_address("server.public_url", server.public_url)
    for index, origin in enumerate(server.allowed_origins):
        if not _ORIGIN.fullmatch(origin):
            raise ConfigurationError(f"server.allowed_origins[{index}] must be scheme://host[:port], in lower case")
    if (server.tls_certificate is None) != (server.tls_key is None):
        raise ConfigurationError("server.tls_certificate and server.tls_key go together")


def check_clients(server: Server, *, certificates: bool) -> None:
    """How callers' certificates come to be known. What could not be enforced is refused, not passed over.
    `certificates`: whether there are any that stand for somebody."""
    for index, proxy in enumerate(server.trusted_proxies):
        try:
            ip_network(proxy)
        except ValueError as error:
            raise ConfigurationError(
                f"server.trusted_proxies[{index}] must be an address or a network, such as 10.0.0.5 or fd00:1::/64"
            ) from error
    if server.client_ca is None and (
        server.client_crl or server.client_header or certificates or server.client_auth == "required"
    ):
        raise ConfigurationError(
            "server.client_ca is needed for client_auth, client_crl, client_header and [[certificate]]"
        )
    if server.client_ca is not None and server.tls_certificate is None and server.client_header is None:
        raise ConfigurationError("server.client_ca needs tls_certificate, or client_header where a proxy ends TLS")
    if server.client_header is not None and not server.trusted_proxies:
        raise ConfigurationError("server.client_header needs trusted_proxies: from nobody else it is believed")
