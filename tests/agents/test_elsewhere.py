"""What a request asks for beyond its answer is told by its members, known ones and addresses in others."""

from typing import Any

import pytest

from gateway.agents.elsewhere import FIELDS, elsewhere, leads_elsewhere


def asked(value: dict[str, Any], *own: str) -> list[str]:
    found: list[str] = []
    elsewhere(value, own, found.append)
    return found


@pytest.mark.parametrize(("field", "kind"), FIELDS.items())
def test_each_member_is_of_its_kind_and_none_where_it_asks_for_nothing(field: str, kind: str) -> None:
    given: Any
    for given in (True, {}, "x", ["x"], 0):
        assert asked({field: given}) == [kind]
    for given in (None, False, []):
        assert asked({field: given}) == []


@pytest.mark.parametrize(
    ("retention", "kinds"),
    [(None, []), ("in_memory", []), ("in-memory", []), ("24h", ["store"]), ("of tomorrow", ["store"]), (1, ["store"])],
)
def test_a_cache_that_outlives_memory_is_a_store(retention: Any, kinds: list[str]) -> None:
    assert asked({"prompt_cache_retention": retention}) == kinds


def test_an_address_in_a_member_that_nobody_knows_would_be_contacted() -> None:
    assert asked({"callback": "https://x.test/hook"}) == ["url"]
    assert asked({"a": [{"b": {"c": " s3://bucket/key"}}]}) == ["url"]
    assert asked({"own": "https://x.test"}, "own") == []
    assert asked({"guided_choice": ["https://a.test", "https://b.test"]}) == []
    assert asked({"form": {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": "https://x.test"}}) == []


def test_what_a_server_would_add_to_its_own_request_is_looked_at_as_that() -> None:
    assert asked({"extra_body": {"store": True, "fallbacks": ["other"], "tools": [{"type": "function"}]}}) == [
        *("model", "store", "tool")
    ]
    assert asked({"extra_body": {"extra_body": {"api_base": "x"}, "messages": ["https://x.test"]}}, "messages") == [
        *("url", "url")
    ]
    assert asked({"extra_body": {"top_k": 5, "store": False}}) == []


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://x.test", True),
        ("HTTP:\\\\x.test", True),
        ("file:/etc/passwd", True),
        ("gs://bucket", True),
        ("\n https://x.test", True),
        ("data:text/plain;base64,QQ==", False),
        ("see https://x.test", False),
        ("file: a.txt", False),
        ("C:\\a", False),
        ("", False),
    ],
)
def test_an_address_is_told_from_prose(text: str, is_one: bool) -> None:
    assert leads_elsewhere({"a": [text]}) is is_one
    assert not leads_elsewhere({"a": [text]}, ("a",))
