"""Whether what stands behind a word that names secrets and much else (`key`) is one, by how it is made."""

import re

from gateway.checks.classification.recognizer import entries
from gateway.checks.classification.validators import Check, Verdict, api_key, spoken_password

_PARTS = re.compile(r"[-_./:=+~@]")
_CAMEL = re.compile("[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_FILE = re.compile(r"[^=+]+(?:\.[A-Za-z][A-Za-z0-9]{1,4}|/)|[a-z][a-z_\-]{2,}/[^=+]*")
"""A path: a file's name with its ending, or below a folder whose name is a word."""
_REGULAR = re.compile("[0-9]+[A-Za-z]*|[A-Za-z]+[0-9]*")
_SHORT = 4
"""Characters of a part of a name that may be anything (`3ds2`)."""
_LONG = 8
"""Characters of a run of letters from which on it is asked whether it is words."""
_STRONG = 6
"""Characters of the shortest password that a word in the middle of a sentence names."""
_RUNS = re.compile("[0-9]+|[A-Za-z]+")
_SIGNS = frozenset("!#$%^&*@+=?~")
_TECHNICAL = re.compile(
    r"(?i)(?:" + "|".join(entries(
        "pbkdf sha hmac aes argon scrypt bcrypt md[45] rsa oauth saml utf base[0-9] ntlm ldap iso nist x509 pkcs "
        "v[0-9] http tls ssl wpa wep totp hotp mfa 2fa sso kb[0-9] cve q[1-4] rfc windows office log4j test field"
    )) + r")|.*@[a-z0-9\-]+\.[a-z.]+\Z|[0-9]+(?:st|nd|rd|th)\b"
)  # fmt: skip
"""Standards, products, addresses: what has digits in it where a sentence speaks of passwords."""
_NO_ANSWERS = frozenset(
    entries("required optional none no not yes unknown missing invalid empty null n/a set correct incorrect wrong")
)
_MEASURE = re.compile("[0-9.,]+[A-Za-z%]{1,4}")
_FIGURES = re.compile(r"[0-9]+[/.\-:,][0-9/.\-:,]*")


def strong_password(text: str) -> Verdict | None:
    """The value right after `password`, or after a word that means much else (`clave`): letters and digits as no word,
    number or name of a thing has them."""
    verdict = spoken_password(text)
    if verdict is None:
        return None
    value = text[: verdict[2]].rstrip(".,;:)")
    bare = value.rstrip("!?")
    if len(bare) < _STRONG or _TECHNICAL.match(value) is not None or "/" in value or "(" in value or "_" in value:
        return None
    runs = _RUNS.findall(value)
    digits = sum(len(run) for run in runs if run.isdigit())
    signs = not _SIGNS.isdisjoint(bare[1:])
    mixed = any(map(str.islower, value)) and any(map(str.isupper, value))
    if not digits or digits == sum(map(len, runs)):
        return None
    if signs or (mixed and (digits > 2 or len(runs) > 3 or bare != value)):
        return verdict
    return verdict if len(runs) > 4 and value.isalnum() else None


def short_password(text: str) -> Verdict | None:
    """The value after a label that means much else (`pw:`): letters and digits, no path, measure, code in capitals or
    name of a standard."""
    verdict = spoken_password(text)
    if verdict is None or verdict[2] < _STRONG or "/" in text or _TECHNICAL.match(text) is not None:
        return None
    if _MEASURE.fullmatch(text) is not None or (text.upper() == text and _SIGNS.isdisjoint(text)):
        return None
    return verdict if any(map(str.isdigit, text)) and any(map(str.isalpha, text)) else None


def password_of(text: str) -> Verdict | None:
    """The value after `password for bob:`: no path, date or time."""
    verdict = spoken_password(text)
    return None if verdict is None or _FIGURES.fullmatch(text) is not None or text[0] in "/.<[" else verdict


def told_answer(text: str) -> Verdict | None:
    """The word that somebody is asked for by telephone: any but those that say of it whether it is there."""
    return None if not text[0].isalnum() or text.lower().rstrip(").") in _NO_ANSWERS else ("keyword", 0, len(text))


def random_key(text: str) -> Verdict | None:
    """As `api_key`, behind a word that names much else: not made of words and numbers as names and paths are."""
    if _FILE.fullmatch(text) is not None or all(map(_is_regular, _PARTS.split(text))):
        return None
    return api_key(text)


def _is_regular(part: str) -> bool:
    """Whether part of a name is words and a number, before them or behind."""
    if len(part) <= _SHORT:
        return True
    if _REGULAR.fullmatch(part) is None:
        return False
    letters = part.strip("0123456789")
    # Words begin with a capital; of what is drawn by lot, every other letter does.
    return len(letters) < _LONG or len(_CAMEL.findall(letters)) * 3 <= len(letters)


CHECKS: dict[str, Check] = {
    check.__name__: check for check in (random_key, strong_password, short_password, password_of, told_answer)
}
"""The checks that a recognizer may name."""
