"""`gateway audit disclosures`: what was sent to whom, as it was asked for, and that is on record."""

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest

from gateway.bootstrap import open_site
from gateway.cli.common import load_settings
from gateway.ledger.record import ClassesInfo, Detail, timestamp
from tests.cli.kit import Run
from tests.store.kit import entry

T0 = 1_800_000_000_000_000
PERIOD = ("--from", timestamp(T0), "--to", timestamp(T0 + 100_000_000))
JANE, JOHN = "su_" + "1" * 26, "su_" + "2" * 26
WARD = "ac_" + "4" * 26
DISCLOSURES = ("audit", "disclosures", *PERIOD)


@pytest.fixture
def recorded(site: Path) -> Path:
    """Two disclosures, about two persons, and something that is nobody's."""

    async def prepare() -> None:
        async with open_site(load_settings(site / "gateway.toml")) as opened:
            ledger, writer = opened.tenants["default"].ledger, await opened.writer("default")
            for number, (name, whom) in enumerate((("phi", JANE), ("pii", JOHN), ("public", JANE))):
                classes = ClassesInfo(found=(name,), declared=(), inherited=(), floor=())
                made = entry(
                    "exchange.requested",
                    ledger=ledger,
                    us=T0 + number,
                    detail=Detail(subjects=(whom,)),
                    subjects=(whom,),
                    agent="=cloudy",
                    actor=WARD,
                    attempt=1,
                    classes=classes,
                )
                await writer.submit(made)

    asyncio.run(prepare())
    return site


def test_each_disclosure_of_a_period_is_listed_in_every_form(gateway: Run, recorded: Path) -> None:
    lines = gateway(*DISCLOSURES, "--format", "ndjson").out.splitlines()
    assert [json.loads(line)["classes"] for line in lines] == [["phi"], ["pii"]]
    assert gateway(*DISCLOSURES, "--json").out.splitlines() == lines
    head, *rows = csv.reader(io.StringIO(gateway(*DISCLOSURES, "--format", "csv").out))
    assert [dict(zip(head, row, strict=True))["recipient"] for row in rows] == ["'=cloudy"] * 2
    assert gateway(*DISCLOSURES).code == 0
    reads = gateway("audit", "query", "--event", "audit.read", "--json").data["records"]
    assert len(reads) == 4


def test_as_text_each_is_a_row_under_a_head_with_who_and_why_beneath(gateway: Run, recorded: Path) -> None:
    head, *lines = gateway(*DISCLOSURES).out.splitlines()
    assert head.split() == [
        "seq",
        "occurred_at",
        "recipient",
        "company",
        "country",
        "purpose",
        "legal_basis",
        "classes",
    ]
    assert [line[head.index("recipient") :].split()[0] for line in lines[::2]] == ["=cloudy"] * 2
    assert [line[head.index("classes") :] for line in lines[::2]] == ["phi", "pii"]
    assert [line.split()[::2] for line in lines[1::2]] == [["by", "about", "rules", "masks"]] * 2
    assert [line.split()[1:4:2] for line in lines[1::2]] == [[WARD, JANE], [WARD, JOHN]]
    assert max(map(len, (head, *lines))) < 140
    assert gateway(*DISCLOSURES, "--subject", "su_" + "3" * 26).out.splitlines() == [
        " ".join(head.split()).replace(" ", "  ")
    ]


def test_those_about_one_person_are_listed_alone(gateway: Run, recorded: Path) -> None:
    (line,) = gateway(*DISCLOSURES, "--subject", JOHN, "--format", "ndjson").out.splitlines()
    assert json.loads(line)["subjects"] == [JOHN]


def test_wrong_use_is_told_before_anything_is_read(gateway: Run, recorded: Path) -> None:
    for options in (("--subject", "Jane"), ("--to", "1999-01-01"), ("--format", "csv", "--json")):
        done = gateway(*DISCLOSURES, *options)
        assert (done.code, done.out, "Jane" in done.err) == (2, "", False)
    assert gateway("audit", "query", "--event", "audit.read", "--json").data["records"] == []
