"""The bundle's README tells the truth: its commands are run."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from gateway.evidence import readme

from .making import ORIGIN, OTHER, VKEY
from .tampering import changed, good, put_together, signed_again, take_apart

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the package openssl")


def by_hand(data: bytes, tmp_path: Path, vkey: str = VKEY) -> bool:
    (tmp_path / "bundle.zip").write_bytes(data)
    directory = tmp_path / "bag"
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        archive.extractall(directory)
    key = tmp_path / "ledger.vkey"
    key.write_text(f"{vkey}\n")
    done = subprocess.run(
        ["sh", "-e", "-c", readme.OPENSSL],
        cwd=directory,
        env={"KEY": str(key), "PATH": "/usr/local/bin:/usr/bin:/bin", "TMPDIR": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


@needs_openssl
def test_a_good_bundle_passes_by_hand(tmp_path: Path) -> None:
    assert by_hand(good(tmp_path / "good.zip"), tmp_path)


@needs_openssl
def test_a_changed_file_a_changed_manifest_and_another_key_do_not(tmp_path: Path) -> None:
    members = take_apart(good(tmp_path / "good.zip"))
    assert not by_hand(put_together(changed(members, "data/records.jsonl", lambda c: c.upper())), tmp_path)
    assert not by_hand(put_together(signed_again(members, OTHER)), tmp_path)
    assert not by_hand(put_together(members), tmp_path, OTHER.verifier.vkey)


def test_the_readme_names_the_ledger_and_every_kind_of_file(tmp_path: Path) -> None:
    text = readme.text(ORIGIN)
    assert ORIGIN in text
    for name in take_apart(good(tmp_path / "good.zip")):
        parts = name.removeprefix("data/").split("/")
        assert parts[0] in text or parts[0] in ("README.txt", "bagit.txt", "bag-info.txt") or "manifest" in parts[0]
