"""`gateway audit reconcile`: what went around is found, hostile logs quote nothing, and reading is on record."""

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest

from gateway.bootstrap import open_site
from gateway.cli.common import load_settings
from gateway.ledger.record import Detail, timestamp
from tests.cli.kit import Run
from tests.store.kit import entry

DAY = 1_800_000_000_000_000 // 86_400_000_000 * 86_400_000_000
PERIOD = ("--from", timestamp(DAY), "--to", timestamp(DAY + 86_400_000_000))
AGENT = """
[[agent]]
id = "cloudy"
protocol = "openai"
url = "https://api.cloud.example/v1"
zone = "cloud"
"""
MAPPING = """
[[source]]
id = "proxy"
format = "csv"
each = "request"
[source.columns]
time = "when"
host = "dest"
bytes = "sent"
"""


def at(seconds: int) -> str:
    return timestamp(DAY + seconds * 1_000_000)


@pytest.fixture
def recorded(site: Path) -> Path:
    """Two requests were sent to an agent, at noon and ten minutes later."""
    with (site / "gateway.toml").open("a") as file:
        file.write(AGENT)
    Path("mapping.toml").write_text(MAPPING)

    async def prepare() -> None:
        async with open_site(load_settings(site / "gateway.toml")) as opened:
            ledger, writer = opened.tenants["default"].ledger, await opened.writer("default")
            for seconds in (43_200, 43_800):
                us = DAY + seconds * 1_000_000
                detail = Detail(destination="api.cloud.example:443")
                await writer.submit(
                    entry("exchange.requested", ledger=ledger, us=us, detail=detail, agent="cloudy", attempt=1)
                )

    asyncio.run(prepare())
    return site


def reconcile(gateway: Run, *rows: str, more: tuple[str, ...] = ()) -> tuple[int, str, str]:
    Path("proxy.csv").write_text("\n".join(("when,dest,sent", *rows)) + "\n")
    done = gateway("audit", "reconcile", *PERIOD, "--mapping", "mapping.toml", "--log", "proxy=proxy.csv", *more)
    return done.code, done.out, done.err


def test_what_is_on_both_sides_is_accounted_for_and_the_reading_is_on_record(gateway: Run, recorded: Path) -> None:
    code, out, err = reconcile(gateway, f"{at(43_201)},api.cloud.example:443,9", f"{at(43_800)},api.cloud.example,9")
    assert (code, err) == (0, "")
    assert "EVERYTHING COMPARED IS ACCOUNTED FOR" in out
    (read,) = gateway("audit", "query", "--event", "audit.read", "--json").data["records"]
    assert read["detail"]["query"]["sources"] == "proxy"
    assert read["detail"]["query"]["reconcile"].startswith("sha256:")


def test_what_went_to_another_port_or_met_nothing_near_is_not_accounted_for(gateway: Run, recorded: Path) -> None:
    mapping = MAPPING.replace("[source.", 'gateway = ["10.0.0.5"]\n[source.')
    Path("mapping.toml").write_text(f'{mapping}source = "src"\n')
    to = "api.cloud.example"
    rows = [f"{at(43_201)},{to}:443,9,10.0.0.5", f"{at(43_800)},https://{to}/,9,10.0.0.5"]
    head = "when,dest,sent,src"

    def run(*more: str) -> tuple[int, str]:
        Path("proxy.csv").write_text("\n".join((head, *rows, *more)) + "\n")
        done = gateway("audit", "reconcile", *PERIOD, "--mapping", "mapping.toml", "--log", "proxy=proxy.csv")
        return done.code, done.out

    code, out = run(f"{at(43_800)},{to}:5432,9,10.0.0.5")
    assert (code, "1 to agents' hosts at ports that no agent is at: not compared" in out) == (0, True)
    code, out = run(f"{at(46_000)},{to}:443,9,10.0.0.5")
    assert (code, "1 NOT on record" in out, "NOT EVERYTHING" in out) == (1, True, True)


def test_what_went_around_and_what_the_log_lacks_is_exit_code_one(gateway: Run, recorded: Path) -> None:
    rows = (f"{at(43_200)},api.cloud.example,5", f"{at(50_000)},api.cloud.example,7", f"{at(60_000)},x.example,1")
    code, out, _ = reconcile(gateway, *rows, more=("--json",))
    assert code == 1
    told = json.loads(out)
    assert [(one["kind"], one["line"], one["bytes"]) for one in told["findings"]] == [
        ("around", 3, 7),
        ("missing", None, None),
    ]
    assert (told["sources"][0]["elsewhere"], told["records"]["sent"]) == (1, 2)
    assert told["days"][0] | {"bytes": 12, "met": 1, "around": 1, "missing": 1} == told["days"][0]
    _, out, _ = reconcile(gateway, *rows, more=("--format", "csv"))
    table = list(csv.reader(io.StringIO(out)))
    assert [row[1] for row in table] == ["kind", "around", "missing"]
    code, out, _ = reconcile(gateway, *rows)
    assert "NOT EVERYTHING IS ACCOUNTED FOR" in out


def test_a_hostile_log_is_an_error_by_number_that_quotes_nothing(gateway: Run, recorded: Path) -> None:
    rows = (f"{at(43_200)},api.cloud.example,5", "=cmd(),swordfish,1", f"{at(43_800)},api.cloud.example,x'swordfish")
    code, out, err = reconcile(gateway, *rows)
    assert code == 1
    assert "line 3: time" in out
    assert "line 4: bytes" in out
    assert "swordfish" not in out + err


@pytest.mark.parametrize(
    "options",
    [
        ("--log", "other=proxy.csv"),
        ("--log", "proxy=missing.csv"),
        ("--log", "proxy=proxy.csv"),
        ("--limit", "-1"),
        ("--format", "xml"),
        ("--mapping", "missing.toml"),
        ("--mapping", "gateway.toml"),
        ("--to", "1999-01-01"),
    ],
    ids=" ".join,
)
def test_wrong_use_is_exit_code_two_and_not_on_record(gateway: Run, recorded: Path, options: tuple[str, ...]) -> None:
    code, out, err = reconcile(gateway, more=options)
    assert (code, out, "Traceback" in err) == (2, "", False)
    assert gateway("audit", "query", "--event", "audit.read", "--json").data["records"] == []


def test_a_log_with_another_head_is_wrong_use(gateway: Run, recorded: Path) -> None:
    Path("proxy.csv").write_text("a,b\n")
    done = gateway("audit", "reconcile", *PERIOD, "--mapping", "mapping.toml", "--log", "proxy=proxy.csv")
    assert (done.code, "columns.time names no column" in done.err) == (2, True)
