"""Who may use the API: identified as for traffic, by a role, denied by default. Refusals are on record."""

from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import State

from gateway.bootstrap import Gateway
from gateway.core.caller import Caller
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Arrival
from gateway.exchange.auditor import Auditor, Reader
from gateway.exchange.exchange import Exchange
from gateway.ledger.record import Detail
from gateway.web.problems import Refused
from gateway.web.traffic import arrival_of

ApiRequest = Request[Any, Any, State]
AUDITOR = "auditor"
ADMIN = "admin"


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """A caller that was let in, and the trail of its own tenant: there is no way to another's."""

    exchange: Exchange
    caller: Caller
    auditor: Auditor
    by: Reader

    @property
    def headers(self) -> dict[str, str]:
        return {**dict(self.exchange.rate), "X-Exchange-Id": self.exchange.id}


def gateway_of(request: ApiRequest) -> Gateway:
    """The gateway that this application serves."""
    found: Gateway = request.app.state.gateway
    return found


async def admitted(request: ApiRequest, role: str | None) -> tuple[Exchange, Caller]:
    """The caller, if its credential carries the role (None: any caller). `Refused` otherwise, on record."""
    gateway = gateway_of(request)
    arrival = _arrival(request)
    exchange, caller = await gateway.pipeline.identify(arrival)
    if isinstance(caller, Refusal):
        raise Refused(caller, exchange.id, exchange.rate)
    if role is not None and role not in caller.identity.roles:
        refusal = Refusal(code="role_required", hint=f"the role {role}")
        await gateway.pipeline.deny(exchange, refusal)
        raise Refused(refusal, exchange.id, exchange.rate)
    return exchange, caller


async def access(request: ApiRequest) -> Access:
    """An auditor, with the trail of its tenant."""
    exchange, caller = await admitted(request, AUDITOR)
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


def _arrival(request: ApiRequest) -> Arrival:
    async def unread() -> bytes | Refusal:
        return b""

    return arrival_of(request.scope, unread, "http")  # type: ignore[arg-type]  # a Scope is a mapping, typed closer
