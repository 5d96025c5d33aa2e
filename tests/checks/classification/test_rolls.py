"""Lists of people under a heading that says so: who is in them, and where they end."""

import pytest

from gateway.checks.classification.recognizer import LOOKAHEAD
from gateway.checks.classification.rolls import Roll
from gateway.core.message import Part
from tests.checks.classification.conftest import ENGINE


def found_in(text: str) -> list[str]:
    (whole,) = ENGINE.scan([Part("/a", text)]).parts
    streamed = ENGINE.stream(lambda one: True, unread=True)
    lane = streamed.lane("/a")
    for character in text:
        lane.feed(character)
    lane.finish()
    assert whole == streamed.scan().parts[0]
    return [text[one.start : one.end] for one in whole if one.type == "person"]


@pytest.mark.parametrize(
    "text",
    [
        "Attendees\n- Nkechi Obiora (chair)\n- Tunde Okafor\n- Wanjiru van der Thiong\n",
        "## Participants (3)\n\n1. Nkechi Obiora, Sales\n2) Tunde Okafor – Ops\n",
        "Present:\r\nNkechi Obiora\r\nTunde Okafor: by phone\r\n",
        "**Teilnehmer:**\n* **Nkechi Obiora** | Vertrieb\n",
        "> Présents :\n> - [x] Nkechi Obiora\n",
        "Apologies:\n- Nkechi Obiora, who is on leave until the end of the month and will send her deputy\n",
    ],
)
def test_who_is_listed_is_found(text: str) -> None:
    assert found_in(text)[0] == "Nkechi Obiora"
    assert len(found_in(text)) == sum(text.count(name) for name in ("Obiora", "Okafor", "Thiong"))


@pytest.mark.parametrize(
    "text",
    [
        "Attendees\n- the whole team\n- Data Team\n",
        "Attendees:\n\n\nThe next item is the budget.\n",
        "Present:\n- Payment Service\n- Load Test\n",
        "Attendees were told.\nNkechi Obiora\n",
        "Attendees:\n- Nkechi\n",
        "Employees\n- Annual Leave\n- Sick Leave\n",
        "Students:\n1. Learning Goals\n2. Course Outline\n",
    ],
)
def test_what_is_no_list_of_people_has_none(text: str) -> None:
    assert found_in(text) == []


def test_a_roll_ends_with_the_first_line_without_a_name() -> None:
    text = "Attendees:\n- Nkechi Obiora\n- Tunde Okafor\n\n- Wanjiru Kamau\n"
    assert found_in(text) == ["Nkechi Obiora", "Tunde Okafor"]


def test_a_name_that_does_not_end_in_what_is_looked_at_is_none() -> None:
    roll = Roll()
    roll.head("Attendees:")
    assert roll.row("Nkechi Obiora", 0, whole=False) is None
    assert not roll.open
    roll.head("Attendees:")
    found = roll.row("Nkechi Obiora (", 7, whole=False)
    assert found is not None
    assert (found.start, found.end, roll.open) == (7, 20, True)
    assert len("Nkechi Obiora (") < LOOKAHEAD
