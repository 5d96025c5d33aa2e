"""Who may use the API: identified as for traffic, by role and scope, denied by default. Refusals are on record.

`guard` stands before every route (it is the application's, not a handler's), so that a new one is closed until the
rules name it (`checks.access.shipped`). Handlers ask for what it found: the caller (`admitted`), or the caller with the
trail of its tenant (`access`).
"""

from typing import Any

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler

from gateway.bootstrap import Gateway
from gateway.checks.access.rights import Rights, shipped_rights
from gateway.core.caller import Caller
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Arrival
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.auditor import Auditor
from gateway.exchange.exchange import Exchange
from gateway.ledger.record import Detail
from gateway.web.problems import Refused
from gateway.web.traffic import arrival_of

ApiRequest = Request[Any, Any, State]
_ADMITTED = "gateway.admitted"


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """A caller that was let in, and the trail of its own tenant: there is no way to another's."""

    exchange: Exchange
    caller: Caller
    auditor: Auditor
    by: Reader

    @property
    def headers(self) -> dict[str, str]:
        return {**dict(self.exchange.rate), "X-Exchange-Id": self.exchange.id}


def rights() -> Rights:
    """The API's rules."""
    return shipped_rights()


def gateway_of(request: ApiRequest) -> Gateway:
    """The gateway that this application serves."""
    found: Gateway = request.app.state.gateway
    return found


async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Let the caller through to the route that was found, or raise `Refused`, on record.

    1. The route is what is registered, not what was asked for. 2. An open one asks nothing. 3. Identify the caller.
    4. A role of the caller's opens the route, and its scopes cover it. 5. Hand the caller on to the handler.
    """
    scope: dict[str, Any] = connection.scope  # type: ignore[assignment]  # a Scope is a mapping, typed closer
    if scope["method"] == "OPTIONS":  # the framework's own, on every path: nobody needs it, so it answers nobody
        raise Refused(Refusal(code="method_not_allowed"))
    route = f"{scope['method']} {scope['path_template']}"
    if rights().open(route):
        return
    gateway: Gateway = connection.app.state.gateway
    exchange, caller = await gateway.pipeline.identify(_arrival(scope))
    if isinstance(caller, Refusal):
        raise Refused(caller, exchange.id, exchange.rate)
    refusal = rights().refusal(route, caller.identity)
    if refusal is not None:
        await gateway.pipeline.deny(exchange, refusal)
        raise Refused(refusal, exchange.id, exchange.rate)
    scope[_ADMITTED] = (exchange, caller)


async def admitted(request: ApiRequest) -> tuple[Exchange, Caller]:
    """The caller that `guard` let in. `KeyError`, a defect, on a route that is open to anyone."""
    found: tuple[Exchange, Caller] = request.scope[_ADMITTED]  # type: ignore[literal-required]  # our own entry
    return found


async def access(request: ApiRequest) -> Access:
    """The caller that `guard` let in, with the trail of its tenant."""
    exchange, caller = await admitted(request)
    identity, detail = caller.identity, detail_of(exchange, caller)
    return Access(
        exchange=exchange,
        caller=caller,
        auditor=gateway_of(request).auditors[identity.tenant],
        by=Reader(actor=caller.actor, kind=identity.kind, exchange=exchange.id, trace=exchange.trace, detail=detail),
    )


def detail_of(exchange: Exchange, caller: Caller) -> Detail:
    """What is known of who uses the API, for the detail of a record."""
    identity, arrival = caller.identity, exchange.arrival
    return Detail(
        subject=identity.subject,
        roles=identity.roles,
        credential=identity.credential,
        issuer=identity.issuer,
        method=identity.method,
        on_behalf_of=identity.on_behalf_of or None,
        source=arrival.source,
        user_agent=arrival.header("user-agent"),
        path=arrival.path,
        tls=arrival.tls,
    )


def _arrival(scope: dict[str, Any]) -> Arrival:
    async def unread() -> bytes | Refusal:
        return b""

    return arrival_of(scope, unread, "http")
