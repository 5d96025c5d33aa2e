"""Whether each case that began has an end, or is not due yet."""

import pytest

from gateway.core.errors import FormatError
from gateway.evidence.figures import endings
from gateway.evidence.figures.endings import Ended, ending_of
from gateway.evidence.figures.needs import asked_of
from gateway.evidence.figures.seen import Looked, Seen
from gateway.ledger.times import timestamp
from tests.evidence.figures.kit import T0, record

DAY = 86_400
NEED = "subject.erasure end in subject.erased | subject.erasure-refused"


def _at(days: float) -> Looked:
    return Looked(until=timestamp(T0 + int(days * DAY) * 1_000_000))


def _step(event: str, case: str | None, days: float = 0, asked_days: float | None = None) -> Seen:
    began = None if asked_days is None else timestamp(T0 + int(asked_days * DAY) * 1_000_000)
    return record(f"subject.{event}", at_s=days * DAY, case=case, began=began)


def _ended(*steps: Seen, need: str = NEED) -> Ended:
    made = asked_of(need)
    assert isinstance(made, Ended)
    for one in steps:
        made.take(one)
    return made


def test_a_case_without_an_end_is_overdue_a_month_after_it_was_asked_for() -> None:
    """T0 is the 15th of January at 8: what is asked for a day later is due until the 16th of February is over."""
    one = _ended(_step("erasure", "sc_1", days=3, asked_days=1), _step("erasure", "sc_1", days=4, asked_days=1))
    assert one.lack(_at(32.6)) is None, "it is open, and not due"
    assert one.row(_at(32.6)) == [NEED, 1, 1, 0]
    assert one.row(_at(32.7)) == [NEED, 1, 0, 0]
    assert one.lack(_at(32.7)) == (f"{NEED}: 1 of 1 cases had no end, a month and more after they were asked for")


def test_a_record_that_does_not_say_when_it_was_asked_for_counts_from_itself() -> None:
    one = _ended(_step("erasure", "sc_1", days=3))
    assert one.lack(_at(34.6)) is None
    assert one.lack(_at(34.7)) is not None


@pytest.mark.parametrize("end", ["erased", "erasure-refused"])
def test_either_end_is_one_however_late_and_of_another_case_is_none(end: str) -> None:
    late = _ended(_step("erasure", "sc_1"), _step(end, "sc_1", days=90))
    assert (late.row(_at(100)), late.lack(_at(100))) == ([NEED, 1, 1, 0], None)
    other = _ended(_step("erasure", "sc_1"), _step(end, "sc_2", days=9))
    assert other.row(_at(100)) == [NEED, 1, 0, 0], "what ends a case that began elsewhere is asked of nothing"
    assert _ended(_step("erasure", None)).row(_at(100)) == [NEED, 0, 0, 0]


def test_what_is_neither_beginning_nor_end_is_asked_of_nothing() -> None:
    one = asked_of("subject.erasure end in subject.erased")
    for step in (_step("erasure", "sc_1"), _step("erasure-refused", "sc_1"), _step("access", "sc_1")):
        one.take(step)
    assert one.row(_at(60))[1:] == [1, 0, 0]


@pytest.mark.parametrize("turned", [False, True])
def test_when_it_was_asked_for_is_known_by_whichever_record_says_so(turned: bool) -> None:
    """Nodes of two versions may write records of one case."""
    steps = [_step("erasure", "sc_1", days=40), _step("erasure", "sc_1", days=41, asked_days=0)]
    one = _ended(*(reversed(steps) if turned else steps))
    assert one.row(_at(50)) == [NEED, 1, 0, 0]
    first, second = (_ended(step) for step in (reversed(steps) if turned else steps))
    first.merge(second)
    assert first.row(_at(50)) == [NEED, 1, 0, 0]


def test_pieces_are_merged_as_one() -> None:
    first, second = _ended(_step("erasure", "sc_1")), _ended(_step("erased", "sc_1"), _step("erasure", "sc_2"))
    first.merge(second)
    assert first.row(_at(60)) == [NEED, 2, 1, 0]


def test_of_more_cases_than_there_is_room_for_nobody_can_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endings, "MAX_KEYS", 2)
    steps = [_step("erasure", f"sc_{number}") for number in range(3)]
    said = f"{NEED}: more than 2 cases, which were not all followed"
    assert _ended(*steps).lack(_at(0)) == said
    merged = _ended(*steps[:2])
    merged.merge(_ended(*steps[2:]))
    assert merged.lack(_at(0)) == said
    assert _ended(*(_step("erased", f"sc_{number}") for number in range(3))).lack(_at(0)) == said


def test_an_emergency_without_a_review_is_told_once_a_record_says_that_it_is_overdue() -> None:
    need = "alert.break_glass | alert.review_overdue end in alert.reviewed"
    told = [record("alert.break_glass", at_s=second, break_glass=f"bg_{second}") for second in (1, 2)]
    reviewed = record("alert.reviewed", at_s=3, break_glass="bg_1", code="justified")
    late = record("alert.review_overdue", at_s=DAY, break_glass="bg_2")
    waiting = _ended(*told, reviewed, need=need)
    assert (waiting.row(_at(300)), waiting.lack(_at(300))) == ([need, 2, 2, 0], None), "nothing says that it is late"
    overdue = _ended(*told, reviewed, late, need=need)
    assert overdue.lack(_at(1)) == f"{need}: 1 of 2 emergencies were not reviewed, and are overdue"
    after = record("alert.reviewed", at_s=2 * DAY, break_glass="bg_2", code="not_justified")
    assert _ended(*told, reviewed, late, after, need=need).lack(_at(3)) is None
    assert _ended(late, need=need).row(_at(1)) == [need, 1, 0, 0], "it began before the range"
    first, second = _ended(*told, need=need), _ended(reviewed, late, need=need)
    first.merge(second)
    assert first.row(_at(1)) == overdue.row(_at(1))


def test_an_incident_that_is_open_at_the_end_is_told() -> None:
    need = "incident.opened end in incident.closed"
    opened = [record("incident.opened", at_s=second, id=f"in_{second}") for second in (1, 2)]
    closed = record("incident.closed", at_s=3, id="in_3", incident="in_1", code="no_breach")
    one = _ended(*opened, closed, need=need)
    assert one.row(_at(0)) == [need, 2, 1, 0]
    assert one.lack(_at(0)) == f"{need}: 1 of 2 incidents are not closed"
    assert _ended(opened[0], closed, need=need).lack(_at(0)) is None


def test_it_names_the_events_that_the_provision_must_ask_for() -> None:
    need = ending_of(NEED)
    assert need is not None
    assert need.events == ("subject.erasure", "subject.erased", "subject.erasure-refused")


@pytest.mark.parametrize(
    "text",
    [
        "subject.erasure end in",
        "subject.erasure end in subject.forgotten",
        "subject.erasure end in subject.erasure",
        "subject.erasure  end in subject.erased",
        "any: subject.erasure end in subject.erased",
        "subject.erasure end in subject.erased where case",
        "task.submitted end in task.completed",
        "alert.break_glass end in incident.closed",
    ],
)
def test_what_is_no_need_of_cases_is_none_at_all(text: str) -> None:
    assert ending_of(text) is None
    with pytest.raises(FormatError, match="end in"):
        asked_of(text)
