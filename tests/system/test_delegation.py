"""Agents that call agents through the gateway: what sticks to such calls, what comes back, and where it stops.

The agents are real servers that call the gateway back, with a credential of their own, while they are asked.
"""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from gateway.settings import Settings
from tests.conftest import ManualClock
from tests.system.kit import HEALTH, MAIL, PERSONAL, PUBLIC, TRACE, TRACEPARENT, code, events, policies, said, streamed
from tests.system.mcp_agent import server as mcp_server
from tests.system.site import Agent, System, completion, event, send_json, served, system

TOKEN = "x-exchange-delegation"
OTHER_MAIL = "a.person@example.org"
Ask = Callable[..., Awaitable[httpx.Response]]
Plan = Callable[[Ask], Awaitable[str]]
HOUSE: dict[str, dict[str, Any]] = {
    "cloud": {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["summarize"]},
    "ward": {"zone": "in-house", "capabilities": ["summarize"]},
    "front": {"zone": "in-house", "capabilities": ["plan"], "callers": ["default/front-bot"], "delegation": True},
    "back": {"zone": "in-house", "capabilities": ["check"], "callers": ["default/back-bot"], "delegation": True},
}


async def bot(site: System, name: str = "front", **grant: Any) -> str:
    """The key that an agent calls with."""
    return await site.key("agent", owner=f"{name}-bot", kind="agent", **{"purposes": (), **grant})


def calling(site: System, name: str, key: str, plan: Plan, *, to: System | None = None) -> list[httpx.Response]:
    """Make an agent do this whenever it is asked; gives what it was answered."""
    answers: list[httpx.Response] = []

    async def behave(scope: Any, receive: Any, send: Any) -> None:
        given = {name.decode(): value.decode() for name, value in scope["headers"]}
        body = json.loads(site.agents[name].received[-1][1])

        async def ask(text: str = PUBLIC, model: str = "summarize", **options: Any) -> httpx.Response:
            headers = options.pop("headers", {TOKEN: given[TOKEN]} if TOKEN in given else {})
            answers.append(await (to or site).chat(options.pop("key", key), text, model, headers=headers, **options))
            return answers[-1]

        text = await plan(ask)
        if not body.get("stream"):
            await send_json(send, completion(text))
            return
        head = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": event({"content": text}), "more_body": True})
        await send({"type": "http.response.body", "body": event({}, "stop") + b"data: [DONE]\n\n"})

    site.agents[name].behave = behave
    return answers


async def once(ask: Ask) -> str:
    await ask()
    return "Done."


async def intent(site: System, answer: httpx.Response) -> dict[str, Any]:
    return (await site.trail(answer.headers["x-exchange-id"]))[0]


async def test_a_call_made_with_the_token_keeps_trace_purpose_subjects_and_classes_and_names_its_parent(
    database: Settings,
) -> None:
    async with system(database, agents=HOUSE) as site:
        answers = calling(site, "front", await bot(site), once)
        key = await site.key("clinician")
        headers = {"traceparent": TRACEPARENT, "x-data-subject": "patient-7"}
        asked = await site.chat(key, HEALTH, "plan", headers=headers)
        assert (asked.status_code, said(asked)) == (200, "Done.")
        [child] = answers
        assert (child.status_code, child.headers["x-routed-agent"]) == (200, "ward")
        assert not site.agents["cloud"].received
        first, last = await site.trail(child.headers["x-exchange-id"])
        assert first["parent"] == last["parent"] == asked.headers["x-exchange-id"]
        assert (first["trace"], first["purpose"], first["actor_kind"]) == (TRACE, "TREAT", "agent")
        assert (first["classes"]["found"], first["classes"]["inherited"]) == ([], ["phi", "pii"])
        reader = site.gateway.site.reader("default")
        stored = await reader.exchange(child.headers["x-exchange-id"])
        size = await reader.size()
        details = [json.loads(one.detail or b"{}") async for one in reader.records(0, size, details=True)]
        told = [details[one.seq].get("subjects") for one in await reader.exchange(asked.headers["x-exchange-id"])]
        assert told[0]
        assert [details[one.seq].get("subjects") for one in stored] == [told[0], told[0]]
        # Nothing of the caller's own reaches an agent; and one that is to call nobody has no token.
        assert TOKEN not in site.agents["ward"].received[0][0]


