"""Emergency ledgers of a bundle: which are there, which are not, and what is said of each."""

from pathlib import Path

import msgspec
import pytest

from gateway.core.errors import VerificationError
from gateway.evidence import bag
from gateway.evidence.emergencies import judged
from gateway.evidence.manifest import Apart
from gateway.evidence.report import lines
from gateway.evidence.selection import Query, Scope, Selection
from gateway.evidence.verify import verify
from gateway.ledger.emergency import TOLD
from gateway.ledger.record import Envelope, parse, timestamp

from .apart import FILES, FIRST, STITCHED_IN, Files, main_ledger, prepare, stitch
from .making import T0, VKEY, bundle, ledger
from .tampering import put_together, signed_again, take_apart, without

GOOD = Path(__file__).parent.parent / "golden" / "bundles" / "good-with-emergencies.zip"


def test_each_is_told_with_where_its_key_was_and_whether_its_file_is_there() -> None:
    found = verify(GOOD, VKEY)
    assert [(one["id"], one["held"], one["key"], one["exchanges"]) for one in found.emergencies] == [
        ("em_1", True, "proof", 1),
        ("em_2", True, "range", 1),
        ("em_3", False, "range", 1),
    ]
    said = "\n".join(lines(found))
    assert "em_1: 5 records, 1 exchanges, from" in said
    assert "em_3: 5 records, 1 exchanges as is said, from" in said
    assert "its file is not in the bundle" in said
    (note,) = [one for one in found.notes if "emergency" in one]
    assert note.startswith("Of emergency ledgers em_3 the files are not part of this bundle")


def test_the_selection_is_run_over_their_records_too_and_what_is_selected_is_opened(tmp_path: Path) -> None:
    files = Files(tmp_path, FILES, {"em_1": 2})
    scope = Scope(kind="exchange", ids=("ex_em_2",), exchanges=("ex_em_2",))
    made = bundle(main_ledger(), tmp_path / "one.zip", Selection(first=FIRST, scope=scope), emergencies=files)
    assert made.selected == 0
    assert made.emergencies == (Apart("em_1", 0, 0), Apart("em_2", 3, 3), Apart("em_3", 0, 0))
    found = verify(tmp_path / "one.zip", VKEY)
    assert [(one["selected"], one["opened"], one["commitment_only"]) for one in found.emergencies] == [
        (0, 0, 0),
        (3, 3, 0),
        (0, 0, 0),
    ]
    assert found.scope is not None
    assert found.scope["exchanges_found"] == 1
    said = "\n".join(lines(found))
    assert "it was run again over the 15 records there, and lets 3 through" in said
    closed = Selection(first=FIRST, filters={"event": "exchange.requested"}, details=False)
    assert bundle(main_ledger(), tmp_path / "two.zip", closed, emergencies=files).emergencies == (
        Apart("em_1", 1),
        Apart("em_2", 1),
        Apart("em_3", 1),
    )
    found = verify(tmp_path / "two.zip", VKEY)
    assert [(one["opened"], one["commitment_only"]) for one in found.emergencies] == [(0, 1)] * 3


def test_a_framework_counts_what_emergency_ledgers_hold_of_a_provision(tmp_path: Path) -> None:
    queries = (Query("art-30", {"event": "exchange.requested"}), Query("art-32", {"event": "exchange.denied"}))
    period = (timestamp(T0), timestamp(T0 + 3_600_000_000))
    selection = Selection(scope=Scope(kind="framework", ids=("gdpr",), queries=queries, period=period))
    bundle(main_ledger(), tmp_path / "one.zip", selection, emergencies=Files(tmp_path, FILES, {}))
    found = verify(tmp_path / "one.zip", VKEY)
    assert (found.selected, found.scope and found.scope["provisions"]) == (1, {"art-30": 4, "art-32": 3})
    assert any("no record of the range stitches in" in note for note in found.notes)


def test_what_is_left_out_is_said_and_never_taken_for_verified(tmp_path: Path) -> None:
    members = take_apart(GOOD.read_bytes())
    for name in [name for name in members if name.startswith(bag.EMERGENCIES)]:
        members = without(members, name)
    path = tmp_path / "less.zip"
    stated = tuple(Apart(one["id"]) for one in verify(GOOD, VKEY).emergencies)
    path.write_bytes(put_together(signed_again(members, emergencies=stated)))
    found = verify(path, VKEY)
    assert [(one["held"], one["key"]) for one in found.emergencies] == [
        (False, "unseen"),
        (False, "range"),
        (False, "range"),
    ]
    assert any("keys of emergency ledgers em_1 were on record before is not shown" in note for note in found.notes)


def _told(first: int = 0) -> list[Envelope]:
    envelopes = [parse(one.envelope) for one in main_ledger().stored[first:]]
    return [one for one in envelopes if one.event in TOLD]


def test_a_key_that_comes_after_it_was_used_is_none() -> None:
    made = ledger(2)
    stitch(made, STITCHED_IN["em_1"])
    prepare(made, "em_1")
    for first, records in ((0, made.stored), (2, made.stored[2:])):
        envelopes = [parse(one.envelope) for one in records if b'"event":"emergency.' in one.envelope]
        with pytest.raises(VerificationError, match=r"on record before|one afterwards"):
            judged(envelopes, first)


def test_an_id_that_no_directory_can_have_is_refused() -> None:
    made = ledger(2)
    stitch(made, msgspec.structs.replace(STITCHED_IN["em_1"], id="../em_1"))
    with pytest.raises(VerificationError, match="or is not told"):
        judged([parse(made.stored[-1].envelope)], 2)


def test_of_a_range_only_what_it_holds_is_judged() -> None:
    assert [one.keyed for one in judged(_told(), 0)] == [True, True, True]
    assert [one.keyed for one in judged(_told(3), 3)] == [False, True, True]
    assert judged([], 0) == ()
