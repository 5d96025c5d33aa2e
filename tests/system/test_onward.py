"""What an agent would contact or keep on its own account, and what its provider holds already, in chat completions."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.settings import Settings
from tests.system.kit import HEALTH, PUBLIC, code, policies
from tests.system.oracle import speaks
from tests.system.site import System, system

USER = {"role": "user", "content": PUBLIC}
ADDRESSES = ("https://pictures.example/a.png", "http://169.254.169.254/latest", "file:///etc/passwd")
ASKED: dict[str, tuple[dict[str, Any], str]] = {
    "a search": ({"web_search_options": {}}, "onward:web_search"),
    "a search, as servers call it": ({"google_search": {}}, "onward:web_search"),
    "a search in another spelling": ({"webSearch": True}, "onward:web_search"),
    "connectors": ({"connectors": [{"id": "web-search"}]}, "onward:tool"),
    "stores of vectors": ({"tool_resources": {"file_search": {"vector_store_ids": ["v"]}}}, "onward:file_search"),
    "to go on with a response that was kept": ({"previous_response_id": "resp_1"}, "onward:store"),
    "an address without a scheme": ({"cb": "//elsewhere.example/h"}, "onward:url"),
    "a host and its port": ({"cb": ["elsewhere.example:443"]}, "onward:url"),
    "a host under a name that says so": ({"endpoint": {"host": "elsewhere.example", "port": 443}}, "onward:url"),
    "a hosted MCP server": ({"tools": [{"type": "mcp", "server_url": "https://mcp.example"}]}, "onward:mcp"),
    "a tool that nobody knows": ({"tools": [{"type": "Of Tomorrow"}]}, "onward:tool"),
    "to be kept": ({"store": True}, "onward:store"),
    "to be kept in a cache": ({"prompt_cache_retention": "24h"}, "onward:store"),
    "another model where the first one fails": ({"fallbacks": ["cloud"]}, "onward:model"),
    "to be worked on elsewhere": ({"api_base": "https://elsewhere.example"}, "onward:url"),
    "a document": (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "document_url", "document_url": "https://pictures.example/a.pdf"}],
                }
            ]
        },
        "onward:url",
    ),
    **{
        address: (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": address}}]}]},
            "onward:url",
        )
        for address in ADDRESSES
    },
}


async def ask(site: System, key: str, model: str = "summarize", **body: Any) -> httpx.Response:
    given = {"model": model, "messages": [USER], **body}
    return await site.http.post("/v1/chat/completions", json=given, headers={"authorization": f"Bearer {key}"})


async def test_each_is_denied_towards_every_agent_and_the_record_says_what_it_was(sqlite_settings: Settings) -> None:
    """The trusted one in the house too: what it would fetch is a destination that nobody has named."""
    async with system(sqlite_settings) as site:
        key = await site.key("clinician")
        for name, (body, kind) in ASKED.items():
            for model in ("summarize", "ward"):
                answer = await ask(site, key, model, **body)
                assert (answer.status_code, code(answer)) == (403, "policy_denied"), (name, answer.text)
            (record,) = await site.trail(answer.headers["x-exchange-id"])
            assert {view["answer"] for view in record["candidates"]} <= {"onward", "deny"}, name
            stored = await site.gateway.site.reader("default").exchange(answer.headers["x-exchange-id"])
            assert kind.encode() in (stored[0].detail or b""), name
        assert not any(agent.received for agent in site.agents.values())


async def test_a_rule_that_names_it_permits_it_for_its_classes_alone(sqlite_settings: Settings, tmp_path: Path) -> None:
    rule = (
        "p, 700, role:user, class:public, zone:in-house, onward:{0}, purpose:*, always, allow, none, "
        'public-{0}, "Public words only."'
    )
    rules = [rule.format(kind) for kind in ("web_search", "store")]
    async with system(sqlite_settings, policy=policies(tmp_path, *rules)) as site:
        key = await site.key("clinician")
        assert (await ask(site, key, "ward", web_search_options={})).status_code == 200
        assert (await ask(site, key, "ward", store=True)).status_code == 200
        assert [body.get("store") for body in site.agents["ward"].bodies] == [False, True]
        for refused in (
            {"store": True, "messages": [{"role": "user", "content": HEALTH}]},
            {"store": True, "tools": [{"type": "mcp", "server_url": "https://mcp.example"}]},
        ):
            assert code(await ask(site, key, "ward", **refused)) == "policy_denied"
        assert len(site.agents["ward"].received) == 2
        assert (await ask(site, key, "cloud", store=True)).headers["x-routed-agent"] == "ward"


@pytest.mark.parametrize("stream", [False, True])
async def test_nothing_is_stored_where_nobody_asked_for_it(sqlite_settings: Settings, stream: bool) -> None:
    """Whatever the provider's own default is: to the cloud, masked or not, and in the house."""
    async with system(sqlite_settings) as site:
        key = await site.key("clinician")
        for text in (PUBLIC, "Please write to jane.roe@example.com.", HEALTH):
            assert (await site.chat(key, text, "summarize", stream=stream)).status_code == 200
        bodies = [body for agent in site.agents.values() for body in agent.bodies]
        assert [body["store"] for body in bodies] == [False] * 3


