"""Whom a message is about by what it says itself: strong identifiers that classification found lead to pseudonyms.

An identifier goes from the text into an HMAC under the tenant's search key and nowhere else. One that is known (because
a person has linked it to a subject, or an earlier message held it) is that subject's; any other is a subject of its
own, found by this identifier. That two stand in one message never says that they are one person's: the record is then
about both, and whether they are one a person says (`subjects merge`).
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Protocol

from gateway.checks.classification.normalise import INVISIBLE, normalise, undo_escapes
from gateway.checks.classification.readings import reread
from gateway.core.finding import Scan
from gateway.core.message import Part

LINKED: dict[str, dict[str, str]] = {
    "mrn": {"mrn": "mrn"},
    "plan-id": {"health-plan-id": "plan-id", "mbi": "plan-id"},
    "email": {"email": "email"},
    "national-id": {
        name: name
        for name in (
            *("us-ssn", "us-itin", "uk-nhs", "uk-nino", "de-idnr", "fr-nir", "es-dni", "es-nie", "it-codice-fiscale"),
            *("nl-bsn", "pl-pesel", "se-personnummer", "ca-sin", "au-tfn", "in-aadhaar", "br-cpf"),
            *("in-pan", "in-epic", "in-vid", "uk-utr", "uk-upn", "us-ptin", "us-atin", "fr-spi", "ca-phn"),
            *(
                "pl-nip",
                "nl-onderwijsnummer",
                "de-stnr",
                "de-svnr",
                "be-rijksregister",
                "at-svnr",
                "at-stnr",
                "ch-ahv",
                "pt-nif",
            ),
            *("dk-cpr", "no-fodselsnummer", "fi-hetu", "ie-pps", "nz-ird", "ee-isikukood"),
        )
    },
}
"""What `[subjects] link` may name → finding type → the kind of identifier that it is. National numbers are each a kind
of their own: the same digits are two persons' in two countries."""
MAX_LINKED = 64
"""Identifiers of one message that are linked at most, the first in its order."""
MAX_SUBJECTS = 96
"""Data subjects of one exchange beyond which no more are linked, those that the caller names counted."""
_ENCODED = "encoded:"
"""What the reason of a finding begins with whose text is not the identifier itself (`classification.readings`)."""
_WRITTEN = re.compile(rf"[\\<>&*`~{INVISIBLE}]|%[0-9a-f]{{2}}")
"""What no identifier has, and who writes one otherwise puts into it: escapes, tags, Markdown, what nobody sees. `__`
may be of an address."""
_LEVELS = 3
_NUMBER = re.compile(r"(?=(?:[a-z]*[0-9]){3})[a-z0-9]{4,64}")
_ADDRESS = re.compile(r"[^\s@]{1,64}@[^\s@]{1,180}")


class Pseudonyms(Protocol):
    """See `store.directory.Directory.subjects`."""

    async def subjects(self, ledger: str, identifiers: Sequence[tuple[str, str]]) -> tuple[str, ...]: ...


class Linking:
    """Links what is configured. `kinds`: keys of `LINKED`."""

    def __init__(self, pseudonyms: Pseudonyms, kinds: Iterable[str]) -> None:
        self._pseudonyms = pseudonyms
        self._kinds = {finding: kind for name in kinds for finding, kind in LINKED[name].items()}

    def identifiers(self, parts: Sequence[Part], scan: Scan) -> list[tuple[str, str]]:
        """Kind and identifier of what was found, each once, in the order of the message; at most `MAX_LINKED` and one
        more, by which it is seen that there are more."""
        found: dict[tuple[str, str], None] = {}
        for part, findings in zip(parts, scan.parts, strict=True):
            for one in findings:
                kind = self._kinds.get(one.type)
                if kind is None or one.reason.startswith(_ENCODED):
                    continue
                value = _plain(part.text[one.start : one.end])
                form = _ADDRESS if kind == "email" else _NUMBER
                if form.fullmatch(value if kind == "email" else _bare(value)):
                    found[kind, value] = None
                    if len(found) > MAX_LINKED:
                        return list(found)
        return list(found)

    async def about(
        self, ledger: str, parts: Sequence[Part], scan: Scan, named: tuple[str, ...]
    ) -> tuple[tuple[str, ...], bool]:
        """The data subjects of a message: those that are `named` already, then those that it was found to be about; and
        whether some had to be left out. `LedgerUnavailable` where they cannot be looked up."""
        found = self.identifiers(parts, scan)
        if not found:
            return named, False
        subjects = await self._pseudonyms.subjects(ledger, found[:MAX_LINKED])
        every = tuple(dict.fromkeys((*named, *subjects)))
        kept = every[: max(MAX_SUBJECTS, len(named))]
        return kept, len(found) > MAX_LINKED or len(kept) < len(every)


def _plain(text: str) -> str:
    """In the one form of letters and digits, whatever script its digits are of."""
    written = text.casefold()
    normal = unicodedata.normalize("NFKC", _read(written) if _WRITTEN.search(written) else written).strip()
    if normal.isascii():
        return normal
    return "".join(str(unicodedata.digit(one, one)) for one in normal)


def _read(text: str) -> str:
    """As classification has read it, so that a person is the same however the identifier was written."""
    mapped = normalise(text)
    for _ in range(_LEVELS):
        level = undo_escapes(mapped)
        deeper = reread(mapped if level is None else level) or level
        if deeper is None:
            break
        mapped = deeper
    return mapped.text


def _bare(value: str) -> str:
    return "".join(one for one in value if one.isalnum())
