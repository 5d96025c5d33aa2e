"""`gateway audit archive`, and what is told of records that lie in one."""

import asyncio
import errno
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import open_site
from gateway.bootstrap.archiving import figured
from gateway.core.ids import uuid7
from gateway.ledger.entry import Entry
from gateway.ledger.record import ClassesInfo, Detail
from gateway.settings import load
from gateway.store.indexer import Indexer
from gateway.store.lease import Lease
from gateway.store.postings import BLOCK
from tests.cli.kit import Run, change, copied
from tests.store.kit import entry

START_US = 1_700_000_000_000_000


JANE, MARY = "su_" + "1" * 26, "su_" + "2" * 26
SENT = (5, 9, BLOCK + 9)
"""What was sent to an agent, of which the last is in the database when the others are archived; the first and the last
are about Jane, the other one about Mary."""
HERS, OTHER = uuid7(START_US), uuid7(START_US)
"""The exchange that the first and the last are of, and that of the other one."""


def record(ledger: str, seq: int) -> Entry:
    if seq not in SENT:
        return entry(ledger=ledger, us=START_US + seq)
    phi = ClassesInfo(found=("phi",), declared=(), inherited=(), floor=())
    about = (MARY,) if seq == 9 else (JANE,)
    sent: dict[str, Any] = {"agent": "ward", "zone": "in-house", "attempt": 1, "purpose": "HRESCH", "classes": phi}
    sent["exchange"] = OTHER if seq == 9 else HERS
    detail = Detail(destination="http://ward.example/v1", subjects=about)
    return entry("exchange.requested", ledger=ledger, us=START_US + seq, detail=detail, subjects=about, **sent)


