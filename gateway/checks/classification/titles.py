"""What names a text of JSON otherwise than by its key.

A member that only says that it is a value is named by its sibling (`{"name": "MRN", "value": "…"}`, a question beside
its answer, the system of an identifier); a cell of a table by the head of its column (`columns` beside `rows`, or a
first row that is words alone); a text of a list by the one before it (`["MRN", "…"]`). Where a text stands is told by
its pointer. Of XML and forms, whose pointers do not say what is within what, a value is named by what comes before it
(`<name>MRN</name><value>…`, `<Attribute Name="mrn"><Value>…`). In a chat what somebody asked for at the end of the
message before names a short answer (`asking`).
"""

import re
from collections.abc import Container, Sequence
from functools import lru_cache

from gateway.checks.classification.asking import asked
from gateway.checks.classification.labels import LONGEST_LABEL, spoken
from gateway.core.message import Part

_NAMING = (
    "name", "key", "label", "field", "question", "title", "display", "parameter", "param", "attribute", "property",
    "column", "header", "heading", "prompt", "code", "type", "kind", "system", "path", "id", "text",
)  # fmt: skip
"""Keys whose text names what stands beside it, the likeliest first."""
_RANKS = {key: rank for rank, key in enumerate(_NAMING)}
_THINGS = ("field", "attribute", "parameter", "param", "property", "column", "question", "item", "variable", "element",
           "header", "input", "key", "display")  # fmt: skip
"""What is named, where a key says both (`fieldName`)."""
_VALUED = frozenset({"v", "val", "values", "text", "data", "entry", "result", "input"})
_ENDS = ("value", "answer", "answers", "response", "responses")
_SAYING = frozenset({"text", "display", "name", "label"})
"""What an object that names says itself by (`"type": {"text": "MRN"}`)."""
_HEADS = ("columns", "headers", "header", "fields", "cols", "schema", "head", "columnMetadata", "schema/fields")
_HALF = ("number", "no", "num", "nr")
"""With what a key ends that says which of its siblings names its value (`idType` beside `idNumber`)."""
_TYPES = ("type", "kind")
_CHANGED = frozenset({"number", "old", "new", "from", "to", "before", "after", "previous", "current"})
"""Keys that say half, beside a sibling that is a word that names a value (`{"type": "ssn", "number": …}`)."""
_WORDS = 6
"""Words at the end of what names a text in which it is looked for."""
_FLAT = ("xml:", "form:")
_ANSWER = 48
"""Characters of the longest answer."""
_SILENT = ("content", "text", "messages", "conversation", "history", "turns")
"""Labels of what somebody said, in a body of no protocol that of the list, too."""
_SAID = ("/content", "/text")
_MESSAGE = re.compile(r"(.*)/([0-9]{1,9})/(?:content|content/0/text|parts/0/text)")
_OPTION = re.compile("--[a-z-]{0,24}(?:password|passwd|passphrase|pass|secret|api-key)")
"""An option of a command that a secret follows."""
_COUNTED = 9
"""Digits of the longest place in a list."""
_NEAR = 3
"""How many texts behind what names it a value of XML or a form may stand."""
_UP = 4
"""How far above a value what names it may stand."""


