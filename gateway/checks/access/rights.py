"""casbin over the API's rules: who may use which route. Asked once for every route and role, when the process starts.

A route is its method and its path as it is registered (`GET /audit/records/{seq}`), never the path that was asked for:
nothing that a caller writes is matched against a pattern here.
"""

import csv
import logging
from functools import cache

import casbin

from gateway.checks.access.shipped import ANYONE, CALLER, MODEL, POLICY, ROLES
from gateway.core.caller import Identity
from gateway.core.errors import ConfigurationError
from gateway.core.refusal import Refusal
from gateway.core.scopes import FORM, TRAFFIC, permits

_NOBODY: frozenset[str] = frozenset()


class Rights:
    """Rules in, answers out. `ConfigurationError` for rules that do not hold together.

    What no rule speaks of is denied: a route without a permission, a permission without a role.
    """

    def __init__(self, policy: str = POLICY) -> None:
        rules, routes = _rows(policy)
        self.permissions = routes
        """The permission of each route."""
        enforcer = casbin.Enforcer(casbin.Enforcer.new_model(text=MODEL))
        # casbin logs every question. This logger belongs to no tree and is silent.
        enforcer.logger = logging.Logger("casbin.silent", level=logging.CRITICAL + 1)
        enforcer.add_policies([list(rule) for rule in rules])
        enforcer.add_grouping_policies([list(pair) for pair in routes.items()])
        roles = (ANYONE, CALLER, *sorted(ROLES))
        # Routes of one permission are the same to casbin, so that it is asked of one of them.
        asked = {permission: route for route, permission in routes.items()}
        opened = {
            permission: frozenset(role for role in roles if enforcer.enforce(role, route) is True)
            for permission, route in asked.items()
        }
        self._roles = {route: opened[permission] for route, permission in routes.items()}

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that narrow the use of the API: every permission that a role is needed for, and its family."""
        names = {name for route, name in self.permissions.items() if not self.open(route)}
        return tuple(sorted(names | {name.partition(":")[0] for name in names}))

    def knows(self, scope: str) -> bool:
        """Whether a scope covers anything: something of the API, or of the traffic plane, whose agents come and go."""
        return FORM.fullmatch(scope) is not None and (scope.partition(":")[0] == TRAFFIC or scope in self.scopes)

    def roles(self, route: str) -> frozenset[str]:
        """The roles that a route is open to, `anyone` and `caller` among them; none for a route that no rule names."""
        return self._roles.get(route, _NOBODY)

    def open(self, route: str) -> bool:
        """Whether a route asks for no credential."""
        return ANYONE in self.roles(route)

    def refusal(self, route: str, identity: Identity) -> Refusal | None:
        """Why this caller may not use the route; None where it may."""
        allowed = self.roles(route)
        if not allowed & {ANYONE, CALLER, *identity.roles}:
            return Refusal(code="role_required", hint=_told(allowed))
        permission = self.permissions[route]
        if not permits(identity.scopes, permission):
            return Refusal(code="scope_required", hint=f"the scope {permission}")
        return None


@cache
def shipped_rights() -> Rights:
    """The rules that ship, read when they are first asked: casbin answers some hundred questions for them."""
    return Rights()


def _told(allowed: frozenset[str]) -> str:
    names = sorted(allowed)
    if not names:
        return "none: no role opens this route"
    return f"the role {names[0]}" if len(names) == 1 else f"one of the roles {', '.join(names)}"


def _rows(policy: str) -> tuple[set[tuple[str, str]], dict[str, str]]:
    """(role, permission) of each rule, and each route's permission."""
    rules: set[tuple[str, str]] = set()
    routes: dict[str, str] = {}
    for number, row in enumerate(csv.reader(policy.splitlines(), skipinitialspace=True, strict=True), start=1):
        if not row or row[0].startswith("#"):
            continue
        if len(row) != 3 or row[0] not in ("p", "g"):
            raise ConfigurationError(f"line {number} of the API's rules must be `p, role, permission` or `g, route, …`")
        kind, left, permission = row
        if kind == "g":
            if left in routes:
                raise ConfigurationError(f"line {number} of the API's rules gives a route a second permission")
            routes[left] = permission
        elif left not in ROLES | {ANYONE, CALLER}:
            raise ConfigurationError(f"line {number} of the API's rules names a role that the API does not know")
        else:
            rules.add((left, permission))
    # casbin must not be asked about no rules: it would put the matcher to empty strings, and may allow.
    if not rules or not routes:
        raise ConfigurationError("the API's rules must name a role and a route")
    return rules, routes
