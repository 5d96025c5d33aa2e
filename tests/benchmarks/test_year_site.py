"""The installation that a generated year is written into says what the year's register says."""

from pathlib import Path

from benchmarks.year_documents import register
from benchmarks.year_site import RANGE, TENANT, install
from gateway.evidence.reports.register import register_of
from gateway.settings import load


def test_its_register_is_the_one_that_the_truth_has(tmp_path: Path) -> None:
    settings = load(install(tmp_path / "site"))
    found, wanted = register_of(settings, TENANT), register()
    assert (found.tenant, found.retention_days) == (wanted.tenant, wanted.retention_days)
    assert (found.processors, found.zones) == (wanted.processors, wanted.zones)
    known = {agent: name for agent, name in wanted.agents.items() if name in wanted.processors}
    assert found.agents == known != wanted.agents
    assert settings.archive.range_records == RANGE


def test_an_operators_own_framework_lies_beside_those_that_ship(tmp_path: Path) -> None:
    frameworks = install(tmp_path / "site").parent / "policies" / "frameworks"
    assert {"house-rules.toml", "hipaa.toml", "gdpr.toml"} <= {path.name for path in frameworks.iterdir()}
