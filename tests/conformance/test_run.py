"""What the comparison of the conformance suite stands on: its shim, its reading of what the suite says."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conformance import run
from tests.conformance.everything import application
from tests.system.site import served

_SUITE = """
import sys
if sys.argv[1] == "list":
    print("Server scenarios:", "  - ping [2025-11-25,2026-07-28]", "  - x [extension]", sep=chr(10))
    print("Client scenarios:", "  - y [2026-07-28]", sep=chr(10))
else:
    print(f"{chr(27)}[90m1{chr(27)}[0m [good-one  ] {chr(27)}[32mSUCCESS{chr(27)}[0m fine")
    print("2 [bad] FAILURE no")
    sys.exit(1)
"""


class Agent:
    """Remembers what it was sent, and answers in two pieces."""

    def __init__(self) -> None:
        self.scope: dict[str, Any] = {}
        self.body = b""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.scope = scope
        self.body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 202, "headers": [(b"mcp-session-id", b"s-1")]})
        await send({"type": "http.response.body", "body": b"he", "more_body": True})
        await send({"type": "http.response.body", "body": b"llo"})


async def test_the_shim_adds_a_credential_and_changes_nothing_else() -> None:
    agent, shim = Agent(), run.Shim()
    async with served(agent) as behind, served(shim) as url, httpx.AsyncClient() as http:
        shim.url, shim.key = behind, "gwk_1"
        answer = await http.put(f"{url}/mcp", content=b"body", headers={"origin": "https://a.example"})
        await shim.close()
    headers = dict(agent.scope["headers"])
    assert (agent.scope["method"], agent.scope["path"], agent.body) == ("PUT", "/mcp/tools", b"body")
    assert (headers[b"authorization"], headers[b"origin"]) == (b"Bearer gwk_1", b"https://a.example")
    assert (answer.status_code, answer.text, answer.headers["mcp-session-id"]) == (202, "hello", "s-1")


async def test_the_server_has_what_the_suite_asks_for() -> None:
    start = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": start}
    headers = {"accept": "application/json, text/event-stream"}
    async with served(application(), lifespan="on") as url, httpx.AsyncClient() as http:
        answer = await http.post(f"{url}/mcp", json=body, headers=headers)
    assert answer.status_code == 200
    assert '"name":"conformance"' in answer.text


@pytest.mark.filterwarnings("ignore:The sampling capability is deprecated")
async def test_the_server_asks_in_the_stream_of_the_call_since_no_other_may_be_open_yet() -> None:
    headers = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}
    start = {
        "protocolVersion": "2025-11-25",
        "capabilities": {"sampling": {}},
        "clientInfo": {"name": "t", "version": "1"},
    }
    call = {"name": "test_sampling", "arguments": {"prompt": "Hello"}}
    async with served(application(), lifespan="on") as url, httpx.AsyncClient(base_url=url, headers=headers) as http:
        opened = await http.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": start})
        http.headers["mcp-session-id"] = opened.headers["mcp-session-id"]
        await http.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"})
        said = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call}
        async with asyncio.timeout(10), http.stream("POST", "/mcp", json=said) as answer:
            lines = (line async for line in answer.aiter_lines() if "jsonrpc" in line)
            assert '"method":"sampling/createMessage"' in await anext(lines)


class Suite:
    """Stands for the suite: what it says of a scenario, on each way to the server. None: it says nothing in time."""

    def __init__(self, direct: Iterable[str] | None, through: Iterable[str] | None) -> None:
        self.says = (direct, through)
        self.asked: list[str] = []

    async def installed(self, directory: Path) -> None:
        """There is nothing to install."""

    async def scenarios(self, directory: Path, version: str) -> list[str]:
        return ["ping"]

    async def passed(self, directory: Path, url: str, scenario: str, version: str) -> set[str] | None:
        said = self.says[len(self.asked) % 2]
        self.asked.append(url)
        return None if said is None else set(said)


@pytest.mark.parametrize(
    ("direct", "through", "code", "told"),
    [
        (("a", "scenario"), ("a", "scenario"), 0, "the same checks pass"),
        (("a", "scenario"), ("a", "b", "scenario"), 0, "better"),
        (("a", "scenario"), ("scenario",), 1, "LOST a"),
        (("a", "scenario"), ("a",), 1, "LOST scenario"),
        ((), (), 1, "0 scenarios pass directly, at least 1 did"),
        (("a",), ("a",), 1, "0 scenarios pass directly, at least 1 did"),
        (None, None, 1, "OUT OF TIME directly"),
        (("a", "scenario"), None, 1, "OUT OF TIME through the gateway"),
    ],
)
async def test_only_a_comparison_of_something_with_the_same_is_a_success(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    direct: Iterable[str] | None,
    through: Iterable[str] | None,
    code: int,
    told: str,
) -> None:
    suite = Suite(direct, through)

    @asynccontextmanager
    async def gateway(agent: str) -> AsyncIterator[str]:
        yield "http://gateway"

    monkeypatch.setattr(run, "_installed", suite.installed)
    monkeypatch.setattr(run, "_scenarios", suite.scenarios)
    monkeypatch.setattr(run, "_passed", suite.passed)
    monkeypatch.setattr(run, "_gateway", gateway)
    monkeypatch.setattr(run, "FLOOR", dict.fromkeys(run.VERSIONS, 1))
    assert await run.main(tmp_path) == code
    assert told in capsys.readouterr().out
    assert suite.asked[1::2] == ["http://gateway/mcp"] * len(run.VERSIONS)


async def test_what_expected_names_may_differ_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "EXPECTED", {"ping/a": "it is known"})
    assert run._compared("ping", {"a"}, set()) == ("as expected", False)
    assert run._compared("ping", {"a", "b"}, set()) == ("LOST b", True)


async def test_a_scenario_that_says_nothing_in_time_has_no_checks_to_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "suite.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(run, "_ENTRY", "suite.py")
    monkeypatch.setattr(run, "_NODE", "python3")
    monkeypatch.setattr(run, "_SECONDS", 0.05)
    assert await run._passed(tmp_path, "http://127.0.0.1:1/mcp", "ping", "2026-07-28") is None


async def test_scenarios_and_checks_are_read_from_what_the_suite_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = tmp_path / "suite.py"
    entry.write_text(_SUITE)
    monkeypatch.setattr(run, "_ENTRY", "suite.py")
    monkeypatch.setattr(run, "_NODE", "python3")
    assert await run._scenarios(tmp_path, "2026-07-28") == ["ping"]
    assert await run._passed(tmp_path, "http://127.0.0.1:1/mcp", "ping", "2026-07-28") == {"good-one"}
    assert list((tmp_path / "logs").iterdir())
