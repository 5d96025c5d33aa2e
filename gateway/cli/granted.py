"""What an API key is granted and nothing here speaks of, most likely slips: what is said of it beside the key."""

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gateway.bootstrap import Site
from gateway.checks.access.shipped import ROLES
from gateway.cli.common import warn
from gateway.core.errors import ConfigurationError
from gateway.core.scopes import TRAFFIC
from gateway.settings import Settings
from gateway.store.api_keys import Grant

_TO_ONE = f"{TRAFFIC}:"
if TYPE_CHECKING:
    from gateway.checks.policy.policy import Policy


def warn_of_unknown_grants(site: Site, tenant: str, grant: Grant) -> None:
    """A line on standard error for scopes of agents, roles, purposes and data classes of an API key that nothing here
    speaks of, each by its place, with the one that is nearest. It is made all the same: a purpose may be a key's alone,
    and an agent, or a policy that speaks of a role, may come later. Nothing is said of roles, purposes and classes
    where the policy directory cannot be read."""
    narrowed = [scope if scope.startswith(_TO_ONE) else "" for scope in grant.scopes]
    if any(narrowed):
        names = {one.id for one in site.settings.agent}.union(*(one.capabilities for one in site.settings.agent))
        _warn_each("--scope", "agent or capability", narrowed, frozenset({"", *(f"{_TO_ONE}{name}" for name in names)}))
    if not grant.purposes and not grant.floor and ROLES.issuperset(grant.roles):
        return
    from gateway.bootstrap.policies import proposed  # noqa: PLC0415 — half a second, which other commands do not take

    try:
        policy, _ = proposed(site.settings)
    except ConfigurationError:
        return
    _warn_each("--role", "role", grant.roles, _roles(site, tenant, policy))
    _warn_each("--purpose", "purpose", grant.purposes, policy.known_purposes)
    _warn_each("--floor", "data class", grant.floor, policy.known_classes)


def _warn_each(option: str, what: str, names: Sequence[str], known: frozenset[str]) -> None:
    for place, name in enumerate(names, 1):
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), n=1)
            hint = f" (the nearest is {near[0]})" if near else ""
            warn(f"{option} {place}: no {what} of this name is known here{hint}; it is granted as it was written")


def _roles(site: Site, tenant: str, policy: "Policy") -> frozenset[str]:
    """The API's, those that the policy speaks of or has approve, and those of settings that name some."""
    asked = {role for rule in policy.rules(tenant) for role in approving(rule.obligations)}
    told = {name for one in site.settings.channel for name in one.roles}
    return roles_of(site.settings, policy) | asked | told


def approving(obligations: Sequence[str]) -> set[str]:
    """The roles that must approve, by the obligations of a rule."""
    asked = [word for word in obligations if word.startswith("approve:")]
    return {word.removeprefix("approve:").rpartition("/")[2] for word in asked}


def roles_of(settings: Settings, policy: "Policy") -> frozenset[str]:
    """The API's, those that the policy speaks of as callers', and those that settings give or lend somebody."""
    glass = [name for one in settings.break_glass for name in (one.role, one.reviewer, *one.grants)]
    return frozenset().union(policy.known_roles, glass, given_by(settings))


def given_by(settings: Settings) -> frozenset[str]:
    """The API's, and those that settings give or lend somebody."""
    given = [name for table in (settings.issuer, settings.certificate) for one in table for name in one.roles]
    return frozenset().union(ROLES, given, (name for one in settings.break_glass for name in one.grants))
