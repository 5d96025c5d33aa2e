"""Other readings of a text: what they show, where it stood, and that none of them fails or runs away."""

import base64
import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gateway.checks.classification import readings
from gateway.checks.classification.normalise import Mapped, normalise, shadow
from gateway.checks.classification.patterns import Pattern
from gateway.checks.classification.readings import CODED, armoured, is_spread, reread
from gateway.checks.classification.recognizer import TRIGGER
from tests.checks.classification.conftest import told

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
        (f"x {LINES[:76]}\n    {LINES[76:152]}  \r\n\r\n{LINES[152:]} y", f"x {PLAIN_LINES} y"),
        (f"> {LINES[:76]}\n> {LINES[76:152]}\n> {LINES[152:]}", f"> {PLAIN_LINES}"),
        (f'["{LINES[:76]}", "{LINES[76:152]}", "{LINES[152:]}"]', f'["{PLAIN_LINES}"]'),
        (f'"{LINES[:76]}" +\n  "{LINES[76:152]}" +\n  "{LINES[152:]}"', f'"{PLAIN_LINES}"'),
        ("<i>12</i><b>34</b>", "<i>1234</b>"),
        ("<i>12</i> <b>34</b>", "<i>12 34</b>"),
        ("12</p><p class='a'>34", "12 34"),
        ("411 <b>111</b> 122 <i class='a'>33</i>", "411 111 122 33</i>"),
        ("4111<b> 1111</b>", "4111 1111</b>"),
        ("411 **111** 122", "411 111 122"),
        ("**41** **11** `22`-~~33~~ 44", "41 11 22-33 44"),
        ("41 *11* 22", "41 11 22"),
        ("**anna.b**@`c.de`", "anna.b@c.de`"),
        ("12**34**56", "123456"),
        ("12</td><td>34 5<b>6", "12\t34 56"),
        ("a.b</w:t></w:r><w:r><w:t>@c.de", "a.b@c.de"),
        ("a ät b punkt de", "a@b.de"),
        ("a arroba b ponto com", "a@b.com"),
        ("a (ät) b [PUNKT] de", "a@b.de"),
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


@pytest.mark.parametrize(
    "text",
    [
        "2**10",
        "12 * 13 *",
        "**12** of **14**",
        "1 <b>2</b> 3",
        "`a` 12 `b`",
        "a__b__1",
        "<td>12</td><td>13</td>",
        "at this point in time",
        "look at one punto in",
        "&TabX; &nb",
    ],
)
def test_what_is_no_reason_to_look_is_none(text: str) -> None:
    assert CODE.first(shadow(text), 0) is None


TAGS = st.lists(
    st.sampled_from(
        ("<b>", "</b>", "<i class='a b'>", "</i>", "</w:t>", "<w:t xml:space='preserve'>", "</span>", "<x-y>", "</t>",
         f"<span style='{'color: red; ' * 9}'>", "<!-- c -->", "</ruby>", "<br/>")
    ),
    min_size=1, max_size=5,
).map("".join)  # fmt: skip
IDENTIFIERS = ("536-22-8731", "4111111111111111", "anna.smith@example.org", "192.168.10.20")


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(IDENTIFIERS), st.lists(st.tuples(st.integers(1, 30), TAGS), min_size=1, max_size=4))
def test_whatever_tags_part_an_identifier_are_a_reason_to_look_and_read_through(
    value: str, inserted: list[tuple[int, str]]
) -> None:
    written = value
    for place, run in sorted({min(at, len(value) - 1): run for at, run in inserted}.items(), reverse=True):
        written = f"{written[:place]}{run}{written[place:]}"
    text = f"<p>{written}</p>"
    assume(re.search("</[^<>]*>[^<>]|<[^/!][^<>]*>[^<>]", written) is not None)
    assert read(text) == f"<p>{value}</p>"
    first = CODE.first(shadow(text), 0)
    assert first is not None, text


