"""Lists of people: a line that says that some follow (`Attendees:`), and below it one name on each line, behind a
bullet or a number or alone. What stands behind a name (`(chair)`, `, Sales`) is none of it.

A roll ends with the first line that has no name. Lines are judged as soon as `WIDEST` characters of them are there, so
that what streams is known before the walk can have passed it (`columns`).
"""

import re

from gateway.checks.classification.named import likely
from gateway.checks.classification.people import PARTICLES
from gateway.core.finding import Finding

HEADINGS = (
    "attendees|attendance|in attendance|participants|present|members present|staff present|apologies|"
    "apologies for absence|regrets|absentees|excused|invitees|invited|guest list|panelists|panellists|passenger list|"
    "crew list|class list|patient list|board members|committee members|"
    "teilnehmer|teilnehmerinnen|teilnehmende|anwesend|anwesende|entschuldigt|abwesend|"
    "pr.{1,2}sents|excus.{1,2}s|asistentes|participantes|presenti|partecipanti|assenti|"
    "aanwezig|aanwezigen|afwezig|deelnemers|deltagare|n.{1,2}rvarande|deltagere|til stede|obecni|nieobecni|uczestnicy|"
    "osallistujat|l.{1,2}sn.{1,2}|poissa"
)
"""What is said above a list of people; `.{1,2}` for a letter beyond ASCII, in whichever form it is written."""
_HEADING = re.compile(rf"[ \t>#*_]*(?:{HEADINGS})(?: ?\([0-9]{{1,3}}\))?[ \t*_:]*", re.IGNORECASE)
_LONGEST_HEADING = 40
_BULLET = re.compile(r"[ \t>]*(?:(?:[-*+\u2022\u2023\u25e6\u2013]|[0-9]{1,3}[.)]|\[[ xX]\])[ \t]+){0,2}\*{0,2}")
_BEHIND = re.compile(r"\*{0,2}[ \t\r]*(?:[(,;:<|\[]|[-\u2013\u2014][ \t])")
"""What parts a name from what stands behind it."""
_MOST_WORDS = 5


class Roll:
    """Follows the lines of one text."""

    __slots__ = ("_open", "_told")

    def __init__(self) -> None:
        self._open = False
        """Whether a heading was the last line that said anything, or names are being listed."""
        self._told = False
        """Whether the roll has a name already."""

    @property
    def open(self) -> bool:
        return self._open

    def over(self) -> None:
        """Whatever comes is no row of it."""
        self._open = False

    def row(self, head: str, place: int, *, whole: bool) -> Finding | None:
        """The name in a line below a heading, of which this is the beginning, all of it where it is `whole`; `place` is
        where it begins in the text."""
        if not head.strip():
            self._open = self._open and not self._told
            return None
        found = _named(head, place, whole=whole)
        self._open = self._told = found is not None
        return found

    def head(self, line: str) -> None:
        """A line that is over: it may be a heading."""
        if len(line) <= _LONGEST_HEADING and _HEADING.fullmatch(line.rstrip("\r")) is not None:
            self._open, self._told = True, False


def _named(head: str, place: int, *, whole: bool) -> Finding | None:
    bullet = _BULLET.match(head)
    start = 0 if bullet is None else bullet.end()
    behind = _BEHIND.search(head, start)
    if behind is None and not whole:
        return None
    name = head[start:].rstrip(" \t\r*") if behind is None else head[start : behind.start()]
    words = name.split(" ")
    if not 2 <= len(words) <= _MOST_WORDS or not all(word[:1].isupper() or word in PARTICLES for word in words):
        return None
    return None if likely(name) is None else Finding("person", place + start, place + start + len(name), 0.75, "roll")
