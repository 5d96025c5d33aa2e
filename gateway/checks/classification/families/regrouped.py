"""Numbers of people whose digits are parted otherwise than usual: in threes, in pairs, with a dot for a space.

Where a word names them, in any groups, and their check digits must hold where they have some: what a word names in its
usual form is a finding whether or not they do (`national`, `identity`). Without a word, in even groups, where the check
says enough: one that every tenth number passes does not, for rows of figures and sums of money look the same.
"""

from gateway.checks.classification.recognizer import NUMBER, Label, Recognizer
from gateway.checks.classification.regrouped import CURRENCIES

_S = r"[ .\-/_]?"
_GAP = 12
"""Right behind, but for `no.`, `number is` and the like: a longer way to go, and a sum of money is meant."""


def _digits(least: int, most: int | None = None) -> str:
    """So many digits, each perhaps set apart from the next."""
    times = f"{least - 1}" if most is None else f"{least - 1},{most - 1}"
    return rf"[0-9](?:{_S}[0-9]){{{times}}}"


EVEN = r"(?:[0-9]{2} ){2,9}[0-9]{1,2}|(?:[0-9]{3} ){1,6}[0-9]{1,3}|(?:[0-9]{4} ){1,4}[0-9]{1,4}"
"""Digits in pairs, threes or fours, the last group perhaps shorter. With dashes they are a code like any other."""
_SUM = rf"(?:,[0-9]{{1,2}}| (?:{'|'.join(CURRENCIES)}))?"
"""What shows that it is a sum of money is taken in with it, for the check to refuse."""
NINE = rf"{_digits(9)}{_SUM}"
"""Nine digits in any groups."""
# Three groups of three at least: below that, sums of money and versions are written so.
_DOTS = r"(?:[0-9]{3}\.){2,6}[0-9]{1,3}|(?:[0-9]{4}\.){1,4}[0-9]{1,4}|(?:[0-9]{2}\.){4,9}[0-9]{1,2}"
DOTTED = rf"(?:{_DOTS}){_SUM}"
"""The same by dots, without what is as well a date."""
LETTERED = r"[A-Z]{1,3}[ .]?[0-9]{1,4}(?:[ .][0-9]{2,4}){1,5}(?:[ .][0-9])?"
"""Some capitals before digits in groups."""
_GROUPED = (
    r"\b(?:(?:[0-9]{2}[ .\-]){5,9}[0-9]{1,2}|(?:[0-9]{3}[ .\-]){3,6}[0-9]{1,3}|(?:[0-9]{4}[ .\-]){2,4}[0-9]{1,3}|"
    r"(?:[0-9]{5}[ .\-]){2,3}[0-9]{1,5})\b"
)
# Fours without a shorter group at the end are a card's own form.
_GATE = (
    r"\b(?:(?:[0-9]{2}[ .\-]){5}[0-9]|(?:[0-9]{3}[ .\-]){3}[0-9]|(?:[0-9]{4}[ .\-]){2,3}[0-9]{3}\b|"
    r"(?:[0-9]{5}[ .\-]){2}[0-9])"
)


def _label(kind: str, value: str, check: str) -> Label:
    return Label(
        id=f"{kind}-regrouped",
        lexicon=kind,
        type=kind,
        value=value,
        check=f"apart_{check}",
        gap=_GAP,
        score=0.85,
    )


LABELS = (
    _label("de-idnr", _digits(11), "idnr"),
    _label("fr-nir", rf"{_digits(6)}{_S}[0-9ABab](?:{_S}[0-9]){{8}}", "nir"),
    _label("es-dni", rf"{_digits(8)}{_S}[A-Za-z]", "dni"),
    _label("es-nie", rf"[XYZxyz]{_S}{_digits(7)}{_S}[A-Za-z]", "nie"),
    _label("nl-bsn", _digits(9), "bsn"),
    _label("pl-pesel", _digits(11), "pesel"),
    _label("se-personnummer", rf"{_digits(10)}(?:{_S}[0-9]{_S}[0-9])?", "personnummer"),
    _label("uk-nhs", _digits(10), "nhs"),
    _label("uk-nino", rf"[A-Za-z]{_S}[A-Za-z](?:{_S}[0-9]){{6}}{_S}[A-Da-d]", "nino"),
    _label("ca-sin", _digits(9), "sin"),
    _label("au-tfn", _digits(8, 9), "tfn"),
    _label("in-aadhaar", _digits(12), "aadhaar"),
    _label("br-cpf", _digits(11), "cpf"),
)


def _alone(kind: str, check: str, score: float) -> Recognizer:
    return Recognizer(
        id=f"{kind}-regrouped-alone",
        type=kind,
        pattern=_GROUPED,
        gate=_GATE,
        check=f"even_{check}",
        joints=NUMBER + " ",
        score=score,
    )


RECOGNIZERS = (
    _alone("card", "card", 0.85),
    _alone("fr-nir", "nir", 0.85),
    _alone("se-personnummer", "personnummer", 0.75),
    _alone("de-idnr", "idnr", 0.7),
    _alone("pl-pesel", "pesel", 0.7),
    _alone("br-cpf", "cpf", 0.7),
)
