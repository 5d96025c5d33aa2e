"""The ASGI application: traffic on raw `asgi` routes, the API on ordinary ones, errors in one table."""

from typing import Any

from litestar import Litestar, Response, asgi, get
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ASGIApp, ControllerRouterHandler

import gateway as package
from gateway.bootstrap import Gateway
from gateway.core.errors import LedgerUnavailable, VerificationError
from gateway.pipeline import Pipeline
from gateway.settings import Server
from gateway.web import audit, evidence, health, problems
from gateway.web.access import ApiRequest
from gateway.web.bundles import Bundles
from gateway.web.traffic import Receive, Scope, Send, Traffic

BUNDLES = "bundles"
"""Where bundles lie, beside the configuration."""


def build_app(gateway: Gateway) -> Litestar:
    """The application of an opened gateway. Its shutdown gives up bundles that are being built."""
    settings = gateway.site.settings
    bundles = Bundles(settings.path(BUNDLES), gateway.site.clock)
    return _application(
        [*_traffic(gateway.pipeline, settings.server), *_api()],
        State({"gateway": gateway, "bundles": bundles}),
        stops=[bundles.stop],
    )


def openapi_document() -> dict[str, object]:
    """The OpenAPI document of the API; needs no gateway."""
    return _application(_api(), State({}), stops=[]).openapi_schema.to_schema()


def _application(handlers: list[ControllerRouterHandler], state: State, stops: list[object]) -> Litestar:
    return Litestar(
        route_handlers=handlers,
        state=state,
        on_shutdown=stops,  # type: ignore[arg-type]  # bound coroutine methods, which Litestar accepts
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
            VerificationError: problems.broken,
            HTTPException: problems.routing,
            Exception: problems.failed,
        },
        request_max_body_size=1 << 20,
        logging_config=None,
        debug=False,
    )


@get("/openapi.json", operation_id="openapi", summary="This document", include_in_schema=False)
async def openapi_json(request: ApiRequest) -> Response[Any]:
    return Response(request.app.openapi_schema.to_schema())


def _api() -> list[ControllerRouterHandler]:
    return [*audit.HANDLERS, *evidence.HANDLERS, *health.HANDLERS, openapi_json]


def _traffic(pipeline: Pipeline, server: Server) -> list[ControllerRouterHandler]:
    routes = (
        ("/v1/chat/completions", "openai"),
        ("/agents/{agent:str}", "http"),
        ("/agents/{agent:str}/{rest:path}", "http"),
    )
    return [asgi(path, copy_scope=False)(_mounted(Traffic(pipeline, server, protocol))) for path, protocol in routes]


def _mounted(traffic: Traffic) -> ASGIApp:
    """Litestar takes functions for its raw routes, not objects."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        await traffic(scope, receive, send)

    return handle  # type: ignore[return-value]  # Litestar's own scope types are closer than ASGI's
