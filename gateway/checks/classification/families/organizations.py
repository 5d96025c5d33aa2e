"""Organizations, told by what they call themselves, and the titles of people."""

from gateway.checks.classification.families.names import TITLES
from gateway.checks.classification.recognizer import Lexicon, Recognizer

_WORD = r"[A-Z\xC0][A-Za-z\xC0\xE00-9&'\xB7.\-]*"
_FORMS = (
    r"Inc|Incorporated|LLC|L\.L\.C|Ltd|Limited|GmbH|mbH|AG|KGaA|Corp|Corporation|PLC|plc|LLP|SARL|S\.A|S\.p\.A|SpA|"
    r"S\.r\.l|Srl|S\.L|B\.V|BV|N\.V|NV|Pty|Oyj|A/S|ApS|SAS|Aktiengesellschaft"
)
_HOUSES = (
    r"Hospital|Clinic|University|Institute|College|Foundation|Pharmacy|Laborator(?:y|ies)|Medical Cent(?:er|re)|"
    r"Health System|Healthcare|Insurance|Bank|Klinikum|Krankenhaus|Hospice|Associates"
)
_OF = r"\b(?:University|Bank|Institute|College|Universit\xE0t|Universit\xE0|Universidad) (?:of|de|di|for|f\xE0r) "
_BEFORE = r"[A-Za-z\xC0\xE00-9&'\xB7.\-]"
_SMALL = "(?:of|for|and|the|de|du|di|del|&) "

LEXICONS: tuple[Lexicon, ...] = ()

RECOGNIZERS = (
    Recognizer(
        id="organization-form",
        type="organization",
        pattern=rf"\b(?:{_WORD},? (?:{_SMALL})?){{1,5}}(?:{_FORMS})\b\.?",
        gate=rf"{_BEFORE},? (?:{_SMALL})?(?:{_FORMS})\b",
        score=0.8,
        reason="form",
    ),
    Recognizer(
        id="organization-house",
        type="organization",
        pattern=rf"\b(?:{_WORD} (?:{_SMALL})?){{1,4}}(?:{_HOUSES})\b",
        gate=rf"{_BEFORE} (?:{_SMALL})?(?:{_HOUSES})\b",
        score=0.7,
        reason="kind",
    ),
    Recognizer(
        id="organization-of",
        type="organization",
        pattern=rf"{_OF}(?:the )?{_WORD}(?: {_WORD}){{0,2}}",
        gate=rf"{_OF}[A-Zt\xC0]",
        score=0.7,
        reason="kind",
    ),
    Recognizer(
        id="title",
        type="title",
        # `Prof. Dr.` is one title, and a run of them not one finding each.
        pattern=rf"\b(?:{TITLES}\.? ){{1,6}}[A-Z\xC0]",
        gate=rf"\b{TITLES}\.? [A-Z\xC0]",
        check="title",
        score=0.8,
    ),
)
