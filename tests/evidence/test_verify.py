"""Every defect is found, at the step that is there for it; what holds is reported as it is."""

import random
import tempfile
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import bag
from gateway.evidence import manifest as manifests
from gateway.evidence.manifest import Manifest
from gateway.evidence.misses import Misses
from gateway.evidence.report import lines
from gateway.evidence.selection import Selection
from gateway.evidence.verdict import OK
from gateway.evidence.verify import judge, verify
from tests.golden.bundles import make
from tests.tsa import CA

from . import every_byte
from .apart import APART_STEPS
from .making import OTHER, POLICIES, SIGNER, VKEY, bundle, ledger, try_bundle
from .tampering import DEEP, RAW, SHALLOW, STAMPED, STEPS, good, put_together, signed_again, take_apart, without

GOOD = {
    "good",
    "good-of-a-period",
    "good-with-attachments",
    "good-with-emergencies",
    "good-with-contents",
    "good-with-stamps",
}
DEFECTS = STEPS | APART_STEPS
STOOD, OTHER_VERSION = (f"sha256:{sha256(data).hexdigest()}" for data in (b"{}", b"[]"))
"""Versions that no record names."""
GOLDEN = Path(__file__).parent.parent / "golden" / "bundles"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return good(tmp_path_factory.mktemp("bundle") / "good.zip")


def failure(data: bytes, tmp_path: Path, checkpoint: bytes | None = None) -> str:
    path = tmp_path / "changed.zip"
    path.write_bytes(data)
    with pytest.raises(VerificationError) as caught:
        verify(path, VKEY, checkpoint)
    return str(caught.value)


