"""Bundles by the calendar over the API: what came of each period, and to have one made and delivered again."""

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from gateway.bootstrap import Schedules
from gateway.core.once import read_json
from gateway.core.refusal import Refusal
from gateway.core.unfit import unfit
from gateway.web.access import Access, ApiRequest, access, gateway_of
from gateway.web.problems import Refused


class Again(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a bundle is wanted once more, in words for the record: 1 to 1,000 characters."""

    reason: str


@get(
    "/evidence/schedules",
    operation_id="list_schedules",
    summary="Bundles by the calendar of the caller's tenant: what came of each period, and when the next is due",
)
async def schedules(request: ApiRequest) -> Response[Any]:
    allowed = await access(request)
    return Response({"schedules": await _schedules(request, allowed).rows()}, headers=allowed.headers)


@post(
    "/evidence/schedules/{schedule:str}/{period:str}/again",
    operation_id="deliver_scheduled_bundle_again",
    status_code=202,
    summary="Have a period's bundle made and delivered once more, or tried at once",
    opt={"form": Again},
)
async def again(request: ApiRequest, schedule: FromPath[str], period: FromPath[str]) -> Response[Any]:
    """On record, with who wanted it and why, before anything is done."""
    allowed = await access(request)
    try:
        wanted = read_json(raw := await request.body(), Again)
    except msgspec.MsgspecError as error:
        raise _refused(allowed, unfit(raw, Again)) from error
    found = await _schedules(request, allowed).again(schedule, period, wanted.reason, allowed.by)
    if isinstance(found, Refusal):
        raise _refused(allowed, found)
    body = {"schedule": schedule, "period": period, "bundle": found}
    return Response(body, status_code=202, headers=allowed.headers)


def _schedules(request: ApiRequest, allowed: Access) -> Schedules:
    return Schedules(gateway_of(request).site, allowed.caller.identity.tenant)


def _refused(allowed: Access, refusal: Refusal) -> Refused:
    return Refused(refusal, allowed.exchange.id, allowed.exchange.rate)


HANDLERS = (schedules, again)
