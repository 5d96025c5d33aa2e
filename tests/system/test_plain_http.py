"""Plain HTTP agents behind `/agents/{agent}/{path}`: templates, schemas, queries, and which headers pass."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.settings import Settings
from tests.system.kit import HEALTH, MAIL, SSN, events, policies
from tests.system.site import System, system

ROUTES = ["POST /notes", "GET /notes/{id}", "HEAD /notes/{id}", "PUT /notes/{id}", "GET /search", "DELETE /notes/{id}"]
NOTE = {
    "type": "object",
    "required": ["text"],
    "properties": {"text": {"type": "string"}, "tags": {"type": "array", "maxItems": 2}},
    "additionalProperties": False,
}


class Seen:
    """An agent's behaviour that remembers method, target and headers, and answers as it is told."""

    def __init__(self, body: bytes = b'{"ok": true}', *headers: tuple[bytes, bytes], status: int = 200) -> None:
        self.body, self.status = body, status
        self.headers = [(b"content-type", b"application/json"), *headers]
        self.asked: list[str] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        query = scope["query_string"].decode()
        self.asked.append(f"{scope['method']} {scope['raw_path'].decode()}" + (f"?{query}" if query else ""))
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else self.body})


def _agents(**more: Any) -> dict[str, dict[str, Any]]:
    common = {"protocol": "http", "capabilities": ["file"], "routes": ROUTES, **more}
    return {
        "sky": {**common, "zone": "cloud", "processor": "cloud-inc"},
        "files": {**common, "zone": "in-house"},
    }


async def _ask(site: System, method: str, path: str, key: str | None = None, **options: Any) -> httpx.Response:
    bearer = key or await site.key("clinician")
    headers = {"authorization": f"Bearer {bearer}", **options.pop("headers", {})}
    return await site.http.request(method, path, headers=headers, **options)


async def test_a_request_arrives_as_it_was_and_its_action_names_the_template(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=_agents()) as site:
        answer = await _ask(site, "POST", "/agents/files/notes", json={"text": HEALTH})
        assert answer.json() == {"echo": {"text": HEALTH}, "path": "/notes"}
        assert answer.headers["x-routed-agent"] == "files"
        intent = (await site.trail(answer.headers["x-exchange-id"]))[0]
        assert intent["action"] == "http:POST:/notes"


async def test_concrete_identifiers_of_a_path_stay_out_of_the_envelope(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=_agents()) as site:
        seen = site.agents["files"].behave = Seen()
        answer = await _ask(site, "GET", "/agents/files/notes/carter-77")
        assert answer.status_code == 200, answer.text
        assert seen.asked == ["GET /notes/carter-77"]
        trail = await site.trail(answer.headers["x-exchange-id"])
        assert trail[0]["action"] == "http:GET:/notes/{id}"
        assert "carter-77" not in json.dumps(trail)


async def test_health_data_are_rerouted_to_the_agent_of_the_same_capability_in_the_house(
    sqlite_settings: Settings,
) -> None:
    async with system(sqlite_settings, agents=_agents()) as site:
        answer = await _ask(site, "POST", "/agents/sky/notes", json={"text": HEALTH})
        assert answer.headers["x-routed-agent"] == "files"
        assert not site.agents["sky"].received


async def test_personal_data_in_body_and_query_are_masked_for_the_cloud(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=_agents()) as site:
        seen = site.agents["sky"].behave = Seen()
        key = await site.key("clerk")
        answer = await _ask(site, "POST", "/agents/sky/notes", key, json={"text": f"SSN: {SSN}", "n": 1})
        assert answer.headers["x-decision"] == "redact"
        assert site.agents["sky"].bodies == [{"text": "SSN: [US-SSN]", "n": 1}]
        answer = await _ask(site, "GET", "/agents/sky/search", key, params={"q": f"mail {MAIL}", "page": "2"})
        assert answer.headers["x-decision"] == "redact"
        assert MAIL not in seen.asked[1]
        assert "%5BEMAIL%5D" in seen.asked[1]
        assert "page=2" in seen.asked[1]


