"""What a policy set would change of what is active, tenant by tenant. Values in, values out."""

from collections.abc import Callable, Mapping

import msgspec

from gateway.checks.policy import structure
from gateway.checks.policy.tenancy import Versions
from gateway.checks.policy.version import STRUCTURE, PolicySet, diff, from_bytes, made
from gateway.core.errors import ConfigurationError, FormatError
from gateway.settings import Channel

MAX_DIFF = 256
"""Lines of what changes that one record tells."""
RENAMED = "the same as before for this tenant, from now on by the name of the version that is its own"
STRICTER = "the same as before for this tenant, but that from now on two persons are asked for"
UNREAD = "the version before is of a form that is not read any more: what changed is not known"

Cut = Callable[[PolicySet], Mapping[str, PolicySet]]
"""A policy set as each tenant's own version of it, by configured id. `ConfigurationError` for a set that must not be
served by under these settings."""


class Change(msgspec.Struct, frozen=True):
    """What a tenant's version has otherwise than the active one: a line each. `same`: what is said of one that decides
    the same under another name, or asks for two persons besides."""

    lines: tuple[str, ...]
    same: str | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What is active, by ledger (`base`: digests, nothing where there is none yet), what each tenant's version of a set
    is, and what it would change, where it would. `four_eyes`: whether two persons are asked for."""

    base: Mapping[str, str]
    versions: Mapping[str, PolicySet]
    changes: Mapping[str, Change]
    four_eyes: bool

    @property
    def free(self) -> bool:
        """Whether the set may be activated by a start in any case: it is the first, or decides the same as before."""
        return all(ledger not in self.base or change.same for ledger, change in self.changes.items())


def compared(
    own: Mapping[str, PolicySet],
    ledgers: Mapping[str, str],
    base: Mapping[str, str],
    stored: Mapping[str, bytes | None],
    channels: tuple[Channel, ...],
    *,
    four_eyes: bool,
) -> Standing:
    """`own`: a set cut, by tenant; `ledgers`: by tenant; `base` and `stored`: what is active, as digest and as bytes;
    `four_eyes`: as the settings say, and an active version that asks for two asks for them all the same."""
    versions = {ledger: own[tenant] for tenant, ledger in ledgers.items()}
    changes: dict[str, Change] = {}
    for tenant, ledger in ledgers.items():
        data, version = stored.get(ledger), versions[ledger]
        former = _read(data)
        four_eyes = four_eyes or (former is not None and _asks_two(former))
        if base.get(ledger) == version.digest:
            continue
        if data is None:
            changes[ledger] = Change(_shortened(diff(None, version)))
        else:
            changes[ledger] = Change((UNREAD,)) if former is None else _change(tenant, former, version, channels)
    return Standing(base=base, versions=versions, changes=changes, four_eyes=four_eyes)


def _change(tenant: str, former: PolicySet, version: PolicySet, channels: tuple[Channel, ...]) -> Change:
    try:
        own = Versions(former, channels).of(tenant)
    except (ConfigurationError, FormatError):
        return Change((UNREAD,))
    if own == version:
        return Change((), RENAMED)
    stricter = _asks_two(version) and not _asks_two(own) and _asking_two(own) == version
    return Change(_shortened(diff(own, version)), STRICTER if stricter else None)


def _shortened(lines: tuple[str, ...]) -> tuple[str, ...]:
    if len(lines) <= MAX_DIFF:
        return lines
    return (*lines[: MAX_DIFF - 1], f"and {len(lines) - MAX_DIFF + 1} more")


def _read(data: bytes | None) -> PolicySet | None:
    """A stored version; None for one of a form that is not read any more."""
    try:
        return None if data is None else from_bytes(data)
    except FormatError:
        return None


def _asks_two(version: PolicySet) -> bool:
    """Whether a version says that two people are asked for what changes it."""
    try:
        return structure.decode(version.members.get(STRUCTURE, b"")).four_eyes
    except ConfigurationError:
        return False


def _asking_two(version: PolicySet) -> PolicySet:
    facts = msgspec.structs.replace(structure.decode(version.members[STRUCTURE]), four_eyes=True)
    return made({**version.members, STRUCTURE: structure.encode(facts)})
