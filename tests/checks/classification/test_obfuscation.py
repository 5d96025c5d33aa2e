"""What is made to be overlooked is found all the same, at its place in the text as it was written."""

import base64
import quopri
import re
import struct
from collections.abc import Callable
from urllib.parse import quote

import pytest

from gateway.checks.classification.classes import maskable
from gateway.checks.redaction import holds_none, redact
from gateway.core.message import Part
from tests.checks.classification.conftest import ENGINE, told

STRUCTURED = {
    "email": ("", "bob.smith@example.com"),
    "us-ssn": ("", "536-22-8731"),
    "us-itin": ("", "912-70-1234"),
    "card": ("", "4111-1111-1111-1111"),
    "iban": ("", "DE89370400440532013000"),
    "ip": ("", "203.0.113.9"),
    "phone": ("", "+1-415-555-2671"),
    "mac": ("", "00:1b:44:11:3a:b7"),
    "mbi": ("", "1EG4-TE5-MK73"),
    "vin": ("", "1M8GDM9AXKP042788"),
    "uk-nino": ("", "AB123456C"),
    "de-idnr": ("", "36574261809"),
    "fr-nir": ("", "295109912611193"),
    "es-dni": ("", "54362315K"),
    "it-codice-fiscale": ("", "RCCMNL83S18D969H"),
    "pl-pesel": ("", "44051401359"),
    "se-personnummer": ("", "880320-0016"),
    "br-cpf": ("", "390.533.447-05"),
    "mrn": ("MRN: ", "84736251"),
    "health-plan-id": ("member id: ", "XYZ123456789"),
    "npi": ("NPI ", "1234567893"),
    "dea": ("DEA ", "AB1234563"),
    "nl-bsn": ("BSN ", "111222333"),
    "ca-sin": ("SIN ", "046454286"),
    "au-tfn": ("TFN ", "123456782"),
    "uk-nhs": ("NHS ", "9434765870"),
    "date-of-birth": ("DOB: ", "1958-03-12"),
    "account": ("account number ", "4452209871"),
}
"""Type → the word that it needs, if any, and one in its usual form."""


def _each(between: str) -> Callable[[str], str]:
    return between.join


def _groups(between: str) -> Callable[[str], str]:
    return lambda value: value.replace("-", between)


def _all(form: str) -> Callable[[str], str]:
    return lambda value: "".join(form.format(ord(one), one) for one in value)


def _digits(zero: int) -> Callable[[str], str]:
    return lambda value: "".join(chr(zero + int(one)) if one.isdigit() else one for one in value)


def _wide(value: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in value)


def _struck(value: str) -> str:
    return "".join(f"{one}\u0336" for one in value)


def _capped(value: str) -> str:
    return "".join(f"{one}\ufe0f\u20e3" if one.isdigit() else one for one in value)


def _unseen(value: str) -> str:
    return "".join(chr(0xE0000 + ord(one)) for one in value)


def _quoted(value: str) -> str:
    return quopri.encodestring(value.encode(), quotetabs=True).decode().replace("@", "=40").replace("-", "=2D")


def _tagged(value: str) -> str:
    middle = len(value) // 2
    while not value[middle].isdigit() and value[middle - 1] not in "@.-":
        middle += 1
    return f"{value[:middle]}<b>{value[middle:]}</b>"


def _octets(form: str) -> Callable[[str], str]:
    return lambda value: "".join(form.format(one) for one in value.encode())


def _base64(value: str) -> str:
    return base64.b64encode(f"here it is: {value} for you".encode()).decode()


