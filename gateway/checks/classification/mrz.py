"""The machine-readable zone of travel documents (ICAO 9303 part 3 §4.9, parts 4 to 7): its check digits."""

from gateway.checks.classification.validators import Check, Verdict

_WEIGHTS = (7, 3, 1)
_VALUES = {character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}


def check_digit(field: str) -> str:
    """Of a field: its characters by weights of 7, 3 and 1, modulo 10."""
    return str(sum(_VALUES[character] * _WEIGHTS[place % 3] for place, character in enumerate(field)) % 10)


def _holds(line: str, first: int, last: int) -> bool:
    """Whether a field is followed by its check digit."""
    return line[last : last + 1] == check_digit(line[first:last])


def _is_day(text: str) -> bool:
    """Whether six figures are year, month and day; either of the last two may be unknown (part 3 §4.8)."""
    return int(text[2:4]) <= 12 and int(text[4:6]) <= 31


def _lives(line: str, birth: int) -> bool:
    """Whether birth, and the expiry eight places behind it, are days."""
    return _is_day(line[birth : birth + 6]) and _is_day(line[birth + 8 : birth + 14])


def mrz_number(text: str) -> Verdict | None:
    """The second line of a passport, visa or card of two lines: birth and expiry are days, and the check digit of the
    number, or of both of them, holds. One that was misread or miswritten keeps nothing from being masked."""
    told = _lives(text, 13) and (_holds(text, 0, 9) or (_holds(text, 13, 19) and _holds(text, 21, 27)))
    return ("check-digit", 0, len(text)) if told else None


def mrz_card(text: str) -> Verdict | None:
    """The first line of a card of three: the check digit of its number holds, and not all of it is letters and
    digits."""
    return ("check-digit", 0, len(text)) if "<<" in text and _holds(text, 5, 14) else None


def mrz_birth(text: str) -> Verdict | None:
    """The second line of a card of three: birth and expiry are days, and the check digit of one of them holds."""
    told = _lives(text, 0) and (_holds(text, 0, 6) or _holds(text, 8, 14))
    return ("check-digit", 0, len(text)) if told else None


CHECKS: dict[str, Check] = {"mrz_number": mrz_number, "mrz_card": mrz_card, "mrz_birth": mrz_birth}
