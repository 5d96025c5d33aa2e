"""Checks of the numbers of people that `families.civil` finds, by `stdnum`, where their words are said of other things
as well."""

from stdnum.ar import cuit as stdnum_cuit
from stdnum.be import bis as stdnum_bis
from stdnum.be import nn as stdnum_nn
from stdnum.bg import egn as stdnum_egn
from stdnum.ch import ssn as stdnum_ahv
from stdnum.cl import rut as stdnum_rut
from stdnum.cz import rc as stdnum_rc
from stdnum.dk import cpr as stdnum_cpr
from stdnum.gb import upn as stdnum_upn
from stdnum.gb import utr as stdnum_utr
from stdnum.gr import amka as stdnum_amka
from stdnum.hr import oib as stdnum_oib
from stdnum.in_ import epic as stdnum_epic
from stdnum.in_ import pan as stdnum_pan
from stdnum.in_ import vid as stdnum_vid
from stdnum.mx import curp as stdnum_curp
from stdnum.no import fodselsnummer as stdnum_fodselsnummer
from stdnum.nz import ird as stdnum_ird
from stdnum.pl import nip as stdnum_nip
from stdnum.pt import nif as stdnum_nif
from stdnum.ro import cnp as stdnum_cnp
from stdnum.tr import tckimlik as stdnum_tckimlik

from gateway.checks.classification.numbers import is_by, is_varied, plain_of, told
from gateway.checks.classification.validators import Check, Verdict, compact_date, long_code


def pan(text: str) -> Verdict | None:
    """Indian PAN: five letters of which the fourth is a kind of holder, four digits, a letter."""
    return told(is_by(stdnum_pan, plain_of(text)), text, "form")


def epic(text: str) -> Verdict | None:
    """Indian voter's card (EPIC): three letters and seven digits, Luhn."""
    return told(is_by(stdnum_epic, plain_of(text)), text)


def vid(text: str) -> Verdict | None:
    """Indian virtual id: sixteen digits in place of an Aadhaar, Verhoeff."""
    return told(is_by(stdnum_vid, plain_of(text)), text)


def utr(text: str) -> Verdict | None:
    """UK unique taxpayer reference: ten digits, the first of them a check digit."""
    plain = plain_of(text).removesuffix("K")
    return told(is_by(stdnum_utr, plain) and is_varied(plain), text)


def upn(text: str) -> Verdict | None:
    """UK unique pupil number: a check letter, a local authority, eleven more."""
    return told(is_by(stdnum_upn, plain_of(text)), text)


def nip(text: str) -> Verdict | None:
    """Polish tax number (NIP): ten digits, weighted sum mod 11."""
    plain = plain_of(text)
    return told(is_by(stdnum_nip, plain) and is_varied(plain), text)


def nif(text: str) -> Verdict | None:
    """Portuguese tax number (NIF): nine digits, weighted sum mod 11."""
    plain = plain_of(text)
    return told(is_by(stdnum_nif, plain) and is_varied(plain), text)


def cpr(text: str) -> Verdict | None:
    """Danish CPR number: a day of birth in six digits, four more."""
    return told(is_by(stdnum_cpr, plain_of(text)), text, "form")


def fodselsnummer(text: str) -> Verdict | None:
    """Norwegian birth number: a day of birth, three digits, two check digits."""
    return told(is_by(stdnum_fodselsnummer, plain_of(text)), text)


def ird(text: str) -> Verdict | None:
    """New Zealand tax number (IRD): eight or nine digits, weighted sum mod 11."""
    plain = plain_of(text)
    return told(is_by(stdnum_ird, plain) and is_varied(plain), text)


def ahv(text: str) -> Verdict | None:
    """Swiss social insurance number: 756, nine digits and a check digit of EAN-13."""
    return told(is_by(stdnum_ahv, plain_of(text)), text)


def rijksregister(text: str) -> Verdict | None:
    """Belgian national number: a day of birth (of the BIS register, its month raised), three digits, mod 97."""
    plain = plain_of(text)
    return told(is_by(stdnum_nn, plain) or is_by(stdnum_bis, plain), text)


def card_number(text: str) -> Verdict | None:
    """What a word may name as an identity card's number: as `long_code`, not a day without anything between."""
    return None if compact_date(text) is not None else long_code(text)


def curp(text: str) -> Verdict | None:
    """Mexican CURP: letters of a name, a day of birth, a sex, a state, a check digit."""
    return told(is_by(stdnum_curp, text.upper()), text)


def rut(text: str) -> Verdict | None:
    """Chilean RUT: up to eight digits and one or a K that checks them."""
    return told(is_by(stdnum_rut, text.replace(".", "").upper()), text)


def cuit(text: str) -> Verdict | None:
    """Argentine CUIT or CUIL: a kind, eight digits, a check digit."""
    return told(is_by(stdnum_cuit, plain_of(text)), text)


def egn(text: str) -> Verdict | None:
    """Bulgarian EGN: a day of birth, three digits, a check digit."""
    return told(is_by(stdnum_egn, text), text)


def cnp(text: str) -> Verdict | None:
    """Romanian CNP: a sex and century, a day of birth, a county, a check digit."""
    return told(is_by(stdnum_cnp, text), text)


def rodne_cislo(text: str) -> Verdict | None:
    """Czech or Slovak birth number: a day of birth, three digits or four."""
    return told(is_by(stdnum_rc, text.replace(" ", "").replace("/", "")), text)


def oib(text: str) -> Verdict | None:
    """Croatian OIB: ten digits and one that checks them."""
    return told(is_by(stdnum_oib, text), text)


def amka(text: str) -> Verdict | None:
    """Greek AMKA: a day of birth, four digits, Luhn."""
    return told(is_by(stdnum_amka, text), text)


def kimlik(text: str) -> Verdict | None:
    """Turkish identity number: nine digits and two that check them."""
    return told(is_by(stdnum_tckimlik, text), text)


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        pan, epic, vid, utr, upn, nip, nif, cpr, fodselsnummer, ird, ahv, rijksregister, card_number, curp, rut, cuit,
        egn, cnp, rodne_cislo, oib, amka, kimlik,
    )
}  # fmt: skip
"""The checks of such numbers that a recognizer or a label may name."""