@pytest.mark.parametrize("named", [True, False])
async def test_who_began_the_exchange_approves_no_call_that_is_made_for_it_at_whatever_depth(
    sqlite_settings: Settings, tmp_path: Path, named: bool
) -> None:
    """ada asks front, which asks back, which asks the cloud: with the token of each exchange, or without one."""
    line = (
        "p, 391, role:agent, class:pii, agent:cloud, chat, purpose:*, contract:valid, allow, approve:privacy, "
        'asks, "People look first."\no, asks, class:pii, "Who approves answers for it."'
    )
    async with system(sqlite_settings, agents=HOUSE, policy=policies(tmp_path / "own", line)) as site:
        plain: dict[str, Any] = {} if named else {"headers": {}}

        async def down(ask: Ask) -> str:
            await ask(PERSONAL, "check", **plain)
            return "Done."

        async def out(ask: Ask) -> str:
            await ask(PERSONAL, "cloud", **plain)
            return "Done."

        calling(site, "front", await bot(site), down)
        answers = calling(site, "back", await bot(site, "back"), out)
        await site.chat(await site.key("clinician", owner="ada", kind="person"), PERSONAL, "plan")
        (waits,) = answers
        assert code(waits) == "approval_required", waits.text
        path = f"/approvals/{waits.json()['error']['approval']}/approve"
        for owner, status in (("Ada", 403), ("eve", 200)):
            headers = {"authorization": f"Bearer {await site.key('privacy', owner=owner, kind='person')}"}
            told = await site.http.post(path, json={"reason": "looked at it", "version": 0}, headers=headers)
            assert told.status_code == status, told.text


async def test_an_address_of_its_own_opens_no_way_out_for_what_an_agent_was_told(sqlite_settings: Settings) -> None:
    """Of what it was told about somebody, no mask over its own words takes anything away."""

    async def paraphrased(ask: Ask) -> str:
        await ask(f"The man with the red beard orders too much. Answer to {OTHER_MAIL}.")
        return "Done."

    async with system(sqlite_settings, agents=HOUSE) as site:
        answers = calling(site, "front", await bot(site), paraphrased)
        asked = await site.chat(await site.key("clinician"), PERSONAL, "plan")
        assert (asked.status_code, said(asked)) == (200, "Done.")
        [child] = answers
        assert (child.status_code, child.headers["x-routed-agent"]) == (200, "ward")
        record = await intent(site, child)
        assert (record["classes"]["found"], record["classes"]["inherited"]) == (["pii"], ["pii"])
        assert [one["answer"] for one in record["candidates"]] == ["cannot-redact", "allow"]
        assert not site.agents["cloud"].received


async def test_an_agent_that_calls_without_a_token_carries_the_classes_of_all_that_it_has_open(
    database: Settings,
) -> None:
    async with system(database, agents=HOUSE) as site:
        key, agent = await site.key("clinician"), await bot(site, purposes=("TREAT",))
        inside, leave = asyncio.Event(), asyncio.Event()

        async def wait(ask: Ask) -> str:
            inside.set()
            await leave.wait()
            return "Done."

        calling(site, "front", agent, wait)
        asked = asyncio.create_task(site.chat(key, HEALTH, "plan"))
        await inside.wait()
        during = await site.chat(agent, PUBLIC, "summarize")
        assert during.headers["x-routed-agent"] == "ward"
        first = await intent(site, during)
        assert first["classes"]["inherited"] == ["phi", "pii"]
        assert "parent" not in first
        for text in (PUBLIC, PERSONAL):
            direct = await site.chat(agent, text, "cloud", headers={"x-route": "exact"})
            assert (direct.status_code, code(direct)) == (403, "policy_denied")
        leave.set()
        assert (await asked).status_code == 200
        after = await site.chat(agent, PUBLIC, "summarize")
        assert after.headers["x-routed-agent"] == "cloud"


