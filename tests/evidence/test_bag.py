"""The bag's own files, and the paths in it."""

import hashlib
import importlib
import sys
import warnings
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from gateway.evidence import bag

from .making import bundle, ledger
from .tampering import good, take_apart


def listing(data: bytes) -> dict[str, str]:
    """Path → digest."""
    return {path: digest for digest, path in (line.split("  ") for line in data.decode().splitlines())}


def test_the_tag_files_are_as_bagit_has_them(tmp_path: Path) -> None:
    """RFC 8493 §2.1.1, §2.1.3, §2.2.1, §2.2.2."""
    members = take_apart(good(tmp_path / "good.zip"))
    assert members["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    payload = {name: data for name, data in members.items() if name.startswith("data/")}
    listed = listing(members["manifest-sha256.txt"])
    assert listed == {name: hashlib.sha256(data).hexdigest() for name, data in payload.items()}
    tags = listing(members["tagmanifest-sha256.txt"])
    assert tags == {
        name: hashlib.sha256(members[name]).hexdigest() for name in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt")
    }
    oxum = f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}\n"
    assert oxum in members["bag-info.txt"].decode()
    assert "Bagging-Date: 2027-01-15\n" in members["bag-info.txt"].decode()


@pytest.fixture
def bagit(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The Library of Congress's own validator. It asks setuptools for its version, by a module that setuptools does not
    have any more, and for nothing else; and its text is from before Python warned of what it holds."""
    asked = ModuleType("pkg_resources")
    monkeypatch.setattr(asked, "DistributionNotFound", LookupError, raising=False)
    monkeypatch.setattr(asked, "get_distribution", lambda name: SimpleNamespace(version="1"), raising=False)
    monkeypatch.setitem(sys.modules, "pkg_resources", asked)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("bagit")


def test_bagit_finds_a_bundle_valid_and_a_changed_one_not(tmp_path: Path, bagit: Any) -> None:
    for name, data in take_apart(good(tmp_path / "good.zip")).items():
        (tmp_path / "bag" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "bag" / name).write_bytes(data)
    bagit.Bag(str(tmp_path / "bag")).validate()
    with (tmp_path / "bag" / bag.RECORDS).open("ab") as records:
        records.write(b"{}\n")
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(tmp_path / "bag")).validate()


def test_the_layout_is_the_order_of_the_files(tmp_path: Path) -> None:
    digests = ["sha256:" + "b" * 64, "sha256:" + "a" * 64]
    paths = bag.layout(3, {10, 3, 4}, digests, opening=True, beyond=True)
    assert list(paths[7:17]) == [
        *bag.REPORTS,
        bag.FIRST_CHECKPOINT,
        bag.LAST_CHECKPOINT,
        bag.BEFORE,
        bag.FROM_FIRST,
        bag.TO_LAST,
        "data/proofs/3.tlog-proof",
        "data/proofs/4.tlog-proof",
        "data/proofs/10.tlog-proof",
    ]
    assert paths[17:19] == (bag.policy_path("sha256:" + "a" * 64), bag.policy_path("sha256:" + "b" * 64))
    earlier = bag.layout(3, {10, 3, 4}, digests, opening=True, beyond=True, reports=False)
    assert [path for path in paths if path not in bag.REPORTS] == list(earlier)
    assert bag.BEFORE not in bag.layout(0, {0}, [], opening=False, beyond=False)
    found = bundle(ledger(4), tmp_path / "a.zip")
    assert [file.path for file in found.files][:7] == list(paths[:7])


def test_a_policy_path_and_its_digest_lead_to_each_other_and_nowhere_else() -> None:
    digest = "sha256:" + "0f" * 32
    assert bag.policy_digest(bag.policy_path(digest)) == digest
    for path in ("data/policy/x.json", "data/policy/" + "0F" * 32 + ".json", "data/policy/../a.json", bag.KEY):
        assert bag.policy_digest(path) is None
