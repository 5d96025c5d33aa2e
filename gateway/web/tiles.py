"""A ledger as C2SP tlog-tiles v0.1.0 has it: checkpoint, tiles of hashes, bundles of entries; and consistency proofs.

There are two prefixes. `/audit` is the ledger of the caller's own tenant, for whoever has the permission: hashes for
who follows a ledger (`audit:hashes`), entries for who reads it (`audit:read`), on record. `/ledger/<id>` is what a
ledger's origin ends in, and has hashes and nothing else, for anyone, of the tenants that `[ledger] public_hashes`
names; others' are as if they were not there.
"""

import asyncio
import gzip
from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from gateway.core.errors import FormatError
from gateway.core.refusal import Refusal
from gateway.exchange.published import Published
from gateway.ledger.encoding import from_decimal
from gateway.ledger.tiles import Tile, parse_path
from gateway.ledger.times import timestamp
from gateway.web.access import Access, ApiRequest, access, gateway_of
from gateway.web.problems import Refused

TEXT = "text/plain"
"""As it is sent, with `; charset=utf-8` after it: the framework says that of every text."""
BYTES = "application/octet-stream"
SINCE = "X-Uncovered-Since"
"""When the oldest record occurred that the checkpoint does not cover and that makes a new one due."""
WITNESSED, UNWITNESSED = "X-Witnessed-Size", "X-Unwitnessed-Since"
"""The size of the newest checkpoint that a quorum of witnesses has cosigned, and when the oldest record occurred that
is beyond it."""
STAMPED, STAMPED_AT, STAMPED_BY = "X-Stamped-Size", "X-Stamped-At", "X-Stamped-By"
"""The size of the newest checkpoint that was time-stamped, when first, by the authority's time, and by which
authorities (their ids, with commas between them)."""
_YEAR_S = 31_536_000
_SOON = "max-age=5"
_FOR_EVER = f"max-age={_YEAR_S}, immutable"
# One path, another ledger for each credential: a cache must not mix them up, also not where the credential is in a
# header that it does not know.
_CREDENTIALS = "Authorization, X-Api-Key"


@get("/audit/checkpoint", operation_id="get_checkpoint", summary="The newest signed checkpoint (C2SP tlog-checkpoint)")
async def checkpoint(request: ApiRequest) -> Response[bytes]:
    """`X-Uncovered-Since` says when the oldest record occurred that it does not cover, absent where it covers all."""
    allowed = await access(request)
    found = await allowed.auditor.published.checkpoint()
    if found is None:
        raise _refused(allowed, Refusal(code="not_found", hint="no checkpoint has been published yet"))
    headers = {**allowed.headers, "Cache-Control": f"private, {_SOON}", "Vary": _CREDENTIALS}
    since = await allowed.auditor.published.uncovered_since(found)
    if since is not None:
        headers[SINCE] = since
    window = await allowed.auditor.published.window()
    if window is not None:
        headers[WITNESSED] = str(window.witnessed)
        if window.since is not None:
            headers[UNWITNESSED] = window.since
    stamps = await allowed.auditor.published.stamped()
    if stamps:
        headers[STAMPED], headers[STAMPED_AT] = str(stamps[0].size), timestamp(stamps[0].at_us)
        headers[STAMPED_BY] = ", ".join(one.tsa for one in stamps)
    note = await allowed.auditor.published.cosigned(found)
    return Response(note, media_type=TEXT, headers=headers)


@get("/audit/tile/{tile:path}", operation_id="get_tile", summary="A tile of the tree's hashes (C2SP tlog-tiles)")
async def tile(request: ApiRequest, tile: FromPath[str]) -> Response[bytes]:
    allowed = await access(request)
    named = _tile(tile)
    found = None if named is None else await allowed.auditor.published.tile(named)
    if found is None:
        raise _refused(allowed, Refusal(code="not_found"))
    headers = {**allowed.headers, "Cache-Control": f"private, {_FOR_EVER}", "Vary": _CREDENTIALS}
    return Response(found, media_type=BYTES, headers=headers)


