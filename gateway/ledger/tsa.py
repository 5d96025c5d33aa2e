"""Certificates of time-stamping authorities: whom somebody believes, and who may sign time-stamps."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.core.errors import FormatError

MAX_BYTES = 1 << 20
"""Of a file of authorities."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FOR_STAMPS = "a time-stamp must be signed with a certificate for time-stamps alone, and critically so"
_BROKEN = (
    *(ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound),
    *(x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType),
)
"""What `cryptography` raises for a certificate that it cannot read, or that lacks what is asked for: most of these are
no `ValueError`."""
_ROOTS = "must be PEM certificates of authorities, up to one that has signed itself, and no others"


def roots(pem: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM file of those who are believed: of authorities alone, one of them self-issued at least,
    so that a chain can end here. `FormatError` for any other file."""
    try:
        found = x509.load_pem_x509_certificates(pem) if len(pem) <= MAX_BYTES else []
        authorities = [one for one in found if one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca]
    except _BROKEN as error:
        raise FormatError(_ROOTS) from error
    if len(authorities) < len(found) or not any(one.subject == one.issuer for one in found):
        raise FormatError(_ROOTS)
    return list(dict.fromkeys(found))


def until(certificates: list[x509.Certificate]) -> int:
    """When the first of them ends, microseconds since the epoch."""
    return min((one.not_valid_after_utc - _EPOCH) // timedelta(microseconds=1) for one in certificates)


def subject(certificate: bytes, at_us: int) -> str:
    """Whose certificate (DER) it is, as RFC 4514 writes names.

    `FormatError` for one that is not made for time-stamps and nothing else (RFC 3161 §2.3), by an extension that is
    critical, or whose key is for other than signatures; and for one that did not hold at that time.
    """
    try:
        found = x509.load_der_x509_certificate(certificate)
        usage = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        alone = list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]
        signs = _signs(found)
        since, end = found.not_valid_before_utc, found.not_valid_after_utc
        name = found.subject.rfc4514_string()
    except _BROKEN as error:
        raise FormatError(_FOR_STAMPS) from error
    if not (usage.critical and alone and signs):
        raise FormatError(_FOR_STAMPS)
    if not since <= _EPOCH + timedelta(microseconds=at_us) <= end:
        raise FormatError("a time-stamp must be of a time at which the certificate that it is signed with held")
    return name


def _signs(certificate: x509.Certificate) -> bool:
    """Whether a key is for signatures and nothing else, where its certificate says what it is for."""
    try:
        use = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    others = (use.key_encipherment, use.data_encipherment, use.key_agreement, use.key_cert_sign, use.crl_sign)
    return (use.digital_signature or use.content_commitment) and not any(others)
