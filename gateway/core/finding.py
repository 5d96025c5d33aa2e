"""What classification says of a message."""

from typing import Literal

import msgspec

CLASSES = ("public", "internal", "pii", "phi", "pci", "secret", "special-category", "unscanned")
"""The data classes that ship, from `architecture.md`; operators add their own."""

PUBLIC = "public"
"""The class of what nothing was found in, and nothing said of."""
Scanned = Literal["full", "partial", "none"]


class Finding(msgspec.Struct, frozen=True):
    """A typed span in a part. It never holds the matched text: type, place, score and reason are all that may be told.

    `start` and `end` are code point offsets into the part's text as it was received (end exclusive); `score` is in
    [0, 1]; `reason` is an enumerated word or two (`luhn`, `keyword:mrn`), never taken from the text.
    """

    type: str
    start: int
    end: int
    score: float
    reason: str


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """All findings of one message: `parts[i]` belongs to the message's part i.

    `classes` are those the content shows (`public` never among them: a message with none is public). `scanned` is
    `partial` when some part could not be read or a budget ran out, `none` when nothing could be; both come with the
    class `unscanned`.
    """

    parts: tuple[tuple[Finding, ...], ...]
    classes: frozenset[str]
    scanned: Scanned

    def counts(self) -> dict[str, int]:
        """Finding type → how many, sorted by type: what a record may hold."""
        found: dict[str, int] = {}
        if not any(self.parts):  # as of most messages
            return found
        for findings in self.parts:
            for finding in findings:
                found[finding.type] = found.get(finding.type, 0) + 1
        return dict(sorted(found.items()))
