"""Other readings of a text: what they show, where it stood, and that none of them fails or runs away."""

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.checks.classification.normalise import Mapped, normalise, shadow
from gateway.checks.classification.patterns import Pattern
from gateway.checks.classification.readings import CODED, armoured, reread
from gateway.checks.classification.recognizer import TRIGGER

CODE = Pattern(CODED)


PLAIN_LINES = "hello to you all, and to those of whom 12345 is one " * 3
LINES = base64.b64encode(PLAIN_LINES.encode()).decode()


def read(text: str) -> str | None:
    mapped = reread(Mapped(text))
    return None if mapped is None else mapped.text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a=40b=2Ede", "a@b.de"),
        ("a=3Db caf=C3=A9 =E9", "a=b café é"),
        ("123=\r\n45", "12345"),
        ("123 =\r\n45", "123 45"),
        ("(415)=\n 555", "(415) 555"),
        ("1\x002\x003 \x00x", "123 x"),
        ("1\x9623\x7f4", "1234"),
        ("x " + base64.b64encode(b"hello to you all").decode() + " y", "x hello to you all y"),
        ("x " + base64.b64encode("grüße an alle hier".encode()).decode() + " y", "x grüße an alle hier y"),
        ("x " + base64.b64encode(b"\x00\x01 hello to you all").decode(), "x    hello to you all"),
        ("68656c6c6f20776f726c6421", "hello world!"),
        ("12<b>34</b>56", "123456"),
        ("1 2 3 4 5", "12345"),
        ("1 2 3 4 567", "1234 567"),
        ("1 2 3  4 5", "123 45"),
        ('ssn "1 2 3 - 4 5 - 6 7 8 9"', 'ssn "123-45-6789"'),
        ("ssn:1 2 3 4 5 6 7 8 9", "ssn:123456789"),
        (f"x {LINES[:76]}\n{LINES[76:152]}\r\n{LINES[152:]} y", f"x {PLAIN_LINES} y"),
        ("b.o.b.@.x", "bob@x"),
        ("a (at) b (dot) de", "a@b.de"),
    ],
)
def test_what_stands_behind_an_encoding_is_read(text: str, shown: str) -> None:
    assert read(text) == shown
    assert CODE.first(shadow(text), 0) is not None


@pytest.mark.parametrize(
    "text", ["", "plain words", "a@b.de", "1 2 3", "a < b", "x=1", "2024-05-01", "1\t2\r3", "1\x1c2\x1d3"]
)
def test_where_there_is_none_nothing_is_read(text: str) -> None:
    assert read(text) is None


@given(st.text(alphabet="=40 2E\r\n\x00\x96<b>/aQUJ13d-_.@(at)dot", max_size=120))
@example("=\n")
@example("=\r\n=")
def test_each_character_comes_from_a_place_in_the_text(text: str) -> None:
    mapped = reread(normalise(text))
    if mapped is None:
        return
    assert mapped.starts is not None
    assert mapped.ends is not None
    assert len(mapped.starts) == len(mapped.ends) == len(mapped.text)
    assert list(mapped.starts) == sorted(mapped.starts)
    assert all(0 <= start < end <= len(text) for start, end in zip(mapped.starts, mapped.ends, strict=True))


@given(st.text(max_size=200))
def test_no_text_makes_it_fail(text: str) -> None:
    reread(normalise(text))


@given(st.text(alphabet="=40 2E\x00\x7f<b>/aQUJ13d-_.@(at)dot", min_size=TRIGGER + 20, max_size=200))
def test_a_reason_to_look_is_seen_in_as_many_characters_as_a_stream_holds_back(text: str) -> None:
    shade = shadow(text)
    place = CODE.first(shade, 0)
    if place is not None:
        assert CODE.first(shade[: place + TRIGGER], 0) == place


def test_it_is_told_where_encoded_runs_stand_and_whether_they_hold_text() -> None:
    assert armoured(Mapped(f"x {LINES} y")) == [(2, 2 + len(LINES), True)]
    short = base64.b64encode(b"hello to you").decode()
    assert armoured(Mapped(short)) == [(0, len(short), False)]
    assert armoured(Mapped("words alone")) == []
