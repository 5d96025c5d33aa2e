"""Building bundles of any range, and what is refused instead."""

import asyncio
import io
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError, VerificationError
from gateway.core.ports import StoredRecord
from gateway.core.refusal import Refusal
from gateway.evidence import bag, checking, strict_json, walking
from gateway.evidence.bundle import build
from gateway.evidence.records import encode_detail_line
from gateway.evidence.report import lines
from gateway.evidence.selection import Selection, selected
from gateway.evidence.verify import verify
from gateway.ledger.cosignature import Cosigner
from gateway.ledger.note import Signer, parse_note
from gateway.ledger.record import parse, timestamp
from gateway.ledger.rotation import Keys, Rotation, encode_keys, issue

from . import making
from .making import LOT, OTHER, POLICIES, SIGNER, T0, VKEY, MemoryLedger, bundle, ledger, try_bundle
from .tampering import take_apart
from .test_misses import marked, sampled

TWENTY = ledger(20)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 19), st.integers(1, 20), st.integers(0, 20), st.sampled_from(["", "redact", "deny"]))
def test_a_bundle_of_any_range_holds(first: int, length: int, opening: int, effect: str) -> None:
    end = min(20, first + length)
    selection = Selection(first=first, end=end, filters={"decision": effect} if effect else {})
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "a.zip")
        found = bundle(TWENTY, path, selection, opening=TWENTY.checkpoint_at(opening) if opening else None)
        report = verify(path, VKEY)
    assert (report.first, report.end, report.selected, report.opened) == (first, end, found.selected, found.opened)
    assert (found.opening is not None) == (0 < opening <= first)


def rotated_bundle(path: Path) -> tuple[Keys, str, str]:
    """A bundle of a ledger whose key was replaced after 20 records; its keys, and the first and the last of them."""
    new = Signer(SIGNER.name, b"n" * 32)
    rotation = Rotation(origin=SIGNER.name, old=VKEY, new=new.verifier.vkey, after=20, at=timestamp(T0 + 3_600_000_000))
    keys = Keys(SIGNER.verifier, [issue(rotation, SIGNER, new)])
    made = ledger(20)
    made.signer = new
    made.append(marked(20, 2))
    made.publish()
    opening = made.notes[0]

    async def run() -> None:
        with path.open("wb") as file:
            selection = Selection(first=20)
            await build(
                made,
                selection,
                signer=new,
                keys=keys,
                policies=POLICIES,
                created_us=T0,
                write=file,
                opening=opening,
            )

    asyncio.run(run())
    return keys, VKEY, new.verifier.vkey


