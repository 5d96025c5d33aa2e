"""Agreements are told as they stood, from when until when, and who got something without one is named."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from benchmarks.year_versions import VERSIONS
from gateway.evidence.reports.basis import Basis
from gateway.evidence.reports.document import Table, Text
from gateway.evidence.reports.processors import processors
from gateway.evidence.reports.register import NOT_KEPT, NOT_KNOWN, Declared, Register
from tests.evidence.reports.kit import REGISTER, basis, declared

FIRST, SECOND = VERSIONS
DAY = "2026-{}T00:00:00.000000Z"
STILL = "still in force"


def _tables(one: Basis) -> Mapping[str, Table]:
    return {block.caption: block for block in processors(one).blocks if isinstance(block, Table)}


def _stood(*rows: Sequence[str], **registers: Register | str) -> Basis:
    """Versions with from and until, and what they say."""
    figures: dict[str, Any] = dict(basis().figures)
    figures["standing"] = {**figures["standing"], "policies": [[*row, "ac", "none", "none", 1, ""] for row in rows]}
    figures["flows"] = {**figures["flows"], "versions": []}
    return msgspec.structs.replace(basis(), figures=figures, declared=Declared(registers=registers))


def _with(**changes: Any) -> Register:
    parties = dict(REGISTER.processors)
    parties["clinic-it"] = msgspec.structs.replace(parties["clinic-it"], **changes)
    return msgspec.structs.replace(REGISTER, processors=parties)


def test_each_is_told_with_its_agreement_and_how_much_it_was_sent() -> None:
    told = _tables(msgspec.structs.replace(basis(), declared=declared(_with(document="sha256:1f"))))
    flows = basis().figures["flows"]["recipients"]
    times = {name: sum(row[6] for row in flows if row[3] == name) for name in {row[3] for row in flows}}
    own = told["Register of processors"].rows[0]
    assert own[:6] == ("clinic-it", "Clinic IT <GmbH>", "Hauptstr. 1, Berlin", "DE", "DPA", "2027-12-31")
    assert own[6:10] == ("yes", "phi, pii", "yes", "sha256:1f")
    unused = next(row for row in told["Register of processors"].rows if row[0] == "unused")
    assert unused[4:10] == ("none configured", "-", "none configured", "", "no", "-")
    sent = {row[0]: (row[1:4], row[5]) for row in told["Sent to processors, by what stood then"].rows}
    assert sent["clinic-it"] == (("Clinic IT <GmbH>", "DE", "DPA"), times["clinic-it"])
    assert told["In traffic, not in the register"].rows == tuple(
        (name, times[name]) for name in ("big-cloud", "lettres-sa")
    )
    assert told["In the register, not in traffic"].rows == (("unused",),)


def test_what_changed_is_told_with_its_times_and_what_did_not_is_told_once() -> None:
    times = DAY.format("01-01"), DAY.format("04-01"), DAY.format("07-01"), STILL
    rows = [(name, *span) for name, span in zip("abc", pairwise(times), strict=True)]
    told = _tables(_stood(*rows, a=REGISTER, b=REGISTER, c=_with(country="AT", valid_until="2026-11-30")))
    register = [(row[0], row[3], row[6], *row[10:]) for row in told["Register of processors"].rows]
    assert register == [
        ("clinic-it", "DE", "yes", times[0], times[2]),
        ("clinic-it", "AT", "no", times[2], STILL),
        ("unused", "GB", "none configured", times[0], STILL),
    ]
    versions = told["Policy versions that this is told by"]
    assert versions.rows == tuple((*row, "read") for row in rows)


def test_a_version_that_cannot_be_read_is_told_so_and_by_no_other() -> None:
    times = DAY.format("01-01"), DAY.format("04-01"), DAY.format("07-01"), STILL
    rows = [(name, *span) for name, span in zip("aba", pairwise(times), strict=True)]
    told = _tables(_stood(*rows, a=REGISTER, b=NOT_KEPT))
    spans = [row[10:] for row in told["Register of processors"].rows if row[0] == "clinic-it"]
    assert spans == [(times[0], times[1]), (times[2], STILL)]
    assert [row[3] for row in told["Policy versions that this is told by"].rows] == ["read", NOT_KEPT, "read"]
    nothing = msgspec.structs.replace(basis(), declared=Declared())
    sent = _tables(nothing)["Sent to processors, by what stood then"].rows
    assert {row[1:4] for row in sent} == {(NOT_KNOWN,) * 3}
    traffic = _tables(nothing)["In traffic, not in the register"]
    assert traffic.rows == (), "whether a version that nobody can read had them is not told"
    times = sum(row[7] for row in nothing.figures["flows"]["versions"] if row[3] != "none")
    warnings = [one.text for one in processors(nothing).blocks if isinstance(one, Text) and one.tone == "warning"]
    assert any(text.startswith(f"{times:,} messages to processors") for text in warnings)


def test_a_version_that_decided_and_whose_activation_was_not_looked_at_is_told_without_times() -> None:
    one = _stood(("a", DAY.format("01-01"), STILL), a=REGISTER, b=REGISTER)
    flows = {**one.figures["flows"], "versions": [["ward", "z", "DE", "clinic-it", "personal", "b", "t", 1, "t"]]}
    one = msgspec.structs.replace(one, figures={**one.figures, "flows": flows}, known_from=None)
    told = _tables(one)
    assert told["Policy versions that this is told by"].rows[0] == ("b", NOT_KNOWN, NOT_KNOWN, "read")
    assert told["Register of processors"].rows[0][10:] == (NOT_KNOWN, NOT_KNOWN)
    assert told["Register of processors"].rows[0][6] == NOT_KNOWN, "valid at the end of what"
    assert _warns(one)


@pytest.mark.parametrize(
    ("until", "valid_until", "said"),
    [
        ("2027-01-01T00:00:00.000000Z", "2026-12-31", "yes"),  # the end is not of the period
        ("2027-01-01T00:00:00.000001Z", "2026-12-31", "no"),
        ("2026-12-31T12:00:00.000000Z", "2026-12-31", "yes"),
        ("2026-12-31T12:00:00.000000Z", "2026-12-30", "no"),
        ("", "2020-01-01", "no"),  # a bundle without a record: as of when it was made
    ],
)
def test_an_agreement_is_valid_to_the_end_of_its_last_day(until: str, valid_until: str, said: str) -> None:
    one = _stood(("a", DAY.format("01-01"), STILL), a=_with(valid_until=valid_until))
    assert _tables(msgspec.structs.replace(one, until=until))["Register of processors"].rows[0][6] == said


def test_an_agreement_that_was_followed_is_valid_where_it_was_on_the_last_day_on_which_it_stood() -> None:
    followed = ("a", DAY.format("01-01"), DAY.format("03-01"))
    for valid_until, said in (("2026-02-28", "yes"), ("2026-02-27", "no")):
        one = _stood(followed, ("b", followed[2], STILL), a=_with(valid_until=valid_until), b=Register())
        assert _tables(one)["Register of processors"].rows[0][6] == said


def _warns(one: Basis) -> bool:
    return any("is not known: records before it" in getattr(block, "text", "") for block in processors(one).blocks)


@pytest.mark.parametrize(
    ("known_from", "lies", "warns"),
    [(0, "in the period", False), (40, "in the period", True), (40, "before the period", False), (None, "", True)],
)
def test_that_nobody_knows_what_stood_at_the_start_is_told(known_from: int | None, lies: str, *, warns: bool) -> None:
    one = msgspec.structs.replace(_stood(("a", DAY.format("03-01"), STILL), a=REGISTER), known_from=known_from)
    one.figures["standing"]["policies"][0][7] = lies
    assert _warns(one) is warns


def test_where_no_version_stood_none_is_told_of() -> None:
    told = _tables(_stood())
    assert told["Policy versions that this is told by"].rows == told["Register of processors"].rows == ()
