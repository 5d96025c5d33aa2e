"""The API of break-glass: a person is lent a role, gives it back, and somebody else reviews it."""

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from gateway.core.refusal import Refusal
from gateway.exchange.glass import described
from gateway.store.glass import Broken
from gateway.web.access import ApiRequest, gateway_of
from gateway.web.approvals import Entrance, body_of, entrance, refused


class Opening(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which role, for how long, and why."""

    reason: str
    role: str
    minutes: int


class Review(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether it was justified, and why."""

    reason: str
    justified: bool


@get("/break-glass", operation_id="list_break_glass", summary="Broken glass: the caller's own, and what it may review")
async def listed(request: ApiRequest) -> Response[Any]:
    """What nobody has reviewed first, the newest first."""
    allowed = await entrance(request)
    found = await gateway_of(request).glass.listed(allowed.who)
    return Response({"break_glass": [described(one) for one in found]}, headers=allowed.headers)


@post(
    "/break-glass",
    operation_id="break_glass",
    status_code=201,
    summary="Be lent a role for minutes, at once",
    opt={"form": Opening},
)
async def opened(request: ApiRequest) -> Response[Any]:
    allowed = await entrance(request)
    given = await body_of(request, allowed, Opening)
    done = await gateway_of(request).glass.open(allowed.who, given.role, given.minutes, given.reason)
    return await _answered(request, allowed, done, 201)


@post("/break-glass/{glass:str}/close", operation_id="close_break_glass", status_code=200, summary="Give it back")
async def closed(request: ApiRequest, glass: FromPath[str]) -> Response[Any]:
    allowed = await entrance(request)
    return await _answered(request, allowed, await gateway_of(request).glass.close(allowed.who, glass), 200)


@post(
    "/break-glass/{glass:str}/review",
    operation_id="review_break_glass",
    status_code=200,
    summary="Review it",
    opt={"form": Review},
)
async def reviewed(request: ApiRequest, glass: FromPath[str]) -> Response[Any]:
    allowed = await entrance(request)
    given = await body_of(request, allowed, Review)
    done = await gateway_of(request).glass.review(allowed.who, glass, given.justified, given.reason)
    return await _answered(request, allowed, done, 200)


async def _answered(request: ApiRequest, allowed: Entrance, found: Broken | Refusal, status: int) -> Response[Any]:
    if isinstance(found, Refusal):
        raise await refused(request, allowed, found)
    return Response(described(found), status_code=status, headers=allowed.headers)


HANDLERS = (listed, opened, closed, reviewed)
