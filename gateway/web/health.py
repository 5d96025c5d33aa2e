"""Liveness, readiness and metrics. Open to whoever reaches the port: they say nothing of anybody."""

import asyncio
from typing import Any

from litestar import Response, get
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from gateway.bootstrap import Gateway
from gateway.core.errors import ConfigurationError
from gateway.store.directory import SYSTEM
from gateway.store.engine import reading
from gateway.store.walls import fallen
from gateway.web.access import ApiRequest, gateway_of

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@get("/healthz", operation_id="liveness", summary="Whether the process answers")
async def healthz() -> Response[Any]:
    return Response({"status": "ok"})


@get("/readyz", operation_id="readiness", summary="Whether requests can be served now")
async def readyz(request: ApiRequest) -> Response[Any]:
    """200 only if the database answers, on PostgreSQL the wall between tenants stands, every ledger can be written, the
    policy is the active one and the keys are there, the data keys' database included where they have one; 503 names
    what is not. `limits` says who counts for them, `messages` how nodes hear of each other's tasks; neither is a reason
    not to serve."""
    gateway = gateway_of(request)
    checks = {**await _database(gateway), **gateway.ready(), "keys": await _keys(gateway)}
    good = all(checks.values())
    status, more = "ready" if good else "not ready", {"limits": gateway.limits, "messages": gateway.messages}
    return Response({"status": status, "checks": checks, **more}, status_code=200 if good else 503)


@get("/metrics", operation_id="metrics", summary="Prometheus metrics")
async def metrics(request: ApiRequest) -> Response[bytes]:
    gateway = gateway_of(request)
    site = gateway.site
    names = {entry.ledger: "_system" if name == SYSTEM else entry.ledger for name, entry in site.tenants.items()}
    for ledger, writer in site.ledgers.writers.items():
        site.metrics.ledger(names.get(ledger, ledger), writer.lag, writer.healthy)
    gateway.site.metrics.tasks_now(gateway.dispatcher.depths, gateway.dispatcher.under_way, site.clock.now_us())
    return Response(site.metrics.exposition(), media_type=PROMETHEUS)


async def _database(gateway: Gateway) -> dict[str, bool]:
    engine = gateway.site.engine
    walled = engine.dialect.name == "postgresql"
    answers = stands = False
    try:
        async with reading(engine, None) as connection:
            answers = await connection.scalar(text("SELECT 1")) == 1
            # Looked at here too: a right that was given to the role since the start may have opened it.
            stands = walled and await fallen(connection) is None
    except (SQLAlchemyError, OSError):
        answers = False
    return {"database": answers, **({"walls": answers and stands} if walled else {})}


async def _keys(gateway: Gateway) -> bool:
    shared = gateway.site.keyring.shared
    if shared is not None and not await asyncio.to_thread(shared.answers):
        return False
    try:
        for entry in gateway.site.tenants.values():
            gateway.site.keyring.signer(entry.origin)
    except ConfigurationError:
        return False
    return True


HANDLERS = (healthz, readyz, metrics)
