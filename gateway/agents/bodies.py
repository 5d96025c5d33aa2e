"""Reading untrusted bodies strictly and within bounds, and walking what they hold.

JSON is RFC 8259 as I-JSON (RFC 7493) narrows it: UTF-8, no lone surrogates, no duplicate keys, finite numbers, one
value and nothing after it. What two readers could understand differently is refused, since the gateway would check
one meaning and the agent act on the other.
"""

import re
import zlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from gateway.core.births import of_birth
from gateway.core.errors import FormatError
from gateway.core.keys import NAMES, TYPES, describes, of_a_person, says_half, says_nothing
from gateway.core.message import Answer, Part, PartKind
from gateway.core.ports import Bounds
from gateway.core.refusal import Refusal

MAX_PARTS = 20_000
"""Parts that one document is taken into; what lies beyond is one `unreadable` part."""
SCANNED_DIGITS = 10_000
"""Numbers from five digits up are scanned: of shorter ones ages above 89 alone identify somebody."""
_OVER_89 = (90, 126)
"""Ages that Safe Harbor has masked (45 CFR 164.514(b)(2)(i)(C)), the second one excluded: nobody became older."""
_AGE = re.compile(
    r"(?:(?<![A-Za-z])(?:ages?|alter|edad|leeftijd|idade|[aâ]ge|et[aà])|Ages?|Alter|Edad|Leeftijd|Idade|[ÂA]ge|Et[àa])"
    r"(?![a-zà-ÿ])|(?<![A-Za-z])(?:AGES?|ALTER|EDAD|LEEFTIJD|IDADE|[ÂA]GE|ET[ÀA])(?![A-Za-z])"
)
"""A key that says age, as one of its words: `patientAge`, `age_years`, `AGE`; not `page` or `average`."""
_AGE_OF_THINGS = re.compile(
    r"(?i)(?<![a-z])(?:max|min|maximum|minimum|average|avg|mean|median|cache|token|session|cookie|file|log|backup|password|"
    r"key|cert|entry|data|lock|snapshot|index|queue|retention)[ _-]?age"
)
"""A key that says a bound of ages, or the age of a thing."""
_MAX_NUMBER = 400
"""Characters of one number literal."""

_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def _number(literal: str) -> float | Decimal:
    """A float where it holds every digit that was written, otherwise a decimal: nothing leaves that was not seen."""
    if len(literal) > _MAX_NUMBER:
        raise ValueError("a number out of range")
    value = float(literal)
    if repr(value) == literal:
        return value
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number out of range")
    exact = Decimal(literal)
    if value == 0 and exact != 0:
        raise ValueError("a number out of range")
    return exact


_decoder = msgspec.json.Decoder(float_hook=_number)
_encoder = msgspec.json.Encoder(decimal_format="number")


class Json(msgspec.Struct, frozen=True):
    """A document that was read: wrapped, so that a JSON `null` is not mistaken for nothing."""

    value: Any


def read_json(body: bytes, bounds: Bounds) -> Json | Refusal:
    """The one JSON value that `body` holds; a refusal with its code otherwise. Linear in the size of the body."""
    structure = _structure(body)
    if _too_deep(structure, bounds.depth):
        return Refusal(code="body_too_deep", hint=f"at most {bounds.depth} levels")
    try:
        if not body.isascii():
            body.decode()
        value = _decoder.decode(body)
    except UnicodeDecodeError:
        return Refusal(code="body_not_utf8", hint="JSON in UTF-8 (RFC 8259)")
    except RecursionError:
        return Refusal(code="body_too_deep", hint=f"at most {bounds.depth} levels")
    except (msgspec.MsgspecError, ValueError, ArithmeticError):
        return Refusal(code="body_not_json", hint="one JSON value (RFC 8259) with finite numbers and whole characters")
    # Every key is followed by the one colon that stands outside strings; a key that came twice is there once only.
    if structure.count(b":") != _keys(value):
        return Refusal(code="body_duplicate_key", hint="each key once in an object (RFC 7493 §2.3)")
    return Json(value)


def write_json(document: object) -> bytes:
    """Compact JSON; numbers as they were read."""
    return _encoder.encode(document)


def _structure(body: bytes) -> bytes:
    """The body without its strings: what is left are brackets, colons, commas, literals and white space."""
    if b"\\" in body:
        # Escapes stand in strings only. Pairs first, so that the quote after an even run still ends its string.
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(body.split(b'"')[::2])


def _too_deep(structure: bytes, limit: int) -> bool:
    if structure.count(b"[") + structure.count(b"{") <= limit:
        return False
    depth = 0
    for bracket in structure.translate(None, _NOT_BRACKETS):
        depth += _STEP[bracket]
        if depth > limit:
            return True
    return False


def _keys(value: Any) -> int:
    """How many keys all objects of a document have together."""
    count = 0
    stack = [value]
    for item in stack:  # which grows while it is walked
        kind = type(item)
        if kind is dict:
            count += len(item)
            stack += item.values()
        elif kind is list:
            stack += item
    return count


