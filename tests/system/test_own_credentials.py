"""What an agent was sent as its credential comes back to no caller, wherever the agent says it."""

import json
from typing import Any

import msgspec
import pytest

from gateway.settings import Settings
from tests.system.site import Handler, System, system
from tests.system.test_streams import SPOKEN, Reader, Spoken, asking, talking, text_of

SECRET = "hunter2-ward/blue?42"
"""Of no form that recognition knows, and with characters that JSON and addresses escape."""
MARK = "[SECRET-API-KEY]"
KEYED: dict[str, Any] = {"credential": "env:WARD_KEY"}


@pytest.fixture(autouse=True)
def _given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARD_KEY", SECRET)


def keyed(name: str) -> Spoken:
    spoken = SPOKEN[name]
    return msgspec.structs.replace(spoken, agent=spoken.agent | KEYED)


@pytest.mark.parametrize("mode", ["mask", "buffer"])
@pytest.mark.parametrize("name", [name for name in SPOKEN if name != "mcp"])
async def test_it_is_masked_over_the_borders_of_events(sqlite_settings: Settings, name: str, mode: str) -> None:
    """For a caller in the house too, and told by the record."""
    spoken = keyed(name)
    said = f"It is Bearer {SECRET}, hunter or hunter2-war, and {SECRET}"
    script = (spoken.begin, *map(spoken.piece, said), spoken.last, spoken.closing)
    async with (
        talking(sqlite_settings, spoken, script, classification={"stream": mode}) as (site, key),
        asking(site, key, spoken) as answer,
    ):
        seen = await Reader(answer).rest()
        assert text_of(spoken.form or name, seen) == f"It is Bearer {MARK}, hunter or hunter2-war, and {MARK}"
        end = (await site.trail(answer.headers["x-exchange-id"]))[-1]
        assert end["outcome"]["code"] == "ok"
        assert end["found"]["secret-api-key"] >= 1
        assert "secret" in end["classes"]["found"]


async def test_nor_in_an_event_of_mcp(sqlite_settings: Settings) -> None:
    spoken = keyed("mcp")
    script = (spoken.begin, spoken.piece(f"with {SECRET}"), spoken.last, spoken.closing)
    async with talking(sqlite_settings, spoken, script) as (site, key), asking(site, key, spoken) as answer:
        seen = (await Reader(answer).rest()).decode()
        assert f"with {MARK}" in seen
        assert SECRET not in seen.replace("\\/", "/")


def saying(status: int, body: Any, media: bytes = b"application/json") -> Handler:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def behave(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", media)]})
        await send({"type": "http.response.body", "body": data})

    return behave


ERRORS: dict[str, Any] = {
    "chat": {"error": {"message": f"Incorrect API key provided: {SECRET}.", "type": "x", "code": None}},
    "responses": {"error": {"message": f"Incorrect API key provided: {SECRET}.", "type": "x", "code": None}},
    "messages": {"type": "error", "error": {"type": "invalid_request_error", "message": f"key {SECRET}"}},
    "mcp": {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": f"key {SECRET}"}},
}


@pytest.mark.parametrize("zone", ["in-house", "cloud"])
@pytest.mark.parametrize("name", ERRORS)
async def test_nor_in_an_error(sqlite_settings: Settings, name: str, zone: str) -> None:
    spoken = keyed(name)
    async with talking(sqlite_settings, spoken, caller=zone) as (site, key):
        site.agents["ward"].behave = saying(200 if name == "mcp" else 400, ERRORS[name])
        async with asking(site, key, spoken) as answer:
            seen = (await Reader(answer).rest()).decode()
        assert MARK in seen or "answer_withheld" in seen
        assert "hunter2" not in seen


ECHOES: dict[str, tuple[bytes, str]] = {
    "a header": (json.dumps({"echo": {"authorization": f"Bearer {SECRET}"}}).encode(), "application/json"),
    "escaped": (b'{"echo": "%s"}' % SECRET.replace("/", "\\/").replace("h", "\\u0068").encode(), "application/json"),
    "json in a string": (
        json.dumps({"echo": json.dumps({"a": SECRET}).replace("/", "\\/")}).encode(),
        "application/json",
    ),
    "an address": (b'{"next": "https://ward.example/?token=hunter2-ward%2Fblue%3F42"}', "application/json"),
    "text": (f"401 for {SECRET}\n".encode(), "text/plain"),
    "xml": (f"<r><echo>{SECRET}</echo></r>".encode(), "application/xml"),
}


async def _files(site: System, behave: Handler) -> Any:
    site.agents["ward"].behave = behave
    key = await site.key("clerk")
    return await site.http.get("/agents/ward/notes", headers={"authorization": f"Bearer {key}"})


HTTP: dict[str, Any] = {
    "ward": {"protocol": "http", "zone": "in-house", "routes": ["GET /notes"], "capabilities": ["file"], **KEYED}
}


@pytest.mark.parametrize("name", ECHOES)
async def test_nor_where_a_plain_agent_repeats_what_it_was_sent(sqlite_settings: Settings, name: str) -> None:
    body, media = ECHOES[name]
    async with system(sqlite_settings, agents=HTTP) as site:
        answer = await _files(site, saying(200, body, media.encode()))
        assert answer.status_code == 200, answer.text
        assert MARK in answer.text
        assert "hunter2" not in answer.text
        assert answer.headers["x-decision"] == "redact"


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (json.dumps({SECRET: 1}).encode(), "application/json"),
        (f"\x00\xff{SECRET}".encode("latin-1"), "application/octet-stream"),
    ],
)
async def test_an_answer_with_it_where_nothing_can_be_masked_is_withheld(
    sqlite_settings: Settings, body: bytes, media: str
) -> None:
    async with system(sqlite_settings, agents=HTTP) as site:
        answer = await _files(site, saying(200, body, media.encode()))
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (403, "answer_withheld")
        assert "hunter2" not in answer.text


async def test_nor_in_a_result(sqlite_settings: Settings) -> None:
    said = {"jsonrpc": "2.0", "id": 1, "result": {"messages": [], "note": f"run with {SECRET}"}}
    spoken = keyed("mcp")
    async with talking(sqlite_settings, spoken) as (site, key):
        site.agents["ward"].behave = saying(200, said)
        async with asking(site, key, spoken) as answer:
            seen = (await Reader(answer).rest()).decode()
        assert f"run with {MARK}" in seen
