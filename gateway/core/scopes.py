"""Scopes: what a credential is narrowed to, whatever its roles would allow.

A scope is a permission (`audit:read`), a family of them (`audit`), or a place on the traffic plane (`traffic` for all
of it, `traffic:<agent or capability>` for one). It covers what it names and everything below. No scopes at all narrow
nothing: the credential may do what its roles may.
"""

import re
from collections.abc import Iterable

TRAFFIC = "traffic"
"""The family of what is sent to agents."""
LISTED = "models:read"
"""The permission of the list of agents and capabilities."""
FORM = re.compile(r"[a-z][a-z0-9-]{0,31}(:[a-z0-9][a-z0-9_.-]{0,62})?")


def covers(scopes: Iterable[str], wanted: str) -> bool:
    """Whether any of the scopes covers a permission, another scope, or `traffic:<name>`."""
    family = wanted.partition(":")[0]
    return any(scope in (wanted, family) for scope in scopes)


def permits(scopes: tuple[str, ...], permission: str) -> bool:
    """Whether a credential that is narrowed to these may use a route of this permission. Who may send to an agent may
    see that it is there: clients list models before they ask one, and the list is narrowed itself."""
    return not scopes or covers(scopes, permission) or (permission == LISTED and reaches(scopes))


def within(scopes: tuple[str, ...], holder: tuple[str, ...]) -> bool:
    """Whether whoever holds `holder` may hand `scopes` out: no scope that it does not have, and some if it has some."""
    return not holder or (bool(scopes) and all(covers(holder, scope) for scope in scopes))


def reaches(scopes: tuple[str, ...]) -> bool:
    """Whether they cover anything at all of the traffic plane."""
    return not scopes or any(scope.partition(":")[0] == TRAFFIC for scope in scopes)


def narrowed(scopes: tuple[str, ...], target: str, agents: Iterable[str]) -> frozenset[str]:
    """Which of the agents, by id, a message to `target` may go to: the first agent's own id, or a capability.

    An agent is covered by its own scope or by that of what was asked for. Where an agent was asked for by its id and is
    not covered, none is: who may use another was not asking for that one.
    """
    ids = tuple(agents)
    if not scopes or covers(scopes, f"{TRAFFIC}:{target}"):
        return frozenset(ids)
    return frozenset(one for one in ids if target not in ids and covers(scopes, f"{TRAFFIC}:{one}"))
