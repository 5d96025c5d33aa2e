"""A2A through the whole gateway: what is refused and how, what a hostile agent gets through, what is on record."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.agents.a2a_words import RETRY_INFO
from gateway.settings import Settings
from tests.agents.a2a_making import message, result, task
from tests.system.a2a_agent import BINDINGS, Ward, a2a_site
from tests.system.kit import HEALTH, MAIL, SSN, Watch, policies
from tests.system.site import System, send_json, system

SEND = {"message": message()}
VERSION = {"a2a-version": "1.0"}
URL_RULE = (
    "p, 225, role:user, class:unscanned, zone:in-house, onward:url, purpose:*, zone:trusted, allow, none, "
    'fetch-files, "Agents in the house may fetch files where the configuration says."'
)


async def rpc(site: System, key: str, method: str, params: Any = None, **headers: str) -> httpx.Response:
    body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": {} if params is None else params}
    given = {**VERSION, "authorization": f"Bearer {key}", **{name.replace("_", "-"): v for name, v in headers.items()}}
    return await site.http.post("/a2a/ward", json=body, headers={name: v for name, v in given.items() if v})


async def rest(site: System, key: str, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    given = {**VERSION, "authorization": f"Bearer {key}", **{name.replace("_", "-"): v for name, v in headers.items()}}
    return await site.http.request(method, f"/a2a/ward{path}", json=body, headers={n: v for n, v in given.items() if v})


def refused(answer: httpx.Response) -> tuple[int, Any, str]:
    """HTTP status, the error's own code, and the gateway's."""
    error = answer.json()["error"]
    info, *_ = error.get("data") or error["details"]
    assert info["metadata"]["exchange"] == answer.headers["x-exchange-id"]
    return answer.status_code, error["code"], info["metadata"]["code"]


class Said:
    """An agent that answers each JSON-RPC request with what it is told to, in events where that is a list."""

    def __init__(self) -> None:
        self.says: Any = {"message": message()}
        self.status = 200
        self.headers: list[tuple[bytes, bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not isinstance(self.says, list):
            await send_json(send, self.says if "error" in self.says else result(self.says), self.status)
            return
        head = [(b"content-type", b"text/event-stream"), *self.headers]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for one in self.says:
            if isinstance(one, asyncio.Event):
                await one.wait()
                continue
            data = b"data: " + json.dumps(result(one)).encode() + b"\n\n"
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def saying(base: Settings, **more: Any) -> AsyncIterator[tuple[System, Said]]:
    """A gateway before an A2A agent of the test's own making."""
    described = {"protocol": "a2a", "zone": "in-house", **more.pop("agent", {})}
    async with system(base, agents={"ward": described}, **more) as site:
        said = Said()
        site.agents["ward"].behave = said
        yield site, said


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("SendMessage", {"a2a_version": ""}, (200, -32009, "version_unsupported")),
        ("message/send", {"a2a_version": ""}, (200, -32009, "version_unsupported")),
        ("SendMessage", {"a2a_version": "0.3"}, (200, -32009, "version_unsupported")),
        ("SendMessage", {"a2a_version": "2.0"}, (200, -32009, "version_unsupported")),
        ("QuerySkill", {}, (200, -32601, "method_unknown")),
        ("SendMessage", {"content_type": "text/plain"}, (415, -32050, "media_type")),
        ("SendMessage", {"authorization": ""}, (401, -32050, "credential_missing")),
        ("SendMessage", {"authorization": "Bearer nobody"}, (401, -32050, "credential_invalid")),
    ],
)
async def test_refusals_by_json_rpc(
    sqlite_settings: Settings, method: str, headers: dict[str, str], expected: tuple[int, int, str]
) -> None:
    async with saying(sqlite_settings) as (site, _):
        answer = await rpc(site, await site.key("clerk"), method, SEND, **headers)
        assert refused(answer) == expected
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["id"] == (None if expected[0] == 401 else 7)
        assert not site.agents["ward"].received
        if expected[0] != 401:
            (denied,) = await site.trail(answer.headers["x-exchange-id"])
            assert (denied["event"], denied["outcome"]["status"]) == ("exchange.denied", expected[0])


