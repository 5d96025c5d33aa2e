"""What was used, over the API: sums by day, caller and agent of the caller's own tenant. Asking is on record."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from litestar import Response, get

from gateway.core.refusal import Refusal
from gateway.store.search import parse_filters
from gateway.web.access import Access, ApiRequest, access, gateway_of
from gateway.web.problems import Refused

APART = ("day", "caller", "agent")
MAX_DAYS = 400
DEFAULT_DAYS = 30
_PARAMETERS = frozenset({"from", "to", "by", "caller", "agent"})


@get("/usage", operation_id="get_usage", summary="Requests, tokens, bytes and cost by day, caller and agent")
async def usage(request: ApiRequest) -> Response[Any]:
    """`from` and `to` are days (`YYYY-MM-DD`, UTC, both included; the last 30 without them), `by` some of `day`,
    `caller` and `agent` with commas between (none: one sum for the tenant), `caller` a pseudonym, `agent` an id. Cost
    is in millionths of `currency`."""
    allowed = await access(request)
    values = _values(allowed, request)
    gateway = gateway_of(request)
    today = datetime.fromtimestamp(gateway.site.clock.now_us() // 1_000_000, UTC).date()
    last = _day(allowed, "to", values.get("to"), today)
    first = _day(allowed, "from", values.get("from"), last - timedelta(days=DEFAULT_DAYS - 1))
    if not 0 <= (last - first).days < MAX_DAYS:
        raise _wrong(allowed, "from", f"a day up to that of `to`, and at most {MAX_DAYS} days")
    by = tuple(name for name in APART if name in values.get("by", "day,agent").split(","))
    if set(values.get("by", "").split(",")) - {*APART, ""}:
        raise _wrong(allowed, "by", "some of day, caller and agent, with commas between")
    caller, agent = values.get("caller"), values.get("agent")
    named = {name: value for name, value in (("actor", caller), ("agent", agent)) if value is not None}
    if isinstance(parse_filters(named), Refusal):
        raise _wrong(allowed, "caller", "a pseudonym, and of agent an id")
    found = await allowed.auditor.usage(allowed.by, first, last, by, caller=caller, agent=agent)
    body = {
        "tenant": allowed.caller.identity.tenant,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "by": by,
        "currency": gateway.site.settings.limits.currency,
        "usage": found,
    }
    return Response(body, headers=allowed.headers)


def _values(allowed: Access, request: ApiRequest) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in _PARAMETERS or name in values:
            raise _wrong(allowed, "query", f"each of {', '.join(sorted(_PARAMETERS))} at most once")
        values[name] = value
    return values


def _day(allowed: Access, name: str, text: str | None, otherwise: date) -> date:
    if text is None:
        return otherwise
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise _wrong(allowed, name, "a day as YYYY-MM-DD") from error
    if found.isoformat() != text or not date(2000, 1, 1) <= found <= date(9000, 1, 1):
        raise _wrong(allowed, name, "a day as YYYY-MM-DD")
    return found


def _wrong(allowed: Access, field: str, hint: str) -> Refused:
    return Refused(
        Refusal(code="parameter_invalid", field=field, hint=hint), allowed.exchange.id, allowed.exchange.rate
    )


HANDLERS = (usage,)
