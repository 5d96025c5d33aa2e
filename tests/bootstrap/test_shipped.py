"""What comes with the gateway is found in the source tree and in a wheel, and which frameworks of it are not active."""

from pathlib import Path

import pytest

import gateway as package
from gateway.bootstrap import shipped_policies
from gateway.bootstrap.shipped import inactive_frameworks
from gateway.core.errors import ConfigurationError
from gateway.settings import Settings
from tests.bootstrap.kit import configured
from tests.exchange.own_terms import add_to
from tests.system.kit import policies


def test_a_framework_that_ships_or_lies_in_the_directory_is_inactive_until_it_is_active(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    section = policies(tmp_path)
    directory = Path(section["directory"])
    settings = configured(sqlite_settings, policy=section)
    add_to(directory)
    (directory / "frameworks" / "soc2.toml").unlink()
    found = inactive_frameworks(settings, ["gdpr", "hipaa", "eu-ai-act"])
    assert found == {"house-rules", "pci-dss", "soc2"}
    assert inactive_frameworks(settings, [*found, "gdpr", "hipaa", "eu-ai-act"]) == frozenset()


def test_missing_policies_of_the_package_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "__file__", str(tmp_path / "gateway" / "__init__.py"))
    with pytest.raises(ConfigurationError, match="missing from this installation"):
        shipped_policies()


def test_without_them_the_frameworks_of_the_directory_are_told_and_nothing_fails(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = policies(tmp_path)
    settings = configured(sqlite_settings, policy=section)
    (Path(section["directory"]) / "frameworks" / "soc2.toml").unlink()
    monkeypatch.setattr(package, "__file__", str(tmp_path / "elsewhere" / "gateway" / "__init__.py"))
    assert inactive_frameworks(settings, ["gdpr", "hipaa", "eu-ai-act"]) == {"pci-dss"}


def test_policies_in_a_wheel_are_found_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = tmp_path / "gateway" / "_shipped" / "policies"
    for place in (shipped, tmp_path / "policies"):
        place.mkdir(parents=True)
        (place / "policy.csv").touch()
    monkeypatch.setattr(package, "__file__", str(tmp_path / "gateway" / "__init__.py"))
    assert shipped_policies() == shipped
