"""`gateway evidence`: a bundle is written whole or not at all, and verified with its key and nothing else."""

import asyncio
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pyrage
import pytest

from gateway.bootstrap import open_site
from gateway.ledger.cosignature import Cosigner
from gateway.ledger.record import ClassesInfo, DecisionInfo
from gateway.settings import load
from tests.cli.kit import Run, process
from tests.evidence.tampering import take_apart
from tests.exchange.own_terms import CLASS, add_to
from tests.store.kit import entry

ALICE = ("keys", "create", "--owner", "alice", "--zone", "in-house")


def test_a_bundle_of_everything_holds(gateway: Run, bundle: Path) -> None:
    result = gateway("evidence", "verify", "--key", "ledger.vkey", "bundle.zip")
    assert result.code == 0
    assert result.out.splitlines()[-1] == "VERIFIED"
    assert "records      0 to 3, all 4 of them" in result.out, "the export's own record is the last"


def test_verification_needs_no_database_network_or_configuration(bundle: Path, tmp_path: Path) -> None:
    """Nor does it read a configuration that is there: one that would stop every other command."""
    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("bundle.zip", "ledger.vkey"):
        (bundle.parent / name).rename(alone / name)
    (alone / "gateway.toml").write_text("nonsense")
    result = process(alone, "evidence", "verify", "--key", "ledger.vkey", "bundle.zip", "--json")
    assert (result.code, result.err) == (0, "")
    assert result.data["ok"] is True
    assert result.data["report"]["end"] == 4
    assert {path.name for path in alone.iterdir()} == {"bundle.zip", "ledger.vkey", "gateway.toml"}


