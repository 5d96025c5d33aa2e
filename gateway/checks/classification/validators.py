"""Checks of candidates: numbers with check digits, addresses, dates. Each takes a candidate's text, never a message.

A check answers with why the candidate holds and which part of it does (offsets into it), or None. Candidates are
short: whatever a check costs is bounded.
"""

import base64
import re
from bisect import bisect_right
from collections.abc import Callable
from datetime import date
from ipaddress import AddressValueError, IPv6Address
from itertools import accumulate

from stdnum import numdb
from stdnum.exceptions import ValidationError
from stdnum.us import itin as stdnum_itin

from gateway.checks.classification.recognizer import entries
from gateway.checks.classification.references import refers, stands_in
from gateway.core.tokens import TOKEN

_TOKEN = re.compile(TOKEN)
_TRACK_EXPIRY = re.compile(r"[=^][0-9]{2}(?:0[1-9]|1[0-2])")
Verdict = tuple[str, int, int]
Check = Callable[[str], Verdict | None]

# ISO 13616 registry: total length of an IBAN by country.
_IBAN_LENGTHS = {
    entry[:2]: int(entry[2:])
    for entry in entries(
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 "
        "EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 "
        "KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 "
        "PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 "
        "UA29 VA22 VG24 XK20 YE30"
    )
}
_BBAN_KINDS = {"n": "[0-9]", "a": "[A-Z]", "c": "[0-9A-Z]"}


def _account_form(country: str) -> re.Pattern[str]:
    """What the registry says of a country's account numbers (`8!n10!n`); any, where it says nothing."""
    said = next((known.get("bban", "") for part, known in numdb.get("iban").info(country) if part == country), "")
    fields = re.findall(r"([0-9]+)!?([nac])", said)
    return re.compile("".join(f"{_BBAN_KINDS[kind]}{{{size}}}" for size, kind in fields) or "[0-9A-Z]+")


