"""Lines that are folded: vCard (RFC 6350 §3.2, RFC 2426 §2.6) and iCalendar (RFC 5545 §3.1).

A line end with a blank after it is nothing: programs take it away, in the middle of words and numbers, too. In vCard
2.1 and vCalendar 1.0 the blank stays, and what a document of no version is nobody can say.
"""

import re

_FOLD = re.compile(r"\r?\n[ \t]")
_VERSION = re.compile(r"^VERSION(?:;[^:\r\n]*)?:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_BEGINS = re.compile(r"^BEGIN:(VCARD|VCALENDAR)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_FIRST = re.compile(r"[\ufeff\s]*BEGIN:V(?:CARD|CALENDAR)[ \t]*\r?\n", re.IGNORECASE)
_VERSIONS = {"VCARD": frozenset({"3.0", "4.0"}), "VCALENDAR": frozenset({"2.0"})}
MEDIA_TYPES = frozenset({"text/vcard", "text/calendar"})


def is_plainly(text: str) -> bool:
    """Whether a text begins as one of these does."""
    return _FIRST.match(text) is not None


def unfolded(text: str) -> tuple[str, bool]:
    """The text with its lines whole, and whether all that is in it says that it is of a version that is folded so."""
    plain = _FOLD.sub("", text)
    begun = [_VERSIONS[found.upper()] for found in _BEGINS.findall(plain)]
    said = _VERSION.findall(plain)
    sure = bool(begun) and len(begun) == len(said) and all(map(frozenset.__contains__, begun, said))
    return plain, sure and "\r" not in plain.replace("\r\n", "")
