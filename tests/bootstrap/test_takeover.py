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
from tests.bootstrap.kit import AGENT, LATER, configured
from tests.checks.classification.test_own import BADGE, toml
from tests.system.kit import policies
from tests.system.site import settings_for


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


def routed(base: Settings, section: dict[str, Any]) -> Settings:
    """An agent whose bodies are held to a schema and read by a mapping."""
    configured(base)  # makes the keys
    files = {"mapping": "notes.toml", "schema": "note.json", "answer_schema": "note.json"}
    ward = {**AGENT, "protocol": "http", "routes": ["POST /notes"], **files}
    return settings_for(base, {"ward": ward}, policy=section)


def filed(tmp_path: Path, schema: str, kind: str = "person") -> None:
    schemas = tmp_path / "policies" / "schemas"
    schemas.mkdir(parents=True, exist_ok=True)
    (schemas / "note.json").write_text(schema)
    (schemas / "notes.toml").write_text(
        f'[[route]]\nroute = "POST /notes"\n[route.request]\nformat = "csv"\nfields = {{1 = "{kind}"}}\n'
    )


async def test_files_that_agents_name_are_taken_over_with_the_version_that_they_are_part_of(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = policies(tmp_path)
    filed(tmp_path, '{"type": "object"}')
    monkeypatch.setattr(takeover, "WATCH_S", 3600)
    settings = routed(sqlite_settings, section)
    async with open_gateway(settings) as gateway:
        parts, declared = gateway.pipeline.parts, gateway.takeover._base.declared
        spoken = parts.protocols["http"]
        held = [declared.requests["ward"], spoken.schemas["ward"], spoken.answer_schemas["ward"]]
        assert [one.validate([]) is None for one in held] == [False] * 3
        operation = declared.descriptions["ward"]["POST /notes"]
        later(tmp_path)
        await activated(gateway.site)
        assert await gateway.takeover.moved()
        assert (parts.declared(), declared.descriptions["ward"]["POST /notes"]) == (0, operation), "the same files"
        filed(tmp_path, '{"type": "array"}', "x-badge")
        (tmp_path / "policies" / "recognizers" / "own.toml").write_bytes(toml(BADGE))
        await activated(gateway.site)
        assert await gateway.takeover.moved()
        assert parts.declared() == 1
        assert [one.validate([]) is None for one in held] == [True] * 3
        assert declared.descriptions["ward"]["POST /notes"] != operation
        assert parts.declared() == 1


@pytest.mark.parametrize("schema", ["{", '{"type": 1}'])
async def test_a_file_that_is_none_is_not_taken_over_and_nothing_changes(
    sqlite_settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    schema: str,
) -> None:
    section = policies(tmp_path)
    filed(tmp_path, "{}")
    monkeypatch.setattr(takeover, "WATCH_S", 3600)
    settings = routed(sqlite_settings, section)
    async with open_gateway(settings) as gateway:
        before = gateway.policy.digest
        filed(tmp_path, schema)
        await activated(gateway.site)
        assert not await gateway.takeover.moved()
        assert (gateway.policy.digest, gateway.pipeline.parts.declared()) == (before, 0)
        assert "agent[0].schema" in caplog.text
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