OBFUSCATIONS: dict[str, Callable[[str], str]] = {
    "spaces": _each(" "),
    "wide spaces": _each("\u2009"),
    "underscores": _each("_"),
    "zero width": _each("\u200b"),
    "soft hyphens": _each("\u00ad"),
    "ignorable, assigned to nothing": _each("\u2065\ufff3\U000e0fff"),
    "variation selectors": _each("\U000e0101"),
    "Mongolian selectors": _each("\u180b"),
    "tag characters between": _each("\U000e002c"),
    "tag characters": _unseen,
    "struck through": _struck,
    "in circles of Cyrillic": _each("\u0488"),
    "keycaps": _capped,
    "NUL": _each("\x00"),
    "control characters": _each("\x08\x9f"),
    "word joiners": _each("\u2060"),
    "full width": _wide,
    "Arabic digits": _digits(0x0660),
    "Devanagari digits": _digits(0x0966),
    "bold digits": _digits(0x1D7CE),
    "no-break hyphens": _groups("\u2011"),
    "percent": _all("%{0:02X}"),
    "percent twice": lambda value: quote("".join(f"%{ord(one):02x}" for one in value)),
    "references": _all("&#{0};"),
    "hexadecimal references": _all("&#x{0:x};"),
    "references with zeros": _all("&#{0:012};"),
    "hexadecimal references with zeros": _all("&#x{0:012x};"),
    "JSON escapes": _all("\\u{0:04x}"),
    "quoted-printable": _quoted,
    "quoted-printable throughout": _all("={0:02X}"),
    "soft line break": lambda value: f"{value[:5]}=\r\n{value[5:]}",
    "inline markup": _tagged,
    "Markdown": lambda value: re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", value),
    "hexadecimal": lambda value: f"here: {value}".encode().hex(),
}
UNDER: dict[str, Callable[[str], str]] = {
    "spaces": _each(" "), "zero width": _each("\u200b"), "soft hyphens": _each("\u00ad"),
    "full width": _wide, "Arabic digits": _digits(0x0660), "JSON escapes": _all("\\u{0:04x}"),
    "percent": _octets("%{0:02X}"), "quoted-printable throughout": _octets("={0:02X}"), "references": _all("&#{0};"),
}  # fmt: skip
OVER: dict[str, Callable[[str], str]] = UNDER | {
    "spaces of a code": _each(" "),
    "quoted-printable": _quoted,
    "base64": _base64,
}
"""Disguises of which two are taken at once, one over the other."""
PAIRS = [(under, over) for under in UNDER for over in OVER if under != over and OVER[over] is not UNDER[under]]
TWICE = ("email", "us-ssn", "card", "iban", "phone", "mrn", "uk-nino", "date-of-birth", "ip")
# What one window does not hold is not called read: in each of these a character is written with thirty.
TOO_WIDE = dict.fromkeys(
    [("JSON escapes", "references"), ("references", "JSON escapes")], ("email", "card", "iban", "phone")
)
BY_GROUPS = {
    "dots": _groups("."), "blanks": _groups(" "), "slashes of dashes": _groups("\u2014"),
}  # fmt: skip
"""For what is written in groups."""
IN_GROUPS = ("us-ssn", "us-itin", "card", "phone", "mbi")
REGROUPED = {
    kind: (word, "".join(filter(str.isdigit, value)))
    for kind, (word, value) in (STRUCTURED | {
        "us-ssn": ("SSN ", "536-22-8731"), "us-itin": ("ITIN ", "912-70-1234"), "phone": ("tel. ", "+1-415-555-2671"),
        "se-personnummer": ("", "198803200016"),
    }).items()
    if value.strip("+").replace("-", "").replace(".", "").isdigit() and kind not in ("ip", "date-of-birth")
}  # fmt: skip
"""What is made of digits alone: with its word where the check says too little."""
# The word is needed in the clear beside it; within the code it is read with the value, so it is encoded too.
CODES = {"hexadecimal", "base64"}


@pytest.mark.parametrize("kind", STRUCTURED)
@pytest.mark.parametrize("name", OBFUSCATIONS)
def test_each_kind_is_found_however_it_is_written(name: str, kind: str) -> None:
    word, value = STRUCTURED[kind]
    written = OBFUSCATIONS[name](word + value) if name in CODES else word + OBFUSCATIONS[name](value)
    _is_found(kind, f"please note {written} , and so on")


