"""A short text reads as if the key that it stands under stood before it: in a form or a JSON object, the keyword that
a number needs is its key."""

import re
import unicodedata
from functools import lru_cache

import msgspec

from gateway.core.finding import Finding

_SMALL = r"[^\W\d_A-Z]"
"""A letter of any script, but none of the capitals that begin a word within one (`patientName`)."""
WORD = re.compile(rf"[A-Z]?{_SMALL}+|[A-Z]+(?!{_SMALL})|[0-9]+")
"""The words of a name."""
LONGEST_LABEL = 64
"""Characters of the longest key or name that is read as words."""
WHOLE = "\x1e"
"""Stands before a text that is all a value, blanks and quotes in it or not."""
SECRETS = (
    "password", "passwd", "pwd", "passphrase", "passwort", "kennwort", "wachtwoord", "secret", "secret key", "api key",
)  # fmt: skip
"""With what a name ends of which all is a value."""
_PLAIN = frozenset({"content", "text", "message", "value", "data", "arguments", "description"})
"""Keys that say nothing of what stands under them."""


@lru_cache(maxsize=4096)
def labelled(label: str) -> str:
    """A key as the words that would stand before its value: `patientName` and `patient_name` are `patient name: `."""
    return spoken(label)


def spoken(label: str) -> str:
    """As `labelled`, of what somebody wrote: it is not remembered."""
    if len(label) > LONGEST_LABEL or label.lower() in _PLAIN:
        return ""
    label = unicodedata.normalize("NFC", label)
    found = " ".join(WORD.findall(label.lower() if label.isupper() else label)).lower()
    if found.endswith(SECRETS):
        return f"{found}: {WHOLE}"
    return f"{found}: " if found else ""


def moved(finding: Finding, by: int) -> Finding | None:
    """A finding with its place in the text without what was put before it; None where it lies in that alone."""
    if finding.end <= by:
        return None
    return msgspec.structs.replace(finding, start=max(0, finding.start - by), end=finding.end - by)
