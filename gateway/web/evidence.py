"""The evidence API: ask for a bundle, see how far it is, fetch it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from gateway.core.once import read_json
from gateway.core.refusal import Refusal
from gateway.core.unfit import unfit
from gateway.exchange import attaching
from gateway.exchange.bundle_files import Order, suffix
from gateway.exchange.bundling import Bundling
from gateway.exchange.scoping import Asked
from gateway.store.bundle_jobs import READY, BundleJob
from gateway.web.access import Access, ApiRequest, access, gateway_of
from gateway.web.cutting import lasts
from gateway.web.problems import Refused

_PIECE = 1 << 20
"""Bytes of a bundle that are read at once."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a bundle shall hold: the records of a range (`[first, end)`, end null for all there are), and which of them
    are selected, so that their details go with them. `about` (`KIND:ID`) and `period` choose both
    (`exchange.scoping`)."""

    range: tuple[int, int | None] | None = None
    about: str | None = None
    period: tuple[str, str] | None = None
    filters: dict[str, str] = {}
    details: bool = True
    attach: tuple[str, ...] = ()
    """Kinds of attachments (`exchange.attaching`)."""
    recipients: tuple[str, ...] = ()
    """Public keys of age or SSH that it is encrypted to, beside those that are configured."""


@post(
    "/evidence/bundles",
    operation_id="build_bundle",
    status_code=202,
    summary="Build an evidence bundle",
    opt={"form": Wanted},
)
async def build(request: ApiRequest) -> Response[Any]:
    return await _asked(request, contents=False)


@post(
    "/evidence/bundles/contents",
    operation_id="build_bundle_with_contents",
    status_code=202,
    summary="Build an evidence bundle that carries what policy has kept of messages",
    opt={"form": Wanted},
)
async def build_with_contents(request: ApiRequest) -> Response[Any]:
    """A permission of its own opens this, and fetching what it builds."""
    return await _asked(request, contents=True)


async def _asked(request: ApiRequest, *, contents: bool) -> Response[Any]:
    allowed = await access(request)
    body = await request.body()
    try:
        wanted = read_json(body or b"{}", Wanted)
    except msgspec.MsgspecError as error:
        raise _refused(allowed, unfit(body or b"{}", Wanted)) from error
    first, end = wanted.range or (None, None)
    refusal = attaching.refused(wanted.attach)
    if refusal is not None:
        raise _refused(allowed, refusal)
    selection = await allowed.auditor.select(
        Asked(
            first=first,
            end=end,
            filters=wanted.filters,
            details=wanted.details,
            contents=contents,
            about=wanted.about,
            period=wanted.period,
        )
    )
    if isinstance(selection, Refusal):
        raise _refused(allowed, selection)
    order = Order(selection=selection, attach=wanted.attach, recipients=wanted.recipients)
    job = await _bundling(request).ask(allowed.caller.tenant, allowed.by, order, allowed.exchange)
    if isinstance(job, Refusal):
        raise _refused(allowed, job)
    headers = {**allowed.headers, "Location": f"/evidence/bundles/{job.id}"}
    return Response(_bundling(request).shown(job), status_code=202, headers=headers)


@get("/evidence/bundles", operation_id="list_bundles", summary="Bundles of the caller's tenant, the newest first")
async def bundles(request: ApiRequest) -> Response[Any]:
    allowed = await access(request)
    found = await _bundling(request).list(allowed.caller.tenant)
    return Response({"bundles": [_bundling(request).shown(one) for one in found]}, headers=allowed.headers)


@get("/evidence/bundles/{bundle_id:str}", operation_id="get_bundle", summary="How far a bundle is")
async def bundle(request: ApiRequest, bundle_id: FromPath[str]) -> Response[Any]:
    allowed = await access(request)
    return Response(_bundling(request).shown(await _found(request, allowed, bundle_id)), headers=allowed.headers)


@post(
    "/evidence/bundles/{bundle_id:str}/cancel",
    operation_id="cancel_bundle",
    status_code=200,
    summary="Have a bundle not be built any more",
)
async def cancel(request: ApiRequest, bundle_id: FromPath[str]) -> Response[Any]:
    allowed = await access(request)
    ended = await _bundling(request).cancel(allowed.caller.tenant, bundle_id, allowed.by)
    if isinstance(ended, Refusal):
        raise _refused(allowed, ended)
    return Response(_bundling(request).shown(ended), headers=allowed.headers)


@get("/evidence/bundles/{bundle_id:str}/download", operation_id="download_bundle", summary="The bundle itself")
async def download(request: ApiRequest, bundle_id: FromPath[str]) -> Stream:
    """Each fetching of it is on record before its first byte leaves."""
    return await _handed(request, bundle_id, contents=False)


@get(
    "/evidence/bundles/{bundle_id:str}/contents",
    operation_id="download_bundle_with_contents",
    summary="A bundle that carries kept content",
)
async def download_contents(request: ApiRequest, bundle_id: FromPath[str]) -> Stream:
    """As the download of others, and for those alone who may ask for one like it."""
    return await _handed(request, bundle_id, contents=True)


async def _handed(request: ApiRequest, bundle_id: str, *, contents: bool) -> Stream:
    allowed = await access(request)
    found = await _found(request, allowed, bundle_id)
    if found.state != READY or found.first is None or found.end is None:
        raise _refused(allowed, Refusal(code="conflict", hint="a bundle that is ready"))
    if _bundling(request).carries(found) is not contents:
        hint = f"{'…/download' if contents else '…/contents'}, where such a bundle is fetched"
        raise _refused(allowed, Refusal(code="conflict", hint=hint))
    if await _bundling(request).outlived(found):
        hint = "a bundle that is asked for anew: something was erased since this one was, or its days are over"
        raise _refused(allowed, Refusal(code="conflict", hint=hint))
    unfit = _bundling(request).unfit(found)
    if unfit is not None:
        raise _refused(allowed, unfit)
    file = await asyncio.to_thread(_bundling(request).file, found)
    if file is None:
        hint = "the node that has built it, or a directory that all nodes share"
        raise _refused(allowed, Refusal(code="conflict", hint=hint))
    stack = lasts(request, allowed)
    await allowed.auditor.scribe.handed_out(allowed.by, bundle_id, found.first, found.end)
    size = (await asyncio.to_thread(file.stat)).st_size
    headers = {"Content-Length": str(size), "Content-Disposition": f'attachment; filename="{bundle_id}{suffix(found)}"'}
    pieces = await stack.enter_async_context(aclosing(_pieces(file, size)))
    media = "application/zip" if suffix(found) == ".zip" else "application/octet-stream"
    return Stream(pieces, media_type=media, headers={**allowed.headers, **headers})


async def _pieces(file: Path, size: int) -> AsyncGenerator[bytes, None]:
    """A file that never changes, open only while a piece of it is read: whoever stops in between leaves none open."""
    for start in range(0, size, _PIECE):
        yield await asyncio.to_thread(_piece, file, start)


def _piece(file: Path, start: int) -> bytes:
    with file.open("rb") as read:
        read.seek(start)
        return read.read(_PIECE)


def _bundling(request: ApiRequest) -> Bundling:
    return gateway_of(request).bundling


async def _found(request: ApiRequest, allowed: Access, bundle_id: str) -> BundleJob:
    found = await _bundling(request).get(allowed.caller.tenant, bundle_id)
    if found is None:
        raise _refused(allowed, Refusal(code="not_found"))
    return found


def _refused(allowed: Access, refusal: Refusal) -> Refused:
    return Refused(refusal, allowed.exchange.id, allowed.exchange.rate)


HANDLERS = (build, build_with_contents, bundles, bundle, cancel, download, download_contents)