def decompress(body: bytes, encoding: str | None, bounds: Bounds) -> bytes | Refusal:
    """Undo the content coding (RFC 9110 §8.4.1): `identity` or one `gzip`, never past `bounds.body_bytes`."""
    if encoding is None:
        return body
    coding = (encoding or "identity").strip().lower()
    if coding == "identity":
        return body
    if coding not in ("gzip", "x-gzip"):
        return Refusal(code="body_encoding", field="content-encoding", hint="identity or gzip")
    expander = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = expander.decompress(body, bounds.body_bytes + 1)
    except zlib.error:
        return Refusal(code="body_encoding", field="content-encoding", hint="gzip as RFC 1952 has it")
    if len(plain) > bounds.body_bytes:
        return Refusal(code="body_too_large", hint=f"at most {bounds.body_bytes} bytes once decompressed")
    if not expander.eof:
        return Refusal(code="body_incomplete", hint="a whole gzip member")
    if expander.unused_data:
        return Refusal(code="body_encoding", field="content-encoding", hint="one gzip member and nothing after it")
    return plain


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """What a protocol itself says, so that its own words are not scanned as if somebody had written them.

    Only exact words are left out: any other key, value or number becomes a part.
    """

    keys: frozenset[str] = frozenset()
    """Keys of the protocol: no part, and no label to what stands under them."""
    words: Mapping[str, frozenset[str]] = {}
    """Key → the values that the protocol enumerates for it."""
    numbers: Mapping[str, tuple[int, int]] = {}
    """Key → the range (inclusive) within which a number under it says nothing of a person."""
    names: frozenset[str] = frozenset()
    """Keys whose values are identifiers: scanned, not maskable."""
    said: Mapping[str, frozenset[str]] = {}
    """Made of the others: each of the `keys`, and the words that are left out under it, the empty one among them."""

    def __post_init__(self) -> None:
        said = {key: self.words.get(key, frozenset()) | {""} for key in self.keys}
        msgspec.structs.force_setattr(self, "said", said)


PLAIN = Vocabulary()
_NO_WORDS: frozenset[str] = frozenset()


def walk(
    value: Any,
    parts: list[Part],
    pointer: str = "",
    vocabulary: Vocabulary = PLAIN,
    label: str = "",
    kind: PartKind = "text",
) -> None:
    """Append a part for every non-empty string, key, longer number and age above 89 in a JSON value, in the order of
    the document.

    Depth is what `read_json` let through. Pointers hold the document's own keys: like texts, they are for sealed
    details only, never for logs.
    """
    if len(parts) >= MAX_PARTS:
        _overflow(parts, pointer)
        return
    form = type(value)
    if form is str:
        if value:
            parts.append(Part(pointer, value, kind, label))
    elif form is dict:
        said = vocabulary.said
        born = of_birth(value, label) if len(value) > 2 else None
        somebody = of_a_person(value)
        kind_of = value.get("type") if label else None
        schema = type(kind_of) is str and kind_of in TYPES
        for key, item in value.items():
            if born is not None and key in born[1]:
                _born(key, item, parts, f"{pointer}/{escape(key)}", born[0])
                continue
            # Most members hold a word of the protocol, a small number or a literal: they need no place and no call.
            words = said.get(key)
            if words is not None:
                form = type(item)
                if form is str:
                    if item in words:
                        continue
                elif form is bool or item is None or (form is int and -SCANNED_DIGITS < item < SCANNED_DIGITS):
                    continue
            over = "" if schema and type(item) is str and describes(key, item) else label
            if somebody and key in NAMES:
                over = "name"
            member(key, item, parts, f"{pointer}/{escape(key)}", vocabulary, kind, over)
    elif form is list:
        for index, item in enumerate(value):
            walk(item, parts, f"{pointer}/{index}", vocabulary, label, kind)
    elif form is not bool and value is not None and label and (told := over_89(label, value)):
        parts.append(Part(pointer, told, "name"))
    elif form is not bool and value is not None and _long(value):
        # A number cannot hold a placeholder, so its text may carry its label: no offset into it is ever used.
        before = f"{label}: " if label and not says_nothing(label) else ""
        parts.append(Part(pointer, f"{before}{value}", "name"))


def member(
    key: str,
    item: Any,
    parts: list[Part],
    place: str,
    vocabulary: Vocabulary = PLAIN,
    kind: PartKind = "text",
    above: str = "",
) -> None:
    """Append the parts of one member of an object: its key, and what stands under it. `place` is its pointer, `above`
    the label of the object."""
    if len(parts) >= MAX_PARTS:
        _overflow(parts, place)
        return
    known = key in vocabulary.keys
    if not known and key:
        parts.append(Part(place, key, "name"))
    label = "" if known else named(key, above) if above else key
    form = type(item)
    if form is str:
        if item and item not in vocabulary.words.get(key, _NO_WORDS):
            parts.append(Part(place, item, "name" if key in vocabulary.names else kind, label))
        return
    if form is int and key in vocabulary.numbers:
        low, high = vocabulary.numbers[key]
        if low <= item <= high:
            return
    walk(item, parts, place, vocabulary, label, kind)


