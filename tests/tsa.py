"""A time-stamping authority for tests: certificates and replies that are the same each time, made here piece by piece
so that each piece can be wrong; and a real one, around `openssl ts -reply`."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from gateway.ledger import der
from tests.system.site import served

AT = datetime(2027, 1, 15, 8, 30, tzinfo=UTC)
AT_US = int(AT.timestamp()) * 1_000_000
POLICY, OTHER_POLICY = "1.2.3.4.1", "1.2.3.4.5"
SINCE, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
SHA256, SHA1 = "2.16.840.1.101.3.4.2.1", "1.3.14.3.2.26"
_SIGNING = "1.2.840.113549.1.9.16.2.47"
_USES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
_MORE_USES = ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


class Holder(msgspec.Struct, frozen=True):
    """A private key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


def _key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(sha256(name.encode()).digest()) >> 1, ec.SECP256R1())


def _uses(*names: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{one: one in names for one in (*_USES, *_MORE_USES)})


@cache
def holder(
    name: str,
    by: Holder | None = None,
    *,
    usage: tuple[ObjectIdentifier, ...] = (ExtendedKeyUsageOID.TIME_STAMPING,),
    critical: bool = True,
    uses: tuple[str, ...] = ("digital_signature",),
    since: datetime = SINCE,
    until: datetime = UNTIL,
    key: str = "",
) -> Holder:
    """One of this name: an authority without `by`, or with no `usage`; else who signs time-stamps under it."""
    mine = _key(key or name)
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    authority = by is None or not usage
    signer = mine if by is None else by.key
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called if by is None else by.certificate.subject)
        .public_key(mine.public_key())
        .serial_number(int.from_bytes(sha256(f"{name} {since} {usage}".encode()).digest()[:8]) >> 1)
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(_uses("key_cert_sign", "crl_sign") if authority else _uses(*uses), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(mine.public_key()), critical=False)
    )
    if by is not None:
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key())
        made = made.add_extension(above, critical=False)
    if not authority:
        made = made.add_extension(x509.ExtendedKeyUsage(list(usage)), critical=critical)
    return Holder(mine, made.sign(signer, hashes.SHA256(), ecdsa_deterministic=True))


