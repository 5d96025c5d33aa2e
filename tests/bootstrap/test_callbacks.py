"""Destinations of callbacks are what the configuration says of them, with a secret that can sign."""

from typing import Any

import pytest

from gateway.bootstrap import open_gateway
from gateway.bootstrap.callbacks import destinations_of
from gateway.core.errors import ConfigurationError
from gateway.settings import Settings
from tests.bootstrap.kit import configured
from tests.settings.test_callbacks import GOOD

SECRET = "0123456789abcdef"


def settings(base: Settings, **fields: Any) -> Settings:
    return configured(base, callback=[{**GOOD, "secret": "env:CALLBACK_SECRET", **fields}])


def test_each_is_reached_as_it_is_configured(sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBACK_SECRET", SECRET)
    given = settings(sqlite_settings, pin=["sha256:" + "0" * 64], addresses=["10.0.0.0/8"], ca="ca.pem", timeout_s=2.0)
    (one,) = destinations_of(given).values()
    assert (one.route.url, one.route.zone, one.route.pin) == (GOOD["url"], "partner", ("sha256:" + "0" * 64,))
    assert (one.route.addresses, one.route.timeout_s, one.secret) == (("10.0.0.0/8",), 2.0, SECRET.encode())
    assert one.route.ca == str(given.path("ca.pem"))
    assert one.serves("default", "ada")
    assert SECRET not in repr(one)


def test_a_secret_that_is_too_short_to_sign_with_is_refused(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLBACK_SECRET", "short")
    with pytest.raises(ConfigurationError, match=r"callback\[0\].secret must stand for at least 16 bytes"):
        destinations_of(settings(sqlite_settings))


async def test_who_may_name_one_by_name_holds_a_name_that_nobody_hands_out(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLBACK_SECRET", SECRET)
    async with open_gateway(settings(sqlite_settings, callers=["default/nightly"])) as gateway:
        assert "nightly" in gateway.named("default")
