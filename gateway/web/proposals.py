"""Which policy is in force, over the API: proposed from the node's policy directory, activated, taken back.

A caller sees and changes what concerns its own tenant alone. What a set would change of another's as well is for who
runs the installation, on the command line, and is not to be seen here.
"""

import asyncio
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from gateway.bootstrap import load_policy_set
from gateway.bootstrap.hands import api_hand
from gateway.bootstrap.policies import proposals_of
from gateway.checks.classification.registry import DEFAULT
from gateway.core.errors import ConfigurationError
from gateway.core.once import read_json
from gateway.core.refusal import Refusal
from gateway.core.unfit import unfit
from gateway.exchange.proposals import Hand, Proposals, described
from gateway.store.proposals import Proposal
from gateway.web.access import Access, ApiRequest, access, gateway_of
from gateway.web.problems import Refused


class Why(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes beside the record; an empty body says nothing."""

    reason: str | None = None


@get("/policy/proposals", operation_id="list_policy_proposals", summary="What was proposed, and what became of it")
async def listed(request: ApiRequest) -> Response[Any]:
    """The newest first. `stale`: another version has been activated since, so that it has to be proposed again."""
    allowed = await access(request)
    ledger = allowed.caller.tenant
    found = await proposals_of(gateway_of(request).site).listed(ledger)
    body = {"proposals": [_shown(one, ledger, stale=stale) for one, stale in found]}
    return Response(body, headers=allowed.headers)


@post(
    "/policy/proposals",
    operation_id="propose_policy",
    status_code=201,
    summary="Propose the policy directory",
    opt={"form": Why},
)
async def propose(request: ApiRequest) -> Response[Any]:
    """What lies in the policy directory of the node that answers, with what its settings say. Recorded."""
    allowed, proposals, by, why = await _acting(request)
    settings = gateway_of(request).site.settings
    try:
        shared = await asyncio.to_thread(load_policy_set, settings, DEFAULT.version)
        done = await proposals.propose(by, shared, why.reason)
    except (ConfigurationError, OSError) as error:
        hint = f"a policy directory that can be served by: {error}" if isinstance(error, ConfigurationError) else None
        done = Refusal(code="conflict", hint=hint or "a policy directory that can be read")
    return await _answered(request, allowed, by, done)


@post(
    "/policy/proposals/{proposal:str}/activate",
    operation_id="activate_policy",
    status_code=200,
    summary="Put what was proposed in force",
    opt={"form": Why},
)
async def activate(request: ApiRequest, proposal: FromPath[str]) -> Response[Any]:
    """By its id, or the digest of the version that it would put in force. On record from the moment it holds."""
    allowed, proposals, by, why = await _acting(request)
    return await _answered(request, allowed, by, await proposals.activate(by, proposal, why.reason))


@post(
    "/policy/rollback",
    operation_id="rollback_policy",
    status_code=200,
    summary="Go back to the version before",
    opt={"form": Why},
)
async def rollback(request: ApiRequest) -> Response[Any]:
    """At once; where two persons are asked for, by a proposal that another one activates."""
    allowed, proposals, by, why = await _acting(request)
    return await _answered(request, allowed, by, await proposals.rollback(by, why.reason))


async def _acting(request: ApiRequest) -> tuple[Access, Proposals, Hand, Why]:
    allowed = await access(request)
    body = await request.body()
    try:
        why = read_json(body or b"{}", Why)
    except msgspec.MsgspecError as error:
        raise Refused(unfit(body or b"{}", Why), allowed.exchange.id, allowed.exchange.rate) from error
    site = gateway_of(request).site
    detail = allowed.by.detail
    return allowed, proposals_of(site), await api_hand(site, allowed.caller.identity, detail), why


async def _answered(request: ApiRequest, allowed: Access, by: Hand, done: Proposal | Refusal) -> Response[Any]:
    """A 403 is somebody who tried what is not theirs to do: it is on record."""
    if isinstance(done, Refusal):
        if done.status == 403:
            await gateway_of(request).pipeline.deny(allowed.exchange, done)
        raise Refused(done, allowed.exchange.id, allowed.exchange.rate)
    return Response(_shown(done, by.only or "", stale=False), headers=allowed.headers)


def _shown(one: Proposal, ledger: str, *, stale: bool) -> dict[str, Any]:
    """As on the command line, of the one tenant."""
    shown = described(one, stale=stale, only=ledger)
    versions, changes = shown.pop("versions"), shown.pop("changes")
    return {**shown, "version": versions.get(ledger), "changes": changes.get(ledger, [])}


HANDLERS = (listed, propose, activate, rollback)
