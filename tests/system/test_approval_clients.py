"""What waits for people, as stock clients are told of it: an error with its code and link. The same call, made again
under its idempotency key once they have said yes, goes through once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from gateway.settings import Settings
from tests.system.kit import PERSONAL, policies
from tests.system.messages import Claude
from tests.system.site import System, served, system
from tests.system.test_tasks_of_protocols import answering

Call = Callable[[str, str, dict[str, str]], Awaitable[object]]


async def chat(url: str, key: str, headers: dict[str, str]) -> object:
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as client:
        messages: Any = [{"role": "user", "content": PERSONAL}]
        return await client.chat.completions.create(model="open", messages=messages, extra_headers=headers)


async def responses(url: str, key: str, headers: dict[str, str]) -> object:
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as client:
        return await client.responses.create(model="open", input=PERSONAL, extra_headers=headers)


async def embeddings(url: str, key: str, headers: dict[str, str]) -> object:
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as client:
        return await client.embeddings.create(
            model="open", input=PERSONAL, encoding_format="float", extra_headers=headers
        )


async def messages(url: str, key: str, headers: dict[str, str]) -> object:
    async with anthropic.AsyncAnthropic(base_url=url, api_key=key, max_retries=0) as client:
        said: Any = [{"role": "user", "content": PERSONAL}]
        return await client.messages.create(model="claude", max_tokens=9, messages=said, extra_headers=headers)


CALLS: dict[str, tuple[Call, str]] = {
    "chat": (chat, "open"),
    "responses": (responses, "open"),
    "embeddings": (embeddings, "open"),
    "messages": (messages, "claude"),
}


@asynccontextmanager
async def asking(base: Settings, directory: Path) -> AsyncIterator[tuple[System, Claude]]:
    """A gateway whose analysts ask people before they send personal data to either agent."""
    rule = (
        "p, 39{}, role:analyst, class:pii, agent:{}, *, purpose:*, always, allow, approve:privacy, ask-{}, "
        '"People look first."'
    )
    lines = [rule.format(number, name, name) for number, name in enumerate(("open", "claude"))]
    async with AsyncExitStack() as stack:
        claude = Claude()
        url = await stack.enter_async_context(served(claude))
        agents = {
            "open": {"zone": "in-house"},
            "claude": {"zone": "in-house", "protocol": "anthropic", "url": url},
        }
        site = await stack.enter_async_context(system(base, agents=agents, policy=policies(directory / "own", *lines)))
        site.agents["open"].behave = answering
        yield site, claude


def told(error: Exception) -> dict[str, Any]:
    """The error object, which `anthropic` hands over with what is around it."""
    body: Any = getattr(error, "body", None)
    found: dict[str, Any] = body.get("error", body)
    return found


@pytest.mark.parametrize("name", CALLS)
async def test_a_stock_client_is_told_what_waits_and_where_and_its_second_call_goes_through_once(
    name: str, sqlite_settings: Settings, tmp_path: Path
) -> None:
    call, agent = CALLS[name]
    async with asking(sqlite_settings, tmp_path) as (site, claude):
        received = claude.received if agent == "claude" else site.agents["open"].received
        key, headers = await site.key("analyst", owner="ada"), {"idempotency-key": "order-1"}
        with pytest.raises((openai.PermissionDeniedError, anthropic.PermissionDeniedError)) as refused:
            await call(site.url, key, headers)
        error = told(refused.value)
        assert error["code"] == "approval_required"
        assert error["link"].endswith(f"/approvals/{error['approval']}")
        assert not received
        officer = {"authorization": f"Bearer {await site.key('privacy', owner='eve', kind='person')}"}
        answer = {"reason": "looked at it", "version": 0}
        done = await site.http.post(f"/approvals/{error['approval']}/approve", json=answer, headers=officer)
        assert done.status_code == 200, done.text
        assert await call(site.url, key, headers) is not None
        assert len(received) == 1
        with pytest.raises((openai.APIStatusError, anthropic.APIStatusError)) as used:
            await call(site.url, key, headers)
        assert told(used.value)["code"] == "approval_used"
        assert len(received) == 1
