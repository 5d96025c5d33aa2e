"""Records about data subjects say in clear a pseudonym and codes; who and why stands in the detail."""

from gateway.exchange.approval_record import By
from gateway.exchange.subject_record import Said, described_case, entry
from gateway.ledger.commitment import matches
from gateway.ledger.record import Detail, parse_detail
from gateway.store.subject_cases import Case, Terms
from tests.conftest import ManualClock
from tests.store.kit import LEDGER, NODE

BY = By(actor="ac_1", kind="person", exchange="ex_1", trace="0" * 32, detail=Detail(subject="ada"))


def test_the_reason_and_who_acted_stand_in_the_detail_alone() -> None:
    said = Said(event="subject.held", subject="su_1", code="placed", case="sc_1", reason="lawsuit 7", others=("su_2",))
    made = entry(said, LEDGER, BY, clock=ManualClock(), node=NODE)
    envelope = made.envelope
    assert (envelope.subject, envelope.case, envelope.exchange) == ("su_1", "sc_1", "ex_1")
    assert made.detail is not None
    assert made.salt is not None
    assert envelope.detail is not None
    assert matches(envelope.detail, made.salt, "detail", made.detail)
    detail = parse_detail(made.detail)
    assert (detail.subject, detail.reason, detail.subjects) == ("ada", "lawsuit 7", ("su_1", "su_2"))
    assert (made.subjects, made.denies) == (("su_1", "su_2"), False)
    assert b"lawsuit" not in repr(envelope).encode()


def test_a_case_is_late_from_its_day_on_until_it_has_ended() -> None:
    one = Case(
        tenant=LEDGER,
        id="sc_1",
        kind="erasure",
        subject="su_1",
        state="proposed",
        opened_us=1,
        due_us=10,
        terms=Terms(actor="ac_1", persons=("p1",), reason="words"),
    )
    assert [described_case(one, now)["overdue"] for now in (10, 11)] == [False, True]
    assert "words" not in repr(described_case(one, 11))
    assert "p1" not in repr(described_case(one, 11))