async def test_personal_data_in_a_path_are_never_sent_masked(sqlite_settings: Settings) -> None:
    """A masked path would name another thing: another agent gets it, or nobody."""
    async with system(sqlite_settings, agents=_agents()) as site:
        key = await site.key("clerk")
        answer = await _ask(site, "GET", f"/agents/sky/notes/{MAIL}", key)
        assert answer.headers["x-routed-agent"] == "files"
        exact = await _ask(site, "GET", f"/agents/sky/notes/{MAIL}", key, headers={"X-Route": "exact"})
        assert (exact.status_code, exact.json()["type"].rpartition(":")[2].rpartition("/")[2]) == (403, "policy_denied")
        assert not site.agents["sky"].received


@pytest.mark.parametrize("query", ["q=a&q=b", "q=%C3%A4&empty=", "a=1+2"])
async def test_queries_pass_as_they_were_written(sqlite_settings: Settings, query: str) -> None:
    async with system(sqlite_settings, agents=_agents()) as site:
        seen = site.agents["files"].behave = Seen()
        answer = await _ask(site, "GET", f"/agents/files/search?{query}")
        assert answer.status_code == 200, answer.text
        assert seen.asked == [f"GET /search?{query}"]


async def test_head_and_get_answer_alike_but_for_the_body(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=_agents()) as site:
        site.agents["files"].behave = Seen(b'{"text": "a note"}')
        whole = await _ask(site, "GET", "/agents/files/notes/7")
        head = await _ask(site, "HEAD", "/agents/files/notes/7")
        assert (whole.status_code, head.status_code) == (200, 200)
        assert whole.content == b'{"text": "a note"}'
        assert head.content == b""
        assert head.headers["content-type"] == whole.headers["content-type"]
        assert await events(site, head) == ["exchange.requested", "exchange.completed"]


