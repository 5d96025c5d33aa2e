"""Masks go where their slots are, character sets give the same bytes again, and parts are bounded."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.bodies import MAX_PARTS
from gateway.agents.formats.document import (
    CHARSETS,
    Collector,
    Reading,
    Slot,
    decode,
    encode,
    malformed,
    rewrite,
    same_charset,
)
from gateway.core.errors import FormatError
from gateway.core.message import Part


def plain(old: str, new: str) -> str:
    return new.upper() if old else new


SLOTS = {"a": Slot(0, 2, plain), "b": Slot(3, 3, plain)}


def test_masks_are_written_by_their_slots_in_the_order_of_the_text() -> None:
    assert rewrite("xx-yy", Reading((), SLOTS), {"b": "new", "a": "mask"}) == "MASK-newyy"
    assert rewrite("xx-yy", Reading((), SLOTS), {}) == "xx-yy"


def test_a_mask_without_a_slot_is_never_lost() -> None:
    with pytest.raises(FormatError):
        rewrite("xx-yy", Reading((), SLOTS), {"c": "x"})


def test_white_space_is_no_part_and_names_have_no_slot() -> None:
    found = Collector()
    found.text("a", " \n", SLOTS["a"])
    found.text("b", "x", SLOTS["b"], label="l", known="k")
    found.name("c", "y")
    found.name("d", "")
    assert found.reading() == Reading((Part("b", "x", "text", "l", "k"), Part("c", "y", "name")), {"b": SLOTS["b"]})


def test_beyond_the_bound_lies_one_unreadable_part() -> None:
    found = Collector()
    for index in range(MAX_PARTS + 5):
        found.name(str(index), "x")
    assert found.full
    assert [part.kind for part in found.parts[-2:]] == ["name", "unreadable"]
    assert len(found.parts) == MAX_PARTS + 1


@settings(max_examples=200)
@given(st.binary(max_size=40), st.sampled_from(CHARSETS))
def test_what_a_charset_decodes_it_encodes_to_the_same_bytes(body: bytes, charset: str) -> None:
    text = decode(body, charset)
    assert text is None or encode(text, charset) == body


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "idna", "rot13", "unicode_escape", "x"])
def test_other_charsets_are_not_read(charset: str) -> None:
    assert decode(b"abc", charset) is None
    with pytest.raises(FormatError):
        encode("abc", charset)


def test_names_of_one_charset_are_the_same() -> None:
    assert same_charset("latin1", "iso-8859-1")
    assert not same_charset("utf-8", "iso-8859-1")


def test_a_malformed_body_is_refused_by_the_name_of_its_format() -> None:
    refusal = malformed("hl7", "what would be right")
    assert (refusal.status, refusal.field, refusal.hint) == (400, "hl7", "what would be right")
