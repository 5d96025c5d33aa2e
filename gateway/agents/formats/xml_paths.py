"""Paths that name elements and attributes of an XML document, matched while it is walked.

A path is `/a/b`, `//b`, `//a/*/b`, `//a//b/@c`: steps are local names (namespaces are not looked at) or `*`; `//` skips
any number of levels; an attribute may stand last. Matching costs a bounded amount for each element: the states of the
parent's paths, each moved on by one.
"""

import re
from collections.abc import Iterable, Mapping

import msgspec

from gateway.agents.formats.layout import Marking, joined

_PATH = re.compile(r"(?://?(?:[^/@*\s]+|\*))+(?:/@[^/@*\s]+)?|//@[^/@*\s]+")
_STEP = re.compile(r"(//?)(@?)([^/]+)")
_NOTHING = Marking()


class _Step(msgspec.Struct, frozen=True):
    name: str
    anywhere: bool
    attribute: bool


class _Path(msgspec.Struct, frozen=True):
    steps: tuple[_Step, ...]
    marking: Marking


State = tuple[int, int]
"""A path, and how many of its steps have been taken."""


def is_path(text: str) -> bool:
    """Whether this is a path at all."""
    return _PATH.fullmatch(text) is not None and len(text) <= 500


class Paths:
    """All paths of a layout on their way through one document."""

    def __init__(self, fields: Mapping[str, Marking]) -> None:
        self._paths = [_compiled(path, marking) for path, marking in fields.items()]
        self._added: dict[int, range] = {}
        self._levels: list[frozenset[State]] = [frozenset((index, 0) for index in range(len(self._paths)))]

    def also(self, fields: Mapping[str, Marking], root: str) -> None:
        """More paths, for a document whose root was just entered: for each of several the same."""
        added = self._added.get(id(fields))
        if added is None:
            first = len(self._paths)
            self._paths += [_compiled(path, marking) for path, marking in fields.items()]
            added = self._added[id(fields)] = range(first, len(self._paths))
        self._levels[-1] |= self._moved(frozenset((index, 0) for index in added), root)

    def enter(self, name: str) -> None:
        self._levels.append(self._moved(self._levels[-1], name) if self._levels[-1] else self._levels[-1])

    def leave(self) -> None:
        self._levels.pop()

    def element(self) -> Marking:
        """What is declared of the element that was entered last."""
        return self._reached(state for state in self._levels[-1] if state[1] == len(self._paths[state[0]].steps))

    def attribute(self, name: str) -> Marking:
        """What is declared of an attribute of it."""
        return self._reached(state for state in self._levels[-1] if self._names(state, name))

    def _names(self, state: State, name: str) -> bool:
        steps = self._paths[state[0]].steps
        return state[1] == len(steps) - 1 and steps[-1].attribute and steps[-1].name == name

    def _moved(self, states: frozenset[State], name: str) -> frozenset[State]:
        moved: set[State] = set()
        for index, taken in states:
            steps = self._paths[index].steps
            if taken >= len(steps):
                moved.add((index, taken))  # what is declared of an element holds for all texts inside of it
                continue
            step = steps[taken]
            if step.anywhere:
                moved.add((index, taken))
            if not step.attribute and step.name in (name, "*"):
                moved.add((index, taken + 1))
        return frozenset(moved)

    def _reached(self, states: Iterable[State]) -> Marking:
        found = [self._paths[index].marking for index, _ in states]
        if not found:
            return _NOTHING
        return Marking(joined(*(one.known for one in found)), next((one.label for one in found if one.label), ""))


def _compiled(path: str, marking: Marking) -> _Path:
    steps = tuple(_Step(name, slashes == "//", at == "@") for slashes, at, name in _STEP.findall(path))
    return _Path(steps, marking)


def _marked(kind: str, *paths: str) -> dict[str, Marking]:
    return dict.fromkeys(paths, Marking(kind))


CDA: Mapping[str, Marking] = {
    **_marked("person", "//patient/name", "//assignedPerson/name", "//relatedPerson/name", "//guardianPerson/name"),
    **_marked("person", "//associatedPerson/name", "//informationRecipient/name", "//relatedSubject/subject/name"),
    **_marked("organization", "//representedOrganization/name", "//providerOrganization/name"),
    **_marked("organization", "//representedCustodianOrganization/name", "//serviceProviderOrganization/name"),
    **_marked("street-address", "//addr"),
    **_marked("phone", "//telecom/@value"),
    **_marked("mrn", "//patientRole/id/@extension"),
    **_marked("account", "//encompassingEncounter/id/@extension", "//guardian/id/@extension"),
    **_marked("certificate", "//assignedAuthor/id/@extension", "//assignedEntity/id/@extension"),
    **_marked("health-plan-id", "//participantRole/id/@extension"),
    **_marked("date-of-birth", "//birthTime/@value"),
    **_marked(
        "date", "//effectiveTime/@value", "//low/@value", "//high/@value", "//time/@value", "//deceasedTime/@value"
    ),
    **_marked("special-religion", "//religiousAffiliationCode/@displayName", "//religiousAffiliationCode/@code"),
    **_marked("special-ethnicity", "//raceCode/@displayName", "//raceCode/@code"),
    **_marked("special-ethnicity", "//ethnicGroupCode/@displayName", "//ethnicGroupCode/@code"),
    **_marked("health-term", "//observation/code/@displayName", "//observation/value/@displayName"),
    **_marked("medication", "//manufacturedMaterial/code/@displayName", "//manufacturedMaterial/name"),
}
"""HL7 Clinical Document Architecture, release 2: what its elements hold by their definition."""