def test_a_good_bundle_holds_and_its_report_says_of_what(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "good.zip"
    path.write_bytes(whole)
    report = verify(path, VKEY)
    assert (report.first, report.end, report.checkpoint, report.uncovered) == (3, 11, 20, 0)
    assert (report.selected, report.opened, report.commitment_only) == (3, 3, 0)
    assert (report.policies, report.missing_policies) == (tuple(sorted(POLICIES)), ())
    assert "records that no checkpoint covers: 0" in "\n".join(lines(report))


def test_a_bundle_of_an_earlier_version_has_no_reports_and_holds_with_the_same_figures(
    whole: bytes, tmp_path: Path
) -> None:
    path, members = tmp_path / "earlier.zip", take_apart(whole)
    for name in bag.REPORTS:
        members = without(members, name)
    path.write_bytes(put_together(signed_again(members)))
    assert verify(path, VKEY).misses == {**Misses().document()}


@pytest.mark.parametrize("name", RAW)
def test_a_file_in_another_form_is_no_bundle(name: str, whole: bytes, tmp_path: Path) -> None:
    step, change = RAW[name]
    assert failure(change(whole), tmp_path).startswith(f"{step}: ")


@pytest.mark.parametrize("name", [*SHALLOW, *DEEP])
def test_a_defect_is_found_at_its_step(name: str, whole: bytes, tmp_path: Path) -> None:
    step, change = {**SHALLOW, **DEEP}[name]
    assert failure(put_together(change(take_apart(whole))), tmp_path).startswith(f"{step}: ")


@pytest.mark.parametrize("name", sorted(DEFECTS))
def test_the_golden_bundle_of_each_defect_is_refused(name: str) -> None:
    step = DEFECTS[name]
    authorities = CA.pem if name in STAMPED else None
    with pytest.raises(VerificationError, match=f"^{step}: "):
        verify(GOLDEN / f"{name}.zip", VKEY, authorities=authorities)


def test_there_is_a_golden_bundle_of_each_defect_and_of_none_else() -> None:
    assert {path.stem for path in GOLDEN.glob("*.zip")} == {*GOOD, *DEFECTS}
    verify(GOLDEN / "good.zip", VKEY)
    found = verify(GOLDEN / "good-with-attachments.zip", VKEY)
    assert found.attachments == ("data/csv/sources.csv", "data/disclosures.jsonl", "data/reports/part/sources.txt")
    assert "attachment   data/disclosures.jsonl" in lines(found)
    assert any("were not made again" in note for note in found.notes)


def test_who_believes_an_authority_is_told_what_it_vouches_for() -> None:
    path, at = GOLDEN / "good-with-stamps.zip", "2027-01-15T08:30:00.000000Z"
    by = "CN=A clock of the tests"
    found = verify(path, VKEY, authorities=CA.pem)
    assert [(one["size"], one["tsa"], one["state"]) for one in found.stamped] == [
        (12, "clock", "holds"),
        (20, "other", "others"),
    ]
    assert f"time-stamp   12 records at {at}, by {by}: under the authorities that were given" in lines(found)
    assert f"proven       dated: the records before 12 existed at {at}, as {by} vouches" in lines(found)
    unasked = verify(path, VKEY)
    assert {one["state"] for one in unasked.stamped} == {"unasked"}
    assert not [line for line in lines(unasked) if "dated" in line]
    assert not [note for note in found.notes if note.startswith("No witness and no time-stamp")]
    with pytest.raises(VerificationError, match=r"^stamps: no time-stamp is under"):
        verify(GOLDEN / "good.zip", VKEY, authorities=CA.pem)
    with pytest.raises(FormatError):
        verify(path, VKEY, authorities=b"")


def test_the_golden_bundles_are_what_the_script_beside_them_writes() -> None:
    """Signatures are deterministic (RFC 8032), and so is everything else."""
    assert {path.name: path.read_bytes() for path in GOLDEN.glob("*.zip")} == make.build()


def test_any_changed_byte_of_the_file_is_found(whole: bytes, tmp_path: Path) -> None:
    """Every byte of headers, directory and end, of which no digest speaks, and some of members, other ones each time:
    all of them by `python -m tests.evidence.every_byte`."""
    path = tmp_path / "changed.zip"
    path.write_bytes(whole)
    places = every_byte.around(whole, take_apart(whole))
    assert len(places) > 3_000
    draw = random.Random()
    for place in [*places, *(draw.randrange(len(whole)) for _ in range(200))]:
        assert every_byte.noticed(path, place), f"byte {place}"
    assert path.read_bytes() == whole


def test_any_changed_byte_of_a_member_is_found_though_the_container_fits_it(whole: bytes, tmp_path: Path) -> None:
    path, members, draw = tmp_path / "changed.zip", take_apart(whole), random.Random()
    for name, content in members.items():
        for place in {0, len(content) - 1, draw.randrange(len(content)), draw.randrange(len(content))}:
            assert every_byte.noticed_within(path, members, name, place), f"byte {place} of {name}"


def test_a_change_that_is_not_noticed_is_told_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lots: list[tuple[str | None, range]] = [(None, range(2)), ("bagit.txt", range(3))]
    assert every_byte.told(lots, 1) == 0
    assert "2 bytes of the file and 3 of its members changed, 0 unnoticed" in capsys.readouterr().out
    monkeypatch.setattr(every_byte, "verify", lambda *_: None)
    assert every_byte.told(lots, 1) == 1
    assert "byte 2 of bagit.txt" in capsys.readouterr().out


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_damage_is_a_verification_error_and_nothing_else(data: st.DataObject) -> None:
    whole = (GOLDEN / "good.zip").read_bytes()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    damaged = whole[:start] + data.draw(st.binary(max_size=40)) + whole[end:]
    if damaged != whole:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory, "damaged.zip")
            path.write_bytes(damaged)
            with pytest.raises(VerificationError):
                verify(path, VKEY)


