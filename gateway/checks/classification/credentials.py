"""Whether what stands behind a word that names secrets and much else (`key`) is one, by how it is made."""

import re

from gateway.checks.classification.validators import Check, Verdict, api_key

_PARTS = re.compile(r"[-_./:=+~@]")
_CAMEL = re.compile("[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_FILE = re.compile(r"[^=+]+(?:\.[A-Za-z][A-Za-z0-9]{1,4}|/)|[a-z][a-z_\-]{2,}/[^=+]*")
"""A path: a file's name with its ending, or below a folder whose name is a word."""
_REGULAR = re.compile("[0-9]+[A-Za-z]*|[A-Za-z]+[0-9]*")
_SHORT = 4
"""Characters of a part of a name that may be anything (`3ds2`)."""
_LONG = 8
"""Characters of a run of letters from which on it is asked whether it is words."""


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


CHECKS: dict[str, Check] = {check.__name__: check for check in (random_key,)}
"""The checks that a recognizer may name."""
