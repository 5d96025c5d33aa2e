"""What a generated year's reports tell beside its records: what policy versions declare, archives, witnesses, all made
up here."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

LEDGER = "gateway.example/ledger/of-a-year"
GENERATOR = "a generated year"
SINCE, UNTIL, CREATED = (
    "2025-01-01T00:00:00.000000Z",
    "2026-01-01T00:00:00.000000Z",
    "2026-01-02T08:30:00.000000Z",
)
KNOWN_FROM = 40
"""What stood before the year is known from this record on."""
TENANT_NAME = "Clinic"
UNKNOWN, NO_AGREEMENT, NOT_KNOWN = "not in the policy version", "none configured", "not known"
MISSES = ("0.0250 (0.0051 to 0.0714): 3 of 120 messages; a sample", "not measured; another")


class Counted(NamedTuple):
    """What was found of labels, and what of findings was right: how many of how many, and the bounds of the interval in
    1/10,000. None: not told."""

    recall: tuple[int, int, int, int]
    precision: tuple[int, int, int, int] | None


class Body(NamedTuple):
    """Labelled texts: what all types together give, and each."""

    name: str
    texts: int
    tuned: bool
    all: Counted
    types: Mapping[str, Counted]


MEASURED_AT = "2024-12-20"
MEASURED = (
    Body(
        *("one half", 1_200, True, Counted((999, 1_000, 9_940, 10_000), (900, 1_000, 8_800, 9_170))),
        {"email": Counted((10, 10, 7_224, 10_000), (10, 10, 7_224, 10_000))},
    ),
    Body(
        *("another half", 1_300, False, Counted((1_901, 2_000, 9_401, 9_592), (1_850, 1_900, 9_656, 9_800))),
        {
            "email": Counted((40, 40, 9_124, 10_000), (40, 40, 9_124, 10_000)),
            "organization": Counted((1, 3, 614, 7_924), (0, 0, 0, 10_000)),
            "health-term": Counted((399, 400, 9_860, 9_996), None),
            "card": Counted((80, 80, 9_542, 10_000), (79, 80, 9_325, 9_978)),
        },
    ),
    Body(
        *("texts of others", 43, False, Counted((30, 60, 3_773, 6_227), (30, 31, 8_381, 9_943))),
        {"email": Counted((2, 2, 3_424, 10_000), (2, 2, 3_424, 10_000))},
    ),
)
"""What was measured of the first version of the classification; of the second one nothing was."""


class Processor(NamedTuple):
    """One that is declared."""

    legal_name: str
    address: str
    country: str
    safeguard: str
    valid_until: str
    classes: tuple[str, ...]
    no_training: str
    document: str


class Terms(NamedTuple):
    """What a policy version declares."""

    processors: Mapping[str, Processor]
    trusted: frozenset[str]
    """Zones."""
    retention_days: int


IT = Processor("Clinic IT GmbH", "Ring 1, Ulm", "AT", "DPA", "2025-12-31", ("pii", "phi"), "yes", "sha256:" + "d1" * 32)
FIRST = Terms(
    {
        "clinic-it": IT,
        "big-cloud": Processor(
            "Big Cloud Inc.", "1 Main St, Reno", "US", "SCC", "2025-12-30", ("pii",), "no", "sha256:" + "d2" * 32
        ),
        "paper-mill": Processor("Paper Mill AG", "Muehle 3, Bern", "CH", NO_AGREEMENT, "", (), "no", ""),
    },
    frozenset({"in-house", "partner"}),
    2_192,
)
SECOND = Terms(
    {
        "clinic-it": IT,
        "big-cloud": Processor(
            "Big Cloud Europe Ltd",
            "2 Quay, Dublin",
            "IE",
            "DPA",
            "2025-12-30",
            ("phi", "pii"),
            "yes",
            "sha256:" + "d3" * 32,
        ),
    },
    frozenset({"in-house"}),
    1_095,
)
"""What is declared from the middle of the year on. One of those in traffic is in neither, and one is not in traffic."""
NOW = Terms(
    {"clinic-it": IT._replace(country="LI", legal_name="Clinic IT of now"), "lettres-sa": IT._replace(country="MC")},
    frozenset({"cloud"}),
    4_000,
)
"""What is configured when the year is over, and must be told nowhere."""
NOBODY = Processor(UNKNOWN, UNKNOWN, UNKNOWN, NO_AGREEMENT, "", (), "", "")
NO_PROCESSOR = Processor("none named", "none named", "none named", "none named", "", (), "", "")
UNTOLD = Processor(NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, "", (), "", "")
ZONES = {"in-house": "DE", "partner": "FR", "cloud": "US"}
AGENTS = {"ward-scribe": "clinic-it", "letters": "lettres-sa", "cloud-writer": "big-cloud", "binder": "paper-mill"}


class Said(NamedTuple):
    """What somebody has said of the ledger, by a checkpoint of so many records more than the range's first (None: of
    more than all)."""

    name: str
    more: int | None
    at: str


STAMPS = (Said("tsa-one", 40, "2025-02-01T10:00:00.000000Z"), Said("tsa-two", None, "2026-01-01T00:10:00.000000Z"))
COSIGNED = (Said("w-north", 0, "2025-01-01T00:00:01.000000Z"), Said("w-south", 90, "2025-03-01T00:00:00.000000Z"))
ARCHIVES = (("ar_old", -100, 20), ("ar_new", 20, 60))
"""Id, and the first record and the end, counted from the range's first."""
LIFE = (
    ("nd_a", "ledger.stopped", "2024-12-24T18:00:00.000000Z", 990),
    ("nd_b", "ledger.started", "2024-11-02T06:30:00.000000Z", 210),
)
"""Of each node the last start or stop before the year: node, event, when, the record's number."""
KEPT = (4_000, "2024-11-30T23:59:58.000000Z", 2, 7, "2023-05-01T00:00:00.000000Z")
"""The oldest record in the database and when it occurred; archives before it, the first record of these, and when the
earliest of theirs occurred."""
AWAY = ("em_away", 17, "not told", "2025-07-01T00:00:00.000000Z", "2025-07-01T01:00:00.000000Z")
"""An emergency ledger whose file is not at hand: id, records, exchanges, from, until."""


class Around(NamedTuple):
    """What is told that the year's records do not say. By default all of it is made up; a year in a database has what
    is true of that."""

    ledger: str = LEDGER
    generator: str = GENERATOR
    known_from: int = KNOWN_FROM
    measured: bool = True
    """Whether anything is known of the first version of the classification."""
    misses: Sequence[str] = MISSES
    stamps: Sequence[Said] = STAMPS
    cosigned: Sequence[Said] = COSIGNED
    archives: Sequence[tuple[str, int, int]] = ARCHIVES
    away: tuple[str, int, str, str, str] | None = AWAY
    kept: tuple[int, str, int, int, str] = KEPT
    life: Sequence[tuple[str, str, str, int]] = LIFE
    whole: bool = True
    """Whether all records before the year are in the database."""


AROUND = "around"
"""A key of the truth of a year of which something else than what is made up is told."""


def around(truth: Mapping[str, object]) -> Around:
    """What is told around a year's records."""
    found = truth.get(AROUND)
    return found if isinstance(found, Around) else Around()
