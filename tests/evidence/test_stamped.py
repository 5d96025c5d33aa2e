"""What time-stamps are said to show is told in words that promise no more."""

from pathlib import Path

import pytest

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import bag, stamped
from gateway.evidence.bundle import Stamps
from gateway.evidence.stamped import Stamped
from gateway.evidence.verify import verify
from tests.tsa import CA, OTHER_CA, reply

from .making import VKEY, bundle, ledger
from .tampering import take_apart

AT = "2027-01-15T08:30:00.000000Z"


def one(state: str) -> dict[str, object]:
    return Stamped(size=12, tsa="clock", at=AT, by="CN=A clock", state=state).document()


def test_only_one_that_is_under_whom_is_believed_proves_a_time() -> None:
    assert stamped.proven([one("holds")]) == [f"dated: the records before 12 existed at {AT}, as CN=A clock vouches"]
    for state, words in (
        ("others", "not under the authorities that were given: it proves nothing"),
        ("unasked", "not checked by whom: give a file of authorities"),
        ("unable", "not checked by whom: there is no OpenSSL here that could"),
    ):
        assert stamped.proven([one(state)]) == []
        assert stamped.told([one(state)]) == [f"12 records at {AT}, by CN=A clock: {words}"]
        assert len(stamped.notes([one("holds"), one(state)], witnessed=True)) == 2
    assert len(stamped.notes([one("holds")], witnessed=True)) == 1
    for witnessed, start in ((True, "No time-stamp is part"), (False, "No witness and no time-stamp is part")):
        (said,) = stamped.notes([], witnessed=witnessed)
        assert said.startswith(start)
    assert stamped.notes([one("holds")], witnessed=False)[0].startswith("No witness is part")


def test_its_files_lie_together_with_a_proof_where_the_last_checkpoint_is_larger() -> None:
    assert stamped.paths([(20, "b"), (3, "b"), (3, "a")], 20) == (
        *(bag.stamped_checkpoint(3), bag.stamped_to_last(3), bag.stamp_path(3, "a"), bag.stamp_path(3, "b")),
        *(bag.stamped_checkpoint(20), bag.stamp_path(20, "b")),
    )
    assert bag.stamp_of(bag.stamp_path(3, "a.b_c-1")) == (3, "a.b_c-1")
    for path in (
        "data/timestamps/0/a.tsr",
        "data/timestamps/03/a.tsr",
        "data/timestamps/3/A.tsr",
        "data/timestamps/3/a",
    ):
        assert bag.stamp_of(path) is None


def test_a_bundle_has_those_that_do_not_go_beyond_it_and_each_of_an_authority(tmp_path: Path) -> None:
    made, path = ledger(20), tmp_path / "a.zip"
    point = made.checkpoint_at(20)
    bundle(made, path, stamps=[Stamps(point, {"b": reply(point.note), "a": reply(point.note)})])
    assert [found["tsa"] for found in verify(path, VKEY, authorities=CA.pem + OTHER_CA.pem).stamped] == ["a", "b"]
    assert bag.stamped_to_last(20) not in take_apart(path.read_bytes())
    bundle(made, path, stamps=[Stamps(point, {f"tsa{number}": reply(point.note) for number in range(65)})])
    with pytest.raises(VerificationError, match=r"^stamps: more time-stamps"):
        verify(path, VKEY)


def test_nothing_is_signed_over_a_stamp_that_is_of_something_else(tmp_path: Path) -> None:
    made = ledger(20)
    point = made.checkpoint_at(20)
    for data in (reply(b"something else"), b"", reply(point.note)[:-1]):
        with pytest.raises((VerificationError, FormatError)):
            bundle(made, tmp_path / "a.zip", stamps=[Stamps(point, {"clock": data})])
