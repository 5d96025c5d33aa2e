"""A schedule has one place that its bundles go to, and says whose they are."""

from typing import Any

import pytest

from tests.settings.kit import HIDDEN, parsed, refused

FILES: dict[str, Any] = {"id": "monthly", "every": "monthly", "directory": "/mnt/auditor"}
HOOK: dict[str, Any] = {"id": "q", "every": "quarterly", "url": "https://a.example.org/in", "secret": "env:S"}


@pytest.mark.parametrize(
    "table",
    [
        FILES,
        {**FILES, "every": "weekly", "time_zone": "Europe/Berlin", "about": "framework:hipaa", "attach": ["csv"]},
        {**FILES, "tenants": ["default", "_system"], "catch_up": 1, "details": False},
        HOOK,
        {**HOOK, "ca": "ca.pem", "client_certificate": "c.pem", "client_key": "k.pem", "addresses": ["10.0.0.0/8"]},
        {**HOOK, "url": "http://127.0.0.1:9000/in", "timeout_s": 60, "every": "yearly"},
    ],
)
def test_what_can_be_kept_to_is_taken(table: dict[str, Any]) -> None:
    (one,) = parsed(schedule=[table]).schedule
    assert (one.id, one.every) == (table["id"], table["every"])


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({**FILES, "id": "Monthly"}, "schedule[0].id"),
        ({**FILES, "every": "daily"}, "schedule[0].every"),
        ({**FILES, "time_zone": "Hidden/hunter2-swordfish"}, "schedule[0].time_zone must be UTC or"),
        ({**FILES, "about": "hunter2-swordfish"}, "schedule[0].about must be framework:ID"),
        ({**FILES, "about": "framework:"}, "schedule[0].about must be framework:ID"),
        ({**FILES, "about": "subject:su_1"}, "schedule[0].about must be framework:ID"),
        ({**FILES, "url": "https://a.example.org"}, "schedule[0] must have either directory or url"),
        ({"id": "m", "every": "monthly"}, "schedule[0] must have either directory or url"),
        ({**FILES, "directory": ""}, "schedule[0].directory must name"),
        ({**FILES, "secret": "env:S"}, "schedule[0].secret goes with url alone"),
        ({**FILES, "pin": ["sha256:" + "0" * 64]}, "schedule[0].pin goes with url alone"),
        ({**FILES, "tenants": ["hunter2-swordfish"]}, "schedule[0].tenants must name configured tenants"),
        ({**FILES, "tenants": ["default", "default"]}, "schedule[0].tenants must name each once"),
        ({**FILES, "catch_up": 0}, "schedule[0].catch_up must lie between"),
        ({**FILES, "timeout_s": 0}, "schedule[0].timeout_s must lie between"),
        ({**HOOK, "secret": None}, "schedule[0].secret must be given"),
        ({**HOOK, "secret": "hunter2-swordfish"}, "schedule[0].secret must be a reference"),
        ({**HOOK, "url": "ftp://hunter2-swordfish"}, "schedule[0].url must be http"),
        ({**HOOK, "client_key": "k.pem"}, "client_certificate and client_key go together"),
        ({**HOOK, "url": "http://127.0.0.1:1", "ca": "ca.pem"}, "schedule[0].url must be https://"),
        ({**HOOK, "addresses": ["hunter2-swordfish"]}, "schedule[0].addresses must be networks"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(table: dict[str, Any], said: str) -> None:
    found = {name: value for name, value in table.items() if value is not None}
    message = refused(schedule=[found])
    assert said in message
    assert HIDDEN not in message


def test_two_of_one_name_and_none_of_whom_are_refused() -> None:
    assert "schedule[1].id is there twice" in refused(schedule=[FILES, FILES])
    tenants = [{"id": "clinic"}, {"id": "lab"}]
    assert "schedule[0].tenants must name whose bundles" in refused(schedule=[FILES], tenant=tenants)
