"""JSON that stands in a text: its strings and numbers as texts next to each other, each with its place.

The arguments and results of tools are strings that hold JSON. An identifier over several fields of it is read as one
over several fields of the body (`fragments`), and what names one otherwise than by its key names it here, too
(`titles`).
"""

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from functools import lru_cache

import msgspec

from gateway.checks.classification.labels import labelled
from gateway.checks.classification.masking import is_json
from gateway.checks.classification.normalise import ODD, outline
from gateway.checks.classification.patterns import Anywhere
from gateway.checks.classification.pieces import shifted
from gateway.checks.classification.titles import Titles, is_index, may_name
from gateway.core.births import of_birth
from gateway.core.finding import Finding
from gateway.core.keys import TYPES, describes, says_half, says_nothing
from gateway.core.message import Part

LONGEST = 32_768
"""Characters of a text that is taken apart; a longer one is read as it stands alone."""
_ODD = ODD.encode("latin-1")
_BETWEEN = r"[\s\]}]{0,99},[\s\[{]{0,99}"
_NEXT = rf'"{_BETWEEN}(?:"[^"]{{0,64}}"\s{{0,8}}:[\s\[{{]{{0,99}}){{0,2}}"'
# A string that ends as the half of a number or an address does, before one that begins so; or two numbers under keys
# that are counted. Most texts have neither.
_HALVES = re.compile(
    rf"[0-9A-Z@.\-]{_NEXT}[0-9A-Z@.\-]|@{_NEXT}[a-z]|[a-z]{_NEXT}@|@[\w.\-]{{1,40}}{_NEXT}[0-9A-Za-z.]|"
    rf'[0-9]"\s{{0,8}}:\s{{0,8}}-?[0-9.]{{1,40}}{_BETWEEN}"[^"]{{0,64}}[0-9]"\s{{0,8}}:\s{{0,8}}[0-9]'
)
_TOKEN = re.compile(
    r'"((?:[^"\\]|\\.)*+)(?:"(\s*+:)?|\Z)|(?<![\w.+-])(-?[0-9]++(?:\.[0-9]++)?)(?![\w.+-])|[\[\]{}]|[\w.+-]++',
    re.DOTALL,
)
"""A string, of which a colon makes a key; a number; a bracket; any other literal."""
_LISTED = re.compile(r"\[\s{0,99}(?:\[|\"[^\"]{1,64}\"\s{0,8},)")
_NESTED = Anywhere(r':\s{0,99}\{\s{0,99}"(?:[0-9]{1,6}|[$@#_]?[A-Za-z]{1,12})"\s{0,8}:')
_VALUED = Anywhere(
    r'"v"\s{0,8}:|"[A-Za-z_]{0,24}(?i:val|answer|response|text|content|data|entry|result|input)[A-Za-z]{0,24}"\s{0,8}:'
)
_NAMING = Anywhere(
    r'"[A-Za-z_\-]{0,24}(?i:name|key|label|field|question|title|display|param|attribute|property|column|head|prompt|'
    r'code|type|kind|system|id|text)[A-Za-z]{0,6}"\s{0,8}:'
)
_OWN = Anywhere(
    r'"(?:[A-Za-z0-9_\-]{0,32}(?:[a-z](?:Name|Nm|Addr(?:ess)?|Street|City|Town|Passe?|Passwd|Pwd|Token|Key|Secret)|'
    r"[_\-](?i:name|nm|addr(?:ess)?|street|city|town|passe?|passwd|pwd|token|key|secret))|"
    r'(?i:address|accession))"\s{0,8}:\s{0,8}"'
)
"""A key that names what stands under it as its words do, and not as it is written in a text."""
_LONGEST_NAMED = 128
_MONTH = Anywhere(r'"(?:[A-Za-z_\-]{0,24}(?i:birth|dob|born|geburt)[A-Za-z_\-]{0,24})?(?i:months?|mm|monat)"\s{0,8}:')
"""The key of a month, of a birth perhaps."""
_COUNTED = "0123456789_-. "
_OPENING, _CLOSING = ("[", "{"), ("]", "}")


class Field(msgspec.Struct, frozen=True, gc=False):
    """A string or a number of JSON: where it begins in the text, itself as a part (of the kind `name` where it is a
    number that is no piece; its pointer is that in the text), and the key of a number without what counts it (`card1`,
    `card_2`)."""

    start: int
    part: Part
    counted: str


def may_hold(text: str) -> bool:
    """Whether a text may be JSON with pieces of one thing in fields next to each other: quickly told of most."""
    if len(text) > LONGEST or not is_json(text):
        return False
    # Digits and signs of another script or width are read as what they stand for, and what is invisible as nothing.
    plain = text if text.isascii() else outline(text).replace(_ODD, b"").decode("latin-1")
    return _HALVES.search(plain) is not None or may_title(plain)


def may_title(text: str) -> bool:
    """Whether something else than its key may name a value of JSON, or its key otherwise than as it is written: quickly
    told of most."""
    return _OWN.stands_in(text) or _MONTH.stands_in(text) or _may_otherwise(text)


