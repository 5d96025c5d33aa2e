"""The API of incidents: what should not have left, and what people say it was."""

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from gateway.bootstrap import incidents_of
from gateway.core.refusal import Refusal
from gateway.exchange.incidents import COLUMNS, described
from gateway.web.access import ApiRequest, gateway_of
from gateway.web.approvals import body_of, entrance, listing, refused

STATES = ("open", "closed")


class Closing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What it was, and why that is so."""

    disposition: str
    reason: str


@get("/incidents", operation_id="list_incidents", summary="What should not have left, the newest first")
async def listed(request: ApiRequest) -> Response[Any]:
    """`state`: `open`, which is the default, or `closed`. JSON, CSV or NDJSON, as the caller accepts."""
    allowed = await entrance(request)
    values = list(request.query_params.multi_items())
    state = dict(values).get("state", "open")
    if state not in STATES or len(values) > 1 or {name for name, _ in values} - {"state"}:
        hint = f"nothing but state, once, as {' or '.join(STATES)}"
        raise await refused(request, allowed, Refusal(code="parameter_invalid", field="state", hint=hint))
    found = await incidents_of(gateway_of(request).site).listed(allowed.who.tenant, closed=state == "closed")
    return listing(request, allowed, "incidents", COLUMNS, [described(one) for one in found])


@post(
    "/incidents/{incident:str}/close",
    operation_id="close_incident",
    status_code=200,
    summary="Say what it was",
    opt={"form": Closing},
)
async def closed(request: ApiRequest, incident: FromPath[str]) -> Response[Any]:
    allowed = await entrance(request)
    given = await body_of(request, allowed, Closing)
    incidents = incidents_of(gateway_of(request).site)
    done = await incidents.close(allowed.who, incident, given.disposition, given.reason)
    if isinstance(done, Refusal):
        raise await refused(request, allowed, done)
    return Response(described(done), headers=allowed.headers)


HANDLERS = (listed, closed)
