"""What a provider would contact and what it holds is named; of an attachment all is read that can be."""

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.bodies import MAX_PARTS, PLAIN
from gateway.agents.openai_beyond import Beyond, attachment, tool_kind
from gateway.core.message import Part

from .support import SSN


def read(item: Any) -> tuple[list[Part], Beyond]:
    parts: list[Part] = []
    beyond = Beyond()
    attachment(item, "/a", parts, beyond, PLAIN)
    return parts, beyond


def data(text: str, media: str = "text/plain") -> str:
    return f"data:{media};base64,{base64.b64encode(text.encode()).decode()}"


def unreadable(parts: list[Part]) -> bool:
    return Part("/a", "", "unreadable") in parts


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("web_search", "web_search"),
        ("web_search_preview", "web_search"),
        ("web_search_2025_08_26", "web_search"),
        ("web_search_preview_2025_03_11", "web_search"),
        ("computer_use_preview", "computer_use"),
        ("mcp", "mcp"),
        ("", None),
        ("Web Search", None),
        ("x" * 100, None),
        (None, None),
        (["mcp"], None),
    ],
)
def test_a_tool_is_named_without_its_version(kind: Any, word: str | None) -> None:
    assert tool_kind({"type": kind}) == word


def test_what_is_no_object_is_no_tool() -> None:
    assert tool_kind("mcp") is None


@pytest.mark.parametrize("media", ["text/plain", "text/csv", "text/markdown", "application/json", "TEXT/PLAIN"])
def test_text_in_a_data_url_is_read(media: str) -> None:
    parts, beyond = read({"type": "input_file", "file_data": data(f"SSN {SSN}", media), "filename": "a.txt"})
    assert Part("/a/file_data", f"SSN {SSN}", "name") in parts
    assert not unreadable(parts)
    assert beyond.onward == ()


@pytest.mark.parametrize(
    "value",
    [
        "data:text/plain;base64,%%%",
        data("x", "text/html"),
        data("x", "application/pdf"),
        data("x", "image/png"),
        "data:text/plain;charset=utf-16;base64,AAAA",
        "data:text/plain,plain",
        "data:text/plain;base64," + base64.b64encode(b"\xff").decode(),
    ],
)
def test_other_bytes_are_unreadable_and_nobody_is_contacted(value: str) -> None:
    parts, beyond = read({"type": "input_image", "image_url": value})
    assert unreadable(parts)
    assert beyond.onward == ()


@pytest.mark.parametrize(
    "item",
    [
        {"type": "input_image", "image_url": "https://x.test/ann.png"},
        {"type": "image_url", "image_url": {"url": "http://x.test/ann.png"}},
        {"type": "input_file", "file_url": "HTTPS://x.test/a.pdf"},
        {"type": "image", "url": "//x.test/a"},
    ],
)
def test_an_address_that_the_provider_would_fetch_is_contacted_and_read_as_text(item: dict[str, Any]) -> None:
    parts, beyond = read(item)
    assert beyond.onward == ("onward:url",)
    assert unreadable(parts)
    assert any("x.test" in part.text for part in parts)


@pytest.mark.parametrize(
    ("item", "reference"),
    [
        ({"type": "input_file", "file_id": "file-1"}, "file:file-1"),
        ({"type": "file", "file": {"file_id": "file-1"}}, "file:file-1"),
        ({"type": "x", "container_id": "c1"}, "container:c1"),
        ({"type": "x", "vector_store_ids": ["vs_1"]}, "vector-store:vs_1"),
    ],
)
def test_what_the_provider_holds_is_a_reference_and_unreadable(item: dict[str, Any], reference: str) -> None:
    parts, beyond = read(item)
    assert beyond.references == (reference,)
    assert unreadable(parts)


def test_readable_and_unreadable_sources_together_are_unreadable() -> None:
    assert unreadable(read({"file_data": data("x"), "file_id": "file-1"})[0])


def test_a_name_that_is_none_is_no_reference_and_each_is_told_once() -> None:
    beyond = Beyond()
    for name in (None, 5, "", "r", "r"):
        beyond.continues("openai-response", name)
        beyond.holds("other", name)
    beyond.contacts("store")
    beyond.contacts("store")
    assert (beyond.references, beyond.sessions) == (("openai-response:r",), ("openai-response:r",))
    assert beyond.onward == ("onward:store",)


def test_bytes_without_a_media_type_are_unreadable_and_leave_no_part_of_their_own() -> None:
    parts, beyond = read({"type": "input_file", "file_data": "A" * 4000})
    assert unreadable(parts)
    assert not any("AAAA" in part.text for part in parts)
    assert beyond.onward == ()


def test_of_more_attachments_than_there_may_be_parts_none_is_nothing_and_all_are_contacted() -> None:
    parts, beyond = [Part("/0", "x", "text")] * (MAX_PARTS - 1), Beyond()
    for number in range(9):
        attachment({"image_url": {"url": f"https://a.test/{number}"}}, f"/{number}", parts, beyond, PLAIN)
    assert parts[MAX_PARTS - 1].kind == "unreadable"
    assert parts[-1].kind == "unreadable"
    assert len(parts) < MAX_PARTS + 9
    assert beyond.onward == ("onward:url",)


def test_a_long_address_is_read_to_its_end() -> None:
    parts, _ = read({"type": "input_image", "image_url": f"https://x.test/{'a' * 2000}/{SSN}"})
    assert any(SSN in part.text for part in parts)


keys = st.sampled_from(["type", "image_url", "url", "file_data", "file_id", "filename", "file", "data", "x"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(data("a")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=100)
@given(values, st.data())
def test_whatever_an_attachment_is_a_planted_identifier_is_in_a_part(value: Any, draw: st.DataObject) -> None:
    item = {draw.draw(keys): value, draw.draw(keys): SSN}
    parts, _ = read(item)
    assert any(SSN in part.text for part in parts)
