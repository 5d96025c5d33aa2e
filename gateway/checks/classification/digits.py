"""Check digits by themselves, whatever number they are of: for recognizers of an operator's own."""

from gateway.checks.classification.validators import Check, Verdict
from gateway.checks.classification.validators import luhn as _luhn

_NOT_DIGITS = bytes(set(range(256)) - set(b"0123456789"))
_NOT_SHOWN = bytes(byte for byte in range(256) if not bytes([byte]).isalnum())
_VALUES = str.maketrans({letter: str(int(letter, 36)) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"})


def luhn(text: str) -> Verdict | None:
    """ISO/IEC 7812-1 Annex B: all ASCII digits of the candidate, at least two, whatever else is in it."""
    digits = text.encode("ascii", "ignore").translate(None, _NOT_DIGITS).decode("ascii")
    return ("luhn", 0, len(text)) if len(digits) > 1 and _luhn(digits) else None


def mod97(text: str) -> Verdict | None:
    """ISO/IEC 7064 MOD 97-10: all ASCII letters and digits of the candidate, at least three, the last two of them check
    digits."""
    shown = text.encode("ascii", "ignore").translate(None, _NOT_SHOWN).upper().decode("ascii")
    if len(shown) < 3 or not shown[-2:].isdecimal():
        return None
    return ("mod97", 0, len(text)) if int(shown.translate(_VALUES)) % 97 == 1 else None


CHECKS: dict[str, Check] = {check.__name__: check for check in (luhn, mod97)}
"""The checks of bare check digits that a recognizer may name."""