async def test_the_callers_credentials_and_headers_end_at_the_gateway(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILES_TOKEN", "the-agents-own")
    async with system(sqlite_settings, agents=_agents(credential="env:FILES_TOKEN")) as site:
        key = await site.key("clinician")
        extra = {
            "cookie": "session=caller",
            "x-api-key": key,
            "x-forwarded-for": "10.9.9.9",
            "x-purpose": "TREAT",
            "x-data-subject": "patient-1",
            "x-custom": "custom-value",
            "accept-language": "de",
            "idempotency-key": "k-1",
            "proxy-authorization": "Basic Y2FsbGVy",
        }
        answer = await _ask(site, "POST", "/agents/files/notes", key, json={"text": "a"}, headers=extra)
        assert answer.status_code == 200, answer.text
        ((got, _),) = site.agents["files"].received
        assert got["authorization"] == "Bearer the-agents-own"
        assert got["accept-language"] == "de"
        assert got["traceparent"].split("-")[1] == (await site.trail(answer.headers["x-exchange-id"]))[0]["trace"]
        everything = json.dumps(got)
        assert key not in everything
        for name in ("cookie", "x-", "idempotency", "proxy-"):
            assert not [header for header in got if header.startswith(name)], name
        for value in ("session=caller", "10.9.9.9", "patient-1", "custom-value", "k-1", "Y2FsbGVy"):
            assert value not in everything


async def test_an_agents_headers_never_reach_the_caller(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=_agents()) as site:
        site.agents["files"].behave = Seen(
            b"{}",
            (b"x-decision", b"route-forged"),
            (b"x-exchange-id", b"forged"),
            (b"x-routed-agent", b"forged"),
            (b"set-cookie", b"agent=1"),
            (b"server", b"agents-own-server"),
            (b"www-authenticate", b"Basic"),
            (b"x-internal-host", b"db7.internal"),
        )
        answer = await _ask(site, "GET", "/agents/files/notes/7")
        assert answer.status_code == 200
        assert answer.headers["x-decision"] == "route"
        assert answer.headers["x-routed-agent"] == "files"
        assert answer.headers.get_list("x-exchange-id", split_commas=True) == [answer.headers["x-exchange-id"]]
        shown = str(answer.headers)
        for value in ("forged", "agent=1", "agents-own-server", "db7.internal", "Basic"):
            assert value not in shown


async def test_an_agents_error_reaches_the_caller_and_the_record_as_its_own(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=_agents()) as site:
        site.agents["files"].behave = Seen(b'{"reason": "no such note"}', status=404)
        answer = await _ask(site, "GET", "/agents/files/notes/7")
        assert (answer.status_code, answer.json()) == (404, {"reason": "no such note"})
        end = (await site.trail(answer.headers["x-exchange-id"]))[-1]
        assert (end["outcome"]["code"], end["outcome"]["status"]) == ("agent_refused", 404)


async def test_what_changes_something_is_never_sent_to_a_second_agent_after_it_may_have_arrived(
    sqlite_settings: Settings,
) -> None:
    async with system(sqlite_settings, agents=_agents()) as site:
        site.agents["files"].behave = Seen(status=500)
        posted = await _ask(site, "POST", "/agents/files/notes", json={"text": "public"})
        read = await _ask(site, "GET", "/agents/files/notes/7")
        assert (posted.status_code, read.status_code) == (502, 200)
        assert site.agents["sky"].paths == ["/notes/7"]


async def test_bodies_are_held_to_the_agents_schema_both_ways(sqlite_settings: Settings, tmp_path: Path) -> None:
    section = policies(tmp_path / "own")
    schemas = Path(section["directory"]) / "schemas"
    (schemas / "note.json").write_text(json.dumps(NOTE))
    (schemas / "answer.json").write_text(json.dumps({"type": "object", "required": ["ok"]}))
    agents = _agents(schema="note.json", answer_schema="answer.json")
    async with system(sqlite_settings, agents=agents, policy=section) as site:
        site.agents["files"].behave = Seen(b'{"ok": 1}')
        good = await _ask(site, "POST", "/agents/files/notes", json={"text": "a"})
        assert good.status_code == 200, good.text
        wrong = await _ask(site, "POST", "/agents/files/notes", json={"text": "a", "tags": ["zebra", "b", "c"]})
        assert wrong.status_code == 400
        assert wrong.headers["content-type"] == "application/problem+json"
        problem = wrong.json()
        assert "/tags" in json.dumps(problem)
        assert "zebra" not in wrong.text
        assert await events(site, wrong) == ["exchange.denied"]
        text = await _ask(
            site, "POST", "/agents/files/notes", content=b"a note", headers={"content-type": "text/plain"}
        )
        assert text.status_code == 415
        site.agents["files"].behave = Seen(b'{"no": "zebra"}')
        bad = await _ask(site, "POST", "/agents/files/notes", json={"text": "a"})
        assert bad.status_code == 502
        assert "zebra" not in bad.text
        end = (await site.trail(bad.headers["x-exchange-id"]))[-1]
        assert end["outcome"]["code"] == "agent_bad_answer"


FITS_NONE = [
    ("GET", "/agents/files/other", 404),
    ("PATCH", "/agents/files/notes/7", 405),
    ("GET", "/agents/files/notes/%2e%2e", 404),
    ("GET", "/agents/files/notes/a%2Fb", 404),
    ("GET", "/agents/files/notes/a%5Cb", 404),
    ("GET", "/agents/files/notes/", 404),
    ("GET", "/agents/nobody/notes/7", 404),
    ("GET", "/agents/files", 404),
]


async def test_what_fits_no_template_reaches_no_agent(sqlite_settings: Settings, subtests: pytest.Subtests) -> None:
    async with system(sqlite_settings, agents=_agents()) as site:
        for method, path, status in FITS_NONE:
            with subtests.test(method=method, path=path, status=status):
                answer = await _ask(site, method, path)
                assert answer.status_code == status, answer.text
                assert answer.headers["content-type"] == "application/problem+json"
                assert await events(site, answer) == ["exchange.denied"]
                assert not any(agent.received for agent in site.agents.values())


async def test_a_chat_agent_is_not_reached_by_plain_http_nor_the_other_way_round(sqlite_settings: Settings) -> None:
    agents = {**_agents(), "chatty": {"zone": "in-house"}}
    async with system(sqlite_settings, agents=agents) as site:
        key = await site.key("clerk")
        plain = await _ask(site, "POST", "/agents/chatty/v1/chat/completions", key, json={"text": "a"})
        chat = await site.chat(key, "hello", model="files")
        assert (plain.status_code, chat.status_code) == (404, 404)
        assert not any(agent.received for agent in site.agents.values())