@pytest.mark.parametrize(
    "present",
    [
        lambda token, own: {"key": "back", "headers": {TOKEN: token}},
        lambda token, own: {"key": "person", "headers": {TOKEN: token}},
        lambda token, own: {"headers": {TOKEN: token[:-1] + ("A" if token[-1] != "A" else "B")}},
        lambda token, own: {"headers": {TOKEN: token.replace(".", ".1", 1)}},
        lambda token, own: {"headers": {TOKEN: "x" * 5000}},
        lambda token, own: {"headers": [(TOKEN, token), (TOKEN, token)]},
        lambda token, own: {"headers": {TOKEN: ""}},
    ],
    ids=["another agent's", "a person", "forged", "longer lived", "oversized", "twice", "empty"],
)
async def test_a_token_that_was_not_given_to_who_presents_it_is_refused_on_record(
    sqlite_settings: Settings, present: Callable[[str, str], dict[str, Any]]
) -> None:
    async with system(sqlite_settings, agents=HOUSE) as site:
        keys = {"front": await bot(site), "back": await bot(site, "back"), "person": await site.key("clinician")}
        refused: list[httpx.Response] = []

        async def abuse(ask: Ask) -> str:
            token = site.agents["front"].received[-1][0][TOKEN]
            wrong = present(token, keys["front"])
            headers = [*httpx.Headers(wrong["headers"]).multi_items()]
            headers.append(("authorization", f"Bearer {keys[wrong.get('key', 'front')]}"))
            body = {"model": "ward", "messages": [{"role": "user", "content": PUBLIC}]}
            refused.append(await site.http.post("/v1/chat/completions", json=body, headers=headers))
            return "Done."

        calling(site, "front", keys["front"], abuse)
        assert (await site.chat(keys["person"], PUBLIC, "front")).status_code == 200
        [answer] = refused
        assert (answer.status_code, code(answer)) == (403, "delegation_invalid")
        assert await events(site, answer) == ["exchange.denied"]
        assert not site.agents["ward"].received


async def test_the_token_alone_authenticates_nobody(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=HOUSE) as site:
        await site.chat(await site.key("clinician"), PUBLIC, "front")
        token = site.agents["front"].received[0][0][TOKEN]
        body = {"model": "ward", "messages": [{"role": "user", "content": PUBLIC}]}
        for headers in ({TOKEN: token}, {TOKEN: token, "authorization": f"Bearer {token}"}):
            answer = await site.http.post("/v1/chat/completions", json=body, headers=headers)
            assert answer.status_code == 401


