"""Authorities of the tests: certificates, keys and revocation lists made with `cryptography`."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.checks.identity.certificate import pin_of
from gateway.core.ports import Trust

SPIFFE = "spiffe://hospital.example/agents/triage"
CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)
SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)


def distinguished(**names: str) -> x509.Name:
    """`distinguished(O="hospital", CN="triage")`."""
    kinds = {"CN": NameOID.COMMON_NAME, "O": NameOID.ORGANIZATION_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME}
    return x509.Name([x509.NameAttribute(kinds[kind], value) for kind, value in names.items()])


class Issued:
    """A certificate and its key."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate, self.key = certificate, key

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def pin(self) -> str:
        return pin_of(self.certificate)

    def write(self, directory: Path, name: str) -> tuple[str, str]:
        """Certificate and key as PEM files; their paths."""
        directory.mkdir(exist_ok=True)
        certificate, key = directory / f"{name}.pem", directory / f"{name}.key"
        certificate.write_bytes(self.pem)
        key.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return str(certificate), str(key)


class Authority(Issued):
    """Signs itself, and what it is asked to. `now`: when its tests happen."""

    def __init__(self, name: str = "authority", *, now: datetime | None = None, **changes: Any) -> None:
        self.now = now or datetime.now(UTC)
        self.name = distinguished(CN=name)
        key = ec.generate_private_key(ec.SECP256R1())
        self.key = key
        options = {"ca": True, "purposes": (), "signs": True, **changes}
        super().__init__(self.issue(self.name, key=key, **options).certificate, key)

    def issue(
        self,
        subject: x509.Name | None = None,
        *,
        uris: Sequence[str] = (),
        dns: Sequence[str] = (),
        emails: Sequence[str] = (),
        begins: timedelta = timedelta(days=-1),
        ends: timedelta = timedelta(days=1),
        ca: bool | None = False,
        purposes: Sequence[x509.ObjectIdentifier] | None = CLIENT,
        signs: bool = False,
        digital: bool = True,
        critical: x509.ObjectIdentifier | None = None,
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> Issued:
        """A certificate, by default one of a client that is good for a day."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]) if subject is None else subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now + begins)
            .not_valid_after(self.now + ends)
            .add_extension(usage(digital=digital, signs=signs), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        names: list[x509.GeneralName] = [
            *map(x509.UniformResourceIdentifier, uris),
            *map(x509.DNSName, dns),
            *map(x509.RFC822Name, emails),
        ]
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=subject is None)
        if ca is not None:
            builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        if critical is not None:
            builder = builder.add_extension(x509.UnrecognizedExtension(critical, b"\x05\x00"), critical=True)
        return Issued(builder.sign(self.key, SHA256()), key)

    def revoking(
        self,
        *revoked: Issued,
        begins: timedelta = timedelta(hours=-1),
        ends: timedelta = timedelta(hours=1),
        delta: bool = False,
        encoding: Encoding = Encoding.DER,
    ) -> bytes:
        """A revocation list that names these."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.name)
            .last_update(self.now + begins)
            .next_update(self.now + ends)
        )
        for one in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(one.certificate.serial_number)
                .revocation_date(self.now + begins)
                .build()
            )
        if delta:
            builder = builder.add_extension(x509.DeltaCRLIndicator(1), critical=True)
        return builder.sign(self.key, SHA256()).public_bytes(encoding)


class HeldTrust:
    """A `TrustSource` that says what a test puts into it."""

    def __init__(self, *authorities: Authority, lists: tuple[bytes, ...] | None = (), revocation: bool = False) -> None:
        self.held = Trust(
            authorities=tuple(one.der for one in authorities), lists=lists, revocation=revocation or bool(lists)
        )

    def trust(self) -> Trust:
        return self.held


def usage(*, digital: bool, signs: bool) -> x509.KeyUsage:
    """RFC 5280 §4.2.1.3, which Python looks at from 3.13 on, as at the identifiers of keys."""
    return x509.KeyUsage(
        digital_signature=digital,
        content_commitment=False,
        key_encipherment=not digital,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )
