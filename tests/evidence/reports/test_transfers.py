"""Where data went: by region as recorded, and by country as declared then, each for itself."""

from collections import Counter

from gateway.evidence.reports.document import Streams, Table
from gateway.evidence.reports.register import NO_PROCESSOR, UNKNOWN
from gateway.evidence.reports.transfers import transfers
from tests.evidence.reports.kit import REGISTER, basis


def test_transfers_are_told_with_country_and_mechanism() -> None:
    _, told = (block for block in transfers(basis()).blocks if isinstance(block, Table))
    assert {(row[3], row[4]) for row in told.rows if row[0] == "ward-scribe"} == {("DE", "DPA")}
    assert sum(int(row[7]) for row in told.rows) == basis().figures["flows"]["sent"]


def test_a_plot_tells_regions_or_countries_and_never_both() -> None:
    regions, countries = (block for block in transfers(basis()).blocks if isinstance(block, Streams))
    found = basis().figures["flows"]["recipients"]
    expected = Counter[str]()
    for row in found:
        expected[row[2]] += row[6]
    assert _by_place(regions) == expected
    assert set(expected) == {"DE", "FR", "US", "none"}  # callbacks have no region
    declared = {one.country for one in REGISTER.processors.values()}
    assert set(_by_place(countries)) <= {*declared, UNKNOWN, NO_PROCESSOR}
    assert _by_place(countries)[NO_PROCESSOR] == sum(row[6] for row in found if row[3] == "none")
    assert _by_place(countries)["DE"] == sum(row[6] for row in found if row[3] == "clinic-it")


def _by_place(plot: Streams) -> Counter[str]:
    found = Counter[str]()
    for _, place, times in plot.rows:
        found[place] += times
    return found
