"""Advice on where agents should run: what only people know about the house, and the thresholds of each verdict."""

from typing import Literal

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.forms import ID, check_between

Expertise = Literal["none", "some", "strong"]
MAX_CLASSES = 64


class AdviseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A questionnaire, and thresholds. What is not answered is told as such, and never taken for a yes."""

    orchestration: bool | None = None
    """Whether services of the house's own are run by an orchestrator that restarts and moves them."""
    observability: bool | None = None
    """Whether somebody watches metrics, logs and traces of what runs in the house."""
    on_call: bool | None = None
    """Whether somebody is called when it fails, at any hour."""
    accelerators: bool | None = None
    """Whether there are machines that models run on fast enough."""
    operations: Expertise | None = None
    """How well the people of the house can run such services themselves."""
    security: Expertise | None = None
    """How well they can secure them."""
    models: Expertise | None = None
    """How well they can run models."""
    cloud: Expertise | None = None
    """How well they can run and pay for services in a cloud."""
    sensitive: tuple[str, ...] = ("phi", "pii", "pci", "special-category", "secret", "unscanned")
    """The data classes that count as sensitive."""
    sensitive_share: float = 0.5
    """Share of requests with sensitive data from which on a capability is a sensitive one."""
    plain_share: float = 0.05
    """Share up to which it is a plain one; between the two it is mixed."""
    volatile: float = 1.0
    """Volatility of its load from which on it is volatile."""
    steady: float = 0.5
    """Volatility up to which it is steady."""
    min_days: int = 7
    """Days on record below which nothing is concluded."""
    min_requests: int = 200
    """Requests on record below which nothing is concluded."""


def check_advise(advise: AdviseSettings) -> None:
    if not 1 <= len(advise.sensitive) <= MAX_CLASSES or not all(ID.fullmatch(name) for name in advise.sensitive):
        raise ConfigurationError(f"advise.sensitive must be 1 to {MAX_CLASSES} names of data classes, without class:")
    check_between("advise.sensitive_share", advise.sensitive_share, 0, 1)
    check_between("advise.plain_share", advise.plain_share, 0, 1)
    check_between("advise.volatile", advise.volatile, 0, 100)
    check_between("advise.steady", advise.steady, 0, 100)
    check_between("advise.min_days", advise.min_days, 1, 3_650)
    check_between("advise.min_requests", advise.min_requests, 1, 1_000_000_000)
    if advise.plain_share >= advise.sensitive_share:
        raise ConfigurationError("advise.plain_share must be less than advise.sensitive_share")
    if advise.steady >= advise.volatile:
        raise ConfigurationError("advise.steady must be less than advise.volatile")
