"""What machines read on passports, visas and identity cards (ICAO 9303): two lines of 44 or 36 characters, or three of
30, of capitals, digits and `<`."""

from gateway.checks.classification.recognizer import Recognizer

_DAYS = "[0-9]{7}[MFX<][0-9]{7}"
_PART = "[A-Z]{1,30}"

RECOGNIZERS = (
    Recognizer(
        # Number, nation, birth, sex, expiry; birth and sex go with the number.
        id="mrz-number",
        type="us-passport",
        pattern=rf"\b[A-Z0-9<]{{9}}[0-9][A-Z<]{{3}}{_DAYS}[A-Z0-9<]{{7,16}}",
        gate=rf"[0-9][A-Z<]{{3}}{_DAYS}",
        check="mrz_number",
        again=True,
        score=0.98,
        reason="check-digit",
    ),
    Recognizer(
        id="mrz-card",
        type="us-passport",
        pattern=r"\b[ACI][A-Z0-9<][A-Z<]{3}[A-Z0-9<]{9}[0-9][A-Z0-9<]{15}",
        gate=r"\b[ACI][A-Z0-9<][A-Z<]{3}[A-Z0-9<]{9}[0-9][A-Z0-9<]{15}",
        check="mrz_card",
        score=0.95,
        reason="check-digit",
    ),
    Recognizer(
        id="mrz-birth",
        type="date-of-birth",
        pattern=rf"\b{_DAYS}[A-Z<]{{3}}[A-Z0-9<]{{11}}[0-9]",
        gate=rf"\b{_DAYS}[A-Z<]{{3}}[A-Z0-9<]{{11}}[0-9]",
        check="mrz_birth",
        score=0.98,
        reason="check-digit",
    ),
    Recognizer(
        # Family name and given names, filled up.
        id="mrz-name",
        type="person",
        pattern=rf"\b{_PART}(?:<{_PART}){{0,3}}<<{_PART}(?:<{_PART}){{0,4}}<{{3,40}}",
        gate=r"[A-Z]<<[A-Z][A-Z<]{0,32}<<<",
        again=True,
        score=0.95,
        reason="form",
    ),
)
