"""Time-stamps of RFC 3161: what an authority is asked, and what its reply says, read strictly.

A time-stamp says that somebody had bytes with this digest at a time that an authority vouches for. Here the bytes are a
checkpoint's signed note, so that every record which the checkpoint covers existed then.

Reading a reply shows what it *says*. That the authority's key has signed it, and whose key that is, is shown by
`gateway.ledger.tsa`, with certificates that came from elsewhere.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256, sha384, sha512

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger import der, tsa
from gateway.ledger.der import Reader

QUERY_TYPE, REPLY_TYPE = "application/timestamp-query", "application/timestamp-reply"
MAX_BYTES = 65_536
"""Of a reply. Those of authorities that serve the public have 1,500 to 7,000."""
_SHA256 = "2.16.840.1.101.3.4.2.1"
_SHA1 = "1.3.14.3.2.26"
# SHA-1 is what RFC 2634 has for the signer's certificate: a collision gives another certificate of the same key.
_DIGESTS = {_SHA1: sha1, _SHA256: sha256, "2.16.840.1.101.3.4.2.2": sha384, "2.16.840.1.101.3.4.2.3": sha512}
_SIGNED_DATA, _TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
_TIME = re.compile(rb"([0-9]{14})(?:\.([0-9]{0,8}[1-9]))?Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply says."""

    imprint: bytes
    """SHA-256 of what was stamped."""
    at_us: int
    """The authority's time, microseconds since the epoch."""
    accuracy_us: int | None
    """How far off it may be, where the reply says so."""
    policy: str
    """The object identifier of the rules that the authority stamped by."""
    serial: int
    nonce: int | None
    by: str
    """The subject of the certificate that is said to have signed (RFC 4514)."""

    def demand_over(self, note: bytes) -> None:
        """`VerificationError` unless it is of exactly these bytes."""
        if sha256(note).digest() != self.imprint:
            raise VerificationError("time-stamp: of something else")


def query(message: bytes, nonce: int, policy: str | None = None) -> bytes:
    """What an authority is asked (§2.4.1): a stamp of the message's SHA-256, with the certificate of who signs it."""
    algorithm = der.encode(der.SEQUENCE, der.encode_dotted(_SHA256), der.encode(der.NULL))
    imprint = der.encode(der.SEQUENCE, algorithm, der.encode(der.OCTETS, sha256(message).digest()))
    wanted = () if policy is None else (der.encode_dotted(policy),)
    certificate = der.encode(der.BOOLEAN, b"\xff")
    return der.encode(der.SEQUENCE, der.encode_number(1), imprint, *wanted, der.encode_number(nonce), certificate)


def granted(reply: bytes) -> bool:
    """Whether the authority says that it has stamped; `FormatError` for what is no reply."""
    outer = Reader(reply)
    status = outer.into(der.SEQUENCE).into(der.SEQUENCE)
    outer.end()
    return der.number(status.take(der.INTEGER)) == 0


def parse(reply: bytes) -> Stamp:
    """What a reply says (§2.4.2); `FormatError` for any that does not stamp, or is not in the one form of DER.

    Besides its form it is looked at that the certificate of who signed is in it, is the one that the signature names
    (RFC 5035), is made for time-stamps and nothing else (RFC 3161 §2.3), and held at the time that is said.
    """
    if len(reply) > MAX_BYTES:
        raise FormatError("a time-stamp must not exceed 65,536 bytes")
    # 1. The reply says that it stamps, without changes to what was asked.
    outer = Reader(reply)
    response = outer.into(der.SEQUENCE)
    outer.end()
    if der.number(response.into(der.SEQUENCE).take(der.INTEGER)) != 0:
        raise FormatError("a time-stamp must be one that was granted")
    token = response.into(der.SEQUENCE)
    response.end()
    # 2. It is signed data of one signer around a TSTInfo (RFC 5652 §5.1).
    if der.dotted(token.take(der.OID)) != _SIGNED_DATA:
        raise FormatError("a time-stamp must be signed data")
    signed = token.into(der.context(0)).into(der.SEQUENCE)
    token.end()
    der.number(signed.take(der.INTEGER))
    signed.take(der.SET)
    info, certificates, signer = _content(signed), _certificates(signed), _signer(signed)
    # 3. What it says, and who is said to have signed it.
    certificate = _named(certificates, signer)
    return _info(info, lambda at_us: tsa.subject(certificate, at_us))


def _content(signed: Reader) -> Reader:
    content = signed.into(der.SEQUENCE)
    if der.dotted(content.take(der.OID)) != _TST_INFO:
        raise FormatError("a time-stamp must be of the kind of RFC 3161")
    octets = content.into(der.context(0))
    content.end()
    outer = octets.into(der.OCTETS)
    octets.end()
    info = outer.into(der.SEQUENCE)
    outer.end()
    return info


def _certificates(signed: Reader) -> list[bytes]:
    inside = signed.maybe(der.context(0))
    signed.maybe(der.context(1))  # revocation lists
    return der.ordered(list(Reader(inside or b"").rest(der.SEQUENCE)))


