"""The ward agent's summary shows what it was given."""

from gateway.demo.agents.ward import answer
from tests.demo.agents.asking import said

NOTE = (
    "Summarize this: Admitted with pneumonia. BP 142/88, pulse 96, temp 38.4, SpO2 91 %. "
    "On amoxicillin 500 mg twice daily. Follow-up in two weeks."
)


def test_a_note_is_taken_apart() -> None:
    lines = answer(said(NOTE)).text.splitlines()
    assert lines[0] == "Sentences read: 4"
    assert "Problems: pneumonia" in lines
    assert "Medication: amoxicillin 500 mg twice daily" in lines
    assert "Measured: blood pressure 142/88; heart rate 96; temperature 38.4; oxygen 91" in lines
    assert "Next: Follow-up in two weeks." in lines


def test_headings_without_anything_under_them_are_left_out() -> None:
    text = answer(said("The box was opened. Nothing is missing.")).text
    assert "Problems" not in text
    assert "- Nothing is missing." in text


def test_what_tools_returned_is_what_is_summarised() -> None:
    text = answer(said("How is she?", results=("No fever today.",))).text
    assert "Problems: fever" in text
    assert "How is she" not in text


def test_an_empty_message_has_a_summary_too() -> None:
    assert answer(said("")).text == "Sentences read: 0"
