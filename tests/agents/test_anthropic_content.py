"""Each place of a content block becomes a part of its kind, whether the block is known here or not."""

from typing import Any

import pytest

from gateway.agents import anthropic_content
from gateway.agents.anthropic_content import content, is_bare_signature, is_binary, is_cipher
from gateway.core.message import Part

LONG = "QUJD" * 400


def parts(value: Any) -> list[tuple[str, str, str]]:
    found: list[Part] = []
    content(value, found, "")
    return [(part.pointer, part.text, part.kind) for part in found]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("Hello", [("", "Hello", "text")]),
        ({"type": "text", "text": "Hello", "cache_control": {"type": "ephemeral"}}, [("/text", "Hello", "text")]),
        (
            {"type": "text", "text": "a", "citations": [{"type": "char_location", "cited_text": "b", "file_id": "f"}]},
            [("/text", "a", "text"), ("/citations/0/cited_text", "b", "text"), ("/citations/0/file_id", "f", "name")],
        ),
        (
            {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
            [("/thinking", "hm", "text"), ("/signature", "c2ln", "token")],
        ),
        ({"type": "thinking", "thinking": "", "signature": "c2ln"}, [("/signature", "", "unreadable")]),
        ({"type": "redacted_thinking", "data": "Q0lQ"}, [("/data", "", "unreadable")]),
        (
            {"type": "tool_use", "id": "t1", "name": "find", "input": {"mrn": 4481920, "type": "base64", "data": "x"}},
            [
                ("/id", "t1", "name"),
                ("/name", "find", "name"),
                ("/input/mrn", "mrn", "name"),
                ("/input/mrn", "mrn: 4481920", "name"),
                ("/input/type", "type", "name"),
                ("/input/type", "base64", "text"),
                ("/input/data", "data", "name"),
                ("/input/data", "x", "text"),
            ],
        ),
        (
            {"type": "tool_result", "tool_use_id": "t1", "is_error": True, "content": [{"type": "text", "text": "r"}]},
            [("/tool_use_id", "t1", "name"), ("/content/0/text", "r", "text")],
        ),
        ({"type": "tool_result", "content": "r"}, [("/content", "r", "text")]),
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
            [("/source", "", "unreadable"), ("/source/data", "", "unreadable")],
        ),
        (
            {"type": "image", "source": {"type": "url", "url": "https://x.test/ann.png"}},
            [("/source", "", "unreadable"), ("/source/url", "https://x.test/ann.png", "text")],
        ),
        (
            {"type": "document", "source": {"type": "file", "file_id": "f1"}, "title": "T", "context": "C"},
            [
                ("/source", "", "unreadable"),
                ("/source/file_id", "f1", "name"),
                ("/title", "T", "text"),
                ("/context", "C", "text"),
            ],
        ),
        (
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Ann was here"}},
            [("/source/data", "Ann was here", "text")],
        ),
        (
            {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "Ann"}]}},
            [("/source/content/0/text", "Ann", "text")],
        ),
        (
            {"type": "search_result", "source": "https://a.test", "title": "T", "content": [{"text": "x"}]},
            [("/source", "https://a.test", "text"), ("/title", "T", "text"), ("/content/0/text", "x", "text")],
        ),
        (
            {"type": "web_search_tool_result", "content": [{"type": "web_search_result", "encrypted_content": "Q0lQ"}]},
            [("/content/0/encrypted_content", "", "unreadable")],
        ),
        (
            {"type": "mcp_tool_use", "name": "n", "server_name": "s", "input": {"q": "x"}},
            [
                ("/name", "n", "name"),
                ("/server_name", "s", "name"),
                ("/input/q", "q", "name"),
                ("/input/q", "x", "text"),
            ],
        ),
        (
            {"type": "hologram", "ray": {"deep": ["Ann"]}, "data": LONG, "blob": LONG},
            [
                ("/type", "hologram", "text"),
                ("/ray", "ray", "name"),
                ("/ray/deep", "deep", "name"),
                ("/ray/deep/0", "Ann", "text"),
                ("/data", "", "unreadable"),
                ("/blob", "blob", "name"),
                ("/blob", "", "unreadable"),
            ],
        ),
        ([7, None, True, 123456], [("/3", "123456", "name")]),
    ],
)  # fmt: skip
def test_each_place_is_a_part_of_its_kind(block: Any, expected: list[tuple[str, str, str]]) -> None:
    assert parts(block) == expected


def test_a_token_of_an_mcp_server_is_a_secret_by_definition() -> None:
    found: list[Part] = []
    content([{"type": "url", "url": "https://mcp.test", "authorization_token": "abc"}], found, "/mcp_servers")
    (token,) = [part for part in found if part.text == "abc"]
    assert (token.kind, token.known) == ("text", "secret-api-key")


def test_texts_under_keys_that_are_not_known_have_their_label() -> None:
    found: list[Part] = []
    content({"type": "new", "mrn": ["4481920"]}, found, "")
    assert Part("/mrn/0", "4481920", "text", "mrn") in found


def test_what_is_read_as_bytes() -> None:
    assert is_binary("base64", "data", "A")
    assert is_binary("x", "blob", LONG)
    assert is_binary("x", "url", f"data:image/png;base64,{LONG}")
    assert not is_binary("x", "blob", "short")
    assert not is_binary("x", "blob", LONG + " with words")
    assert not is_binary("text", "text", LONG)
    assert is_cipher("x", "encrypted_index")
    assert is_cipher("redacted_thinking", "data")
    assert not is_cipher("text", "data")
    assert not is_bare_signature({"thinking": "x"}, "signature")


def test_parts_without_end_are_one_that_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.agents.bodies.MAX_PARTS", 5)
    monkeypatch.setattr(anthropic_content, "MAX_PARTS", 5)
    found = parts([{"type": "text", "text": "a", "signature": "s", "source": {"type": "url", "url": "u"}}] * 9)
    assert len(found) <= 8
    assert found[-1][2] == "unreadable"


def test_a_kind_of_source_that_is_no_word_cannot_be_read() -> None:
    for kind in ([], {}, ["text"], {"text": 1}):
        found = parts({"type": "document", "source": {"type": kind, "data": "said"}})
        assert ("/source", "", "unreadable") in found
        assert "said" in [text for _, text, _ in found]