@pytest.mark.parametrize(("under", "over"), PAIRS)
def test_it_is_found_under_two_disguises_at_once(under: str, over: str) -> None:
    for kind in TWICE:
        word, value = STRUCTURED[kind]
        inner = UNDER[under](value)
        written = OVER[over](word + inner) if over == "base64" else word + OVER[over](inner)
        text = f"please note {written} , and so on"
        if kind in TOO_WIDE.get((under, over), ()):
            assert ENGINE.scan((Part("/a", text),)).scanned != "full"
        else:
            _is_found(kind, text)


@pytest.mark.parametrize("before", range(0, 520, 20))
def test_what_codes_over_codes_spread_over_more_than_a_window_is_found_or_not_called_read(before: int) -> None:
    """Wherever in a window it begins, with blanks before it to cut at and without."""
    for wide in (UNDER["references"], UNDER["JSON escapes"]):
        for value in ("4111111111111111", "bob.smith@example.com"):
            code = wide(wide(value))
            for text in (f"{'x/' * (before // 2)}{code} end", f"{'no, ' * (before // 4)}{code} end"):
                scan = ENGINE.scan((Part("/a", text),))
                assert scan.scanned != "full" or {"card", "email"} & {one.type for one in scan.parts[0]}, before


def test_what_is_written_widely_and_is_no_letter_or_digit_of_ascii_is_read() -> None:
    for text in ("&amp;#20013;" * 100, "&amp;mdash;" * 100, "\\\\" * 500, '\\\\\\"' * 200, "%253D" * 200):
        assert ENGINE.scan((Part("/a", f"see {text} end"),)).scanned == "full"


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("email", r"anna.maria\_smith-jones@example.org"), ("email", r"a.b\+c\@example\.org"),
        ("us-ssn", r"her SSN\: 536\-22\-8731"), ("ip", r"192\.168\.10\.20"), ("date-of-birth", r"DOB: 12\.03\.1961"),
        ("secret-github-token", r"ghp\_abcdefghijklmnopqrstuvwxyz0123456789"),
        ("secret-stripe-key", r"sk\_live\_abcdefghijklmnopqrstuvwx"), ("secret-password", r"password\: hunter2x"),
        ("mrn", r"\*\*MRN\*\*\: 84736251"),
    ],
)  # fmt: skip
def test_what_markdown_writes_with_backslashes_is_found_whole(kind: str, written: str) -> None:
    found = dict(told(f"see {written} here"))
    assert found[kind] == written[-len(found[kind]) :]
    assert "\\" in found[kind] or kind in {"mrn", "secret-password"}
    if kind == "email":
        assert found[kind] == written
    types = frozenset({kind})
    lane = ENGINE.stream(types).lane("/a")
    assert written[-6:] not in "".join([*(lane.feed(one) for one in f"see {written} here"), lane.finish()])


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("card", "4111 1111 1111 **1111**"), ("card", "**4111** **1111** **1111** **1111**"),
        ("card", "4111-1111-1111-`1111`"), ("card", "4111 1111 1111 ~~1111~~"), ("card", "4111 *1111* 1111 __1111__"),
        ("card", "4111 _1111_ 1111 1111"), ("card", "_4111_ _1111_ _1111_ _1111_"),
        ("date-of-birth", "DOB: 12/03/**1961**"), ("date-of-birth", "born on **12**.**03**.1961"),
        ("ip", "192.168.10.**20**"),
        ("us-ssn", "536-22-**8731**"), ("iban", "**DE89** 3704 0044 0532 0130 00"),
        ("email", "**anna.smith**@example.org"), ("email", "`anna.smith`@example.org"),
        ("email", "anna.smith@**example.org**"),
        ("card", "4111 <b>1111</b> 1111 1111"), ("card", "4111 1111 1111 <b>1111</b>"),
        ("card", "4111<b> 1111</b> 1111 1111"),
        ("card", "4111&nbsp;<mark class='a'>1111</mark> 1111 1111"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 9, 500])
