"""Reports are made by the policy that is in force, and before the first by the one that is configured."""

from pathlib import Path

from gateway.bootstrap import open_site, proposed, reporter_of
from gateway.core.refusal import Refusal
from gateway.exchange.reporting import Reporter, Wanted
from gateway.settings import Settings
from tests.bootstrap.kit import configured
from tests.exchange.own_terms import add_to
from tests.system.kit import policies
from tests.system.site import system


def unfit(reporter: Reporter) -> Refusal | None:
    times = {"since": "2026-01-01T00:00:00.000000Z", "until": "2027-01-01T00:00:00.000000Z"}
    return reporter.unfit(Wanted(kind="framework", framework="house-rules", **times))


async def test_before_a_policy_is_active_the_configured_one_counts(sqlite_settings: Settings, tmp_path: Path) -> None:
    section = policies(tmp_path)
    add_to(Path(section["directory"]))
    settings = configured(sqlite_settings, policy=section)
    async with open_site(settings) as site:
        assert unfit(await reporter_of(site, "default", await site.auditor("default"), *proposed(settings))) is None


async def test_what_lies_in_the_directory_and_is_not_active_counts_for_nothing(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    section = policies(tmp_path)
    async with system(sqlite_settings, policy=section) as site:
        add_to(Path(section["directory"]))
        inside = site.gateway.site
        draft = proposed(inside.settings)
        found = unfit(await reporter_of(inside, "default", await inside.auditor("default"), *draft))
        assert found is not None
        assert found.field == "framework"
        assert found.hint is not None
        assert found.hint.startswith("one of eu-ai-act, gdpr, hipaa, pci-dss, soc2. This one is not active: ")
        assert "gateway policy activate" in found.hint
        assert "house-rules" not in found.hint
