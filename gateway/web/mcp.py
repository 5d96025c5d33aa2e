"""Protected-resource metadata (RFC 9728): where callers of MCP agents get their tokens. Open to whoever asks.

It says the same of every agent's name, whether there is such an agent or not.
"""

import re
from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from gateway.settings import Settings
from gateway.web.access import ApiRequest, gateway_of

WELL_KNOWN = "/.well-known/oauth-protected-resource"
_AGENT = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")


@get(WELL_KNOWN, operation_id="protected_resource", summary="Who issues tokens for this gateway (RFC 9728)")
async def resource(request: ApiRequest) -> Response[Any]:
    settings = gateway_of(request).site.settings
    return Response(metadata(settings, settings.address))


@get(f"{WELL_KNOWN}/mcp/{{agent:str}}", operation_id="protected_mcp", summary="The same, for one MCP agent's address")
async def mcp_resource(request: ApiRequest, agent: FromPath[str]) -> Response[Any]:
    settings = gateway_of(request).site.settings
    named = f"/mcp/{agent}" if _AGENT.fullmatch(agent) else ""
    return Response(metadata(settings, f"{settings.address}{named}"))


def metadata(settings: Settings, resource: str) -> dict[str, object]:
    """RFC 9728 §2. Issuers are named that give tokens for resources, and no others: whose tokens a client cannot ask
    for here is no matter of whoever asks. Tokens bound to certificates are taken where certificates are (RFC 8705 §3).
    What has no element is left out (§3.2)."""
    servers = [issuer.issuer for issuer in settings.issuer if issuer.resource_audience]
    named = {"authorization_servers": servers} if servers else {}
    bound = {"tls_client_certificate_bound_access_tokens": True} if settings.server.client_ca is not None else {}
    return {"resource": resource, **named, "bearer_methods_supported": ["header"], **bound}


HANDLERS = (resource, mcp_resource)
