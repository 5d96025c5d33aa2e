"""What was JSON before it was masked is JSON afterwards, however deep in strings; what is none is left alone."""

import json
import random
from itertools import accumulate, pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.checks.classification.classes import maskable
from gateway.checks.classification.json_writer import DEPTH, HELD, JsonWriter, writer_of
from gateway.checks.redaction import CannotRedact, holds_none, mask_text, redact
from gateway.core.finding import Finding
from gateway.core.message import Part
from tests.checks.classification.conftest import ENGINE

TYPES = maskable("phi") | maskable("pii") | maskable("pci") | maskable("secret")
CARD = 4111111111111111
IDENTIFIERS = (CARD, str(CARD), "anna.smith@example.org", "IBAN DE89370400440532013000", 'a "b" anna@example.org \\')
PLAIN = (None, True, 3.5, -1, "ok", "", "line\nbreak", 'say "so" \\ C:\\x', "[1] as said", "{", "größer")
KEYS = ("card", "note", "x", "email")


def keys() -> st.SearchStrategy[str]:
    return st.sampled_from(KEYS)


def documents(depth: int) -> st.SearchStrategy[object]:
    """Documents with identifiers, in which strings hold documents `depth` deep."""
    leaves: st.SearchStrategy[object] = st.sampled_from((*IDENTIFIERS, *PLAIN))
    if depth:
        leaves |= written(depth - 1)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys(), inner, max_size=3),
        max_leaves=4,
    )


@st.composite
def written(draw: st.DrawFn, depth: int) -> str:
    """A document as text, indented or not, by up to eight levels of up to eight blanks."""
    document: object = draw(documents(depth))
    for _ in range(draw(st.integers(1, 8))):
        document = [document] if draw(st.booleans()) else {draw(keys()): document}
    indent = draw(st.sampled_from((None, 0, 1, 4, 8, "\t")))
    text = json.dumps(document, indent=indent, ensure_ascii=draw(st.booleans()))
    return draw(st.sampled_from(("", " ", "\n"))) + text


def masked(text: str) -> str:
    return mask_text(text, ENGINE.scan_text(text), TYPES)


def streamed(text: str, sizes: list[int]) -> str:
    lane = ENGINE.stream(TYPES).lane("/a")
    places = [0, *(place for place in accumulate(sizes) if place < len(text)), len(text)]
    return "".join([*(lane.feed(text[start:end]) for start, end in pairwise(places)), lane.finish()])


def unfolded(value: object) -> object:
    """A document in which every string that holds a document is that document."""
    if isinstance(value, list):
        return [unfolded(one) for one in value]
    if isinstance(value, dict):
        return {key: unfolded(one) for key, one in value.items()}
    if isinstance(value, str) and value.lstrip(" \t\r\n")[:1] in ("{", "["):
        try:
            return "json", unfolded(json.loads(value))
        except ValueError:
            return value
    return value


def expected(value: object) -> object:
    """What becomes of a document: numbers and strings that are identifiers are placeholders in their place."""
    match value:
        case list():
            return [expected(one) for one in value]
        case dict():
            return {key: expected(one) for key, one in value.items()}
        case ("json", inner):
            return "json", expected(inner)
        case str() if "@" in value:
            return value.replace("anna.smith@example.org", "[EMAIL]").replace("anna@example.org", "[EMAIL]")
        case str() if value.startswith("IBAN "):
            return "IBAN [IBAN]"
        case _ if str(value) == str(CARD):
            return "[CARD]"
    return value


@settings(max_examples=150, deadline=None)
@given(text=st.integers(0, 3).flatmap(written))
def test_what_was_json_is_json_with_placeholders_in_the_place_of_identifiers(text: str) -> None:
    parts = [Part("/a", text)]
    scan = ENGINE.scan(parts)
    assume(scan.scanned == "full")  # escapes in a document four documents deep are more than is undone
    sent = redact(parts, scan, TYPES)
    assert not isinstance(sent, CannotRedact)
    after = sent.get("/a", text)
    assert holds_none(ENGINE.scan([Part("/a", after)]), TYPES)
    assert unfolded(json.loads(after)) == expected(unfolded(json.loads(text)))


@settings(max_examples=100, deadline=None)
@given(text=st.integers(0, 3).flatmap(written), sizes=st.lists(st.sampled_from((1, 2, 3, 17, 200)), max_size=400))
def test_a_stream_of_it_is_written_as_the_whole_is(text: str, sizes: list[int]) -> None:
    assume(ENGINE.scan([Part("/a", text)]).scanned == "full")
    assert streamed(text, sizes) == masked(text)


@settings(max_examples=150, deadline=None)
@given(whole=written(2), seed=st.integers(0, 10_000))
def test_wherever_masks_lie_json_stays_json_whole_or_in_pieces(whole: str, seed: int) -> None:
    source = random.Random(seed)
    begin = len(whole) - len(whole.lstrip(" \n")) + 1
    places = sorted(source.sample(range(begin, len(whole) + 1), min(len(whole) + 1 - begin, 2 * source.randint(0, 6))))
    spans = list(zip(places[::2], places[1::2], strict=False))
    findings = [Finding("email", start, end, 0.9, "form") for start, end in spans]
    at_once = mask_text(whole, findings, frozenset({"email"}))
    json.loads(at_once)
    writer, out = JsonWriter(), []
    for index, character in enumerate(whole):
        inside = next((span for span in spans if span[0] <= index < span[1]), None)
        if inside is None:
            out.append(writer.plain(character))
        else:
            out.append(writer.masked(character, "[EMAIL]" if inside[0] == index else "", ""))
    assert "".join([*out, writer.finish()]) == at_once


