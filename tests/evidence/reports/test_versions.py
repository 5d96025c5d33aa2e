"""What versions say is told with its times, once where it did not change, and the versions that it takes are named."""

from typing import Any

import msgspec

from gateway.evidence.reports.basis import Basis
from gateway.evidence.reports.document import Table
from gateway.evidence.reports.register import NOT_KEPT, NOT_KNOWN, NOT_READ, Declared, Register
from gateway.evidence.reports.versions import named, runs, stretches, together, told_by
from tests.evidence.reports.kit import basis

STANDING = [["a", "t1", "t2"], ["b", "t2", "t3"], ["c", "t3", "t4"], ["a", "t4", "still in force"]]
REGISTERS: dict[str, Register | str] = {
    "a": Register(retention_days=30),
    "b": Register(retention_days=30),
    "c": NOT_READ,
}


def _basis(*decided: str) -> Basis:
    figures: dict[str, Any] = dict(basis().figures)
    figures["standing"] = {"policies": [[*row, "ac", "none", "none", 1, ""] for row in STANDING]}
    figures["flows"] = {"versions": [["ward", "z", "DE", "it", "other", one, "t", 1, "t"] for one in decided]}
    return msgspec.structs.replace(basis(), figures=figures, declared=Declared(registers=REGISTERS))


def test_it_takes_the_versions_that_stood_and_those_that_were_decided_under() -> None:
    told = {"disclosures": {"told": [["ward", "z", "it", "HRESCH", "phi", "e", "t", 1, "t"]]}}
    assert named(_basis("a", "d", "none").figures, {}) == {"a", "b", "c", "d"}
    assert named(_basis("none").figures, told) == {"a", "b", "c", "e"}


def test_a_version_that_nobody_saw_activated_comes_first_and_without_times() -> None:
    first, *stood = stretches(_basis("d", "a", "none"))
    assert first == ("d", NOT_KNOWN, NOT_KNOWN)
    assert [list(one) for one in stood] == STANDING


def test_what_did_not_change_is_told_once_and_a_version_between_ends_it() -> None:
    days = runs(_basis(), lambda register: register.retention_days)
    assert days == [(30, "t1", "t3"), (30, "t4", "still in force")]
    told = runs(_basis("d"), lambda register: register.retention_days if register.known else NOT_KNOWN)
    assert told[0] == (NOT_KNOWN, NOT_KNOWN, NOT_KNOWN)
    assert told[2] == (NOT_KNOWN, "t3", "t4")


def test_rows_of_one_key_are_one_the_most_first() -> None:
    rows = [(("b",), "t2", 1, "t3"), (("a",), "t1", 1, "t1"), (("b",), "t1", 2, "t2"), (("c",), "t1", 1, "t1")]
    assert together(rows) == [(("b",), "t1", 3, "t3"), (("a",), "t1", 1, "t1"), (("c",), "t1", 1, "t1")]


def test_whether_each_version_could_be_read_is_told() -> None:
    (table,) = [block for block in told_by(_basis("d")) if isinstance(block, Table)]
    assert [row[3] for row in table.rows] == [NOT_KEPT, "read", "read", NOT_READ, "read"]
