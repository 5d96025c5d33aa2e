"""Checks of numbers that states, banks and makers give: check digits, dates and ranges within them.

As in `validators`: each takes a candidate's text, with whatever sets its groups apart, and answers why it holds and
which part of it does, or None. What `stdnum` knows is left to it; what it lacks is written here, with its source.
"""

from datetime import date
from typing import Protocol

from stdnum import bic as stdnum_bic
from stdnum.au import tfn as stdnum_tfn
from stdnum.br import cpf as stdnum_cpf
from stdnum.de import idnr as stdnum_idnr
from stdnum.es import dni as stdnum_dni
from stdnum.es import nie as stdnum_nie
from stdnum.exceptions import ValidationError
from stdnum.fr import nir as stdnum_nir
from stdnum.in_ import aadhaar as stdnum_aadhaar
from stdnum.it import codicefiscale as stdnum_codice
from stdnum.nl import bsn as stdnum_bsn
from stdnum.us import ein as stdnum_ein

from gateway.checks.classification.validators import Check, Verdict, luhn

_BETWEEN = str.maketrans("", "", " .-/\u00b7")
_COLONS = str.maketrans("", "", ":-.")
_PESEL_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
# 49 CFR 565.15(c)(1) and (3): the value of each letter, the weight of each place.
_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "12345678123457923456789"), strict=True)) | {
    str(digit): digit for digit in range(10)
}
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_NO_NINO = frozenset(("BG", "GB", "KN", "NK", "NT", "TN", "ZZ"))
_REGIONS = frozenset(("2A", "2B", *(f"{number:02}" for number in range(1, 100))))


class Module(Protocol):
    """A module of `stdnum`."""

    def validate(self, number: str) -> str: ...


def plain_of(text: str) -> str:
    """A number without what parts it, in capitals."""
    return text.translate(_BETWEEN).upper()


def told(valid: bool, text: str, reason: str = "checksum") -> Verdict | None:
    """The verdict on all of a candidate, where it is valid."""
    return (reason, 0, len(text)) if valid else None


def is_by(module: Module, plain: str) -> bool:
    """Whether `stdnum` takes it for one."""
    if not plain.isascii() or not plain:
        return False
    try:
        module.validate(plain)
    except (ValidationError, ValueError, KeyError):
        # The last two where a piece of it is of no form that the module expects.
        return False
    return True


def is_varied(plain: str) -> bool:
    """Not one digit again and again, which passes some sums."""
    return len(set(plain)) > 2