def entry(key: str, item: Any, parts: list[Part], above: str, vocabulary: Vocabulary) -> None:
    """As `member`, of the object at the pointer `above`, and in one step where the key is the protocol's and what it
    holds is a text, a small number or a literal."""
    words = vocabulary.said.get(key)
    if words is not None:
        form = type(item)
        if form is str:
            if item in words:
                return
            if len(parts) < MAX_PARTS:
                kind: PartKind = "name" if key in vocabulary.names else "text"
                parts.append(Part(f"{above}/{escape(key)}", item, kind))
                return
        elif form is bool or item is None or (form is int and -SCANNED_DIGITS < item < SCANNED_DIGITS):
            return
    member(key, item, parts, f"{above}/{escape(key)}", vocabulary)


def _born(key: str, item: Any, parts: list[Part], place: str, day: str) -> None:
    """Append the parts of a member that is a year, a month or a day of somebody's birth."""
    parts.append(Part(place, key, "name"))
    if isinstance(item, str):
        parts.append(Part(place, item, "text", known="date-of-birth"))
    else:
        parts.append(Part(place, f"date of birth: {day}", "name"))


def named(key: str, above: str) -> str:
    """The label of what stands under a key in an object with a label: that of the object where the key says nothing
    itself (`{"mrn": {"value": …}}`), both where it says half (`{"passport": {"number": …}}`)."""
    if not above:
        return key
    if says_nothing(key):
        return above
    return f"{above} {key}" if says_half(key, above) else key


def _overflow(parts: list[Part], place: str) -> None:
    if parts[-1].kind != "unreadable":
        parts.append(Part(place, "", "unreadable"))


def over_89(label: str, number: Any) -> str:
    """An age above 89 as it is found in any text, whatever else its key says beside it (`ageInYears`); empty for any
    other number."""
    low, end = _OVER_89
    if not low <= number < end or _AGE.search(label) is None or _AGE_OF_THINGS.search(label) is not None:
        return ""
    return f"age: {int(number)}"


def _long(number: Any) -> bool:
    if isinstance(number, int):
        return not -SCANNED_DIGITS < number < SCANNED_DIGITS
    text = str(number)
    return len(text) >= 5 and sum([character.isdigit() for character in text]) >= 5


def escape(token: str) -> str:
    """A reference token as RFC 6901 §3 writes it in a pointer."""
    if "~" in token or "/" in token:
        return token.replace("~", "~0").replace("/", "~1")
    return token


def steps(pointer: str) -> list[str]:
    """The reference tokens of an RFC 6901 pointer; `FormatError` for what is none."""
    if not pointer:
        return []
    if not pointer.startswith("/"):
        raise FormatError("a JSON pointer starts with a slash")
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer[1:].split("/")]


def check_places(masked: Mapping[str, str], parts: Iterable[Part]) -> None:
    """`FormatError` for a mask whose place is that of no text part: it would otherwise be lost without a word."""
    if masked and not masked.keys() <= {part.pointer for part in parts if part.kind == "text"}:
        raise FormatError("a mask for a place that is not there")


def replace(document: Any, texts: Mapping[str, str]) -> Any:
    """The document with other texts at these pointers. Only containers on the way there are copied, each once.

    Pointers outside the document (`query:…`) are left to the adapter. `FormatError` for one that leads to no string:
    a text that should have been masked must never pass because its place was not found.
    """
    if not texts:
        return document
    inside = {pointer: text for pointer, text in texts.items() if not pointer or pointer.startswith("/")}
    if not inside:
        return document
    if "" in inside:
        if type(document) is not str or len(inside) > 1:
            raise FormatError("the pointer leads to no string")
        return inside[""]
    root = _copied(document)
    owned: dict[str, Any] = {"": root}
    for pointer, text in inside.items():
        *path, last = steps(pointer)
        node, place = root, ""
        for token in path:
            place = f"{place}/{escape(token)}"
            child = owned.get(place)
            if child is None:
                key = _key(node, token)
                child = owned[place] = node[key] = _copied(node[key])
            node = child
        key = _key(node, last)
        if type(node[key]) is not str:
            raise FormatError("the pointer leads to no string")
        node[key] = text
    return root


def rewritten(answer: Answer, masked: Mapping[str, str]) -> bytes:
    """The bytes of an answer in JSON, masked parts replaced; the agent's exact bytes where nothing is masked.
    `FormatError` for a mask whose place is not there."""
    check_places(masked, answer.parts)
    document = replace(answer.document, masked)
    return answer.body if document is answer.document else write_json(document)


def _copied(node: Any) -> Any:
    if type(node) is not dict and type(node) is not list:
        raise FormatError("the pointer leads through something that holds nothing")
    return node.copy()


def _key(node: Any, step: str) -> Any:
    """The key or index that a step names in a node, which has it."""
    if type(node) is dict:
        if step in node:
            return step
    elif type(node) is list and step.isascii() and step.isdigit() and (len(step) == 1 or not step.startswith("0")):
        index = int(step)
        if index < len(node):
            return index
    raise FormatError("the pointer leads to nothing that is there")
