"""The API of sign-offs: a person's word on the activity of a period or on access, put on record."""

from typing import Any

import msgspec
from litestar import Response, post

from gateway.bootstrap import sign_offs_of
from gateway.core.refusal import Refusal
from gateway.exchange.signing_off import Review
from gateway.store.search import parse_filters
from gateway.web.access import ApiRequest, access, gateway_of
from gateway.web.approvals import body_of, entrance, refused


class SigningOff(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was reviewed, by which report (its kind, and `sha256:…` of its file), and what came of it; times as in the
    audit API."""

    since: str = msgspec.field(name="from")
    until: str = msgspec.field(name="to")
    report: str
    disposition: str
    reason: str
    incident: str | None = None
    kind: str = "activity-review"


@post(
    "/audit/sign-offs",
    operation_id="sign_off",
    status_code=201,
    summary="Sign off a review of activity or of access",
    opt={"form": SigningOff},
)
async def signed(request: ApiRequest) -> Response[Any]:
    """It is on record before this answers."""
    allowed = await entrance(request)
    given = await body_of(request, allowed, SigningOff)
    period = parse_filters({"from": given.since, "to": given.until})
    if isinstance(period, Refusal):
        raise await refused(request, allowed, period)
    reader = await access(request)
    review = Review(
        since=period.since or "",
        until=period.until or "",
        report=given.report,
        disposition=given.disposition,
        reason=given.reason,
        incident=given.incident,
        kind=given.kind,
    )
    sign_offs = sign_offs_of(gateway_of(request).site, reader.caller.identity.tenant, reader.auditor)
    done = await sign_offs.sign(allowed.who, review)
    if isinstance(done, Refusal):
        raise await refused(request, allowed, done)
    return Response(msgspec.to_builtins(done), status_code=201, headers=allowed.headers)


HANDLERS = (signed,)
