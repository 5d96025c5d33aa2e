"""From a directory of policy to the version that is active, with its record."""

from collections.abc import Mapping

from gateway.bootstrap.clock import SystemClock
from gateway.bootstrap.digests import config_digest
from gateway.bootstrap.recognizers import engine_of
from gateway.bootstrap.site import Site
from gateway.checks.classification.registry import DEFAULT
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.tenancy import Versions
from gateway.checks.policy.version import PolicySet, diff, from_bytes, policy_set, to_bytes
from gateway.core.errors import ConfigurationError, FormatError
from gateway.core.ids import uuid7
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry
from gateway.ledger.record import Detail, Envelope, encode_detail, timestamp
from gateway.settings import Settings
from gateway.store.directory import SYSTEM
from gateway.store.writer_base import LedgerWriter

MAX_DIFF = 256
"""Lines of what changed that one record tells."""
_AT_START = "single-person: activated at start, from the policy directory"
_RENAMED = "the same as before for this tenant, from now on by the name of the version that is its own"
_UNREAD = "the version before is of a form that is not read any more: what changed is not known"


def load_policy_set(settings: Settings, engine_version: str) -> PolicySet:
    """What the configured directory holds, for all tenants; `ConfigurationError` for what is no policy set."""
    return policy_set(policy_files(settings), settings, engine_version)


def served(shared: PolicySet, settings: Settings) -> tuple[Policy, Versions]:
    """The one policy that serves all tenants, which knows each one's own version by its digest, and these versions."""
    versions = Versions(shared, settings.channel)
    return Policy(shared, settings, versions=versions.digests()), versions


def proposed(settings: Settings) -> tuple[Policy, PolicySet]:
    """The configured directory as a policy that could be served with, whether it is active or not.

    A version names the engine that ships; recognizers of the operator's own are in it as the files that they are."""
    shared = load_policy_set(settings, DEFAULT.version)
    policy, _ = served(shared, settings)
    if policy.recognizers:
        engine_of(policy, SystemClock(), settings.classification.budget_ms)
    return policy, shared


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


async def activate(site: Site, tenant: str, versions: Versions) -> bool:
    """Make a tenant's own version of the policy the active one of its ledger, with its record, unless it is; True if it
    was not.

    `ConfigurationError` where four eyes are asked for: then a directory that differs is only a proposal. One that does
    not differ for this tenant passes: what was active may bear another name, as of before there were tenants' own.
    """
    ledger, digest = site.tenants[tenant].ledger, versions.digests()[tenant]
    active = await site.policies.active(ledger)
    if active == digest:
        return False
    version = versions.of(tenant)
    stored = None if active is None else await site.policies.get(active)
    lines, same = _changed(tenant, stored, version, site.settings)
    if active is not None and site.settings.policy.four_eyes and not same:
        raise ConfigurationError(
            "the policy directory differs from the active version, and policy.four_eyes is on: put the active version "
            "back; proposing another needs a second person and is not available in this version"
        )
    # The version first: a crash before the record leaves one that was never active.
    await site.policies.put(to_bytes(version))
    now = site.clock.now_us()
    detail = encode_detail(Detail(reason=_RENAMED if same else _AT_START, diff=lines[:MAX_DIFF]))
    salt = new_salt()
    envelope = Envelope(
        id=uuid7(now),
        tenant=ledger,
        event="policy.activated",
        occurred_at=timestamp(now),
        policy=digest,
        config=config_digest(site.settings),
        node=site.node,
        detail=committed(salt, "detail", detail),
    )
    # A crash before: the former version is active, and the next start does this again. After: this one is.
    writer = await site.ledgers.open(ledger)
    await writer.append(Entry.of(envelope, detail=detail, salt=salt, activates=digest))
    return True


def _changed(tenant: str, stored: bytes | None, version: PolicySet, settings: Settings) -> tuple[tuple[str, ...], bool]:
    """What a tenant's version has otherwise than the one that was active, a line each, and whether it is the same."""
    if stored is None:
        return diff(None, version), False
    try:
        former = Versions(from_bytes(stored), settings.channel).of(tenant)
    except (ConfigurationError, FormatError):
        return (_UNREAD,), False
    return ((), True) if former == version else (diff(former, version), False)


class InForce:
    """Whether the policy that this node serves by is in force for a ledger, by the version of its tenant. Agents,
    callbacks and callers are part of it, so that a node which serves by another does not know some of them, or not any
    more."""

    def __init__(self, site: Site, writers: Mapping[str, LedgerWriter], policy: Policy) -> None:
        self._site, self._writers = site, writers
        self._digests = {entry.ledger: policy.version(name) for name, entry in site.tenants.items() if name != SYSTEM}

    def known(self, ledger: str) -> bool:
        """As the ledger's writer last saw it; False for a ledger that is not written here."""
        writer, digest = self._writers.get(ledger), self._digests.get(ledger)
        return writer is not None and digest is not None and writer.policy == digest

    async def asked(self, ledger: str) -> bool:
        """As the database has it. `LedgerUnavailable` when it cannot be asked."""
        digest = self._digests.get(ledger)
        return digest is not None and await self._site.policies.active(ledger) == digest
