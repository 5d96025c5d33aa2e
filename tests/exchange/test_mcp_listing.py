"""The gateway lists an agent's tools as the caller would have done, page by page, and keeps nothing of the answer."""

import asyncio
import json
from typing import Any

import pytest

from gateway.agents.mcp import McpAdapter
from gateway.core.message import Inbound, Message
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Arrival, Responder
from gateway.exchange.exchange import Exchange
from gateway.exchange.mcp_listing import MAX_PAGES, Listing, Taken
from tests.agents.mcp_making import BOTH, event, new, old, read, result, rpc
from tests.agents.support import BOUNDS
from tests.exchange.making import arrival, caller, exchange

CALL = {"name": "add", "arguments": {"note": "somebody's"}}


class Pages:
    """Answers requests for pages, and keeps them. `streamed`: as an event stream."""

    def __init__(self, *cursors: str | None, streamed: bool = False) -> None:
        self.cursors, self.streamed = list(cursors), streamed
        self.asked: list[tuple[Arrival, Any]] = []

    async def __call__(self, one: Arrival, responder: Responder) -> None:
        body = await one.body()
        assert not isinstance(body, Refusal)
        self.asked.append((one, json.loads(body)))
        await asyncio.sleep(0)
        cursor = self.cursors.pop(0) if self.cursors else None
        value = result({"tools": [], **({} if cursor is None else {"nextCursor": cursor})})
        kind = "text/event-stream" if self.streamed else "application/json"
        await responder.start(200, [("Content-Type", kind)])
        data = b": hello\n\n" + event(value) if self.streamed else json.dumps(value).encode()
        await responder.write(data[:7])
        await responder.write(data[7:], last=True)


def called(request: Inbound, *headers: tuple[str, str]) -> tuple[Exchange, Message]:
    one = exchange(path="/mcp/tools")
    one.arrival = arrival(*request.headers, *headers, path="/mcp/tools")
    one.caller = caller()
    return one, read(request)


async def test_a_page_is_asked_for_as_the_caller_would_have_asked() -> None:
    pages = Pages()
    given = (("authorization", "Bearer callers"), ("mcp-session-id", "mcp_1"), ("x-purpose", "TREAT"))
    one, message = called(old(rpc("tools/call", CALL)), *given, ("content-length", "999"), ("x-data-class", "phi"))
    await Listing(pages, BOUNDS)(one, message)
    ((asked, body),) = pages.asked
    headers = dict(asked.headers)
    assert {name: headers[name] for name, _ in given} == dict(given)
    assert headers["traceparent"] == one.traceparent
    assert (headers["accept"], asked.method, asked.path) == (BOTH, "POST", "/mcp/tools")
    assert not {"content-length", "x-data-class"} & set(headers)
    assert (body["method"], body["params"]) == ("tools/list", {"_meta": {}})
    assert "somebody" not in json.dumps(body)


async def test_a_page_of_the_newest_version_says_so_and_is_one_that_the_adapter_takes() -> None:
    pages = Pages("next")
    one, message = called(
        new(
            "tools/call",
            {
                **CALL,
                "_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "progressToken": 7, "note": "mine"},
            },
        )
    )
    await Listing(pages, BOUNDS)(one, message)
    for asked, body in pages.asked:
        request = Inbound(
            method="POST", path=asked.path, query="", headers=asked.headers, body=json.dumps(body).encode()
        )
        assert isinstance(McpAdapter(BOUNDS).read(request, BOUNDS), Message)
        assert set(body["params"]["_meta"]) == {"io.modelcontextprotocol/protocolVersion"}
    assert [body["params"].get("cursor") for _, body in pages.asked] == [None, "next"]


@pytest.mark.parametrize("streamed", [True, False])
async def test_all_pages_are_asked_for_and_no_page_twice(streamed: bool) -> None:
    pages = Pages("2", "3", None, streamed=streamed)
    await Listing(pages, BOUNDS)(*called(old(rpc("tools/call", CALL))))
    assert len(pages.asked) == 3
    circle = Pages("2", "2", "2", streamed=streamed)
    await Listing(circle, BOUNDS)(*called(old(rpc("tools/call", CALL))))
    assert len(circle.asked) == 2
    endless = Pages(*(str(number) for number in range(MAX_PAGES * 2)), streamed=streamed)
    await Listing(endless, BOUNDS)(*called(old(rpc("tools/call", CALL))))
    assert len(endless.asked) == MAX_PAGES


async def test_who_waited_for_anothers_list_asks_no_more() -> None:
    pages = Pages()
    listing = Listing(pages, BOUNDS)
    await asyncio.gather(*(listing(*called(old(rpc("tools/call", CALL)))) for _ in range(5)))
    assert len(pages.asked) == 1
    await listing(*called(old(rpc("tools/call", CALL))))
    assert len(pages.asked) == 2


async def test_nothing_is_asked_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = Pages()
    one, message = called(old(rpc("tools/call", CALL)))
    one.caller = None
    await Listing(pages, BOUNDS)(one, message)
    assert pages.asked == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"result":7}', b'{"error":{}}', b'{"result":{"nextCursor":7}}'])
async def test_what_is_no_page_has_none_after_it(body: bytes) -> None:
    for kind in ("application/json", "text/event-stream"):
        taken = Taken()
        await taken.start(200, [("content-type", kind)])
        await taken.write(body if kind == "application/json" else b"data: " + body + b"\xff\n\n", last=True)
        assert taken.cursor(BOUNDS) is None


async def test_the_locks_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.exchange.mcp_listing._MAX_LOCKS", 2)
    listing = Listing(Pages(), BOUNDS)
    for actor in range(5):
        one, message = called(old(rpc("tools/call", CALL)))
        one.caller = caller(subject=str(actor))
        await listing(one, message)
    assert len(listing._locks) <= 2
