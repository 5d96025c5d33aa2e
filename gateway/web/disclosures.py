"""The API's list of disclosures: what personal data was sent to whom, streamed. On record before its first row."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from litestar import Response, get
from litestar.response import Stream

from gateway.core.refusal import Refusal
from gateway.evidence import tabular
from gateway.exchange.declared import VersionRegisters
from gateway.exchange.disclosures import COLUMNS, disclosures
from gateway.store.search import parse_filters
from gateway.web.access import Access, ApiRequest, access, gateway_of
from gateway.web.cutting import lasts
from gateway.web.problems import Refused

_PARAMETERS = ("from", "to", "subject")
Row = dict[str, Any]


@get("/audit/disclosures", operation_id="list_disclosures", summary="What personal data was sent to whom")
async def listed(request: ApiRequest) -> Response[Any]:
    """`from` and `to`, and `subject` where it is to be about one person: a pseudonym. NDJSON, or CSV as the caller
    accepts."""
    allowed = await access(request)
    values = list(request.query_params.multi_items())
    names = [name for name, _ in values]
    if len(set(names)) < len(names) or not {"from", "to"} <= set(names) <= set(_PARAMETERS):
        raise _wrong(allowed, "query", f"from and to, and subject, each once: {', '.join(_PARAMETERS)}")
    asked = parse_filters(dict(values))
    if isinstance(asked, Refusal):
        raise Refused(asked, allowed.exchange.id, allowed.exchange.rate)
    since, until = asked.since or "", asked.until or ""
    if since >= until:
        raise _wrong(allowed, "to", "a time after from")
    if asked.subject is not None and not asked.subject.startswith("su_"):
        raise _wrong(allowed, "subject", "a pseudonym, su_…")
    registers = VersionRegisters(gateway_of(request).site.policies, allowed.caller.identity.tenant)
    stack = lasts(request, allowed)
    found = disclosures(allowed.auditor, allowed.by, registers, since, until, asked.subject)
    rows = await stack.enter_async_context(aclosing(found))
    # The reading is recorded when the first row is asked for: do that before the status goes out.
    first = await anext(rows, None)
    form = tabular.accepted(request.headers.get("accept", "")) or tabular.NDJSON
    lines = await stack.enter_async_context(aclosing(_lines(form, first, rows)))
    return Stream(lines, media_type=form, headers=allowed.headers)


async def _lines(form: str, first: Row | None, rest: AsyncIterator[Row]) -> AsyncGenerator[bytes, None]:
    if form == tabular.CSV:
        yield tabular.row(COLUMNS)
    if first is not None:
        yield _line(form, first)
    async for one in rest:
        yield _line(form, one)


def _line(form: str, one: Row) -> bytes:
    return tabular.row(one[name] for name in COLUMNS) if form == tabular.CSV else tabular.line(one)


def _wrong(allowed: Access, field: str, hint: str) -> Refused:
    refusal = Refusal(code="parameter_invalid", field=field, hint=hint)
    return Refused(refusal, allowed.exchange.id, allowed.exchange.rate)


HANDLERS = (listed,)
