"""Client certificates: from what a TLS connection, or a trusted proxy, says was shown to an identity.

Whoever ended TLS has verified the chain and that the caller holds the key. Here the certificate is verified again, as
strictly, at each request, since connections outlive both certificates and revocations: it was issued directly by an
authority of the bundle (each is trusted for itself, so a bundle pins), it is within its time, it may be used by a
client (RFC 5280 §4.2), and no fresh CRL (§5, §6.3) names it. Then a `[[certificate]]` says whom it stands for.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import MD5, SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.checks.identity.claims import UNKNOWN_ZONE
from gateway.checks.identity.names import Pattern, names_of
from gateway.core.caller import Identity
from gateway.core.errors import ConfigurationError
from gateway.core.ports import Clock, Trust, TrustSource
from gateway.core.recent import Recent
from gateway.core.refusal import Refusal
from gateway.settings import Certificate

Extension = TypeVar("Extension", bound=x509.ExtensionType)
FIELD = "certificate"
"""What a refusal names: the certificate may have come in the handshake or in a header."""
MAX_DER = 16 * 1024
_CLIENT = frozenset({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})
_UNDERSTOOD = frozenset(
    {
        x509.BasicConstraints.oid,
        x509.KeyUsage.oid,
        x509.ExtendedKeyUsage.oid,
        x509.SubjectAlternativeName.oid,
        x509.CertificatePolicies.oid,
    }
)
"""Extensions that may be critical in a client's certificate: those that are looked at, here or where TLS ended."""
_BROKEN = (
    *(ValueError, TypeError, UnsupportedAlgorithm),
    *(x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType),
)
"""What `cryptography` raises for what it cannot read or will not use."""


class _Known(msgspec.Struct, frozen=True):
    """What a certificate was found to be, from `begins_us` to before `ends_us`, under one trust."""

    trust: Trust
    found: Identity | Refusal
    begins_us: int
    ends_us: int


class Authority:
    """One certificate of the bundle, taken apart."""

    def __init__(self, der: bytes) -> None:
        """`ValueError` and its like for what is no certificate."""
        self.certificate = x509.load_der_x509_certificate(der)
        self.pin = pin_of(self.certificate)
        self.span = _span(self.certificate.not_valid_before_utc, self.certificate.not_valid_after_utc)
        self.crl: x509.CertificateRevocationList | None = None
        self.crl_span = (0, 0)

    def issued(self, certificate: x509.Certificate) -> bool:
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (InvalidSignature, *_BROKEN):
            return False
        return True

    def listed(self, lists: Sequence[x509.CertificateRevocationList]) -> None:
        """Take the newest list of this authority's own, if there is one."""
        for found in lists:
            if found.issuer != self.certificate.subject or found.next_update_utc is None:
                continue
            span = _span(found.last_update_utc, found.next_update_utc)
            if (self.crl is None or span > self.crl_span) and _signs(self.certificate, found):
                self.crl, self.crl_span = found, span


