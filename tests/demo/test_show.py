"""What people see: plain lines of bounded width, colours only on a terminal."""

import io

import pytest

from gateway.demo import show
from gateway.demo.report import Check, Report
from gateway.demo.show import WIDTH, Painter
from tests.demo.telling import told

PLAIN = Painter(io.StringIO())


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_conversation_tells_what_was_found_where_it_went_and_why() -> None:
    lines = list(show.conversation(told(), PLAIN))
    assert lines[0].startswith("c-1         A letter")
    assert lines[0].endswith("teller -> sky   ok")
    assert lines[1:] == [
        "    found     1 email => pii",
        "    went to   sky (cloud), masked: 1 [EMAIL]",
        "    not to    moon: deny by no-moon",
        "    because   Messages go to a cloud agent with personal identifiers masked.",
    ]


def test_a_refusal_says_that_it_went_nowhere() -> None:
    lines = list(
        show.conversation(told(agent=None, status=403, error="policy_denied", masked={}, found={}, classes=()), PLAIN)
    )
    assert "    went to   no agent: 403 policy_denied" in lines
    assert "    found     nothing" in lines


def test_an_answer_that_was_not_released_as_it_came_is_told() -> None:
    masked = list(show.conversation(told(answered="redact", answer_because="Masked for all."), PLAIN))
    withheld = list(show.conversation(told(answered="deny"), PLAIN))
    assert masked[-1] == "    answer    masked. Masked for all."
    assert withheld[-1] == "    answer    withheld."


def test_what_did_not_hold_is_told_line_by_line() -> None:
    lines = list(show.conversation(told(differences=("the status should be 200 and is 403", "x " * 80)), PLAIN))
    assert lines[0].endswith("  NO")
    assert "    EXPECTED  the status should be 200 and is 403" in lines


def test_no_line_is_wider_than_a_page() -> None:
    long = told(
        title="a very long title " * 9,
        because="many words in a sentence " * 30,
        target="m" * 30,
        stream=True,
        differences=("something quite long " * 20,),
        found={f"kind-{number}": number for number in range(30)},
    )
    assert max(len(line) for line in show.conversation(long, PLAIN)) <= WIDTH
    check = Check(name="a check", held=True, told="words, and more of them, " * 20)
    assert max(len(line) for line in show.check(check, PLAIN)) <= WIDTH


def test_a_check_is_told_with_its_verdict() -> None:
    assert list(show.check(Check(name="n", held=False, told="t"), PLAIN)) == ["NO  n: t"]


def test_the_end_counts_what_held() -> None:
    report = Report(
        held=False,
        conversations=(told(), told(differences=("x",))),
        checks=(Check(name="n", held=True, told="t"),),
        directory="/d",
        bundle="b.zip",
        key="k.vkey",
    )
    lines = list(show.end(report, PLAIN))
    assert lines[1] == "1 of 2 conversations and 1 of 1 checks held."
    assert lines[2] == f"Not held: {report.conversations[1].id}"
    assert "b.zip" in lines[3]
    assert "k.vkey" in lines[3]


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert Painter(Terminal()).verdict(True, "ok") == "\x1b[32mok\x1b[0m"
    assert Painter(Terminal()).verdict(False, "NO") == "\x1b[31mNO\x1b[0m"
    assert Painter(io.StringIO()).bold("x") == "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert Painter(Terminal()).dim("x") == "x"