async def test_a_token_is_good_for_its_time_and_as_long_as_its_exchange_is_open(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    async with system(sqlite_settings, agents=HOUSE, clock=clock, delegation={"lifetime_s": 30}) as site:
        agent = await bot(site)

        async def late(ask: Ask) -> str:
            clock.advance(30)
            await ask()
            return "Done."

        answers = calling(site, "front", agent, late)
        await site.chat(await site.key("clinician"), PUBLIC, "front")
        assert (answers[0].status_code, code(answers[0])) == (403, "delegation_expired")
        site.agents["front"].behave = None
        await site.chat(await site.key("clinician"), PUBLIC, "front")
        ended = await site.chat(agent, PUBLIC, headers={TOKEN: site.agents["front"].received[-1][0][TOKEN]})
        assert (ended.status_code, code(ended)) == (403, "delegation_expired")
        assert await events(site, ended) == ["exchange.denied"]


async def test_an_agent_that_is_not_registered_does_not_call_unless_that_is_allowed(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=HOUSE) as site:
        refused = await site.chat(await bot(site, "nobody's"), PUBLIC, "ward")
        assert (refused.status_code, code(refused)) == (403, "agent_unregistered")
        assert await events(site, refused) == ["exchange.denied"]
        service = await site.key("service", owner="front-bot")
        assert (await site.chat(service, PUBLIC, "front", headers={"x-route": "exact"})).status_code == 403
    async with system(sqlite_settings, agents=HOUSE, delegation={"unregistered": True}) as site:
        assert (await site.chat(await bot(site, "nobody's"), PUBLIC, "ward")).status_code == 200


@pytest.mark.parametrize("stream", [False, True])
async def test_what_a_child_was_answered_comes_back_into_its_parents_answer(database: Settings, stream: bool) -> None:
    async with system(database, agents=HOUSE) as site:
        far, near = await site.key("service", zone="cloud"), await site.key("clinician")

        async def paraphrase(ask: Ask) -> str:
            await ask("What is wrong with the person in bed four?", "ward")
            return "It is the usual."

        answers = calling(site, "front", await bot(site), paraphrase)
        assert (await site.chat(far, PUBLIC, "front", stream=stream)).status_code == 200
        site.agents["ward"].answer = lambda body: HEALTH
        withheld = await site.chat(far, PUBLIC, "front", stream=stream)
        assert answers[-1].status_code == 200
        assert "usual" not in withheld.text
        assert "answer_withheld" in withheld.text
        _, end = await site.trail(withheld.headers["x-exchange-id"])
        assert end["outcome"]["code"] == "answer_withheld"
        given = await site.chat(near, PUBLIC, "front", stream=stream)
        assert (streamed(given.text) if stream else said(given)) == "It is the usual."
        _, end = await site.trail(given.headers["x-exchange-id"])
        assert end["classes"]["inherited"] == []
        assert {*end["classes"]["found"]} >= {"phi"}


async def test_what_a_child_was_answered_sticks_to_the_session_of_its_parent(sqlite_settings: Settings) -> None:
    agents = {**HOUSE, "front": {**HOUSE["front"], "protocol": "a2a"}}
    async with system(sqlite_settings, agents=agents) as site:
        key, agent = await site.key("clinician"), await bot(site)
        site.agents["ward"].answer = lambda body: HEALTH

        async def behave(scope: Any, receive: Any, send: Any) -> None:
            await site.chat(agent, "What is wrong with them?", "ward", headers=_token(site, "front"))
            message = {"role": "ROLE_AGENT", "messageId": "m-2", "contextId": "c-1", "parts": [{"text": "The usual."}]}
            await send_json(send, {"jsonrpc": "2.0", "id": 1, "result": {"message": message}})

        site.agents["front"].behave = behave
        inherited = []
        for _ in range(2):
            message = {"role": "ROLE_USER", "messageId": "m-1", "contextId": "c-1", "parts": [{"text": PUBLIC}]}
            body = {"jsonrpc": "2.0", "id": 7, "method": "SendMessage", "params": {"message": message}}
            headers = {"authorization": f"Bearer {key}", "a2a-version": "1.0"}
            answer = await site.http.post("/a2a/front", json=body, headers=headers)
            assert "The usual." in answer.text
            inherited.append((await intent(site, answer))["classes"]["inherited"])
        assert inherited == [[], ["phi", "pii"]]


async def test_a_streamed_answer_to_an_agent_is_known_to_its_parent_before_it_leaves(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=HOUSE) as site:
        far = await site.key("service", zone="cloud")

        async def relay(ask: Ask) -> str:
            await ask("And?", "ward", stream=True)
            return "It is the usual."

        calling(site, "front", await bot(site), relay)
        site.agents["ward"].answer = lambda body: HEALTH
        withheld = await site.chat(far, PUBLIC, "front")
        assert (withheld.status_code, code(withheld)) == (403, "answer_withheld")


async def test_what_is_masked_on_its_way_to_an_agent_does_not_come_back_with_it(sqlite_settings: Settings) -> None:
    agents = {**HOUSE, "front": {**HOUSE["front"], "zone": "partner"}}
    async with system(sqlite_settings, agents=agents) as site:
        answers = calling(site, "front", await bot(site, zone="partner"), once)
        site.agents["ward"].answer = lambda body: f"Write to {MAIL}."
        asked = await site.chat(await site.key("service", zone="partner"), PUBLIC, "front")
        assert asked.status_code == 200
        assert MAIL not in answers[0].text


async def test_a_chain_of_agents_is_bounded_and_its_loops_are_stopped(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=HOUSE) as site:
        front, back = await bot(site), await bot(site, "back")

        async def down(ask: Ask) -> str:
            await ask(PUBLIC, "back")
            return "Done."

        async def up(ask: Ask) -> str:
            await ask(PUBLIC, "plan")
            return "Done."

        calling(site, "front", front, down)
        looped = calling(site, "back", back, up)
        key = await site.key("clinician")
        assert (await site.chat(key, PUBLIC, "front")).status_code == 200
        assert (looped[0].status_code, code(looped[0])) == (403, "delegation_loop")
        [denied] = await site.trail(looped[0].headers["x-exchange-id"])
        assert [view["answer"] for view in denied["candidates"]] == ["loop"]
        assert denied["parent"]
        assert len(site.agents["front"].received) == 1
    async with system(sqlite_settings, agents=HOUSE, delegation={"max_depth": 1}) as site:
        calling(site, "front", front, down)
        deep = calling(site, "back", back, once)
        assert (await site.chat(key, PUBLIC, "front")).status_code == 200
        assert (deep[0].status_code, code(deep[0])) == (403, "delegation_depth")


async def test_a_loop_without_tokens_is_stopped_too(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=HOUSE) as site:

        async def down(ask: Ask) -> str:
            await ask(PUBLIC, "back", headers={})
            return "Done."

        async def up(ask: Ask) -> str:
            await ask(PUBLIC, "plan", headers={})
            return "Done."

        calling(site, "front", await bot(site), down)
        looped = calling(site, "back", await bot(site, "back"), up)
        assert (await site.chat(await site.key("clinician"), PUBLIC, "front")).status_code == 200
        assert (looped[0].status_code, code(looped[0])) == (403, "delegation_loop")


@pytest.mark.parametrize("token", [True, False])
async def test_calls_at_once_for_one_exchange_are_bounded_exactly(database: Settings, token: bool) -> None:
    async with system(database, agents=HOUSE, delegation={"max_children": 5}) as site:
        answers: list[httpx.Response] = []

        async def many(ask: Ask) -> str:
            more: dict[str, Any] = {} if token else {"headers": {}}
            answers.extend(await asyncio.gather(*(ask(PUBLIC, "ward", **more) for _ in range(12))))
            return "Done."

        calling(site, "front", await bot(site), many)
        assert (await site.chat(await site.key("clinician"), PUBLIC, "front")).status_code == 200
        assert sorted(answer.status_code for answer in answers) == [200] * 5 + [403] * 7
        assert {code(answer) for answer in answers if answer.status_code == 403} == {"delegation_fanout"}
        assert len(site.agents["ward"].received) == 5


async def test_many_exchanges_at_once_are_kept_apart_by_their_tokens(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=HOUSE) as site:
        key, agent = await site.key("clinician"), await bot(site)
        pairs: list[tuple[str, str]] = []
        waiting = asyncio.Barrier(8)

        async def behave(scope: Any, receive: Any, send: Any) -> None:
            given = {name.decode(): value.decode() for name, value in scope["headers"]}
            await waiting.wait()
            child = await site.chat(agent, PUBLIC, "summarize", headers={TOKEN: given[TOKEN]})
            pairs.append((given[TOKEN].partition(".")[0], child.headers["x-exchange-id"]))
            await send_json(send, completion("Done."))

        site.agents["front"].behave = behave
        texts = [HEALTH if index % 2 else PUBLIC for index in range(8)]
        answers = await asyncio.gather(*(site.chat(key, text, "front") for text in texts))
        health = {answer.headers["x-exchange-id"]: text == HEALTH for answer, text in zip(answers, texts, strict=True)}
        assert len(pairs) == 8
        for parent, child in pairs:
            first = (await site.trail(child))[0]
            assert first["parent"] == parent
            assert first["agent"] == ("ward" if health[parent] else "cloud")


async def test_an_agent_that_is_fallen_back_to_calls_with_a_token_of_its_own(database: Settings) -> None:
    agents = {**HOUSE, "back": {**HOUSE["back"], "capabilities": ["plan"]}}
    async with system(database, agents=agents) as site:
        site.agents["front"].behave = lambda scope, receive, send: send_json(send, {}, 503)
        answers = calling(site, "back", await bot(site, "back"), once)
        asked = await site.chat(await site.key("clinician"), HEALTH, "plan")
        assert (asked.status_code, asked.headers["x-routed-agent"]) == (200, "back")
        first = await intent(site, answers[0])
        assert (first["parent"], first["agent"]) == (asked.headers["x-exchange-id"], "ward")
        assert first["classes"]["inherited"] == ["phi", "pii"]


DECLASSIFY = (
    "p, 150, role:agent, class:phi, zone:cloud, chat, purpose:*, contract:baa, allow, declassify:phi;redact, deid, "
    '"What the de-identifying agent sends is no longer about anybody\'s health."',
    "p, 151, role:agent, class:pii, zone:cloud, chat, purpose:*, contract:baa, allow, declassify:pii;redact, deid-2, "
    '"What the de-identifying agent sends identifies nobody."',
)


async def test_a_class_leaves_the_flow_only_by_a_rule_that_says_so_and_the_record_shows_it(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with system(sqlite_settings, agents=HOUSE, policy=policies(tmp_path, *DECLASSIFY)) as site:

        async def both(ask: Ask) -> str:
            await ask(PUBLIC, "cloud", headers={**_token(site, "front"), "x-route": "exact"})
            await ask(f"Write to {MAIL}.", "cloud", headers={**_token(site, "front"), "x-route": "exact"})
            await ask(PUBLIC, "cloud", headers={**_token(site, "front"), "x-route": "exact", "x-data-class": "phi"})
            return "Done."

        answers = calling(site, "front", await bot(site), both)
        assert (await site.chat(await site.key("clinician"), HEALTH, "front")).status_code == 200
        clean, masked, declared = answers
        assert (clean.status_code, clean.headers["x-routed-agent"]) == (200, "cloud")
        first = await intent(site, clean)
        assert first["classes"]["inherited"] == ["phi", "pii"]
        assert {"declassify:phi", "declassify:pii", "redact"} <= {*first["decision"]["obligations"]}
        assert masked.status_code == 200
        assert MAIL not in str(site.agents["cloud"].bodies)
        # What the caller itself declares is its word on this message: no rule takes that away.
        assert (declared.status_code, code(declared)) == (403, "policy_denied")


def _token(site: System, name: str) -> dict[str, str]:
    return {TOKEN: site.agents[name].received[-1][0][TOKEN]}


async def test_the_purpose_is_that_of_the_exchange_and_no_other(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=HOUSE) as site:
        agent = await bot(site, purposes=("HPAYMT", "TREAT"))

        async def other(ask: Ask) -> str:
            await ask(PUBLIC, "ward", headers={**_token(site, "front"), "x-purpose": "HPAYMT"})
            await ask(PUBLIC, "ward", headers={**_token(site, "front"), "x-purpose": "TREAT"})
            return "Done."

        answers = calling(site, "front", agent, other)
        await site.chat(await site.key("clinician"), PUBLIC, "front")
        assert (answers[0].status_code, code(answers[0])) == (403, "purpose_not_allowed")
        assert (await intent(site, answers[1]))["purpose"] == "TREAT"


async def test_calls_by_mcp_and_a2a_carry_the_same(sqlite_settings: Settings) -> None:
    made = mcp_server()
    async with AsyncExitStack() as stack:
        tools = await stack.enter_async_context(served(made.streamable_http_app(), lifespan="on"))
        agents = {
            **HOUSE,
            "tools": {"protocol": "mcp", "zone": "in-house", "url": f"{tools}/mcp"},
            "peer": {"protocol": "a2a", "zone": "in-house"},
            "far": {"protocol": "a2a", "zone": "cloud", "processor": "cloud-inc"},
        }
        site = await stack.enter_async_context(system(sqlite_settings, agents=agents))
        agent = await bot(site)
        found: list[httpx.Response] = []

        async def behave(scope: Any, receive: Any, send: Any) -> None:
            message = {"role": "ROLE_AGENT", "messageId": "m-2", "parts": [{"text": "Noted."}]}
            await send_json(send, {"jsonrpc": "2.0", "id": 1, "result": {"message": message}})

        site.agents["peer"].behave = site.agents["far"].behave = behave

        async def plan(ask: Ask) -> str:
            headers = {"authorization": f"Bearer {agent}", **_token(site, "front")}
            message = {"role": "ROLE_USER", "messageId": "m-1", "parts": [{"text": PUBLIC}]}
            body = {"jsonrpc": "2.0", "id": 7, "method": "SendMessage", "params": {"message": message}}
            for peer in ("peer", "far"):
                url, more = f"/a2a/{peer}", {**headers, "a2a-version": "1.0"}
                found.append(await site.http.post(url, json=body, headers=more))
            found.append(await _mcp_call(site, headers))
            return "Done."

        calling(site, "front", agent, plan)
        asked = await site.chat(await site.key("clinician"), HEALTH, "front")
        assert asked.status_code == 200
        near, far, tool = found
        assert near.json()["result"]["message"]["parts"][0]["text"] == "Noted."
        assert far.json()["error"]["data"][0]["metadata"]["code"] == "policy_denied"
        assert not site.agents["far"].received
        for answer in (near, far, tool):
            first = await intent(site, answer)
            assert first["parent"] == asked.headers["x-exchange-id"]
            assert first["classes"]["inherited"] == ["phi", "pii"]


async def _mcp_call(site: System, headers: dict[str, str]) -> httpx.Response:
    """`tools/call` in the stateless version."""
    version = "2026-07-28"
    meta = {
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientInfo": {"name": "front", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": "echo", "arguments": {"text": PUBLIC}, "_meta": meta}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    more = {"mcp-protocol-version": version, "mcp-method": "tools/call", "mcp-name": "echo"}
    accept = {"accept": "application/json, text/event-stream"}
    answer = await site.http.post("/mcp/tools", json=body, headers={**headers, **more, **accept})
    assert PUBLIC in answer.text, answer.text
    return answer


@pytest.mark.postgres
async def test_two_nodes_know_the_same_of_an_exchange(postgres_settings: Settings, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        urls = {name: await stack.enter_async_context(served(Agent())) for name in HOUSE}
        agents = {name: {**values, "url": urls[name]} for name, values in HOUSE.items()}
        front, ward = Agent(), Agent()
        agents["front"]["url"] = await stack.enter_async_context(served(front))
        agents["ward"]["url"] = await stack.enter_async_context(served(ward))
        one = await stack.enter_async_context(system(postgres_settings, agents=agents))
        (tmp_path / "two").mkdir()
        shutil.copytree(tmp_path / "keys", tmp_path / "two" / "keys", ignore=shutil.ignore_patterns("node-id"))
        second = msgspec.structs.replace(postgres_settings, base=str(tmp_path / "two"))
        two = await stack.enter_async_context(system(second, agents=agents))
        one.agents["front"], one.agents["ward"] = front, ward

        answers = calling(one, "front", await bot(one), once, to=two)
        asked = await one.chat(await one.key("clinician"), HEALTH, "front")
        first = await intent(one, answers[0])
        assert (first["parent"], first["agent"]) == (asked.headers["x-exchange-id"], "ward")

        async def silent(ask: Ask) -> str:
            await ask(PUBLIC, "summarize", headers={})
            return "Done."

        answers = calling(one, "front", await bot(one, purposes=("TREAT",)), silent, to=two)
        await one.chat(await one.key("clinician"), HEALTH, "front")
        assert answers[0].headers["x-routed-agent"] == "ward"

        ward.answer = lambda body: HEALTH
        calling(one, "front", await bot(one), lambda ask: _told(ask), to=two)
        far = await one.key("service", zone="cloud")
        withheld = await one.chat(far, PUBLIC, "front")
        assert (withheld.status_code, code(withheld)) == (403, "answer_withheld")


async def _told(ask: Ask) -> str:
    await ask("And?", "ward")
    return "It is the usual."


async def test_a_repeated_idempotency_key_is_decided_again_and_says_nothing_of_others(
    sqlite_settings: Settings,
) -> None:
    """A key binds nothing beyond its caller: each repeat, and everybody else's same key, is an exchange of its own."""
    async with system(sqlite_settings, agents=HOUSE) as site:
        keys = [await site.key("clinician"), await site.key("clinician", owner="somebody else")]
        headers = {"idempotency-key": "k-1"}
        answers = [await site.chat(key, PUBLIC, "summarize", headers=headers) for key in (keys[0], *keys)]
        answers.append(await site.chat(keys[0], HEALTH, "summarize", headers=headers))
        assert [answer.headers["x-routed-agent"] for answer in answers] == ["cloud", "cloud", "cloud", "ward"]
        intents = [await intent(site, answer) for answer in answers]
        assert len({first["exchange"] for first in intents}) == len({first["idempotency"] for first in intents}) == 4
