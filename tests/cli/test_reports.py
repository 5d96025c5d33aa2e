"""`gateway evidence report`: written whole, never over another file, and on record."""

import asyncio
import hashlib
import io
import json
import sys
from pathlib import Path

import pytest

from gateway.cli import common
from gateway.core.errors import LedgerUnavailable
from gateway.evidence.reports import pdf
from gateway.exchange.audit_scribe import AuditScribe
from tests.cli.kit import Run

PERIOD = ("--from", "2020-01-01", "--to", "2100-01-01")
REPORT = ("evidence", "report")


def test_a_report_is_written_in_the_form_that_its_name_says(gateway: Run, site: Path) -> None:
    assert gateway("keys", "create", "--owner", "alice", "--zone", "in-house").code == 0
    made = gateway(*REPORT, "period", *PERIOD, "--out", "period.html")
    assert (made.code, made.err) == (0, "")
    assert made.out == "wrote period.html: Report of a period, of 1 records\n"
    assert "<h1>Report of a period</h1>" in Path("period.html").read_text()
    assert Path("period.html").stat().st_mode & 0o777 == 0o600, "it holds what details say"
    assert gateway(*REPORT, "policy-history", *PERIOD, "--out", "p.pdf").code == 0
    assert Path("p.pdf").read_bytes().startswith(b"%PDF")
    done = gateway(*REPORT, "framework", *PERIOD, "--framework", "gdpr", "--out", "f", "--format", "json", "--json")
    assert done.data["kind"] == "framework"
    assert json.loads(Path("f").read_text())["kind"] == "framework"
    told = gateway("audit", "query", "--event", "audit.exported", "--json").data
    assert len(told["records"]) == 6, "that each is made, and which file came of it"
    (record,) = (one["record"] for one in told["records"] if one["record"].get("action") == "period")
    assert record["digest"] == f"sha256:{hashlib.sha256(Path('period.html').read_bytes()).hexdigest()}"


def test_a_subject_may_be_named_on_standard_input_alone(
    site: Path, gateway: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("jane@clinic.example\n"))
    unknown = gateway(*REPORT, "disclosures", *PERIOD, "--subject", "-", "--out", "d.json")
    assert (unknown.code, "--subject: expected somebody whom this ledger knows" in unknown.err) == (1, True)
    assert ("jane" in unknown.err, Path("d.json").exists()) == (False, False)

    async def met() -> None:
        async with common.opened(common.load_settings(site / "gateway.toml")) as opened:
            await opened.directory.subject(opened.tenants["default"].ledger, "jane@clinic.example")

    asyncio.run(met())
    monkeypatch.setattr(sys, "stdin", io.StringIO("jane@clinic.example\n"))
    done = gateway(*REPORT, "disclosures", *PERIOD, "--subject", "-", "--out", "d.json")
    assert (done.code, done.err) == (0, "")
    assert done.out == "wrote d.json: Accounting of disclosures, looked for in 0 records\n"
    assert "jane@clinic.example" not in Path("d.json").read_text()
    for nobody in ("", "\n", "  \njane@clinic.example\n"):
        monkeypatch.setattr(sys, "stdin", io.StringIO(nobody))
        empty = gateway(*REPORT, "disclosures", *PERIOD, "--subject", "-", "--out", "e.json")
        assert (empty.code, "standard input must hold the identifier" in empty.err) == (2, True)
        assert not Path("e.json").exists()
    wrong = gateway(*REPORT, "disclosures", *PERIOD, "--subject", "jane@clinic.example", "--out", "e.json")
    assert (wrong.code, "--subject must be a pseudonym" in wrong.err) == (2, True)


def test_wrong_use_names_the_option(gateway: Run, site: Path) -> None:
    for options, said in (
        (("period", *PERIOD, "--framework", "hipaa"), "--framework"),
        (("framework", *PERIOD), "--framework: expected one of eu-ai-act, gdpr, hipaa"),
        (("disclosures", *PERIOD), "--subject: expected a pseudonym"),
        (("period", "--from", "2021-01-01", "--to", "2020-01-01"), "--to"),
        (("period", "--from", "9000-01-01", "--to", "9001-01-01"), "--from: expected a time that has come"),
    ):
        done = gateway(*REPORT, *options, "--out", "x.html")
        assert (done.code, said in done.err) == (2, True), done.err
        assert not Path("x.html").exists()


def test_nothing_is_overwritten_and_nothing_recorded_then(gateway: Run, site: Path) -> None:
    Path("there.html").write_text("mine")
    done = gateway(*REPORT, "period", *PERIOD, "--out", "there.html")
    assert (done.code, "not overwritten" in done.err) == (2, True)
    assert Path("there.html").read_text() == "mine"


def test_without_the_extra_it_says_what_is_missing(gateway: Run, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_typst", None)
    done = gateway(*REPORT, "period", *PERIOD, "--out", "x.pdf")
    assert (done.code, "needs the extra pdf: make pdf in a clone" in done.err) == (2, True)


def test_a_file_that_cannot_be_put_on_record_is_not_written(
    site: Path, gateway: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise LedgerUnavailable("no space left")

    monkeypatch.setattr(AuditScribe, "reported", full)
    done = gateway(*REPORT, "period", *PERIOD, "--out", "x.html")
    assert done.code != 0
    assert not Path("x.html").exists()
