"""`GET /v1/models` and `/v1/models/{model}`: what a caller may name as a model, in OpenAI's or Anthropic's form.

A client of Anthropic's is known by the version header that it always sends. Errors come in the same form (`problems`).
"""

from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from gateway.core.refusal import Refusal
from gateway.core.scopes import narrowed
from gateway.exchange.exchange import Exchange
from gateway.web.access import ApiRequest, admitted, gateway_of
from gateway.web.problems import MODELS, Refused, is_anthropic


@get(MODELS, operation_id="list_models", summary="Agents and capabilities, in OpenAI's or Anthropic's form")
async def models(request: ApiRequest) -> Response[Any]:
    exchange, names = await _offered(request)
    if not is_anthropic(request):
        return Response({"object": "list", "data": [_openai(name) for name in names]}, headers=_headers(exchange))
    ends = {"first_id": names[0] if names else None, "last_id": names[-1] if names else None}
    page = {"data": [_anthropic(name) for name in names], "has_more": False, **ends}
    return Response(page, headers=_headers(exchange))


@get(f"{MODELS}/{{model:str}}", operation_id="get_model", summary="One of them")
async def model(request: ApiRequest, model: FromPath[str]) -> Response[Any]:
    exchange, names = await _offered(request)
    if model not in names:
        refusal = Refusal(code="unknown_target", hint=f"an agent or a capability, as GET {MODELS} lists them")
        await gateway_of(request).pipeline.deny(exchange, refusal)
        raise Refused(refusal, exchange.id, exchange.rate)
    return Response(_anthropic(model) if is_anthropic(request) else _openai(model), headers=_headers(exchange))


async def _offered(request: ApiRequest) -> tuple[Exchange, tuple[str, ...]]:
    """The names that a caller of this protocol may ask for: of its tenant's agents, within its scopes."""
    exchange, caller = await admitted(request)
    registry, scopes = gateway_of(request).registry.of(caller.identity.tenant), caller.identity.scopes
    names = registry.models("anthropic" if is_anthropic(request) else "openai")
    return exchange, tuple(
        name for name in names if narrowed(scopes, name, [route.id for route in registry.candidates(name)])
    )


def _headers(exchange: Exchange) -> dict[str, str]:
    return {**dict(exchange.rate), "X-Exchange-Id": exchange.id}


def _openai(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "gateway"}


def _anthropic(name: str) -> dict[str, object]:
    return {"type": "model", "id": name, "display_name": name, "created_at": "1970-01-01T00:00:00Z"}


HANDLERS = (models, model)
