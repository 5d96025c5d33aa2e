"""Where bundles lie, and that nothing else is taken for one."""

import os
from pathlib import Path

import msgspec
import pytest

from gateway.evidence.selection import Selection
from gateway.exchange.bundle_files import BundleFiles, Order, digest, suffix
from gateway.ledger.record import NodeInfo
from gateway.store.bundle_jobs import READY, BundleJob
from tests.store.test_bundle_jobs import job

ONE, OTHER = (f"ev_{number:026x}" for number in (1, 2))


def ordered(*recipients: str) -> BundleJob:
    asked = msgspec.json.encode(Order(selection=Selection(), recipients=recipients))
    return job(ONE, state=READY, asked=asked, digest="ab" * 32)


def test_a_bundle_is_named_by_its_digest_and_by_whether_it_is_encrypted(tmp_path: Path) -> None:
    files = BundleFiles(tmp_path)
    assert files.place(ordered()) == tmp_path / "tn_1" / f"{ONE}.{'ab' * 8}.zip"
    assert suffix(ordered("age1x")) == ".zip.age"
    assert files.work("tn_1", ONE).parent == files.place(ordered()).parent


def test_a_bundle_is_in_its_place_durably(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, synced = BundleFiles(tmp_path), list[tuple[str, bool]]()
    made = files.work("tn_1", ONE) / "x.bundle"
    made.parent.mkdir(parents=True)
    made.write_bytes(b"whole")
    place = files.place(ordered())
    monkeypatch.setattr(os, "fsync", lambda file: synced.append((os.readlink(f"/proc/self/fd/{file}"), place.exists())))
    files.put(made, ordered())
    assert synced == [(str(place.parent), True)]
    assert (place.read_bytes(), made.exists()) == (b"whole", False)


def test_what_lies_there_is_told_by_its_bundle_and_nothing_else_is(tmp_path: Path) -> None:
    files = BundleFiles(tmp_path)
    assert files.whole("tn_1") == []
    (tmp_path / "tn_1").mkdir()
    names = [f"{ONE}.{'ab' * 8}.zip", f"{OTHER}.{'cd' * 8}.zip.age"]
    for name in (*names, f"{ONE}.zip", f"{ONE}.{'ab' * 8}.zip.part", "ev_x.zip"):
        (tmp_path / "tn_1" / name).write_bytes(b"x")
    assert files.whole("tn_1") == [(ONE, tmp_path / "tn_1" / names[0]), (OTHER, tmp_path / "tn_1" / names[1])]


def test_what_is_made_of_one_is_found_and_removed_and_nothing_else(tmp_path: Path) -> None:
    files = BundleFiles(tmp_path)
    assert files.begun("tn_1") == []
    for bundle_id in (ONE, OTHER):
        work = files.work("tn_1", bundle_id)
        work.mkdir(parents=True)
        (work / "x.bundle").write_bytes(b"half")
    for name in (".ev_x.work", ".other"):
        (tmp_path / "tn_1" / name).mkdir()
    assert files.begun("tn_1") == [ONE, OTHER]
    for _ in range(2):
        files.clear("tn_1", ONE)
    assert files.begun("tn_1") == [OTHER]
    assert (tmp_path / "tn_1" / ".ev_x.work").exists()


def test_what_former_versions_had_begun_is_removed_at_start(tmp_path: Path) -> None:
    place = tmp_path / "tn_1"
    place.mkdir()
    for name in (".ev_1.nd_1.bt_old.part", ".ev_1.nd_1.bt_1.part", ".ev_1.nd_x.bt_x.part"):
        (place / name).write_bytes(b"half")
    BundleFiles(tmp_path).sweep(NodeInfo(id="nd_1", boot="bt_1"))
    assert sorted(path.name for path in place.iterdir()) == [".ev_1.nd_1.bt_1.part", ".ev_1.nd_x.bt_x.part"]


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert digest(tmp_path / "a") == ("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 3)
