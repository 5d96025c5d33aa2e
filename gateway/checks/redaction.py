"""Masks findings, and tells when that is not possible."""

from collections.abc import Sequence

import msgspec

from gateway.checks.classification.masking import Span, merged
from gateway.core.finding import Finding, Scan
from gateway.core.message import Part


class CannotRedact(msgspec.Struct, frozen=True):
    """Why a message cannot be made to hold none of the types: policy takes it for a deny.

    `reason` is one of `unscanned` (something in it could not be read), `place` (a finding lies where text cannot be
    replaced: an object's key, a file name, a header), `mismatch` (the scan is of another message).
    """

    reason: str
    pointer: str | None = None


def mask_text(text: str, findings: Sequence[Finding], types: frozenset[str]) -> str:
    """The text with every finding of these types replaced by its placeholder; findings that overlap become one, with
    the placeholder of the widest."""
    spans = [
        Span(finding.start, finding.end, finding.type, finding.end - finding.start)
        for finding in findings
        if finding.type in types
    ]
    pieces: list[str] = []
    position = 0
    for start, end, shown in merged(spans):
        pieces += (text[position:start], shown)
        position = end
    pieces.append(text[position:])
    return "".join(pieces)


def redact(parts: Sequence[Part], scan: Scan, types: frozenset[str]) -> dict[str, str] | CannotRedact:
    """Masked text by pointer, for the parts that change. The caller scans the result again (`holds_none`)."""
    if len(parts) != len(scan.parts):
        return CannotRedact("mismatch")
    if scan.scanned != "full":
        return CannotRedact("unscanned")
    masked: dict[str, str] = {}
    for part, findings in zip(parts, scan.parts, strict=True):
        if part.kind == "unreadable":
            return CannotRedact("unscanned", part.pointer)
        if not any(finding.type in types for finding in findings):
            continue
        if part.kind != "text" or part.pointer in masked:
            return CannotRedact("place", part.pointer)
        masked[part.pointer] = mask_text(part.text, findings, types)
    return masked


def holds_none(scan: Scan, types: frozenset[str]) -> bool:
    """Whether a scan, of what was masked, was complete and found nothing of these types."""
    return scan.scanned == "full" and not any(finding.type in types for part in scan.parts for finding in part)
