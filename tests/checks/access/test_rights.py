"""casbin decides which role may use which route; what no rule speaks of is denied."""

import logging

import pytest

from gateway.checks.access.rights import Rights
from gateway.checks.access.shipped import ROLES
from gateway.core.caller import Identity
from gateway.core.errors import ConfigurationError

RULES = """
# p, role, permission
p, anyone, open:read
p, caller, models:read
p, auditor, audit:read
p, privacy, audit:read
p, admin, keys:write
g, GET /healthz, open:read
g, GET /v1/models, models:read
g, GET /audit/records/{seq}, audit:read
g, POST /keys, keys:write
g, GET /nobody, nobody:read
"""
RIGHTS = Rights(RULES)


def _caller(*roles: str, scopes: tuple[str, ...] = ()) -> Identity:
    return Identity(
        tenant="default",
        subject="ada",
        kind="person",
        roles=roles,
        zone="in-house",
        purposes=(),
        method="api-key",
        credential="ak_1",
        scopes=scopes,
    )


def test_a_role_opens_the_routes_of_its_permissions_and_no_other() -> None:
    assert RIGHTS.roles("GET /audit/records/{seq}") == {"auditor", "privacy"}
    assert RIGHTS.refusal("GET /audit/records/{seq}", _caller("clerk", "privacy")) is None
    refusal = RIGHTS.refusal("POST /keys", _caller("auditor"))
    assert refusal is not None
    assert (refusal.code, refusal.hint) == ("role_required", "the role admin")


def test_only_what_is_for_anyone_is_open_and_what_is_for_callers_is_for_each_of_them() -> None:
    assert [route for route in RIGHTS.permissions if RIGHTS.open(route)] == ["GET /healthz"]
    assert RIGHTS.refusal("GET /v1/models", _caller()) is None


@pytest.mark.parametrize(
    "route",
    [
        "GET /nobody",
        "DELETE /keys",
        "get /healthz",
        "GET /healthz/",
        "GET /audit/records/1",
        "",
        "POST /keys, keys:write",
    ],
)
@pytest.mark.parametrize("roles", [(), tuple(ROLES), ("anyone", "caller"), ("*",)])
def test_a_route_that_no_rule_names_is_closed_to_everybody(route: str, roles: tuple[str, ...]) -> None:
    assert not RIGHTS.open(route)
    refusal = RIGHTS.refusal(route, _caller(*roles))
    assert refusal is not None
    assert refusal.code == "role_required"


def test_a_role_that_is_named_like_the_stand_ins_gives_nothing() -> None:
    refusal = RIGHTS.refusal("POST /keys", _caller("anyone", "caller", "admin:x"))
    assert refusal is not None


def test_scopes_narrow_what_roles_allow_and_widen_nothing() -> None:
    route = "GET /audit/records/{seq}"
    assert RIGHTS.refusal(route, _caller("auditor", scopes=("audit",))) is None
    narrowed = RIGHTS.refusal(route, _caller("auditor", scopes=("evidence:read", "traffic")))
    assert narrowed is not None
    assert (narrowed.code, narrowed.hint) == ("scope_required", "the scope audit:read")
    without = RIGHTS.refusal(route, _caller("clerk", scopes=("audit:read",)))
    assert without is not None
    assert without.code == "role_required"


@pytest.mark.parametrize(
    "rules",
    [
        "",
        "p, auditor, audit:read",
        "g, GET /audit, audit:read",
        "p, auditor, audit:read, allow\ng, GET /audit, audit:read",
        "p, root, audit:read\ng, GET /audit, audit:read",
        "p, auditor, audit:read\ng, GET /audit, audit:read\ng, GET /audit, open:read",
        "x, auditor, audit:read",
    ],
)
def test_rules_that_do_not_hold_together_are_refused_at_start(rules: str) -> None:
    with pytest.raises(ConfigurationError):
        Rights(rules)


def test_what_casbin_is_asked_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        Rights(RULES).refusal("POST /keys", _caller("auditor"))
    assert [one for one in caplog.records if one.name == "casbin.enforcer" or one.levelno > logging.INFO] == []
