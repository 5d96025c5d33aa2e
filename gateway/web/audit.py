"""The audit API: records, exchanges, proofs. Each reading is recorded before its first row leaves."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Literal

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from gateway.core.errors import RecordsArchived
from gateway.core.once import read_json
from gateway.core.refusal import Refusal
from gateway.evidence import tabular
from gateway.evidence.tabular import CSV, NDJSON
from gateway.exchange.showing import CELLS
from gateway.exchange.subjects import Identifier, unfit_identifier
from gateway.store.directory import GIVEN
from gateway.store.search import MAX_LIMIT, Filters, Hit, parse_filters
from gateway.web.access import Access, ApiRequest, access, gateway_of
from gateway.web.cutting import lasts
from gateway.web.problems import Refused
from gateway.web.showing import cells, shown
from gateway.web.tailing import EVENTS, follow

_PAGING = ("order", "limit", "cursor")
_MEMBERS = (*Filters.__struct_encode_fields__, *_PAGING, "kind")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question to the trail."""

    filters: Filters
    order: Literal["asc", "desc"]
    limit: int
    cursor: str | None
    paged: bool
    """Whether an order, a limit or a cursor was asked for."""


@get("/audit/records", operation_id="list_records", summary="Records that fit the filters")
async def records(request: ApiRequest) -> Response[Any]:
    """Filters in the query; persons' identifiers do not belong there: use the search for those. A page may hold fewer
    records than `limit`, or none: only a `cursor` that is null means that everything was looked at. What lies in
    archives is not looked at, nor what lies in files of emergency ledgers that are not at hand: `archives` and
    `emergencies` name those of the period."""
    allowed = await access(request)
    values: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in values:
            raise _wrong(allowed, "query", "each parameter once")
        values[name] = value
    return await _answer(request, allowed, _asked(allowed, values))


@post(
    "/audit/search",
    operation_id="search_records",
    status_code=200,
    summary="Records, also by a data subject",
    opt={"members": _MEMBERS},
)
async def search(request: ApiRequest) -> Response[Any]:
    """As `GET /audit/records`, with the filters as a JSON object; `subject` may be the subject's own identifier, of the
    kind that `kind` says (`mrn`, `email`, …), without it as callers write it."""
    allowed = await access(request)
    texts = _texts(allowed, await request.body())
    kind = texts.pop("kind", GIVEN)
    if kind != GIVEN and "subject" not in texts:
        raise _wrong(allowed, "kind", "a subject beside it")
    if "subject" in texts:
        site = gateway_of(request).site
        unfit = None if kind == GIVEN else unfit_identifier(Identifier(value=texts["subject"], kind=kind))
        if unfit is not None:
            raise _wrong(allowed, "kind" if unfit.field == "kind" else "subject", unfit.hint or "")
        found = await site.directory.find_subject(allowed.caller.tenant, texts["subject"], kind)
        # An identifier without a pseudonym was never in an exchange; a pseudonym stands for itself.
        texts["subject"] = found or (texts["subject"] if texts["subject"].startswith("su_") else "su_none")
    return await _answer(request, allowed, _asked(allowed, texts))


@get("/audit/records/{seq:int}", operation_id="get_record", summary="One record with its bytes and hash")
async def record(request: ApiRequest, seq: FromPath[int]) -> Response[Any]:
    allowed = await access(request)
    found = await allowed.auditor.record(allowed.by, seq)
    if found is None:
        raise Refused(Refusal(code="not_found"), allowed.exchange.id, allowed.exchange.rate)
    return Response(shown(found), headers=allowed.headers)


@get("/audit/records/{seq:int}/proof", operation_id="get_proof", summary="Inclusion proof (C2SP tlog-proof)")
async def proof(request: ApiRequest, seq: FromPath[int]) -> Response[bytes]:
    allowed = await access(request)
    found = await allowed.auditor.proof(allowed.by, seq, force=False)
    if isinstance(found, Refusal):
        raise Refused(found, allowed.exchange.id, allowed.exchange.rate)
    return Response(found, media_type="text/plain", headers=allowed.headers)


@get("/audit/exchanges/{exchange:str}", operation_id="get_exchange", summary="All records of one exchange, in order")
async def exchange(request: ApiRequest, exchange: FromPath[str]) -> Response[Any]:
    """Of whichever ledger it went through: `emergency` of a record names an emergency ledger, `emergencies` tells those
    that went on when the exchange began, by which key they verify, and whether their files are at hand. `archives` are
    those that later records of it may lie in, and that were not looked into."""
    allowed = await access(request)
    # What could be no exchange's id is none, and is not put to the database.
    possible = not isinstance(parse_filters({"exchange": exchange}), Refusal)
    found = await allowed.auditor.exchange(allowed.by, exchange) if possible else []
    if not found:
        raise Refused(Refusal(code="not_found"), allowed.exchange.id, allowed.exchange.rate)
    body = {
        "exchange": exchange,
        "records": [shown(one) for one in found],
        "emergencies": await allowed.auditor.emergencies.told(exchange),
        "archives": await allowed.auditor.whole.beyond(exchange),
    }
    return Response(body, headers=allowed.headers)


