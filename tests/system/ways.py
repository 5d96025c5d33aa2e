"""Every way into the gateway, with canaries in every place that a caller has."""

import asyncio
import gzip
import json
from typing import Any

import httpx

from gateway.agents.mcp_words import META_VERSION
from tests.agents import a2a_making, mcp_making
from tests.agents.formats.test_x12 import CLAIM
from tests.system.canaries import ECHOED, MAIL, PERSON, TEXT, TOLD, WITH_SECRET, Canaries
from tests.system.test_legacy_formats import ADT, SHEET

CHAT = "/v1/chat/completions"


class Caller:
    """Who asks, with one key, and what was answered. `turns`: how often each request is made, whole and as a stream."""

    def __init__(self, http: httpx.AsyncClient, key: str, canary: Canaries, turns: int = 1) -> None:
        self._http, self._bearer, self.canary, self.turns = http, {"authorization": f"Bearer {key}"}, canary, turns
        self.answers: list[httpx.Response] = []

    async def ask(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        given = {"user-agent": self.canary(TOLD + "user agent"), **self._bearer, **(headers or {})}
        answer = await self._http.request(method, path, headers=given, **more)
        self.answers.append(answer)
        return answer

    async def post(self, path: str, **more: Any) -> httpx.Response:
        return await self.ask("POST", path, **more)

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.ask("GET", path, **more)

    def said(self, where: str) -> str:
        """A text to be sent there."""
        return f"{TEXT} {self.canary(where)}"


def chat(text: str, model: str = "cloud", **more: Any) -> dict[str, Any]:
    """The body of a chat."""
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


# ------------------------------------------------------------------------------------------------------- the protocols


async def openai(by: Caller) -> None:
    """Chats, responses and embeddings, right and wrong."""
    canary = by.canary
    for stream in (False, True):
        for _ in range(by.turns):
            user = canary("user field")
            await by.post(CHAT, json=chat(by.said("chat"), "open", stream=stream, user=user))
            body = {"model": "open", "input": by.said("input"), "instructions": by.said("instructions")}
            await by.post("/v1/responses", json={**body, "stream": stream, "metadata": {"a": canary("metadata")}})
            await by.post("/v1/embeddings", json={"model": "open", "input": by.said("embedded")})
    tool = {"type": "function", "function": {"name": canary("tool name"), "parameters": {"x": canary("schema")}}}
    await by.post(CHAT, json=chat(by.said("with a tool"), "open", tools=[tool]))
    await by.post(CHAT, json=chat("a", temperature=canary("temperature")))
    await by.post(CHAT, json=chat("a", tools=[{"type": canary("tool type")}]))
    await by.post(CHAT, json=chat(by.said("to the one that is gone"), "gone"))
    await by.post(CHAT, json=chat(canary("unknown model"), canary("model")))
    for path in ("/v1/responses", "/v1/embeddings"):
        await by.post(path, json={"model": canary("model"), "input": canary("input")})
        await by.post(path, json={"model": "open", "input": {canary("input's key"): 1}})
        await by.post(path, json={"model": "open", "input": "a", canary("unknown field"): canary("its value")})
    await by.post("/v1/responses", json={"model": "open", "input": "a", "previous_response_id": canary("before")})
    await by.post("/v1/files", json={"purpose": canary("unmodelled")})
    await by.get(f"/v1/models/{canary(TOLD + 'model shown')}")


async def anthropic(by: Caller) -> None:
    """Messages and counts of tokens."""
    path, count = "/v1/messages", "/v1/messages/count_tokens"
    version = {"anthropic-version": "2023-06-01"}
    for stream in (False, True):
        for _ in range(by.turns):
            talk = {"model": "claude", "messages": [{"role": "user", "content": by.said("message")}]}
            whole = {**talk, "max_tokens": 64, "system": by.said("system"), "stream": stream}
            await by.post(path, json=whole, headers=version)
            await by.post(count, json=talk, headers=version)
    for wrong in (path, count):
        await by.post(wrong, json={"model": by.canary("model"), "max_tokens": 1, "messages": []}, headers=version)
        role = {"role": by.canary("role"), "content": by.canary("content")}
        await by.post(wrong, json={"model": "claude", "max_tokens": 1, "messages": [role]}, headers=version)
    await by.post(path, json={}, headers={"anthropic-version": by.canary("version")})


async def mcp(by: Caller) -> None:
    """Tools in both eras."""
    both = {"accept": mcp_making.BOTH}
    older = {**both, "mcp-protocol-version": mcp_making.OLD}
    client = {"name": by.canary("client's name"), "version": by.canary("client's version")}
    begin = {"protocolVersion": mcp_making.OLD, "capabilities": {}, "clientInfo": client}
    begun = await by.post("/mcp/tools", json=mcp_making.rpc("initialize", begin), headers=older)
    session = {**older, "mcp-session-id": begun.headers.get("mcp-session-id", "")}
    for _ in range(by.turns):
        await by.post("/mcp/tools", json=mcp_making.rpc("tools/call", _call(by)), headers=session)
        await _newest(by, "tools/call", _call(by))
    await _newest(by, "tools/list", {})
    await _newest(by, "tools/call", {"name": by.canary("unknown tool"), "arguments": {}})
    await _newest(by, "resources/read", {"uri": f"file:///{by.canary('resource')}"})
    await _newest(by, by.canary("method"), {"a": by.canary("parameter")})
    await _newest(by, "tools/call", _call(by), **{"mcp-name": by.canary("header's name")})
    stolen = {**older, "mcp-session-id": by.canary("session")}
    await by.post("/mcp/tools", json=mcp_making.rpc("ping", {}, id=by.canary(ECHOED + "id")), headers=stolen)
    await by.post("/mcp/tools", json=[], headers={**older, "origin": f"https://{by.canary('origin')}.example"})
    await by.post(f"/mcp/{by.canary(TOLD + 'server')}", json=mcp_making.rpc("ping", {}), headers=older)


async def _newest(by: Caller, method: str, params: dict[str, Any], **headers: str) -> None:
    meta = {META_VERSION: mcp_making.NEW, "io.modelcontextprotocol/clientCapabilities": {}}
    asked = mcp_making.new(method, {"_meta": meta, **params}, **headers)
    await by.post("/mcp/tools", content=asked.body, headers=dict(asked.headers))


def _call(by: Caller) -> dict[str, Any]:
    return {"name": "echo", "arguments": {"text": by.said("argument")}}


async def a2a(by: Caller) -> None:
    """Messages in both bindings, whole and as streams, and tasks that are not there."""
    version = {"a2a-version": "1.0"}

    def said() -> dict[str, Any]:
        parts = ({"text": by.said("part")}, {"data": {by.canary("key of data"): by.said("data")}})
        return {"message": a2a_making.message(*parts, messageId=by.canary("message id"), role="ROLE_USER")}

    async def rpc(method: str, params: dict[str, Any]) -> None:
        call = {"jsonrpc": "2.0", "id": by.canary(ECHOED + "id"), "method": method, "params": params}
        await by.post("/a2a/rpc", json=call, headers=version)

    for _ in range(by.turns):
        for method in ("SendMessage", "SendStreamingMessage"):
            await rpc(method, said())
        for path in ("message:send", "message:stream"):
            await by.post(f"/a2a/rest/{path}", json=said(), headers=version)
    await rpc(by.canary("method"), said())
    await rpc("GetTask", {"id": by.canary("task")})
    await rpc("SendMessage", {"message": {by.canary("field"): 1}})
    await by.get(f"/a2a/rest/tasks/{by.canary(TOLD + 'task')}", headers=version)
    await by.post("/a2a/rest/message:send", json=said(), headers={"a2a-version": by.canary("version")})
    await by.post(f"/a2a/{by.canary(TOLD + 'a2a agent')}", json=said(), headers=version)


async def legacy(by: Caller) -> None:
    """Plain HTTP in every format that is read by field, whole and spoiled."""
    name, parts = by.canary, []
    for _ in range(by.turns):
        note = name(f"{TOLD}path")
        parts += [await by.post("/agents/files/notes", json={"text": by.said("note")})]
        parts += [await by.get(f"/agents/files/notes/{note}?q={name('query')}")]
    documents = {
        "application/hl7-v2": ADT.replace("Zelnik", name("name in HL7")).replace("7701", "4481920"),
        "application/edi-x12": CLAIM.replace("SMITH", name("name in X12")),
        "application/xml": f"<patient><name>{name('name in XML')}</name><ssn>536-22-8731</ssn></patient>",
        "text/csv": SHEET.replace("Zelnik", name("name in CSV")),
        "application/x-www-form-urlencoded": f"name={name('name in a form')}&mail={MAIL.replace('@', '%40')}",
        "multipart/form-data; boundary=b": f"--b\r\ncontent-disposition: form-data; name={name('in parts')}\r\n\r\n"
        f"{TEXT}\r\n--b--\r\n",
        "application/fhir+json": json.dumps({"resourceType": "Patient", "name": [{"family": name("FHIR name")}]}),
    }
    for kind, text in documents.items():
        for sent in (text, text[: len(text) * 2 // 3], f"{name('before')}{text}"):
            for path in ("/agents/files/notes", "/agents/files/billing"):
                await by.post(path, content=sent.encode(), headers={"content-type": kind})


# ------------------------------------------------------------------------------------------------------ what is refused


async def refused(by: Caller) -> None:
    """Bodies that cannot be read, headers that say something, credentials that are none."""
    canary, kind = by.canary, {"content-type": "application/json"}
    await by.post(CHAT, content=canary("not JSON").encode(), headers=kind)
    await by.post(CHAT, content=b'{"' + canary("twice").encode() + b'": 1, "' + b"a" * 70_000, headers=kind)
    await by.post(CHAT, content=f"{'[' * 100}{canary('deep')}".encode(), headers=kind)
    await by.post(CHAT, content=canary("not UTF-8").encode() + b"\xff", headers=kind)
    await by.post(CHAT, content=canary("too large").encode() * 5_000, headers=kind)
    await by.post(CHAT, content=b"{}", headers={"content-type": f"text/{canary('type')}"})
    broken = gzip.compress(canary("gzip").encode())[:-4]
    await by.post(CHAT, content=broken, headers={**kind, "content-encoding": "gzip"})
    await by.post(CHAT, content=b"{}", headers={**kind, "content-encoding": canary("coding")})
    for name in _HEADERS:
        await by.post(CHAT, json=chat("Good morning."), headers={name: canary(name)})
    for scheme in ("Bearer ", "Bearer gwk_0123456789ab_", "Basic ", "Bearer a.b."):
        await by.post(CHAT, json=chat("a"), headers={"authorization": scheme + canary("credential")})
    await by.post(CHAT, json=chat("a"), headers={"authorization": "", "x-api-key": canary("api key")})
    await by.get(f"/{canary(TOLD + 'unknown path')}?q={canary('unknown query')}&api_key={canary('key in a URL')}")
    await by.post(f"/agents/{canary(TOLD + 'agent')}/x?y={canary('agent query')}", json={"a": canary("agent body")})
    for _ in range(3):
        await by.post(CHAT, json=chat(by.said("beyond the limit"), "limited"))


_HEADERS = (
    *("x-purpose", "x-data-class", "x-data-subject", "idempotency-key", "x-route", "traceparent", "tracestate"),
    *("cookie", "x-exchange-delegation", "baggage", "x-forwarded-for", "referer", "x-receipt", "mcp-session-id"),
)


async def masked(by: Caller) -> None:
    """What goes out masked, or as tokens."""
    for stream in (False, True):
        await by.post(CHAT, json=chat(f"Write to {MAIL} or {PERSON}.", stream=stream))
        await by.post(CHAT, json=chat(f"Write to {MAIL}.", metadata={by.canary("a key"): by.canary("a value")}))
        await by.post(CHAT, json=chat(by.said("health"), stream=stream))
        await by.post(CHAT, json=chat(f"{WITH_SECRET} {by.canary('secret')}", stream=stream))


# ------------------------------------------------------------------------------------------------------ people and API


async def api(by: Caller) -> None:
    """What an auditor asks wrongly."""
    canary = by.canary
    await by.get(f"/audit/records?{canary('parameter')}=1")
    await by.get(f"/audit/records?from={canary('from')}")
    await by.get(f"/audit/records?cursor={canary('cursor')}")
    await by.get(f"/audit/records/{canary(TOLD + 'seq')}")
    await by.get("/audit/records", headers={"x-purpose": canary("api purpose")})
    await by.post("/audit/search", json={"subject": canary("searched subject")})
    await by.post("/audit/search", content=canary("search body").encode())
    await by.post("/audit/verifications", content=canary("checkpoint").encode())
    await by.post("/evidence/bundles", json={"filters": {canary("filter"): "1"}})
    await by.post("/policy/explain", json={"agent": canary("explained agent"), "classes": [canary("class")]})


async def tasks(by: Caller) -> None:
    """Requests made later: done, failed, refused, looked for."""
    canary, ended = by.canary, []
    for model in ("desk", "open", "gone", canary("model of a task")):
        order = {"path": CHAT, "body": chat(by.said(f"task for {model[:6]}"), model), "tries": 1}
        answer = await by.post("/v1/tasks", json=order, headers={"idempotency-key": canary("task's key")})
        if answer.status_code == 202:
            ended.append(await until_ended(by, answer.json()["id"]))
    assert {"completed", "failed"} <= set(ended), (ended, [answer.text for answer in by.answers[-4:]])
    text = {"path": "/agents/files/notes", "text": ADT, "media_type": "application/hl7-v2"}
    await by.post("/v1/tasks", json={**text, "headers": {canary("header's name"): canary("header's value")}})
    await by.post("/v1/tasks", json={"path": f"/{canary('path of a task')}", "body": {}})
    await by.post("/v1/tasks", json={"path": CHAT, "body": {}, canary("field of a task"): 1})
    await by.post("/v1/tasks", json={"path": CHAT, "body": {}, "callback": canary("callback")})
    await by.get(f"/v1/tasks/{canary(TOLD + 'task id')}")


async def until_ended(by: Caller, task: str) -> str:
    """The state in which a task has ended, its result fetched."""
    async with asyncio.timeout(20):
        while (state := await _state(by, task)) in ("queued", "running"):  # noqa: ASYNC110 - another process's
            await asyncio.sleep(0.05)
    await by.get(f"/v1/tasks/{task}/result")
    return state


async def _state(by: Caller, task: str) -> str:
    return str((await by.get(f"/v1/tasks/{task}")).json()["state"])


async def approvals(by: Caller, people: Caller) -> str:
    """What people are asked, allowed and denied; gives the id of a task that is allowed too, and made once it is looked
    at again."""
    canary = by.canary
    said = {"reason": canary(TOLD + "justification"), "version": 0}
    later = chat(f"Write to {MAIL} about {canary('to be approved later')}.")
    task: str = (await by.post("/v1/tasks", json={"path": CHAT, "body": later})).json()["id"]
    async with asyncio.timeout(20):
        while not (waiting := (await people.get("/approvals")).json()["approvals"]):  # noqa: ASYNC110 - another process's
            await asyncio.sleep(0.02)
    assert (await people.post(f"/approvals/{waiting[0]['id']}/approve", json=said)).status_code == 200
    for word in ("approve", "deny"):
        body = chat(f"Write to {MAIL} about {canary('to be approved')}.")
        asked = await by.post(CHAT, json=body)
        approval = asked.json()["error"]["approval"]
        assert (await people.get(f"/approvals/{approval}")).status_code == 200
        await people.post(f"/approvals/{approval}/{word}", json={"reason": canary("reason"), "version": canary("no")})
        assert (await people.post(f"/approvals/{approval}/{word}", json=said)).status_code == 200
        assert ((await by.post(CHAT, json=body)).status_code == 200) is (word == "approve")
    await people.post(f"/approvals/{canary(TOLD + 'approval')}/deny", json=said)
    return task
