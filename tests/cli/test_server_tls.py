"""A server's certificate and key, before it serves."""

import shutil
from pathlib import Path

import pytest

from gateway.cli.common import load_settings
from gateway.cli.server_tls import check_tls
from gateway.core.errors import ConfigurationError
from tests.cli.kit import copied
from tests.cli.test_serve import certificate


def _check(directory: Path) -> None:
    settings = load_settings(directory / "gateway.toml")
    check_tls(settings.server, settings)


def test_none_and_what_belongs_together_are_well(site: Path) -> None:
    _check(site)
    certificate(site)
    _check(site)


def test_a_key_of_another_one_with_a_password_or_away_is_refused(site: Path, made: Path, tmp_path: Path) -> None:
    """Nobody is asked for the password."""
    certificate(site)
    locked = copied(made, tmp_path / "locked")
    certificate(locked, b"a password")
    for directory, spoil in (
        (locked, lambda: None),
        (site, lambda: shutil.copy(locked / "tls" / "gateway.pem", site / "tls" / "gateway.pem")),
        (site, (site / "tls" / "gateway.key").unlink),
    ):
        spoil()
        with pytest.raises(ConfigurationError, match="must be PEM files that belong together, the key without pass"):
            _check(directory)
