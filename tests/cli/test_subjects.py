"""`gateway subjects`: identifiers come from files or standard input, and are in nothing that is printed or recorded."""

import asyncio
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from gateway.bootstrap import open_site
from gateway.cli.common import load_settings
from gateway.store.api_keys import Administrator, Grant, NewKey
from tests.cli.kit import Run

SECRET = "4711-0815"
KEY = ("--key", "env:KEY_ADA")


@pytest.fixture
def staffed(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with keys of two privacy officers and a clerk in the environment, and two subjects in files."""

    async def prepare() -> None:
        async with open_site(load_settings(site / "gateway.toml")) as opened:
            ledger, writer = opened.tenants["default"].ledger, await opened.writer("default")
            by = Administrator(ledger=writer, tenant=ledger)
            for owner, role in (("ada", "privacy"), ("eve", "privacy"), ("zoe", "clerk")):
                made = await opened.api_keys.create(
                    by, "default", Grant(owner=owner, kind="person", roles=(role,), zone="in-house")
                )
                assert isinstance(made, NewKey)
                monkeypatch.setenv(f"KEY_{owner.upper()}", made.plain)

    asyncio.run(prepare())
    (site / "one").write_text("given patient-1\n")
    (site / "two").write_text("given patient-2\n")
    (site / "links").write_text(f"mrn {SECRET}\n\nemail ann@clinic.example\n")
    (site / "more").write_text("plan-id 99-1\n")
    return site


def linked(gateway: Run, who: str, links: str) -> str:
    done = gateway("subjects", "link", "--identifier", who, "--link", links, *KEY, "--json")
    assert done.code == 0, done.err
    return str(done.data["subject"])


def test_subjects_are_linked_shown_merged_split_restricted_and_corrected(gateway: Run, staffed: Path) -> None:
    one, two = linked(gateway, "one", "links"), linked(gateway, "two", "more")
    reason = ("--reason", "birth record", *KEY, "--json")
    assert gateway("subjects", "merge", "--subject", two, "--into", one, *reason).data["merged"] == [two]
    assert gateway("subjects", "split", "--subject", two, *reason).data["merged"] == []
    assert gateway("subjects", "restrict", "--subject", one, *reason).data["restricted"] is not None
    assert gateway("subjects", "restrict", "--subject", one, "--lift", *reason).data["restricted"] is None
    assert gateway("subjects", "rectify", "--subject", one, "--seq", "0", *reason).code == 1
    records = gateway("audit", "query", "--subject", one, "--json").data["records"]
    seq = str(records[0]["seq"])
    assert gateway("subjects", "rectify", "--subject", one, "--seq", seq, *reason).code == 0
    for beyond in ("-1", str(2**53), str(2**63), "9" * 4_000):
        wrong = gateway("subjects", "rectify", "--subject", one, f"--seq={beyond}", *reason)
        assert (wrong.code, "--seq must be a record's number, 0 to 9007199254740991" in wrong.err) == (2, True)
        assert beyond not in wrong.err
    shown = gateway("subjects", "show", "--subject", one, *KEY)
    assert "given 1, email 1, mrn 1" in shown.out
    told = str(gateway("audit", "query", "--json").data)
    assert SECRET not in told
    assert "ann@" not in told


def test_an_identifier_may_come_from_standard_input(
    gateway: Run, staffed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = linked(gateway, "one", "links")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(f"mrn {SECRET}".encode())))
    assert gateway("subjects", "show", "--identifier", "-", *KEY, "--json").data["subject"] == one


def test_a_hold_is_placed_and_lifted_and_listed(gateway: Run, staffed: Path) -> None:
    one = linked(gateway, "one", "links")
    held = gateway("subjects", "hold", "--subject", one, "--reason", "lawsuit", *KEY)
    assert held.out.endswith("is active\n")
    case = held.out.partition(":")[0]
    assert case in gateway("subjects", "cases", *KEY).out
    again = gateway("subjects", "hold", "--confirm", case, "--reason", "x", "--key", "env:KEY_EVE")
    assert (again.code, "waits for a second person" in again.err) == (1, True)
    assert gateway("subjects", "hold", "--lift", case, "--reason", "over", *KEY).out.endswith("is lifted\n")


def test_an_erasure_that_a_hold_refuses_says_so(gateway: Run, staffed: Path) -> None:
    one = linked(gateway, "one", "links")
    assert gateway("subjects", "hold", "--subject", one, "--reason", "lawsuit", *KEY).code == 0
    asked = ("--ground", "b", "--identity", "ticket", "--reason", "withdrawn", *KEY)
    done = gateway("subjects", "erase", "--subject", one, *asked)
    assert (done.out.endswith("is refused\n"), "a legal hold is on this person" in done.err) == (True, True)


@pytest.mark.parametrize("text", ["", "mrn", "mrn \n", f"given a\nmrn {SECRET}", f"No-Kind {SECRET}", "\udcff"])
def test_a_file_of_another_form_is_refused_and_not_quoted(gateway: Run, staffed: Path, text: str) -> None:
    Path("bad").write_bytes(text.encode("utf-8", "surrogateescape"))
    refused = gateway("subjects", "show", "--identifier", "bad", *KEY)
    assert (refused.code in (1, 2), SECRET in refused.err) == (True, False)
    assert refused.out == ""


def test_wrong_use_and_whoever_lacks_the_role(gateway: Run, staffed: Path) -> None:
    assert gateway("subjects", "hold", "--reason", "x", *KEY).code == 2
    both = ("--subject", "su_" + "0" * 26, "--lift", "sc_" + "0" * 26)
    assert gateway("subjects", "hold", *both, "--reason", "x", *KEY).code == 2
    for command in (("show", "--identifier", "one"), ("cases",)):
        refused = gateway("subjects", *command, "--key", "env:KEY_ZOE")
        assert (refused.code, "privacy" in refused.err) == (1, True)


def test_what_is_known_is_written_to_a_new_file_for_its_reader_alone(gateway: Run, staffed: Path) -> None:
    one = linked(gateway, "one", "links")
    asking = ("subjects", "access", "--subject", one, "--reason", "letter 3", "--identity", "ticket 17", *KEY)
    done = gateway(*asking, "--out", "known.json", "--json")
    assert (done.code, done.data["records"]) == (0, 2), done.err
    assert Path("known.json").stat().st_mode & 0o777 == 0o600
    known = msgspec.json.decode(Path("known.json").read_bytes())
    assert known["identifiers"] == {"given": 1, "email": 1, "mrn": 1}
    assert SECRET not in Path("known.json").read_text()
    assert gateway(*asking, "--out", "known.json").code == 2
    assert gateway(*asking, "--out", "known.csv", "--csv").code == 0
    assert Path("known.csv").read_text().startswith("seq,occurred_at,event,")
    nobody = ("--subject", "su_" + "0" * 26, "--reason", "x", "--identity", "t", "--out", "none")
    assert gateway("subjects", "access", *nobody, *KEY).code == 1
    assert not Path("none").exists()


def test_an_erasure_is_asked_for_agreed_to_by_another_and_refused(gateway: Run, staffed: Path) -> None:
    one = linked(gateway, "one", "links")
    asking = ("subjects", "erase", "--subject", one, "--reason", "withdrawn", *KEY)
    assert gateway(*asking, "--ground", "b").code == 1
    assert gateway(*asking, "--ground", "b", "--identity", "ticket", "--received", "now").code == 2
    received = ("--received", "2026-01-31T00:00:00Z")
    made = gateway(*asking, "--ground", "b", "--identity", "ticket", *received, "--json").data
    assert made["due"] == "2026-02-28T23:59:59.999999Z"
    step = ("--reason", "right", "--key")
    assert gateway("subjects", "erase", "--approve", made["id"], *step, "env:KEY_ADA").code == 1
    done = gateway("subjects", "erase", "--approve", made["id"], *step, "env:KEY_EVE")
    said = f"{made['id']}: erasure of {one} is"
    (case,) = [one for one in gateway("subjects", "cases", *KEY, "--json").data["cases"] if one["id"] == made["id"]]
    assert (done.code, done.out) == (0, f"{said} approved, not before {case['ripe']}, due {case['due']}\n")
    assert case["ripe"] > case["opened"]
    refused = gateway("subjects", "erase", "--refuse", made["id"], "--ground", "a", *step, "env:KEY_EVE")
    assert refused.out == f"{said} refused\n"
    assert gateway("subjects", "erase", *step, "env:KEY_EVE").code == 2
