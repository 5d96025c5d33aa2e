"""Work for agents that nothing can be sent to: they ask for it here, wait for it here, and bring the answer here.

Who asks is the agent itself, by a credential that `[[agent]] callers` names. To anybody else there is no such agent.
"""

import asyncio
from typing import Any

from litestar import Response, post
from litestar.params import FromPath

from gateway.agents.pulling import MAX_WAITING, Handed, Pulling
from gateway.bootstrap import Gateway
from gateway.core.caller import Identity
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import Exchange
from gateway.exchange.pull_form import handed, read_answer, read_wish
from gateway.settings.zones import lies_in
from gateway.web.access import ApiRequest, admitted, gateway_of
from gateway.web.tasks import PATH, body_of, refuse

_ROOM = 4096


@post(
    f"{PATH}/for/{{agent:str}}",
    operation_id="next_task",
    status_code=200,
    summary="The next request for this agent, waited for if need be",
    request_max_body_size=None,
)
async def next_task(request: ApiRequest, agent: FromPath[str]) -> Response[Any]:
    """200 with a request and the lease to answer it under; 204 where none came within `wait_s`. See docs/tasks.md."""
    exchange, pulling = await _agents(request, agent)
    raw = await body_of(request, _ROOM)
    wait_s = raw if isinstance(raw, Refusal) else read_wish(raw)
    if isinstance(wait_s, Refusal):
        await refuse(request, exchange, wait_s)
    if pulling.free(agent) >= MAX_WAITING:
        await refuse(request, exchange, Refusal(code="concurrency_limited", retry_after=1))
    found = await _waited(request, pulling, agent, wait_s)
    metrics = gateway_of(request).site.metrics
    if found is not None:
        await _still(request, exchange, pulling, agent, found)
        identity = exchange.identity
        by = "-" if identity is None else identity.credential
        pulling.given(found.lease, f"{by} from {exchange.arrival.source}", exchange.arrival.tls)
    metrics.pulled(exchange.ledger, "empty" if found is None else "handed")
    headers = {**dict(exchange.rate), "X-Exchange-Id": exchange.id}
    if found is None:
        return Response(None, status_code=204, headers=headers)
    return Response(handed(found), headers=headers)


@post(
    f"{PATH}/for/{{agent:str}}/{{lease:str}}",
    operation_id="answer_task",
    status_code=202,
    summary="The answer to a request that was fetched",
    request_max_body_size=None,
)
async def answer_task(request: ApiRequest, agent: FromPath[str], lease: FromPath[str]) -> Response[Any]:
    """202 once it is taken; 409 `lease_lost` where it is too late, or was never this agent's."""
    exchange, pulling = await _agents(request, agent)
    gateway = gateway_of(request)
    raw = await body_of(request, gateway.bounds.answer_bytes)
    answer = raw if isinstance(raw, Refusal) else read_answer(raw, exchange.arrival.tls)
    if isinstance(answer, Refusal):
        await refuse(request, exchange, answer)
    if not pulling.answered(agent, lease, answer):
        gateway.site.metrics.pulled(exchange.ledger, "late")
        await refuse(request, exchange, Refusal(code="lease_lost"))
    gateway.site.metrics.pulled(exchange.ledger, "answered")
    return Response({"taken": True}, status_code=202, headers={"X-Exchange-Id": exchange.id})


async def _agents(request: ApiRequest, agent: str) -> tuple[Exchange, Pulling]:
    """Where this very agent fetches; to everybody else it is not there."""
    exchange, caller = await admitted(request)
    gateway, identity = gateway_of(request), caller.identity
    pulling = gateway.pipeline.parts.pulling
    own = gateway.pipeline.parts.delegation.agent_of(identity) == agent
    if pulling is None or agent not in pulling.agents or not own:
        await refuse(request, exchange, Refusal(code="not_found"))
    elsewhere = _elsewhere(gateway, identity, agent)
    if elsewhere is not None:
        await refuse(request, exchange, elsewhere)
    return exchange, pulling


def _elsewhere(gateway: Gateway, identity: Identity, agent: str) -> Refusal | None:
    """Why this is not the agent whose zone policy decided on: who fetches from another zone would take there what may
    go to the registered one."""
    zone = next(one.zone for one in gateway.site.settings.agent if one.id == agent)
    if lies_in(gateway.site.settings.zone, identity.zone, zone):
        return None
    hint = "a credential of the zone that the agent is registered in, or of one within it"
    return Refusal(code="credential_overreach", field="authorization", hint=hint)


async def _still(request: ApiRequest, exchange: Exchange, pulling: Pulling, agent: str, found: Handed) -> None:
    """Look again at who has waited: what it was when it began to is up to half a minute old, and a request that was
    handed over is not taken back. Who may not have it any more is refused, on record, and the lease ends."""
    stands = False
    try:
        refusal = await _refusal(gateway_of(request), exchange, agent)
        stands = refusal is None
    finally:
        if not stands:  # also where nobody could be asked
            pulling.withdrawn(found.lease)
    if refusal is not None:
        await refuse(request, exchange, refusal)


async def _refusal(gateway: Gateway, exchange: Exchange, agent: str) -> Refusal | None:
    caller, denials = exchange.caller, gateway.site.denials
    if caller is None:
        return Refusal(code="credential_missing")
    await denials.fresh(caller.tenant)
    if denials.of(caller.tenant).denies(caller.identity, gateway.site.clock.now_us()):
        return Refusal(code="credential_denied", field="authorization")
    now = await gateway.standing.recheck(caller.identity)
    return now if isinstance(now, Refusal) else _elsewhere(gateway, now, agent)


async def _waited(request: ApiRequest, pulling: Pulling, agent: str, wait_s: float) -> Handed | None:
    """What came for the agent; None where nothing did, or where it has gone meanwhile: nothing is handed to nobody."""
    waiting = asyncio.ensure_future(pulling.next(agent, wait_s))
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
        return waiting.result() if waiting.done() else None
    finally:
        for one in (waiting, gone):
            one.cancel()
        await asyncio.gather(waiting, gone, return_exceptions=True)


async def _gone(request: ApiRequest) -> None:
    """Until the one who asked has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


HANDLERS = (next_task, answer_task)