CA = holder("Time-stamps of the tests")
TSA = holder("A clock of the tests", CA)
OTHER_CA = holder("Somebody else's time-stamps")
OTHER_TSA = holder("A clock of the tests", OTHER_CA, key="another clock")


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply is made of; each may be what it must not be."""

    signer: Holder = TSA
    at: bytes = b"20270115083000Z"
    policy: str = POLICY
    nonce: int | None = None
    status: int = 0
    version: int = 1
    digest: str = SHA256
    serial: int = 7
    accuracy: bytes | None = der.encode_number(1)
    signing: Callable[[bytes], bytes] = lambda certificate: sha256(certificate).digest()
    """The digest of the certificate that is signed with, as it is told."""
    certificates: Callable[[list[bytes]], list[bytes]] = sorted
    more: tuple[Holder, ...] = ()
    """Whose certificates are in it besides."""
    key: Holder | None = None
    """Whose key signs, where that is another's than the certificate's."""
    content: Callable[[bytes], bytes] = lambda info: info
    """What is put in the place of what was signed."""


def _algorithm(oid: str) -> bytes:
    return der.encode(der.SEQUENCE, der.encode_dotted(oid))


def _attribute(oid: str, value: bytes) -> bytes:
    return der.encode(der.SEQUENCE, der.encode_dotted(oid), der.encode(der.SET, value))


def reply(message: bytes, parts: Parts | None = None, **changed: Any) -> bytes:
    """A reply to who asks for a stamp of this message."""
    one = msgspec.structs.replace(parts or Parts(), **changed)
    if one.status not in (0, 1):
        return der.encode(der.SEQUENCE, der.encode(der.SEQUENCE, der.encode_number(one.status)))
    imprint = der.encode(der.SEQUENCE, _algorithm(one.digest), der.encode(der.OCTETS, sha256(message).digest()))
    info = der.encode(
        der.SEQUENCE,
        *(der.encode_number(one.version), der.encode_dotted(one.policy), imprint, der.encode_number(one.serial)),
        der.encode(der.TIME, one.at),
        *(() if one.accuracy is None else (der.encode(der.SEQUENCE, one.accuracy),)),
        *(() if one.nonce is None else (der.encode_number(one.nonce),)),
    )
    certificate = one.signer.der
    named = der.encode(der.SEQUENCE, der.encode(der.OCTETS, one.signing(certificate)))
    attributes = sorted(
        (
            _attribute("1.2.840.113549.1.9.3", der.encode_dotted("1.2.840.113549.1.9.16.1.4")),
            _attribute("1.2.840.113549.1.9.4", der.encode(der.OCTETS, sha256(info).digest())),
            _attribute(_SIGNING, der.encode(der.SEQUENCE, der.encode(der.SEQUENCE, named))),
        )
    )
    signature = (one.key or one.signer).key.sign(
        der.encode(der.SET, *attributes), ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    )
    who = one.signer.certificate
    signer = der.encode(
        der.SEQUENCE,
        der.encode_number(1),
        der.encode(der.SEQUENCE, who.issuer.public_bytes(), der.encode_number(who.serial_number)),
        _algorithm(SHA256),
        der.encode(der.context(0), *attributes),
        _algorithm("1.2.840.10045.4.3.2"),
        der.encode(der.OCTETS, signature),
    )
    octets = der.encode(der.OCTETS, one.content(info))
    signed = der.encode(
        der.SEQUENCE,
        der.encode_number(3),
        der.encode(der.SET, _algorithm(SHA256)),
        der.encode(der.SEQUENCE, der.encode_dotted("1.2.840.113549.1.9.16.1.4"), der.encode(der.context(0), octets)),
        der.encode(der.context(0), *one.certificates([certificate, *(each.der for each in one.more)])),
        der.encode(der.SET, signer),
    )
    token = der.encode(der.SEQUENCE, der.encode_dotted("1.2.840.113549.1.7.2"), der.encode(der.context(0), signed))
    return der.encode(der.SEQUENCE, der.encode(der.SEQUENCE, der.encode_number(one.status)), token)


def asked(query: bytes) -> tuple[bytes, int, str]:
    """The digest and the number of a query, and the policy that it asks for, or the usual one."""
    inside = der.Reader(query).into(der.SEQUENCE)
    inside.take(der.INTEGER)
    imprint = inside.into(der.SEQUENCE)
    imprint.take(der.SEQUENCE)
    policy = inside.maybe(der.OID)
    return imprint.take(der.OCTETS), der.number(inside.take(der.INTEGER)), der.dotted(policy) if policy else POLICY


def wrong_holders() -> dict[str, Holder]:
    """Who may not sign time-stamps, by what is wrong with their certificates."""
    stamps, others = ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CLIENT_AUTH
    past, next_year = datetime(2026, 1, 1, tzinfo=UTC), AT + timedelta(days=365)
    return {
        "usage-not-critical": holder("not critical", CA, critical=False),
        "usage-of-more": holder("of more", CA, usage=(stamps, others)),
        "usage-of-else": holder("of else", CA, usage=(others,)),
        "key-for-more": holder("for more", CA, uses=("digital_signature", "key_encipherment")),
        "over-before": holder("over", CA, until=past),
        "not-yet": holder("not yet", CA, since=next_year),
    }


TWICE = Holder(
    TSA.key,
    x509.load_der_x509_certificate(TSA.der.replace(bytes.fromhex("0603551d0e"), bytes.fromhex("0603551d23"))),
)
"""Its certificate has an extension twice, which shows only when they are read."""
NEWER = TSA.der.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020109"))
"""A certificate of a version that there is none of."""

_CONFIG = f"""
[tsa]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = {POLICY}
other_policies = {OTHER_POLICY}
digests = sha256
accuracy = secs:1
tsa_name = yes
ess_cert_id_alg = sha256
"""


class Responder:
    """A time-stamping authority over HTTP, which is `openssl ts -reply`; unless it lies, or is to be waited for."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self._directory, self.url = directory, ""
        self.queries: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.lie: Callable[[bytes], tuple[int, bytes]] | None = None
        """Status and body that it answers to a query with instead."""
        self.held: asyncio.Event | None = None
        """What it waits for before it answers, once a query has come."""
        self.came = asyncio.Event()
        self.authorities = directory / "ca.pem"
        files = {"serial": b"01\n", "tsa.cnf": _CONFIG.encode(), "tsa.key": TSA.key_pem, "ca.pem": CA.pem}
        for name, content in {**files, "tsa.pem": TSA.pem}.items():
            (directory / name).write_bytes(content)

    @property
    def table(self) -> dict[str, Any]:
        """Its table of the configuration."""
        return {"id": "clock", "url": self.url, "authorities": str(self.authorities), "timeout_s": 30.0}

    def stamp(self, query: bytes) -> bytes:
        """What OpenSSL answers to a query."""
        (self._directory / "query.tsq").write_bytes(query)
        command = "openssl ts -reply -queryfile query.tsq -config tsa.cnf -section tsa -out reply.tsr"
        subprocess.run(command.split(), cwd=self._directory, check=True, capture_output=True)
        return (self._directory / "reply.tsr").read_bytes()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        query = message["body"]
        while message["more_body"]:
            message = await receive()
            query += message["body"]
        self.queries.append(query)
        self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        self.came.set()
        if self.held is not None:
            await self.held.wait()
        status, body = (200, self.stamp(query)) if self.lie is None else self.lie(query)
        kind = (b"content-type", b"application/timestamp-reply")
        await send({"type": "http.response.start", "status": status, "headers": [kind]})
        await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def a_tsa(directory: Path) -> AsyncIterator[Responder]:
    responder = Responder(directory / "tsa")
    async with served(responder) as responder.url:
        yield responder