def test_the_key_that_is_given_decides(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "good.zip"
    path.write_bytes(whole)
    with pytest.raises(VerificationError, match="signature: "):
        verify(path, OTHER.verifier.vkey)
    for text in ("", "key", VKEY[:-1], VKEY + "\n" + VKEY):
        with pytest.raises(FormatError):
            verify(path, text)
    verify(path, VKEY + "\n")


def test_a_bundle_of_another_ledger_under_a_key_of_the_same_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.zip"
    bundle(ledger(4, OTHER), path)
    verify(path, OTHER.verifier.vkey)
    with pytest.raises(VerificationError):
        verify(path, VKEY)


def test_records_cut_off_are_missed_by_a_newer_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "short.zip"
    bundle(ledger(9), path)
    newer = ledger(12).checkpoint_at(12).note
    assert "it covers 3 records" in failure(path.read_bytes(), tmp_path, newer)


def test_a_rewritten_history_under_the_same_key_is_found_by_a_checkpoint_from_elsewhere(tmp_path: Path) -> None:
    """The bundle is whole in itself: only who has seen the other history can tell."""
    path = tmp_path / "rewritten.zip"
    bundle(ledger(9, tenant="tn_2"), path)
    verify(path, VKEY)
    true = ledger(9)
    assert failure(path.read_bytes(), tmp_path, true.checkpoint_at(9).note)
    assert failure(path.read_bytes(), tmp_path, true.checkpoint_at(4).note)


@pytest.mark.parametrize("size", [2, 3, 7, 11, 20])
def test_a_checkpoint_from_elsewhere_is_compared_where_the_bundle_can(size: int, whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "good.zip"
    path.write_bytes(whole)
    with path.open("rb") as file:
        verdict = judge(file, VKEY, ledger(20).checkpoint_at(size).note)
    assert (verdict.ok, verdict.steps[-1].name, verdict.steps[-1].state) == (True, "newer", OK)
    other = ledger(20, tenant="tn_2").checkpoint_at(size).note
    assert failure(whole, tmp_path, other)


@pytest.mark.parametrize("size", [1, 15])
def test_a_checkpoint_that_cannot_be_compared_is_not_passed_over(size: int, whole: bytes, tmp_path: Path) -> None:
    assert "nothing to compare" in failure(whole, tmp_path, ledger(20).checkpoint_at(size).note)


def test_a_checkpoint_that_is_none_or_of_another_key_is_refused(whole: bytes, tmp_path: Path) -> None:
    assert "newer: " in failure(whole, tmp_path, b"hello\n")
    assert "newer: " in failure(whole, tmp_path, ledger(20, OTHER).checkpoint_at(20).note)


def test_a_deleted_detail_is_commitment_only(tmp_path: Path) -> None:
    made = ledger(6)
    first = made.stored[0]
    made.stored[0] = type(first)(seq=0, envelope=first.envelope, hash=first.hash)
    path = tmp_path / "bundle.zip"
    bundle(made, path)
    report = verify(path, VKEY)
    assert (report.selected, report.opened, report.commitment_only) == (6, 3, 1)


def test_a_policy_version_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    kept, lost = POLICIES
    try_bundle(ledger(6), path, policies={kept: POLICIES[kept]})
    report = verify(path, VKEY)
    assert (report.policies, report.missing_policies) == ((kept,), (lost,))


def test_the_policy_version_that_stood_at_the_beginning_is_there_though_no_record_names_it(tmp_path: Path) -> None:
    path, policies = tmp_path / "bundle.zip", {**POLICIES, STOOD: b"{}", OTHER_VERSION: b"[]"}
    found = try_bundle(ledger(6), path, policies=policies, standing=STOOD)
    report = verify(path, VKEY)
    assert isinstance(found, Manifest)
    assert (found.standing, report.missing_policies) == (STOOD, ())
    assert report.policies == tuple(sorted({*POLICIES, STOOD})), "and none that is neither named nor stood"
    changed = put_together(signed_again(take_apart(path.read_bytes()), standing=OTHER_VERSION))
    assert failure(changed, tmp_path).startswith("policy: ")
    try_bundle(ledger(6), path, standing=STOOD)
    assert verify(path, VKEY).missing_policies == (STOOD,)


def test_a_member_larger_than_it_may_be_is_not_read(tmp_path: Path) -> None:
    members = {**take_apart((GOLDEN / "good.zip").read_bytes()), manifests.NAME: b" " * (manifests.MAX_BYTES + 1)}
    assert "larger than it may be" in failure(put_together(members), tmp_path)


def test_a_single_record_is_a_bundle_too(tmp_path: Path) -> None:
    path = tmp_path / "one.zip"
    for first in (0, 4, 7):
        bundle(ledger(8), path, Selection(first=first, end=first + 1))
        assert verify(path, VKEY).selected == 1


def test_a_file_that_cannot_be_opened_is_not_called_a_bad_bundle(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="none"):
        verify(tmp_path / "none.zip", VKEY)


def test_names_in_errors_are_of_files_and_never_of_content(whole: bytes, tmp_path: Path) -> None:
    for name, (_, change) in DEEP.items():
        text = failure(put_together(change(take_apart(whole))), tmp_path)
        assert "user-" not in text, name
        assert SIGNER.verifier.vkey not in text
