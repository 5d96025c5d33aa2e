"""Rows without personal data that look as if there were some: numbers and words of machines and things.

A section of `negatives.txt` is a category, each of its lines a form: `{=##@}` stands for digits and letters as in
`rows.digits`, `{uuid}` and the like for what `MAKERS` makes, `{{` and `}}` for braces. Lines of tables stay together.
"""

import base64
import re
import uuid

from benchmarks.corpus.identifiers import luhn_digit
from benchmarks.corpus.rows import Maker, Making, Row, digits
from benchmarks.corpus.templates import FOLDER, SEED, Split, making, sections

_SLOT = re.compile(r"\{=([#@0-9.,/-]+)\}|\{([a-z]+[0-9]*)\}|(\{\{|\}\})")
_TABLE = re.compile(r"[|]|year,|[0-9]{4},")
_LOCALE = "en_US"


def _hex(size: int) -> Maker:
    return lambda making: f"{making.chance.getrandbits(4 * size):0{size}x}"


def _bad_card(making: Making) -> str:
    """Sixteen digits that are no card's: Luhn's check digit is another."""
    payload = digits(making, "5##############")
    return payload + str((int(luhn_digit(payload)) + making.chance.randrange(1, 10)) % 10)


def isbn(making: Making) -> str:
    """ISO 2108: thirteen digits, weights 1 and 3."""
    payload = digits(making, "978#########")
    check = -sum(int(one) * (1, 3)[place % 2] for place, one in enumerate(payload)) % 10
    return f"{payload[:3]}-{payload[3]}-{payload[4:8]}-{payload[8:]}-{check}"


MAKERS: dict[str, Maker] = {
    "uuid": lambda making: str(uuid.UUID(int=making.chance.getrandbits(128), version=4)),
    "sha1": _hex(40),
    "sha256": _hex(64),
    "md5": _hex(32),
    "hex8": _hex(8),
    "hex16": _hex(16),
    "isbn": isbn,
    "bad16": _bad_card,
    "epoch": lambda making: str(making.chance.randrange(1_500_000_000, 1_790_000_000)),
    "b64": lambda making: base64.b64encode(making.chance.randbytes(48)).decode("ascii"),
}


def forms(split: Split) -> list[tuple[str, str]]:
    """Category and form of each row, in the order of the file. `ValueError` for a slot that nothing fills."""
    found: list[tuple[str, str]] = []
    for category, _, lines in sections((FOLDER / split / "negatives.txt").read_text("utf-8")):
        kept = [line for line in lines if line]
        table = [line for line in kept if _TABLE.match(line)]
        rest = [line for line in kept if not _TABLE.match(line)]
        found += [(category, form) for form in (["\n".join(table)] if table else []) + rest]
    for category, form in found:
        if any(named and named not in MAKERS for _, named, _ in _SLOT.findall(form)):
            raise ValueError(f"category {category} names a slot that nothing fills")
    return found


def rows(split: Split, each: int) -> list[Row]:
    """So many rows of each category of one half, its forms in turn."""
    by_category: dict[str, list[str]] = {}
    for category, form in forms(split):
        by_category.setdefault(category, []).append(form)
    return [
        _filled(category, choices[number % len(choices)], number, split)
        for category, choices in by_category.items()
        for number in range(each)
    ]


def _filled(category: str, form: str, number: int, split: Split) -> Row:
    given = making(f"{SEED}/{split}/{category}/{number}", _LOCALE)

    def one(slot: re.Match[str]) -> str:
        if slot[1]:
            return digits(given, slot[1])
        return MAKERS[slot[2]](given) if slot[2] else slot[3][0]

    return Row(_SLOT.sub(one, form), (), f"{category}", category)
