"""A rule on trial changes nothing that happens, and what it would have changed is told everywhere."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.exchange.audit_scribe import Reader
from gateway.settings import Settings
from tests.system.kit import MAIL, PUBLIC, policies
from tests.system.site import system


def trial(days: int, agent: str = "zone:cloud") -> str:
    """Clerks will send no public data there, from `days` after today on."""
    last = (datetime.now(UTC) + timedelta(days=days)).date().isoformat()
    columns = f"p, 3, role:clerk, class:public, {agent}, chat, purpose:*, always, deny"
    return f'{columns}, observe:{last}, trial, "Clerks will send nothing there."'


@pytest.mark.parametrize("stream", [False, True])
async def test_what_is_on_trial_is_not_done_and_is_on_record_in_the_header_and_counted(
    database: Settings, tmp_path: Path, stream: bool
) -> None:
    async with system(database, policy=policies(tmp_path, trial(3))) as site:
        key = await site.key("clerk")
        for _ in range(2):  # the second one from memory
            answer = await site.chat(key, PUBLIC, model="cloud", stream=stream)
            assert answer.status_code == 200, answer.text
            headers = answer.headers
            assert (headers["x-routed-agent"], headers["x-decision"]) == ("cloud", "route")
            # Another agent of the capability would have had it.
            assert headers["x-decision-observed"] == "route"
            intent, end = await site.trail(headers["x-exchange-id"])
            other = intent["decision"]["observed"]
            assert (other["effect"], other["watched"], other["agent"] != "cloud") == ("route", ["trial"], True)
            assert "observed" not in end["decision"]
        text = site.gateway.site.metrics.exposition().decode()
        assert 'gateway_decisions_observed_total{effect="route"' in text


async def test_a_denial_everywhere_would_have_been_a_denial(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with system(sqlite_settings, policy=policies(tmp_path, trial(3, "zone:*"))) as site:
        key = await site.key("clerk")
        answer = await site.chat(key, PUBLIC, model="cloud")
        assert (answer.status_code, answer.headers["x-decision-observed"]) == (200, "deny")
        intent = (await site.trail(answer.headers["x-exchange-id"]))[0]
        assert intent["decision"]["observed"] == {"effect": "deny", "rules": ["trial"], "watched": ["trial"]}
        masked = await site.chat(key, f"Write to {MAIL}.", model="cloud")
        assert masked.headers["x-decision"] == "redact"
        assert "x-decision-observed" not in masked.headers


async def test_what_was_seen_becomes_rules_that_the_reading_is_on_record_for(
    database: Settings, tmp_path: Path
) -> None:
    async with system(database, policy=policies(tmp_path, trial(3, "zone:*"))) as site:
        key = await site.key("clerk")
        for _ in range(2):
            assert (await site.chat(key, PUBLIC, model="cloud")).status_code == 200
        auditor = await site.gateway.site.auditor("default")
        by = Reader(actor="ac_1", kind="person")
        period = ("2020-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z")
        found = await auditor.draft(by, site.gateway.policy, "default", lambda issuer: True, *period, others=False)
        (one,) = found.rules
        assert (found.observed, one.count, one.trial) == (2, 2, "trial")
        assert one.line.startswith("p,2,role:clerk,class:public,agent:cloud,chat,purpose:TREAT,")


async def test_when_its_last_day_is_over_it_is_in_force(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with system(sqlite_settings, policy=policies(tmp_path, trial(-1, "zone:*"))) as site:
        answer = await site.chat(await site.key("clerk"), PUBLIC, model="cloud")
        assert (answer.status_code, answer.headers["x-decision"]) == (403, "deny")
        denied = (await site.trail(answer.headers["x-exchange-id"]))[0]
        assert (denied["decision"]["rules"], "observed" in denied["decision"]) == (["trial"], False)
