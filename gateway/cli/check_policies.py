"""What `gateway check` says of policies: rules that decide nothing, what leaves unmasked, what a start would do with
the directory, and what waits to be activated."""

import difflib
from collections.abc import AsyncIterator, Iterable, Sequence

from gateway.bootstrap import DEFAULT_ORIGIN, SystemClock, proposed
from gateway.bootstrap.policies import active_instead, proposals_of, servable
from gateway.bootstrap.site import open_site
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import PolicySet, from_bytes
from gateway.cli.granted import approving, given_by, roles_of
from gateway.core.errors import ConfigurationError, FormatError
from gateway.core.ids import SYSTEM
from gateway.exchange.proposals import Course, Proposals
from gateway.ledger.record import timestamp
from gateway.settings import Settings
from gateway.store.directory import Directory
from gateway.store.engine import open_engine, target
from gateway.store.keyring import open_keyring
from gateway.store.policies import PolicyStore
from gateway.store.proposals import Proposal

_UNOPENED = "none: nothing but public data leaves for a zone that is not trusted unmasked"
_FIRST = "nothing is active yet: the first start activates the policy directory"
_SAME = "the policy directory"
_INSTEAD = (
    "not the policy directory, which waits for its activation or was in force before: a start serves the active "
    "version, from the database"
)
_TAKEN = "a start activates the policy directory"
_SLIP = 0.85
"""How alike two names of roles are of which one is taken for a slip of the other, where it may also be meant."""
_TOLD = 3
"""Keys that are named; of more their number is told."""
_UNDOES = (
    ". What is active was gone back to by a rollback: that start undoes it, and what it took back is in force again "
    "wherever the directory still has it"
)


def rules(policy: Policy) -> str:
    """Rules that decide nothing are told, and are no error: what they are about may come later. So are those that are
    only watched."""
    found = policy.remarks()
    told = "; ".join(
        f"{one.rule} ({one.file}:{one.line}): {one.why}" + (f" ({', '.join(one.by)})" if one.by else "")
        for one in found
    )
    watched = "".join(
        f"; {rule} is in force since the end of {day}: take its observe out"
        if over
        else f"; {rule} is only watched up to and with {day}"
        for rule, day, over in policy.watched(SystemClock().now_us())
    )
    if not found:
        return f"{policy.count} rules, each can decide{watched}"
    return f"{len(found)} decide nothing: {told}{watched}"


def openings(policy: Policy) -> str:
    """What leaves unmasked because somebody answers for it is told each time, and so is what rules of trusted zones are
    about although it is not trusted."""
    told = [
        f"{one.rule} lets {one.data} into {', '.join(one.targets) or 'nothing'} ({one.text})"
        for one in policy.answered()
    ]
    within = [
        f"{name} is not trusted and stands within {around}, which is: what rules let into that, they let into it"
        for name, around in policy.misplaced()
    ]
    return "; ".join((*(told or [_UNOPENED]), *within))


async def active(settings: Settings) -> str:
    """What is active, beside the directory, and what a start would do; `ConfigurationError` where it would be refused,
    `VerificationError` where what is active is not what the ledgers say."""
    if not await _begun(settings):
        return _FIRST
    _, shared = proposed(settings)
    async with open_site(settings) as site:
        course = await proposals_of(site).foreseen(shared)
        if course.refusal is not None:
            raise ConfigurationError(course.refusal)
        if course.serves is None:
            return _taken(course)
        if course.serves == shared.digest:
            return _SAME
        active_instead(await _stored(site.policies, course.serves), settings, SystemClock())
        return _INSTEAD


def _taken(course: Course) -> str:
    changed = "; ".join(f"{count} changes for {tenant}" for tenant, count in course.changes)
    return f"{_TAKEN} ({changed or 'it decides the same'}){_UNDOES if course.undoes else ''}"


async def unknown_approvers(settings: Settings) -> str:
    """Roles that rules have approve, and that no API key has and neither configuration nor policy gives or names
    otherwise: most likely slips, and what waits for them waits until it expires. Empty where there are none."""
    policy, _ = proposed(settings)
    asked: dict[tuple[str, str], list[str]] = {}
    for tenant in (one.id for one in settings.tenants):
        for rule in policy.rules(tenant):
            for role in approving(rule.obligations):
                asked.setdefault((tenant, role), []).append(rule.id)
    if not asked:
        return ""
    given, told = await _given(settings), []
    for (tenant, role), named in asked.items():
        known = roles_of(settings, policy) | given.get(tenant, {}).keys()
        if role not in known:
            where = f" of {tenant}" if len(settings.tenants) > 1 else ""
            told.append(f"{', '.join(named)}: nobody{where} is known to have the role {role}{_near(role, known)}")
    if not told:
        return ""
    return f"{'; '.join(told)}; what waits for such a role waits until it expires, unless a key with it is made"


