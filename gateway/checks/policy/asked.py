"""Whom a policy speaks of, and where: for telling names that are most likely slips.

Roles and callers are free names (`Vocabulary.name`): credentials bring them, and no configuration lists all. A rule
that denies a role which nobody has closes nothing, and at load that cannot be known."""

from collections.abc import Collection, Iterable, Iterator

import msgspec

from gateway.checks.policy import words
from gateway.checks.policy.actions import TOOL
from gateway.checks.policy.groups import Groups
from gateway.checks.policy.load import Rule, Rules

_ROLE = "role:"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Bare names of roles, each with where it stands: ids of rules, or the line's type."""

    roles: dict[str, tuple[str, ...]]
    """Those that rules, floors and `x` lines are about."""
    members: frozenset[str]
    """Those that stand on the left of a `g` line: they are of a broader one."""
    named: frozenset[str]
    """Those that `g` lines give callers of the tenant by name."""
    tools: dict[str, tuple[str, ...]]
    """Bare names of tools that rules and `x` lines are about, without those that stand for several."""


def asked(rules: Rules, own: Collection[Rule], tenant: str) -> Asked:
    """What the lines of one tenant say; `own`: its rules."""
    found: dict[str, dict[str, None]] = {}
    for role, where in _places(rules, own):
        if role.startswith(_ROLE) and role != words.ANY_ROLE:
            found.setdefault(role.removeprefix(_ROLE), {})[where] = None
    tools: dict[str, dict[str, None]] = {}
    for action, where in (*((rule.action, rule.id) for rule in own), *((one, "an x line") for _, one in rules.exact)):
        if action.startswith(TOOL) and "*" not in action:
            tools.setdefault(action.removeprefix(TOOL), {})[where] = None
    edges = rules.edges["g"]
    caller = f"caller:{tenant}/"
    return Asked(
        roles={role: tuple(where) for role, where in found.items()},
        members=frozenset(name.removeprefix(_ROLE) for name, _ in edges if name.startswith(_ROLE)),
        named=frozenset(role.removeprefix(_ROLE) for name, role in edges if name.startswith(caller)),
        tools={name: tuple(where) for name, where in tools.items()},
    )


def _places(rules: Rules, own: Iterable[Rule]) -> Iterator[tuple[str, str]]:
    yield from ((rule.role, rule.id) for rule in own)
    yield from ((where, "an f line") for where, _ in rules.floors)
    yield from ((role, "an x line") for role, _ in rules.exact)


def held(groups: Groups, roles: Iterable[str]) -> frozenset[str]:
    """These roles and every broader one."""
    closures = (groups.closure(f"{_ROLE}{role}") for role in roles)
    return frozenset(name.removeprefix(_ROLE) for closure in closures for name in closure)