class Certificates:
    """Identifies callers by client certificate. `known_roles`, where given, must hold every role that one may give.

    `ConfigurationError` for a table or an authority that must not be served with.
    """

    def __init__(
        self,
        tables: tuple[Certificate, ...],
        source: TrustSource,
        clock: Clock,
        known_roles: frozenset[str] | None = None,
    ) -> None:
        self._source, self._clock = source, clock
        self._known: Recent[bytes, _Known] = Recent(1024)
        self._tables = tuple((table, Pattern.parse(table.match, f"certificate[{i}].match")) for i, table in _of(tables))
        self._trust: Trust | None = None
        self._authorities: tuple[Authority, ...] = ()
        _check_tables(tables, self._take(source.trust()), known_roles)

    def identify(self, der: bytes) -> Identity | Refusal:
        """Whom this certificate stands for; `certificate_unknown` for a good one that stands for nobody. A refusal
        names a tenant where an authority has issued it for a caller of that one.

        Not checked here: that the caller holds its key.
        """
        trust, now = self._source.trust(), self._clock.now_us()
        known = self._known.get(der)
        if known is not None and known.trust is trust and known.begins_us <= now < known.ends_us:
            return known.found
        try:
            return self._verified(der, trust, now)
        except _BROKEN:
            return _invalid("an X.509 certificate in DER (RFC 5280)")

    def stale(self) -> int:
        """How many authorities have no list that may be relied on now, where each needs one."""
        trust, now = self._source.trust(), self._clock.now_us()
        return sum(not fresh(authority, now) for authority in self._take(trust)) if trust.revocation else 0

    def _verified(self, der: bytes, trust: Trust, now: int) -> Identity | Refusal:
        if len(der) > MAX_DER:
            return _invalid(f"a certificate of at most {MAX_DER} bytes")
        # 1. One of the authorities itself issued it, and still may.
        certificate = x509.load_der_x509_certificate(der)
        authority = next((one for one in self._take(trust) if one.issued(certificate)), None)
        if authority is None:
            return _invalid("a certificate issued by an authority of server.client_ca itself")
        # 2. Its kind and its time.
        span = _span(certificate.not_valid_before_utc, certificate.not_valid_after_utc)
        begins, ends = max(span[0], authority.span[0]), min(span[1], authority.span[1])
        wrong = _unfit(certificate)
        if wrong is not None:
            return wrong
        wrong = _untimely(begins, ends, now)
        if wrong is not None:
            return wrong.of(self._vouched(certificate, authority, now))
        # 3. It is not revoked, as far as a list says that is fresh.
        if trust.revocation:
            revoked = _revoked(certificate, authority, now)
            if revoked is not None:
                return revoked.of(self._vouched(certificate, authority, now))
            begins, ends = max(begins, authority.crl_span[0]), min(ends, authority.crl_span[1])
        # 4. Whom it stands for. Only what holds is remembered, so that a flood of bad ones pushes nothing out.
        found = self._named(certificate, authority, der)
        if isinstance(found, Identity) or found.code == "certificate_unknown":
            self._known.put(der, _Known(trust, found, begins, ends))
        return found

    def _named(self, certificate: x509.Certificate, authority: Authority, der: bytes) -> Identity | Refusal:
        """The first table that one of the certificate's names fits, and whose authority issued it."""
        names = names_of(certificate)
        if isinstance(names, Refusal):
            return names
        for table, pattern in self._tables:
            if table.authorities and authority.pin not in table.authorities:
                continue
            fitting = [name for name in names.get(pattern.kind, ()) if pattern.fits(name)]
            if len(fitting) > 1 and table.subject is None:
                return _overreach("a certificate in which one name alone fits its table").of(table.tenant)
            if fitting:
                return _identity(table, table.subject or fitting[0], hashlib.sha256(der).hexdigest())
        return Refusal(code="certificate_unknown", field=FIELD)

    def _vouched(self, certificate: x509.Certificate, authority: Authority, now: int) -> str | None:
        """The tenant of whom a certificate names that does not hold, or not any more; None where it names nobody, or
        its authority itself is out of its time."""
        try:
            return self._named(certificate, authority, b"").tenant if _within(authority.span, now) else None
        except _BROKEN:
            return None

    def _take(self, trust: Trust) -> tuple[Authority, ...]:
        """The authorities of a trust with their lists, taken apart once."""
        if trust is not self._trust:
            authorities = tuple(Authority(der) for der in trust.authorities)
            lists = [found for found in map(_crl, trust.lists or ()) if found is not None]
            for authority in authorities:
                authority.listed(lists)
            self._trust, self._authorities = trust, authorities
        return self._authorities


def pin_of(certificate: x509.Certificate) -> str:
    """`sha256:` and the hash of its SubjectPublicKeyInfo (RFC 7469 §2.4)."""
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"sha256:{hashlib.sha256(key).hexdigest()}"


def may_issue(certificate: x509.Certificate) -> bool:
    """Whether it is one of an authority: a CA that may sign certificates (RFC 5280 §4.2.1.9, §4.2.1.3)."""
    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    return constraints is not None and constraints.ca and (usage is None or usage.key_cert_sign)


def fresh(authority: Authority, now_us: int) -> bool:
    """Whether the authority's list may be relied on now (RFC 5280 §5.1.2.4, §5.1.2.5)."""
    return authority.crl is not None and _within(authority.crl_span, now_us)


