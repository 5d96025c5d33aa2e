"""The same values, written as somebody would who wants them to pass, or as a system would on the way.

A disguise takes a value and gives its disguised form, or None where it does not apply: what it writes is always what
somebody who reads it would take for the same value.
"""

import base64
import html
import quopri
import random
import re
from collections.abc import Callable
from urllib.parse import quote

from benchmarks.corpus.rows import Row, Span

STRUCTURED = frozenset(
    {
        "email", "phone", "card", "iban", "us-ssn", "us-itin", "ip", "mbi", "npi", "mrn", "date-of-birth", "date",
        "uk-nhs", "uk-nino", "de-idnr", "fr-nir", "es-dni", "pl-pesel", "ca-sin", "in-aadhaar", "br-cpf", "nl-bsn",
        "secret-aws-key", "secret-github-token",
    }
)  # fmt: skip
"""Types whose form says what they are; only these are disguised."""
_ADDRESS = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_CYRILLIC = str.maketrans("aceopxy", "асеорху")

Disguise = Callable[[str], str | None]


def _compact(value: str) -> str:
    """Its letters and digits; nothing of an address, which is none without its dots."""
    return "" if _ADDRESS.fullmatch(value) else "".join(character for character in value if character.isalnum())


def _grouped(joint: str) -> Disguise:
    """Digits in threes: what people do to be read out, or to get past a filter."""

    def disguise(value: str) -> str | None:
        plain = _compact(value)
        if not plain.isdigit() or len(plain) < 9:
            return None
        return joint.join(plain[place : place + 3] for place in range(0, len(plain), 3))

    return disguise


def _spaced(value: str) -> str | None:
    plain = _compact(value)
    return " ".join(plain) if plain.isdigit() and len(plain) >= 9 else None


def _wide(value: str) -> str | None:
    written = "".join(chr(ord(one) + 0xFEE0) if one.isascii() and one.isdigit() else one for one in value)
    return written if written != value else None


def _arabic(value: str) -> str | None:
    written = "".join(chr(ord(one) - 0x30 + 0x0660) if one.isascii() and one.isdigit() else one for one in value)
    return written if written != value else None


def _zero_width(value: str) -> str | None:
    return "\u200b".join(value)


def _homoglyphs(value: str) -> str | None:
    if "@" not in value:
        return None
    written = value.translate(_CYRILLIC)
    return written if written != value else None


def _percent(value: str) -> str | None:
    return "".join(f"%{octet:02X}" for octet in value.encode())


def _url(value: str) -> str | None:
    written = quote(value, safe="")
    return written if written != value else None


def _references(value: str) -> str | None:
    return "".join(f"&#{ord(character)};" for character in value)


def _hexadecimal_references(value: str) -> str | None:
    return "".join(f"&#x{ord(character):x};" for character in value)


def _json(value: str) -> str | None:
    return "".join(f"\\u{ord(character):04x}" for character in value)


def _quoted_printable(value: str) -> str | None:
    return "".join(f"={octet:02X}" for octet in value.encode())


def _markup(value: str) -> str | None:
    """An element begins and ends inside of it, as where part of a value is set in bold."""
    middle = len(value) // 2
    return f"{value[:middle]}<b>{value[middle:]}</b>" if middle else None


DISGUISES: dict[str, Disguise] = {
    "digits apart": _spaced,
    "threes, spaces": _grouped(" "),
    "threes, dots": _grouped("."),
    "full-width digits": _wide,
    "Arabic digits": _arabic,
    "zero-width between": _zero_width,
    "Cyrillic letters": _homoglyphs,
    "percent, all": _percent,
    "percent, as in a URL": _url,
    "HTML, decimal": _references,
    "HTML, hexadecimal": _hexadecimal_references,
    "JSON \\u": _json,
    "quoted-printable": _quoted_printable,
    "markup inside": _markup,
}


def disguised(row: Row, disguise: Disguise) -> Row | None:
    """The row with each structured value disguised to which this applies; only those have spans. None if none has."""
    pieces: list[str] = []
    spans: list[Span] = []
    done = place = 0
    for span in sorted(row.spans, key=lambda one: one.start):
        written = disguise(row.text[span.start : span.end]) if span.type in STRUCTURED else None
        kept = row.text[done : span.start]
        value = row.text[span.start : span.end] if written is None else written
        place += len(kept)
        if written is not None:
            spans.append(Span(span.type, place, place + len(value)))
        pieces += (kept, value)
        place += len(value)
        done = span.end
    pieces.append(row.text[done:])
    return Row("".join(pieces), tuple(spans), row.template) if spans else None


def encoded_text(row: Row) -> str:
    """The whole text in base64, as a mail or an attachment would carry it."""
    return base64.b64encode(row.text.encode()).decode("ascii")


def printable_text(row: Row) -> str:
    """The whole text in quoted-printable (RFC 2045 §6.7), soft line breaks included."""
    return quopri.encodestring(row.text.encode(), quotetabs=False).decode("ascii")


def referenced_text(row: Row) -> str:
    """The whole text as HTML escapes it."""
    return html.escape(row.text)


def sample(rows: list[Row], most: int) -> list[Row]:
    """So many of the rows, the same each time."""
    return random.Random(7).sample(rows, min(most, len(rows)))
