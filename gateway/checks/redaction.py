"""Masks findings, and tells when that is not possible."""

import json
from collections.abc import Sequence

import msgspec

from gateway.checks.classification.json_writer import writer_of
from gateway.checks.classification.masking import Span, in_place, is_json, merged, placeholder
from gateway.checks.generalising import generalised
from gateway.core.finding import Finding, Scan
from gateway.core.message import Part
from gateway.core.tokens import Book


class CannotRedact(msgspec.Struct, frozen=True):
    """Why a message cannot be made to hold none of the types: policy takes it for a deny.

    `reason` is one of `unscanned` (something in it could not be read), `place` (a finding lies where text cannot be
    replaced: an object's key, a file name, a header), `mismatch` (the scan is of another message).
    """

    reason: str
    pointer: str | None = None


class General(msgspec.Struct, frozen=True):
    """The finding types of which what is general may remain (`generalising.GENERAL`, or some), and the present year."""

    types: frozenset[str]
    year: int


NOTHING = General(frozenset(), 0)


class Tokenizing(msgspec.Struct, frozen=True):
    """The finding types that tokens stand in for, and the book that has them."""

    types: frozenset[str]
    book: Book


NO_TOKENS = Tokenizing(frozenset(), Book())


def mask_text(
    text: str,
    findings: Sequence[Finding],
    types: frozenset[str],
    general: General = NOTHING,
    tokenizing: Tokenizing = NO_TOKENS,
) -> str:
    """The text with every finding of these types replaced by its placeholder, by its token, or by what is general of
    it; findings that overlap become one, which is of the type of the widest."""
    spans = [
        Span(finding.start, finding.end, finding.type, finding.end - finding.start)
        for finding in findings
        if finding.type in types
    ]
    pieces: list[str] = []
    position = 0
    json = bool(spans) and is_json(text)
    writer = writer_of(text) if spans else None
    named = {placeholder(kind): kind for kind in tokenizing.types & types}
    softer = {(one.start, one.end): one for one in findings if one.type in types & general.types}
    for start, end, shown in merged(spans):
        finding = softer.get((start, end))
        alone = finding is not None and shown == placeholder(finding.type)
        rest = generalised(finding, text[start:end], general.year) if finding is not None and alone else None
        written = shown if rest is None else rest
        if shown in named:
            written = tokenizing.book.token(named[shown], _value(text[start:end], json)) or shown
        before, guess = text[position:start], in_place(text, start, end, written) if json else written
        if writer is None:
            pieces += (before, guess)
        else:
            pieces += (writer.plain(before), writer.masked(text[start:end], written, guess))
        position = end
    rest = text[position:]
    pieces += (rest,) if writer is None else (writer.plain(rest), writer.finish())
    return "".join(pieces)


def _value(written: str, in_json: bool) -> str:
    """What a finding says: in a text of JSON without the escapes that it is written with there."""
    if not in_json or "\\" not in written:
        return written
    try:
        return str(json.loads(f'"{written}"'))
    except ValueError:
        return written  # escaped deeper than once, or cut within an escape: as it stands


def redact(
    parts: Sequence[Part],
    scan: Scan,
    types: frozenset[str],
    general: General = NOTHING,
    tokenizing: Tokenizing = NO_TOKENS,
) -> dict[str, str] | CannotRedact:
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
        masked[part.pointer] = mask_text(part.text, findings, types, general, tokenizing)
    return masked


def holds_none(scan: Scan, types: frozenset[str], parts: Sequence[Part] = (), general: General = NOTHING) -> bool:
    """Whether a scan, of what was masked (`parts`), was complete and found nothing of these types, but for what is as
    general as it can be."""
    if scan.scanned != "full":
        return False
    if not general.types:
        return not any(finding.type in types for found in scan.parts for finding in found)
    return not any(
        finding.type in types and not _general(part, finding, general)
        for part, found in zip(parts, scan.parts, strict=True)
        for finding in found
    )


def _general(part: Part, finding: Finding, general: General) -> bool:
    text = part.text[finding.start : finding.end]
    return finding.type in general.types and generalised(finding, text, general.year) == text
