"""Names in a client certificate, and the patterns of `[[certificate]] match` that they are held against.

A pattern's `*` stands for one segment and never for what ends one, so that nobody can write a longer name that fits:
`uri:` up to the next `/`, `dns:` one label, `email:` the part before the `@`, `subject:` one value of a distinguished
name without any character that RFC 4514 §2.4 would escape. What decides who may give out names has no `*`: the host of
a URI, the domain of an address, the last label of a DNS name.
"""

import re

import msgspec
from cryptography import x509

from gateway.core.errors import ConfigurationError
from gateway.core.refusal import Refusal

MAX_NAMES = 64
_SEGMENT = {"uri": r"[^/?#%]+", "dns": r"[a-z0-9_-]+", "email": r"[^@]+", "subject": r'[^,+\\="#;<>]+'}
_FORM = {
    "uri": re.compile(r"[a-z][a-z0-9+.-]*://[^/*?#\s]+(/[^?#\s]*)?|urn:[^*?#\s]+"),
    "dns": re.compile(r"([a-z0-9_*-]+\.)+[a-z0-9_-]+"),
    "email": re.compile(r"[^@\s]+@[^@*\s]+"),
    "subject": re.compile(r"(?=.*=[^,*]+(,|$)).+"),
}
_PLAIN = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,256}")


class Pattern(msgspec.Struct, frozen=True):
    """One `match`: the kind of name, and what it must look like."""

    kind: str
    expression: re.Pattern[str]

    @classmethod
    def parse(cls, text: str, place: str) -> "Pattern":
        """From `kind:name`; `ConfigurationError` names the place and what would be right."""
        kind, _, name = text.partition(":")
        if kind not in _FORM:
            raise ConfigurationError(f"{place} must begin with {', '.join(f'{known}:' for known in _FORM)}")
        if not _FORM[kind].fullmatch(name) or "**" in name:
            raise ConfigurationError(
                f"{place} must be a whole name after {kind}:, with * for single segments, and none where it says who "
                "gives names out (host of a URI, domain of an address, last label of a DNS name)"
            )
        return cls(kind, re.compile(_SEGMENT[kind].join(map(re.escape, name.split("*")))))

    def fits(self, name: str) -> bool:
        return self.expression.fullmatch(name) is not None


def names_of(certificate: x509.Certificate) -> dict[str, tuple[str, ...]] | Refusal:
    """The names that are in a certificate, by kind. DNS names in lower case (RFC 4343); the rest as written.

    `credential_invalid` for more than one URI (X.509-SVID §2), too many names, or control characters in one.
    `ValueError` and its like for names that cannot be read.
    """
    found: dict[str, tuple[str, ...]] = {}
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = x509.SubjectAlternativeName([])
    found["uri"] = tuple(names.get_values_for_type(x509.UniformResourceIdentifier))
    found["dns"] = tuple(name.lower() for name in names.get_values_for_type(x509.DNSName))
    found["email"] = tuple(names.get_values_for_type(x509.RFC822Name))
    found["subject"] = (certificate.subject.rfc4514_string(),) if list(certificate.subject) else ()
    every = [name for kind in found.values() for name in kind]
    if len(found["uri"]) > 1 or len(every) > MAX_NAMES or not all(map(_PLAIN.fullmatch, every)):
        return Refusal(
            code="credential_invalid",
            field="certificate",
            hint=f"a certificate with one URI at most, and at most {MAX_NAMES} names of 1 to 256 printable characters",
        )
    return found