REFUSED_BY_HTTP = [
    ("POST", "/message:send", {"a2a_version": ""}, (400, 400, "version_unsupported")),
    ("POST", "/v1/message:send", {"a2a_version": ""}, (400, 400, "version_unsupported")),
    ("POST", "/nothing", {}, (404, 404, "method_unknown")),
    ("PUT", "/tasks/t-1", {}, (405, 405, "method_not_allowed")),
    ("GET", "/tasks/t-1", {}, (404, 404, "not_found")),
    ("POST", "/message:send", {"authorization": ""}, (401, 401, "credential_missing")),
]


async def test_refusals_by_http(sqlite_settings: Settings, subtests: pytest.Subtests) -> None:
    async with saying(sqlite_settings) as (site, _):
        for method, path, headers, expected in REFUSED_BY_HTTP:
            with subtests.test(method=method, path=path, headers=headers, expected=expected):
                body = None if method == "GET" else SEND
                answer = await rest(site, await site.key("clerk"), method, path, body, **headers)
                assert refused(answer) == expected
                assert answer.headers["content-type"] == "application/a2a+json"
                assert not site.agents["ward"].received


async def test_an_agent_that_is_not_there_or_speaks_something_else_is_not_there(sqlite_settings: Settings) -> None:
    agents = {"ward": {"zone": "in-house"}}
    async with system(sqlite_settings, agents=agents) as site:
        key = await site.key("clerk")
        assert refused(await rpc(site, key, "SendMessage", SEND)) == (404, -32050, "unknown_target")
        assert refused(await rest(site, key, "POST", "/message:send", SEND)) == (404, 404, "unknown_target")
        given = {**VERSION, "authorization": f"Bearer {key}"}
        nobody = await site.http.get("/a2a/nobody/.well-known/agent-card.json", headers=given)
        assert refused(nobody)[2] == "unknown_target"