def _may_otherwise(text: str) -> bool:
    if _LISTED.search(text) is not None or _NESTED.stands_in(text):
        return True
    return _VALUED.stands_in(text) and _NAMING.stands_in(text)


def titled(text: str, known: Container[str], fields: Sequence[Field]) -> Iterator[tuple[Field, str]]:
    """The fields of JSON in a text that something else names than their key, each with what is read before it
    (`titles`)."""
    if not may_title(text):
        return
    titles = Titles([field.part for field in fields], known) if _may_otherwise(text) else None
    typed = {field.part.pointer for field in fields if field.part.text in TYPES}
    for field in fields:
        above, _, key = field.part.pointer.rpartition("/")
        if describes(key, field.part.text) and f"{above}/type" in typed:
            continue
        title = ""
        if titles is not None:
            title = (titles.of(field.part) if may_name(field.part) else "") or _over(field.part.pointer)
        if not title and field.part.kind == "text" and len(field.part.text) <= _LONGEST_NAMED:
            title = _own(key)
        if title:
            yield field, title


def births(text: str, fields: Iterable[Field]) -> Iterator[Finding]:
    """The year, the month and the day of somebody's birth in fields of JSON in a text, each by itself."""
    if not _MONTH.stands_in(text):
        return
    objects: dict[str, dict[str, Field]] = {}
    for field in fields:
        above, _, key = field.part.pointer.rpartition("/")
        objects.setdefault(above, {})[key] = field
    for above, members in objects.items():
        label = " ".join([step for step in above.split("/") if step and not is_index(step)][-2:])
        born = of_birth({key: field.part.text for key, field in members.items()}, label)
        for key in () if born is None else sorted(born[1]):
            field = members[key]
            yield Finding("date-of-birth", field.start, field.start + len(field.part.text), 0.9, "members")


def fields_of(text: str) -> list[Field]:
    """The strings and numbers of JSON in a text, in order."""
    return list(_fields(text))


def rows(text: str, fields: Iterable[Field] | None = None) -> list[list[Field]]:
    """The strings and numbers of JSON that may be pieces of one thing, in order, a list for each that may be. Linear,
    and never fails: what is no JSON is taken apart as far as it can be."""
    found: list[list[Field]] = [[]]
    before: Field | None = None
    for field in _fields(text) if fields is None else fields:
        # Numbers stand beside each other in all data: only where one key counts them are they pieces.
        if before is not None and (field.counted != before.counted or field.part.kind == "name"):
            found.append([])
        found[-1].append(field)
        before = field
    return [row for row in found if len(row) > 1]


def _over(pointer: str) -> str:
    """What names a value whose own key does not, or only half: the key above it. It stands too far away in the text,
    behind a number or other values, to be seen there."""
    half = ""
    steps = pointer.split("/")
    for place in range(len(steps) - 1, 0, -1):
        step = steps[place]
        if is_index(step) or says_nothing(step):
            half = half or " "
        elif not half and says_half(step, steps[place - 1]):
            half = f" {step}"
        else:
            return labelled(step + half.rstrip()) if half else ""
    return ""


@lru_cache(maxsize=1024)
def _own(key: str) -> str:
    """What names a value by the words of its own key, where a text as it is written would not."""
    return labelled(key) if _OWN.stands_in(f'"{key}":"') else ""


def _fields(text: str) -> Iterator[Field]:
    above: list[str] = []
    places: list[str] = [""]
    counts: list[int] = [0]
    key = ""
    for token in _TOKEN.finditer(text):
        string, colon, number = token.groups()
        sign = token[0]
        if colon is not None:
            key = string
            continue
        if sign in _CLOSING:
            if above:
                above.pop()
                places.pop()
                counts.pop()
            key = ""
            continue
        pointer = f"{places[-1]}/{key.replace('/', '~1') or counts[-1]}"
        counts[-1] += 1
        if string is not None:
            yield Field(token.start(1), Part(pointer, string, "text", _label(above, key)), "")
        elif number is not None:
            name = key.rstrip(_COUNTED) if key[-1:].isdigit() else ""
            yield Field(token.start(3), Part(pointer, number, "text" if name else "name", _label(above, key)), name)
        elif sign in _OPENING:
            above.append(key or (above[-1] if above else ""))
            places.append(pointer)
            counts.append(0)
        key = ""


def _label(above: Sequence[str], key: str) -> str:
    """What names the object or list that a field is in, and its own key."""
    return f"{above[-1] if above else ''} {key}".strip()


def within(fields: Iterable[Field], found: Sequence[Finding]) -> list[tuple[Finding, ...]]:
    """For each of the fields the findings of their text that lie in it, with their places in the field. Both are by
    place, so that each is passed once, but for findings that lie over several."""
    inside: list[tuple[Finding, ...]] = []
    first, count = 0, len(found)
    for field in fields:
        end = field.start + len(field.part.text)
        while first < count and found[first].end <= field.start:
            first += 1
        last = first
        while last < count and found[last].start < end:
            last += 1
        inside.append(tuple(shifted(one, -field.start) for one in found[first:last] if field.start < one.end))
    return inside