class _Signer(msgspec.Struct, frozen=True):
    """The certificate that a signature names: by issuer and serial number, and by digests of it."""

    issuer: bytes
    serial: bytes
    digests: tuple[tuple[str, bytes], ...]


def _signer(signed: Reader) -> _Signer:
    signers = signed.into(der.SET)
    signed.end()
    one = signers.into(der.SEQUENCE)
    signers.end()
    der.number(one.take(der.INTEGER))
    name = one.into(der.SEQUENCE)
    issuer, serial = name.whole(der.SEQUENCE), name.take(der.INTEGER)
    name.end()
    one.take(der.SEQUENCE)
    attributes = der.ordered(list(one.into(der.context(0)).rest(der.SEQUENCE)))
    one.take(der.SEQUENCE)
    one.take(der.OCTETS)
    one.maybe(der.context(1))
    one.end()
    digests = tuple(found for attribute in attributes for found in _signing_certificate(attribute))
    if not digests:
        raise FormatError("a time-stamp must say by a digest which certificate it is signed with")
    return _Signer(issuer, serial, digests)


def _signing_certificate(attribute: bytes) -> list[tuple[str, bytes]]:
    """Of a signed attribute that names the signer's certificate: by which hash, and the digest (RFC 5035 §3)."""
    inside = Reader(attribute).into(der.SEQUENCE)
    kind = der.dotted(inside.take(der.OID))
    if kind not in (_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2):
        return []
    first = inside.into(der.SET).into(der.SEQUENCE).into(der.SEQUENCE).into(der.SEQUENCE)
    if kind == _SIGNING_CERTIFICATE:
        return [(_SHA1, first.take(der.OCTETS))]
    algorithm = first.maybe(der.SEQUENCE)
    oid = _SHA256 if algorithm is None else der.dotted(Reader(algorithm).take(der.OID))
    return [(oid, first.take(der.OCTETS))]


def _named(certificates: list[bytes], signer: _Signer) -> bytes:
    """The certificate that the signature names, which must be there."""
    named = [one for one in certificates if _issued(one) == (signer.issuer, signer.serial)]
    if len(named) != 1:
        raise FormatError("a time-stamp must hold the certificate that it is signed with")
    for oid, digest in signer.digests:
        if oid not in _DIGESTS or _DIGESTS[oid](named[0]).digest() != digest:
            raise FormatError("a time-stamp must be signed with the certificate whose digest it says")
    return named[0]


def _issued(certificate: bytes) -> tuple[bytes, bytes]:
    """Issuer and serial number of a certificate (RFC 5280 §4.1)."""
    inside = Reader(certificate).into(der.SEQUENCE).into(der.SEQUENCE)
    inside.maybe(der.context(0))
    serial = inside.take(der.INTEGER)
    inside.take(der.SEQUENCE)
    return inside.whole(der.SEQUENCE), serial


def _info(info: Reader, subject: Callable[[int], str]) -> Stamp:
    """A TSTInfo (RFC 3161 §2.4.2); `subject` says whose it is, of that time."""
    if der.number(info.take(der.INTEGER)) != 1:
        raise FormatError("a time-stamp must be of version 1")
    policy = der.dotted(info.take(der.OID))
    imprint = info.into(der.SEQUENCE)
    algorithm = imprint.into(der.SEQUENCE)
    if der.dotted(algorithm.take(der.OID)) != _SHA256:
        raise FormatError("a time-stamp must be of a SHA-256")
    digest = imprint.take(der.OCTETS)
    imprint.end()
    serial, at_us = der.number(info.take(der.INTEGER)), _time(info.take(der.TIME))
    accuracy = info.maybe(der.SEQUENCE)
    info.maybe(der.BOOLEAN)
    nonce = info.maybe(der.INTEGER)
    for tag in (der.context(0), der.context(1)):  # a name that nobody need believe, and extensions
        info.maybe(tag)
    info.end()
    return Stamp(
        imprint=digest,
        at_us=at_us,
        accuracy_us=None if accuracy is None else _accuracy(Reader(accuracy)),
        policy=policy,
        serial=serial,
        nonce=None if nonce is None else der.number(nonce),
        by=subject(at_us),
    )


def _time(contents: bytes) -> int:
    """A GeneralizedTime in the one form that §2.4.2 lets it have, in microseconds since the epoch; finer ones are cut
    off."""
    found = _TIME.fullmatch(contents)
    if found is None:
        raise FormatError("a time-stamp must be of a time in UTC")
    try:
        seconds = datetime.strptime(found[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC) - _EPOCH
    except ValueError as error:
        raise FormatError("a time-stamp must be of a time that the calendar has") from error
    micros = seconds // timedelta(microseconds=1) + int((found[2] or b"")[:6].ljust(6, b"0"))
    if micros < 0:
        raise FormatError("a time-stamp must be of a time after 1970")
    return micros


def _accuracy(accuracy: Reader) -> int:
    seconds = accuracy.maybe(der.INTEGER)
    parts = [accuracy.maybe(der.context(number, constructed=False)) for number in (0, 1)]
    accuracy.end()
    return sum(
        der.number(part) * unit
        for part, unit in zip((seconds, *parts), (1_000_000, 1_000, 1), strict=True)
        if part is not None
    )