@settings(max_examples=150, deadline=None)
@given(whole=written(3) | st.text('[]{}":,\\ue0\n1true ', max_size=60).map("[".__add__))
def test_without_masks_it_is_written_as_it_is_and_little_is_held_back(whole: str) -> None:
    writer, given_out = JsonWriter(), ""
    for index, character in enumerate(whole):
        given_out += writer.plain(character)
        assert 0 <= index + 1 - len(given_out) <= HELD
    assert given_out + writer.finish() == whole
    assert (again := JsonWriter()).plain(whole) + again.finish() == whole


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("[536228731]", '["[US-SSN]"]'),
        ('{"a": "[536228731]"}', '{"a": "[\\"[US-SSN]\\"]"}'),
        ('{"a": -536228731}', '{"a": "[US-SSN]"}'),
        ('{"a": 536228731.5, "b": 1}', '{"a": "[US-SSN]", "b": 1}'),
        ('{"a":' + " " * 99 + "536228731" + "\n" * 99 + "}", '{"a":' + " " * 99 + '"[US-SSN]"' + "\n" * 99 + "}"),
        ('"[536228731]"', '"[\\"[US-SSN]\\"]"'),
        ('"{\\"a\\":\\n536228731}"', '"{\\"a\\":\\n\\"[US-SSN]\\"}"'),
        ('{"a": 1}\n{"b": 536228731}', '{"a": 1}\n{"b": "[US-SSN]"}'),
        ('{"a": "{\\u0022b\\u0022: 536228731}"}', '{"a": "{\\u0022b\\u0022: \\"[US-SSN]\\"}"}'),
        ('{"a": "see 1, 536228731, 2"}', '{"a": "see 1, [US-SSN], 2"}'),
    ],
)
def test_a_number_leaves_a_string_in_its_place(text: str, after: str) -> None:
    start = text.index("536228731")
    findings = [Finding("us-ssn", start, start + 9, 0.9, "form")]
    assert mask_text(text, findings, frozenset({"us-ssn"})) == after


@pytest.mark.parametrize(
    ("part", "after"),
    [
        ("{\\", '{"a": "[{\\"n\\": \\"w\\\\n\\"}]"}'),
        ("w\\", '{"a": "[{\\"n\\": \\"[EMAIL]\\"}]"}'),
        ("w\\\\", '{"a": "[{\\"n\\": \\"[EMAIL]\\"}]"}'),
        ("\\n", '{"a": "[{\\"n\\": \\"w[EMAIL]\\"}]"}'),
        ('n\\": \\"w', '{"a": "[{\\"[EMAIL]\\": \\"\\\\n\\"}]"}'),
        ('"a": "[', '{"[EMAIL]": "[{\\"n\\": \\"w\\\\n\\"}]"}'),
    ],
)
def test_what_holds_json_together_stays_and_escapes_go_whole(part: str, after: str) -> None:
    text = json.dumps({"a": json.dumps([{"n": "w\n"}])})
    start = text.index(part)
    findings = [Finding("email", start, start + len(part), 0.9, "form")]
    json.loads(json.loads(after).get("a", "1"))
    assert mask_text(text, findings, frozenset({"email"})) == after


@pytest.mark.parametrize("nesting", range(1, DEPTH + 3))
def test_at_any_depth_what_holds_it_stays_json(nesting: int) -> None:
    text = json.dumps({"card": CARD})
    for _ in range(nesting - 1):
        text = json.dumps({"x": text})
    value = json.loads(masked(text))
    for _ in range(min(nesting, DEPTH) - 1):
        value = json.loads(value["x"])
    assert value == {"card": "[CARD]"} if nesting <= DEPTH else "[CARD]" in value["x"]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("SSN: 536228731, so", "SSN: [US-SSN], so"),
        ("[Note, 536228731, x]", '[Note, "[US-SSN]", x]'),
        ("{'ssn': 536228731}", "{'ssn': \"[US-SSN]\"}"),
        ("[1] 536228731 is hers", "[1] [US-SSN] is hers"),
        ('{"a": "[1] 536228731, is hers"}', '{"a": "[1] [US-SSN], is hers"}'),
        ('"Hers," she said, 536228731, "is it"', '"Hers," she said, [US-SSN], "is it"'),
        ("\\[536228731]", "\\[[US-SSN]]"),
        ('{"a": "\\q", "b": 536228731}', '{"a": "\\q", "b": "[US-SSN]"}'),
    ],
)
def test_what_is_no_json_is_written_as_ever(text: str, after: str) -> None:
    start = text.index("536228731")
    findings = [Finding("us-ssn", start, start + 9, 0.9, "form")]
    assert mask_text(text, findings, frozenset({"us-ssn"})) == after


def test_a_text_that_begins_as_none_has_no_writer() -> None:
    assert writer_of("Her number") is None
    assert writer_of(" \n") is None
    assert writer_of(" \n{") is not None


def test_a_number_of_which_much_has_left_stays_a_number() -> None:
    writer = JsonWriter()
    begun = writer.plain('{"a": ' + "1" * 40)
    assert begun == '{"a": ' + "1" * 40
    assert begun + writer.masked("536228731", "[US-SSN]", "") + writer.plain("5}") == '{"a": ' + "1" * 40 + "0}"


def test_what_nobody_can_read_leaves_json_too() -> None:
    run = "".join(random.Random(1).choices("ABCDEFabcdefghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ0123456789+/", k=900))
    text = json.dumps({"x": json.dumps({"card": CARD, "a": run})})
    assert json.loads(json.loads(streamed(text, [7] * 200))["x"]) == {"a": "[UNSCANNED]", "card": "[CARD]"}
