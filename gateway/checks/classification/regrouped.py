"""Checks of numbers that are written in other groups than their own: `440 514 013 59`, `536.228.731`.

Whoever reads a number out, or wants it to pass, parts its digits anew. So do tables of figures, sums of money and
dates; what is asked here, besides what the number's own check asks, keeps those apart.
"""

import re

from gateway.checks.classification import numbers, validators
from gateway.checks.classification.validators import Check, Verdict, dated

CURRENCIES = ("EUR", "Euro", "euro", "euros", "Euros", "USD", "dollars", "CHF", "GBP", "PLN", "SEK", "BRL", "reais")
"""What stands behind a sum of money."""
_GROUP = re.compile("[0-9]+")
_SAID = frozenset({"NO", "NR", "ID", "IS", "OF", "IN", "TO", "ON", "AT", "BY", "OR"})
_LONG = 6
_COMPACT = 8
"""Digits of a day without anything between."""


def _evenly(text: str, least: int) -> bool:
    """Whether these are digits in groups of one size, `least` or more, the last of them perhaps shorter, with the same
    one of a space, a dot and a dash between all of them."""
    joint = next((one for one in text if not one.isdecimal()), "")
    groups = text.split(joint) if joint else [text]
    size = len(groups[0])
    return (
        len(groups) > 2
        and size >= least
        and all(len(group) == size for group in groups[:-1])
        and 0 < len(groups[-1]) <= size
        and all(group.isascii() and group.isdecimal() for group in groups)
    )


def _even(check: Check, least: int) -> Check:
    """The check of a number that no word names: in even groups, and all of it."""

    def judged(text: str) -> Verdict | None:
        verdict = check(text) if _evenly(text, least) else None
        return verdict if verdict is not None and verdict[1:] == (0, len(text)) else None

    judged.__name__, judged.__doc__ = f"even_{check.__name__}", f"Even groups: {check.__doc__}"
    return judged


def _is_sum(text: str) -> bool:
    """Whether a comma is in it, or a currency behind it: a pattern that ends with these asks so."""
    return "," in text or text.endswith(CURRENCIES)


def _apart(check: Check) -> Check:
    """The check of a number that a word names: whatever its groups, no date among them and no sum of money."""

    def judged(text: str) -> Verdict | None:
        return None if dated(text) or _is_sum(text) else check(text)

    judged.__name__, judged.__doc__ = f"apart_{check.__name__}", f"In any groups: {check.__doc__}"
    return judged


def record(text: str) -> Verdict | None:
    """What a hospital's word may name, in any groups: at least four digits; it ends before a date."""
    if _is_sum(text):
        return None
    groups = text.split(" ")
    # A word that says that the number comes, in capitals as letters of a number are.
    first = 1 if len(groups) > 1 and groups[0] in _SAID else 0
    last = first
    # A number may look like a day without anything between; what comes behind one that is there already is a day.
    while last < len(groups) and not (dated(groups[last]) or (last > first and _is_compact_day(groups[last]))):
        last += 1
    left = sum(map(len, groups[:first])) + first
    kept = " ".join(groups[first:last])
    verdict = validators.code(kept)
    return None if verdict is None else (verdict[0], left, left + len(kept))


def long_record(text: str) -> Verdict | None:
    """As `record`, with at least six digits, and no day: for words that are followed by other figures, too."""
    return record(text) if sum(map(str.isdecimal, text)) >= _LONG and not _is_compact_day(text) else None


def _is_compact_day(text: str) -> bool:
    """Whether it is a day of these centuries without anything between: `20240311`."""
    return len(text) == _COMPACT and text.startswith(("19", "20")) and validators.compact_date(text) is not None


def spread_card(text: str) -> Verdict | None:
    """Groups of a card over one line or two, no other figure beside them: Luhn, and an issuer's prefix and length."""
    groups = _GROUP.findall(text)
    if list(map(len, groups)) not in ([4, 4, 4, 4], [4, 6, 5]) or text.count("\n") > 1:
        return None
    digits = "".join(groups)
    verdict = validators.card(digits)
    return ("luhn", 0, len(text)) if verdict is not None and verdict[1:] == (0, len(digits)) else None


def signed_card(text: str) -> Verdict | None:
    """Groups of a card with one sign between all, no step of a path: Luhn, and an issuer's prefix and length."""
    return spread_card(text) if text[-1] != "/" and _one_sign(text) else None


def signed_ssn(text: str) -> Verdict | None:
    """A social security number with one sign between its groups: no number of an area, group or serial that is not
    given."""
    return validators.ssn(text) if _one_sign(text) else None


def _one_sign(text: str) -> bool:
    return len({character for character in text if character != " " and not "0" <= character <= "9"}) == 1


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        # In pairs, eleven digits are also six figures of a row; in threes they are rarely just that.
        *(_even(check, 3) for check in (numbers.idnr, numbers.pesel, numbers.cpf)),
        *(_even(check, 2) for check in (numbers.nir, numbers.personnummer, validators.card)),
        record,
        long_record,
        spread_card,
        signed_card,
        signed_ssn,
        *map(
            _apart,
            (
                validators.nine_digits, validators.code, validators.long_code, numbers.idnr, numbers.nir, numbers.dni,
                numbers.nie, numbers.bsn, numbers.pesel, numbers.personnummer, numbers.nhs, numbers.nino, numbers.sin,
                numbers.tfn, numbers.aadhaar, numbers.cpf, numbers.account, validators.card_labelled,
            ),
        ),
    )
}  # fmt: skip
"""The checks of regrouped numbers that a recognizer or a label may name."""