@post("/audit/verifications", operation_id="verify_ledger", status_code=200, summary="Verify the ledger now")
async def verify(request: ApiRequest) -> Response[Any]:
    """The verdict is itself a record. A body, where there is one, is a signed checkpoint obtained elsewhere."""
    allowed = await access(request)
    given = await request.body()
    verdict = await allowed.auditor.verify(allowed.by, given or None)
    return Response({**msgspec.to_builtins(verdict), "uncovered": verdict.uncovered}, headers=allowed.headers)


def _texts(allowed: Access, body: bytes) -> dict[str, str]:
    """The members of a search, by their names; which of them is neither a text nor a number is told."""
    try:
        values = read_json(body, dict[str, Any])
    except msgspec.MsgspecError as error:
        raise _wrong(allowed, "", "a JSON object of filters, each a text") from error
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, str | int):
            # A name that is no filter's may be anything, an identifier too: it is not said again.
            known = name if name in _MEMBERS else ""
            kind = ', its kind beside it: {"subject": "4711", "kind": "mrn"}' if name == "subject" else ""
            raise _wrong(allowed, known, f"a text{kind}")
    return {name: str(value) for name, value in values.items()}


def _asked(allowed: Access, values: dict[str, str]) -> Asked:
    filters = parse_filters({name: value for name, value in values.items() if name not in _PAGING})
    if isinstance(filters, Refusal):
        raise Refused(filters, allowed.exchange.id, allowed.exchange.rate)
    order, limit = values.get("order", "desc"), values.get("limit", "100")
    if order not in ("asc", "desc"):
        raise _wrong(allowed, "order", "asc or desc")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MAX_LIMIT):
        raise _wrong(allowed, "limit", f"1 to {MAX_LIMIT}")
    return Asked(
        filters=filters,
        order="asc" if order == "asc" else "desc",
        limit=int(limit),
        cursor=values.get("cursor"),
        paged=any(name in values for name in _PAGING),
    )


async def _answer(request: ApiRequest, allowed: Access, asked: Asked) -> Response[Any]:
    """A page of JSON, the whole result as NDJSON or CSV, or what comes from now on, as the caller accepts."""
    accept = request.headers.get("accept", "")
    if EVENTS in accept:
        if asked.paged:
            raise _wrong(allowed, "", "no order, limit or cursor of what comes from now on")
        return await follow(request, allowed, asked.filters)
    if NDJSON in accept or CSV in accept:
        stack = lasts(request, allowed)
        found = allowed.auditor.stream(allowed.by, asked.filters, order=asked.order)
        hits = await stack.enter_async_context(aclosing(found))
        # The reading is recorded when the first row is asked for: do that before the status goes out.
        first = await anext(hits, None)
        lines = await stack.enter_async_context(aclosing((_csv if CSV in accept else _ndjson)(first, hits)))
        passed = await allowed.auditor.passed_over(asked.filters)
        named = {"X-Archives": passed["archives"], "X-Emergencies": passed["emergencies"]}
        headers = allowed.headers | {name: RecordsArchived(ids).hint for name, ids in named.items() if ids}
        return Stream(lines, media_type=CSV if CSV in accept else NDJSON, headers=headers)
    page = await allowed.auditor.page(
        allowed.by, asked.filters, order=asked.order, limit=asked.limit, cursor=asked.cursor
    )
    if isinstance(page, Refusal):
        raise Refused(page, allowed.exchange.id, allowed.exchange.rate)
    body = {
        "records": [shown(hit) for hit in page.hits],
        "cursor": page.cursor,
        **await allowed.auditor.passed_over(asked.filters),
    }
    return Response(body, headers=allowed.headers)


async def _ndjson(first: Hit | None, rest: AsyncIterator[Hit]) -> AsyncGenerator[bytes, None]:
    if first is not None:
        yield tabular.line(shown(first))
    async for hit in rest:
        yield tabular.line(shown(hit))


async def _csv(first: Hit | None, rest: AsyncIterator[Hit]) -> AsyncGenerator[bytes, None]:
    yield tabular.row(CELLS)
    if first is not None:
        yield tabular.row(cells(first))
    async for hit in rest:
        yield tabular.row(cells(hit))


def _wrong(allowed: Access, field: str, hint: str) -> Refused:
    refusal = Refusal(code="parameter_invalid", field=field, hint=hint)
    return Refused(refusal, allowed.exchange.id, allowed.exchange.rate)


HANDLERS = (records, search, record, proof, exchange, verify)
