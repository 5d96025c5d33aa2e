"""The walk: what is skipped, where it cuts, and that it always moves on."""

import base64

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.classification.cursor import BRIEF, HELD, WINDOW, Cursor, Step, at_once
from gateway.checks.classification.locator import Locator
from gateway.checks.classification.normalise import outline
from gateway.checks.classification.registry import DEFAULT
from gateway.core.message import Part
from tests.checks.classification.conftest import ENGINE
from tests.checks.classification.samples import soups, texts

LOCATOR = Locator(DEFAULT)


def walk(text: str) -> list[Step]:
    cursor = Cursor(LOCATOR)
    steps = []
    while (step := cursor.step(text, 0, outline(text), True)) is not None:
        steps.append(step)
    return steps


def test_an_empty_text_takes_no_step() -> None:
    assert walk("") == []


def test_text_without_a_trigger_is_passed_over_in_one_step() -> None:
    text = "and so it went on " * 100
    assert walk(text) == [Step(len(text))]


def test_text_that_may_go_on_is_held_back_where_a_trigger_may_begin() -> None:
    cursor = Cursor(LOCATOR)
    text = "and so it went on " * 100
    assert cursor.step(text, 0, outline(text), False) == Step(len(text) - HELD)
    assert cursor.step(text, 0, outline(text), False) is None


def test_a_window_waits_for_its_end() -> None:
    cursor = Cursor(LOCATOR)
    text = "ring 415-555-2671 " + "now " * 100
    assert cursor.step(text, 0, outline(text), False) is None
    longer = text + "and then " * 20
    step = cursor.step(longer, 0, outline(longer), False)
    assert step is not None
    assert [hit.type for hit in step.findings] == ["phone"]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(["1", "-", " ", "a@b.de", "x" * 90, "Dr. A", "eyJ", "\n", "é", "\\u0041"]), max_size=150)
)
def test_steps_move_on_and_end_at_the_end_and_findings_never_lie_across_a_cut(pieces: list[str]) -> None:
    text = "".join(pieces)
    position = 0
    for step in walk(text):
        assert position < step.end <= position + max(len(text), WINDOW)
        assert all(hit.end <= step.end for hit in step.findings)
        position = step.end
    assert position == len(text)


def test_a_cut_falls_on_white_space_where_there_is_some() -> None:
    text = "12 words and more " * 60
    for step in walk(text)[:-1]:
        assert text[step.end - 1] == " "


def test_a_long_finding_opens_and_closes() -> None:
    text = "key " + "eyJhbGciOi" + "a" * 2000 + " and on"
    steps = walk(text)
    opened = [step.opened for step in steps if step.opened is not None]
    closed = [step.closed for step in steps if step.closed is not None]
    assert [hit.start for hit in opened] == [4]
    assert closed == [2014]


def test_two_long_findings_at_once_are_not_complete() -> None:
    text = "-----BEGIN PRIVATE KEY-----\n" + "A" * 300 + " " + "eyJabcdefgh" + "A" * 2000
    assert not all(step.complete for step in walk(text))


def test_a_run_of_encoded_text_is_read_whole_or_not_called_read() -> None:
    code = base64.b64encode(b"and so it went on, " * 14 + b"ssn 536-22-8731, on and on").decode().rstrip("=")
    lines = "\n".join(code[at : at + 76] for at in range(0, len(code), 76))
    for before in ("", "data_is~" * 12, "words and more of them, 10:30 " * 12):
        for coded in (code, lines):
            scan = ENGINE.scan([Part("/x", f"{before}{coded} end")])
            assert "us-ssn" in {one.type for one in scan.parts[0]}
            assert scan.scanned == "full"
    torn = ENGINE.scan([Part("/x", "\x00" + base64.b64encode(bytes(90)).decode() + code)])
    assert torn.scanned != "full"


@settings(max_examples=300, deadline=None)
@given(st.one_of(texts(), soups(), st.text(max_size=BRIEF)), st.integers(0, 60))
def test_a_brief_text_is_walked_at_once_as_step_by_step(text: str, start: int) -> None:
    text = text[start : start + BRIEF]
    steps = walk(text)
    hits = [hit for step in steps for hit in step.findings]
    found, whole = at_once(LOCATOR, text, outline(text), 0, sure=False)
    assert (found, whole) == (hits, all(step.complete for step in steps))
    trigger = LOCATOR.trigger(outline(text), 0)
    if trigger is not None:
        assert at_once(LOCATOR, text, outline(text), trigger, sure=True) == (found, whole)
