"""Canaries planted wherever a caller or an agent can write: none comes out where nothing of a request may be.

The gateway is the real command, at log level debug, before agents of every protocol that answer with all that an agent
can get wrong. Searched are its log, its metrics, every error that it answers, what commands print, a bundle, every
column of its database and its files byte for byte; where something may be told in a detail, the place says so. On
PostgreSQL every kind of request is made once, and every column is searched.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from gateway.bootstrap import open_site
from gateway.settings import Settings
from tests.cli.kit import Result, here
from tests.services import Postgres, free_port
from tests.system import parrots, ways
from tests.system.approvals import ASK
from tests.system.canaries import (
    ECHOED,
    PASSED_ON,
    SENSITIVE,
    TEXT,
    TOLD,
    WITH_SECRET,
    Canaries,
    columns,
    columns_of_server,
    envelopes,
    files,
    forms,
    members,
)
from tests.system.installation import RATES, installation
from tests.system.kit import policies
from tests.system.parrots import Parrot
from tests.system.processes import forked
from tests.system.site import PROCESSOR, Agent, new_key, served
from tests.system.test_legacy_formats import MAPPING
from tests.system.test_tokens import PSEUDONYMS

FORMS = {
    "open": parrots.OPENAI,
    "claude": parrots.ANTHROPIC,
    "tools": parrots.MCP,
    "rpc": parrots.A2A_RPC,
    "rest": parrots.A2A_REST,
    "files": parrots.HTTP,
}
OWN: dict[str, dict[str, Any]] = {
    "open": {"protocol": "openai"},
    "claude": {"protocol": "anthropic"},
    "tools": {"protocol": "mcp"},
    "rpc": {"protocol": "a2a", "a2a": {"binding": "JSONRPC", "path": "/rpc"}},
    "rest": {"protocol": "a2a", "a2a": {"binding": "HTTP+JSON", "path": "/rest"}},
    "files": {
        "protocol": "http",
        "routes": ["POST /notes", "GET /notes/{id}", "POST /billing"],
        "mapping": "billing.toml",
    },
}
STEADY = {"retries": 0, "breaker": {"calls": 100_000}}
TURNS = 5
"""How often each kind of request is made, whole and as a stream: so that each agent gives each wrong answer."""


class Run(msgspec.Struct):
    """What a gateway left behind: its directory, all answers, its metrics, and the secrets that it was shown."""

    base: Path
    canary: Canaries
    answers: list[httpx.Response]
    metrics: str
    secrets: list[str]

    def clean(self, what: str, data: bytes | str, *but: str) -> None:
        """Nothing of a canary or a secret is there, `but` for what came from places whose names begin so."""
        found = self.canary.found(data, *but)
        assert not found, (what, found)
        raw = data.encode() if isinstance(data, str) else data
        assert not any(secret.encode() in raw for secret in self.secrets), (what, "a credential")


@asynccontextmanager
async def _serving(base: Settings, canary: Canaries, credential: str) -> AsyncIterator[tuple[Any, list[Parrot]]]:
    """An installation before its agents, all of them wrong in turn but `cloud`, `desk` and `limited`."""
    directory = Path(base.base)
    (directory / "secrets").mkdir()
    (directory / "secrets" / "agents").write_text(credential)
    section = policies(directory / "own", ASK.format(demand="privacy").replace("435", "385"), PSEUDONYMS)
    (directory / "own" / "policies" / "schemas" / "billing.toml").write_text(MAPPING)
    async with AsyncExitStack() as stack:
        wrong = {name: Parrot(canary, name, form) for name, form in FORMS.items()}
        calm = await stack.enter_async_context(served(Agent()))
        agents = [
            {"id": name, "zone": "in-house", **STEADY, **OWN[name], "credential": f"file:{directory}/secrets/agents"}
            | {"url": await stack.enter_async_context(served(wrong[name]))}
            for name in FORMS
        ]
        common = {"protocol": "openai", **STEADY}
        agents += [
            {"id": "cloud", "zone": "cloud", "processor": PROCESSOR["id"], "url": calm, **common},
            {"id": "desk", "zone": "in-house", "url": calm, **common},
            {"id": "limited", "zone": "in-house", "url": calm, **common},
            {"id": "gone", "zone": "in-house", "url": f"http://127.0.0.1:{free_port()}", **common},
        ]
        site = await stack.enter_async_context(
            installation(
                base,
                agent=agents,
                policy=section,
                server={"log_level": "debug", "max_body_bytes": 60_000},
                limits={**RATES, "failures": "20/minute"},
                limit=[{"name": "few", "what": "requests", "count": 1, "window_s": 3600, "agents": ["limited"]}],
                tasks={"retry_s": 0.001, "retry_max_s": 0.002, "poll_s": 0.05},
            )
        )
        yield site, list(wrong.values())


async def _run(base: Settings, turns: int) -> Run:
    """All ways in, each kind of request so many times; with fewer than `TURNS` of them not every wrong answer is
    given."""
    canary, credential = Canaries(), "agents-own-credential-4711"
    async with _serving(base, canary, credential) as (site, wrong):
        async with open_site(site.settings) as opened:
            roles = ("clinician", "auditor", "clerk", "analyst")
            keys = {role: (await new_key(opened, role)).plain for role in roles}
            keys["outside"] = (await new_key(opened, "clinician", zone="cloud")).plain
            keys["privacy"] = (await new_key(opened, "privacy", owner="ada", kind="person")).plain
        async with forked(site.file) as (_, address), httpx.AsyncClient(base_url=address, timeout=30) as http:
            inside, outside = (ways.Caller(http, keys[name], canary, turns) for name in ("clinician", "outside"))
            outside.turns = 1
            others = {
                name: ways.Caller(http, keys[name], canary) for name in ("auditor", "clerk", "analyst", "privacy")
            }
            for by in (inside, outside):
                for way in (ways.openai, ways.anthropic, ways.mcp, ways.a2a, ways.legacy):
                    await way(by)
            await ways.masked(others["clerk"])
            await ways.tasks(inside)
            task = await ways.approvals(others["analyst"], others["privacy"])
            await ways.api(others["auditor"])
            await ways.refused(inside)
            assert await ways.until_ended(others["analyst"], task) == "completed"
            answers = [answer for by in (inside, outside, *others.values()) for answer in by.answers]
            metrics = (await http.get("/metrics")).text
    few = {parrot.name: parrot.turn for parrot in wrong if parrot.turn < len(parrot.script)}
    assert turns < TURNS or not few, "not every wrong answer was given"
    return Run(Path(base.base), canary, answers, metrics, [*keys.values(), credential])


async def test_no_canary_comes_out_where_nothing_of_a_request_may_be(sqlite_settings: Settings) -> None:
    run = await _run(sqlite_settings, TURNS)
    base, canary = run.base, run.canary
    statuses = {answer.status_code for answer in run.answers}
    assert statuses >= {200, 202, 400, 401, 403, 404, 413, 415, 429, 502}, sorted(statuses)
    for answer in run.answers:
        if answer.status_code >= 400 and PASSED_ON not in "".join(canary.found(answer.text)):
            run.clean(f"{answer.status_code} of {answer.request.url.path}: {answer.text}", answer.text, ECHOED)
            run.clean("headers", str(answer.headers))
    log = (base / "serve.log").read_bytes()
    assert len(log.splitlines()) > len(run.answers) // 2, "the log says little"
    run.clean("log", log)
    run.clean("metrics", run.metrics)
    recorded = envelopes(base / "gateway.db")
    assert len(recorded) > len(run.answers) // 2, "the records say little"  # who waits for a task asks without one
    for one in recorded:
        run.clean(f"an envelope: {one!r}", one)
    stored = dict(files(base))
    assert canary.found(b"".join(stored.values())), "the search finds nothing, whatever is there"
    for name, data in stored.items():
        run.clean(name, data, TOLD)
    for name, data in columns(base / "gateway.db"):
        run.clean(f"{name}: {data!r}", data, TOLD)
    await asyncio.to_thread(_commands, run)


@pytest.mark.postgres
async def test_nor_in_any_column_of_postgresql(postgres_settings: Settings, postgres_server: Postgres) -> None:
    """What is written is the same, by another writer and in other types: JSON, arrays, booleans."""
    run = await _run(postgres_settings, 1)
    found = await columns_of_server(postgres_server.superuser(postgres_settings.database.url))
    recorded = [value for name, value in found if name == "record.bytes"]
    assert len(recorded) > len(run.answers) // 2, "the records say little"  # who waits for a task asks without one
    for one in recorded:
        run.clean(f"an envelope: {one!r}", one)
    assert run.canary.found(b"".join(value for _, value in found)), "the search finds nothing, whatever is there"
    for name, value in found:
        run.clean(f"{name}: {value!r}", value, TOLD)


def _commands(run: Run) -> None:
    """What commands print of it, and what a bundle takes along."""
    base = run.base
    texts = base / "texts"
    texts.mkdir()
    good, bad = json.dumps({"text": f"{WITH_SECRET} {run.canary('text')}"}), f'{{"text": "{run.canary("cut off")}'
    (texts / "lines").write_text(f"{good}\n{bad}\n{json.dumps({run.canary('key'): TEXT})}\n")
    (texts / "bodies").write_text(f"{json.dumps(ways.chat(run.canary('in a body')))}\n{bad}\n{good}\n")
    bundle = base / "bundle.zip"
    period = ("--from", "2000-01-01", "--to", "2100-01-01")
    denied = next(answer for answer in run.answers if answer.status_code == 403 and "x-exchange-id" in answer.headers)
    ran: dict[str, Result] = {
        " ".join(arguments[:2]): here(base, *arguments)
        for arguments in (
            ("classify", str(texts / "lines")),
            ("classify", "--explain", str(texts / "lines")),
            ("classify", "--protocol=openai", str(texts / "bodies")),
            ("classify", "--protocol=hl7", str(texts / "bodies")),
            ("policy", "explain", "--exchange", denied.headers["x-exchange-id"]),
            ("policy", "simulate", *period),
            ("policy", "draft", *period),
            ("audit", "query", "--all"),
            ("audit", "verify"),
            ("check",),
            ("tasks", "list"),
            ("evidence", "export", "--out", str(bundle)),
        )
    }
    for name, result in ran.items():
        run.clean(f"gateway {name}: {result.out} {result.err}", result.out + result.err, TOLD)
    assert bundle.exists(), ran["evidence export"].err
    for name, data in members(bundle):
        if name == "data/details.jsonl":
            for line in data.splitlines():
                run.clean(f"a detail: {line!r}", base64.b64decode(json.loads(line)["bytes"]), TOLD)
        else:
            run.clean(f"{name} of the bundle", data)


def test_what_is_found_is_found_in_every_form() -> None:
    """As it is, in JSON, in a URL, as digits and in base64, whatever stands around it."""
    canary = Canaries()
    marker = canary("a place")
    for form in forms(marker):
        assert canary.found(b"around" + form + b"it"), form
    assert canary.found(marker.upper()) == ["a place"]
    for value in SENSITIVE:
        for form in forms(value):
            assert canary.found(form), form
    assert not canary.found("nothing of it: zebra, finch, 536-22")