def test_what_is_set_off_in_the_middle_of_an_identifier_is_found_and_masked(kind: str, written: str, size: int) -> None:
    text = f"see {written} here"
    assert kind in dict(told(text))
    lane = ENGINE.stream(frozenset({kind})).lane("/a")
    out = "".join([*(lane.feed(text[at : at + size]) for at in range(0, len(text), size)), lane.finish()])
    assert f"[{kind.upper()}]" in out
    assert not any(
        group in out for group in ("4111", "1111", "536", "8731", "DE89", "3704", "anna", "example", "1961", "192")
    )


def test_what_is_set_off_beside_no_identifier_is_left_alone() -> None:
    for text in (
        "2**10 = 1024, 2**20 = 1048576, 12**34",
        "Steps **1** **2** **3**: buy `12` of `34` and **5678**",
        "| **12** | **34** | **5678** | **9012** |",
        "_12_ _34_ file_12 _34_ x and a_b 12_34_56, _ 12 _",
        "4 *5* 6 *7* 8, 12*13*14, 1024*1024*1024",
        "**@alice** and **@bob** for `pkg`@`1.2.3`",
        "the `__init__`.py of **3** <b>12</b> 345 modules",
    ):
        scan = ENGINE.scan((Part("/a", f"see {text} here"),))
        assert (scan.parts, scan.scanned) == (((),), "full"), text


DRAWN = {
    "zero width": "\u200b", "many kinds": "\u200b\u2060\ufeff\u00ad", "of Mongolian": "\u180f", "marks": "\u0301",
    "between the lines": "\ufff9",
}  # fmt: skip


@pytest.mark.parametrize("kind", ["card", "us-ssn", "email"])
@pytest.mark.parametrize("between", DRAWN)
@pytest.mark.parametrize("wide", [12, 24, 32, 47, 60, 100, 600])
def test_what_is_drawn_apart_further_than_a_window_is_found_or_unscanned_and_does_not_leave(
    kind: str, between: str, wide: int
) -> None:
    if between == "marks" and kind == "email":
        return  # on letters they are letters of their own
    word, value = STRUCTURED[kind]
    apart = (DRAWN[between] * wide)[:wide].join(value)
    for before in ("", "It is as it was before. " * 30):
        text = f"{before}{word}{apart} and so it went on"
        scan = ENGINE.scan((Part("/a", text),))
        assert "unscanned" in scan.classes or kind in {finding.type for finding in scan.parts[0]}
        streamed = ENGINE.stream(frozenset({kind}))
        lane = streamed.lane("/a")
        out = "".join([*(lane.feed(text[at : at + 90]) for at in range(0, len(text), 90)), lane.finish()])
        assert sum(one in out[len(before) :] for one in (value, apart)) == 0
        assert (streamed.scan().scanned == "full") == (scan.scanned == "full")


def test_figures_drawn_apart_by_tags_or_long_references_are_found_or_unscanned() -> None:
    for between in ("<b></b>" * 5, "<i class='abcdefghijklmnopqrst'></i>", f"<!-- {'x ' * 14}-->"):
        assert "unscanned" in ENGINE.scan((Part("/a", f"see {between.join('4111111111111111')} here"),)).classes
    zeros = "".join(f"&#{'0' * 40}{ord(one)};" for one in "4111111111111111")
    assert "unscanned" in ENGINE.scan((Part("/a", f"see {zeros} here"),)).classes
    glyphs = "".join(
        f'<tspan x="{at}">{one}</tspan>' for at, one in enumerate("The quick brown fox ran 12 miles in 45 minutes")
    )
    for text in (glyphs, "Deals!" + "\u034f \u200c \u00ad " * 300, f"Sale{'&zwnj;&nbsp;' * 200}now"):
        assert ENGINE.scan((Part("/a", text),)).scanned == "full"


def test_backslashes_that_part_nothing_are_left_alone() -> None:
    for text in (
        r"C:\_old\-new\.git",
        r"\[x\] \(y\) \{z\}",
        r"^\w+\.\d\-\d$",
        r"a\_b\_c",
        "\\" * 9 + "_",
        r"100\% of \$5",
    ):
        scan = ENGINE.scan((Part("/a", f"see {text} here"),))
        assert (scan.parts, scan.scanned) == (((),), "full"), text