async def unknown_roles(settings: Settings) -> str:
    """Roles and tenants of callers that the policy speaks of and that nobody has: most likely slips, by which a rule
    that denies closes nothing. Empty where there are none.

    A role is somebody's where an API key has it, where settings give or lend it, where the API knows it, or where it
    is a broader one of such. One that a `g` line puts under another is taken to be meant for keys to come, unless its
    name is nearly that of one which somebody has. One that keys alone bring, and that is nearly one that something else
    knows, is told with them: a key that was made with the same slip would otherwise hide the rule's."""
    policy, _ = proposed(settings)
    keys, told = await _given(settings), dict[str, None]()
    for tenant in (one.id for one in settings.tenants):
        asked, where = policy.asked(tenant), f" of {tenant}" if len(settings.tenants) > 1 else ""
        of_keys = keys.get(tenant, {})
        somebodys = policy.held(given_by(settings) | of_keys.keys() | asked.named)
        to_come = policy.held(asked.members) - somebodys
        elsewhere = policy.held(given_by(settings) | asked.named | asked.members)
        for role, places in asked.roles.items():
            if role not in somebodys | to_come:
                near = _near(role, somebodys | to_come)
                told[f"{', '.join(places)}: nobody{where} is known to have the role {role}{near}"] = None
            elif role in of_keys and role not in elsewhere and (near := _near(role, elsewhere, _SLIP)):
                told[
                    f"{', '.join(places)}: API keys alone{where} have the role {role}{near}: {_few(of_keys[role])}"
                ] = None
        for role in sorted(asked.members - somebodys):
            if near := _near(role, somebodys, _SLIP):
                told[f"a g line: nobody{where} is known to have the role {role}{near}"] = None
    tenants = {one.id for one in settings.tenants}
    for whose in sorted({name.partition("/")[0] for name in policy.named_callers} - tenants):
        told[f"a g line: there is no tenant {whose}{_near(whose, tenants)}, so that it gives no caller a role"] = None
    if not told:
        return ""
    return f"{'; '.join(told)}. A rule about a role that nobody has decides nothing, and one that denies closes nothing"


async def unknown_tools(settings: Settings) -> str:
    """Tools that the policy speaks of and that no agent was seen to have, where their names are nearly those of tools
    that were seen: most likely slips. Empty where there are none; other names are taken to be of tools to come."""
    policy, _ = proposed(settings)
    asked = {one.id: policy.asked(one.id).tools for one in settings.tenants}
    if not any(asked.values()) or not await _begun(settings):
        return ""
    told = list[str]()
    async with open_site(settings) as site:
        for tenant, tools in asked.items():
            ledger, agents = site.tenants[tenant].ledger, [one.id for one in settings.agent]
            seen = {name for agent in agents for name in await site.tools.of(ledger, agent)}
            where = f" of {tenant}" if len(settings.tenants) > 1 else ""
            for name, places in tools.items():
                if name not in seen and (near := _near(name, seen, _SLIP)):
                    told.append(f"{', '.join(places)}: no agent{where} was seen to have the tool {name}{near}")
    return f"{'; '.join(told)}. A rule about a tool that is not there decides nothing" if told else ""


def _near(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=cutoff)
    return f" (the nearest is {near[0]})" if near else ""


def _few(names: Sequence[str]) -> str:
    rest = len(names) - _TOLD
    return f"{', '.join(names[:_TOLD])}{f' and {rest} more' if rest > 0 else ''}"


async def _given(settings: Settings) -> dict[str, dict[str, list[str]]]:
    """The roles of API keys that can be used, by tenant, each with the ids of its keys. What is revoked or has expired
    gives nobody a role."""
    if not await _begun(settings):
        return {}
    now = SystemClock().now_us()
    async with open_site(settings) as site:
        keys = {one.id: await site.api_keys.list(one.id) for one in settings.tenants}
    given: dict[str, dict[str, list[str]]] = {tenant: {} for tenant in keys}
    for tenant, found in keys.items():
        for one in found:
            if one.revoked_us is None and (one.expires_us is None or one.expires_us > now):
                for role in one.roles:
                    given[tenant].setdefault(role, []).append(one.id)
    return given


async def waiting(settings: Settings) -> AsyncIterator[tuple[str, str]]:
    """Each proposal that waits: its id, and what is to be known before somebody activates it."""
    if not await _begun(settings):
        return
    async with open_site(settings) as site:
        proposals = proposals_of(site)
        for one, stale in await proposals.listed():
            if one.state == "open":
                yield one.id, await _waits(one, stale, proposals, site.policies, settings)


async def _waits(one: Proposal, stale: bool, proposals: Proposals, policies: PolicyStore, settings: Settings) -> str:
    since = f"proposed {timestamp(one.created_us)}"
    if not one.sealed:
        return f"{since}; propose it again: its row is not as a process of this installation has kept it"
    if stale:
        return f"{since}; stale: another version has been activated since, propose it again"
    try:
        shared = await _stored(policies, one.digest)
        policy, _ = servable(shared, settings)
        two = (await proposals.standing(shared)).four_eyes
    except ConfigurationError as error:
        return f"{since}; it cannot be activated with this gateway.toml: {error}"
    who = "waits for another person than who proposed it" if two else "waits to be activated"
    return f"{since}, {who}. Rules: {rules(policy)}. Openings: {openings(policy)}"


async def _stored(policies: PolicyStore, digest: str) -> PolicySet:
    data = await policies.get(digest)
    if data is None:
        raise ConfigurationError("its set is not in the database")
    try:
        return from_bytes(data)
    except FormatError as error:
        raise ConfigurationError("it is of a form that this version does not read any more") from error


async def _begun(settings: Settings) -> bool:
    """Whether every ledger is there. To open an installation makes those that are not, and a check makes nothing."""
    engine, keyring = open_engine(target(settings)), open_keyring(settings)
    try:
        directory = Directory(engine, keyring, SystemClock(), DEFAULT_ORIGIN)
        names = (*(tenant.id for tenant in settings.tenants), SYSTEM)
        return all([await directory.find_tenant(name) is not None for name in names])
    finally:
        keyring.close()
        await engine.dispose()
