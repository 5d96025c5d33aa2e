"""The installation that a generated year is written into says nothing of what the year's policy versions say."""

from pathlib import Path

from benchmarks import year_register as made
from benchmarks.year_site import RANGE, install
from gateway.settings import load


def test_what_is_configured_when_the_year_is_over_was_never_declared_in_it(tmp_path: Path) -> None:
    settings = load(install(tmp_path / "site"))
    configured = {(one.id, one.legal_name, one.country) for one in settings.processor}
    declared = [terms.processors for terms in (made.FIRST, made.SECOND)]
    assert configured == {(name, one.legal_name, one.country) for name, one in made.NOW.processors.items()}
    assert all((name, one.legal_name, one.country) not in configured for some in declared for name, one in some.items())
    (tenant,) = settings.tenants
    assert tenant.retention_days not in (made.FIRST.retention_days, made.SECOND.retention_days)
    trusted = {zone.id for zone in settings.zone if zone.trusted}
    assert trusted.isdisjoint(made.FIRST.trusted | made.SECOND.trusted)
    assert settings.archive.range_records == RANGE


def test_an_operators_own_framework_lies_beside_those_that_ship(tmp_path: Path) -> None:
    frameworks = install(tmp_path / "site").parent / "policies" / "frameworks"
    assert {"house-rules.toml", "hipaa.toml", "gdpr.toml"} <= {path.name for path in frameworks.iterdir()}