@pytest.mark.parametrize("mark", ["\u0483", "\u05bf", "\u064b", "\u0301"])
@pytest.mark.parametrize("kind", ["us-ssn", "card", "phone", "ip", "date-of-birth"])
def test_marks_of_any_letters_hide_no_digits(mark: str, kind: str) -> None:
    word, value = STRUCTURED[kind]
    _is_found(kind, f"please note {word}{mark.join(value)} , and so on")


def test_what_is_said_in_tag_characters_is_found_wherever_it_stands_and_masked_where_it_does() -> None:
    said = _unseen("card 4111111111111111")
    assert told(f"Please note this.{said}") == [("card", said[5:])]
    apart = "".join(f"{seen}{unseen}" for seen, unseen in zip("nothing to see here", said[5:], strict=False))
    assert ("card", apart[1 : 2 * 16]) in told(f"It is {apart}")
    for text in (f"See {said}.", f"MRN: {_unseen('84736251')}", f"see {_unseen('536')}-{_unseen('22-8731')}"):
        assert told(text), text
        escaped = "".join(f"\\u{byte:04x}" for one in said for byte in struct.unpack(">2H", one.encode("utf-16-be")))
    assert [kind for kind, _ in told(f"it says {escaped}")] == ["card"]
    coded = _unseen("see " + "".join(f"%{ord(one):02x}" for one in "bob.smith@example.com"))
    assert [kind for kind, _ in told(f"well{coded}")] == ["email"]


@pytest.mark.parametrize("size", [1, 7, 500])
def test_bytes_in_variation_selectors_are_unscanned_and_do_not_leave_in_a_stream(size: int) -> None:
    bytes_ = "".join(chr(0xFE00 + byte if byte < 16 else 0xE0100 + byte - 16) for byte in b"SSN 536-22-8731")
    text = f"{'It is as it was before. ' * 30}Look \u2764{bytes_} here. {'And so it went on. ' * 30}"
    assert "unscanned" in ENGINE.scan((Part("/a", text),)).classes
    scan = ENGINE.stream(frozenset({"us-ssn"}))
    lane = scan.lane("/a")
    out = "".join([*(lane.feed(text[at : at + size]) for at in range(0, len(text), size)), lane.finish()])
    assert scan.scan().scanned != "full"
    assert "[UNSCANNED]" in out
    assert not set(out) & set(bytes_)
    assert out.startswith("It is as it was before. ")
    assert out.endswith("And so it went on. ")


def test_emoji_and_flags_are_read() -> None:
    flag = "\U0001f3f4" + _unseen("gbsct") + "\U000e007f"
    for text in (flag * 20, "\u2764\ufe0f" * 30, "\U0001f469\u200d\u2764\ufe0f\u200d\U0001f48b\u200d\U0001f468 " * 10):
        scan = ENGINE.scan((Part("/a", f"So {text} it is"),))
        assert (scan.scanned, scan.parts, scan.classes) == ("full", ((),), frozenset())


@pytest.mark.parametrize("over", ["zero width", "soft hyphens"])
def test_what_is_invisible_hides_no_code(over: str) -> None:
    for kind in TWICE:
        word, value = STRUCTURED[kind]
        _is_found(kind, f"please note {UNDER[over](_base64(word + value))} , and so on")


def test_names_in_quoted_printable_are_read_wherever_its_lines_break() -> None:
    """Octets of one character may stand on two lines (RFC 2045 §6.7)."""
    name = "Jürgen Müller"
    whole = quopri.encodestring(name.encode()).decode()
    for at in (whole.index("=C3=BC") + 3, whole.rindex("=C3=BC") + 3, whole.rindex("=C3=BC") + 6):
        for end in ("\n", "\r\n"):
            written = f"{whole[:at]}={end}{whole[at:]}"
            assert ("person", written) in told(f"seen by Dr. {written} today")
            _is_found("person", f"seen by Dr. {written} today")


