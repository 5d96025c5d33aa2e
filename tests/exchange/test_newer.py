"""A newer copy says what was erased since, and is believed only where it goes on from what was restored."""

from typing import Any

import pytest

from gateway.core.errors import VerificationError
from gateway.core.ids import uuid7
from gateway.exchange.newer import Since, Stitched, since
from gateway.exchange.restored import Erased
from gateway.ledger.chain import leaf_hash
from gateway.ledger.record import GENESIS, Envelope, OutcomeInfo, seal, timestamp

LEDGER, US = "tn_1", 1_795_482_123_000_004


def chain(*events: str, ledger: str = LEDGER, link: bytes = GENESIS, first: int = 0) -> list[tuple[int, bytes]]:
    made = []
    for seq, event in enumerate(events, first):
        about: dict[str, Any] = {"subject": "su_1", "keys": ("dk_1",)} if event == "subject.erased" else {}
        envelope = Envelope(id=uuid7(US), tenant=ledger, event=event, occurred_at=timestamp(US), **about)
        data = seal(envelope, seq, link, timestamp(US))
        link = leaf_hash(data)
        made.append((seq, data))
    return made


RECORDS = chain("ledger.started", "config.changed", "subject.erased", "key.revoked", "key.revoked")
ALL = Since(size=5, erased=(Erased(subject="su_1", keys=("dk_1",)),), events={"key.revoked": 2, "subject.erased": 1})


def test_an_erasure_is_of_all_pseudonyms_of_a_person() -> None:
    others, keys = ("su_2", "su_3"), ("dk_1", "dk_2")
    about: dict[str, Any] = {"subject": "su_1", "keys": (*others, *keys)}
    envelope = Envelope(id=uuid7(US), tenant=LEDGER, event="subject.erased", occurred_at=timestamp(US), **about)
    found = since([(0, seal(envelope, 0, GENESIS, timestamp(US)))], ledger=LEDGER, size=0, head=GENESIS)
    assert found.erased == (Erased(subject="su_1", others=others, keys=keys),)


def cases(*steps: tuple[str, str, str]) -> Since:
    """What is told of cases that go through these steps: case, event, code."""
    link, records = GENESIS, []
    for seq, (case, event, code) in enumerate(steps):
        about: dict[str, Any] = {"subject": f"su_{case}", "case": case, "outcome": OutcomeInfo(code=code)}
        if code in ("begun", "erased"):
            about["keys"] = ("su_9", "dk_1")
        envelope = Envelope(id=uuid7(US), tenant=LEDGER, event=event, occurred_at=timestamp(US), **about)
        data = seal(envelope, seq, link, timestamp(US))
        link = leaf_hash(data)
        records.append((seq, data))
    return since(records, ledger=LEDGER, size=0, head=GENESIS)


REQUESTED, APPROVED, BEGUN = [("subject.erasure", code) for code in ("requested", "approved", "begun")]
REFUSED, ENDED = ("subject.erasure-refused", "withdrawn"), ("subject.erased", "erased")


@pytest.mark.parametrize(
    ("steps", "asked"),
    [
        ([REQUESTED], "requested"),
        ([REQUESTED, APPROVED], "approved"),
        ([APPROVED], "approved"),
        ([APPROVED, ("subject.erasure", "deferred")], "deferred"),
        ([REQUESTED, APPROVED, BEGUN], "begun"),
        ([REFUSED], "refused"),  # the restored ledger has it open
        ([APPROVED, REFUSED], "refused"),
        ([REQUESTED, REFUSED], None),
        ([APPROVED, BEGUN, ENDED], None),
    ],
)
def test_an_erasure_that_has_not_ended_is_told_by_its_case(steps: list[tuple[str, str]], asked: str | None) -> None:
    found = cases(*(("sc_1", *step) for step in steps), ("sc_2", *REQUESTED))
    told = {one.case: (one.subject, one.state) for one in found.asked}
    assert told == {"sc_2": ("su_sc_2", "requested")} | ({} if asked is None else {"sc_1": ("su_sc_1", asked)})
    assert all(one.case in line and one.subject in line for one, line in zip(found.asked, found.to_see_to, strict=True))