class Titles:
    """The texts of one message, by what names them. `known`: whether a text, its letters and digits alone, in lower
    case, is a word that names a value."""

    def __init__(self, parts: Sequence[Part], known: Container[str]) -> None:
        self._known = known
        self._texts: dict[str, str] = {}
        """Pointer → text."""
        self._naming: dict[str, dict[str, str]] = {}
        """Pointer of an object → key → what it says of the value beside it."""
        self._above: dict[str, str] = {}
        """Pointer of rows → that of the list beside them that names their columns; empty where there is none."""
        self._heads: dict[str, bool] = {}
        """Pointer of a list → whether it is a row of words that name columns."""
        self._rows: dict[str, list[str]] = {}
        self._flat: dict[str, str] = {}
        """Pointer in XML or a form → what comes before and names it."""
        self._last, self._of, self._left = "", "", 0
        for part in parts:
            if part.text and part.kind == "text":
                if part.pointer.startswith(_FLAT):
                    self._follow(part.pointer, part.text)
                else:
                    self._add(part.pointer, part.text)

    def _follow(self, pointer: str, text: str) -> None:
        """Take the next text of XML or a form in."""
        element, _, attribute = pointer.partition(":")[2].partition("#")[0].partition("@")
        key = (attribute or element).rpartition(":")[2]
        if self._left and (is_value(key) or (not attribute and element == self._of)):
            self._flat[pointer] = self._last
        elif _naming(key):
            self._last, self._of, self._left = text, element if attribute else "", _NEAR
            return
        self._left -= self._left > 0

    def _add(self, pointer: str, text: str) -> None:
        self._texts[pointer] = text
        above, _, step = pointer.rpartition("/")
        if is_index(step):
            self._rows.setdefault(above, []).append(text)
            return
        naming = _naming(step)
        if naming:
            self._naming.setdefault(above, {}).setdefault(naming, text)
        if naming in _SAYING:
            over, _, key = above.rpartition("/")
            while is_index(key) or key == "coding":
                over, _, key = over.rpartition("/")
            named = _naming(key)
            if named and named not in _SAYING:
                self._naming.setdefault(over, {}).setdefault(named, text)

    def of(self, part: Part) -> str:
        """What is read before a part, as of a label (`labels.spoken`); empty where nothing names it but its key."""
        title = (
            _shortened(self._flat.get(part.pointer, ""))
            or self._sibling(part.pointer)
            or self._column(part.pointer)
            or self._before(part.pointer)
            or self._asked(part)
        )
        if not title:
            return ""
        own = "" if not part.label or part.label in _SILENT or is_value(part.label) else f"{part.label} "
        return spoken(own + title) or spoken(title)

    def _sibling(self, pointer: str) -> str:
        above, last = pointer, ""
        for _ in range(_UP):
            above, _, step = above.rpartition("/")
            if not is_index(step):
                if not is_value(step):
                    return "" if last else self._half(above, step)
                last = step.lower()
                named = self._naming.get(above)
                if named:
                    others = [key for key in named if key != last]
                    if others:
                        return _shortened(named[min(others, key=_RANKS.__getitem__)])
            if not above:
                break
        return ""

    def _half(self, above: str, key: str) -> str:
        """What says of which kind a number is, where that is a word that names a value."""
        if not is_half(key):
            return ""
        text = ""
        if key.lower() in _CHANGED:
            named = self._naming.get(above, {})
            text = named[min(named, key=_RANKS.__getitem__)] if named else ""
        stem = _stem(key)
        for kind in _TYPES if stem and not text else ():
            text = text or self._texts.get(f"{above}/{stem}{kind}", "")
            text = text or self._texts.get(f"{above}/{stem}{kind.capitalize()}", "")
        return next((said for said in (text, f"{text} number") if text and self._tells(said)), "")

    def _column(self, pointer: str) -> str:
        row, _, column = pointer.rpartition("/")
        if is_value(column):  # `{"stringValue": …}`, `{"v": …}`
            row, _, column = row.rpartition("/")
        if row.endswith("/f"):
            row = row.removesuffix("/f")
        rows, _, number = row.rpartition("/")
        if not (is_index(column) and is_index(number)):
            return ""
        over = self._above.get(rows)
        if over is None:
            beside = rows.rpartition("/")[0]
            over = next((one for key in _HEADS if f"{(one := f'{beside}/{key}')}/0" in self._texts), "")
            over = over or next((one for key in _HEADS if f"{(one := f'{beside}/{key}')}/0/name" in self._texts), "")
            self._above[rows] = over
        if over:
            head = self._texts.get(f"{over}/{column}") or self._texts.get(f"{over}/{column}/name", "")
            return _shortened(head)
        first = f"{rows}/0"
        return self._texts.get(f"{first}/{column}", "") if number != "0" and self._is_head(first) else ""

    def _is_head(self, row: str) -> bool:
        """Whether a row is words alone, of which one is known to name a column."""
        known = self._heads.get(row)
        if known is None:
            texts = self._rows.get(row, [])
            known = not any(map(_numbered, texts)) and any(self._tells(text) for text in texts)
            self._heads[row] = known
        return known

    def _before(self, pointer: str) -> str:
        above, _, step = pointer.rpartition("/")
        if not is_index(step) or step == "0":
            return ""
        text = self._texts.get(f"{above}/{int(step) - 1}", "")
        tells = text and not _numbered(text) and (_OPTION.fullmatch(text) is not None or self._tells(text))
        return text if tells else ""

    def _asked(self, part: Part) -> str:
        """What was asked at the end of the message before a short one, in a chat."""
        place = _MESSAGE.fullmatch(part.pointer) if may_answer(part) else None
        if place is None or place[2] == "0":
            return ""
        before = f"{place[1]}/{int(place[2]) - 1}"
        for rest in ("/content", "/content/0/text", "/parts/0/text"):
            text = self._texts.get(before + rest, "")
            if text:
                return asked(text, self._known, part.text)
        return ""

    def _tells(self, text: str) -> bool:
        """Whether a text is, or ends with, words that name a value."""
        if len(text) > LONGEST_LABEL:
            return False
        words = _words(text)
        return any("".join(words[place:]) in self._known for place in range(max(0, len(words) - _WORDS), len(words)))


