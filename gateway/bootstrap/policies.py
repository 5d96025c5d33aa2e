"""From a directory of policy to the version that is active, with its record."""

from collections.abc import Mapping, Sequence

from gateway.bootstrap.clock import SystemClock
from gateway.bootstrap.digests import config_digest
from gateway.bootstrap.recognizers import engine_of
from gateway.bootstrap.site import Site
from gateway.checks.classification.registry import DEFAULT
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import PolicySet, diff, from_bytes, policy_set, things_of_others, to_bytes
from gateway.core.errors import ConfigurationError
from gateway.core.ids import uuid7
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry
from gateway.ledger.record import Detail, Envelope, encode_detail, timestamp
from gateway.settings import Settings
from gateway.store.writer_base import LedgerWriter

MAX_DIFF = 256
"""Lines of what changed that one record tells."""


def load_policy_set(settings: Settings, engine_version: str) -> PolicySet:
    """The policy set of the configured directory; `ConfigurationError` for one that must not be served with."""
    return policy_set(policy_files(settings), settings, engine_version)


def proposed(settings: Settings) -> tuple[Policy, PolicySet]:
    """The configured directory as a policy that could be served with, whether it is active or not.

    A version names the engine that ships; recognizers of the operator's own are in it as the files that they are."""
    versioned = load_policy_set(settings, DEFAULT.version)
    policy = Policy(versioned, settings)
    if policy.recognizers:
        engine_of(policy, SystemClock(), settings.classification.budget_ms)
    return policy, versioned


def policy_files(settings: Settings) -> dict[str, bytes]:
    """Everything in the configured directory, by relative path; `ConfigurationError` where there is none."""
    directory = settings.path(settings.policy.directory)
    if not directory.is_dir():
        raise ConfigurationError("policy.directory names no directory: make one with `gateway init`")
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


async def activate(site: Site, tenant: str, versioned: PolicySet) -> bool:
    """Make this version the active one of a tenant, with its record, unless it is; True if it was not.

    `ConfigurationError` where four eyes are asked for: then a directory that differs is only a proposal.
    """
    ledger = site.tenants[tenant].ledger
    active = await site.policies.active(ledger)
    if active == versioned.digest:
        return False
    if active is not None and site.settings.policy.four_eyes:
        raise ConfigurationError(
            "the policy directory differs from the active version, and policy.four_eyes is on: put the active version "
            "back; proposing another needs a second person and is not available in this version"
        )
    stored = None if active is None else await site.policies.get(active)
    # The version first: a crash before the record leaves one that was never active.
    await site.policies.put(to_bytes(versioned))
    now = site.clock.now_us()
    former = None if stored is None else from_bytes(stored)
    hidden = things_of_others((versioned,) if former is None else (former, versioned), tenant)
    detail = encode_detail(
        Detail(
            reason="single-person: activated at start, from the policy directory",
            diff=_told(diff(former, versioned), tenant, hidden),
        )
    )
    salt = new_salt()
    envelope = Envelope(
        id=uuid7(now),
        tenant=ledger,
        event="policy.activated",
        occurred_at=timestamp(now),
        policy=versioned.digest,
        config=config_digest(site.settings),
        node=site.node,
        detail=committed(salt, "detail", detail),
    )
    # A crash before: the former version is active, and the next start does this again. After: this one is.
    writer = await site.ledgers.open(ledger)
    await writer.append(Entry.of(envelope, detail=detail, salt=salt, activates=versioned.digest))
    return True


class InForce:
    """Whether the policy that this node serves by is in force for a ledger. Agents, callbacks and callers are part of
    it, so that a node which serves by another does not know some of them, or not any more."""

    def __init__(self, site: Site, writers: Mapping[str, LedgerWriter], digest: str) -> None:
        self._site, self._writers, self._digest = site, writers, digest

    def known(self, ledger: str) -> bool:
        """As the ledger's writer last saw it; False for a ledger that is not written here."""
        writer = self._writers.get(ledger)
        return writer is not None and writer.policy == self._digest

    async def asked(self, ledger: str) -> bool:
        """As the database has it. `LedgerUnavailable` when it cannot be asked."""
        return await self._site.policies.active(ledger) == self._digest


def _told(lines: Sequence[str], tenant: str, hidden: frozenset[str]) -> tuple[str, ...]:
    """What changed, without the lines that are about other tenants, their callers, agents and callbacks (`hidden`): who
    reads a tenant's ledger must not learn from it that there are others."""
    return tuple(
        line
        for line in lines
        if (not line.startswith("tenant ") or line.startswith(f"tenant {tenant} "))
        and ("caller:" not in line or f"caller:{tenant}/" in line)
        and not line.startswith(tuple(f"{thing} " for thing in hidden))
    )[:MAX_DIFF]
