"""The approvals API: what waits for people, and their answers.

For any caller: who may see or answer what is decided for each approval by the roles that it asks for, and never by a
route alone.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from gateway.core.once import read_json
from gateway.core.refusal import Refusal
from gateway.core.unfit import unfit
from gateway.evidence.tabular import accepted, lines
from gateway.exchange.approval_record import By
from gateway.exchange.approving import COLUMNS, MAX_PAGE, STATES, Approver, Approving, Seen, described
from gateway.exchange.exchange import Exchange
from gateway.store.approvals import Approval
from gateway.web.access import ApiRequest, admitted, detail_of, gateway_of
from gateway.web.problems import Refused

Form = TypeVar("Form", bound=msgspec.Struct)
_CURSOR = re.compile(r"([0-9]{1,18})-(ap_[0-9a-f]{26})")


class Yes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it is approved, and what: `version` as it was looked at."""

    reason: str
    version: int


class No(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it is denied. `version`: of nothing but this; without, whatever it has become."""

    reason: str
    version: int | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change, and why. `mask`: further finding types; `agent`: one of the alternatives; `version` as of
    `No`."""

    reason: str
    version: int | None = None
    mask: tuple[str, ...] = ()
    agent: str | None = None


class Entrance(msgspec.Struct, frozen=True, kw_only=True):
    """A caller as an approver, whatever it may answer."""

    exchange: Exchange
    who: Approver
    approving: Approving

    @property
    def headers(self) -> dict[str, str]:
        return {**dict(self.exchange.rate), "X-Exchange-Id": self.exchange.id, "Cache-Control": "no-store"}


@get("/approvals", operation_id="list_approvals", summary="Approvals that the caller may answer or has asked for")
async def listed(request: ApiRequest) -> Response[Any]:
    """The newest first, without content. `state`: one or several; `limit`; `cursor` as the page before gave it. JSON,
    CSV or NDJSON, as the caller accepts; the next cursor of those stands in `X-Cursor`."""
    allowed = await entrance(request)
    values = dict(request.query_params.multi_items())
    unknown = sorted(set(values) - {"state", "limit", "cursor"})
    if unknown or len(values) != len(list(request.query_params.multi_items())):
        raise _wrong(allowed, "query", "state, limit and cursor, each once")
    states = tuple(state for state in STATES if state in values.get("state", "pending").split(","))
    if not states or len(states) != len(values.get("state", "pending").split(",")):
        raise _wrong(allowed, "state", f"of {', '.join(STATES)}, with commas between")
    limit = values.get("limit", "50")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MAX_PAGE):
        raise _wrong(allowed, "limit", f"1 to {MAX_PAGE}")
    found = await allowed.approving.page(
        allowed.who, states=states, before=_cursor(allowed, values.get("cursor")), limit=int(limit)
    )
    now = gateway_of(request).site.clock.now_us()
    last = found[-1].approval if len(found) == int(limit) else None
    cursor = None if last is None else f"{last.created_us}-{last.id}"
    return listing(request, allowed, "approvals", COLUMNS, [described(one, now) for one in found], cursor=cursor)


@get("/approvals/{approval:str}", operation_id="get_approval", summary="One approval, with what the agent would get")
async def shown(request: ApiRequest, approval: FromPath[str]) -> Response[Any]:
    """To who may answer it with its content, which is put on record; to its requester what has become of it."""
    allowed = await entrance(request)
    found = await allowed.approving.see(allowed.who, approval)
    return await _answered(request, allowed, found)


@post(
    "/approvals/{approval:str}/approve",
    operation_id="approve",
    status_code=200,
    summary="Approve, with a reason",
    opt={"form": Yes},
)
async def approve(request: ApiRequest, approval: FromPath[str]) -> Response[Any]:
    allowed = await entrance(request)
    given = await body_of(request, allowed, Yes)
    done = await allowed.approving.approve(allowed.who, approval, given.reason, given.version)
    return await _answered(request, allowed, done)


