"""The site of a generated year: what its configuration says of processors, zones and retention, and what is known from
around its ledger. All of it is made up here; reports must tell it beside the year's figures."""

from typing import NamedTuple

from gateway.evidence.reports.register import Party, Place, Register

UNKNOWN = "not in the configuration"


class Processor(NamedTuple):
    """As it is declared."""

    legal_name: str
    address: str
    country: str
    safeguard: str
    valid_until: str
    classes: tuple[str, ...]


PROCESSORS = {
    "big-cloud": Processor("Big Cloud Ltd", "1 Main St, Dublin", "IE", "SCC", "", ("internal", "pii")),
    "clinic-it": Processor("Clinic IT", "Hauptstr. 1, Berlin", "DE", "DPA", "2027-12-31", ("phi", "pii")),
    "old-lab": Processor("Old Lab AG", "Seeweg 2, Zug", "CH", "none configured", "2025-06-30", ()),
}
"""One that is in traffic and has no date, one with a date, and one that gets nothing. `lettres-sa`, which gets much, is
not declared."""
NOBODY = Processor(UNKNOWN, UNKNOWN, UNKNOWN, "none configured", "", ())
TRUSTED = frozenset({"in-house"})
REGIONS = {"in-house": "DE", "partner": "FR", "cloud": "US"}
RETENTION_DAYS = 2_192
REGISTER = Register(
    tenant="Clinic",
    retention_days=RETENTION_DAYS,
    processors={name: Party(**one._asdict(), no_training=True) for name, one in PROCESSORS.items()},
    zones={name: Place(trusted=name in TRUSTED, region=region) for name, region in REGIONS.items()},
)


def processor(name: str) -> Processor:
    """What is declared of it; of one that is not declared that it is not."""
    return PROCESSORS.get(name, NOBODY)
