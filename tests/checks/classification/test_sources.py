"""What is read off a pattern's source, and that it is never read wrong."""

import pytest
from hypothesis import given, settings

from gateway.checks.classification.normalise import outline, shadow
from gateway.checks.classification.patterns import Pattern, needed_by
from gateway.checks.classification.registry import DEFAULT
from gateway.checks.classification.sources import anchored, is_lazy, needed, pieces
from tests.checks.classification.oracle import matched
from tests.checks.classification.samples import texts


@pytest.mark.parametrize(
    ("source", "apart"),
    [
        ("a(b)", ("a", "(?:b)")),
        (r"(?:x|y) ([a-z]+(?:-[a-z])?)", ("(?:x|y) ", "(?:[a-z]+(?:-[a-z])?)")),
        (r"\ba[(](c)\b", (r"\ba[(]", r"(?:c)\b")),
        (r"[]a(](b)", ("[]a(]", "(?:b)")),
        (r"[^]\]](b)", (r"[^]\]]", "(?:b)")),
        (r"\((b|c)", (r"\(", "(?:b|c)")),
        ("ab", None),
        ("a(b)c", None),
        ("a(b)+", None),
        ("a|b(c)", None),
        ("(?:a(b))", None),
        ("(?i)a(b)", None),
        ("(?P<n>a)", None),
        (r"\Q(\Ea(b)", None),
    ],
)
def test_a_pattern_is_taken_apart_only_where_it_is_a_lead_a_group_and_an_end(
    source: str, apart: tuple[str, str] | None
) -> None:
    assert pieces(source) == apart


@pytest.mark.parametrize(
    ("source", "bytes_"),
    [
        ("@[a-z]", b"@"),
        (r"[0-9]{2}[.\-]x", b"-."),
        (r"\.?[A-C]+", b"ABC"),
        ("a@|b:", b":@"),
        ("a@|b", b""),
        ("@?a", b""),
        ("@*a", b""),
        ("@{0,3}a", b""),
        ("(?:@)a", b""),
        ("(?i)K", b""),
        (r"\d", b""),
    ],
)
def test_what_every_match_needs_is_told_where_it_is_rare(source: str, bytes_: bytes) -> None:
    assert needed_by(source) == bytes_


def test_members_are_asked_for_each_character_and_class() -> None:
    asked: list[str] = []

    def members(source: str) -> frozenset[int]:
        asked.append(source)
        return frozenset(source.encode())

    assert needed(r"@(?:a)[0-9]?\.", members) in (b"@", b".\\")
    assert asked == ["@", r"\."]


@pytest.mark.parametrize("lead", [r"[^0-9;^]{0,24}?\b", r"[ :]{0,3}?\b"])
def test_a_lead_of_as_few_of_a_class_as_there_can_be_is_lazy(lead: str) -> None:
    assert is_lazy(lead)


@pytest.mark.parametrize(
    "lead",
    ["", r"\b", r"[ :]{0,3}\b", r"[ :]{0,3}?", r"a[ :]{0,3}?\b", r"[ :]{1,3}?\b", r"[ :][=]{0,3}?\b", r"(?:a){0,3}?\b"],
)
def test_no_other_lead_is_lazy(lead: str) -> None:
    assert not is_lazy(lead)


@pytest.mark.parametrize("source", ["^a", "a$", r"\Aa", r"a\z", "(?:a|^b)", r"\Qa\E", "(?i:(?:a$))"])
def test_an_anchor_is_seen_wherever_it_stands(source: str) -> None:
    assert anchored(source)


@pytest.mark.parametrize("source", ["a", "[^a]", r"\^\$", "[$]", r"\bA(?:z)\b"])
def test_what_looks_like_an_anchor_is_none(source: str) -> None:
    assert not anchored(source)


@settings(max_examples=100, deadline=None)
@given(text=texts())
def test_every_match_of_a_gate_that_ships_holds_one_of_the_bytes_it_needs(text: str) -> None:
    shade = outline(text)
    for gate in {item.gate for item in DEFAULT.recognizers}:
        needs = needed_by(gate)
        match = matched(gate, shade, 0)
        while needs and match is not None:
            assert set(shade[match[0] : match[3]]) & set(needs)
            match = matched(gate, shade, match[3])


@pytest.mark.parametrize(
    ("source", "matches", "does_not"),
    [
        (r"\b[0-9]{4}\b", ["1234", "_1234_", "a_1234"], ["a1234", "12345"]),
        (r"\bsk_[a-z_]+\b", ["sk_live_x", "_sk_a"], ["sk-live", "ask_a"]),
        (r"a[^_]b", ["a-b"], ["a_b"]),
        (r"a[^0-9]b", ["a_b", "a-b"], ["a1b"]),
        (r"a[^\x00-\x1f]b", ["a_b"], ["a\x03b"]),
        (r"a[]_]b", ["a]b", "a_b"], ["a[b"]),
        (r"a[!-~]b", ["a_b", "a~b"], ["a b"]),
        (r"a\wb", ["a_b", "a1b"], ["a-b"]),
        (r"a\Wb", ["a-b"], ["a_b", "a1b"]),
        (r"a\_b|a\x5Fc", ["a_b", "a_c"], ["a-b"]),
        (r"a.b", ["a_b"], ["ab"]),
    ],
)
def test_in_a_shadow_what_is_written_of_an_underscore_is_meant_and_a_border_is_beside_it(
    source: str, matches: list[str], does_not: list[str]
) -> None:
    pattern = Pattern(source)
    assert all(pattern.first(shadow(text), 0) is not None for text in matches)
    assert all(pattern.first(shadow(text), 0) is None for text in does_not)
