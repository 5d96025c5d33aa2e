"""The deny-list over the API: admins of a tenant deny tokens and subjects, and take that back, on record each time."""

from typing import Any

import msgspec
from litestar import Response, delete, get, post
from litestar.params import FromPath

from gateway.core.caller import Caller
from gateway.core.errors import FormatError
from gateway.core.once import read_json
from gateway.core.refusal import Refusal
from gateway.core.unfit import unfit
from gateway.exchange.exchange import Exchange
from gateway.ledger.record import parse_timestamp
from gateway.store.api_keys import Administrator
from gateway.store.denials import described
from gateway.web.access import ApiRequest, admitted, detail_of, gateway_of
from gateway.web.problems import Refused

PATH = "/keys/denied"


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is to be denied. `issuer` empty: the owner of API keys. `until` as RFC 3339 in UTC with microseconds."""

    kind: str
    name: str
    issuer: str = ""
    until: str | None = None


@get(PATH, operation_id="list_denied", summary="Tokens and subjects that are denied, the oldest first")
async def denied(request: ApiRequest) -> Response[Any]:
    exchange, caller = await admitted(request)
    found = await gateway_of(request).site.denials.list(caller.tenant)
    return Response({"denied": [described(one) for one in found]}, headers=_headers(exchange))


@post(
    PATH,
    operation_id="deny_credential",
    status_code=201,
    summary="Deny a token or a subject at once",
    opt={"form": Wanted},
)
async def deny(request: ApiRequest) -> Response[Any]:
    exchange, caller = await admitted(request)
    try:
        wanted = read_json(body := await request.body(), Wanted)
    except msgspec.MsgspecError as error:
        raise _refused(exchange, unfit(body, Wanted)) from error
    try:
        until_us = None if wanted.until is None else parse_timestamp(wanted.until)
    except FormatError as error:
        raise _refused(exchange, Refusal(code="parameter_invalid", field="until", hint=str(error))) from error
    store, by = gateway_of(request).site.denials, await _administrator(request, exchange, caller)
    found = await store.deny(by, wanted.kind, wanted.name, issuer=wanted.issuer, until_us=until_us)
    if isinstance(found, Refusal):
        raise _refused(exchange, found)
    return Response(described(found), status_code=201, headers=_headers(exchange))


@delete(
    f"{PATH}/{{denial:str}}", operation_id="allow_credential", status_code=200, summary="Take an entry off the list"
)
async def allow(request: ApiRequest, denial: FromPath[str]) -> Response[Any]:
    exchange, caller = await admitted(request)
    store, by = gateway_of(request).site.denials, await _administrator(request, exchange, caller)
    found = await store.allow(by, denial)
    if isinstance(found, Refusal):
        raise _refused(exchange, found)
    return Response(described(found), headers=_headers(exchange))


async def _administrator(request: ApiRequest, exchange: Exchange, caller: Caller) -> Administrator:
    writer = await gateway_of(request).site.writer(caller.identity.tenant)
    return Administrator(
        ledger=writer,
        tenant=caller.tenant,
        actor=caller.actor,
        actor_kind=caller.identity.kind,
        detail=detail_of(exchange, caller),
    )


def _headers(exchange: Exchange) -> dict[str, str]:
    return {**dict(exchange.rate), "X-Exchange-Id": exchange.id}


def _refused(exchange: Exchange, refusal: Refusal) -> Refused:
    return Refused(refusal, exchange.id, exchange.rate)


HANDLERS = (denied, deny, allow)
