"""What a request asks for beyond its answer is told by its members, known ones and addresses in others."""

from typing import Any

import pytest

from gateway.agents.elsewhere import FIELDS, KEPT, elsewhere, leads_elsewhere


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


def test_another_account_or_region_of_a_provider_is_contacted_further() -> None:
    for given in (
        {"api_key": "k"},
        {"extra_body": {"apiKey": "k"}},
        {"aws_access_key_id": "a"},
        {"vertex_project": "p"},
    ):
        assert asked(given) == ["account"]
    for given in ({"aws_region_name": "us-east-1"}, {"extra_body": {"vertex_location": "us-central1"}}):
        assert asked(given) == ["region"]
    assert asked({"user_config": {"model_list": [{"litellm_params": {"model": "m"}}]}}) == ["model"]


@pytest.mark.parametrize(("field", "kind"), KEPT.items())
def test_what_goes_on_with_something_kept_is_a_store_where_the_api_has_no_such_member(field: str, kind: str) -> None:
    assert asked({field: "x"}) == [kind]
    assert asked({field: None}) == []
    assert asked({field: "x"}, field) == []


@pytest.mark.parametrize("field", ["Web_Search", "webSearch", "web-search", "web_search ", "WEBSEARCH"])
def test_a_member_in_another_spelling_is_meant_all_the_same(field: str) -> None:
    assert asked({field: True}) == ["web_search"]
    assert asked({field: True}, field) == []


@pytest.mark.parametrize(
    "text",
    [
        *("//evil.test/h", "\\\\evil.test\\share", "//u:p@evil.test", "//10.0.0.9", "//localhost:8080/x"),
        *("evil.test:443", "EVIL.test:443/h", "10.0.0.9:80", "[::1]:8080", "localhost:11434", " evil.test.:443?q"),
    ],
)
def test_a_host_with_slashes_before_it_or_a_port_behind_it_is_an_address_anywhere(text: str) -> None:
    assert asked({"cb": text}) == ["url"]
    assert asked({"a": [{"b": text}]}) == ["url"]
    assert asked({"cb": f"see {text} for it"}) == []


@pytest.mark.parametrize(
    "key", ["callback", "callback_url", "host", "HOST", "endpoint", "webhooks", "apiBaseUrl", "hook2"]
)
@pytest.mark.parametrize("text", ["evil.test", "evil.test/h", "10.0.0.9", "[::1]", "localhost", "x.evil.test?q=1"])
def test_a_host_alone_is_an_address_where_its_key_says_so(key: str, text: str) -> None:
    assert asked({key: text}) == asked({key: [text]}) == asked({"a": {key: text}}) == ["url"]
    assert asked({"note": text}) == asked({"hostile": {"note": text}}) == []


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "true",
            "llama3:70",
            "gpt-4.1:8",
            "meta-llama/Llama-3.1-8B",
            "1.2.3",
            "text/plain",
            "a@b.test",
            "// a note",
        ),
        *("12:30", "urn:x:y", "C:/a", "e.g. this", "com.foo:bar:1.2", "key: value", "3.5", "a//b.test", "//TODO"),
    ],
)
def test_what_only_looks_a_little_like_an_address_is_none(text: str) -> None:
    assert asked({"a": text}) == asked({"callback": [text]}) == []


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
