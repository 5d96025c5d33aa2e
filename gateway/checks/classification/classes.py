"""What findings mean for policy: data classes.

An identifier alone is `pii`. An identifier beside a health term, or where the context is clinical, is `phi` as well
(45 CFR 160.103); a medical record number or a health-plan id says so by itself. Quasi-identifiers (dates, places, web
addresses, ages) make no class, but go with the identifiers when `phi` is masked: Safe Harbor, 45 CFR 164.514(b)(2).
Health terms are not masked: de-identified text is what remains.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from gateway.checks.classification.recognizer import entries
from gateway.core.finding import Finding

DECLARED = "x-declared-"
"""A finding of type `x-declared-<class>` is text of which a format's description says its class, and no more."""

_MEDICAL_IDS = frozenset({"mrn", "health-plan-id", "mbi"})
_ACCOUNTS = frozenset({"iban", "bank-account", "account"})
_CARDS = frozenset({"card", "card-expiry", "card-cvv", "x-declared-pci"})
_HEALTH = frozenset({"health-term", "medication", "icd-10"})
QUASI = frozenset({"date", "place", "postal-code", "url", "organization", "title", "age", "bic"})
"""What identifies nobody alone."""
_IDENTIFIERS = (
    _MEDICAL_IDS
    | _ACCOUNTS
    | frozenset(
        entries(
            "person street-address phone email ip mac date-of-birth us-ssn us-itin us-ein us-driver-license "
            "us-passport uk-nhs uk-nino npi dea vin plate device-serial certificate de-idnr fr-nir es-dni "
            "es-nie it-codice-fiscale nl-bsn pl-pesel se-personnummer ca-sin au-tfn in-aadhaar br-cpf x-declared-pii "
            "in-pan in-epic in-vid uk-utr uk-upn us-ptin us-atin fr-spi ca-phn pl-nip nl-onderwijsnummer "
            "de-stnr de-svnr be-rijksregister at-svnr at-stnr ch-ahv pt-nif dk-cpr no-fodselsnummer fi-hetu "
            "ie-pps nz-ird ee-isikukood identity-card"
        )
    )
)
_SECRETS = frozenset(
    entries(
        "secret-aws-key secret-github-token secret-slack-token secret-openai-key secret-anthropic-key "
        "secret-google-key secret-stripe-key secret-jwt secret-private-key secret-connection-string secret-password "
        "secret-api-key secret-gitlab-token secret-package-token secret-huggingface-token secret-sendgrid-key "
        "secret-cloud-token secret-azure-key secret-basic-auth x-declared-secret"
    )
)
_SPECIAL = frozenset(
    entries(
        "special-religion special-orientation special-ethnicity special-union special-politics special-biometric "
        "special-criminal special-health x-declared-special-category"
    )
)

CLASS_TYPES: Mapping[str, frozenset[str]] = {
    "pii": _IDENTIFIERS,
    "phi": _IDENTIFIERS | _CARDS | _HEALTH | {"age", "x-declared-phi"},
    "pci": _CARDS,
    "secret": _SECRETS,
    "special-category": _SPECIAL,
}
"""Data class → the finding types that make it, alone or (`phi`) together."""

_MASKABLE: Mapping[str, frozenset[str]] = {
    "pii": _IDENTIFIERS,
    "phi": _IDENTIFIERS | _CARDS | (QUASI - {"title"}) | {"x-declared-phi"},
    "pci": _CARDS,
    "secret": _SECRETS,
    "special-category": _SPECIAL,
}
"""Data class → what `redact` masks for it. A title says nothing of who bears it, and what remains reads as it did."""
_NOTHING: frozenset[str] = frozenset()
SOMEBODY = ("over-89", "long-ago")
"""What is told of an age that identifies and of a date that may be of a birth: neither makes a class alone, beside a
health term both count as somebody (45 CFR 164.514(b)(2)(i)(C))."""
OWN = "x-"
"""With what the types of an operator's own recognizers begin, and no type that ships."""
Own = Mapping[str, frozenset[str]]
"""Type of an operator's own → the classes that it makes."""
NONE: Own = MappingProxyType({})


def classes_of(findings: Iterable[Finding], health_context: bool = False, own: Own = NONE) -> frozenset[str]:
    """The data classes that the findings of one message show together. Never `public`, never `unscanned`.

    A type of an operator's own counts as text that is declared to be of its classes: one that makes `pii` identifies
    somebody, and makes `phi` beside a health term."""
    types: set[str] = set()
    aged = False
    for finding in findings:
        types.add(finding.type)
        aged = aged or finding.reason.endswith(SOMEBODY)
    if own:
        types.update([DECLARED + name for kind in types & own.keys() for name in own[kind]])
    return _classes(frozenset(types), aged, health_context) if types else _NOTHING


@lru_cache(maxsize=4096)
def _classes(types: frozenset[str], aged: bool, health_context: bool) -> frozenset[str]:
    """As `classes_of`, by types; `aged`: whether one is an age above 89 or a date of long ago. Types are few, and
    the same come again."""
    classes = {name for name in ("pii", "pci", "secret", "special-category") if types & CLASS_TYPES[name]}
    if any(kind.startswith("secret-") for kind in types):
        classes.add("secret")
    if any(kind.startswith("special-") for kind in types):
        classes.add("special-category")
    identified = aged or bool(types & (_IDENTIFIERS | _CARDS))
    if types & _MEDICAL_IDS or (identified and (health_context or types & _HEALTH)):
        classes.add("phi")
    classes.update(kind.removeprefix(DECLARED) for kind in types if kind.startswith(DECLARED))
    return frozenset(classes)


def maskable(data_class: str, own: Own = NONE) -> frozenset[str]:
    """The finding types that `redact` masks for a class; empty for one that has nothing to mask (`unscanned`)."""
    shipped = _MASKABLE.get(data_class, _NOTHING)
    if not own:
        return shipped
    return shipped | {
        kind
        for kind, classes in own.items()
        if data_class in classes or any(DECLARED + name in shipped for name in classes)
    }


def weight(kind: str) -> int:
    """How much a type matters where one span lies inside another: a lighter one inside a heavier one is not told."""
    if kind.startswith("secret-"):
        return 4
    if kind in _CARDS:
        return 3
    if kind in _MEDICAL_IDS:
        return 2
    return 0 if kind in QUASI else 1