@get("/audit/tile/entries/{bundle:path}", operation_id="get_entries", summary="A bundle of records (C2SP tlog-tiles)")
async def entries(request: ApiRequest, bundle: FromPath[str]) -> Response[bytes]:
    """Up to 256 envelopes, each after its length as a big-endian uint16. The reading is on record."""
    allowed = await access(request)
    named = _tile(f"/entries{bundle}")
    found = None if named is None else await allowed.auditor.entries(allowed.by, named)
    if found is None:
        raise _refused(allowed, Refusal(code="not_found"))
    vary = f"{_CREDENTIALS}, Accept-Encoding"
    headers = {**allowed.headers, "Cache-Control": f"private, {_FOR_EVER}", "Vary": vary}
    if _takes_gzip(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"] = "gzip"
        found = await asyncio.to_thread(gzip.compress, found, 1, mtime=0)
    return Response(found, media_type=BYTES, headers=headers)


@get("/audit/consistency", operation_id="get_consistency", summary="Proof that one tree extends another (RFC 9162)")
async def consistency(request: ApiRequest) -> Response[Any]:
    """`first` and `second` are sizes; without `second` that of the newest checkpoint."""
    allowed = await access(request)
    values: dict[str, int] = {}
    for name, value in request.query_params.multi_items():
        if name not in ("first", "second") or name in values:
            raise _wrong(allowed, "query", "first, and second or not, each once")
        try:
            values[name] = from_decimal(value)
        except FormatError as error:
            raise _wrong(allowed, name, "the size of a tree") from error
    if "first" not in values:
        raise _wrong(allowed, "first", "the size of a tree")
    found = await allowed.auditor.published.consistency(values["first"], values.get("second"))
    if isinstance(found, Refusal):
        raise _refused(allowed, found)
    return Response(found, headers=allowed.headers)


@get("/audit/keys", operation_id="get_ledger_keys", summary="The ledger's public key, and those that it came after")
async def keys(request: ApiRequest) -> Response[bytes]:
    """Believe it by a key that came another way: each statement is signed by the key before and the key after."""
    allowed = await access(request)
    found = await allowed.auditor.published.keys()
    if found is None:
        raise _refused(allowed, Refusal(code="not_found"))
    headers = {**allowed.headers, "Cache-Control": f"private, {_SOON}", "Vary": _CREDENTIALS}
    return Response(found, media_type=TEXT, headers=headers)


@get("/ledger/{ledger:str}/keys", operation_id="get_public_ledger_keys", summary="A public ledger's public keys")
async def public_keys(request: ApiRequest, ledger: FromPath[str]) -> Response[bytes]:
    found = await _public(request, ledger).keys()
    if found is None:
        raise Refused(Refusal(code="not_found"))
    return Response(found, media_type=TEXT, headers={"Cache-Control": f"public, {_SOON}"})


@get("/ledger/{ledger:str}/checkpoint", operation_id="get_public_checkpoint", summary="A public ledger's checkpoint")
async def public_checkpoint(request: ApiRequest, ledger: FromPath[str]) -> Response[bytes]:
    published = _public(request, ledger)
    found = await published.checkpoint()
    if found is None:
        raise Refused(Refusal(code="not_found"))
    note = await published.cosigned(found)
    return Response(note, media_type=TEXT, headers={"Cache-Control": f"public, {_SOON}"})


@get("/ledger/{ledger:str}/tile/{tile:path}", operation_id="get_public_tile", summary="A tile of a public ledger")
async def public_tile(request: ApiRequest, ledger: FromPath[str], tile: FromPath[str]) -> Response[bytes]:
    """Hashes alone: bundles of entries are not there."""
    named = _tile(tile)
    found = None if named is None else await _public(request, ledger).tile(named)
    if found is None:
        raise Refused(Refusal(code="not_found"))
    return Response(found, media_type=BYTES, headers={"Cache-Control": f"public, {_FOR_EVER}"})


def _public(request: ApiRequest, ledger: str) -> Published:
    """The ledger whose origin ends in `/ledger/<ledger>`, if its tenant shows its hashes to anyone."""
    gateway = gateway_of(request)
    for name in gateway.site.settings.ledger.public_hashes:
        if gateway.site.tenants[name].origin.rpartition("/")[2] == ledger:
            return gateway.auditors[name].published
    raise Refused(Refusal(code="not_found"))


def _tile(path: str) -> Tile | None:
    """What a path names below `tile`, None for what names none: there is nothing under such a path."""
    try:
        return parse_path(f"tile{path}")
    except FormatError:
        return None


def _takes_gzip(accepted: str) -> bool:
    """Whether a client names gzip among what it takes (RFC 9110 §12.5.3), and not with a weight of nought."""
    for item in accepted.lower().split(","):
        name, _, weight = item.replace(" ", "").partition(";")
        if name == "gzip":
            return weight.rstrip("0.") not in ("q=",)
    return False


def _refused(allowed: Access, refusal: Refusal) -> Refused:
    return Refused(refusal, allowed.exchange.id, allowed.exchange.rate)


def _wrong(allowed: Access, field: str, hint: str) -> Refused:
    return _refused(allowed, Refusal(code="parameter_invalid", field=field, hint=hint))


HANDLERS = (checkpoint, tile, entries, keys, consistency, public_checkpoint, public_tile, public_keys)