def test_one_that_has_begun_is_done_again_as_one_that_has_ended_and_once() -> None:
    again = (Erased(subject="su_sc_1", others=("su_9",), keys=("dk_1",)),)
    assert cases(("sc_1", *BEGUN)).erased == again
    assert cases(("sc_1", *BEGUN), ("sc_1", *ENDED)).erased == again
    assert cases(("sc_1", *APPROVED)).erased == ()


def test_emergency_ledgers_that_were_stitched_in_since_are_named_with_whether_their_key_is_known() -> None:
    """Those that were prepared before are stitched in again from their files, the others cannot be."""
    link, records = GENESIS, []
    steps = (("em_old", "stitched"), ("em_new", "prepared"), ("em_new", "stitched"), ("em_next", "prepared"))
    for seq, (name, step) in enumerate(steps):
        said: dict[str, Any] = {"emergency": name, "range": (0, 7) if step == "stitched" else None}
        envelope = Envelope(id=uuid7(US), tenant=LEDGER, event=f"emergency.{step}", occurred_at=timestamp(US), **said)
        data = seal(envelope, seq, link, timestamp(US))
        link = leaf_hash(data)
        records.append((seq, data))
    found = since(records, ledger=LEDGER, size=0, head=GENESIS)
    assert found.emergencies == (
        Stitched(id="em_old", records=7, known=True),
        Stitched(id="em_new", records=7, known=False),
    )
    again, lost = found.to_see_to
    assert "em_old, of 7 records" in again
    assert "does so again when it starts" in again
    assert "em_new" in lost
    assert "keep its file" in lost


@pytest.mark.parametrize("first", [0, 1, 2])
def test_what_follows_is_told_from_wherever_the_copy_begins(first: int) -> None:
    head = leaf_hash(RECORDS[1][1])
    assert since(RECORDS[first:], ledger=LEDGER, size=2, head=head) == ALL


def test_a_copy_of_a_ledger_that_was_empty_tells_all_of_it() -> None:
    assert since(RECORDS, ledger=LEDGER, size=0, head=GENESIS).size == 5


def test_a_copy_that_is_no_newer_says_nothing() -> None:
    head = leaf_hash(RECORDS[1][1])
    for records in ([], RECORDS[:1], RECORDS[:2]):
        assert since(records, ledger=LEDGER, size=2, head=head) == Since(size=2)


OTHER = chain("config.changed", "config.changed", "subject.erased")


@pytest.mark.parametrize(
    ("records", "why"),
    [
        pytest.param(OTHER, "record 1: a newer copy has another one", id="another-history"),
        pytest.param(OTHER[2:], "record 2: it does not follow", id="another-history-later"),
        pytest.param(RECORDS[3:], "record 2: missing", id="begins-too-late"),
        pytest.param([*RECORDS[:3], RECORDS[4]], "record 3: missing", id="gap"),
        pytest.param([*RECORDS[:2], (2, b"{}")], "record 2: not a record", id="not-a-record"),
        pytest.param([(2, RECORDS[3][1])], "record 2: it does not follow", id="another-number"),
    ],
)
def test_one_that_does_not_go_on_from_there_is_not_believed(records: list[tuple[int, bytes]], why: str) -> None:
    with pytest.raises(VerificationError, match=why):
        since(records, ledger=LEDGER, size=2, head=leaf_hash(RECORDS[1][1]))


def test_another_ledgers_record_is_not_believed() -> None:
    head = leaf_hash(RECORDS[1][1])
    theirs = chain("subject.erased", ledger="tn_2", link=head, first=2)
    with pytest.raises(VerificationError, match="record 2: it does not follow"):
        since(theirs, ledger=LEDGER, size=2, head=head)
