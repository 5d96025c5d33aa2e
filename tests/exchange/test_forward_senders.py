"""What a destination gets is the record and nothing beside it; what it does not say yes to is not taken."""

import asyncio
import hmac
import json
from typing import Any

import msgspec
import pytest

from gateway.agents.bare import bare
from gateway.agents.client import AgentClient
from gateway.agents.syslog import SyslogClient
from gateway.core.errors import AgentError, FormatError
from gateway.core.ports import StoredRecord
from gateway.evidence import ocsf, syslog
from gateway.exchange.forward_senders import HttpSender, SyslogSender, ndjson, shown, webhook
from gateway.ledger.chain import leaf_hash
from gateway.ledger.encoding import to_base64
from gateway.ledger.record import Envelope
from tests.conftest import ManualClock
from tests.evidence.test_ocsf import RECORDS
from tests.exchange.forward_kit import receiving, way
from tests.system.site import Agent, served

STORED = [
    StoredRecord(seq=seq, envelope=data, hash=leaf_hash(data), detail_salt=None, detail=None)
    for seq, data in enumerate(RECORDS.values())
]
SECRET = b"a secret of more than sixteen bytes"


def _line(one: StoredRecord) -> bytes:
    return syslog.message(one.envelope, 7, one.emergency)


def answering(status: int) -> Any:
    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"location", b"http://127.0.0.1:9/")]}
        )
        await send({"type": "http.response.body", "body": b"<garbage>"})

    return behave


async def test_ocsf_goes_as_a_line_for_each_record() -> None:
    agent = Agent()
    agent.behave = answering(202)
    async with served(agent) as url:
        route = bare("_forward:lake", f"{url}/in")
        async with AgentClient([route]) as client:
            sender = HttpSender(client, route, lambda one: ocsf.line(one.envelope), ndjson("Splunk abc"))
            await sender.send(STORED, holding=False)
            assert await sender.holds()
            await sender.close()
    ((headers, body),) = agent.received
    assert (headers["content-type"], headers["authorization"]) == ("application/x-ndjson", "Splunk abc")
    events = [json.loads(line) for line in body.splitlines()]
    assert [event["metadata"]["event_code"] for event in events] == [
        json.loads(data)["event"] for data in RECORDS.values()
    ]
    assert agent.paths == ["/in"]


async def test_a_webhook_is_signed_over_what_is_received_and_holds_the_exact_bytes(clock: ManualClock) -> None:
    agent = Agent()
    agent.behave = answering(204)
    async with served(agent) as url:
        route = bare("_forward:hook", url)
        async with AgentClient([route]) as client:
            await HttpSender(client, route, shown, webhook(SECRET, "hook", "tn_1", clock)).send(STORED, holding=False)
    ((headers, body),) = agent.received
    moment, signature = (part.partition("=")[2] for part in headers["x-gateway-signature"].split(","))
    assert int(moment) == clock.now_us() // 1_000_000
    assert signature == hmac.new(SECRET, f"{moment}.".encode() + body, "sha256").hexdigest()
    told = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    assert (json.loads(bytes(told["forward"])), json.loads(bytes(told["tenant"])), headers["x-gateway-forward"]) == (
        "hook",
        "tn_1",
        "hook",
    )
    records = msgspec.json.decode(told["records"], type=list[dict[str, msgspec.Raw]])
    assert [bytes(one["record"]) for one in records] == list(RECORDS.values())
    assert [json.loads(bytes(one["hash"])) for one in records] == [to_base64(one.hash) for one in STORED]


@pytest.mark.parametrize("status", [302, 400, 413, 500, 503])
async def test_an_answer_that_is_no_yes_is_none_and_nobody_is_followed(status: int) -> None:
    agent = Agent()
    agent.behave = answering(status)
    async with served(agent) as url:
        route = bare("_forward:lake", url)
        async with AgentClient([route]) as client:
            with pytest.raises(AgentError) as raised:
                await HttpSender(client, route, shown, ndjson(None)).send(STORED[:1], holding=False)
    assert raised.value.code == ("redirected" if status == 302 else f"status_{status}")
    assert len(agent.received) == 1
    assert "authorization" not in agent.received[0][0]


async def test_syslog_goes_as_framed_messages() -> None:
    with receiving() as receiver:
        sender = SyslogSender(SyslogClient(way(receiver)), _line)
        await sender.send(STORED, holding=False)
        assert receiver.wait(len(STORED)) == [syslog.message(data, 7) for data in RECORDS.values()]
        assert await sender.holds()
        assert sender.settles_s > 0
        await sender.close()


async def test_a_record_that_is_none_is_found_before_anything_is_sent() -> None:
    bad = StoredRecord(seq=1, envelope=b"{}", hash=b"", detail_salt=None, detail=None)
    with receiving() as receiver:
        sender = SyslogSender(SyslogClient(way(receiver)), _line)
        with pytest.raises(FormatError):
            await sender.send([STORED[0], bad], holding=False)
        assert receiver.connections == 0
        await sender.close()


async def test_others_have_their_turn_while_a_batch_is_made() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    with receiving() as receiver:
        sender = SyslogSender(SyslogClient(way(receiver)), _line)
        before = turns
        await sender.send(STORED, holding=False)
        assert turns - before >= len(STORED) // 16
        await sender.close()
    task.cancel()


def test_a_record_of_an_emergency_ledger_says_of_which(clock: ManualClock) -> None:
    apart = msgspec.structs.replace(STORED[0], emergency="em_1")
    told = json.loads(shown(apart))
    assert (told.pop("emergency"), told) == ("em_1", json.loads(shown(STORED[0])))
    for make in (syslog.message, syslog.carrying):
        assert b' ledger="em_1"]' in make(apart.envelope, 7, apart.emergency)
        assert b"ledger=" not in make(apart.envelope, 7)
    assert "ledger" not in Envelope.__struct_fields__
    assert json.loads(ocsf.line(apart.envelope, "em_1"))["metadata"]["log_name"] == "emergency em_1"
