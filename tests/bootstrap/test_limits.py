"""Who counts is found out at start, with what it needs. What nodes count together: tests/system."""

from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import load_policy_set, quotas_of, remote_counters
from gateway.checks.policy.policy import Policy
from gateway.core.errors import ConfigurationError, CountersUnavailable
from gateway.settings import Settings, parse
from tests.bootstrap.kit import AGENT
from tests.checks.identity.certifying import Authority
from tests.conftest import ManualClock
from tests.system.site import settings_for


def limited(**limits: Any) -> Settings:
    return parse({"limits": limits}, {}, Path("/nowhere"))


async def test_where_no_server_is_named_this_process_counts_for_itself() -> None:
    assert remote_counters(limited()) is None
    remote = remote_counters(limited(url="redis://127.0.0.1:1"))
    assert remote is not None
    await remote.close()


def test_a_server_is_asked_with_the_password_and_the_authorities_that_are_named_or_not_at_all() -> None:
    with pytest.raises(ConfigurationError, match="no-such-file"):
        remote_counters(limited(url="redis://127.0.0.1:1", password="file:no-such-file"))
    with pytest.raises(ConfigurationError, match=r"limits\.ca names no file"):
        remote_counters(limited(url="rediss://127.0.0.1:1", ca="no-such-file"))


async def test_a_server_by_tls_is_asked_with_the_files_that_the_settings_name(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    certificate, key = Authority().issue().write(Path(sqlite_settings.base), "client")
    names = {"ca": Path(certificate).name, "client_certificate": certificate, "client_key": key}
    settings = settings_for(sqlite_settings, {"ward": AGENT}, limits={"url": "rediss://127.0.0.1:1", **names})
    remote = remote_counters(settings)
    assert remote is not None
    with pytest.raises(CountersUnavailable):
        await remote.ping()
    await remote.close()


def test_what_nobody_limits_and_nothing_costs_is_not_counted(sqlite_settings: Settings, clock: ManualClock) -> None:
    def quotas(**sections: Any) -> Any:
        given = settings_for(sqlite_settings, {"ward": AGENT}, **sections)
        policy = Policy(load_policy_set(given, "1-0"), given)
        return quotas_of(given, policy, None, clock, lambda *_: None)

    limit = {"name": "few", "what": "tokens", "count": 5}
    assert quotas() is None
    assert quotas(limit=[limit]) is not None
    assert quotas(price=[{"model": "m", "input": 1}]) is not None
    with pytest.raises(ConfigurationError, match=r"limit\[0\]\.classes must be .*, which are .*public"):
        quotas(limit=[{**limit, "classes": ["pubic"]}])
