"""Liveness, readiness and metrics. Open to whoever reaches the port: they say nothing of anybody."""

from typing import Any

from litestar import Response, get

from gateway.bootstrap.stamps import states as stamp_states
from gateway.core.ids import SYSTEM
from gateway.web.access import ApiRequest, gateway_of

PROMETHEUS = "text/plain; version=0.0.4"
"""As it is sent, with `; charset=utf-8` after it: the framework says that of every text. A scraper need not take a type
that says it twice."""


@get("/healthz", operation_id="liveness", summary="Whether the process answers")
async def healthz() -> Response[Any]:
    return Response({"status": "ok"})


@get("/readyz", operation_id="readiness", summary="Whether requests can be served now")
async def readyz(request: ApiRequest) -> Response[Any]:
    """200 only if the database answers, on PostgreSQL the wall between tenants stands, every ledger can be written, the
    policy is the active one, the keys are there and data keys can be made durable, and the tasks' queue can be read;
    503 names what is not. `limits` says who counts for them, `messages` how nodes hear of each other's tasks,
    `forwards` which destinations of records take none, `tsas` which authorities give no time-stamps; none of them is a
    reason not to serve. `emergency` says how the node's emergency ledger stands: while it is `serving` the answer is
    200 with the status `emergency`, although the database is away: of the configured capabilities requests are served.
    """
    gateway = gateway_of(request)
    checks = await gateway.readiness.look()
    good = all(checks.values())
    status = "ready" if good else "not ready"
    emergency = None if gateway.emergency is None else gateway.emergency.state
    if not good and emergency == "serving":
        good, status = True, "emergency"
    more: dict[str, Any] = {"limits": gateway.limits, "messages": gateway.messages}
    if emergency is not None:
        more["emergency"] = emergency
    if gateway.forwards.each:
        more["forwards"] = gateway.forwards.states
    if gateway.stampings:
        more["tsas"] = stamp_states(gateway.stampings, gateway.site.settings)
    return Response({"status": status, "checks": checks, **more}, status_code=200 if good else 503)


@get("/metrics", operation_id="metrics", summary="Prometheus metrics")
async def metrics(request: ApiRequest) -> Response[bytes]:
    gateway = gateway_of(request)
    site = gateway.site
    names = {entry.ledger: SYSTEM if name == SYSTEM else entry.ledger for name, entry in site.tenants.items()}
    for ledger, writer in site.ledgers.writers.items():
        site.metrics.ledger(names.get(ledger, ledger), writer.lag, writer.usable)
    gateway.site.metrics.tasks_now(gateway.dispatcher.depths, gateway.dispatcher.under_way, site.clock.now_us())
    return Response(site.metrics.exposition(), media_type=PROMETHEUS)


HANDLERS = (healthz, readyz, metrics)
