"""Folded lines are whole again, and what does not say how it is folded is not sure."""

import pytest

from gateway.agents.formats.folded import is_plainly, unfolded

HEAD = "BEGIN:VCARD\nVERSION:3.0\n"


@pytest.mark.parametrize(
    ("text", "plain", "sure"),
    [
        (f"{HEAD}N:Smi\n th\n", f"{HEAD}N:Smith\n", True),
        (f"{HEAD}N:Smi\r\n\tth\n", f"{HEAD}N:Smith\n", True),
        (f"{HEAD}N:A\n  Smith\n", f"{HEAD}N:A Smith\n", True),
        ("begin:vcalendar\nversion: 2.0 \nbegin:vevent\n", "begin:vcalendar\nversion: 2.0 \nbegin:vevent\n", True),
        ("BEGIN:VCA\n RD\nVERSION:2\n .1\n", "BEGIN:VCARD\nVERSION:2.1\n", False),
        (f"{HEAD}{HEAD}", f"{HEAD}{HEAD}", True),
        (f"{HEAD}BEGIN:VCARD\n", f"{HEAD}BEGIN:VCARD\n", False),
        (f"{HEAD}BEGIN:VCALENDAR\nVERSION:3.0\n", f"{HEAD}BEGIN:VCALENDAR\nVERSION:3.0\n", False),
        (f"{HEAD}N:x\r", f"{HEAD}N:x\r", False),
        ("", "", False),
    ],
)
def test_lines_are_whole(text: str, plain: str, sure: bool) -> None:
    assert unfolded(text) == (plain, sure)


def test_what_begins_so_is_plainly_one() -> None:
    assert is_plainly("\ufeff\r\nbegin:vcard\r\n")
    assert is_plainly(HEAD)
    assert not is_plainly("BEGIN:VCARDS\n")
    assert not is_plainly("It has BEGIN:VCARD\n")
