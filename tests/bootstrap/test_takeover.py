"""What was activated is taken over whole, or not at all: then the node is not ready, and says why."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.bootstrap import Gateway, Site, load_policy_set, open_gateway, open_site, takeover
from gateway.bootstrap.hands import machine_hand
from gateway.bootstrap.policies import proposals_of
from gateway.checks.classification.registry import DEFAULT
from gateway.core.errors import ConfigurationError, LedgerUnavailable
from gateway.ledger.record import Detail
from gateway.settings import Settings
from gateway.store.proposals import Proposal
from tests.bootstrap.kit import LATER, configured
from tests.system.kit import policies


@asynccontextmanager
async def serving(
    base: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **more: Any
) -> AsyncIterator[Gateway]:
    """A gateway that takes nothing over but where the test has it look."""
    monkeypatch.setattr(takeover, "WATCH_S", 3600)
    async with open_gateway(configured(base, policy=policies(tmp_path), **more)) as gateway:
        yield gateway


def later(tmp_path: Path) -> None:
    with (tmp_path / "policies" / "policy.csv").open("a") as file:
        file.write(f"\n{LATER}\n")


async def activated(site: Site) -> Proposal:
    proposals = proposals_of(site)
    by = await machine_hand(site, Detail(subject="root@host"), "urn:gateway:command-line")
    made = await proposals.propose(by, load_policy_set(site.settings, DEFAULT.version), None)
    assert isinstance(made, Proposal), made
    done = await proposals.activate(by, made.id, None)
    assert isinstance(done, Proposal), done
    return done


async def test_a_look_takes_over_what_was_activated_and_another_one_finds_nothing_to_do(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(sqlite_settings, tmp_path, monkeypatch) as gateway, open_site(gateway.site.settings) as other:
        before, policy = gateway.policy.version("default"), gateway.policy
        await gateway.takeover.look()
        assert gateway.policy.version("default") == before
        later(tmp_path)
        done = await activated(other)
        await gateway.takeover.look()
        assert gateway.policy is policy
        assert policy.version("default") == done.terms.versions[gateway.site.tenants["default"].ledger] != before
        assert gateway.policy_set.digest == done.digest
        assert (await gateway.readiness.look())["policy"]
        assert await gateway.takeover.moved(), "which is known to be served by"


async def test_a_version_for_other_settings_is_not_taken_over_and_is_told_once(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(sqlite_settings, tmp_path, monkeypatch) as gateway:
        settings = gateway.site.settings
        agents = (*settings.agent, msgspec.structs.replace(settings.agent[0], id="another"))
        monkeypatch.setattr(takeover, "AGAIN_NS", 0)
        async with open_site(msgspec.structs.replace(settings, agent=agents)) as other:
            await activated(other)
        before = gateway.policy.digest
        for _ in range(3):
            assert not await gateway.takeover.moved()
        assert (gateway.policy.digest, (await gateway.readiness.look())["policy"]) == (before, False)
        told = [one.getMessage() for one in caplog.records if one.name == "gateway.policy" and one.levelname == "ERROR"]
        assert len(told) == 1
        assert "made for other settings" in told[0]


async def test_other_schemas_are_for_a_start_to_read(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(sqlite_settings, tmp_path, monkeypatch) as gateway:
        (tmp_path / "policies" / "schemas").mkdir(exist_ok=True)
        (tmp_path / "policies" / "schemas" / "new.json").write_text("{}")
        later(tmp_path)
        await activated(gateway.site)
        assert not await gateway.takeover.moved()
        assert "start this node anew" in caplog.text
        asked: list[int] = []
        monkeypatch.setattr(gateway.takeover, "_tried", lambda: asked.append(1))
        assert not await gateway.takeover.moved()
        assert asked == [], "not before a second has passed"


async def test_a_version_that_what_is_configured_does_not_fit_is_not_taken_over(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    issuer = {
        "issuer": "https://login.example",
        "audience": "gateway",
        "algorithms": ["ES256"],
        "jwks_url": "https://login.example/jwks",
        "tenants": ["default"],
        "roles": ["made-up"],
    }
    async with serving(sqlite_settings, tmp_path, monkeypatch) as gateway:
        built = gateway.takeover._built
        settings = msgspec.structs.replace(
            gateway.site.settings, issuer=configured(sqlite_settings, issuer=[issuer]).issuer
        )
        base = gateway.takeover._base
        wanting = msgspec.structs.replace(base, site=msgspec.structs.replace(base.site, settings=settings))
        monkeypatch.setattr(gateway.takeover, "_base", wanting)
        with pytest.raises(ConfigurationError, match=r"\[\[issuer\]\]"):
            built(load_policy_set(settings, DEFAULT.version))


async def test_where_the_database_cannot_be_asked_nothing_changes(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(sqlite_settings, tmp_path, monkeypatch) as gateway:

        async def fails() -> None:
            raise LedgerUnavailable("down")

        async def breaks() -> None:
            raise RuntimeError("swordfish")

        monkeypatch.setattr(takeover, "AGAIN_NS", 0)
        for broken in (fails, breaks):
            monkeypatch.setattr(gateway.takeover._proposals, "in_force", broken)
            assert not await gateway.takeover.moved()
        assert "RuntimeError" in caplog.text
        assert "swordfish" not in caplog.text
