"""The ASGI application: traffic straight to its protocol, the API through Litestar, errors in one table.

Traffic is told by its path before Litestar sees it. Litestar tidies paths up (`//`, a trailing slash), so that the
gateway would decide on another path than the caller wrote; its raw routes take no parameters; and it costs a share.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from functools import cache
from typing import Any

from litestar import Litestar, Response, get
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ControllerRouterHandler

import gateway as package
from gateway.bootstrap import Gateway
from gateway.core.errors import LedgerUnavailable, RecordsArchived, VerificationError
from gateway.pipeline import Pipeline
from gateway.settings import Server
from gateway.web import (
    approvals,
    audit,
    denials,
    disclosures,
    evidence,
    glass,
    health,
    incidents,
    jwks,
    keys,
    mcp,
    models,
    policy,
    problems,
    proposals,
    pulling,
    reports,
    reviews,
    schedules,
    sign_offs,
    subjects,
    tasks,
    tiles,
    usage,
)
from gateway.web.access import guard
from gateway.web.cutting import Cutting
from gateway.web.openapi import documented
from gateway.web.problems import MODELS
from gateway.web.proxies import Proxies
from gateway.web.traffic import Handler, Receive, Scope, Send, Traffic

TRAFFIC = {
    "/v1/chat/completions": "openai",
    "/v1/responses": "responses",
    "/v1/embeddings": "embeddings",
    "/v1/messages": "anthropic",
    "/v1/messages/count_tokens": "anthropic-count",
}
"""Paths of the traffic plane, each with the protocol that is spoken there."""
TRAFFIC_BELOW = {
    "/agents/": "http",
    "/mcp/": "mcp",
    "/a2a/": "a2a",
    "/v1/messages/": "anthropic-unmodelled",
    "/v1/": "unmodelled",
}
"""The same for everything below a path; the first that fits."""
FURTHER_BELOW = {"/a2a/": "a2a-rest"}
"""The same for everything that lies below a path that lies below one of those: an agent's address is the one, its
resources the other."""
_MODELS = re.compile(rf"{MODELS}(/[^/]+)?")
"""What of the API lies below one of those, where it is read."""
_TASKS = re.compile(rf"{tasks.PATH}(/.*)?")
"""What of the API lies below one of those, whatever is done there."""
_PROBED = re.compile(rf"/healthz|/readyz|/metrics|/openapi\.json|/\.well-known/[^/]+|{MODELS}(/[^/]+)?")
"""What balancers, monitors and clients ask for by HEAD (RFC 9110 §9.3.2)."""


Stop = Callable[[], Awaitable[None]]


class Application:
    """Traffic to its protocol, everything else to the API. `stops` are awaited when the server ends."""

    def __init__(
        self,
        pipeline: Pipeline,
        server: Server,
        api: Litestar,
        stops: Sequence[Stop] = (),
        traffic: Handler | None = None,
    ) -> None:
        """`traffic`: what handles requests, where that is not the pipeline itself."""
        handler = traffic or pipeline
        self._exact = {path: Traffic(handler, server, protocol) for path, protocol in TRAFFIC.items()}
        self._below = tuple((prefix, Traffic(handler, server, protocol)) for prefix, protocol in TRAFFIC_BELOW.items())
        self._proxies = Proxies(server) if server.trusted_proxies else None
        self._further = {prefix: Traffic(handler, server, protocol) for prefix, protocol in FURTHER_BELOW.items()}
        self.api = api
        self._api = Cutting(api, pipeline)
        self._stops = stops

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._live(receive, send)
        if scope["type"] == "http":
            if self._proxies is not None:
                self._proxies.apply(scope)
            path: str = scope["path"]
            if scope["method"] == "HEAD" and _PROBED.fullmatch(path) is not None:
                scope = {**scope, "method": "GET"}  # the server, which knows the request, leaves the body out
            traffic = self._exact.get(path)
            if traffic is not None:
                return await traffic(scope, receive, send)
            for prefix, below in self._below:
                if path.startswith(prefix) and not _of_the_api(scope["method"], path):
                    further = self._further.get(prefix)
                    if further is not None and "/" in path[len(prefix) :]:
                        return await further(scope, receive, send)
                    return await below(scope, receive, send)
        if scope["type"] != "http":
            return await self.api(scope, receive, send)  # type: ignore[arg-type]  # Litestar's own types are closer
        return await self._api(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """From the server's start to its end (ASGI's lifespan protocol 2.0)."""
        while (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        for stop in self._stops:
            await stop()
        await send({"type": "lifespan.shutdown.complete"})


def _of_the_api(method: str, path: str) -> bool:
    return (method == "GET" and _MODELS.fullmatch(path) is not None) or _TASKS.fullmatch(path) is not None


def protocol_of(method: str, path: str) -> str | None:
    """The protocol that is spoken at a path of the traffic plane, for requests that need not wait for their answer;
    None for what is none of those. Streams that stay open are asked for by GET: only plain HTTP has other methods."""
    protocol = TRAFFIC.get(path)
    for prefix, below in TRAFFIC_BELOW.items():
        if protocol is None and path.startswith(prefix) and not _of_the_api(method, path):
            protocol = FURTHER_BELOW.get(prefix, below) if "/" in path[len(prefix) :] else below
    return protocol if method == "POST" or protocol == "http" else None


def build_app(gateway: Gateway) -> Application:
    """The application of an opened gateway."""
    api = copy(_application())
    api.state = State({"gateway": gateway, "protocol_of": protocol_of})
    return Application(gateway.pipeline, gateway.site.settings.server, api, traffic=gateway.traffic)


@cache
def openapi_document() -> dict[str, object]:
    """The OpenAPI document of the API; needs no gateway. It is made once: anybody may ask for it."""
    return documented(_application())


@cache
def _application() -> Litestar:
    """The API of every gateway of this process: routes are read, and put in order, once. What differs between gateways
    is the state of a copy, which is what handlers get to see."""
    return Litestar(
        route_handlers=_api(),
        guards=[guard],
        openapi_config=OpenAPIConfig(
            title="Agent compliance gateway",
            version=package.__version__,
            description="Audit trail, evidence and health of the gateway. Agents are reached by their own protocols.",
            # Litestar answers every unknown path below this one with a page of HTML, so it must not be the root.
            path="/openapi",
            render_plugins=[JsonRenderPlugin()],
        ),
        exception_handlers={
            problems.Refused: problems.refused,
            LedgerUnavailable: problems.unavailable,
            RecordsArchived: problems.archived,
            VerificationError: problems.broken,
            HTTPException: problems.routing,
            Exception: problems.failed,
        },
        request_max_body_size=1 << 20,
        logging_config=None,
        debug=False,
    )


@get("/openapi.json", operation_id="openapi", summary="This document", include_in_schema=False)
async def openapi_json() -> Response[Any]:
    return Response(openapi_document())


def _api() -> list[ControllerRouterHandler]:
    parts = (approvals, audit, denials, evidence, glass, health, jwks, keys, mcp, models, policy, proposals, pulling)
    more = (disclosures, incidents, reports, reviews, schedules, sign_offs, subjects, tasks, tiles, usage)
    return [*(handler for part in (*parts, *more) for handler in part.HANDLERS), openapi_json]