@pytest.fixture(scope="module")
def made_filled(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with more than a block of records, which need not stay any longer; to be copied."""
    directory = copied(made, tmp_path_factory.mktemp("filled"))
    change(
        directory / "gateway.toml",
        '# directory = "archive"\nrange_records = 65536',
        'directory = "archive"\nrange_records = 4096',
    )
    with (directory / "gateway.toml").open("a") as file:
        file.write('\n[[tenant]]\nid = "default"\nretention_days = 0\n')

    async def fill() -> None:
        async with open_site(load(directory / "gateway.toml")) as place:
            writer, ledger = await place.writer("default"), place.tenants["default"].ledger
            for start in range(0, BLOCK + 20, 1_000):
                entries = [record(ledger, seq) for seq in range(start, min(start + 1_000, BLOCK + 20))]
                await asyncio.gather(*(writer.append(entry) for entry in entries))
            await (await place.checkpointer("default")).publish(force=True)
            await Indexer(place.engine, ledger).run()

    asyncio.run(fill())
    return directory


@pytest.fixture
def filled(made_filled: Path, empty: Path) -> Path:
    """The same, in the current directory."""
    return copied(made_filled, empty)


def test_a_range_is_archived_and_all_that_is_asked_of_it_is_answered(gateway: Run, filled: Path) -> None:
    early = gateway("audit", "archive", "--before", "2020-01-01", "--json")
    assert (early.code, early.data) == (0, {"archives": [], "waits": None})
    done = gateway("audit", "archive", "--json").data
    (one,) = done["archives"]
    assert (one["first"], one["end"], done["waits"]) == (0, BLOCK, None)
    assert gateway("audit", "archive").out == "no whole range is old enough\n"
    (path,) = (filled / "archive").glob("*/*.archive")
    assert path.stat().st_size == one["bytes"]
    # All of it verifies, by hashes or with the archive; the archive by the key alone.
    by_hash = gateway("audit", "verify")
    assert by_hash.code == 0
    assert f"archived     {BLOCK}; of these verified by their hashes alone: {BLOCK}" in by_hash.out
    with_file = gateway("audit", "verify", "--archive", path, "--json").data
    assert (with_file["ok"], with_file["archived"], with_file["unread"]) == (True, BLOCK, 0)
    (filled / "key.vkey").write_text(gateway("keys", "verifier").out)
    checked = gateway("audit", "check-archive", path, "--key", filled / "key.vkey", "--json")
    assert (checked.code, checked.data["archives"][0]["digest"]) == (0, one["digest"])
    # A record, a proof of it, and a search that does not look there.
    gateway("audit", "prove", 7, "--out", filled / "proof", "--record", filled / "record")
    assert b'"seq":7' in (filled / "record").read_bytes()
    page = gateway("audit", "query", "--json").data
    assert (page["archives"], page["cursor"]) == ([one["id"]], None)
    assert f"not looked into: archives {one['id']}" in gateway("audit", "query").out
    assert f"not looked into: archives {one['id']}" in gateway("audit", "query", "--all").err
    tail = gateway("audit", "tail", "--after", 100, "--limit", 1, "--agent", "ward", "--json")
    assert json.loads(tail.out)["record"]["seq"] == BLOCK + 9
    assert f"not looked into: archives {one['id']}: records 101 to {BLOCK - 1}" in tail.err
    assert gateway("audit", "query", "--from", "2024-01-01", "--json").data["archives"] == []
    # Where the file is not at hand the archive is named.
    path.rename(filled / "kept")
    gone = gateway("audit", "prove", 7, "--out", filled / "proof2", "--record", filled / "record2")
    assert (gone.code, one["id"] in gone.err) == (1, True)
    assert gateway("audit", "verify").code == 0
    broken = bytearray((filled / "kept").read_bytes())
    broken[5_000] ^= 1
    (filled / "kept").write_bytes(bytes(broken))
    assert gateway("audit", "verify", "--archive", filled / "kept").code == 1
    assert gateway("audit", "check-archive", filled / "kept", "--key", filled / "key.vkey").code == 1

    async def look() -> None:
        async with open_site(load(filled / "gateway.toml")) as place:
            found = await figured(place, "default", 0, None)
            assert (found.archives, found.waits, found.over_s > 0) == (1, None, True)

    asyncio.run(look())


def test_a_second_command_says_that_another_is_at_it(gateway: Run, filled: Path) -> None:
    async def held() -> None:
        async with open_site(load(filled / "gateway.toml")) as place:
            lease = Lease(place.engine, f"archive/{place.tenants['default'].ledger}", "ar_1", place.clock, 600)
            assert await lease.take()

    asyncio.run(held())
    told = gateway("audit", "archive")
    assert (told.code, told.out) == (1, "")
    assert "another process is at it" in told.err
    assert not (filled / "archive").exists()


PERIOD = ("--from", "2023-11-14", "--to", "2023-11-15")
WRITTEN = ("--from", "2020-01-01", "--to", "2100-01-01")


def test_what_is_told_of_a_period_is_read_from_archives_that_are_the_ledgers_own(gateway: Run, filled: Path) -> None:
    def told(*archives: object) -> dict[str, Any]:
        """All that reads a period, of the same one."""
        option = ("--archive", *archives) if archives else ()
        rows = gateway("audit", "disclosures", *PERIOD, "--format", "ndjson", *option)
        assert rows.code == 0, rows.err
        hers = gateway("audit", "disclosures", *PERIOD, "--subject", JANE, "--format", "ndjson", *option)
        advice = gateway("advise", *PERIOD, "--json", *option).data
        for name in ("period.json", "hers.json", "b.zip"):
            (filled / name).unlink(missing_ok=True)
        assert gateway("evidence", "report", "period", *WRITTEN, "--out", "period.json", *option).code == 0
        person = ("disclosures", *WRITTEN, "--subject", JANE, "--out", "hers.json")
        assert gateway("evidence", "report", *person, *option).code == 0
        assert gateway("evidence", "export", "--end", BLOCK + 20, "--out", "b.zip", *option).code == 0
        assert gateway("evidence", "verify", "--key", "key.vkey", "b.zip").code == 0
        with zipfile.ZipFile(filled / "b.zip") as box:
            records = box.read("data/records.jsonl").count(b"\n")
        return {
            "rows": [json.loads(line) for line in rows.out.splitlines()],
            "hers": [json.loads(line)["seq"] for line in hers.out.splitlines()],
            "said": rows.err,
            "advice": advice,
            "period": tables((filled / "period.json").read_bytes()),
            "person": tables((filled / "hers.json").read_bytes()),
            "records": records,
        }

    (filled / "key.vkey").write_text(gateway("keys", "verifier").out)
    before = told()
    (one,) = gateway("audit", "archive", "--json").data["archives"]
    after = told()
    assert [row["seq"] for row in after["rows"]] == list(SENT)
    assert after["rows"] == before["rows"], "with the details, which open in the archive as they did before"
    assert after["hers"] == before["hers"] == [5, BLOCK + 9]
    assert (before["said"], one["id"] in after["said"]) == ("", True)
    assert (before["advice"].pop("archives"), after["advice"].pop("archives")) == ([], [one["id"]])
    assert after["advice"] == before["advice"]
    name = "Records that were read from archives"
    assert (before["period"].get(name), after["period"][name]) == (None, [[one["id"], 0, BLOCK - 1]])
    for kind in ("Messages by data class and zone", "Places without a record"):
        assert after["period"][kind] == before["period"][kind]
    accounting = "Accounting of disclosures"
    assert after["person"][accounting] == before["person"][accounting]
    assert after["person"][accounting][0][1] == 2
    assert after["records"] == before["records"] == BLOCK + 20

    # Where the file lies elsewhere it is named, nothing is on record, and it is read where it is given.
    (path,) = (filled / "archive").glob("*/*.archive")
    kept = path.rename(filled / "kept")
    asks = (
        ("audit", "disclosures", *PERIOD),
        ("advise", *PERIOD),
        ("evidence", "report", "period", *WRITTEN, "--out", "x.json"),
        ("evidence", "report", "disclosures", *WRITTEN, "--subject", JANE, "--out", "x.json"),
    )
    for ask in asks:
        refused = gateway(*ask)
        assert (refused.code, refused.out, one["id"] in refused.err) == (1, "", True), ask
    assert told(kept)["rows"] == before["rows"]
    # What was changed gives nothing, in its place or given; another file is told as none of the ledger's.
    data = kept.read_bytes()
    path.write_bytes(data[:5_000] + bytes([data[5_000] ^ 1]) + data[5_001:])
    for ask in asks:
        refused = gateway(*ask)
        assert (refused.code, refused.out) == (1, ""), ask
        assert f"archive {one['id']}: " in refused.err, ask
        other = gateway(*ask, "--archive", path)
        assert (other.code, "file 1 of those given is none" in other.err) == (1, True), ask
    assert not (filled / "x.json").exists()


def test_a_bundle_about_one_exchange_person_or_time_has_what_lies_in_archives(gateway: Run, filled: Path) -> None:
    (filled / "key.vkey").write_text(gateway("keys", "verifier").out)

    def recorded(seq: int) -> str:
        for name in ("proof", "record"):
            (filled / name).unlink(missing_ok=True)
        assert gateway("audit", "prove", seq, "--out", filled / "proof", "--record", filled / "record").code == 0
        return str(json.loads((filled / "record").read_bytes())["recorded_at"])

    since, until = recorded(100), recorded(BLOCK + 10)
    asks = {
        "split": ("--about", f"exchange:{HERS}"),
        "moved": ("--about", f"exchange:{OTHER}"),
        "ranged": ("--about", f"exchange:{OTHER}", "--first", 0, "--end", 100),
        "person": ("--about", f"subject:{JANE}", "--attach", "reports"),
        "gone": ("--about", f"subject:{MARY}"),
        "period": ("--period", since, until),
        "both": ("--about", f"exchange:{HERS}", "--period", since, until),
    }

    def made(name: str, *archives: object) -> tuple[Any, ...]:
        """What a bundle holds."""
        file = filled / f"{name}.zip"
        file.unlink(missing_ok=True)
        option = ("--archive", *archives) if archives else ()
        done = gateway("evidence", "export", *asks[name], "--out", file, "--json", *option)
        assert done.code == 0, done.err
        with zipfile.ZipFile(file) as box:
            records, details = box.read("data/records.jsonl"), box.read("data/details.jsonl")
            assert ("data/reports/disclosures.json" in box.namelist()) is (name == "person")
        numbers = [json.loads(line)["seq"] for line in records.splitlines() if OTHER.encode() in line]
        return done.data["first"], done.data["selected"], details, numbers

    before = {name: made(name) for name in asks}
    assert {name: found[:2] for name, found in before.items() if name != "period"} == {
        "split": (5, 2),
        "moved": (9, 1),
        "ranged": (0, 1),
        "person": (5, 2),
        "gone": (9, 1),
        "both": (before["period"][0], 1),
    }
    (one,) = gateway("audit", "archive", "--json").data["archives"]
    assert {name: made(name) for name in asks} == before
    for name in asks:
        checked = gateway("evidence", "verify", "--key", "key.vkey", filled / f"{name}.zip", "--json").data
        assert checked["report"]["selected"] == before[name][1], name
    assert alone(filled, asks) == [found[1] for found in before.values()]
    (path,) = (filled / "archive").glob("*/*.archive")
    kept = path.rename(filled / "kept")
    for name, ask in asks.items():
        refused = gateway("evidence", "export", *ask, "--out", filled / "x.zip")
        assert (refused.code, refused.out, one["id"] in refused.err) == (1, "", True), name
    assert made("moved", kept) == before["moved"]
    newest = uuid7(4_000_000_000_000_000)
    assert gateway("evidence", "export", "--about", f"exchange:{newest}", "--out", filled / "x.zip").code == 2
    path.write_bytes(kept.read_bytes().replace(OTHER.encode(), HERS.encode()))
    for name in ("split", "moved", "person", "period"):
        refused = gateway("evidence", "export", *asks[name], "--out", filled / "x.zip")
        assert (refused.code, refused.out, f"archive {one['id']}: " in refused.err) == (1, "", True), name
    assert not (filled / "x.zip").exists()


def alone(directory: Path, names: Iterable[str]) -> list[int]:
    """How many records of each bundle are selected, by the verifier in them: one process for all."""
    with zipfile.ZipFile(directory / "split.zip") as box:
        (directory / "verify.py").write_bytes(box.read("data/verify.py"))
    script = (
        "import runpy, pathlib\n"
        "verify = runpy.run_path('verify.py')['verify']\n"
        "key = pathlib.Path('key.vkey').read_text()\n"
        f"for name in {list(names)!r}:\n"
        "    print(verify(pathlib.Path(name + '.zip'), key).selected)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], cwd=directory, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [int(line) for line in done.stdout.splitlines()]


def tables(data: bytes) -> dict[str, list[Any]]:
    """The tables of a report, by their captions."""
    blocks = [one for section in json.loads(data)["sections"] for one in section["blocks"]]
    return {one["caption"]: one["rows"] for one in blocks if "caption" in one and "rows" in one}


def test_a_full_disk_is_said_and_nothing_has_left(gateway: Run, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        told = gateway("audit", "archive")
    assert (told.code, told.out) == (1, "")
    assert told.err == "gateway: an archive could not be written in archive.directory: No space left on device\n"
    assert [path for path in (filled / "archive").rglob("*") if path.is_file()] == []
    assert len(gateway("audit", "archive", "--json").data["archives"]) == 1


def test_what_cannot_be_asked_for_is_said(gateway: Run, site: Path) -> None:
    assert "archive.directory must be set" in gateway("audit", "archive").err
    change(site / "gateway.toml", '# directory = "archive"', 'directory = "archive"')
    for day in ("yesterday", "2026-13-01", "2026-11-24T00:00:00Z"):
        assert "--before must be a day" in gateway("audit", "archive", "--before", day).err
    (site / "key").write_text("nonsense")
    assert gateway("audit", "check-archive", site / "none", "--key", site / "key").code == 2
    (site / "key").write_text(gateway("keys", "verifier").out)
    told = gateway("audit", "check-archive", site / "none", "--key", site / "key")
    assert (told.code, "cannot be read" in told.out) == (1, True)


def test_what_lies_beside_records_is_destroyed_by_rule(gateway: Run, site: Path) -> None:
    assert gateway("audit", "query").code == 0
    assert "[[retention]]" in gateway("audit", "retain").err
    with (site / "gateway.toml").open("a") as file:
        file.write('\n[[retention]]\nabout = ["access"]\ndetails_days = 0\n')
    done = gateway("audit", "retain", "--json")
    assert done.code == 0
    assert done.data["held"] == 0
    assert done.data["destroyed"]["details"]["access"] >= 1
    assert gateway("audit", "retain").out == "nothing is over its days\n"
    assert gateway("audit", "verify").code == 0