@post(
    "/approvals/{approval:str}/deny",
    operation_id="deny",
    status_code=200,
    summary="Deny, with a reason",
    opt={"form": No},
)
async def deny(request: ApiRequest, approval: FromPath[str]) -> Response[Any]:
    allowed = await entrance(request)
    given = await body_of(request, allowed, No)
    done = await allowed.approving.deny(allowed.who, approval, given.reason, given.version)
    return await _answered(request, allowed, done)


@post(
    "/approvals/{approval:str}/edit",
    operation_id="edit",
    status_code=200,
    summary="Mask more, or choose an agent",
    opt={"form": Change},
)
async def edit(request: ApiRequest, approval: FromPath[str]) -> Response[Any]:
    """Who edits does not approve, and answers given before are void."""
    allowed = await entrance(request)
    given = await body_of(request, allowed, Change)
    done = await allowed.approving.edit(
        allowed.who,
        approval,
        given.reason,
        given.version,
        masks=tuple(dict.fromkeys(given.mask)),
        agent=given.agent,
    )
    return await _answered(request, allowed, done)


async def entrance(request: ApiRequest) -> Entrance:
    """Any caller. `Refused` for who is none."""
    exchange, caller = await admitted(request)
    site = gateway_of(request).site
    identity, approving = caller.identity, site.approving
    by = By(actor=caller.actor, exchange=exchange.id, trace=exchange.trace, detail=detail_of(exchange, caller))
    who = approving.approver(caller.tenant, await site.writer(identity.tenant), identity, by)
    return Entrance(exchange=exchange, who=who, approving=approving)


def listing(
    request: ApiRequest,
    allowed: Entrance,
    name: str,
    columns: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    **more: str | None,
) -> Response[Any]:
    """Rows under their name with what is said beside them, or in the form of `tabular` that the caller accepts, with
    what is said beside them in headers."""
    form = accepted(request.headers.get("accept", ""))
    if form is None:
        return Response({name: rows, **more}, headers=allowed.headers)
    said = {f"X-{word.title()}": value for word, value in more.items() if value is not None}
    data = b"".join(lines(form, columns, rows))
    return Response(data, media_type=form, headers={**allowed.headers, **said})


async def body_of(request: ApiRequest, allowed: Entrance, form: type[Form]) -> Form:
    """The body as this form; `Refused` for another one."""
    try:
        return read_json(body := await request.body(), form)
    except msgspec.MsgspecError as error:
        raise Refused(unfit(body, form), allowed.exchange.id, allowed.exchange.rate) from error


async def refused(request: ApiRequest, allowed: Entrance, refusal: Refusal) -> Refused:
    """The refusal as it is raised; on record where somebody tried what is not theirs to do."""
    if refusal.status == 403:
        await gateway_of(request).pipeline.deny(allowed.exchange, refusal)
    return Refused(refusal, allowed.exchange.id, allowed.exchange.rate)


async def _answered(request: ApiRequest, allowed: Entrance, found: Approval | Seen | Refusal) -> Response[Any]:
    if isinstance(found, Refusal):
        raise await refused(request, allowed, found)
    seen = found if isinstance(found, Seen) else Seen(approval=found, own=False)
    return Response(described(seen, gateway_of(request).site.clock.now_us()), headers=allowed.headers)


def _cursor(allowed: Entrance, given: str | None) -> tuple[int, str] | None:
    if given is None:
        return None
    found = _CURSOR.fullmatch(given)
    if found is None:
        raise _wrong(allowed, "cursor", "one that a page of approvals gave")
    return int(found[1]), found[2]


def _wrong(allowed: Entrance, field: str, hint: str) -> Refused:
    refusal = Refusal(code="parameter_invalid", field=field, hint=hint)
    return Refused(refusal, allowed.exchange.id, allowed.exchange.rate)


HANDLERS = (listed, shown, approve, deny, edit)
