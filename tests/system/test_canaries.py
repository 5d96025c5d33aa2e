"""Canaries planted wherever a caller or an agent can write: none comes out where nothing of a request may be.

The gateway is the real command, at log level debug. Searched are its log, its metrics, every error that it answers, the
envelopes, and the files of its database byte for byte; where something may be told in a detail, the test says so.
"""

import gzip
import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx

from gateway.bootstrap import open_site
from gateway.settings import Settings
from tests.system.installation import installation
from tests.system.processes import forked
from tests.system.site import PROCESSOR, Agent, completion, event, new_key, served

PERSON = "Zebulon Quagmire"
SSN = "536-22-8731"
MAIL = "zebulon.quagmire@example.com"
SECRET = "AKIAZEBRAFINCHQ7EXMP"
TEXT = f"Mr. {PERSON}, SSN: {SSN}, {MAIL}, was diagnosed with diabetes. Use {SECRET}."
SENSITIVE = ("Zebulon", "Quagmire", SSN, SSN.replace("-", ""), MAIL, SECRET)


class Canaries:
    """Markers, each one made for one place, so that a find says where it came from."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}

    def __call__(self, place: str) -> str:
        marker = f"zebrafinch{len(self.places):03d}"
        self.places[marker] = place
        return marker

    def found(self, data: bytes | str, ignoring: Iterable[str] = ()) -> list[str]:
        """Where the markers in some data came from, and what else of the texts is there."""
        text = data if isinstance(data, str) else data.decode("latin-1")
        ignored = set(ignoring)
        marked = [place for marker, place in self.places.items() if marker in text and place not in ignored]
        return marked + [value for value in SENSITIVE if value in text]


def _chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "cloud", "messages": [{"role": "user", "content": text}], **more}


class Liar(Agent):
    """An agent that answers in turn with everything an agent can get wrong, a canary in each."""

    def __init__(self, canary: Canaries) -> None:
        super().__init__()
        said = completion(f"{TEXT} {canary('answer')}")
        said.update(id=canary("answer id"), model=canary("answer model"), system_fingerprint=canary("answer print"))
        failed = {"error": {"message": canary("agent's error"), "param": canary("agent's param")}}
        json_type, page = (b"content-type", b"application/json"), (b"content-type", b"text/html")
        stream = (b"content-type", b"text/event-stream")
        self.script: list[tuple[int, list[tuple[bytes, bytes]], bytes]] = [
            (200, [json_type, (b"x-note", canary("agent's header").encode())], json.dumps(said).encode()),
            (500, [json_type], json.dumps(failed).encode()),
            (401, [json_type], json.dumps(failed).encode()),
            (200, [page], canary("a page").encode()),
            (200, [json_type], b'{"choices": "' + canary("garbage").encode() + b'"'),
            (302, [(b"location", f"http://127.0.0.1:1/{canary('redirect')}".encode())], b""),
            (200, [stream], event({"content": f"{TEXT} {canary('stream')}"}) + b"data: " + canary("chunk").encode()),
            (200, [stream], event({"content": TEXT}) + event({}, canary("finish")) + b"data: [DONE]\n\n"),
        ]
        self.turn = 0
        self.behave = self._lie

    async def _lie(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        status, headers, body = self.script[self.turn % len(self.script)]
        self.turn += 1
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _talk(http: httpx.AsyncClient, key: str, auditor: str, canary: Canaries, turns: int) -> list[httpx.Response]:
    """Requests with canaries in every place that a caller has."""
    bearer, read = {"authorization": f"Bearer {key}"}, {"authorization": f"Bearer {auditor}"}
    path, answers = "/v1/chat/completions", []

    async def post(url: str = path, **options: Any) -> None:
        answers.append(await http.post(url, **{"headers": bearer, **options}))

    for number in range(turns):
        said = f"{TEXT} {canary('request')}" if number % 2 else f"Ask {PERSON}: {canary('mild request')}"
        await post(json=_chat(said, model="ward", stream=number >= turns // 2, user=canary("user field")))
    await post(json=_chat(TEXT.replace(SECRET, "")))
    await post(json=_chat(f"Write to {MAIL}.", metadata={canary("a key"): canary("a value")}))
    await post(json=_chat(canary("unknown model"), model=canary("model")))
    await post(json=_chat("a", temperature=canary("temperature")))
    await post(json=_chat("a", tools=[{"type": canary("tool type")}]))
    await post(content=canary("not JSON").encode(), headers={**bearer, "content-type": "application/json"})
    await post(content=b"{}", headers={**bearer, "content-type": f"text/{canary('type')}"})
    broken = gzip.compress(canary("gzip").encode())[:-4]
    await post(content=broken, headers={**bearer, "content-type": "application/json", "content-encoding": "gzip"})
    for name in ("x-purpose", "x-data-class", "x-data-subject", "idempotency-key", "x-route", "traceparent", "cookie"):
        await post(json=_chat("Good morning."), headers={**bearer, name: canary(name)})
    for scheme in ("Bearer ", "Bearer gwk_0123456789ab_", "Basic ", "Bearer a.b."):
        await post(json=_chat("a"), headers={"authorization": scheme + canary("credential")})
    await post(json=_chat("a"), headers={"x-api-key": canary("api key")})
    answers.append(await http.get(f"/{canary('unknown path')}?q={canary('unknown query')}"))
    answers.append(await http.get(f"/audit/records?{canary('parameter')}=1", headers=read))
    answers.append(await http.get(f"/audit/records?from={canary('from')}", headers=read))
    answers.append(await http.get(f"/audit/records?cursor={canary('cursor')}", headers=read))
    answers.append(await http.get(f"/audit/records/{canary('seq')}", headers=read))
    answers.append(await http.get("/audit/records", headers={**bearer, "x-purpose": canary("api purpose")}))
    await post("/audit/search", json={"subject": canary("searched subject")}, headers=read)
    await post("/audit/search", content=canary("search body").encode(), headers=read)
    await post("/audit/verifications", content=canary("checkpoint").encode(), headers=read)
    await post("/evidence/bundles", json={"filters": {canary("filter"): "1"}}, headers=read)
    await post(f"/agents/{canary('agent')}/x?y={canary('agent query')}", json={"a": canary("agent body")})
    return answers


TOLD = ("seq", "agent", "unknown path")
"""Concrete paths may be told in a detail, which can be deleted."""


async def test_no_canary_comes_out_where_nothing_of_a_request_may_be(sqlite_settings: Settings) -> None:
    canary = Canaries()
    liar, calm = Liar(canary), Agent()
    base = Path(sqlite_settings.base)
    async with served(liar) as lying, served(calm) as url:
        agents = [
            {"id": "cloud", "protocol": "openai", "url": url, "zone": "cloud", "processor": PROCESSOR["id"]},
            {"id": "ward", "protocol": "openai", "url": lying, "zone": "in-house"},
        ]
        async with installation(sqlite_settings, agent=agents, server={"log_level": "debug"}) as site:
            async with open_site(site.settings) as opened:
                keys = [(await new_key(opened, *roles)).plain for roles in (("clinician",), ("auditor",))]
            async with (
                forked(site.file) as (_, address),
                httpx.AsyncClient(base_url=address, timeout=30) as http,
            ):
                answers = await _talk(http, keys[0], keys[1], canary, turns=len(liar.script) * 2)
                metrics = (await http.get("/metrics")).text
    assert liar.turn >= len(liar.script)
    assert {answer.status_code for answer in answers} >= {200, 400, 401, 403, 404, 415, 502}
    for answer in answers:
        if answer.status_code >= 400:
            shown = answer.text + str(answer.headers)
            assert not canary.found(shown), (answer.status_code, canary.found(shown), answer.text)
            assert not any(key in shown for key in keys)
    log = (base / "serve.log").read_bytes()
    assert len(log.splitlines()) > len(answers) // 2, "the log says little"
    for name, data in (("log", log), ("metrics", metrics.encode()), ("envelopes", _envelopes(base))):
        assert not canary.found(data), (name, canary.found(data))
        assert not any(key.encode() in data for key in keys), name
    stored = _files(base)
    assert "agent" in canary.found(b"".join(stored.values())), "the search finds nothing, whatever is there"
    for name, data in stored.items():
        assert not canary.found(data, TOLD), (name, canary.found(data, TOLD))
        assert not any(key.encode() in data for key in keys), name


def _files(base: Path) -> dict[str, bytes]:
    """All that the gateway has written, by the files' names."""
    files = (path for folder in (base, base / "keys") for path in folder.iterdir() if path.is_file())
    return {path.name: path.read_bytes() for path in files if path.name not in ("gateway.toml", "seen.jsonl")}


def _envelopes(base: Path) -> bytes:
    """The bytes of all records."""
    connection = sqlite3.connect(f"file:{base / 'gateway.db'}?mode=ro", uri=True)
    try:
        rows = connection.execute("SELECT bytes FROM record").fetchall()
    finally:
        connection.close()
    assert len(rows) > 40
    return b"\n".join(row[0] for row in rows)
