"""Characters that look alike become one, and the way back to the original is exact."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.classification.normalise import ODD, Mapped, appended, normalise, outline, shadow, undo_escapes
from tests.checks.classification import oracle
from tests.checks.classification.samples import soups, texts


def test_ascii_stands_as_it_is_without_a_map() -> None:
    assert normalise("plain \x00 text\x7f") == Mapped("plain \x00 text\x7f")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("１２３", "123"),
        ("٣٤٥", "345"),
        ("ｂｏｂ＠ｘ", "bob@x"),
        ("12\u201345\u2212", "12-45-"),
        ("a\u00a0b\u3000c\u2009d", "a b c d"),
        ("a\u2028b", "a\nb"),
        ("bo\u200bb\ufeff", "bob"),
        ("\ufb01ne", "fine"),
        ("𝟙𝟚𝐚", "12a"),
        ("e\u0301", "é"),
        ("5\u03013\u0301\u03276\u0301-\u0301", "536-"),
        ("5\u03363\u03366\u0336 a\u0336b\u0336", "536 ab"),
        ("4\ufe0f\u20e31\u20e3", "41"),
        ("5\u04833\u04886\u05bf-\u064b2\u0711", "536-2"),
        ("\u0645\u064b \u05d0\u05bf", "\u0645\u064b \u05d0\u05bf"),
        ("5\u28003", "5 3"),
        ("5\U0001d1653\U0001d1ad6", "536"),
        ("q\u0301", "q\u0301"),
        ("Größe", "Größe"),
        ("\ud800x", "\ufffdx"),
        ("\ufdfa", "\ufdfa"),
        ("漢字", "漢字"),
    ],
)
def test_forms_become_plain(text: str, plain: str) -> None:
    assert normalise(text).text == plain


DEFAULT_IGNORABLE = """
00AD 034F 061C 115F..1160 17B4..17B5 180B..180F 200B..200F 202A..202E 2060..206F 3164 FE00..FE0F FEFF FFA0 FFF0..FFF8
1BCA0..1BCA3 1D173..1D17A E0000..E0FFF
"""
"""As DerivedCoreProperties.txt of Unicode 14 to 16 lists them, with those that are not assigned."""


def test_what_the_standard_shows_as_nothing_is_dropped_and_leads_back() -> None:
    count = 0
    for line in DEFAULT_IGNORABLE.split():
        first, _, last = line.partition("..")
        for point in range(int(first, 16), int(last or first, 16) + 1):
            mapped = normalise(f"a{chr(point)}b")
            assert mapped.text == "ab"
            assert mapped.span(0, 2) == (0, 3)
            count += 1
    assert count == 4174
    for point in (0xAC, 0x180A, 0x2010, 0x2070, 0xFDFF, 0xFE10, 0xFFF9 + 3, 0x1D172 - 0x20, 0xDFFFF, 0xE1000):
        assert len(normalise(f"a{chr(point)}b").text) == 3


def tags(text: str) -> str:
    return "".join(chr(0xE0000 + ord(one)) for one in text)


def test_what_is_written_in_tag_characters_is_told_beside_the_text() -> None:
    mapped = normalise(f"see{tags('card 41')}, it{tags('11')}s")
    assert mapped.text == "see, its"
    there, alone = mapped.hidden
    assert (there.text, alone.text) == ("seecard 41, it11s", "card 4111")
    assert there.span(0, 17) == (0, 17)
    assert alone.span(5, 9) == (8, 16)
    assert normalise("\U0001f3f4" + tags("gbeng") + "\U000e007f!").hidden[1].text == "gbeng "
    assert normalise("see \u200bit").hidden == ()
    undone = undo_escapes(normalise("a\\udb40\\udc34 b"))
    assert undone is not None
    assert [(one.text, one.span(0, 1)) for one in undone.hidden] == [("a4 b", (0, 1)), ("4", (1, 13))]


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("a\ufe00\ufe01\ufe02\ufe03\ufe04 b", 6),
        ("a\ufe00\u200b\u200b\U000e0100\u180b\ufe03\u200d\ufe04 b", 9),
        ("a" + "\U000e0002" * 5, 6),
        ("a\ufe00\ufe01\ufe02\ufe03 b\ufe04", 0),
        ("\u2764\ufe0f" * 20, 0),
        ("\U0001f469\u200d\u2764\ufe0f\u200d\U0001f48b\u200d\U0001f468" * 5, 0),
        ("a" + "\u200b" * 50, 0),
        ("a" + "\u200b" * 50 + "b", 51),
        ("a" + "\u200b" * 40 + "b", 0),
        ("a" + "\u200b" * 500, 501),
        ("So" + "\u200b \u034f " * 200, 0),
        (("\u200b" * 30).join("41111111111111"), 403),
        (("\u200b" * 30).join("4111111111111"), 0),
        (("\u200b" * 9).join("41111111111111"), 0),
    ],
)
def test_what_nobody_can_read_is_told_by_where_it_ends(text: str, end: int) -> None:
    assert normalise(text).unread == end
    undone = undo_escapes(normalise("".join(f"\\u{ord(one):04x}" for one in text if ord(one) < 0x10000) + "&#x41;"))
    assert undone is not None
    if end and all(ord(one) < 0x10000 for one in text):
        assert undone.unread == end * 6


def test_a_span_of_the_plain_text_leads_back_to_the_original() -> None:
    text = "x bo\u200bb\uff20é\ufb01.de y"
    mapped = normalise(text)
    start = mapped.text.index("bob@")
    first, last = mapped.span(start, mapped.text.index(" y"))
    assert text[first:last] == "bo\u200bb\uff20é\ufb01.de"


def test_combining_marks_belong_to_their_letter() -> None:
    mapped = normalise("ae\u0301\u0327b")
    assert mapped.text == "aȩ́b"
    assert mapped.span(1, len(mapped.text) - 1) == (1, 4)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_the_map_is_in_order_and_within_the_text(text: str) -> None:
    for mapped in (normalise(text), undo_escapes(normalise(text)) or normalise(text)):
        if mapped.starts is None or mapped.ends is None:
            assert len(mapped.text) == len(text)
            continue
        assert len(mapped.text) == len(mapped.starts) == len(mapped.ends)
        assert mapped.starts == sorted(mapped.starts)
        assert all(0 <= start < end <= len(text) for start, end in zip(mapped.starts, mapped.ends, strict=True))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_a_shadow_has_one_byte_for_each_character(text: str) -> None:
    assert len(shadow(text)) == len(text)


def test_the_shadow_tells_letters_from_marks_and_marks_what_is_odd() -> None:
    assert shadow("aÉé€\u200b１") == b"a\xc0\xe0\xb7\xad\xad"


def test_a_control_character_is_one_in_the_shadow_and_stays_in_the_text() -> None:
    assert shadow("a\x00\x01\x96") == b"a\x00\x01\x7f"
    assert normalise("5\x0036\x96\u200b").text == "5\x0036\x96"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a\\u0040b", "a@b"),
        ('\\n\\t\\/\\"\\\\', '\n\t/"\\'),
        ("\\ud83d\\ude00", "\U0001f600"),
        ("\\uD800x", "\ufffdx"),
        ("\\uff11", "1"),
        ("a\\u200bb", "ab"),
        ("\\\\u0040", "\\u0040"),
        (r"a\_b\@c\.d \!\#\~\`", "a_b@c.d !#~`"),
        ("a\\\nb", "a\nb"),
        ("a%40b", "a@b"),
        ("%C3%BC%e2%82%ac", "ü€"),
        ("Andr%E9", "André"),
        ("%2540", "%40"),
        ("a&#64;b&#x40;c", "a@b@c"),
        ("&lt;O&apos;Brien &amp; &quot;Co&quot;&gt;", '<O\'Brien & "Co">'),
        ("&amp;#64;", "&#64;"),
        ("a&Tab;b&NewLine;c&nbsp1&shy2&#10;", "a b c 12\n"),
        ("jane&commat;a.test, J&ouml;rg, b&#64c", "jane@a.test, Jörg, b@c"),
    ],
)
def test_one_level_of_escapes_is_read(text: str, read: str) -> None:
    mapped = undo_escapes(normalise(text))
    assert mapped is not None
    assert mapped.text == read


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "\\",
        "\\x",
        "\\u12",
        "C:\\dir\\",
        "100% of it",
        "5%2",
        "AT&T",
        "&#;",
        "&#x110000;",
        "&made;",
        "?a=1&b=2",
    ],
)
def test_what_is_no_escape_is_left_alone(text: str) -> None:
    assert undo_escapes(normalise(text)) is None


def test_an_escape_maps_back_to_all_of_its_characters() -> None:
    mapped = undo_escapes(normalise("x\\u0040y%C3%BC%40&#64;"))
    assert mapped is not None
    assert mapped.text == "x@yü@@"
    assert [mapped.span(at, at + 1) for at in (1, 3, 4, 5)] == [(1, 7), (8, 14), (14, 17), (17, 22)]


ODDITIES = st.text(alphabet="a1é—… ﬁ\u0301\u200b\u0336\u20e3３€\ufe31\x01\x96", max_size=60)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=80), texts(), soups(), ODDITIES))
def test_a_text_is_normalised_as_character_by_character(text: str) -> None:
    mapped = normalise(text)
    assert Mapped(mapped.text, mapped.starts, mapped.ends) == oracle.normalised(text)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=80), texts(), ODDITIES, st.text(alphabet="a€", max_size=40)))
def test_shadow_and_outline_are_those_of_each_character(text: str) -> None:
    assert shadow(text) == b"".join(map(shadow, text))
    plain = b"".join(map(outline, text))
    for letter in b"nrtfb":
        plain = plain.replace(b"\\" + bytes([letter]), b"\\ ")
    assert outline(text) == plain


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=80), texts(), ODDITIES))
def test_an_outline_without_anything_odd_is_the_shadow_of_the_normalised_text(text: str) -> None:
    text = text.replace("\\", "/")
    if ODD.encode("latin-1") not in outline(text):
        assert outline(text) == shadow(normalise(text).text)
        assert normalise(text).starts is None


def test_what_becomes_one_character_stands_in_the_outline_as_that() -> None:
    assert outline("１—\u00a0É\u200b…e\u0301") == b"1- \xc0\xad\xade\xad"


@pytest.mark.parametrize("cut", range(18))
def test_an_escape_for_a_blank_is_blank_in_an_outline_whatever_the_pieces(cut: int) -> None:
    text = "a\\nJohn\\tx\\\\rb\\u0041"
    assert outline(text) == b"a\\ John\\ x\\\\ b\\u0041"
    assert appended(outline(text[:cut]), text[cut:]) == outline(text)
