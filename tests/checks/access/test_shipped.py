"""The rules that ship: every permission has a role, every route one permission, every role something to read about."""

import csv

from gateway.checks.access.rights import Rights
from gateway.checks.access.shipped import ANYONE, CALLER, POLICY, ROLES
from gateway.core.scopes import FORM, TRAFFIC


def _rows(kind: str) -> list[list[str]]:
    rows = csv.reader(POLICY.splitlines(), skipinitialspace=True)
    return [row for row in rows if row and row[0] == kind]


def test_every_permission_has_both_a_role_and_a_route() -> None:
    assert {row[2] for row in _rows("p")} == {row[2] for row in _rows("g")}


def test_permissions_are_scopes_and_none_is_of_the_traffic_plane() -> None:
    for permission in Rights().permissions.values():
        assert FORM.fullmatch(permission)
        assert permission.partition(":")[0] != TRAFFIC


def test_only_health_keys_and_metadata_are_open_and_only_models_to_every_caller() -> None:
    rights = Rights()
    everyone = {route for route in rights.permissions if rights.open(route)}
    assert {rights.permissions[route] for route in everyone} == {"open:read"}
    assert all(route.startswith("GET ") for route in everyone)
    callers = {route for route in rights.permissions if CALLER in rights.roles(route)}
    assert {rights.permissions[route] for route in callers} == {
        *("models:read", "approvals:read", "approvals:answer"),
        *("glass:read", "glass:write"),
        *("tasks:submit", "tasks:own", "tasks:pull"),
    }


def test_neither_an_operator_nor_an_agent_reads_the_record() -> None:
    rights = Rights()
    for route, permission in rights.permissions.items():
        if permission.startswith(("audit:", "evidence:")):
            assert not rights.roles(route) & {"operator", "agent", "admin", ANYONE, CALLER}
    assert len(ROLES) == 6