async def test_nothing_of_the_callers_request_but_its_message_reaches_the_agent(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARD_TOKEN", "agent-secret")
    async with saying(sqlite_settings, agent={"credential": "env:WARD_TOKEN", "assertion": True}) as (site, _):
        key = await site.key("clerk")
        answer = await rpc(
            site, key, "SendMessage", SEND, cookie="a=caller", x_purpose="TREAT", x_forwarded_for="10.0.0.1", te="gzip"
        )
        assert answer.status_code == 200
        ((headers, body),) = site.agents["ward"].received
        assert json.loads(body) == {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": SEND}
        assert headers["authorization"] == "Bearer agent-secret"
        assert headers["x-gateway-assertion"]
        assert {"cookie", "x-purpose", "x-forwarded-for", "te"}.isdisjoint(headers)
        assert key not in str(headers)
        assert "agent-secret" not in answer.text + str(answer.headers)


@pytest.mark.parametrize("code", [429, 503])
async def test_what_an_agent_turns_away_may_have_been_done_and_is_not_asked_again(
    sqlite_settings: Settings, code: int
) -> None:
    """A proxy before it says 503 for a connection that broke after the message was delivered."""
    async with saying(sqlite_settings) as (site, said):
        said.status = code
        await rpc(site, await site.key("clerk"), "SendMessage", SEND)
        assert len(site.agents["ward"].received) == 1


@pytest.mark.parametrize(
    ("method", "params"), [("SendMessage", SEND), ("SendStreamingMessage", SEND), ("ListTasks", {})]
)
async def test_what_may_have_been_done_is_never_asked_again(
    sqlite_settings: Settings, method: str, params: Any
) -> None:
    agents = {name: {"protocol": "a2a", "zone": "in-house", "capabilities": ["triage"]} for name in ("ward", "other")}
    async with system(sqlite_settings, agents=agents) as site:
        said = Said()
        said.status = 500
        for agent in site.agents.values():
            agent.behave = said
        answer = await rpc(site, await site.key("clerk"), method, params)
        assert refused(answer)[2] == "agent_unavailable"
        assert (len(site.agents["ward"].received), len(site.agents["other"].received)) == (1, 0)
        assert len(await site.trail(answer.headers["x-exchange-id"])) == 2


async def test_when_to_come_back_is_passed_on_though_the_error_is_an_answer_of_200(sqlite_settings: Settings) -> None:
    """An agent that has enough, and says for how long, in a binding whose errors are answers."""
    async with saying(sqlite_settings) as (site, _):

        async def behave(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 429, "headers": [(b"retry-after", b"17")]})
            await send({"type": "http.response.body", "body": b""})

        key = await site.key("clerk")
        site.agents["ward"].behave = behave
        answer = await rpc(site, key, "SendMessage", SEND)
        assert (answer.status_code, "error" in answer.json()) == (200, True)
        assert answer.headers["retry-after"] == "17"


async def test_a_sick_agent_is_left_alone_for_a_while(sqlite_settings: Settings) -> None:
    async with saying(sqlite_settings, agent={"breaker": {"calls": 1}}) as (site, said):
        key = await site.key("clerk")
        said.status = 500
        await rpc(site, key, "SendMessage", SEND)
        answer = await rpc(site, key, "SendMessage", SEND)
        assert refused(answer) == (503, -32050, "agent_suspended")
        _, again = answer.json()["error"]["data"]
        assert again == {"@type": RETRY_INFO, "retryDelay": f"{answer.headers['retry-after']}s"}
        assert len(site.agents["ward"].received) == 1


async def test_an_answer_that_is_none_is_not_passed_on(sqlite_settings: Settings, subtests: pytest.Subtests) -> None:
    async with saying(sqlite_settings) as (site, said):
        for says in (
            {"task": {"contextId": "c"}},
            {"task": task(id="../x")},
            {"message": message(), "task": task()},
            {},
            {"task": {**task(), "context_id": "c-2"}},
            {"result": "x", "error": {}},
        ):
            with subtests.test(says=says):
                said.says = says
                key = await site.key("clerk")
                assert refused(await rpc(site, key, "SendMessage", SEND))[1:] == (-32006, "agent_bad_answer")
                assert refused(await rest(site, key, "POST", "/message:send", SEND)) == (502, 502, "agent_bad_answer")


async def test_a_task_that_was_not_asked_for_is_not_handed_on(sqlite_settings: Settings) -> None:
    async with saying(sqlite_settings) as (site, said):
        key = await site.key("clerk")
        said.says = {"task": task("t-1")}
        assert (await rpc(site, key, "SendMessage", SEND)).json()["result"]["task"]["id"] == "t-1"
        said.says = task("t-2", metadata={"secret": "of somebody else"})
        for method in ("GetTask", "CancelTask"):
            answer = await rpc(site, key, method, {"id": "t-1"})
            assert refused(answer)[2] == "agent_bad_answer"
            assert "somebody" not in answer.text


async def test_a_redirect_is_not_followed(sqlite_settings: Settings) -> None:
    async with saying(sqlite_settings) as (site, said):
        said.status = 307
        assert refused(await rpc(site, await site.key("clerk"), "SendMessage", SEND))[2] == "agent_bad_answer"
        assert len(site.agents["ward"].received) == 1


async def test_data_that_may_not_go_to_an_agent_is_refused_and_not_sent(sqlite_settings: Settings) -> None:
    places: list[dict[str, Any]] = [
        {"data": {"resourceType": "Patient", "name": [{"family": "Zelnik"}]}},
        {"text": HEALTH},
        {"data": {"note": HEALTH}},
        {"raw": base64.b64encode(HEALTH.encode()).decode(), "mediaType": "text/plain"},
        {"text": "a", "metadata": {"note": HEALTH}},
        {"raw": base64.b64encode(b"\x89PNG").decode(), "mediaType": "image/png"},
    ]
    async with saying(sqlite_settings, agent={"zone": "cloud", "processor": "cloud-inc"}) as (site, _):
        key = await site.key("clerk")
        for part in places:
            for answer in (
                await rpc(site, key, "SendMessage", {"message": message(part)}),
                await rest(site, key, "POST", "/message:stream", {"message": message(part)}),
            ):
                assert refused(answer)[2] == "policy_denied"
                assert answer.headers["x-decision"] == "deny"
                assert "4481920" not in answer.text
        split = {"message": message(*({"text": one} for one in HEALTH.partition("448")))}
        assert refused(await rpc(site, key, "SendMessage", split))[2] == "policy_denied"
        assert not site.agents["ward"].received


async def test_an_identifier_over_two_texts_of_a_message_is_masked(sqlite_settings: Settings) -> None:
    async with saying(sqlite_settings, agent={"zone": "cloud", "processor": "cloud-inc"}) as (site, _):
        parts: list[dict[str, Any]] = [
            {"text": f"Write to {MAIL[:6]}"},
            {"text": f"{MAIL[6:]} today."},
            {"data": {"a": f"or {MAIL}"}},
        ]
        answer = await rpc(site, await site.key("clerk"), "SendMessage", {"message": message(*parts)})
        assert answer.headers["x-decision"] == "redact"
        (sent,) = site.agents["ward"].bodies
        assert sent["params"]["message"]["parts"] == [
            {"text": "Write to [EMAIL] today."},
            {"text": ""},
            {"data": {"a": "or [EMAIL]"}},
        ]


async def test_a_file_behind_a_url_is_nowhere_without_a_rule_and_a_registered_address(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    def files(*urls: str) -> dict[str, Any]:
        return {"message": message({"text": "see"}, *({"url": url} for url in urls))}

    allowed = {"a2a": {"file_urls": ["https://files.example/shared"]}}
    good, bad = "https://files.example/shared/a.pdf", "http://169.254.169.254/latest/meta-data"
    async with saying(sqlite_settings) as (site, _):
        assert refused(await rpc(site, await site.key("clerk"), "SendMessage", files(good)))[2] == (
            "destination_not_allowed"
        )
    async with saying(sqlite_settings, agent=allowed) as (site, _):
        answer = await rpc(site, await site.key("clerk"), "SendMessage", files(good))
        assert refused(answer)[2] == "policy_denied"
        (denied,) = await site.trail(answer.headers["x-exchange-id"])
        assert [view["answer"] for view in denied["candidates"]] == ["onward"]
    async with saying(sqlite_settings, agent=allowed, policy=policies(tmp_path, URL_RULE)) as (site, _):
        key = await site.key("clerk")
        for urls in (
            (bad,),
            (good, bad),
            ("https://files.example/shared/../x",),
            ("https://files.example.evil/shared",),
        ):
            answer = await rpc(site, key, "SendMessage", files(*urls))
            assert refused(answer)[2] == "destination_not_allowed"
            assert not any(url in answer.text for url in urls)
        assert not site.agents["ward"].received
        passed = await rpc(site, key, "SendMessage", files(good))
        assert passed.json()["result"] == {"message": message()}
        intent, _ = await site.trail(passed.headers["x-exchange-id"])
        assert "unscanned" in intent["classes"]["found"]


async def test_what_stands_behind_a_url_of_the_agents_is_unscanned(sqlite_settings: Settings) -> None:
    async with saying(sqlite_settings) as (site, said):
        said.says = {"message": message({"url": "https://files.example/a"})}
        inside = await rpc(site, await site.key("clerk"), "SendMessage", SEND)
        assert inside.json()["result"] == said.says
        outside = await rpc(site, await site.key("clerk", zone="cloud"), "SendMessage", SEND)
        assert refused(outside) == (200, -32050, "answer_withheld")
        _, end = await site.trail(outside.headers["x-exchange-id"])
        assert (end["outcome"]["code"], end["outcome"]["status"]) == ("answer_withheld", 200)
        assert end["scanned"] == "partial"


@pytest.mark.parametrize("binding", BINDINGS)
async def test_a_stream_that_may_not_be_released_ends_with_an_error(sqlite_settings: Settings, binding: str) -> None:
    async with saying(sqlite_settings) as (site, said):
        said.says = [{"task": task()}, {"message": message({"url": "https://files.example/a"})}]
        key = await site.key("clerk", zone="cloud")
        if binding == "JSONRPC":
            answer = await rpc(site, key, "SendStreamingMessage", SEND)
        else:
            answer = await rest(site, key, "POST", "/message:stream", SEND)
        assert refused(answer)[2] == "answer_withheld"


async def test_a_bad_event_ends_a_stream_with_an_error_that_clients_know(sqlite_settings: Settings) -> None:
    async with saying(sqlite_settings) as (site, said):
        said.says = [{"task": task()}, {"artifactUpdate": {"task_id": "t-1"}}, {"task": task()}]
        key = await site.key("clerk")
        for answer in (
            await rpc(site, key, "SendStreamingMessage", SEND),
            await rest(site, key, "POST", "/message:stream", SEND),
        ):
            *_, last, rest_of = answer.text.split("\n\n")
            assert last.startswith("event: error\ndata: ")
            assert "INVALID_AGENT_RESPONSE" in last
            assert rest_of == ""
            _, end = await site.trail(answer.headers["x-exchange-id"])
            assert (end["outcome"]["code"], end["outcome"]["status"]) == ("agent_bad_answer", 200)


async def test_classes_stick_to_a_context_and_its_task(sqlite_settings: Settings, tmp_path: Path) -> None:
    """What was sent in a context decides where its later turns may go, at whatever agent and whoever names them."""
    agents = {
        "ward": {"protocol": "a2a", "zone": "in-house"},
        "sky": {"protocol": "a2a", "zone": "cloud", "processor": "cloud-inc"},
    }
    async with system(sqlite_settings, agents=agents) as site:
        said = Said()
        said.says = {"task": task()}
        for agent in site.agents.values():
            agent.behave = said
        key = await site.key("clinician")
        assert (await rpc(site, key, "SendMessage", {"message": message({"text": HEALTH})})).status_code == 200
        later = await rpc(site, key, "SendMessage", {"message": message(contextId="c-1", taskId="t-1")})
        intent, _ = await site.trail(later.headers["x-exchange-id"])
        assert intent["classes"]["inherited"] == ["phi", "pii"]
        given = {**VERSION, "authorization": f"Bearer {key}"}
        body = {"jsonrpc": "2.0", "id": 7, "method": "SendMessage", "params": {"message": message(contextId="c-1")}}
        elsewhere = await site.http.post("/a2a/sky", json=body, headers=given)
        assert refused(elsewhere)[2] == "policy_denied"
        assert not site.agents["sky"].received
        got = await rpc(site, key, "GetTask", {"id": "t-1"})
        assert refused(got)[2] == "agent_bad_answer"  # what this agent says is the answer to a message
        intent, _ = await site.trail(got.headers["x-exchange-id"])
        assert (intent["action"], intent["classes"]["inherited"]) == ("task", ["phi", "pii"])


async def test_a_referenced_task_is_the_callers_own_or_none(sqlite_settings: Settings) -> None:
    async with saying(sqlite_settings) as (site, said):
        ada, eve = await site.key("clerk", owner="ada"), await site.key("clerk", owner="eve")
        said.says = {"task": task()}
        await rpc(site, ada, "SendMessage", SEND)
        referring = {"message": message(referenceTaskIds=["t-1"])}
        assert refused(await rpc(site, eve, "SendMessage", referring)) == (200, -32001, "not_found")
        nobody = {"message": message(referenceTaskIds=["t-9"])}
        assert refused(await rpc(site, eve, "SendMessage", nobody)) == (200, -32001, "not_found")
        assert len(site.agents["ward"].received) == 1
        assert "result" in (await rpc(site, ada, "SendMessage", referring)).json()


async def test_an_id_is_pinned_before_a_stream_gives_it_away(sqlite_settings: Settings) -> None:
    more = asyncio.Event()
    async with saying(sqlite_settings) as (site, said):
        ada, eve = await site.key("clerk", owner="ada"), await site.key("clerk", owner="eve")
        said.says = [{"task": task()}, more, {"statusUpdate": {"taskId": "t-1", "status": {"state": 3}}}]
        given = {**VERSION, "authorization": f"Bearer {ada}"}
        body = {"jsonrpc": "2.0", "id": 7, "method": "SendStreamingMessage", "params": SEND}
        async with site.http.stream("POST", "/a2a/ward", json=body, headers=given) as stream:
            lines = stream.aiter_lines()
            while '"t-1"' not in await anext(lines):
                pass
            assert refused(await rpc(site, eve, "GetTask", {"id": "t-1"}))[2] == "not_found"
            said.says = task()
            assert (await rpc(site, ada, "GetTask", {"id": "t-1"})).json()["result"]["id"] == "t-1"
            more.set()
            rest_of = [line async for line in lines]
        assert any('"state":3' in line for line in rest_of)


async def test_a_subscription_ends_in_order_when_its_time_is_up_or_its_caller_goes(sqlite_settings: Settings) -> None:
    watch, never = Watch(), asyncio.Event()
    async with saying(sqlite_settings, agent={"listen_timeout_s": 0.3}, failpoint=watch) as (site, said):
        key = await site.key("clerk")
        said.says = {"task": task()}
        await rpc(site, key, "SendMessage", SEND)
        said.says = [{"task": task()}, never]
        answer = await rpc(site, key, "SubscribeToTask", {"id": "t-1"})
        assert "error" not in answer.text
        _, end = await site.trail(answer.headers["x-exchange-id"])
        assert (end["action"], end["outcome"]["code"]) == ("task", "ok")
        given = {**VERSION, "authorization": f"Bearer {key}"}
        async with site.http.stream("POST", "/a2a/ward/tasks/t-1:subscribe", headers=given) as stream:
            exchange = stream.headers["x-exchange-id"]
            await anext(stream.aiter_lines())

        async def ended() -> list[dict[str, Any]] | None:
            trail = await site.trail(exchange)
            return trail if len(trail) == 2 else None

        _, end = await watch.until(ended)
        assert end["outcome"]["code"] == "ok"
        never.set()


async def test_a_subscription_that_is_read_whole_is_given_again_when_its_time_is_up(sqlite_settings: Settings) -> None:
    never = asyncio.Event()
    async with saying(sqlite_settings, agent={"listen_timeout_s": 0.3}) as (site, said):
        key = await site.key("clerk", zone="cloud")
        said.says = {"task": task()}
        await rpc(site, key, "SendMessage", SEND)
        update = {"status": {"state": "TASK_STATE_WORKING", "message": message({"text": f"for {MAIL}"})}}
        said.says = [{"task": task()}, {"statusUpdate": {"taskId": "t-1", **update}}, never]
        answer = await rpc(site, key, "SubscribeToTask", {"id": "t-1"})
        assert "for [EMAIL]" in answer.text
        assert answer.text.count("data: ") == 2
        never.set()


async def test_nothing_reaches_an_agent_while_the_ledger_cannot_be_written(sqlite_settings: Settings) -> None:
    watch = Watch()
    async with saying(sqlite_settings, failpoint=watch) as (site, _):
        key = await site.key("clerk")
        watch.failing = True
        assert refused(await rpc(site, key, "SendMessage", SEND)) == (503, -32050, "ledger_unavailable")
        assert refused(await rest(site, key, "GET", "/.well-known/agent-card.json")) == (503, 503, "ledger_unavailable")
        watch.failing = False
        assert not site.agents["ward"].received


async def test_the_record_commits_to_a_whole_stream_and_holds_no_word_of_it(sqlite_settings: Settings) -> None:
    async with a2a_site(sqlite_settings, made=Ward()) as site:
        answer = await rpc(
            site, await site.key("clerk"), "SendStreamingMessage", {"message": message({"text": f"say {SSN}"})}
        )
        assert SSN in answer.text
        intent, end = await site.trail(answer.headers["x-exchange-id"])
        assert end["outcome"]["bytes"] == len(answer.content)
        assert end["response"]["commitment"]
        assert SSN not in json.dumps([intent, end])


async def test_an_agents_schema_speaks_of_messages_and_of_nothing_else(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    section = policies(tmp_path)
    schema = {"properties": {"message": {"required": ["metadata"]}}, "required": ["message"]}
    (tmp_path / "policies" / "schemas" / "said.json").write_text(json.dumps(schema))
    async with saying(sqlite_settings, agent={"schema": "said.json"}, policy=section) as (site, said):
        key = await site.key("clerk")
        good = {"message": message(metadata={"a": 1})}
        for answer in (
            await rpc(site, key, "SendMessage", SEND),
            await rest(site, key, "POST", "/message:send", SEND),
            await rest(site, key, "POST", "/message:stream", SEND),
        ):
            assert refused(answer)[2] == "schema_violation"
        assert not site.agents["ward"].received
        said.says = {"task": task()}
        assert "result" in (await rpc(site, key, "SendMessage", good)).json()
        said.says = {"tasks": [task()]}
        assert (await rpc(site, key, "ListTasks")).json()["result"]["totalSize"] == 1
