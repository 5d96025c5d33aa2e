"""Numbers with a check of their own, or dashes where theirs are, that a word touches: `card4111…`, `SSN123-45-6789`.

Of letters and digits in one, most are codes and hashes. So the letters are a whole word of lower or upper case, and
what follows them holds.
"""

from gateway.checks.classification.recognizer import Recognizer

_WORD = r"(?:[A-Z\xC0]?[a-z\xE0]{2,20}|[A-Z\xC0]{2,20})"
_CARD = r"[0-9]{4}(?:(?:[ \-]?[0-9]{4}){3}|[ \-]?[0-9]{6}[ \-]?[0-9]{5})"
_SSN = "[0-9]{3}-[0-9]{2}-[0-9]{4}"

RECOGNIZERS = (
    Recognizer(
        id="card-touched",
        type="card",
        pattern=rf"\b{_WORD}({_CARD})(?:\b|[A-Za-z\xC0\xE0])",
        gate=rf"[A-Za-z\xC0\xE0]{_CARD}",
        check="card",
        score=0.85,
        reason="luhn",
    ),
    Recognizer(
        id="card-touching",
        type="card",
        pattern=rf"\b({_CARD})[A-Za-z\xC0\xE0]",
        gate=rf"\b{_CARD}[A-Za-z\xC0\xE0]",
        check="card",
        score=0.85,
        reason="luhn",
    ),
    Recognizer(
        id="us-ssn-touched",
        type="us-ssn",
        pattern=rf"\b{_WORD}({_SSN})(?:\b|[A-Za-z\xC0\xE0])",
        gate=rf"[A-Za-z\xC0\xE0]{_SSN}",
        check="ssn",
        score=0.85,
    ),
    Recognizer(
        id="us-ssn-touching",
        type="us-ssn",
        pattern=rf"\b({_SSN})[A-Za-z\xC0\xE0]",
        gate=rf"\b{_SSN}[A-Za-z\xC0\xE0]",
        check="ssn",
        score=0.85,
    ),
)
