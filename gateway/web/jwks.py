"""The public keys to verify the gateway's assertions and agents' cards with. Open to whoever reaches the port."""

from typing import Any

from litestar import Response, get

from gateway.bootstrap import JWKS_PATH
from gateway.web.access import ApiRequest, gateway_of

CACHED_S = 300


@get(JWKS_PATH, operation_id="jwks", summary="Keys of the gateway's assertions to agents, as a JWK Set")
async def jwks(request: ApiRequest) -> Response[Any]:
    """Empty where no agent asks for assertions and none is an A2A agent."""
    keys = [dict(key) for key in gateway_of(request).assertions.keys]
    headers = {"cache-control": f"public, max-age={CACHED_S}"}
    return Response({"keys": keys}, media_type="application/jwk-set+json", headers=headers)


HANDLERS = (jwks,)
