"""Liveness, readiness and metrics. Open to whoever reaches the port: they say nothing of anybody."""

from typing import Any

from litestar import Response, get
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from gateway.bootstrap import Gateway
from gateway.core.errors import ConfigurationError
from gateway.store.directory import SYSTEM
from gateway.web.access import ApiRequest, admitted, gateway_of

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@get("/healthz", operation_id="liveness", summary="Whether the process answers")
async def healthz() -> Response[Any]:
    return Response({"status": "ok"})


@get("/readyz", operation_id="readiness", summary="Whether requests can be served now")
async def readyz(request: ApiRequest) -> Response[Any]:
    """200 only if the database answers, every ledger can be written, the policy is the active one and the keys are
    there; 503 names what is not."""
    gateway = gateway_of(request)
    checks = {"database": await _database(gateway), **gateway.ready(), "keys": _keys(gateway)}
    good = all(checks.values())
    body = {"status": "ready" if good else "not ready", "checks": checks}
    return Response(body, status_code=200 if good else 503)


@get("/metrics", operation_id="metrics", summary="Prometheus metrics")
async def metrics(request: ApiRequest) -> Response[bytes]:
    site = gateway_of(request).site
    names = {entry.ledger: "_system" if name == SYSTEM else entry.ledger for name, entry in site.tenants.items()}
    for ledger, writer in site.ledgers.writers.items():
        site.metrics.ledger(names.get(ledger, ledger), writer.lag, writer.healthy)
    return Response(site.metrics.exposition(), media_type=PROMETHEUS)


@get("/v1/models", operation_id="list_models", summary="Agents and capabilities, in OpenAI's or Anthropic's form")
async def models(request: ApiRequest) -> Response[Any]:
    exchange, _ = await admitted(request, None)
    registry = gateway_of(request).registry
    headers = {**dict(exchange.rate), "X-Exchange-Id": exchange.id}
    if request.headers.get("anthropic-version") is not None:
        return Response(_anthropic_list(registry.models("anthropic")), headers=headers)
    listed = [{"id": name, "object": "model", "created": 0, "owned_by": "gateway"} for name in registry.models()]
    return Response({"object": "list", "data": listed}, headers=headers)


def _anthropic_list(names: tuple[str, ...]) -> dict[str, Any]:
    """A page of models as Anthropic's API lists them: the one page there is."""
    listed = [
        {"type": "model", "id": name, "display_name": name, "created_at": "1970-01-01T00:00:00Z"} for name in names
    ]
    ends = {"first_id": names[0] if names else None, "last_id": names[-1] if names else None}
    return {"data": listed, "has_more": False, **ends}


async def _database(gateway: Gateway) -> bool:
    try:
        async with gateway.site.engine.connect() as connection:
            return bool(await connection.scalar(text("SELECT 1")) == 1)
    except (SQLAlchemyError, OSError):
        return False


def _keys(gateway: Gateway) -> bool:
    try:
        for entry in gateway.site.tenants.values():
            gateway.site.keyring.signer(entry.origin)
    except ConfigurationError:
        return False
    return True


HANDLERS = (healthz, readyz, metrics, models)