def test_a_bundle_of_a_ledger_whose_key_was_replaced_holds_by_either_key(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    keys, old, new = rotated_bundle(path)
    for vkey in (old, new, encode_keys(keys).decode()):
        report = verify(path, vkey)
        assert (report.first, report.end) == (20, 21)
    with pytest.raises(VerificationError, match=r"^signature: "):
        verify(path, OTHER.verifier.vkey)
    files = take_apart(path.read_bytes())
    assert files[bag.ROTATIONS] == keys.statements[0]
    assert files[bag.KEY].decode() == f"{new}\n"
    # A bundle from before, signed by the old key, holds for who knows the new one.
    bundle(ledger(20), tmp_path / "before.zip")
    assert verify(tmp_path / "before.zip", encode_keys(keys).decode()).end == 20
    # What the old key alone signs beyond that is nobody's.
    bundle(ledger(21), tmp_path / "late.zip")
    with pytest.raises(VerificationError, match="replaced by another"):
        verify(tmp_path / "late.zip", encode_keys(keys).decode())


COSIGNERS = {name: Cosigner(f"{name}.example/w", name.encode().ljust(32, b"w")) for name in ("one", "two", "three")}
POLICY = "".join(
    [
        f"log {VKEY}\n",
        *(f"witness {name} {one.witness.vkey}\n" for name, one in COSIGNERS.items() if name != "three"),
        "group both {} one two\nquorum both\n",
    ]
)
ANY, ALL = (POLICY.format(number).encode() for number in ("any", "all"))


def witnessed_bundle(path: Path, size: int, *names: str, changed: bool = False) -> None:
    """A bundle of 20 records, of which witnesses of these names have cosigned the first `size`."""
    made = ledger(20)
    point = made.checkpoint_at(size)
    text = parse_note(point.note)[0]
    lines = "".join(COSIGNERS[name].cosign(text, 1_800_000_000) for name in names).encode()
    if changed:
        lines = COSIGNERS["one"].cosign(text.replace("\n12\n", "\n11\n"), 1_800_000_000).encode()
    seen = msgspec.structs.replace(point, note=point.note + lines)

    async def run() -> None:
        with path.open("wb") as file:
            await build(
                made,
                Selection(),
                signer=SIGNER,
                policies=POLICIES,
                created_us=T0,
                write=file,
                witnessed=seen,
            )

    asyncio.run(run())


@pytest.mark.parametrize("size", [12, 20])
def test_a_bundle_says_who_has_seen_its_ledger_and_a_trust_policy_who_must_have(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.zip"
    witnessed_bundle(path, size, "one", "three")
    report = verify(path, VKEY, trust=ANY)
    at = timestamp(1_800_000_000_000_000)
    assert report.witnessed == {"size": size, "by": {"one": at}, "others": 1}
    assert f"witnessed    {size} records, by one at {at}; 1 lines of others" in lines(report)
    assert verify(path, None, trust=ANY).witnessed == report.witnessed, "the policy has the key too"
    unchecked = verify(path, VKEY)
    assert unchecked.witnessed == {"size": size, "by": {}, "others": 2}
    assert not [note for note in unchecked.notes if note.startswith("No witness")]
    files = take_apart(path.read_bytes())
    assert (bag.WITNESSED_TO_LAST in files) == (size < 20)
    with pytest.raises(VerificationError, match=r"^witnesses: .*no quorum"):
        verify(path, VKEY, trust=ALL)


def test_a_quorum_that_is_missing_or_wrong_is_no_quorum(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    bundle(ledger(20), path)
    with pytest.raises(VerificationError, match=r"^witnesses: .*no checkpoint"):
        verify(path, VKEY, trust=ANY)
    assert verify(path, VKEY, trust=f"log {VKEY}\nquorum none\n".encode()).witnessed is None
    witnessed_bundle(path, 12, changed=True)
    with pytest.raises(VerificationError, match=r"^witnesses: note: the signature of a known key"):
        verify(path, VKEY, trust=ANY)
    stranger = f"log {Signer('other.example/ledger/1', b's' * 32).verifier.vkey}\nquorum none\n".encode()
    with pytest.raises(VerificationError, match=r"^witnesses: .*none of the logs"):
        verify(path, VKEY, trust=stranger)
    with pytest.raises(VerificationError, match=r"^signature: .*names no log"):
        verify(path, None, trust=stranger)
    with pytest.raises(FormatError):
        verify(path, None)


def test_the_same_ledger_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        bundle(ledger(9), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_records_are_the_exact_bytes_of_the_whole_range_whatever_is_selected(tmp_path: Path) -> None:
    bundle(TWENTY, tmp_path / "a.zip", Selection(first=2, end=9, filters={"actor": "nobody"}))
    members = take_apart((tmp_path / "a.zip").read_bytes())
    assert members[bag.RECORDS] == b"".join(record.envelope + b"\n" for record in TWENTY.stored[2:9])
    assert members[bag.DETAILS] == b""


def test_each_bundle_tells_the_local_miss_rate_of_its_range_or_that_there_is_none(tmp_path: Path) -> None:
    made = ledger(6)
    for one in (sampled(records=(2, 0)), marked(1, 2, missed={"person": 1})):
        made.append(one)
    made.publish()
    for selection, measured in ((Selection(), True), (Selection(end=7), False), (Selection(first=7), False)):
        bundle(made, tmp_path / "a.zip", selection)
        members = take_apart((tmp_path / "a.zip").read_bytes())
        assert strict_json.load(members[bag.MISSES])["measured"] is measured
        assert (b"not measured: " in members[bag.MISSES_TEXT]) is not measured
        assert verify(tmp_path / "a.zip", VKEY).misses["measured"] is measured


def test_details_can_be_left_out(tmp_path: Path) -> None:
    bundle(TWENTY, tmp_path / "a.zip", Selection(details=False))
    assert take_apart((tmp_path / "a.zip").read_bytes())[bag.DETAILS] == b""
    assert verify(tmp_path / "a.zip", VKEY).commitment_only == 14


def test_only_details_of_selected_records_are_opened(tmp_path: Path) -> None:
    bundle(TWENTY, tmp_path / "a.zip", Selection(filters={"actor": "ac_1"}))
    data = (tmp_path / "a.zip").read_bytes()
    lines = take_apart(data)[bag.DETAILS].splitlines()
    assert [line.split(b'"seq":')[1].rstrip(b"}").split(b",")[0] for line in lines] == [b"1", b"9", b"13"]


def test_without_an_end_the_range_ends_with_the_newest_checkpoint(tmp_path: Path) -> None:
    made = ledger(5)
    made.append(msgspec.structs.replace(parse(made.stored[0].envelope), seq=None, prev=None, recorded_at=None))
    assert bundle(made, tmp_path / "a.zip").end == 5


@pytest.mark.parametrize(
    ("selection", "code"),
    [
        (Selection(end=21), "no_checkpoint_yet"),
        (Selection(first=20), "no_checkpoint_yet"),
        (Selection(first=30, end=40), "no_checkpoint_yet"),
        (Selection(first=30, end=25), "parameter_invalid"),
        (Selection(first=5, end=5), "parameter_invalid"),
        (Selection(first=6, end=5), "parameter_invalid"),
        (Selection(end=0), "parameter_invalid"),
        (Selection(first=-1), "parameter_invalid"),
        (Selection(end=-1), "parameter_invalid"),
        (Selection(filters={"subject": "su_1"}), "parameter_invalid"),
    ],
)
def test_a_selection_that_cannot_be_is_refused(selection: Selection, code: str, tmp_path: Path) -> None:
    found = try_bundle(TWENTY, tmp_path / "a.zip", selection)
    assert isinstance(found, Refusal)
    assert found.code == code
    assert code == "parameter_invalid" or (found.hint or "").startswith("at most 20: ")


def test_an_empty_ledger_has_no_bundle(tmp_path: Path) -> None:
    found = try_bundle(MemoryLedger(), tmp_path / "a.zip")
    assert isinstance(found, Refusal)
    assert found.code == "no_checkpoint_yet"


class Broken(MemoryLedger):
    """Reads something else than was stored."""

    def __init__(self, whole: MemoryLedger, stored: list[StoredRecord]) -> None:
        super().__init__(whole.signer)
        self.stored, self.notes = stored, whole.notes


def damaged() -> list[tuple[str, list[StoredRecord]]]:
    stored = ledger(9).stored
    third = stored[3]
    other = third.envelope.replace(b'"TREAT"', b'"TRAIT"')
    return [
        ("changed", [*stored[:3], msgspec.structs.replace(third, envelope=other), *stored[4:]]),
        ("left out", [*stored[:3], *stored[4:]]),
        ("cut off", stored[:8]),
        ("swapped", [stored[1], stored[0], *stored[2:]]),
        ("nothing", []),
        ("no record", [*stored[:3], msgspec.structs.replace(third, envelope=b"hello"), *stored[4:]]),
        ("other hash", [*stored[:3], msgspec.structs.replace(third, hash=bytes(32)), *stored[4:]]),
        ("all of another", ledger(9, tenant="tn_2").stored),
    ]


@pytest.mark.parametrize(("what", "stored"), damaged())
@pytest.mark.parametrize("first", [0, 2])
def test_a_ledger_that_does_not_hold_is_never_signed_for(
    what: str, stored: list[StoredRecord], first: int, tmp_path: Path
) -> None:
    with pytest.raises((VerificationError, IndexError)):
        try_bundle(Broken(ledger(9), stored), tmp_path / "a.zip", Selection(first=first))
    assert b'"payloadType":"application' not in (tmp_path / "a.zip").read_bytes()


def test_a_checkpoint_of_another_key_is_never_signed_for(tmp_path: Path) -> None:
    made = ledger(9, OTHER)
    made.signer = SIGNER
    with pytest.raises(VerificationError):
        try_bundle(made, tmp_path / "a.zip")


def test_a_changed_detail_is_found_by_whoever_verifies(tmp_path: Path) -> None:
    made = ledger(6)
    made.stored[0] = msgspec.structs.replace(made.stored[0], detail=b"{}")
    bundle(made, tmp_path / "a.zip")
    with pytest.raises(VerificationError, match="detail"):
        verify(tmp_path / "a.zip", VKEY)


async def test_a_store_that_fails_midway_leaves_nothing_that_verifies(tmp_path: Path) -> None:
    class Failing(MemoryLedger):
        async def lots(self, first: int, end: int) -> AsyncIterator[Sequence[StoredRecord]]:
            yield self.stored[:1]
            raise ConnectionError

    made = Failing()
    made.stored, made.notes = TWENTY.stored, TWENTY.notes
    file = io.BytesIO()
    with pytest.raises(ConnectionError):
        await build(made, Selection(), signer=SIGNER, policies={}, created_us=T0, write=file)
    (tmp_path / "a.zip").write_bytes(file.getvalue())
    with pytest.raises(VerificationError):
        verify(tmp_path / "a.zip", VKEY)


async def test_progress_is_told_in_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "CHUNK", LOT)
    told: list[tuple[int, int]] = []
    await build(
        TWENTY,
        Selection(),
        signer=SIGNER,
        policies=POLICIES,
        created_us=T0,
        write=io.BytesIO(),
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [*((done, 20) for done in range(4, 21, 4)), (20, 20)]


@pytest.mark.parametrize("filters", [{}, {"decision": "deny"}, {"actor": "nobody"}])
def test_its_bytes_do_not_tell_how_many_records_came_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filters: dict[str, str]
) -> None:
    made: set[bytes] = set()
    for lot, chunk in ((1, 1), (3, 2), (4, 64), (100, 7), (100, 64)):
        monkeypatch.setattr(making, "LOT", lot)
        monkeypatch.setattr(walking, "CHUNK", chunk)
        monkeypatch.setattr(checking, "CHUNK", chunk)
        bundle(TWENTY, tmp_path / "a.zip", Selection(first=2, end=19, filters=filters))
        made.add((tmp_path / "a.zip").read_bytes())
    assert len(made) == 1
    members = take_apart((tmp_path / "a.zip").read_bytes())
    held = [one for one in TWENTY.stored[2:19] if one.detail is not None]
    wanted = [one for one in held if selected(parse(one.envelope), filters)]
    assert members[bag.RECORDS] == b"".join(one.envelope + b"\n" for one in TWENTY.stored[2:19])
    assert members[bag.DETAILS] == b"".join(
        encode_detail_line(one.seq, one.detail_salt or b"", one.detail or b"") for one in wanted
    )


def test_single_proofs_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bag, "PROOFS", 2)
    found = bundle(TWENTY, tmp_path / "a.zip", Selection(filters={"decision": "deny"}))
    proofs = [file.path for file in found.files if file.path.endswith(".tlog-proof")]
    assert proofs == [bag.proof_path(seq) for seq in (0, 2, 5, 19)]
    assert verify(tmp_path / "a.zip", VKEY).selected == 6
