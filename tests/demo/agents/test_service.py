"""An agent as an ASGI application, and as a process."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.agents.chat import Chat, Reply
from gateway.demo.agents.service import MAX_BODY, Service

ASKED = json.dumps({"model": "m", "messages": [{"role": "user", "content": "good morning"}]}).encode()


def shout(chat: Chat) -> Reply:
    return Reply(chat.said.upper())


async def ask(
    log: Path, body: bytes, *, method: str = "POST", path: str = "/v1/chat/completions", gone: bool = False
) -> tuple[int, bytes, int]:
    """Status, body and number of body messages of one request."""
    service = Service("shouter", shout, log, clock=lambda: 1_700_000_000.0)
    half = len(body) // 2
    events: list[dict[str, Any]] = [
        {"type": "http.request", "body": body[:half], "more_body": True},
        {"type": "http.disconnect"} if gone else {"type": "http.request", "body": body[half:]},
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return events.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"traceparent", b"00-aa-bb-01")]
    await service({"type": "http", "method": method, "path": path, "headers": headers}, receive, send)
    pieces = [message["body"] for message in sent if message["type"] == "http.response.body"]
    return sent[0]["status"], b"".join(pieces), len(pieces)


async def test_it_answers_with_what_it_made_of_the_request(tmp_path: Path) -> None:
    status, body, _ = await ask(tmp_path / "log", ASKED)
    assert status == 200
    assert json.loads(body)["choices"][0]["message"]["content"] == "GOOD MORNING"


async def test_it_writes_down_what_it_received(tmp_path: Path) -> None:
    log = tmp_path / "log"
    await ask(log, ASKED)
    await ask(log, b"not json \xff")
    first, second = (json.loads(line) for line in log.read_bytes().splitlines())
    assert first["body"] == ASKED.decode()
    assert first["headers"] == [["traceparent", "00-aa-bb-01"]]
    assert first["agent"] == "shouter"
    assert second["body"] == "not json \ufffd"


async def test_it_streams_in_many_pieces_to_an_end(tmp_path: Path) -> None:
    status, body, pieces = await ask(tmp_path / "log", ASKED.replace(b"{", b'{"stream": true, ', 1))
    assert status == 200
    assert body.endswith(b"data: [DONE]\n\n")
    assert pieces > 6


async def test_it_says_that_it_is_well(tmp_path: Path) -> None:
    assert (await ask(tmp_path / "log", b"", method="GET", path="/healthz"))[0] == 200
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(
    ("body", "method", "path", "status"),
    [
        (b"{", "POST", "/v1/chat/completions", 400),
        (b"x" * (MAX_BODY + 1), "POST", "/v1/chat/completions", 413),
        (ASKED, "GET", "/v1/chat/completions", 404),
        (ASKED, "POST", "/v1/files", 404),
    ],
)
async def test_anything_else_is_an_error(tmp_path: Path, body: bytes, method: str, path: str, status: int) -> None:
    answered, text, _ = await ask(tmp_path / "log", body, method=method, path=path)
    assert answered == status
    assert "message" in json.loads(text)["error"]


async def test_a_caller_that_leaves_is_not_written_down(tmp_path: Path) -> None:
    await ask(tmp_path / "log", ASKED, gone=True)
    assert not (tmp_path / "log").exists()


async def test_what_is_not_http_is_left_alone(tmp_path: Path) -> None:
    async def never(*_: Any) -> Any:
        raise NotImplementedError

    await Service("shouter", shout, tmp_path / "log")({"type": "websocket"}, never, never)


@pytest.mark.parametrize("name", ["ward", "desk", "oracle"])
def test_an_agent_is_a_program_with_two_options(name: str) -> None:
    """It imports nothing of the gateway but the demo's agents."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", f"gateway.demo.agents.{name}", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--port" in done.stdout
    assert "--log" in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "gateway" in line}
    assert all(module == "gateway" or module.startswith("gateway.demo") for module in imported)
