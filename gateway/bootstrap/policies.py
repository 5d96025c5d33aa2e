"""From a directory of policy to the version that is active, with its record."""

import logging
from collections.abc import Mapping

from gateway.bootstrap.clock import SystemClock
from gateway.bootstrap.digests import config_digest
from gateway.bootstrap.recognizers import engine_of
from gateway.bootstrap.site import Site
from gateway.checks.classification.engine import Engine
from gateway.checks.classification.registry import DEFAULT
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.structure import decode
from gateway.checks.policy.tenancy import Versions
from gateway.checks.policy.version import STRUCTURE, PolicySet, policy_set
from gateway.core.approval import Answer
from gateway.core.errors import ConfigurationError
from gateway.core.ids import SYSTEM
from gateway.core.ports import Clock
from gateway.exchange import frameworks
from gateway.exchange.activations import Activations
from gateway.exchange.answerers import Answerers
from gateway.exchange.frameworks import Framework
from gateway.exchange.proposals import AT_START, Proposals
from gateway.ledger.rotation import Keys
from gateway.settings import Settings
from gateway.store.proposals import Party, ProposalStore
from gateway.store.writer_base import LedgerWriter

_log = logging.getLogger("gateway.policy")
_NOT_THESE = (
    "the policy directory is not what is active, and what is cannot be served by with this gateway.toml ({}): "
    "start with the gateway.toml that the active version was made for, or `gateway policy activate` what was proposed "
    "with this one (`gateway policy proposals` lists it), and start then"
)


def load_policy_set(settings: Settings, engine_version: str) -> PolicySet:
    """What the configured directory holds, for all tenants; `ConfigurationError` for what is no policy set."""
    return policy_set(policy_files(settings), settings, engine_version)


def served(shared: PolicySet, settings: Settings) -> tuple[Policy, Versions]:
    """The one policy that serves all tenants, which knows each one's own version by its digest, and these versions."""
    versions = Versions(shared, settings.channel)
    policy = Policy(shared, settings, versions=versions.digests())
    frameworks_of(policy, shared)
    return policy, versions


def frameworks_of(policy: Policy, shared: PolicySet) -> tuple[Framework, ...]:
    """The control frameworks of a policy set; `ConfigurationError` for a file that is none."""
    return frameworks.load(shared.members, classes=policy.known_classes, zones=policy.known_zones)


def proposed(settings: Settings) -> tuple[Policy, PolicySet]:
    """The configured directory as a policy that could be served with, whether it is active or not.

    A version names the engine that ships; recognizers of the operator's own are in it as the files that they are."""
    shared = load_policy_set(settings, DEFAULT.version)
    policy, _ = served(shared, settings)
    _searchable(policy, settings)
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


def activations_of(site: Site) -> Activations:
    """What the ledgers of all tenants, and of `_system`, say that they are under."""
    names = {entry.ledger: name for name, entry in site.tenants.items()}

    async def keys(ledger: str) -> Keys:
        return (await site.signing(names[ledger]).load()).keys

    return Activations(site.engine, site.policies, site.archives, keys)


def proposals_of(site: Site) -> Proposals:
    """What makes policies active."""
    answerers = Answerers(directory=site.directory, denials=site.denials, keys=site.api_keys, clock=site.clock)

    async def void(party: Party) -> bool:
        if party.tenant is None or party.tenant not in site.tenants:
            return True
        answer = Answer(
            actor="", role="", approved=True, persons=party.persons, at_us=0, names=party.names, key=party.key
        )
        return await answerers.void(party.tenant, site.tenants[party.tenant].ledger, (answer,))

    return Proposals(
        store=ProposalStore(site.engine, site.keyring.search_key(SYSTEM)),
        policies=site.policies,
        activations=activations_of(site),
        ledgers={name: entry.ledger for name, entry in site.tenants.items() if name != SYSTEM},
        writer=site.writer,
        cut=lambda shared: cut(shared, site.settings),
        channels=site.settings.channel,
        four_eyes=site.settings.policy.four_eyes,
        void=void,
        clock=site.clock,
        node=site.node,
        config=config_digest(site.settings),
        failpoint=site.failpoint,
    )


def cut(shared: PolicySet, settings: Settings) -> dict[str, PolicySet]:
    """Each tenant's own version of a set that may be served by under these settings; `ConfigurationError` for one that
    may not."""
    policy, versions = servable(shared, settings)
    _searchable(policy, settings)
    return {tenant.id: versions.of(tenant.id) for tenant in settings.tenants}


def _searchable(policy: Policy, settings: Settings) -> None:
    """`ConfigurationError` where a policy's recognizers, or types that it names, are not what can be served with."""
    if policy.recognizers or policy.sought:
        engine_of(policy, SystemClock(), settings.classification.budget_ms)


def servable(shared: PolicySet, settings: Settings) -> tuple[Policy, Versions]:
    """As `served`, for a set that may have been stored by another build of the gateway."""
    if decode(shared.members.get(STRUCTURE, b"")).engine != DEFAULT.version:
        raise ConfigurationError("it was made for another version of the gateway's classification")
    return served(shared, settings)


def active_instead(shared: PolicySet, settings: Settings, clock: Clock) -> tuple[Policy, Engine]:
    """The active version to serve by where that is not the directory's; `ConfigurationError` says what would be right
    where this `gateway.toml` is not the one that it was made for."""
    try:
        policy, _ = servable(shared, settings)
        return policy, engine_of(policy, clock, settings.classification.budget_ms)
    except ConfigurationError as error:
        raise ConfigurationError(_NOT_THESE.format(error)) from error


async def settled(site: Site, found: PolicySet) -> PolicySet:
    """The policy set that a node serves by which starts with this one, from its directory: activated, with its record,
    unless it is active already. Or the active one, where this one waits for an activation or was taken back."""
    chosen = await proposals_of(site).start(found, AT_START)
    if chosen != found:
        _log.warning("the policy directory is not what is active: the active version is served, from the database")
    return chosen


class InForce:
    """Whether the policy that this node serves by is in force for a ledger, by the version of its tenant. Agents,
    callbacks and callers are part of it, so that a node which serves by another does not know some of them, or not any
    more."""

    def __init__(self, site: Site, writers: Mapping[str, LedgerWriter], policy: Policy) -> None:
        self._site, self._writers, self._policy = site, writers, policy
        self._tenants = {entry.ledger: name for name, entry in site.tenants.items() if name != SYSTEM}

    def known(self, ledger: str) -> bool:
        """As the ledger's writer last saw it; False for a ledger that is not written here."""
        writer, digest = self._writers.get(ledger), self._served(ledger)
        return writer is not None and digest is not None and writer.policy == digest

    async def asked(self, ledger: str) -> bool:
        """As the database has it. `LedgerUnavailable` when it cannot be asked."""
        digest = self._served(ledger)
        return digest is not None and await self._site.policies.active(ledger) == digest

    def _served(self, ledger: str) -> str | None:
        """The version that is served by at this moment."""
        tenant = self._tenants.get(ledger)
        return None if tenant is None else self._policy.version(tenant)
