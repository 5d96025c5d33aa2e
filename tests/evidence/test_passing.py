"""A pass that goes on from where another has come to is the same pass."""

from typing import Any

import msgspec
import pytest

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence.passing import Passed, Passing
from gateway.evidence.scope import FRAMEWORK, INCIDENT, SUBJECT
from gateway.evidence.selection import Query, Scope, Selection
from gateway.ledger import checkpoint as checkpoints
from gateway.ledger.rotation import Keys

from .making import SIGNER, ledger

MADE = ledger(20)
LAST = checkpoints.verify(MADE.notes[-1].note, Keys(SIGNER.verifier))
SELECTIONS = [
    Selection(),
    Selection(filters={"actor": "ac_1"}),
    Selection(scope=Scope(kind=SUBJECT, ids=("su_1",), exchanges=("ex_1", "ex_7", "ex_none"))),
    Selection(
        scope=Scope(
            kind=FRAMEWORK,
            ids=("hipaa",),
            queries=(Query("a", {"event": "exchange.requested"}), Query("b", {"actor": "ac_2"})),
        )
    ),
    Selection(scope=Scope(kind=INCIDENT, ids=("01900000-0000-7000-8000-000000000003",))),
]


def passing(selection: Selection, passed: Passed | None = None, **how: Any) -> Passing:
    return Passing(selection, **{"first": 0, "end": 20, "before": None, "last": LAST, "passed": passed, **how})


@pytest.mark.parametrize("selection", SELECTIONS, ids=[str(number) for number in range(len(SELECTIONS))])
def test_cut_anywhere_it_comes_to_the_same(selection: Selection) -> None:
    whole = passing(selection)
    chosen = whole.take(MADE.stored)
    for cut in range(1, 21):
        first = passing(selection)
        found = first.take(MADE.stored[:cut])
        passed = msgspec.json.decode(msgspec.json.encode(first.passed()), type=Passed)
        second = passing(selection, passed)
        assert second.size == cut
        if cut < 20:
            found += second.take(MADE.stored[cut:])
        assert second.passed() == whole.passed()
        assert second.finish() == whole.finish() == LAST.root
        assert found == chosen
        assert second.misses.document() == whole.misses.document()
        if whole.watch is not None and second.watch is not None:
            assert second.watch.document() == whole.watch.document()
            assert second.watch.failure(20, 20) == whole.watch.failure(20, 20)


def test_what_does_not_follow_what_came_before_is_found() -> None:
    first = passing(Selection())
    first.take(MADE.stored[:5])
    for records in (MADE.stored[6:], ledger(20, tenant="tn_2").stored[5:]):
        with pytest.raises(VerificationError):
            passing(Selection(), first.passed()).take(records)
    with pytest.raises(FormatError):
        passing(Selection(), msgspec.structs.replace(first.passed(), peaks=()))


def test_what_claims_another_tree_at_the_end_is_found() -> None:
    first = passing(Selection())
    first.take(MADE.stored)
    passed = first.passed()
    with pytest.raises(VerificationError, match="root"):
        passing(Selection(), msgspec.structs.replace(passed, peaks=tuple(reversed(passed.peaks))))


def test_a_range_that_is_not_whole_is_none() -> None:
    none = passing(Selection())
    assert none.size == 0
    with pytest.raises(VerificationError, match="missing"):
        none.finish()
    with pytest.raises(TypeError):
        none.passed()
    some = passing(Selection(), end=10)
    some.take(MADE.stored[:9])
    with pytest.raises(VerificationError, match="missing"):
        some.finish()
