"""FHIR R4 in JSON (HL7 FHIR 4.0.1 §2.6): resources and bundles of them, read by element.

What an element holds comes from `fhir_elements`; the narrative is read as the XHTML that it is; attachments' data
cannot be read. A masked date is not a placeholder, which would be no FHIR date, but absent with the reason `masked`
(data-absent-reason). Elements that machines follow (ids, references) are scanned and not maskable.
"""

from collections.abc import Mapping
from typing import Any

from gateway.agents.bodies import MAX_PARTS, escape, replace, steps
from gateway.agents.formats import xml
from gateway.agents.formats.document import Reading, rewrite
from gateway.agents.formats.fhir_elements import AGE, DATE, IDENTIFYING, datatype, extension, is_health, known_of
from gateway.agents.formats.labels import Labels, scalar
from gateway.agents.formats.layout import Layout, joined
from gateway.core.errors import FormatError
from gateway.core.message import Part
from gateway.core.ports import Bounds
from gateway.core.refusal import Refusal

_ABSENT = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}
_NARRATIVE = Layout(format="xml")
_MARK = "#div:"
"""What comes after a narrative's pointer in the places within it."""


def parts(document: object, layout: Layout, bounds: Bounds) -> list[Part]:
    """The parts of a resource; of any JSON, where it is none."""
    walk = _Walk(bounds)
    walk.value(document, "", "", "", "")
    if walk.health or layout.health:
        walk.found.insert(0, Part("fhir", walk.health or "health", "name", "", "health-term"))
    if isinstance(layout.labels, Labels) and layout.labels:
        return _marked(walk.found, document, layout.labels)
    return walk.found


def masked(document: object, masks: Mapping[str, str], bounds: Bounds) -> object:
    """The document with masks at their places. `FormatError` for one that is not there."""
    texts: dict[str, str] = {}
    dates: list[str] = []
    narratives: dict[str, dict[str, str]] = {}
    for place, text in masks.items():
        pointer, mark, _ = place.partition(_MARK)
        if mark:
            narratives.setdefault(pointer, {})[place] = text
        elif place and not place.rpartition("/")[2].isdigit() and DATE.fullmatch(_at(document, place)):
            dates.append(place)
            texts[place] = ""
        else:
            texts[place] = text
    for pointer, inside in narratives.items():
        div = _at(document, pointer)
        reading = _narrative(div, pointer, bounds)
        if reading is None:
            raise FormatError("a narrative that cannot be read")
        texts[pointer] = rewrite(div, reading, inside)
    written = replace(document, texts)
    for pointer in dates:
        _leave_out(written, pointer)
    return written


class _Walk:
    """One resource on its way into parts."""

    def __init__(self, bounds: Bounds) -> None:
        self.found: list[Part] = []
        self.health = ""
        self._bounds = bounds

    def value(self, value: Any, pointer: str, kind: str, key: str, resource: str) -> None:
        if len(self.found) >= MAX_PARTS:
            if self.found[-1].kind != "unreadable":
                self.found.append(Part(pointer, "", "unreadable"))
            return
        if type(value) is dict:
            self._object(value, pointer, kind, resource)
        elif type(value) is list:
            for index, item in enumerate(value):
                self.value(item, f"{pointer}/{index}", kind, key, resource)
        elif type(value) is str:
            if value:
                self.found.append(Part(pointer, value, "text", key))
        else:
            scalar(value, "", pointer, AGE if kind == AGE and key == "value" else key, self.found)

    def _object(self, item: dict[str, Any], pointer: str, kind: str, resource: str) -> None:
        named = item.get("resourceType")
        if type(named) is str:
            resource, kind = named, ""
            if is_health(named):
                self.health = self.health or named[:64]
        if kind == "Extension":
            kind = extension(item.get("url"))
        for key, value in item.items():
            place = f"{pointer}/{escape(key)}"
            if key:
                self.found.append(Part(place, key, "name"))
            if type(value) is str:
                self._string(item, key, value, place, kind, resource)
            elif type(value) is list and value and type(value[0]) is str:
                self._strings(item, key, value, place, kind, resource)
            else:
                self.value(value, place, datatype(key, value, kind), key, resource)

    def _strings(self, item: dict[str, Any], key: str, values: list[Any], place: str, kind: str, resource: str) -> None:
        for index, value in enumerate(values):
            if type(value) is str:
                self._string(item, key, value, f"{place}/{index}", kind, resource)
            else:
                self.value(value, f"{place}/{index}", datatype(key, value, kind), key, resource)

    def _string(self, item: dict[str, Any], key: str, value: str, place: str, kind: str, resource: str) -> None:
        if not value or len(self.found) >= MAX_PARTS:
            self.value(value, place, kind, key, resource)
            return
        attached = key == "data" and ("contentType" in item or resource == "Binary" or "sigFormat" in item)
        if attached or key.endswith("Base64Binary"):
            self.found.append(Part(place, "", "unreadable"))
            return
        reading = _narrative(value, place, self._bounds) if key == "div" else None
        if reading is not None:
            self.found += reading.parts
            return
        known = known_of(kind, key, item, resource)
        self.found.append(Part(place, value, "name" if key in IDENTIFYING else "text", key, known))
        if key == "div":
            self.found.append(Part(place, "", "unreadable"))  # no XHTML: who shows it may see more than its text


def _narrative(div: str, pointer: str, bounds: Bounds) -> Reading | None:
    """The parts of a narrative (§2.4.0); None where it is not well formed."""
    if isinstance(xml.read(div, _NARRATIVE, bounds), Refusal):
        return None
    return xml.Walk(div, _NARRATIVE, pointer + _MARK).reading()


def _marked(found: list[Part], document: object, labels: Labels) -> list[Part]:
    """The parts with what is declared of their pointers."""
    labelled = [part for part in labels.parts(document) if part.known]
    declared = {part.pointer: part.known for part in labelled}
    marked, seen = [], ""
    for part in found:
        pointer = part.pointer.partition(_MARK)[0]
        key = part.kind == "name" and pointer != seen  # a key comes right before its value, which has its pointer
        more = "" if key or part.kind == "unreadable" else declared.get(pointer, "")
        seen = pointer
        known = joined(part.known, more)
        marked.append(Part(part.pointer, part.text, part.kind, part.label, known) if more else part)
    read = {part.pointer.partition(_MARK)[0] for part in marked if part.known}
    return marked + [part for part in labelled if part.pointer not in read]


def _at(document: Any, pointer: str) -> str:
    node = document
    for step in steps(pointer):
        try:
            node = node[int(step)] if type(node) is list else node[step]
        except (KeyError, IndexError, ValueError, TypeError):
            raise FormatError("the pointer leads to nothing that is there") from None
    if type(node) is not str:
        raise FormatError("the pointer leads to no string")
    return node


def _leave_out(document: Any, pointer: str) -> None:
    """Takes a date out of a document whose containers on the way are its own (`bodies.replace`)."""
    *path, last = steps(pointer)
    node = document
    for step in path:
        node = node[int(step)] if type(node) is list else node[step]
    del node[last]
    beside = node.get(f"_{last}")
    beside = dict(beside) if isinstance(beside, dict) else {}
    beside["extension"] = [*beside.get("extension", ()), dict(_ABSENT)]
    node[f"_{last}"] = beside
