"""What comes with the gateway: the policy set, and control frameworks besides those that are active."""

from collections.abc import Iterable
from pathlib import Path

import gateway
from gateway.core.errors import ConfigurationError
from gateway.exchange.frameworks import FOLDER
from gateway.settings import Settings


def shipped_policies() -> Path:
    """The policy set that ships, from the source tree or from what the wheel carries."""
    place = _found()
    if place is None:
        raise ConfigurationError("the shipped policies are missing from this installation")
    return place


def inactive_frameworks(settings: Settings, active: Iterable[str]) -> frozenset[str]:
    """The ids of frameworks whose file ships, or lies in the policy directory, and which are not active.

    They serve a hint alone: where nothing ships, those of the directory are all there are, and nothing fails for it.
    """
    places = filter(None, (_found(), settings.path(settings.policy.directory)))
    return frozenset(file.stem for place in places for file in (place / FOLDER).glob("*.toml")) - {*active}


def _found() -> Path | None:
    package = Path(gateway.__file__).parent
    places = (package / "_shipped" / "policies", package.parent / "policies")
    return next((place for place in places if (place / "policy.csv").is_file()), None)
