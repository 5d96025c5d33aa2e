"""What is true of single persons of a generated year: of those whom it watches."""

from collections import Counter
from typing import Any

from benchmarks.year_counts import Listed, Times, most

MANY, FEW, ASKED, ERASED, NOBODY = "su_many", "su_few", "su_asked", "su_erased", "su_nobody"
ONE, OTHER = "su_one", "su_other"
GROUPS: tuple[tuple[str, ...], ...] = ((MANY,), (FEW,), (ASKED,), (ERASED,), (NOBODY,), (ONE, OTHER))
"""The persons watched, each with all of its pseudonyms: one with many disclosures, one with three, one who asked for an
access and whose erasure is refused, one who is erased with all details, one who is in no record, and one who has two
pseudonyms."""
WATCHED = frozenset(name for group in GROUPS for name in group)
PURGED = frozenset({ERASED})
MERGED = {OTHER: ONE}
"""Pseudonym → the one that stands for the person."""
NEED_NOT_BE_TOLD = frozenset({"TREAT", "HPAYMT", "HOPERAT"})
"""Treatment, payment and operations, of the purposes that the year has (45 CFR 164.528(a)(1)(i))."""


class Person:
    """One person."""

    def __init__(self, group: tuple[str, ...]) -> None:
        self.group = group
        self.records = 0
        self.told = Times()
        self.left_out: Counter[str] = Counter()
        self.subjects = Steps()

    def disclosed(self, at: str, recipient: str, zone: str, processor: str, purpose: str, *more: str) -> None:
        """`more`: the classes, and the policy version."""
        if purpose in NEED_NOT_BE_TOLD:
            self.left_out[purpose] += 1
        else:
            self.told.add(at, recipient, zone, processor, purpose, *more)

    def document(self) -> dict[str, Any]:
        """In the form of `reporting.Person.document`."""
        return {
            "pseudonyms": list(self.group),
            "records": self.records,
            "disclosures": {"told": self.told.rows(), "left_out": most(self.left_out)},
            "subjects": self.subjects.document(),
        }


class Steps:
    """What was done for data subjects: for all of them, or for one."""

    def __init__(self) -> None:
        self.steps: Counter[tuple[str, str]] = Counter()
        self.requests: dict[str, tuple[tuple[int, str], list[str | int]]] = {}
        """Case → when its first step was told, and what, subject, received, due, ended, newest step."""
        self.cases, self.reasons, self.erased, self.elsewhere = Listed(), Listed(), Listed(), Listed()

    def document(self) -> dict[str, Any]:
        return {
            "requests": [[case, *row] for case, (_, row) in sorted(self.requests.items(), key=lambda one: one[1][0])],
            "steps": most(self.steps),
            "cases": self.cases.rows(),
            "reasons": self.reasons.rows(),
            "erased": self.erased.rows(),
            "elsewhere": self.elsewhere.rows(),
        }


class Erasures:
    """Cases of erasure, as they were drawn."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str, bool, bool]] = []
        """Case, by when it is due, whether the step lies before the year, and whether the case is open after it."""

    def told(self, newest: str, *, before: bool) -> tuple[int, int]:
        """How many were asked for in the year, or before it and open then where `before` asks for these too; and how
        many of them have an end or are not due by the newest record's time."""
        within = {case for case, _, early, opens in self.steps if opens and not early}
        ended = {case for case, _, early, opens in self.steps if not opens}
        early_ended = {case for case, _, early, opens in self.steps if early and not opens}
        asked = {case: due for case, due, _, opens in self.steps if opens and case not in early_ended}
        asked = {case: due for case, due in asked.items() if before or case in within}
        return len(asked), sum(case in ended or due >= newest for case, due in asked.items())


class Persons:
    """All who are watched, by their pseudonyms."""

    def __init__(self) -> None:
        self.all = tuple(Person(group) for group in GROUPS)
        self._by_name = {name: one for one in self.all for name in one.group}

    def about(self, names: tuple[str, ...]) -> list[Person]:
        """Those who are meant by any of these, each once."""
        found = {id(one): one for name in names if (one := self._by_name.get(name)) is not None}
        return list(found.values())

    def document(self) -> dict[str, dict[str, Any]]:
        return {one.group[0]: one.document() for one in self.all}


class About:
    """Whom an exchange is about, by what agents were sent of it."""

    def __init__(self) -> None:
        self.subjects: set[str] = set()
        self.records = self.unnamed = self.deleted = 0

    def sent(self, subjects: tuple[str, ...], *, gone: bool) -> None:
        """One sending. `gone`: its detail, which names them, was deleted since."""
        self.records += 1
        self.deleted += gone
        self.unnamed += not gone and not subjects
        self.subjects.update(() if gone else subjects)

    def document(self) -> dict[str, Any]:
        """In the form of `reports.basis.Affected`."""
        return {
            "subjects": tuple(sorted(self.subjects)),
            "persons": frozenset(MERGED.get(one, one) for one in self.subjects),
            "records": self.records,
            "unnamed": self.unnamed,
            "deleted": self.deleted,
        }