def _of(tables: tuple[Certificate, ...]) -> list[tuple[int, Certificate]]:
    return list(enumerate(tables))


def _check_tables(
    tables: tuple[Certificate, ...], authorities: tuple[Authority, ...], known_roles: frozenset[str] | None
) -> None:
    for authority in authorities:
        if not may_issue(authority.certificate):
            raise ConfigurationError("server.client_ca must hold certificates of authorities that may issue others")
    pins = {authority.pin for authority in authorities}
    for index, table in enumerate(tables):
        if not table.authorities and len(pins) > 1:
            raise ConfigurationError(
                f"certificate[{index}].authorities is needed where server.client_ca holds several: any of them could "
                "issue this name"
            )
        if not set(table.authorities) <= pins:
            raise ConfigurationError(
                f"certificate[{index}].authorities must be pins of certificates in server.client_ca"
            )
        if known_roles is not None and not set(table.roles) <= known_roles:
            raise ConfigurationError(f"certificate[{index}].roles must be roles that the policy knows")


def _identity(table: Certificate, subject: str, fingerprint: str) -> Identity:
    return Identity(
        tenant=table.tenant,
        subject=subject,
        kind=table.kind,
        roles=table.roles,
        zone=table.zone or UNKNOWN_ZONE,
        purposes=table.purposes,
        method="mtls",
        credential=f"x509:sha256:{fingerprint}",
        floor=table.floor,
    )


def _unfit(certificate: x509.Certificate) -> Refusal | None:
    """Why it is none of a client's."""
    if isinstance(certificate.signature_hash_algorithm, (MD5, SHA1)):
        return _invalid("a certificate signed with SHA-256 or better")
    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    if (constraints is not None and constraints.ca) or (usage is not None and not usage.digital_signature):
        return _invalid("a certificate of a client, not of an authority, whose key may sign")
    purposes = _extension(certificate, x509.ExtendedKeyUsage)
    if purposes is not None and not _CLIENT & set(purposes):
        return _invalid("a certificate for client authentication")
    if any(one.critical and one.oid not in _UNDERSTOOD for one in certificate.extensions):
        return _invalid("a certificate without other critical extensions")
    return None


def _untimely(begins: int, ends: int, now: int) -> Refusal | None:
    if now >= ends:
        return Refusal(code="credential_expired", field=FIELD)
    return Refusal(code="credential_not_yet_valid", field=FIELD) if now < begins else None


def _revoked(certificate: x509.Certificate, authority: Authority, now: int) -> Refusal | None:
    if authority.crl is None or not fresh(authority, now):
        return Refusal(code="certificate_unverifiable", field=FIELD, retry_after=10)
    entry = authority.crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    return None if entry is None else Refusal(code="credential_revoked", field=FIELD)


def _within(span: tuple[int, int], now: int) -> bool:
    return span[0] <= now < span[1]


def _crl(der: bytes) -> x509.CertificateRevocationList | None:
    """None for what is no list, or one that is not about all of its issuer's certificates (RFC 5280 §5.2.4, §5.2.5)."""
    try:
        found = x509.load_der_x509_crl(der)
        partial = any(extension.critical for extension in found.extensions)
    except _BROKEN:
        return None
    return None if partial else found


def _signs(authority: x509.Certificate, found: x509.CertificateRevocationList) -> bool:
    usage = _extension(authority, x509.KeyUsage)
    if usage is not None and not usage.crl_sign:
        return False
    try:
        return found.is_signature_valid(authority.public_key())  # type: ignore[arg-type]  # other kinds raise TypeError
    except _BROKEN:
        return False


def _extension(certificate: x509.Certificate, kind: type[Extension]) -> Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _span(begins: datetime, ends: datetime) -> tuple[int, int]:
    """Microseconds since the epoch; the end is exclusive, a second after the last one that holds (§4.1.2.5)."""
    return int(begins.timestamp()) * 1_000_000, (int(ends.timestamp()) + 1) * 1_000_000


def _invalid(hint: str) -> Refusal:
    return Refusal(code="credential_invalid", field=FIELD, hint=hint)


def _overreach(hint: str) -> Refusal:
    return Refusal(code="credential_overreach", field=FIELD, hint=hint)