def test_verification_opens_nothing_but_its_files(gateway: Run, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    real = os.open

    def watch(path: str, *arguments: int) -> int:
        opened.append(os.path.basename(path))
        return real(path, *arguments)

    monkeypatch.setattr(os, "open", watch)
    monkeypatch.setattr("socket.socket", None)
    assert gateway("evidence", "verify", "--key", "ledger.vkey", "bundle.zip").code == 0
    assert "gateway.toml" not in opened


def test_any_changed_byte_is_found(gateway: Run, bundle: Path) -> None:
    content = bundle.read_bytes()
    for place in range(0, len(content), len(content) // 12):
        bundle.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        result = gateway("evidence", "verify", "--key", "ledger.vkey", "bundle.zip")
        assert result.code == 1, place
        assert result.out.splitlines()[-1] == "NOT VERIFIED"
    bundle.write_bytes(content[:-1])
    data = gateway("evidence", "verify", "--key", "ledger.vkey", "bundle.zip", "--json").data
    assert data["ok"] is False
    assert data["failure"]


def test_the_key_of_another_ledger_does_not_verify(gateway: Run, bundle: Path) -> None:
    gateway("keys", "verifier", "--tenant", "_system", "--out", "other.vkey")
    assert gateway("evidence", "verify", "--key", "other.vkey", "bundle.zip").code == 1


def test_a_trust_policy_has_the_key_and_says_who_must_have_seen_the_ledger(gateway: Run, bundle: Path) -> None:
    vkey = (bundle.parent / "ledger.vkey").read_text().strip()
    witness = Cosigner("witness.example/w", b"w" * 32).witness.vkey
    for name, lines in (("nobody", "quorum none"), ("one", f"witness w {witness}\nquorum w"), ("wrong", "quorum w")):
        (bundle.parent / name).write_text(f"log {vkey}\n{lines}\n")
    assert gateway("evidence", "verify", "--trust", "nobody", "bundle.zip").code == 0
    asked = gateway("evidence", "verify", "--trust", "one", "bundle.zip", "--json")
    assert (asked.code, asked.data["failure"].partition(":")[0]) == (1, "witnesses")
    for wrong in (("--trust", "wrong"), ("--trust", "missing"), ()):
        assert gateway("evidence", "verify", *wrong, "bundle.zip").code == 2


def test_a_newer_checkpoint_is_compared(gateway: Run, bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as box:
        name = next(name for name in box.namelist() if name.endswith("checkpoints/last.txt"))
        (bundle.parent / "same").write_bytes(box.read(name))
    gateway(*ALICE)
    gateway("evidence", "export", "--out", "later.zip")
    with zipfile.ZipFile(bundle.parent / "later.zip") as box:
        (bundle.parent / "newer").write_bytes(box.read(name))
    verify = ("evidence", "verify", "--key", "ledger.vkey", "bundle.zip", "--checkpoint")
    assert gateway(*verify, "same").code == 0
    newer = gateway(*verify, "newer")
    assert newer.code == 1, "the bundle lacks records that the newer checkpoint covers"
    (bundle.parent / "none").write_bytes(b"nonsense")
    assert gateway(*verify, "none").code == 1


@pytest.mark.parametrize(
    ("key", "name"), [("missing.vkey", "bundle.zip"), ("wrong.vkey", "bundle.zip"), ("ledger.vkey", "missing.zip")]
)
def test_files_that_are_not_there_or_no_key_are_wrong_use(gateway: Run, bundle: Path, key: str, name: str) -> None:
    (bundle.parent / "wrong.vkey").write_text("nonsense")
    result = gateway("evidence", "verify", "--key", key, name)
    assert (result.code, result.out) == (2, "")
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + bytes(18), b"nonsense" * 1000])
def test_a_file_that_is_no_bundle_does_not_hold(gateway: Run, used: Path, content: bytes) -> None:
    (used / "file.zip").write_bytes(content)
    assert gateway("evidence", "verify", "--key", "ledger.vkey", "file.zip").code == 1


def test_reports_go_along_by_the_policy_in_force_with_an_operators_own_framework(gateway: Run, used: Path) -> None:
    add_to(used / "policies")
    proposed = gateway("policy", "propose", "--json")
    assert proposed.code == 0, proposed.err
    assert gateway("policy", "activate", proposed.data["id"]).code == 0

    async def write() -> None:
        async with open_site(load(used / "gateway.toml")) as place:
            writer = await place.writer("default")
            found = ClassesInfo(found=(CLASS,), declared=(), inherited=(), floor=())
            decision = DecisionInfo(effect="redact", policy=writer.policy or "", rules=("badge",), obligations=())
            made: dict[str, Any] = {"agent": "ward", "zone": "in-house", "classes": found, "decision": decision}
            await writer.append(entry("exchange.requested", ledger=writer.tenant, us=1_800_000_000_000_000, **made))

    asyncio.run(write())
    assert gateway("evidence", "export", "--out", "b.zip", "--attach", "reports").code == 0
    assert gateway("evidence", "verify", "--key", "ledger.vkey", "b.zip").code == 0
    alone = ("framework", "--framework", "house-rules", "--from", "2020-01-01", "--to", "2100-01-01")
    assert gateway("evidence", "report", *alone, "--out", "r.json").code == 0
    members = take_apart((used / "b.zip").read_bytes())
    for told in (members["data/reports/framework-house-rules.json"], (used / "r.json").read_bytes()):
        blocks = next(part["blocks"] for part in json.loads(told)["sections"] if part["id"] == "provision-0")
        assert [one["rows"] for one in blocks if "rows" in one] == [[["redact", 1]]]


def test_the_exporters_own_words_are_data(gateway: Run, used: Path) -> None:
    result = gateway("evidence", "export", "--out", "b.zip", "--json")
    assert json.loads(result.out)["file"] == "b.zip"


@pytest.fixture
def auditor(used: Path) -> str:
    """A recipient, whose identity lies in a file beside another's."""
    for name in ("auditor", "other"):
        made = pyrage.x25519.Identity.generate()
        (used / f"{name}.key").write_text(f"# of the {name}\n{made}\n")
        (used / f"{name}.pub").write_text(f"# the {name}\n{made.to_public()}\n")
    return (used / "auditor.pub").read_text().split()[-1]


VERIFY = ("evidence", "verify", "--key", "ledger.vkey")


def test_an_encrypted_bundle_is_verified_with_an_identity_and_by_who_decrypts_it(
    gateway: Run, used: Path, auditor: str
) -> None:
    options = ("--recipient", auditor, "--recipients-file", "other.pub")
    assert gateway("evidence", "export", "--out", "b.zip.age", *options).code == 0
    for name in ("auditor", "other"):
        result = gateway(*VERIFY, "--identity", f"{name}.key", "b.zip.age")
        assert (result.code, result.out.splitlines()[-1]) == (0, "VERIFIED")
    identity = pyrage.x25519.Identity.from_str((used / "auditor.key").read_text().split()[-1])
    (used / "b.zip").write_bytes(pyrage.decrypt((used / "b.zip.age").read_bytes(), [identity]))
    assert gateway(*VERIFY, "b.zip").code == 0
    assert gateway(*VERIFY, "--identity", "auditor.key", "b.zip").code == 0, "it need not be encrypted"
    _, record = gateway("audit", "query", "--event", "audit.exported", "--json").data["records"]
    assert record["detail"]["query"]["recipients"].split(",")[0] == auditor
    assert not [path.name for path in used.iterdir() if path.name.startswith(".bundle")]


def test_kept_content_leaves_only_encrypted_and_is_told_of(gateway: Run, used: Path, auditor: str) -> None:
    """Nothing is kept here: the bundle says so, and who asked is on record with what was asked for."""
    refused = gateway("evidence", "export", "--out", "b.zip", "--contents")
    assert (refused.code, "--recipient" in refused.err) == (2, True)
    made = gateway("evidence", "export", "--out", "b.zip.age", "--contents", "--recipient", auditor)
    assert (made.code, made.out.strip().endswith(", content of 0")) == (0, True)
    result = gateway(*VERIFY, "--identity", "auditor.key", "b.zip.age", "--json")
    assert result.data["report"]["contents"]["asked"] is True
    assert ("kept", "ok") in [(step["name"], step["state"]) for step in result.data["steps"]]
    _, record = gateway("audit", "query", "--event", "audit.exported", "--json").data["records"]
    assert record["detail"]["query"]["contents"] == "true"


def test_what_does_not_open_has_no_verdict_but_that(gateway: Run, used: Path, auditor: str) -> None:
    assert gateway("evidence", "export", "--out", "b.zip.age", "--recipient", auditor).code == 0
    data = (used / "b.zip.age").read_bytes()
    (used / "cut").write_bytes(data[:-1])
    (used / "changed").write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    for options, said in (
        (("b.zip.age",), "container: it is encrypted"),
        (("--identity", "other.key", "b.zip.age"), "encryption: no identity that was given opens it"),
        (("--identity", "auditor.key", "cut"), "encryption: the file was changed, or ends early"),
        (("--identity", "auditor.key", "changed"), "encryption: the file was changed, or ends early"),
    ):
        result = gateway(*VERIFY, *options, "--json")
        assert (result.code, result.data["ok"]) == (1, False)
        assert result.data["failure"].startswith(said)
        states = [step["state"] for step in result.data["steps"]]
        looked_at = ["failed"] if said.startswith("container") else ["not reached"]
        assert states[:-1] == [*looked_at, *["not reached"] * 16]
        assert states[-1] in ("not reached", "not checked")
        text = gateway(*VERIFY, *options)
        assert text.out.splitlines()[-1] == "NOT VERIFIED"
    for wrong in ("auditor.pub", "missing"):
        result = gateway(*VERIFY, "--identity", wrong, "b.zip.age")
        assert (result.code, result.out) == (2, "")
        assert "--identity" in result.err


@pytest.mark.parametrize("options", [("--recipient", "nobody"), ("--recipients-file", "empty"), ("--recipient", "")])
def test_what_is_no_recipient_is_wrong_use_and_not_on_record(
    gateway: Run, used: Path, options: tuple[str, ...]
) -> None:
    (used / "empty").write_text("# nobody\n")
    result = gateway("evidence", "export", "--out", "b.zip", *options)
    assert result.code == 2
    assert "nobody" not in result.err
    assert gateway("audit", "query", "--event", "audit.exported", "--json").data["records"] == []


def test_where_bundles_leave_only_encrypted_one_in_clear_is_refused(gateway: Run, used: Path, auditor: str) -> None:
    configuration = used / "gateway.toml"
    text = configuration.read_text()
    required = text.replace('encryption = "asked"', 'encryption = "required"')
    assert required != text
    configuration.write_text(required)
    assert gateway("evidence", "export", "--out", "b.zip").code == 2
    configuration.write_text(required.replace("recipients = []", f'recipients = ["{auditor}"]', 1))
    assert gateway("evidence", "export", "--out", "b.zip").code == 0
    assert gateway(*VERIFY, "--identity", "auditor.key", "b.zip").code == 0
    configuration.write_text(text.replace("recipients = []", 'recipients = ["nobody"]', 1))
    refused = gateway("audit", "query")
    assert refused.code != 0
    assert "evidence.recipients" in refused.err
