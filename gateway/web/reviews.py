"""The API of reviews: samples of what was sent, people's judgements of them, and the local miss rate that follows."""

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from gateway.bootstrap import reviewing_of, sampler_of
from gateway.core.refusal import Refusal
from gateway.exchange.reviewing import Reviewing
from gateway.store.search import parse_filters
from gateway.web.access import ApiRequest, access, gateway_of
from gateway.web.approvals import Entrance, body_of, entrance, refused

EVER = "9999-12-31T23:59:59.999999Z"


class Draw(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be drawn: `from` inclusive, `to` exclusive."""

    since: str = msgspec.field(name="from")
    until: str = msgspec.field(name="to")
    size: int
    seed: str | None = None


class Judgement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By type how many were missed, and how many found are none; neither where the findings are complete."""

    missed: dict[str, int]
    wrong: dict[str, int] = {}


@get("/reviews", operation_id="list_reviews", summary="Samples of what was sent, and how far people have judged them")
async def listed(request: ApiRequest) -> Response[Any]:
    """The newest first, at most 200; nothing of their content."""
    allowed = await entrance(request)
    found = await _reviewing(request).listed(allowed.who.tenant)
    return Response({"reviews": found}, headers=allowed.headers)


@post(
    "/reviews",
    operation_id="draw_review",
    status_code=201,
    summary="Draw a sample of what was sent and is kept",
    opt={"form": Draw},
)
async def drawn(request: ApiRequest) -> Response[Any]:
    """Of the exchanges of a period of which content is still kept. The draw is on record before this answers."""
    allowed = await entrance(request)
    given = await body_of(request, allowed, Draw)
    period = parse_filters({"from": given.since, "to": given.until})
    if isinstance(period, Refusal):
        raise await refused(request, allowed, period)
    reader, gateway = await access(request), gateway_of(request)
    sampler = await sampler_of(gateway.site, reader.caller.identity.tenant, gateway.engine)
    done = await sampler.draw(reader.by, period.since or "", period.until or "", given.size, given.seed)
    if isinstance(done, Refusal):
        raise await refused(request, allowed, done)
    review, sample = done
    body = {
        "id": review.id,
        "size": len(review.items),
        "population": sample.population,
        "seed": sample.seed,
        "engine": review.engine,
    }
    return Response(body, status_code=201, headers=allowed.headers)


@get("/reviews/{review:str}", operation_id="get_review", summary="One sample, and what of it nobody has judged")
async def progress(request: ApiRequest, review: FromPath[str]) -> Response[Any]:
    allowed = await entrance(request)
    found = await _reviewing(request).progress(allowed.who.tenant, review)
    return await _answered(request, allowed, found)


@get("/reviews/{review:str}/rate", operation_id="get_miss_rate", summary="The local miss rate that a sample shows")
async def rate(request: ApiRequest, review: FromPath[str]) -> Response[Any]:
    """Computed from the records alone; the reading is on record."""
    allowed = await entrance(request)
    found = await _reviewing(request).progress(allowed.who.tenant, review)
    if isinstance(found, Refusal):
        raise await refused(request, allowed, found)
    reader = await access(request)
    misses = await reader.auditor.misses(reader.by, found.drawn_at, EVER)
    return Response(misses.document(review), headers=allowed.headers)


@get("/reviews/{review:str}/items/{place:int}", operation_id="get_review_item", summary="One message of a sample")
async def item(request: ApiRequest, review: FromPath[str], place: FromPath[int]) -> Response[Any]:
    """With what is found in it, by place. Place 0: the next that nobody has judged. On record before it is shown."""
    allowed = await entrance(request)
    found = await _reviewing(request).show(allowed.who, review, place or None)
    return await _answered(request, allowed, found)


@post(
    "/reviews/{review:str}/items/{place:int}/mark",
    operation_id="mark_review_item",
    status_code=200,
    summary="Judge a message that one was shown",
    opt={"form": Judgement},
)
async def marked(request: ApiRequest, review: FromPath[str], place: FromPath[int]) -> Response[Any]:
    """Types and numbers, never text."""
    allowed = await entrance(request)
    given = await body_of(request, allowed, Judgement)
    done = await _reviewing(request).mark(allowed.who, review, place, missed=given.missed, wrong=given.wrong)
    return await _answered(request, allowed, done)


def _reviewing(request: ApiRequest) -> Reviewing:
    gateway = gateway_of(request)
    return reviewing_of(gateway.site, gateway.engine)


async def _answered(request: ApiRequest, allowed: Entrance, found: msgspec.Struct | Refusal) -> Response[Any]:
    if isinstance(found, Refusal):
        raise await refused(request, allowed, found)
    return Response(found, status_code=200, headers=allowed.headers)


HANDLERS = (listed, drawn, progress, rate, item, marked)
