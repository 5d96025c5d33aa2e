"""The API of reports: made of the records of a period, as a page, a PDF or data."""

import asyncio
from collections.abc import Callable
from typing import Any, Literal

import msgspec
from litestar import Response, post

from gateway.bootstrap import reporter_of
from gateway.core.once import read_json
from gateway.core.refusal import Refusal
from gateway.core.unfit import unfit
from gateway.evidence.reports import html, pdf
from gateway.evidence.reports.document import Document, encode
from gateway.exchange.reporting import Wanted
from gateway.store.search import parse_filters
from gateway.web.access import Access, ApiRequest, access, gateway_of
from gateway.web.cutting import lasts
from gateway.web.problems import Refused

FORMATS: dict[str, tuple[str, Callable[[Document], bytes]]] = {
    "html": ("text/html", html.render),
    "pdf": ("application/pdf", pdf.render),
    "json": ("application/json", encode),
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Asked(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from", "until": "to"}
):
    """What is asked for; times as in the audit API."""

    kind: str
    since: str
    until: str
    subject: str | None = None
    framework: str | None = None
    format: Literal["html", "pdf", "json"] = "html"


@post(
    "/evidence/reports",
    operation_id="make_report",
    status_code=200,
    summary="A report of a period",
    opt={"form": Asked},
)
async def report(request: ApiRequest) -> Response[bytes]:
    """It is on record before any record is read for it, and its file before it leaves; it is cut where who asked for
    it may not act any more."""
    allowed = await access(request)
    try:
        asked = read_json(body := await request.body() or b"{}", Asked)
    except msgspec.MsgspecError as error:
        raise _refused(allowed, unfit(body, Asked)) from error
    period = parse_filters({"from": asked.since, "to": asked.until})
    if isinstance(period, Refusal):
        raise _refused(allowed, period)
    if asked.format == "pdf" and not pdf.available():
        raise _refused(allowed, Refusal(code="parameter_invalid", field="format", hint=pdf.MISSING))
    gateway, tenant = gateway_of(request), allowed.caller.identity.tenant
    reporter = await reporter_of(gateway.site, tenant, allowed.auditor, gateway.policy, gateway.policy_set)
    wanted = Wanted(
        kind=asked.kind,
        since=period.since or "",
        until=period.until or "",
        subject=asked.subject,
        framework=asked.framework,
    )
    refusal = reporter.unfit(wanted)
    if refusal is not None:
        raise _refused(allowed, refusal)
    lasts(request, allowed)
    found = await reporter.report(allowed.by, wanted)
    if isinstance(found, Refusal):
        raise _refused(allowed, found)
    media_type, render = FORMATS[asked.format]
    body = await asyncio.to_thread(render, found)
    await reporter.given(allowed.by, found, asked.format, body)
    name = f'attachment; filename="{asked.kind}.{asked.format}"'
    headers: dict[str, Any] = {**allowed.headers, **_HEADERS, "Content-Disposition": name}
    return Response(body, media_type=media_type, headers=headers)


def _refused(allowed: Access, refusal: Refusal) -> Refused:
    return Refused(refusal, allowed.exchange.id, allowed.exchange.rate)


HANDLERS = (report,)
