"""What comes with the gateway: the policy set, and control frameworks besides those that are active."""

from collections.abc import Iterable
from pathlib import Path

import gateway
from gateway.core.errors import ConfigurationError
from gateway.exchange.frameworks import FOLDER
from gateway.settings import Settings


def shipped_policies() -> Path:
    """The policy set that ships, from the source tree or from what the wheel carries."""
    package = Path(gateway.__file__).parent
    for place in (package / "_shipped" / "policies", package.parent / "policies"):
        if (place / "policy.csv").is_file():
            return place
    raise ConfigurationError("the shipped policies are missing from this installation")


def inactive_frameworks(settings: Settings, active: Iterable[str]) -> frozenset[str]:
    """The ids of frameworks whose file ships, or lies in the policy directory, and which are not active."""
    places = (shipped_policies(), settings.path(settings.policy.directory))
    return frozenset(file.stem for place in places for file in (place / FOLDER).glob("*.toml")) - {*active}