@pytest.mark.parametrize("kind", STRUCTURED)
def test_each_kind_is_found_in_base64_and_all_of_that_is_its_place(kind: str) -> None:
    word, value = STRUCTURED[kind]
    for code in (_base64(word + value), _base64(word + value).rstrip("=").replace("+", "-").replace("/", "_")):
        text = f"payload={code} end"
        assert (kind, code) in told(text)
        _is_found(kind, text)


def test_every_kind_in_one_code_is_told() -> None:
    """They all have the same place, and each may make a class of its own."""
    code = base64.b64encode(b"card 4111 1111 1111 1111, SSN 536-22-8731, diabetes, Catholic").decode()
    scan = ENGINE.scan((Part("/a", code),))
    assert {one.type for one in scan.parts[0]} == {"card", "us-ssn", "health-term", "special-religion"}
    assert scan.classes == {"pci", "pii", "phi", "special-category"}


@pytest.mark.parametrize("kind", IN_GROUPS)
@pytest.mark.parametrize("name", BY_GROUPS)
def test_each_kind_is_found_whatever_parts_its_groups(name: str, kind: str) -> None:
    _is_found(kind, f"please note {BY_GROUPS[name](STRUCTURED[kind][1])} , and so on")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("card", "4111 =\r\n1111 1111 1111"), ("phone", "call (415)=\n 555-2671"),
        ("iban", "DE89 3704=\r\n 0044 0532 0130 00"),
        ("us-ssn", "SSN 536=\n 22 =\n8731"),
    ],
)  # fmt: skip
def test_a_soft_line_break_may_stand_at_a_blank(text: str, kind: str) -> None:
    _is_found(kind, f"please note {text} , and so on")


@pytest.mark.parametrize("kind", REGROUPED)
@pytest.mark.parametrize("between", [" ", ".", "-", "\u00a0", "\u2011"])
def test_each_number_is_found_in_threes(between: str, kind: str) -> None:
    word, value = REGROUPED[kind]
    threes = between.join(value[place : place + 3] for place in range(0, len(value), 3))
    _is_found(kind, f"please note {word}{threes} , and so on")


@pytest.mark.parametrize(
    "text",
    [
        "bob [at] example [dot] com", "bob(at)example(dot)com", "bob at example dot com", "bob @ example . com",
        "bob @ example.com", "bоb@exаmple.com", "bob@example。com", "bob＠example．com", "bob{at}example.com",
    ],
)  # fmt: skip
def test_addresses_are_found_in_the_ways_that_people_write_them(text: str) -> None:
    assert ("email", text) in told(f"write to {text} please")
    _is_found("email", f"write to {text} please")


@pytest.mark.parametrize(
    "text",
    [
        "meet me at noon dot", "look at this (at home)", "a b c d e f", "1.2.3.4.5.6", "x = 10, y=20", "width=40px",
        "responsibilities", "getUserAccountByIdentifier", "<b>bold</b> text", "<td>12</td><td>13</td>",
        "thanks @bob.smith", "a_b_c_d", "5 - 6 - 7 - 8", "deadbeef" * 4, "count=30&page=20",
        "x =\n20", "4111\x1c1111\x1c1111\x1c1111", "4111\x0b1111\x0c1111 \x001111",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert [kind for kind, _ in told(text)] == []


def _is_found(kind: str, text: str) -> None:
    """Found in the whole text and in a stream, and nothing of it is left once it is masked."""
    parts = (Part("/a", text),)
    scan = ENGINE.scan(parts)
    assert kind in {finding.type for finding in scan.parts[0]}
    types = maskable("phi") | maskable("pci") | maskable("pii")
    masked = redact(parts, scan, types)
    assert isinstance(masked, dict)
    assert holds_none(ENGINE.scan((Part("/a", masked["/a"]),)), types)
    lane = ENGINE.stream(types).lane("/a")
    streamed = "".join([*(lane.feed(one) for one in text), lane.finish()])
    assert streamed == masked["/a"]
