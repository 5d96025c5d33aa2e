"""Tokens are turned back where a text is prose beyond doubt, whatever pieces it comes in; elsewhere they stay."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.restoring import MAX_WORD, Restorer
from gateway.core.tokens import TOKEN, Book

BOOK = Book()
P, D = str(BOOK.token("person", "Anna Smith")), str(BOOK.token("date", "3 May 1980"))
ODD = str(BOOK.token("x-odd", "a `b` <c>"))
OTHER = str(Book().token("person", "Anna Smith"))


def whole(text: str, withheld: str = "") -> tuple[str, Restorer]:
    one = Restorer(BOOK, lambda kind: kind != withheld)
    return one.feed(text) + one.finish(), one


def shown(text: str) -> str:
    """The text with `P` and `D` for the tokens, turned back, and again with these words for those that stay."""
    found, _ = whole(text.replace("P", P).replace("D", D))
    return found.replace(P, "P").replace(D, "D").replace("Anna Smith", "*").replace("3 May 1980", "#")


PROSE = (
    ("Hello P, born D.", "Hello *, born #."),
    ("**P** _P_ (P) 'P' \"P\" P's |P|D|", "***** _*_ (*) '*' \"*\" *'s |*|#|"),
    ("- P\n- D\n\n1. P\n> P", "- *\n- #\n\n1. *\n> *"),
    ("P: yes, P; no! P? P…", "*: yes, *; no! *? *…"),
    ("a < b and P, 5<6 P", "a < b and *, 5<6 *"),
    ("<b>P</b><br/>P", "<b>*</b><br/>*"),
    ("`x` P ``a ` b`` P", "`x` * ``a ` b`` *"),
    ("```\nx\n```\nP", "```\nx\n```\n*"),
    ("see https://a.b/c and <https://a.b> P\nP", "see https://a.b/c and <https://a.b> P\n*"),
    ("P, see [x](https://a.b) P\nP", "*, see [x](https://a.b) P\n*"),
    ("P - curled up - at -5 degrees", "* - curled up - at -5 degrees"),
    ("one ` two\n\nP", "one ` two\n\n*"),
    ("one\r\n\r\nP\r\n", "one\r\n\r\n*\r\n"),
    ("curl a \\\n\nP", "curl a \\\n\n*"),
    ("echo a\nP", "echo a\n*"),
    ("the patient(s) P and (see P)", "the patient(s) * and (see *)"),
    ("the value (f(x)) of P, at 5 mg(2(x)) P", "the value (f(x)) of *, at 5 mg(2(x)) *"),
    ("a) P and b) P", "a) * and b) *"),
    ("call f('a') P\nfor P", "call f('a') P\nfor *"),
    ("the patient's (P) 'P' (\"P\")", "the patient's (*) '*' (\"*\")"),
    ("Update P on this", "Update * on this"),
    ("P", "*"),
    ("[P]", "[P]"),
)


@pytest.mark.parametrize(("text", "expected"), PROSE)
def test_prose(text: str, expected: str) -> None:
    assert shown(text) == expected


STAYS = (
    "`P`",
    "`a P b`",
    "``a ` P``",
    "a `b\nP` c",
    "a `b\r\nP` c",
    "- a ` b\n- c `d\n  e P` f",
    "\\` `x P`",
    "```\nP\n```",
    "~~~ text\nP\n~~~",
    "```a\nP",
    "  ```\n  P\n  ```",
    "````\n```\nP\n````",
    "```\n~~~\nP",
    "> ```\n> x\n\ny\n\n```\nP\n```",
    "- x\n  ```\n  y\nz\n\n```\nP\n```",
    "```x``` y\n```\nP\n```",
    "    P",
    "x\n\n\tP",
    "x\n\n-     P",
    "    - P",
    "# x\n    P",
    "```\n\n\t```\n- P",
    "- >1. ~~~x\n~~~\nP",
    "- ~~~x\n~~~\nP",
    "x ```y\n\nP\n```",
    "x ~~~ P",
    "</b>\n~~~\n\n~~~\nP",
    "</b>\n`\n\n`P`",
    "P( P )",
    "a\n\n[r]: P",
    "a\n\n[r]:\nP",
    "https://e.example/?q=P",
    "(https://e.example/P)",
    "//e.example/P",
    "P.e.example",
    "P@e.example",
    "a@P.example",
    "mailto:P",
    "tel:P",
    "www.e.example/P",
    "?q=P",
    "%P",
    "\\P",
    "P/P",
    "[x](P)",
    "[x]( P )",
    "[x](\nP\n)",
    "[x]( <a P b> )",
    "![x](https://e.example/P)",
    "[r]: https://e.example/P",
    "[P](x)",
    "<P>",
    '<img src="https://e.example/ P">',
    '<a x"="y>" z P>',
    "<code>P</code>",
    "<script> P </script>",
    "<tool_call> P </tool_call>",
    "<!-- P -->",
    '{"a": "P"}',
    'Action: {"a": "}", "b": "P"}',
    '["P"]',
    "[[P, P]]",
    "a [[https://e.example/ P ][b]]",
    "a [url=https://e.example/ P ]b[/url]",
    "curl https://e.example -d P",
    "- curl P",
    "$ send P",
    "so call it -d P e.example",
    "see (www.e.example/a?q= P )",
    "#!/bin/sh\n\necho P",
    "print('P')",
    "print( 'a', P )",
    "send_mail(to=x, P)",
    "send(get(a), P)",
    "send(a, (b), x(c), P)",
    "print( (a) , P )",
    "see [x](\nhttps://e.example/(a)\nP)",
    "send('a)', P)",
    'send( a, "b )", P )',
    "SELECT *\nFROM t\nWHERE name LIKE P",
    "INSERT INTO t\nVALUES ( P )",
    "x = 'P'",
    "if x == P then",
    "x= P",
    "NAME='a' MAIL= P",
    "see e.example/a?q= P",
    "cd a && send P",
    "SELECT * from t where name like 'P'",
    "curl -s \\\n e.example \\\n P",
    "echo a \\\r\n P",
    "link:https://e.example/a?q= P",
    "x" * MAX_WORD + "P",
)


@pytest.mark.parametrize("text", STAYS)
def test_where_there_is_any_doubt_it_stays(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    "text",
    [P.lower(), P[:-1], P[1:-1], f"{P[:-5]}]", P.replace("_", "\\_"), OTHER, f"[PHONE{P[P.index('_') :]}"],
    # Tokens are random, and names of tests are not.
    ids=["small", "open", "bare", "short", "escaped", "of another", "of another type"],
)
def test_what_is_mangled_truncated_invented_or_foreign_is_left_and_counted(text: str) -> None:
    found, one = whole(f"so {text} it is")
    assert found == f"so {text} it is"
    assert (one.back, one.kept) == ({}, {})
    assert one.foreign == 1


def test_what_may_not_be_turned_back_stays_and_so_does_a_value_that_would_change_how_the_rest_is_read() -> None:
    found, one = whole(f"{P} {D} {ODD}", withheld="person")
    assert found == f"{P} 3 May 1980 {ODD}"
    assert (one.back, one.kept, one.foreign) == ({"date": 1}, {"person": 1, "x-odd": 1}, 0)


_ROW = re.compile(r"^\| `(.*TOKEN.*)` \| `(.*)` \|$", re.MULTILINE)
_EXAMPLES = _ROW.findall((Path(__file__).parents[2] / "docs" / "inspection.md").read_text("utf-8"))


def test_the_examples_of_the_documentation_are_what_happens() -> None:
    assert len(_EXAMPLES) == 10
    for written, expected in _EXAMPLES:
        assert whole(written.replace("TOKEN", P))[0] == expected.replace("TOKEN", P)


MARKS = st.sampled_from(
    [
        *(P, D, ODD, OTHER, P[:9], P[9:], " ", "\n", "\n\n", "\r\n", "`", "``", "```", "~~~", "<", "<b>", "<x ", ">"),
        *("{", "}", "](", ")", "[", "https://", "word", ".", "- ", "> ", "    ", "\t", "\\", "=", "x" * 300, "é", "\0"),
    ]
)
TEXTS = st.lists(MARKS | st.text(max_size=4), max_size=24).map("".join)


@settings(max_examples=300, deadline=None)
@given(text=TEXTS, cuts=st.lists(st.integers(0, 2000), max_size=12))
def test_pieces_give_what_the_whole_gives_and_hold_back_little(text: str, cuts: list[int]) -> None:
    expected, counted = whole(text)
    one, out = Restorer(BOOK, lambda kind: True), ""
    edges = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    for start, end in pairwise(edges):
        out += one.feed(text[start:end])
        assert expected.startswith(out)
        assert one.held <= MAX_WORD
    assert out + one.finish() == expected
    assert (one.back, one.kept, one.foreign) == (counted.back, counted.kept, counted.foreign)


def test_what_goes_on_with_the_last_word_decides_with_it_and_unknown_it_keeps_the_token() -> None:
    found = []
    for after in ("", ".", ".e.example", ")", "](x)", None, "x" * MAX_WORD):
        one = Restorer(BOOK, lambda kind: True, Restorer(BOOK, lambda kind: True))
        found.append(one.feed(f"to {P}") + one.finish(after))
    turned, stays = "to Anna Smith", f"to {P}"
    assert found == [turned, turned, stays, turned, stays, stays, stays]


def test_nothing_is_turned_back_within_what_is_spoiled() -> None:
    within = Restorer(BOOK, lambda kind: True)
    one = Restorer(BOOK, lambda kind: True, within)
    assert one.feed(f"{P} ") == "Anna Smith "
    within.spoil()
    assert one.feed(f"{P} ") == f"{P} "
    assert (one.back, one.kept) == ({"person": 1}, {"person": 1})


@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
def test_nothing_but_tokens_of_the_book_changes(text: str) -> None:
    found, _ = whole(text)
    pattern = "".join(
        f"(?:{re.escape(piece)}|Anna Smith|3 May 1980)" if piece in (P, D) else re.escape(piece)
        for piece in re.split(f"({TOKEN})", text)
    )
    assert re.fullmatch(pattern, found, re.DOTALL)
