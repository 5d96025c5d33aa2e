"""What it costs to let a request in: a token (ES256, seen before), all limits, and policy with a thousand rules.

The steps of one request after another, in this process, on an opened gateway: no network, no classification, no record.
Whether Redis costs one round trip is counted, not timed.
"""

import asyncio
import time
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import pytest

from benchmarks import site
from benchmarks.databases import Databases
from gateway.bootstrap import Gateway, open_gateway
from gateway.core.caller import Caller
from gateway.core.message import Inbound
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Arrival
from gateway.exchange.exchange import Classified
from gateway.exchange.router import Denied
from gateway.settings import Limit, Settings
from tests.services import redis

TARGET_US = 60.0
RULES = 1_000
WARMING = 300
LIMITS = tuple(
    Limit(name=f"bench-{what}", what=what, count=10**12, per=("caller", "agent"))
    for what in ("requests", "tokens", "bytes", "concurrency")
)
_BODY = b'{"model":"summarize","messages":[{"role":"user","content":"Please summarise the opening hours."}]}'


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Medians in microseconds, and calls of Redis for each request: None where there is no Redis."""

    identify_us: float
    limits_us: float
    policy_us: float
    together_us: float
    requests: int
    round_trips: float | None


def measure(databases: Databases, directory: Path, *, requests: int = 5_000, counted: int = 200) -> Report:
    """On SQLite; the round trips on a Redis of the tests', where there is one."""
    databases.make("sqlite", directory)
    settings, callers = site.lay_out(directory, "sqlite:///gateway.db", "http://127.0.0.1:9/v1", RULES)
    settings = msgspec.structs.replace(settings, limit=LIMITS)
    token = callers[0].credential
    timed = asyncio.run(_timed(settings, token, requests))
    identify, limits, policy = ([sample[place] for sample in timed] for place in range(3))
    return Report(
        identify_us=_us(identify),
        limits_us=_us(limits),
        policy_us=_us(policy),
        together_us=_us([sum(sample) for sample in timed]),
        requests=requests,
        round_trips=_on_redis(settings, token, counted),
    )


def lines(report: Report) -> list[str]:
    trips = report.round_trips
    return [
        f"together   {report.together_us:6.1f} µs at the median of {report.requests} requests",
        f"token      {report.identify_us:6.1f} µs",
        f"limits     {report.limits_us:6.1f} µs, of [limits] and {len(LIMITS)} more",
        f"policy     {report.policy_us:6.1f} µs, {RULES} rules",
        "no Redis to count round trips on" if trips is None else f"Redis      {trips:6.2f} round trips a request",
    ]


def misses(report: Report) -> list[str]:
    found = []
    if report.together_us > TARGET_US:
        found.append(f"{report.together_us:.1f} µs, at most {TARGET_US:.0f} are wanted")
    if report.round_trips is None:
        found.append("no Redis is installed, so that its round trips were not counted")
    elif report.round_trips != 1:
        found.append(f"{report.round_trips:.2f} round trips to Redis for a request, 1 is wanted")
    return found


def _on_redis(settings: Settings, token: str, requests: int) -> float | None:
    try:
        opened = redis()
        url = opened.__enter__()
    except pytest.skip.Exception:
        return None
    try:
        limits = msgspec.structs.replace(settings.limits, url=url, timeout_ms=10_000)
        return asyncio.run(_counted(msgspec.structs.replace(settings, limits=limits), token, requests))
    finally:
        opened.__exit__(None, None, None)


async def _timed(settings: Settings, token: str, requests: int) -> list[tuple[int, int, int]]:
    async with open_gateway(settings) as gateway:
        for _ in range(WARMING):
            await _admit(gateway, token)
        return [await _admit(gateway, token) for _ in range(requests)]


async def _counted(settings: Settings, token: str, requests: int) -> float:
    async with open_gateway(settings) as gateway:
        if gateway.shared is None or gateway.shared.state != "shared":
            raise RuntimeError("Redis was not used")
        remote: Any = gateway.shared.remote
        await _admit(gateway, token)
        before = remote.trips
        for _ in range(requests):
            await _admit(gateway, token)
        return float((remote.trips - before) / requests)


async def _admit(gateway: Gateway, token: str) -> tuple[int, int, int]:
    """Nanoseconds for the token, the limits and the policy of one request, which is then given up."""
    parts, now = gateway.pipeline.parts, time.perf_counter_ns
    exchange = parts.admission.begin(_arrival(token))
    inbound = Inbound(
        method="POST",
        path="/v1/chat/completions",
        query="",
        headers=(("content-type", "application/json"),),
        body=_BODY,
    )
    message = parts.protocols["openai"].adapter.read(inbound, parts.bounds)
    if isinstance(message, Refusal):
        raise TypeError(message)
    candidates = parts.protocols["openai"].candidates(message)
    scan = parts.engine.scan(message.parts)
    classified = Classified(scan=scan, found=parts.policy.implied(scan.classes), declared=(), inherited=(), floor=())
    exchange.message, exchange.classified = message, classified

    began = now()
    caller = _expected(await parts.admission.identify(exchange))
    identified = now()
    lease = parts.admission.limit(exchange, message.target)
    limited = now()
    decided = parts.router.route(caller, message, classified, candidates, exact=False)
    ruled = now()
    if isinstance(lease, Refusal) or isinstance(decided, Denied) or parts.quotas is None:
        raise TypeError("the benchmark's request was refused")
    reserving = now()
    refused = await parts.quotas.reserve(exchange, decided.route)
    reserved = now()
    if isinstance(refused, Refusal):
        raise TypeError(refused)
    exchange.give_back()
    parts.admission.release(lease)
    return identified - began, limited - identified + reserved - reserving, ruled - limited


def _expected(caller: Caller | Refusal) -> Caller:
    if isinstance(caller, Refusal):
        raise TypeError(caller)
    return caller


def _arrival(token: str) -> Arrival:
    async def unread() -> bytes | Refusal:
        return b""

    return Arrival(
        protocol="openai",
        method="POST",
        path="/v1/chat/completions",
        query="",
        headers=(("authorization", f"Bearer {token}"), ("content-type", "application/json")),
        source="127.0.0.1",
        tls=None,
        body=unread,
    )


def _us(nanoseconds: list[int]) -> float:
    return round(median(nanoseconds) / 1000, 1)
