"""An exchange's end is on record with the TLS that its agent's answer came over, whichever way that was."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.settings import Settings
from tests.agents.wire import certificates
from tests.system.kit import PUBLIC
from tests.system.site import Agent, System, send_json, served, system

EXACT = {"x-route": "exact"}
WORDS = re.compile(r"TLSv1\.[23] [A-Z0-9_-]+")


@asynccontextmanager
async def secured(base: Settings, **more: Any) -> AsyncIterator[tuple[System, Agent]]:
    """A gateway over `safe`, which speaks TLS and is asked first, and `plain`; and the former."""
    certificate, key = certificates(Path(base.base))
    safe = Agent()
    async with served(safe, ssl_certfile=str(certificate), ssl_keyfile=str(key)) as address:
        url = address.replace("http:", "https:")
        ca = str(Path(base.base) / "root.pem")
        agents: dict[str, dict[str, Any]] = {
            "safe": {"zone": "in-house", "capabilities": ["summarize"], "url": url, "ca": ca, "cache_s": 600.0, **more},
            "plain": {"zone": "in-house", "capabilities": ["summarize"]},
        }
        async with system(base, agents=agents) as site:
            yield site, safe


async def end_of(site: System, exchange: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The envelope and the detail of its end."""
    stored = (await site.gateway.site.reader("default").exchange(exchange))[-1]
    return json.loads(stored.envelope), json.loads(stored.detail or b"{}")


async def asked(site: System, text: str = PUBLIC, model: str = "safe", **options: Any) -> dict[str, Any]:
    """The detail of the end of one more exchange."""
    answer = await site.chat(await site.key("clerk"), text, model, **options)
    envelope, detail = await end_of(site, answer.headers["x-exchange-id"])
    assert envelope["event"] == "exchange.completed"
    outcome = envelope["outcome"]
    return {"agent": envelope["agent"], "code": outcome["code"], "unanswered": outcome.get("unanswered"), **detail}


async def test_answers_and_streams_say_over_which_tls_they_came(database: Settings) -> None:
    async with secured(database) as (site, _):
        whole, stream = await asked(site), await asked(site, "another", stream=True)
        assert [(one["agent"], one["code"]) for one in (whole, stream)] == [("safe", "ok")] * 2
        assert WORDS.fullmatch(whole["agent_tls"])
        assert stream["agent_tls"] == whole["agent_tls"]
        kept = await asked(site)
        assert (kept["code"], kept["agent_tls"]) == ("cached", whole["agent_tls"])
        assert "agent_tls" not in await asked(site, model="plain")


async def test_an_agent_that_took_it_and_did_not_answer_is_told_with_its_tls(database: Settings) -> None:
    async with secured(database, first_byte_timeout_s=1.0) as (site, safe):
        never = asyncio.Event()

        async def silent(scope: dict[str, Any], receive: Any, send: Any) -> None:
            await never.wait()

        async def cut(scope: dict[str, Any], receive: Any, send: Any) -> None:
            head = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]}
            await send(head)
            await send({"type": "http.response.body", "body": b"{", "more_body": False})

        for behave, code in ((silent, "agent_timeout"), (cut, "agent_unavailable")):
            safe.behave = site.agents["plain"].behave = behave
            for stream in (False, True):
                told = await asked(site, f"{code} {stream}", headers=EXACT, stream=stream)
                assert (told["code"], told["unanswered"]) == (code, True)
                assert WORDS.fullmatch(told["agent_tls"])
            if behave is cut:
                plain = await asked(site, model="plain", headers=EXACT)
                assert (plain["code"], plain["unanswered"], "agent_tls" in plain) == (code, True, False)
        never.set()


async def test_the_beginning_of_an_exchange_says_nothing_of_it(sqlite_settings: Settings) -> None:
    async with secured(sqlite_settings) as (site, _):
        answer = await site.chat(await site.key("clerk"), PUBLIC, "safe")
        stored = await site.gateway.site.reader("default").exchange(answer.headers["x-exchange-id"])
        assert [b"agent_tls" in (one.detail or b"") for one in stored] == [False, True]


async def test_of_several_agents_the_one_that_answered_counts(sqlite_settings: Settings) -> None:
    async with secured(sqlite_settings) as (site, safe):

        async def failing(scope: dict[str, Any], receive: Any, send: Any) -> None:
            await send_json(send, {}, 500)

        safe.behave = failing
        fallen = await asked(site, model="summarize")
        assert (fallen["agent"], fallen["code"], "agent_tls" in fallen) == ("plain", "ok", False)
        site.agents["plain"].behave = failing
        for stream in (False, True):  # to a stream that was asked for the agent gives a whole answer
            failed = await asked(site, headers=EXACT, stream=stream)
            assert (failed["code"], bool(WORDS.fullmatch(failed["agent_tls"]))) == ("agent_unavailable", True)


async def test_of_an_agent_that_cannot_be_reached_nothing_is_said(sqlite_settings: Settings) -> None:
    async with secured(sqlite_settings, pin=["sha256:" + "0" * 64]) as (site, _):
        told = await asked(site, headers=EXACT)
        assert (told["code"], told["unanswered"], "agent_tls" in told) == ("agent_unavailable", None, False)
