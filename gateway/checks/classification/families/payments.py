"""Parties of payments in messages of banks: SWIFT's MT103 and MT940 (its fields of field 86, as German banks have
them), and ISO 20022. A name in ISO 20022 (`<Nm>`) is found as other elements that name somebody are."""

from gateway.checks.classification.recognizer import Recognizer

_NAME = r"[A-Z\xC0][A-Za-z\xC0\xE0'.\-]{0,20}(?: [A-Z\xC0a-z\xE0][A-Za-z\xC0\xE0'.\-]{0,15}){0,2}"
_PARTY = r":5[09][AFHK]?:"
_TEXT = r"[0-9A-Za-z\xC0\xE0][^<>\n]{0,68}"

RECOGNIZERS = (
    Recognizer(
        id="mt-party-account",
        type="account",
        pattern=rf"{_PARTY}/([A-Za-z0-9]{{5,34}})\b",
        gate=rf"{_PARTY}/[A-Za-z0-9]",
        check="long_code",
        score=0.9,
        reason="segment",
    ),
    Recognizer(
        id="mt-party",
        type="person",
        pattern=rf"{_PARTY}(?:/[A-Za-z0-9]{{1,34}}\r?\n)?(?:1/)?({_NAME})",
        gate=rf"{_PARTY}[/1A-Z\xC0]",
        check="named",
        score=0.85,
        reason="segment",
    ),
    Recognizer(
        id="mt-statement-iban",
        type="iban",
        pattern=r"\?31([A-Z]{2}[0-9]{2}[A-Z0-9]{11,30})\b",
        gate=r"\?31[A-Z]{2}[0-9]{2}",
        check="iban",
        score=0.99,
        reason="segment",
    ),
    Recognizer(
        id="mt-statement-account",
        type="account",
        pattern=r"\?31([0-9]{5,30})\b",
        gate=r"\?31[0-9]{5}",
        score=0.9,
        reason="segment",
    ),
    Recognizer(
        id="mt-statement-name",
        type="person",
        pattern=rf"\?3[23]({_NAME})",
        gate=r"\?3[23][A-Z\xC0]",
        check="named",
        score=0.85,
        reason="segment",
    ),
    Recognizer(
        id="iso20022-street",
        type="street-address",
        pattern=rf"[<:](?:StrtNm|AdrLine|BldgNb)>({_TEXT})</",
        gate=r"[<:](?:StrtNm|AdrLine|BldgNb)>[0-9A-Za-z\xC0\xE0]",
        score=0.9,
        reason="field",
    ),
    Recognizer(
        id="iso20022-postal-code",
        type="postal-code",
        pattern=r"[<:]PstCd>([0-9A-Z][0-9A-Z \-]{2,14})</",
        gate=r"[<:]PstCd>[0-9A-Z]",
        score=0.9,
        reason="field",
    ),
    Recognizer(
        id="iso20022-town",
        type="place",
        pattern=r"[<:]TwnNm>([A-Z\xC0][^<>\n]{1,34})</",
        gate=r"[<:]TwnNm>[A-Z\xC0]",
        score=0.9,
        reason="field",
    ),
    Recognizer(
        # An account that has no IBAN.
        id="iso20022-account",
        type="account",
        pattern=r"[<:]Othr>\s{0,16}<(?:[a-z0-9]{1,8}:)?Id>([A-Za-z0-9\-]{4,34})</",
        gate=r"[<:]Othr>\s{0,16}<(?:[a-z0-9]{1,8}:)?Id>",
        check="code",
        score=0.9,
        reason="field",
    ),
)
