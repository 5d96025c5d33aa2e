"""Requests, callers, messages and agents to try the steps of an exchange on, without a socket or a database."""

import json
from typing import Any

from gateway.agents.openai import OpenAIAdapter
from gateway.checks.classification.engine import Engine
from gateway.checks.policy.policy import Policy
from gateway.core.caller import Caller, Identity
from gateway.core.decision import Fit
from gateway.core.message import Inbound, Message, Part
from gateway.core.ports import Bounds, Clock, Route
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Arrival
from gateway.exchange.exchange import Classified, Exchange
from gateway.exchange.health import Health
from gateway.exchange.router import Router
from gateway.ledger.record import NodeInfo
from gateway.settings import Agent
from tests.checks.policy.making import policy

BOUNDS = Bounds(body_bytes=1 << 20, answer_bytes=1 << 20, depth=64)
NODE = NodeInfo(id="nd_1", boot="bt_1")
MAIL = "jane.roe@example.com"


async def no_body() -> bytes | Refusal:
    return b""


def arrival(*headers: tuple[str, str], **fields: Any) -> Arrival:
    values: dict[str, Any] = {
        "protocol": "openai",
        "method": "POST",
        "path": "/v1/chat/completions",
        "query": "",
        "source": "10.0.0.1",
        "tls": None,
        "body": no_body,
        **fields,
    }
    return Arrival(headers=headers, **values)


def exchange(*headers: tuple[str, str], **fields: Any) -> Exchange:
    return Exchange(arrival(*headers, **fields), id="ex_1", trace="1" * 32, span="2" * 16, started_us=0, started_ns=0)


def identity(**fields: Any) -> Identity:
    values: dict[str, Any] = {
        "tenant": "default",
        "subject": "ada",
        "kind": "person",
        "roles": ("clerk",),
        "zone": "in-house",
        "purposes": ("TREAT",),
        "method": "api-key",
        "credential": "ck_1",
        **fields,
    }
    return Identity(**values)


def caller(**fields: Any) -> Caller:
    return Caller(identity=identity(**fields), tenant="tn_1", actor="ac_1", purpose="TREAT")


def message(text: str = "hello", **fields: Any) -> Message:
    """A chat of one message, as its adapter reads it."""
    body = json.dumps({"model": "local", "messages": [{"role": "user", "content": text}], **fields}).encode()
    read = OpenAIAdapter(BOUNDS).read(
        Inbound(
            method="POST",
            path="/v1/chat/completions",
            query="",
            headers=(("content-type", "application/json"),),
            body=body,
        ),
        BOUNDS,
    )
    if isinstance(read, Refusal):
        raise TypeError(read)
    return read


def route(id: str = "local", zone: str = "in-house", **fields: Any) -> Route:
    values: dict[str, Any] = {
        "protocol": "openai",
        "url": f"http://{id}.example/base",
        "region": None,
        "processor": None,
        "capabilities": ("triage",),
        "model": None,
        "version": None,
        "floor": (),
        "routes": (),
        "credential": None,
        "ca": None,
        "connect_timeout_s": 1.0,
        "first_byte_timeout_s": 1.0,
        "idle_timeout_s": 1.0,
        "timeout_s": 1.0,
        **fields,
    }
    return Route(id=id, zone=zone, **values)


LOCAL, FRIEND, SKY = route(), route("friend", "partner"), route("sky", "cloud", processor="acme")


def health(clock: Clock, *more: Route, **fields: Any) -> Health:
    """How `local`, `friend`, `sky` and these further agents are: well. `fields` are settings of every one of them."""
    agents = [
        Agent(id=one.id, protocol="openai", url="http://a", zone=one.zone, **fields)
        for one in (LOCAL, FRIEND, SKY, *more)
    ]
    return Health(agents, clock, lambda: 0.0)


def engine(clock: Clock) -> Engine:
    return Engine(clock=clock, budget_ms=1000)


def router(
    clock: Clock, *lines: str, using: Policy | None = None, scans: Engine | None = None, **fields: Any
) -> Router:
    """A router over the agents `local`, `friend` and `sky`, with these policy lines."""
    values: dict[str, Any] = {"serves": lambda message, agent: Fit(message.document), "schemas": {}, **fields}
    return Router(policy=using or policy(*lines), engine=scans or engine(clock), clock=clock, **values)


def classified(clock: Clock, parts: tuple[Part, ...], **fields: Any) -> Classified:
    scan = engine(clock).scan(parts)
    values: dict[str, Any] = {"declared": (), "inherited": (), "floor": (), **fields}
    return Classified(scan=scan, found=tuple(sorted(scan.classes)), **values)
