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


def _ended(*steps: Seen) -> Ended:
    made = asked_of(NEED)
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
    ],
)
def test_what_is_no_need_of_cases_is_none_at_all(text: str) -> None:
    assert ending_of(text) is None
    with pytest.raises(FormatError, match="end in"):
        asked_of(text)
