"""API keys over the API: listed without secrets, made, rotated and ended. Nobody hands out more than they hold."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Response, delete, get, post
from litestar.params import FromPath

from gateway.checks.access.handing import Handed, beyond, lesser_zones
from gateway.core.once import read_json
from gateway.core.ports import KeyRecord
from gateway.core.refusal import Refusal
from gateway.core.unfit import unfit
from gateway.store.api_keys import Administrator, Grant, NewKey, checked, shown
from gateway.web.access import Access, ApiRequest, access, gateway_of, rights
from gateway.web.problems import Refused

DAY_S = 86_400


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The key that is asked for. `expires`: RFC 3339, with its offset."""

    owner: str
    zone: str
    scopes: tuple[str, ...]
    """Empty: narrowed by its roles alone. It must be said."""
    kind: str = "service"
    roles: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    floor: tuple[str, ...] = ()
    rate: str | None = None
    expires: datetime | None = None


class Rotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a key is rotated: how long the old one works on, and when the new one ends."""

    overlap_s: int = DAY_S
    expires: datetime | None = None


@get("/keys", operation_id="list_keys", summary="API keys of the caller's tenant, without their secrets")
async def keys(request: ApiRequest) -> Response[Any]:
    allowed = await access(request)
    found = await gateway_of(request).site.api_keys.list(allowed.caller.identity.tenant)
    return Response({"keys": [shown(record) for record in found]}, headers=_headers(allowed))


@post(
    "/keys",
    operation_id="create_key",
    status_code=201,
    summary="Make an API key; it is shown once",
    opt={"form": Wanted},
)
async def create(request: ApiRequest) -> Response[Any]:
    allowed = await access(request)
    wanted = _read(allowed, await request.body(), Wanted)
    grant = Grant(
        owner=wanted.owner,
        kind=wanted.kind,
        roles=wanted.roles,
        zone=wanted.zone,
        purposes=wanted.purposes,
        floor=wanted.floor,
        scopes=wanted.scopes,
        rate=wanted.rate,
        expires_us=_moment(allowed, wanted.expires),
    )
    _sensible(request, allowed, grant)
    await _held(request, allowed, grant)
    site, tenant = gateway_of(request).site, allowed.caller.identity.tenant
    return _made(allowed, await site.api_keys.create(await _administrator(request, allowed), tenant, grant))


@post(
    "/keys/{key_id:str}/rotate",
    operation_id="rotate_key",
    status_code=201,
    summary="Make its successor",
    opt={"form": Rotation},
)
async def rotate(request: ApiRequest, key_id: FromPath[str]) -> Response[Any]:
    """The old key works until the overlap has passed. What the new one may is what the old one may."""
    allowed = await access(request)
    wanted = _read(allowed, await request.body() or b"{}", Rotation)
    site, tenant = gateway_of(request).site, allowed.caller.identity.tenant
    old = await site.api_keys.get(tenant, key_id)
    if old is None:
        raise _refused(allowed, Refusal(code="not_found"))
    ends = _moment(allowed, wanted.expires)
    if ends is None and old.expires_us is not None:
        ends = site.clock.now_us() + old.expires_us - old.created_us
    await _held(request, allowed, msgspec.structs.replace(_grant_of(old), expires_us=ends))
    made = await site.api_keys.rotate(
        await _administrator(request, allowed), tenant, key_id, overlap_s=wanted.overlap_s, expires_us=ends
    )
    return _made(allowed, made)


@delete("/keys/{key_id:str}", operation_id="revoke_key", status_code=200, summary="End a key at once")
async def revoke(request: ApiRequest, key_id: FromPath[str]) -> Response[Any]:
    allowed = await access(request)
    site, tenant = gateway_of(request).site, allowed.caller.identity.tenant
    ended = await site.api_keys.revoke(await _administrator(request, allowed), tenant, key_id)
    if isinstance(ended, Refusal):
        raise _refused(allowed, ended)
    return Response(shown(ended), headers=_headers(allowed))


async def _administrator(request: ApiRequest, allowed: Access) -> Administrator:
    caller = allowed.caller
    return Administrator(
        ledger=await gateway_of(request).site.writer(caller.identity.tenant),
        tenant=caller.tenant,
        actor=caller.actor,
        actor_kind=caller.identity.kind,
        detail=allowed.by.detail,
    )


def _sensible(request: ApiRequest, allowed: Access, grant: Grant) -> None:
    """Names that the gateway knows: a scope or a zone that it does not would make a key that can do nothing."""
    refusal = checked(grant, gateway_of(request).site.clock.now_us())
    if refusal is not None:
        raise _refused(allowed, refusal)
    zones = [zone.id for zone in gateway_of(request).site.settings.zone]
    if grant.zone not in zones:
        raise _refused(allowed, _wrong("zone", f"one of {', '.join(zones)}"))
    known = gateway_of(request).policy.known_classes
    if not known.issuperset(grant.floor):  # nothing allows it, so that every message of the key would be denied
        raise _refused(allowed, _wrong("floor", f"of {', '.join(sorted(known))}"))
    if not all(rights().knows(scope) for scope in grant.scopes):
        raise _refused(allowed, _wrong("scopes", f"traffic, traffic:AGENT, or of {', '.join(rights().scopes)}"))


async def _held(request: ApiRequest, allowed: Access, grant: Grant) -> None:
    """`Refused`, on record, where the caller would hand out more than it holds."""
    gateway, holder = gateway_of(request), allowed.caller.identity
    own: KeyRecord | None = None
    if holder.method.startswith("api-key"):  # with a certificate beside it too
        own = await gateway.site.api_keys.get(holder.tenant, holder.credential)
    zones = gateway.site.settings.zone
    handed = Handed(
        owner=grant.owner,
        roles=grant.roles,
        purposes=grant.purposes,
        floor=grant.floor,
        scopes=grant.scopes,
        zone=grant.zone,
        rate=grant.rate,
        expires_us=grant.expires_us,
    )
    lesser = lesser_zones(
        holder.zone, frozenset(zone.id for zone in zones if zone.trusted), frozenset(zone.id for zone in zones)
    )
    usual = gateway.site.settings.limits.credential
    refusal = beyond(
        handed, holder, None if own is None else own.expires_us, lesser, usual, gateway.named(holder.tenant)
    )
    if refusal is not None:
        await gateway.pipeline.deny(allowed.exchange, refusal)
        raise _refused(allowed, refusal)


def _grant_of(record: KeyRecord) -> Grant:
    return Grant(**{name: getattr(record, name) for name in Grant.__struct_fields__})


def _read(allowed: Access, body: bytes, form: type[msgspec.Struct]) -> Any:
    try:
        return read_json(body, form)
    except msgspec.MsgspecError as error:  # whose words may quote a value
        raise _refused(allowed, unfit(body, form)) from error


def _moment(allowed: Access, moment: datetime | None) -> int | None:
    """Microseconds since the epoch."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise _refused(allowed, _wrong("expires", "a time with its offset (RFC 3339)"))
    return round(moment.timestamp() * 1_000_000)


def _made(allowed: Access, made: NewKey | Refusal) -> Response[Any]:
    if isinstance(made, Refusal):
        raise _refused(allowed, made)
    return Response({**shown(made.record), "key": made.plain}, status_code=201, headers=_headers(allowed))


def _headers(allowed: Access) -> dict[str, str]:
    return {**allowed.headers, "Cache-Control": "no-store"}


def _wrong(field: str, hint: str) -> Refusal:
    return Refusal(code="parameter_invalid", field=field, hint=hint)


def _refused(allowed: Access, refusal: Refusal) -> Refused:
    return Refused(refusal, allowed.exchange.id, allowed.exchange.rate)


HANDLERS = (keys, create, rotate, revoke)