async def test_what_the_provider_holds_is_unscanned_and_goes_to_nobody_else(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clinician")
        held = {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}]}
        denied = await ask(site, key, "cloud", **held)
        assert (denied.status_code, code(denied)) == (403, "policy_denied")
        (record,) = await site.trail(denied.headers["x-exchange-id"])
        assert [view["agent"] for view in record["candidates"]] == ["cloud"]
        assert "unscanned" in record["classes"]["inherited"]
        assert (await ask(site, key, "ward", **held)).headers["x-routed-agent"] == "ward"


RESPONSES: dict[str, tuple[dict[str, Any], str]] = {
    "a search": ({"tools": [{"type": "web_search"}]}, "web_search"),
    "a hosted MCP server": (
        {"tools": [{"type": "mcp", "server_label": "x", "server_url": "https://mcp.example"}]},
        "mcp",
    ),
    "an address": (
        {
            "input": [
                {"role": "user", "content": [{"type": "input_image", "image_url": "https://pictures.example/a.png"}]}
            ]
        },
        "url",
    ),
    "to be kept": ({"store": True}, "store"),
    "what is held": ({"conversation": "conv_elsewhere"}, "store"),
}
NAMED = (
    "p, {1}, role:user, class:{0}, zone:in-house, onward:{2}, purpose:*, always, allow, none, "
    '{0}-{2}, "What is named here may be done by agents in the house."'
)


@pytest.mark.parametrize("name", RESPONSES)
async def test_responses_disclose_no_further_until_a_rule_names_it(
    sqlite_settings: Settings, tmp_path: Path, name: str
) -> None:
    asked, kind = RESPONSES[name]

    async def respond(site: System) -> httpx.Response:
        given = {"model": "ward", "input": PUBLIC, **asked}
        headers = {"authorization": f"Bearer {await site.key('clinician')}"}
        return await site.http.post("/v1/responses", json=given, headers=headers)

    async with system(sqlite_settings) as site:
        speaks(site.agents["ward"])
        denied = await respond(site)
        assert (denied.status_code, code(denied)) == (403, "policy_denied")
        (record,) = await site.trail(denied.headers["x-exchange-id"])
        assert "onward" in {view["answer"] for view in record["candidates"]} <= {"onward", "deny"}
        assert not site.agents["ward"].received
    rules = [NAMED.format(one, at, kind) for one, at in (("public", 700), ("unscanned", 160))]
    async with system(sqlite_settings, policy=policies(tmp_path, *rules)) as site:
        speaks(site.agents["ward"])
        allowed = await respond(site)
        assert (allowed.status_code, allowed.headers["x-routed-agent"]) == (200, "ward"), allowed.text
        assert len(site.agents["ward"].received) == 1
