"""The bundle's README tells the truth: its commands are run."""

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gateway.bootstrap import proposed
from gateway.checks.policy.version import to_bytes
from gateway.evidence import readme
from gateway.evidence.selection import Selection
from gateway.settings import Settings
from tests.bootstrap.kit import configured
from tests.tsa import CA, OTHER_CA

from .making import ORIGIN, OTHER, VKEY, bundle, ledger
from .tampering import changed, good, put_together, signed_again, stamped, take_apart

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the package openssl")


def by_hand(
    data: bytes, tmp_path: Path, vkey: str = VKEY, number: str | None = None, authorities: bytes | None = None
) -> bool:
    (tmp_path / "bundle.zip").write_bytes(data)
    directory = tmp_path / "bag"
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        archive.extractall(directory)
    key = tmp_path / "ledger.vkey"
    key.write_text(f"{vkey}\n")
    if authorities is not None:
        (tmp_path / "tsa-ca.pem").write_bytes(authorities)
    done = subprocess.run(
        ["sh", "-e", "-c", readme.OPENSSL],
        cwd=directory,
        env={
            "KEY": str(key),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "TMPDIR": str(tmp_path),
            **({} if number is None else {"N": number}),
            **({} if authorities is None else {"TSA_CA": str(tmp_path / "tsa-ca.pem")}),
        },
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


@needs_openssl
def test_a_good_bundle_passes_by_hand(tmp_path: Path) -> None:
    assert by_hand(good(tmp_path / "good.zip"), tmp_path)


@needs_openssl
def test_time_stamps_pass_by_hand_under_whom_they_are_by(tmp_path: Path) -> None:
    data = stamped(tmp_path / "stamped.zip")
    assert by_hand(data, tmp_path, authorities=CA.pem + OTHER_CA.pem)
    assert not by_hand(data, tmp_path, authorities=CA.pem), "one of the two is by others"
    assert not by_hand(good(tmp_path / "good.zip"), tmp_path, authorities=CA.pem), "it has none"


@needs_openssl
def test_a_changed_file_a_changed_manifest_and_another_key_do_not(tmp_path: Path) -> None:
    members = take_apart(good(tmp_path / "good.zip"))
    assert not by_hand(put_together(changed(members, "data/records.jsonl", lambda c: c.upper())), tmp_path)
    assert not by_hand(put_together(signed_again(members, OTHER)), tmp_path)
    assert not by_hand(put_together(members), tmp_path, OTHER.verifier.vkey)


@needs_openssl
def test_every_record_with_a_proof_file_leads_to_the_root_by_hand_and_another_does_not(tmp_path: Path) -> None:
    members = take_apart(good(tmp_path / "good.zip"))
    numbers = [name.split("/")[-1].split(".")[0] for name in members if name.endswith(".tlog-proof")]
    assert len(numbers) > 2
    whole = put_together(members)
    assert [by_hand(whole, tmp_path, number=number) for number in numbers] == [True] * len(numbers)
    path = f"data/proofs/{numbers[0]}.tlog-proof"
    other = members[f"data/proofs/{numbers[1]}.tlog-proof"]
    assert not by_hand(put_together(signed_again({**members, path: other})), tmp_path, number=numbers[0])


@needs_openssl
@pytest.mark.parametrize("vkey", [VKEY, OTHER.verifier.vkey], ids=["its-key", "another-key"])
def test_the_file_itself_holds_the_commands_between_marks_and_says_how_they_are_run(tmp_path: Path, vkey: str) -> None:
    directory = tmp_path / "bag"
    bundle(ledger(20), tmp_path / "a.zip", Selection(first=3, end=11, filters={"data_class": "phi"}))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(directory)
    (tmp_path / "ledger.vkey").write_text(f"{vkey}\n")
    assert readme.BY_HAND in (directory / "data" / "README.txt").read_text("utf-8")
    commands = readme.BY_HAND.replace("/path/to/KEY.vkey", str(tmp_path / "ledger.vkey"))
    done = subprocess.run(["sh", "-c", commands], cwd=directory, capture_output=True, text=True, check=True)
    assert (tmp_path / "check.sh").read_text("utf-8") == f"{readme.BEGIN}\n{readme.OPENSSL}{readme.END}\n"
    assert (done.stdout.splitlines()[-1] == "0") is (vkey == VKEY)


def test_without_a_key_the_commands_say_that_one_is_missing(tmp_path: Path) -> None:
    command = ["sh", "-e", "-c", readme.OPENSSL]
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert (done.returncode != 0, "KEY: must be the path of KEY.vkey" in done.stderr) == (True, True)


def test_the_lines_for_python_lead_to_a_verdict(tmp_path: Path) -> None:
    (tmp_path / "BUNDLE.zip").write_bytes(good(tmp_path / "good.zip"))
    (tmp_path / "KEY.vkey").write_text(VKEY)
    assert readme.PYTHON in readme.text(ORIGIN)
    install, *rest = readme.PYTHON.splitlines()
    assert install.endswith("cryptography")
    for line in rest:
        command = [sys.executable, *line.split()[1:]]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("VERIFIED\n")
    assert "proven       complete: each of the 8 records" in done.stdout
    assert "not proven   " in done.stdout


def test_the_lines_for_policy_versions_print_the_rules_and_what_of_the_configuration_decides(
    tmp_path: Path, sqlite_settings: Settings
) -> None:
    assert readme.POLICY in readme.text(ORIGIN)
    _, version = proposed(configured(sqlite_settings))
    folder = tmp_path / "data" / "policy"
    folder.mkdir(parents=True)
    data = to_bytes(version)
    name = hashlib.sha256(data).hexdigest()
    assert version.digest == f"sha256:{name}"
    (folder / f"{name}.json").write_bytes(data)
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    lines = ["sh", "-e", "-c", readme.POLICY]
    done = subprocess.run(lines, cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True, check=True)
    files = dict(part.split("\n", 1) for part in done.stdout.split(f"==> data/policy/{name}.json ")[1:])
    assert files.keys() == version.members.keys()
    told = json.loads(files["structure.json"])
    assert {one["id"] for one in told["agents"]} == {"ward"}
    assert {"zones", "processors", "issuers", "tenants"} <= told.keys()


def test_the_readme_names_the_ledger_and_every_kind_of_file(tmp_path: Path) -> None:
    text = readme.text(ORIGIN)
    assert ORIGIN in text
    for name in take_apart(good(tmp_path / "good.zip")):
        parts = name.removeprefix("data/").split("/")
        assert parts[0] in text or parts[0] in ("README.txt", "bagit.txt", "bag-info.txt") or "manifest" in parts[0]