def _is_born(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _is_digits(plain: str, length: int) -> bool:
    return len(plain) == length and plain.isascii() and plain.isdecimal()


def idnr(text: str) -> Verdict | None:
    """German tax identification (§ 139b AO): one digit twice or thrice, ISO 7064 mod 11,10."""
    plain = plain_of(text)
    return told(_is_digits(plain, 11) and is_by(stdnum_idnr, plain), text)


def nir(text: str) -> Verdict | None:
    """French social security number: sex, year, month, department, order, key mod 97."""
    plain = plain_of(text)
    if len(plain) != 15 or plain[0] not in "12378" or plain[5:7] not in _REGIONS:
        return None
    month = plain[3:5]
    # Months above 12 stand for births of which the month is not known.
    if not month.isdecimal() or not (1 <= int(month) <= 12 or 20 <= int(month) <= 42 or 50 <= int(month) <= 99):
        return None
    return told(is_by(stdnum_nir, plain), text)


def dni(text: str) -> Verdict | None:
    """Spanish DNI: eight digits and the letter of their rest by 23."""
    plain = plain_of(text)
    return told(len(plain) == 9 and is_by(stdnum_dni, plain) and is_varied(plain), text)


def nie(text: str) -> Verdict | None:
    """Spanish number of foreigners: X, Y or Z, seven digits, letter as of a DNI."""
    plain = plain_of(text)
    return told(len(plain) == 9 and plain[0] in "XYZ" and is_by(stdnum_nie, plain), text)


def codice(text: str) -> Verdict | None:
    """Italian fiscal code of a person: form, date of birth and check letter."""
    plain = plain_of(text)
    return told(len(plain) == 16 and is_by(stdnum_codice, plain), text)


def bsn(text: str) -> Verdict | None:
    """Dutch citizen service number: eleven test."""
    plain = plain_of(text)
    return told(_is_digits(plain, 9) and is_by(stdnum_bsn, plain) and is_varied(plain), text)


def pesel(text: str) -> Verdict | None:
    """Polish PESEL: a date, the century in its month, a weighted sum (1-3-7-9)."""
    plain = plain_of(text)
    if not _is_digits(plain, 11):
        return None
    number = [int(digit) for digit in plain]
    century, month = divmod(int(plain[2:4]), 20)
    year = (1900, 2000, 2100, 2200, 1800)[century] + int(plain[:2])
    total = sum(weight * digit for weight, digit in zip(_PESEL_WEIGHTS, number, strict=False))
    return told(_is_born(year, month, int(plain[4:6])) and (10 - total % 10) % 10 == number[10], text)


def personnummer(text: str) -> Verdict | None:
    """Swedish personal number (SKV 704): a date (the day plus 60 for a coordination number), Luhn over ten digits."""
    plain = plain_of(text.replace("+", ""))
    if not (_is_digits(plain, 10) or _is_digits(plain, 12)):
        return None
    ten = plain[-10:]
    century = int(plain[:2]) if len(plain) == 12 else 20
    day = int(ten[4:6])
    born = _is_born(century * 100 + int(ten[:2]), int(ten[2:4]), day - 60 if day > 60 else day)
    return told(born and 18 <= century <= 20 and luhn(ten) and is_varied(ten), text)


def nhs(text: str) -> Verdict | None:
    """NHS number (ISB 0149): ten digits, mod 11."""
    plain = plain_of(text)
    if not _is_digits(plain, 10):
        return None
    total = sum(weight * int(digit) for weight, digit in zip(range(10, 0, -1), plain, strict=True))
    return told(total % 11 == 0 and is_varied(plain), text)


def nino(text: str) -> Verdict | None:
    """UK National Insurance number (HMRC NIM39110): two letters of those in use, six digits, A to D."""
    plain = plain_of(text)
    if len(plain) != 9 or not _is_digits(plain[2:8], 6) or plain[8] not in "ABCD":
        return None
    first, second = plain[0], plain[1]
    letters = first.isalpha() and second.isalpha() and first not in "DFIQUV" and second not in "DFIOQUV"
    return told(letters and plain[:2] not in _NO_NINO and first.isascii() and second.isascii(), text, "form")


def ein(text: str) -> Verdict | None:
    """US employer identification number: a prefix in use, seven digits."""
    plain = plain_of(text)
    return told(_is_digits(plain, 9) and is_by(stdnum_ein, f"{plain[:2]}-{plain[2:]}"), text, "form")


def sin(text: str) -> Verdict | None:
    """Canadian social insurance number: Luhn; none begins with 8."""
    plain = plain_of(text)
    return told(_is_digits(plain, 9) and plain[0] != "8" and luhn(plain) and is_varied(plain), text, "luhn")


def tfn(text: str) -> Verdict | None:
    """Australian tax file number: eight or nine digits, weighted sum mod 11."""
    plain = plain_of(text)
    return told(plain.isdecimal() and is_by(stdnum_tfn, plain) and is_varied(plain), text)


def aadhaar(text: str) -> Verdict | None:
    """Indian Aadhaar: twelve digits, Verhoeff."""
    plain = plain_of(text)
    return told(_is_digits(plain, 12) and is_by(stdnum_aadhaar, plain), text)


def cpf(text: str) -> Verdict | None:
    """Brazilian CPF: two check digits."""
    plain = plain_of(text)
    return told(_is_digits(plain, 11) and is_by(stdnum_cpf, plain) and is_varied(plain), text)


def vin(text: str) -> Verdict | None:
    """Vehicle identification number with its check digit (ISO 3779; 49 CFR 565.15(c))."""
    plain = plain_of(text)
    if len(plain) != 17 or any(character not in _VIN_VALUES for character in plain) or plain.isdecimal():
        return None
    total = sum(_VIN_VALUES[character] * weight for character, weight in zip(plain, _VIN_WEIGHTS, strict=True))
    return told("0123456789X"[total % 11] == plain[8], text)


def vin_form(text: str) -> Verdict | None:
    """A vehicle identification number of a part of the world without check digits, where a word says that it is one."""
    plain = plain_of(text)
    mixed = any(map(str.isdigit, plain)) and any(map(str.isalpha, plain))
    return told(len(plain) == 17 and mixed and all(one in _VIN_VALUES for one in plain), text, "keyword")


def bic(text: str) -> Verdict | None:
    """ISO 9362, with a country that there is."""
    return told(is_by(stdnum_bic, text), text, "form")


def account(text: str) -> Verdict | None:
    """A bank's account, where a word says that it is one: six digits at least, not one again and again."""
    plain = plain_of(text)
    return told(len(plain) >= 6 and len(set(plain)) > 1, text, "keyword")


def mac(text: str) -> Verdict | None:
    """IEEE 802 MAC address: six octets, not all the same (broadcast, none), with a letter where dots part it, for
    numbers are written so too."""
    plain = text.translate(_COLONS).lower()
    digits = plain.isdecimal() and "." in text
    return told(len(plain) == 12 and len(set(plain)) > 1 and not digits, text, "form")


def plate(text: str) -> Verdict | None:
    """What a word names as a vehicle's plate: three to ten letters and digits, one digit at least."""
    plain = plain_of(text)
    return told(3 <= len(plain) <= 10 and any(map(str.isdigit, plain)), text, "keyword")


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        idnr, nir, dni, nie, codice, bsn, pesel, personnummer, nhs, nino, ein, sin, tfn, aadhaar, cpf, vin, vin_form,
        bic, account, mac, plate,
    )
}  # fmt: skip
"""The checks of numbers that a recognizer may name."""