_ACCOUNTS = {country: _account_form(country) for country in _IBAN_LENGTHS}
_BASE_36 = {ord(character): str(value) for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
# First and last of a range of four digits with which cards begin → how many digits those cards have.
_ISSUERS = (
    (1800, 1800, (15,)), (2131, 2131, (15,)), (2221, 2720, (16,)), (3000, 3059, range(14, 20)), (3400, 3499, (15,)),
    (3528, 3589, range(16, 20)), (3600, 3699, range(14, 20)), (3700, 3799, (15,)), (3800, 3999, range(14, 20)),
    (4000, 4999, (16, 19)), (5000, 5099, (16, 18, 19)), (5100, 5599, (16,)), (5600, 5899, (16, 18, 19)),
    (6011, 6011, range(16, 20)), (6200, 6299, range(16, 20)), (6440, 6599, range(16, 20)), (6700, 6799, (16, 18, 19)),
)  # fmt: skip


def _issued() -> tuple[int, ...]:
    """For each four digits the lengths of cards that begin so, as bits."""
    lengths = [0] * 10_000
    for first, last, allowed in _ISSUERS:
        lengths[first : last + 1] = [sum(1 << length for length in allowed)] * (last + 1 - first)
    return tuple(lengths)


_ISSUED = _issued()
_APART = str.maketrans("", "", " .-")
_NOT_DIGITS = bytes(byte for byte in range(256) if not 48 <= byte <= 57)
_DIGITS = b"0123456789"
_VALUES = bytes.maketrans(_DIGITS, bytes(range(10)))
_DOUBLED = bytes.maketrans(_DIGITS, bytes(digit * 2 - 9 * (digit > 4) for digit in range(10)))
_MONTHS = {name: index + 1 for index, name in enumerate(entries("jan feb mar apr may jun jul aug sep oct nov dec"))}
_LONG_AGO = 2010
"""A whole date of this year or before may well be of somebody's birth: it says so as its reason, `long-ago`."""
_YEARS = (2, 4)
"""Figures of a year: `1.029.384` is a number with its thousands apart."""
_CJK_DATE = re.compile(r"([0-9]{4}) ?[年년] ?([0-9]{1,2}) ?[月월] ?([0-9]{1,2}) ?[日号일]")
_PIVOT = 30
"""Two digits above this are a year of the last century."""
_PORTS = ("/tcp", "/udp")
"""With what the port of a service ends."""
_RUN_TOGETHER = (6, 8)
_DAY_PIECES = re.compile("[0-9]+|[A-Za-z]+")
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_WHOLE_HEADER = 320
"""Characters of a JOSE header, in base64, from which on its end may lie beyond what is read at once."""
_MARKS = ".,;:)!?"
"""What may end a sentence behind a password."""
_NO_PASSWORDS = frozenset(
    entries(
        "required optional missing incorrect invalid expired forgotten changed reset none null nil true false string "
        "undefined password passwd pass secret token redacted hidden must should cannot needs enter please your bool "
        "int integer number text object array bytes blob email input"
    )
)
_RULES = frozenset(
    entries(
        "must should shall cannot needs need enter please your required invalid wrong missing incorrect forgot "
        "forgotten characters character digits least minimum maximum contain contains enter type choose confirm "
        "confirmation repeat field login account user users reset change changed does match matches is are was were be "
        "been has have not no passe saisir saisissez votre ihr ihre bitte eingeben mindestens zeichen vergessen "
        "introduzca su ingrese obligatorio"
    )
)
"""Words that rules, labels and messages about passwords are made of."""
_CALLED = ("passw", "passphrase", "passcode", "kennwort", "contrase", "senha", "wachtwoord")
_TOLD = frozenset(
    entries(
        "click tap follow visit open select choose call contact ask check use same sent send separate separately see "
        "view press provided will create siehe wird liegt folgt klicken klick voir cliquez suivez contactez utilisez "
        "consulte consultar haga pulse contacte vedi vedere clicca contatta veja clique zie klik neem bekijk"
    )
)
"""With what a sentence about a password goes on."""
_CLOSING = ")]}-:;="
_LIGHT = frozenset(entries("the a an of to for and or in on with at by if der die das und le la de el"))
_WORDS = re.compile(r"[^\W\d_]+")
_SIGNS = re.compile("[,;<>]")
_ELEMENT = re.compile(
    r"</|<!|<(?:br|b|i|p|a|u|td|tr|th|li|ul|ol|div|span|code|strong|em|font|pre|hr|h[1-6]|small|input|button|label)\b"
)
_COLOUR = re.compile(r"\\(?:x1[bB]|033|e|u001[bB])\[")
_COMPOUND = re.compile(r"[A-Za-z]+(?:[-_/'.][A-Za-z]+)+")
"""Several words as one (`case-sensitive`)."""
_PARTS = re.compile(r"[-_./:]")
_NO_SECRET = re.compile(r"(?i:[./~]*/|arn:|https?:|file:|vault:|ref:|\$|\{|<|[a-z_][a-z0-9_.]*[(\[{])")
"""A path, an address, or what source code gets one by."""
_STRANGE = frozenset("!#$%^&*~@+=?|(){}[]")
_SHORTEST_SECRET, _SHORTEST_PART = 6, 4
NOT_NAMES = frozenset(
    entries(
        "the a an and or but if in on at of to for from with by as is are was were be been it its this that these "
        "those he she they we you i my your his her their our not no yes please thanks thank dear hello hi hey there "
        "all any some what when where who why how which do does did done can could will would shall should may might "
        "must have has had january february march april june july august september october november december monday "
        "tuesday wednesday thursday friday saturday sunday today tomorrow yesterday name date phone email address fax "
        "mobile patient doctor dob mrn ssn id null none unknown n/a na tbd true false new old first last other see ref "
        "re inc ltd llc gmbh corp company team support right yes ok okay customer service account number street "
        "road avenue hospital "
        "clinic bank university department diagnosis history type status code http https required everyone everybody "
        "guys folks again just only very so too sorry sure ready happy here looking trying going calling writing "
        "interested afraid glad colleague colleagues client npi mbi dea zip "
        "mr mrs ms mx miss dr prof sir madam dott dott.ssa dra sra sig sig.ra sig.na avv herr frau madame mme mlle "
        "signor signora take apply inject inhale insert dissolve "
        "english french german spanish american british"
    )
)
_NO_BEGINNINGS = NOT_NAMES | frozenset(
    entries(
        "world hiring manager recruiter administrator system api ci cd sdk bot server widget build deploy release run "
        "checkout install lint setup docker python node linux ubuntu windows github gitlab am pm banco banque banca "
        "sparkasse volksbank caisse postgresql mysql mariadb sqlite oracle microsoft odbc jdbc"
    )
)
"""With what no name begins, though one may go on with it (`Anna Bot`, `Jan van Lint`)."""


_WITHIN = frozenset({"do"})
"""A small word of Portuguese family names that is a word of English as well."""


def _digits(text: str) -> str:
    return text.encode("ascii", "ignore").translate(None, _NOT_DIGITS).decode("ascii")


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 Annex B, over ASCII digits; False for none."""
    backwards = digits[::-1].encode("ascii")
    if backwards.translate(None, _DIGITS):
        raise ValueError("not of digits alone")
    total = sum(backwards[::2].translate(_VALUES)) + sum(backwards[1::2].translate(_DOUBLED))
    return bool(digits) and total % 10 == 0


def _whole(reason: str, text: str) -> Verdict:
    return reason, 0, len(text)


def _day_of(year: int, text: str) -> Verdict:
    return _whole("long-ago" if year <= _LONG_AGO else "form", text)


def track(text: str) -> Verdict | None:
    """A card's magnetic stripe: the number before the first separator passes Luhn, and a month of expiry follows."""
    number = _digits(re.split(r"[=^]", text, maxsplit=1)[0])
    month = _TRACK_EXPIRY.search(text)
    return _whole("luhn", text) if month and card_labelled(number) is not None else None


def email(text: str) -> Verdict | None:
    """RFC 5321 §4.5.3.1: 254 octets at most; no empty label."""
    return _whole("form", text) if len(text) <= 254 and ".." not in text else None


def phone(text: str) -> Verdict | None:
    """E.164: 7 to 15 digits; not a date, a range of years or one digit again and again."""
    digits = _digits(text)
    if not 7 <= len(digits) <= 15 or len(set(digits)) < 3 or _looks_like_date(text.lstrip("+").partition(" ")[0]):
        return None
    return _whole("form", text)


def phone_told(text: str) -> Verdict | None:
    """As `phone`, where a word says that it is one: not a number of times, of units, of bytes."""
    last = text[-1:]
    return None if last.isalpha() else phone(text)


def phone_nanp(text: str) -> Verdict | None:
    """North American numbering plan: area and exchange start with 2 to 9."""
    digits = _digits(text.lower().partition("x")[0].partition("e")[0])
    if len(digits) > 10:
        digits = digits.removeprefix("00").removeprefix("1")
    if len(digits) != 10 or digits[0] in "01" or digits[3] in "01":
        return None
    return _whole("nanp", text)


def phone_trunk(text: str) -> Verdict | None:
    """A national number with its trunk prefix: ten to twelve digits, in two groups or more unless it is a mobile's."""
    digits = _digits(text)
    if not 10 <= len(digits) <= 12 or len(set(digits)) < 3 or _looks_like_date(text):
        return None
    return _whole("form", text)


def card(text: str) -> Verdict | None:
    """ISO/IEC 7812: Luhn, and an issuer's prefix with a length that this issuer uses.

    The candidate may hold other numbers beside it: any run of whole groups is tried, the longest first.
    """
    groups = text.replace("-", " ").replace(".", " ").split(" ")
    digits = "".join(groups)
    if len(digits) < 14:
        return None
    starts = list(accumulate(map(len, groups), initial=0))
    best: Verdict | None = None
    for index, first in enumerate(starts):
        if first + 14 > len(digits):
            break
        lengths = _ISSUED[int(digits[first : first + 4])]
        if not lengths:
            continue
        # The candidates of this first group: those with 14 to 19 digits, the longest first.
        for last in range(bisect_right(starts, first + 19) - 1, index, -1):
            length = starts[last] - first
            if length < 14:
                break
            if (
                lengths >> length & 1
                and (best is None or length > best[2] - best[1])
                and luhn(digits[first : starts[last]])
            ):
                # Between groups stands one separator each, so places shift by the groups before.
                best = "luhn", first + index, starts[last] + last - 1
    return best


def card_labelled(text: str) -> Verdict | None:
    """Any 12 to 19 digits that pass Luhn: for numbers that the text calls a card."""
    digits = _digits(text)
    return _whole("luhn", text) if 12 <= len(digits) <= 19 and luhn(digits) else None


def iban(text: str) -> Verdict | None:
    """ISO 13616: the country's length and form, then mod 97 = 1. A candidate may run on: only the IBAN is the span."""
    length = _IBAN_LENGTHS.get(text[:2].upper())
    if length is None:
        return None
    compact = text.translate(_APART).upper()[:length]
    if len(compact) < length or _ACCOUNTS[compact[:2]].fullmatch(compact, 4) is None:
        return None
    if int((compact[4:] + compact[:4]).translate(_BASE_36)) % 97 != 1:
        return None
    end = length
    missing = length - len(text[:end].translate(_APART))
    while missing:
        missing -= text[end] not in " .-"
        end += 1
    return None if text[end : end + 1].isalnum() else ("mod97", 0, end)


def ipv4(text: str) -> Verdict | None:
    """RFC 791 dotted form, no leading zeros. Unspecified, loopback and masks name nobody."""
    octets = text.split(".")
    if any(int(octet) > 255 or (octet[0] == "0" and octet != "0") for octet in octets):
        return None
    if octets[0] in ("0", "127", "255") or text.endswith(".0.0.0"):
        return None
    return _whole("form", text)


def ipv6(text: str) -> Verdict | None:
    """RFC 4291 §2.2, with at least three written groups (`a::b` is more often code)."""
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return None
    if address.is_unspecified or address.is_loopback or sum(1 for group in text.split(":") if group) < 3:
        return None
    return _whole("form", text)


def ssn(text: str) -> Verdict | None:
    """As the US Social Security Administration issues them: no area 000, 666, 9xx; no group 00; no serial 0000."""
    digits = _digits(text)
    if len(digits) != 9 or digits[0] == "9" or digits[:3] in ("000", "666"):
        return None
    return None if digits[3:5] == "00" or digits[5:] == "0000" else _whole("form", text)


def nine_digits(text: str) -> Verdict | None:
    """Nine digits that the text calls a social security number: masked even where none like it was issued."""
    return _whole("keyword", text) if len(_digits(text)) == 9 and not any(map(str.isalpha, text)) else None


def itin(text: str) -> Verdict | None:
    """US individual taxpayer identification number, by its ranges."""
    try:
        stdnum_itin.validate(_digits(text))
    except ValidationError:
        return None
    return _whole("form", text)


def npi(text: str) -> Verdict | None:
    """US national provider identifier: Luhn over 80840 and ten digits (45 CFR 162.406)."""
    digits = _digits(text)
    valid = len(digits) == 10 and digits[0] in "12" and luhn("80840" + digits)
    return _whole("luhn", text) if valid else None


def dea(text: str) -> Verdict | None:
    """US DEA registration: two letters (the second may be 9), seven digits; (d1+d3+d5) + 2(d2+d4+d6) ends in d7."""
    text, whole = text.replace(" ", "").replace(".", "").replace("-", ""), text
    digits = text[2:]
    if (
        len(text) != 9
        or not text[0].isalpha()
        or not (text[1].isalpha() or text[1] == "9")
        or len(_digits(digits)) != 7
    ):
        return None
    number = [int(digit) for digit in digits]
    total = sum(number[0:6:2]) + 2 * sum(number[1:6:2])
    return _whole("checksum", whole) if total % 10 == number[6] else None


def code(text: str) -> Verdict | None:
    """What a keyword may name: at least four digits, not a date."""
    if text[-4:].lower() in _PORTS:
        return None
    return _whole("keyword", text) if len(_digits(text)) >= 4 and not _looks_like_date(text) else None


def long_code(text: str) -> Verdict | None:
    """As `code`, with at least six characters: plan ids, licences, passports."""
    plain = text.replace("-", "").replace(" ", "")
    return code(text) if len(plain) >= 6 else None


def _looks_like_date(text: str) -> bool:
    # Something must stand between day, month and year.
    return ("-" in text or "/" in text or "." in text) and (
        numeric_date(text) is not None or iso_date(text) is not None
    )


def dated(text: str) -> bool:
    """Whether one of the pieces between the spaces of a text is a date."""
    return ("-" in text or "/" in text or "." in text) and any(map(_looks_like_date, text.split(" ")))


def _are_figures(pieces: list[str]) -> bool:
    """Whether each of these is one ASCII digit or more."""
    together = "".join(pieces)
    return together.isdecimal() and together.isascii() and all(pieces)


def numeric_date(text: str) -> Verdict | None:
    """Day/month/year or month/day/year with one separator; two-digit years only with slashes or dots."""
    for separator in "/.-":
        pieces = text.split(separator)
        if len(pieces) == 3:
            break
    else:
        return None
    if not _are_figures(pieces):
        return None
    if len(pieces[0]) > 2 or len(pieces[1]) > 2 or len(pieces[2]) not in _YEARS:
        return None
    first, second, year = map(int, pieces)
    if len(pieces[2]) == 4 and not 1800 <= year <= 2200:
        return None
    year = year if len(pieces[2]) == 4 else (1900 if year > _PIVOT else 2000) + year
    return _day_of(year, text) if _is_day(year, first, second) or _is_day(year, second, first) else None


def iso_date(text: str) -> Verdict | None:
    """ISO 8601 year-month-day, with - / or . between."""
    head = text[:10].replace("/", "-").replace(".", "-").split("-")
    if len(head) != 3 or not _are_figures(head):
        return None
    year, month, day = map(int, head)
    return _day_of(year, text) if 1800 <= year <= 2200 and _is_day(year, month, day) else None


def day_of_figures(text: str) -> Verdict | None:
    """A day in figures, the year first or last."""
    return iso_date(text) or numeric_date(text)


def compact_date(text: str) -> Verdict | None:
    """Year, month and day without anything between (HL7 v2 §2.A.21, X12 format D8): a day that there is."""
    days = [text[place : place + 8] for place in (0, 9) if place < len(text)] if "-" in text else [text[:8]]
    valid = all(len(one) == 8 and one.isascii() and one.isdecimal() and _is_day_of(one) for one in days)
    return _whole("form", text) if valid else None


def _is_day_of(digits: str) -> bool:
    return _is_day(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except (ValueError, OverflowError):  # the second for what is too large to be a number of days at all
        return False
    return True


def birthday(text: str) -> Verdict | None:
    """A whole day as a form has it, in figures or with a month's name, in whatever order: a day that there is, between
    1880 and 2060."""
    pieces = _DAY_PIECES.findall(text)
    names = [piece for piece in pieces if piece[0].isalpha() and piece[:3].lower() in _MONTHS]
    figures = [piece for piece in pieces if piece.isdecimal()]
    if len(names) + len(figures) != 3 or len(names) > 1:
        return None
    if len(figures) < 2:
        return None
    first = len(figures[0]) == 4
    written = figures.pop(0 if first else -1)
    if len(written) not in _YEARS or any(len(figure) > 2 for figure in figures) or not 1880 <= _full(written) <= 2060:
        return None
    year = _full(written)
    if names:
        valid = _is_day(year, _MONTHS[names[0][:3].lower()], int(figures[0]))
    else:
        left, right = map(int, figures)
        valid = _is_day(year, left, right) or (not first and _is_day(year, right, left))
    return _whole("form", text) if valid else None


def birth_digits(text: str) -> Verdict | None:
    """Eight digits or six of a day, right behind a word of birth: its year first or last."""
    if len(text) not in _RUN_TOGETHER or not (text.isascii() and text.isdecimal()):
        return None
    size = len(text) - 4
    for written, rest in ((text[:size], text[size:]), (text[-size:], text[:-size])):
        year = _full(written)
        left, right = int(rest[:2]), int(rest[2:])
        if 1880 <= year <= 2060 and (_is_day(year, left, right) or _is_day(year, right, left)):
            return _whole("form", text)
    return None


def _full(year: str) -> int:
    """A year that two digits may stand for."""
    return int(year) if len(year) == 4 else (1900 if int(year) > _PIVOT else 2000) + int(year)


def textual_date(text: str) -> Verdict | None:
    """A month in words with a day or year: the day must be one that the month can have."""
    month = 0
    days: list[int] = []
    for piece in text.replace(",", " ").replace(".", " ").replace("-", " ").split():
        if piece[0].isalpha():
            month = month or _MONTHS.get(piece[:3].lower(), 0)
        elif 0 < len(digits := _digits(piece)) < 3:
            days.append(int(digits))
    if not month or (days and not 1 <= days[0] <= _LENGTHS[month - 1]):
        return None
    return _day_of(_year(text), text) if days else _whole("form", text)


def day(text: str) -> Verdict | None:
    """A day and a month in words, in whatever language: the day is one that a month can have."""
    return _day_of(_year(text), text) if 1 <= int(_digits(text.partition(" ")[0]) or "0") <= 31 else None


def _year(text: str) -> int:
    """The four digits at the end of a date, or the two behind a month (`14-Mar-85`), 9999 where it ends with none."""
    if text[-3:-2] == "-" and text[-2:].isascii() and text[-2:].isdecimal() and text[-4:-3].isalpha():
        return (1900 if int(text[-2:]) > _PIVOT else 2000) + int(text[-2:])
    last = text[-4:]
    return int(last) if len(last) == 4 and last.isascii() and last.isdecimal() else 9999


def cjk_date(text: str) -> Verdict | None:
    """Year, month and day, each with its sign, in Chinese, Japanese or Korean: a day that there is."""
    match = _CJK_DATE.fullmatch(text)
    if match is None:
        return None
    year, month, of = map(int, match.groups())
    return _day_of(year, text) if 1800 <= year <= 2200 and _is_day(year, month, of) else None


def age(text: str) -> Verdict | None:
    """A person's age; above 89 it is an identifier (45 CFR 164.514(b)(2)(i)(C))."""
    years = int(_digits(text)[:4] or "0")
    if not 0 < years <= 125:
        return None
    return _whole("over-89" if years > 89 else "form", text)


def name(text: str) -> Verdict | None:
    """A name in capitals where one was announced: it ends before the first word that is none."""
    end = 0
    position = 0
    for token in text.replace(",", " ").split(" "):
        # `do` goes on with a family name (`Ana do Carmo`).
        plain = token.rstrip(".,").lower()
        initial = len(plain) == 1 and token[1:2] == "."
        if plain in (NOT_NAMES if position else _NO_BEGINNINGS) and not (initial or (position and token in _WITHIN)):
            break
        position += len(token)
        end = position
        position += 1
    if not end:
        return None
    kept = text[:end].rstrip(" ,")
    letters = kept.replace(".", "").replace(" ", "")
    return ("name", 0, len(kept)) if len(letters) > 1 else None


def password(text: str) -> Verdict | None:
    """The value after `password:`; not a word that says there is none, a reference to where it is, or a placeholder of
    our own."""
    value = text.rstrip(_MARKS)
    # In source code, a name and what closes that opened before it.
    bare = value.rstrip(_CLOSING)
    named = bare if bare.replace("_", "").replace("$", "").isalpha() else value
    if not (_may_be_password(value) and _may_be_password(named)) or value.lower() in _TOLD:
        return None
    # Many a password ends with these: masked with it, whatever they are.
    return "keyword", 0, len(text.rstrip(".,;:)"))


def quoted_password(text: str) -> Verdict | None:
    """All that quotes hold after `password:`: not what a form, a rule or a message says of one."""
    start, end = _inside(text)
    inner = text[start:end]
    if " " not in inner.strip() and "\t" not in inner:
        return ("keyword", start, end) if _may_be_password(inner.rstrip(_MARKS)) else None
    return None if _is_said_of_one(inner) or refers(inner) else ("keyword", start, end)


def password_with_signs(text: str) -> Verdict | None:
    """The value after `password:` with what parts values in it: no tags, and more than words."""
    value = text.rstrip(_MARKS)
    first = _SIGNS.split(value, maxsplit=1)[0]
    if first == value or first.isalpha() or _COMPOUND.fullmatch(first) is not None or not _may_be_password(first):
        return None
    opened, closed = value.find("<"), value.find(">")
    if _ELEMENT.search(value) is not None or (closed >= 0 and not 0 <= opened < closed):
        return None
    return "keyword", 0, len(text.rstrip(".,;:)"))


def element_password(text: str) -> Verdict | None:
    """What an element holds whose name is of a password: as between quotes."""
    value = text.strip()
    start = text.index(value)
    return ("keyword", start, start + len(value)) if quoted_password(f'"{value}"') is not None else None


def cell_password(text: str) -> Verdict | None:
    """What the cell beside `Password` holds: a digit or a symbol must be in it."""
    value = text.strip()
    return element_password(text) if told_password(f'"{value}"') is not None else None


def told_password(text: str) -> Verdict | None:
    """What stands in quotes right after `password`: a digit or a symbol must be in it."""
    start, end = _inside(text)
    return ("keyword", start, end) if spoken_password(text[start:end]) is not None else None


def secret_value(text: str) -> Verdict | None:
    """The value after `client_secret:` or `api_key:`: letters and digits mixed, no name, path or placeholder."""
    value = text.rstrip(_MARKS)
    if not _may_be_password(value) or _NO_SECRET.match(value) is not None or stands_in(value):
        return None
    mixed = any(_is_mixed(piece) for piece in _PARTS.split(value))
    return ("keyword", 0, len(text.rstrip(".,;:)"))) if mixed and len(value) >= _SHORTEST_SECRET else None


def quoted_secret(text: str) -> Verdict | None:
    """The same in quotes, where a sign counts as much."""
    start, end = _inside(text)
    value = text[start:end]
    if " " in value or "\t" in value or len(value) < _SHORTEST_SECRET:
        return None
    if secret_value(value) is not None:
        return "keyword", start, end
    signs = len(set(value) & _STRANGE) > 1 and any(character.isalnum() for character in value)
    signs = signs and _may_be_password(value) and _NO_SECRET.match(value) is None and not stands_in(value)
    return ("keyword", start, end) if signs else None


def spoken_password(text: str) -> Verdict | None:
    """The value after `password is`: prose goes on with words, so a digit or a symbol must be in it."""
    verdict = password(text)
    value = text.rstrip(_MARKS)
    return verdict if verdict and not value.isalpha() and _COMPOUND.fullmatch(value) is None else None


def command_password(text: str) -> Verdict | None:
    """The value after a user's name and a colon in a command's options; no group's number or name."""
    return None if text.isdecimal() else spoken_password(text)


def api_key(text: str) -> Verdict | None:
    """The value after `api_key:` or `token:`: long, letters and digits mixed."""
    mixed = any(character.isdigit() for character in text) and any(character.isalpha() for character in text)
    nothing = _placeholder(text) or refers(text) or stands_in(text)
    return _whole("keyword", text) if len(text) >= 16 and mixed and not nothing else None


def jose(text: str) -> Verdict | None:
    """RFC 7515, RFC 7516: a header that names its algorithm, or one with what it is the header of behind it. What else
    is JSON in base64 (a cursor, a map of sources) is read for what it says."""
    head, _, rest = text.partition(".")
    if rest.strip(".") or len(head) >= _WHOLE_HEADER:
        return _whole("form", text)
    try:
        said = base64.urlsafe_b64decode(head[: len(head) // 4 * 4])
    except ValueError:
        return _whole("form", text)
    return _whole("form", text) if b'"alg"' in said or b'"enc"' in said else None


def connection(text: str) -> Verdict | None:
    """A URL with a password in it that is no placeholder or reference (`scheme://user:password@host`)."""
    secret = text.partition("://")[2].rpartition("@")[0].partition(":")[2]
    told = secret and not _placeholder(secret) and not refers(secret) and secret.strip("*x<>")
    return _whole("form", text) if told else None


def _may_be_password(value: str) -> bool:
    """Whether one word may be a password: it says neither that there is none nor where one is."""
    if len(value) < 4 or value.lower() in _NO_PASSWORDS or not value.strip("*x.-_#"):
        return False
    value = value.strip("*") or value
    return not (refers(value) or _placeholder(value) or stands_in(value) or _COLOUR.match(value))


def _inside(text: str) -> tuple[int, int]:
    """Where what quotes hold begins and ends; the quote that ends it may be missing."""
    return 1, len(text) - (len(text) > 2 and text[-1] == text[0])


def _is_said_of_one(text: str) -> bool:
    """Whether several words speak of a password, as labels, rules and messages do, rather than are one."""
    said = _WORDS.findall(text.lower())
    if any(word in _RULES or word.startswith(_CALLED) for word in said):
        return True
    return sum(word in _LIGHT for word in said) > 1 or text.rstrip()[-1:] in {"?", ":", "\u2026"}


def _is_mixed(piece: str) -> bool:
    return len(piece) >= _SHORTEST_PART and any(map(str.isdigit, piece)) and any(map(str.isalpha, piece))


def _placeholder(value: str) -> bool:
    """Whether it is what masking writes, or a token that stands for something."""
    bare = value.rstrip("\"'")
    return (
        bare.startswith("[") and bare.endswith("]") and (value.upper() == value or _TOKEN.fullmatch(bare) is not None)
    )


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        email, phone, phone_told, phone_nanp, phone_trunk, card, card_labelled, iban, ipv4, ipv6, ssn, nine_digits,
        itin, npi, dea, code, long_code, numeric_date, iso_date, day_of_figures, compact_date, birthday, birth_digits,
        textual_date, day, age, name,
        password, quoted_password, password_with_signs, element_password, cell_password, told_password, secret_value,
        quoted_secret, spoken_password, command_password, track, cjk_date, api_key, connection, jose,
    )
}  # fmt: skip
"""The checks that a recognizer may name."""
LEAST = {"card": 14}
"""Characters of the shortest text that a check lets pass, where patterns find many that are shorter."""