APART = {
    "quoted-printable": lambda value, each: "".join(
        f"={ord(one):02X}" if each(at) else one for at, one in enumerate(value)
    ),
    "controls": lambda value, each: "".join(
        f"{one}\x00" if each(at) and at < len(value) - 1 else one for at, one in enumerate(value)
    ),
    "spaces": lambda value, each: " ".join(value),
    "dots": lambda value, each: ".".join(value.replace(".", "-")),
    "dashes": lambda value, each: "-".join(value.replace("-", ".")),
    "base64": lambda value, each: base64.b64encode(f"it is {value} for all".encode()).decode(),
    "hexadecimal": lambda value, each: f"it is {value}".encode().hex(),
}  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(IDENTIFIERS), st.sampled_from(sorted(APART)), st.integers(1, 2))
def test_the_gate_of_each_reading_covers_what_it_reads_of_an_identifier(value: str, name: str, every: int) -> None:
    text = APART[name](value, lambda at: at % every == 0)
    assert read(text) not in (None, text)
    assert CODE.first(shadow(text), 0) is not None


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


_MARKS = (
    "*", "**", "_", "__", "~~", "`", " at ", " (AT) ", "[ät]", " Dot ", " . ", "。", " arroba ", " punto ", "(", ")",
    "<b>", "</b>", "<", ">", "=40", "=\r\n", "\x1b[0m", "\\x1b[1m", "\\", "\x00", "\x96", "\x1f", "[", "m", " ", "  ",
    "\t", "\n", ".", "-", "/", "@", ":", "+", "a", "B", "1", "23", "é", "ſ", "QUJDREVGR0hJSktM",
    "68656c6c6f20776f726c64",
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(_MARKS), max_size=16).map("".join))
def test_where_nothing_tells_of_a_reading_there_is_none(text: str) -> None:
    for shown in (text, normalise(text).text):
        shade = shadow(shown)
        for gate, find in readings._FINDERS:
            assert gate.first(shade, 0) is not None or not list(find(shown, shade)), find.__name__
        for gate, pattern in (
            (readings._MAY_BE_AT, readings._at),
            (readings._MAY_BE_DOTTED, readings._dot),
            (readings._MAY_BE_ARMOURED, readings._runs),
            (readings._MAY_BE_HEX, readings._hex),
        ):
            assert gate.first(shade, 0) is not None or pattern.search(shown) is None


_PLACES = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 120), st.integers(1, 3)), max_size=40)
"""How far behind the last one a character begins, on how many it stands, and how many stand on the same."""


@settings(max_examples=300, deadline=None)
@given(places=_PLACES, characters=st.sampled_from(("1", "a1", "1@", "1 ", "111 ")), start=st.integers(0, 80))
@example(places=[(0, 16, 1)] * 30, characters="1", start=0)
def test_what_is_spread_may_be(places: list[tuple[int, int, int]], characters: str, start: int) -> None:
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for gap, width, many in places:
        at += gap % 3 if gap < 10 else 0
        starts += [at] * many
        at += width
        ends += [at] * many
    mapped = Mapped((characters * len(starts))[: len(starts)], starts, ends)
    told = is_spread(mapped, start, at)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(readings, "_may_be_spread", lambda starts, length: True)
        assert is_spread(mapped, start, at) == told


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


@pytest.mark.parametrize("escape", ["\x1b", "\\u001b", "\\x1b", "\\033", "\\e"])
@pytest.mark.parametrize("code", ["33m", "m", "01;31m", "38;5;196m", "01;31m{0}[K"])
@pytest.mark.parametrize(
    ("before", "value", "kind"),
    [
        ("", "4111111111111111", "card"), ("ssn=", "536228731", "us-ssn"), ("ip ", "203.0.113.77", "ip"),
        ("MRN ", "4481920", "mrn"),
        ("key ", "AKIAIOSFODNN7EXAMPLE", "secret-aws-key"), ("password: ", "Tr0ub4dor!", "secret-password"),
    ],
)  # fmt: skip
def test_what_colours_a_terminal_parts_nothing(escape: str, code: str, before: str, value: str, kind: str) -> None:
    text = f"{before}{escape}[{code.format(escape)}{value}{escape}[0m and so on"
    assert told(text) == [(kind, value)]


@pytest.mark.parametrize(
    "text", [r"RED = '\033[31m'; BOLD = '\e[1m'", "\x1b[32mINFO\x1b[0m listening on port 8080", "a[0m"]
)
def test_colours_are_nothing(text: str) -> None:
    assert told(text) == []
