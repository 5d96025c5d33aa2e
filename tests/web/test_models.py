"""Models are listed and told one by one to callers alone, in the form of their client, errors too."""

from collections.abc import AsyncIterator

import anthropic
import openai
import pytest

from gateway.settings import Settings
from tests.web.kit import Audited, audited

NAMES = ["cloud", "ward", "desk", "summarize", "lookup"]
ANTHROPIC = {"anthropic-version": "2023-06-01"}


@pytest.fixture
async def api(sqlite_settings: Settings) -> AsyncIterator[Audited]:
    async with audited(sqlite_settings) as api:
        api.key = await api.site.key("clerk")
        yield api


async def test_agents_and_capabilities_are_listed_to_callers_alone(api: Audited) -> None:
    listed = (await api.get("/v1/models")).json()["data"]
    assert [one["id"] for one in listed] == NAMES
    for path in ("/v1/models", "/v1/models/ward"):
        refused = await api.site.http.get(path)
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "credential_missing")
        assert refused.json()["error"]["exchange"] == refused.headers["x-exchange-id"]
        refused = await api.site.http.get(path, headers=ANTHROPIC)
        assert (refused.status_code, refused.json()["error"]["type"]) == (401, "authentication_error")
        assert refused.json()["request_id"] == refused.headers["x-exchange-id"]


async def test_models_come_in_anthropics_form_to_its_clients(api: Audited) -> None:
    page = (await api.get("/v1/models", **ANTHROPIC)).json()
    assert [one["id"] for one in page["data"]] == NAMES
    assert (page["has_more"], page["first_id"], page["last_id"]) == (False, "cloud", "lookup")
    assert {one["type"] for one in page["data"]} == {"model"}


async def test_stock_clients_find_one_by_its_name(api: Audited) -> None:
    async with openai.AsyncOpenAI(base_url=f"{api.site.url}/v1", api_key=api.key, max_retries=0) as client:
        assert [model.id async for model in client.models.list()] == NAMES
        found = await client.models.retrieve("summarize")
        assert (found.id, found.owned_by) == ("summarize", "gateway")
        with pytest.raises(openai.NotFoundError) as missing:
            await client.models.retrieve("gpt-canary")
        assert missing.value.code == "unknown_target"
        assert "canary" not in str(missing.value)
        (record,) = await api.site.trail(missing.value.response.headers["x-exchange-id"])
        assert (record["event"], record["outcome"]["code"]) == ("exchange.denied", "unknown_target")
    async with anthropic.AsyncAnthropic(base_url=api.site.url, api_key=api.key, max_retries=0) as other:
        assert (await other.models.retrieve("ward")).display_name == "ward"
        with pytest.raises(anthropic.NotFoundError) as gone:
            await other.models.retrieve("claude-canary")
        body = gone.value.body
        assert isinstance(body, dict)
        assert body["error"]["type"] == "not_found_error"


@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH"])
async def test_nothing_else_is_done_with_models(api: Audited, method: str) -> None:
    for path in ("/v1/models", "/v1/models/ward"):
        refused = await api.site.http.request(method, path, headers={"authorization": f"Bearer {api.key}"})
        assert (refused.status_code, refused.json()["error"]["code"]) in (
            (404, "not_found"),
            (405, "method_not_allowed"),
        )
