"""Agreements are told as configured, and who got something without one is named."""

from collections.abc import Mapping

import msgspec
import pytest

from gateway.evidence.reports.document import Table
from gateway.evidence.reports.processors import processors
from tests.evidence.reports.kit import REGISTER, basis


def _tables(until: str | None = None, valid_until: str = "2027-12-31") -> Mapping[str, Table]:
    parties = dict(REGISTER.processors)
    parties["clinic-it"] = msgspec.structs.replace(parties["clinic-it"], valid_until=valid_until, document="sha256:1f")
    register = msgspec.structs.replace(REGISTER, processors=parties)
    one = msgspec.structs.replace(basis(), register=register)
    made = processors(one if until is None else msgspec.structs.replace(one, until=until))
    return {block.caption: block for block in made.blocks if isinstance(block, Table)}


def test_each_is_told_with_its_agreement_and_how_much_it_was_sent() -> None:
    told = _tables()
    times = {name: sum(row[6] for row in basis().figures["flows"]["recipients"] if row[3] == name) for name in _names()}
    own, unused = told["Register of processors"].rows
    assert own[:6] == ("clinic-it", "Clinic IT <GmbH>", "Hauptstr. 1, Berlin", "DE", "DPA", "2027-12-31")
    assert own[6:] == ("yes", "phi, pii", "yes", "sha256:1f", times["clinic-it"])
    assert times["clinic-it"] > 0
    assert unused[4:] == ("none configured", "-", "none configured", "", "no", "-", 0)
    assert told["In traffic, not in the register"].rows == tuple(
        (name, times[name]) for name in ("big-cloud", "lettres-sa")
    )
    assert told["In the register, not in traffic"].rows == (("unused",),)


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
    assert _tables(until, valid_until)["Register of processors"].rows[0][6] == said


def _names() -> set[str]:
    return {row[3] for row in basis().figures["flows"]["recipients"]}
