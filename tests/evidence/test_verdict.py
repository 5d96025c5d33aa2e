"""The verdict on a bundle: a numbered line for each step, and one form of data, whether it holds or not."""

from pathlib import Path

import msgspec
import pytest

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import verify as verifying
from gateway.evidence.verdict import FAILED, NOT_CHECKED, NOT_REACHED, OK, STEPS, Course, Verdict, document, lines
from gateway.evidence.verify import judge

from .making import VKEY, ledger
from .test_report import REPORT
from .test_verify import GOLDEN


def judged(name: str, checkpoint: bytes | None = None) -> Verdict:
    with Path(GOLDEN, f"{name}.zip").open("rb") as file:
        return judge(file, VKEY, checkpoint)


def states(verdict: Verdict) -> dict[str, list[int]]:
    """Which steps are in each state."""
    found: dict[str, list[int]] = {}
    for step in verdict.steps:
        found.setdefault(step.state, []).append(step.number)
    return found


def test_every_step_has_its_number_in_every_bundle_and_what_is_not_in_it_is_not_checked() -> None:
    good, kept, about = judged("good"), judged("good-with-contents"), judged("good-of-a-period")
    apart, stamped = judged("good-with-emergencies"), judged("good-with-stamps")
    assert states(good) == {OK: [*range(1, 7), 9, 10, 12, 14, 15, 16], NOT_CHECKED: [7, 8, 11, 13, 17, 18]}
    for verdict, number in ((stamped, 8), (kept, 11), (apart, 13), (about, 17)):
        assert verdict.ok
        assert verdict.steps[number - 1].state == OK
    assert [step.number for step in good.steps] == [*range(1, 19)]


def test_what_comes_after_a_step_that_failed_is_not_reached_and_nothing_is_said_of_it() -> None:
    verdict = judged("signed-record-changed")
    assert states(verdict) == {
        OK: [*range(1, 7)],
        FAILED: [9],
        NOT_REACHED: [10, 12, 13, 14, 15, 16],
        NOT_CHECKED: [7, 8, 11, 17, 18],
    }
    assert (verdict.ok, verdict.report) == (False, None)
    failed = verdict.steps[8]
    assert verdict.failure == f"{failed.name}: {failed.text}"
    with pytest.raises(VerificationError, match=r"^records: "):
        verdict.demanded()


def test_a_checkpoint_that_is_none_fails_its_step_before_the_records_are_gone_over() -> None:
    verdict = judged("good", b"none\n")
    assert states(verdict) == {
        OK: [*range(1, 7)],
        NOT_CHECKED: [7, 8, 11, 17],
        NOT_REACHED: [9, 10, 12, 13, 14, 15, 16],
        FAILED: [18],
    }


def test_a_checkpoint_that_is_one_has_not_held_before_it_was_compared() -> None:
    verdict = judged("signed-record-changed", ledger(20).checkpoint_at(20).note)
    assert verdict.steps[17].state == NOT_REACHED


def test_the_numbers_are_those_at_the_top_of_the_verifier() -> None:
    told = [line.split() for line in (verifying.__doc__ or "").splitlines() if line.strip()[:1].isdigit()]
    assert [(number, name) for number, name, *_ in told] == [
        (f"{number}.", name) for number, name in enumerate(STEPS, 1)
    ]


def test_the_data_has_the_same_members_whether_it_holds_or_not() -> None:
    for name in ("good", "records-swapped"):
        data = document(judged(name))
        assert list(data) == ["ok", "failure", "steps", "report"]
        assert [list(step) for step in data["steps"]] == [["number", "name", "state", "text"]] * 18
        report = data["report"]
        assert report is None or list(report) == list(REPORT.__struct_fields__)
        assert msgspec.json.decode(msgspec.json.encode(data)) is not None


def test_people_see_one_line_for_each_step() -> None:
    course = Course()
    with course.step("container"):
        course.leave_out("kept", "none is carried")
    held = lines(course.holds(REPORT))
    assert held[0] == f"ok           1  container: {STEPS['container']}"
    assert held[10] == "not checked 11  kept: none is carried"
    assert (held[18], held[-2:]) == ("", ["", "VERIFIED"])
    with pytest.raises(VerificationError, match=r"^signature: by nobody$"), course.step("signature"):
        raise FormatError("by nobody")
    failed = lines(course.fails("signature: by nobody"))
    assert failed[1:3] == ["FAILED       2  signature: by nobody", "not reached  3  files: another failed"]
    assert failed[18:] == ["", "NOT VERIFIED"]


def test_what_does_not_open_has_failed_before_the_first_step() -> None:
    found = lines(Course().fails("encryption: no identity opens it"))
    assert found[:2] == [
        "FAILED          encryption: no identity opens it",
        "not reached  1  container: another failed",
    ]


def test_a_line_is_one_line_whatever_is_told_in_it() -> None:
    course = Course()
    course.leave_out("kept", "a\nb\x1b[31m\x9b c é")
    assert lines(course.fails("no"))[11] == "not checked 11  kept: a\ufffdb\ufffd[31m\ufffd c é"
