"""Policy over the API: the tenant's own version that is active, and why it answers as it does."""

from typing import Any

import msgspec
from litestar import Response, get, post

from gateway.checks.policy.load import Rule
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.tenancy import Versions
from gateway.checks.policy.version import RECOGNIZERS, from_bytes, replaced
from gateway.core.errors import ConfigurationError, FormatError, VerificationError
from gateway.core.once import read_json
from gateway.core.refusal import Refusal
from gateway.core.unfit import unfit
from gateway.exchange.explanations import Asked, Explained, explain, explain_recorded, recorded
from gateway.exchange.named import naming
from gateway.store.search import parse_filters
from gateway.web.access import Access, ApiRequest, access, gateway_of
from gateway.web.problems import Refused

MAX_BYTES = 65_536


class Wanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question, or the `exchange` whose decision is to be explained: then nothing else."""

    exchange: str | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A period, and what of the policy would be otherwise."""

    since: str = msgspec.field(name="from")
    until: str = msgspec.field(name="to")
    files: dict[str, str] = msgspec.field(default_factory=dict)


@get("/policy", operation_id="get_policy", summary="The active policy version and its rules")
async def policy(request: ApiRequest) -> Response[Any]:
    """Rules in the order in which they are asked, without those that are about other tenants alone."""
    allowed = await access(request)
    gateway = gateway_of(request)
    tenant = allowed.caller.identity.tenant
    version = gateway.policy.version(tenant)
    history = await gateway.site.policies.history(allowed.caller.tenant)
    current = [one for one in history if one.digest == version]
    body = {
        "policy": version,
        "activated_at": current[-1].activated_at if current else None,
        "seq": current[-1].seq if current else None,
        "rules": [_shown(rule) for rule in gateway.policy.rules(tenant)],
    }
    return Response(body, headers=allowed.headers)


@post(
    "/policy/explain",
    operation_id="explain_policy",
    status_code=200,
    summary="How a decision comes about",
    opt={"form": Wanted},
)
async def explanation(request: ApiRequest) -> Response[Any]:
    """For each agent and each data class: every rule that was considered, what of it does not fit, and where the
    answer is deny the rule that comes closest to allowing it. Of a recorded exchange the version that decided it is
    asked again, and reading its record is itself on record."""
    allowed = await access(request)
    body = await request.body()
    try:
        wanted = read_json(body[: MAX_BYTES + 1], Wanted)
    except msgspec.MsgspecError as error:
        raise _refused(allowed, unfit(body[: MAX_BYTES + 1], Wanted)) from error
    gateway = gateway_of(request)
    if wanted.exchange is not None:
        found = await _of_record(request, allowed, wanted)
    else:
        found = explain(gateway.policy, wanted, allowed.caller.identity.tenant, gateway.site.clock.now_us())
    if isinstance(found, Refusal):
        raise _refused(allowed, found)
    return Response(msgspec.to_builtins(found), headers=allowed.headers)


@post(
    "/policy/simulate",
    operation_id="simulate_policy",
    status_code=200,
    summary="What a draft would have changed",
    opt={"form": Draft},
)
async def simulation(request: ApiRequest) -> Response[Any]:
    """Replays what is on record of a period against the active version with `files` (`policy.csv`, …) in the place of
    its own. Of no content: classes, roles, purposes and agents. It is read out for this, and that is on record."""
    allowed = await access(request)
    try:
        wanted = read_json(body := await request.body(), Draft)
    except msgspec.MsgspecError as error:
        raise _refused(allowed, unfit(body, Draft)) from error
    period = parse_filters({"from": wanted.since, "to": wanted.until})
    if isinstance(period, Refusal):
        raise _refused(allowed, period)
    gateway, tenant = gateway_of(request), allowed.caller.identity.tenant
    try:
        if any(name.startswith(RECOGNIZERS) for name in wanted.files):
            raise ConfigurationError("no recognizers: what was found then is on record, and nothing is searched again")
        files = {name: text.encode("utf-8", "surrogatepass") for name, text in wanted.files.items()}
        own = Versions(gateway.policy_set, gateway.site.settings.channel).of(tenant)
        draft = Policy(replaced(own, files), gateway.site.settings, tenant=tenant)
    except ConfigurationError as error:
        raise _refused(allowed, Refusal(code="parameter_invalid", field="files", hint=str(error))) from error
    named = naming(gateway.site.settings, tenant)
    found = await allowed.auditor.replay(allowed.by, draft, tenant, named, period.since or "", period.until or "")
    return Response(msgspec.to_builtins(found), headers=allowed.headers)


async def _of_record(request: ApiRequest, allowed: Access, wanted: Wanted) -> Explained | Refusal:
    exchange = wanted.exchange or ""
    if wanted != Wanted(exchange=exchange):
        return Refusal(code="parameter_invalid", field="exchange", hint="alone: everything else is on its record")
    if isinstance(parse_filters({"exchange": exchange}), Refusal):
        return Refusal(code="not_found")
    records = await allowed.auditor.exchange(allowed.by, exchange)
    if not records:
        return Refusal(code="not_found")
    tenant = allowed.caller.identity.tenant
    found = recorded(records, tenant, naming(gateway_of(request).site.settings, tenant))
    if isinstance(found, Refusal):
        return found
    gateway = gateway_of(request)
    if found.policy == gateway.policy.version(tenant):
        return explain_recorded(gateway.policy, found)
    data = await gateway.site.policies.get(found.policy)
    if data is None:
        raise VerificationError("a policy version that a record names is not in the database")
    try:
        return explain_recorded(Policy(from_bytes(data), None), found)
    except (ConfigurationError, FormatError):
        hint = "one whose policy version is of a form that is still read"
        return Refusal(code="parameter_invalid", field="exchange", hint=hint)


def _shown(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "priority": rule.priority,
        "role": rule.role,
        "data": rule.data,
        "agent": rule.agent,
        "action": rule.action,
        "purpose": rule.purpose,
        "when": rule.when,
        "effect": "allow" if rule.allows else "deny",
        "obligations": rule.written,
        "text": rule.text,
    }


def _refused(allowed: Access, refusal: Refusal) -> Refused:
    return Refused(refusal, allowed.exchange.id, allowed.exchange.rate)


HANDLERS = (policy, explanation, simulation)