def may_name(part: Part) -> bool:
    """Whether something else than its key may name a part: quickly told of most."""
    pointer = part.pointer
    if (not part.label or part.label in _SILENT) and may_answer(part):
        return True
    if pointer[-1:].isdigit():
        return part.kind != "unreadable"
    if part.label:
        key = pointer[pointer.rfind("/") + 1 :]
        return is_value(key) or is_half(key)
    return part.kind == "name" and part.text[-1:].isdigit() and is_value(pointer[pointer.rfind("/") + 1 :])


def may_answer(part: Part) -> bool:
    """Whether a part may be an answer to what a message before it asked: short, in a chat."""
    return len(part.text) <= _ANSWER and part.kind == "text" and part.pointer.endswith(_SAID)


def is_index(step: str) -> bool:
    """Whether a step of a pointer counts an item of a list. A key of digits may do so, too."""
    return len(step) <= _COUNTED and step.isascii() and step.isdigit()


@lru_cache(maxsize=1024)
def is_value(key: str) -> bool:
    """Whether a key says no more than that a value stands under it."""
    plain = key.lower() if len(key) <= LONGEST_LABEL else ""
    return plain in _VALUED or plain.startswith("value") or plain.endswith(_ENDS)


@lru_cache(maxsize=1024)
def is_half(key: str) -> bool:
    """Whether a key leaves it to a sibling to say of which kind its value is."""
    if len(key) > LONGEST_LABEL:
        return False
    return key.lower() in _CHANGED or bool(_stem(key))


def _stem(key: str) -> str:
    """What a key says before that it is a number, with what parts them: `id_` of `id_number`, `id` of `idNumber`."""
    for end in _HALF:
        stem = key.removesuffix(end)
        if stem.endswith("_") and len(stem) > 1 and len(stem) < len(key):
            return stem
        stem = key.removesuffix(end.capitalize())
        if 1 < len(stem) < len(key) and stem[-1].islower():
            return stem
    return ""


@lru_cache(maxsize=1024)
def _naming(key: str) -> str:
    """The one of `_NAMING` that a key stands for; empty for none."""
    plain = key.lower() if len(key) <= LONGEST_LABEL else ""
    if plain in _RANKS:
        return plain
    for end in ("name", "label", "key", "text", "title"):
        if plain.endswith(end) and plain.removesuffix(end).rstrip("_-") in _THINGS:
            return end
    return ""


def _shortened(title: str) -> str:
    """The end of what names a value, where the word is: of an address the last of its steps."""
    if "://" in title or title.startswith(("urn:", "/")):
        title = title.rstrip("/").rpartition("/")[2].rpartition(":")[2].rpartition("#")[2]
    return title[-LONGEST_LABEL:] if any(map(str.isalpha, title)) else ""


def _words(text: str) -> list[str]:
    return "".join(character if character.isalnum() else " " for character in text.lower()).split()


def _numbered(text: str) -> bool:
    return any(map(str.isdigit, text))
