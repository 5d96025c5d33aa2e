"""FHIR R4 in XML (HL7 FHIR 4.0.1 §2.6.1): what the attributes of its elements hold, told while a document is walked.

The same elements as in JSON (`fhir_elements`): a primitive is an element with its value in the attribute `value`. In
FHIR an element is known by its name space, wherever in a document it stands (a SOAP envelope); resources begin with a
capital. What says what a value is (`system`, `type`) stands before it, as FHIR has its elements in order.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.agents.formats.fhir_elements import IDENTIFYING, datatype, extension, is_health, known_of

NAMESPACE = "http://hl7.org/fhir"
_ABSENT = (
    '<{0}extension url="http://hl7.org/fhir/StructureDefinition/data-absent-reason"><{0}valueCode value="masked"/>'
    "</{0}extension>"
)


class _Frame(msgspec.Struct):
    """An element that is open. `prefixes`: those that stand for FHIR in it; `item`: what its members were so far."""

    local: str = ""
    kind: str = ""
    resource: str = ""
    fhir: bool = False
    prefixes: frozenset[str] = frozenset()
    item: dict[str, Any] = {}


class Elements:
    """The open elements of a document. `health`: the first resource that is about somebody's health, else empty."""

    def __init__(self) -> None:
        self.health = ""
        self._open = [_Frame()]

    def enter(self, name: str, attributes: Mapping[str, str]) -> None:
        """Begin an element, by its name as it is written and its attributes, their references undone."""
        above = self._open[-1]
        prefix, _, local = name.rpartition(":")
        prefixes = _prefixes(above.prefixes, attributes)
        if prefix not in prefixes:
            self._open.append(_Frame(local=local, resource=above.resource, prefixes=prefixes))
            return
        if local[:1].isupper():
            kind, resource = "", local
            self.health = self.health or (local if is_health(local) else "")
        else:
            kind, resource = datatype(local, above.item, above.kind), above.resource
        if kind == "Extension":
            kind = extension(attributes.get("url"))
        if "value" in attributes:
            above.item.setdefault(local, attributes["value"])
        self._open.append(_Frame(local=local, kind=kind, resource=resource, fhir=True, prefixes=prefixes, item={}))

    def leave(self) -> None:
        """End the element that was begun last."""
        ended = self._open.pop()
        if not ended.fhir or not ended.item:
            return
        above = self._open[-1].item
        if ended.local == "coding":
            above.setdefault("coding", []).append(ended.item)
        else:
            above.setdefault(ended.local, ended.item)

    def known(self, attribute: str) -> str:
        """What an attribute of the open element is by the standard; empty where nothing tells."""
        frame, above = self._open[-1], self._open[-2]
        if not frame.fhir or attribute != "value":
            return ""
        return known_of(above.kind, frame.local, above.item, frame.resource)

    def identifies(self, attribute: str) -> bool:
        """Whether an attribute of the open element names something for machines, so that no mask may stand in it."""
        frame = self._open[-1]
        return frame.fhir and (attribute in ("id", "url") or (attribute == "value" and frame.local in IDENTIFYING))

    def is_attached(self, attribute: str) -> bool:
        """Whether an attribute of the open element holds the bytes of an attachment."""
        frame, above = self._open[-1], self._open[-2]
        if not frame.fhir or attribute != "value":
            return False
        holder = "contentType" in above.item or "sigFormat" in above.item or frame.resource == "Binary"
        return (frame.local == "data" and holder) or frame.local.endswith("Base64Binary")

    @property
    def absent(self) -> str:
        """What stands in the open element in the place of a value that is absent, since it is masked."""
        prefix = next((f"{one}:" if one else "" for one in sorted(self._open[-1].prefixes)), "")
        return _ABSENT.format(prefix)


def _prefixes(above: frozenset[str], attributes: Mapping[str, str]) -> frozenset[str]:
    """The prefixes that stand for FHIR once these attributes have been read."""
    found = set(above)
    for name, value in attributes.items():
        if name == "xmlns" or name.startswith("xmlns:"):
            found.discard(name[6:])
            if value == NAMESPACE:
                found.add(name[6:])
    return frozenset(found)
