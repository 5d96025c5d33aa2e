"""What must hold of the settings as a whole."""

from gateway.core.errors import ConfigurationError
from gateway.core.ids import SYSTEM
from gateway.settings.advise import check_advise
from gateway.settings.agents import check_agent
from gateway.settings.approvals import check_channels, check_glass, check_notified
from gateway.settings.archive import check_archive
from gateway.settings.callbacks import check_callback
from gateway.settings.capabilities import check_capabilities
from gateway.settings.emergency import check_emergency
from gateway.settings.evidence import check_encryption, check_evidence
from gateway.settings.forms import check_between, check_unique
from gateway.settings.forwarding import check_forwards
from gateway.settings.identity import check_certificate, check_issuer, check_named
from gateway.settings.limits import check_counting, check_limits, check_prices
from gateway.settings.ner import check_ner
from gateway.settings.networks import check_named_networks
from gateway.settings.purposes import check_purposes
from gateway.settings.retention import check_retention
from gateway.settings.scheduling import check_schedules
from gateway.settings.server import check_clients, check_keys, check_reachable
from gateway.settings.settings import Settings
from gateway.settings.subjects import check_subjects
from gateway.settings.tasks import check_tasks
from gateway.settings.tsas import check_tsas
from gateway.settings.witnesses import check_witnesses


def consistent(settings: Settings) -> None:
    """`ConfigurationError` with the first thing that is wrong, and what would be right; of issuers, of each."""
    for table in ("zone", "network", "processor", "agent", "tenant", "callback"):
        check_unique(table, [item.id for item in getattr(settings, table)])
    check_unique("issuer", [item.issuer for item in settings.issuer], named="issuer", form=None)
    zones = {zone.id for zone in settings.zone}
    processors = {processor.id for processor in settings.processor}
    tenants = {tenant.id for tenant in settings.tenants}
    for index, zone in enumerate(settings.zone):
        if zone.within is not None and zone.within not in zones:
            raise ConfigurationError(f"zone[{index}].within names no [[zone]]")
    check_named_networks(settings.network, tenants)
    for index, agent in enumerate(settings.agent):
        check_agent(f"agent[{index}]", agent, zones, processors)
        if not tenants.issuperset(agent.tenants):
            raise ConfigurationError(f"agent[{index}].tenants names no [[tenant]]")
    _callers(settings)
    _issuers(settings, zones)
    for index, certificate in enumerate(settings.certificate):
        check_certificate(f"certificate[{index}]", certificate, zones, tenants)
    for index, callback in enumerate(settings.callback):
        check_callback(f"callback[{index}]", callback, zones, tenants)
        for caller in callback.callers:
            check_named(settings.issuer, caller.partition("/")[0], f"callback[{index}].callers")
    capabilities = {capability for agent in settings.agent for capability in agent.capabilities}
    clash = sorted(capabilities & {agent.id for agent in settings.agent})
    if clash:
        raise ConfigurationError(f"agent ids and capabilities must differ: {clash[0]} is both")
    check_emergency(settings.emergency, capabilities, zones)
    check_counting(settings.limits)
    check_tasks(settings.tasks)
    check_subjects(settings.subjects)
    check_advise(settings.advise)
    check_evidence(settings.evidence)
    for index, tenant in enumerate(settings.tenants):
        named = settings.evidence.recipients if tenant.bundle_recipients is None else tenant.bundle_recipients
        encryption = tenant.bundle_encryption or settings.evidence.encryption
        check_encryption(f"tenant[{index}].bundle_recipients", encryption, named)
    check_archive(settings.archive, settings.tenants)
    check_purposes(settings.purpose, frozenset(tenants))
    check_retention(settings.retention, frozenset(tenants))
    check_keys(settings.keys, settings.database)
    if not {*tenants, SYSTEM}.issuperset(settings.ledger.public_hashes):
        raise ConfigurationError("ledger.public_hashes must name configured tenants, or _system")
    check_witnesses(settings.witness, settings.ledger.witness_quorum, settings.ledger.require_witnesses)
    check_tsas(settings.tsa)
    limit = settings.ledger.max_uncovered_s
    if limit is not None and limit <= settings.ledger.checkpoint_interval_s:
        raise ConfigurationError("ledger.max_uncovered_s must be more than ledger.checkpoint_interval_s")
    check_forwards(settings.forward, frozenset(tenants))
    check_schedules(settings.schedule, frozenset(tenants))
    check_reachable(settings.server)
    check_clients(settings.server, certificates=bool(settings.certificate))
    check_notified(settings.approvals)
    check_channels(settings.channel, frozenset(tenants))
    check_glass(settings.break_glass)
    check_ner(settings.ner)
    if "unscanned" in settings.cache.classes:
        raise ConfigurationError("cache.classes must not name unscanned: what could not be read is never kept")
    check_limits(settings.limit, settings.agent, settings.tenants, settings.issuer)
    check_prices(settings.price, settings.limit, settings.agent)
    check_capabilities(settings.capability, settings.agent, settings.price)
    _bounds(settings)


def _issuers(settings: Settings, zones: set[str]) -> None:
    """What is wrong with each, in one error: they are written together, and often copied from one another."""
    wrong = list[str]()
    for index, issuer in enumerate(settings.issuer):
        try:
            check_issuer(f"issuer[{index}]", issuer, zones)
        except ConfigurationError as error:
            wrong.append(str(error))
    if wrong:
        raise ConfigurationError("; ".join(wrong))


def _callers(settings: Settings) -> None:
    """Who calls as which agent: a caller is one agent, of a tenant that is there."""
    tenants, seen = {tenant.id for tenant in settings.tenants}, set[str]()
    for index, agent in enumerate(settings.agent):
        for caller in agent.callers:
            tenant, slash, subject = caller.partition("/")
            if not slash or not subject or tenant not in tenants:
                raise ConfigurationError(f"agent[{index}].callers must be <tenant>/<subject>, of a configured tenant")
            check_named(settings.issuer, tenant, f"agent[{index}].callers")
            if caller in seen:
                raise ConfigurationError(f"agent[{index}].callers holds a caller that is there twice: it is one agent")
            seen.add(caller)
        whose = {caller.partition("/")[0] for caller in agent.callers}
        if agent.pull and len(tenants) > 1 and set(agent.tenants) != whose:
            raise ConfigurationError(
                f"agent[{index}].tenants must name the tenant of its callers: what it fetches is that tenant's alone"
            )
        if agent.callers and agent.cache_s > 0:
            raise ConfigurationError(
                f"agent[{index}].cache_s must be 0 for an agent with callers: what it answers is made of what the "
                "caller that it works for may have"
            )
        if agent.delegation and not agent.callers:
            raise ConfigurationError(
                f"agent[{index}].callers must say who it calls as: a delegation token alone lets nobody in"
            )


def _bounds(settings: Settings) -> None:
    server = settings.server
    for name, value, low, high in (
        ("server.port", server.port, 0, 65535),
        ("server.workers", server.workers, 1, 64),
        ("server.max_body_bytes", server.max_body_bytes, 1024, 1 << 30),
        ("server.max_answer_bytes", server.max_answer_bytes, 1024, 1 << 30),
        ("server.max_depth", server.max_depth, 4, 512),
        ("server.body_timeout_s", server.body_timeout_s, 0.1, 600),
        ("server.write_timeout_s", server.write_timeout_s, 0.1, 3600),
        ("ledger.checkpoint_interval_s", settings.ledger.checkpoint_interval_s, 0.1, 86400),
        ("limits.timeout_ms", settings.limits.timeout_ms, 1, 10_000),
        ("limits.concurrency", settings.limits.concurrency, 1, 1_000_000),
        ("limits.output_tokens", settings.limits.output_tokens, 0, 1_000_000_000),
        ("mcp.session_idle_s", settings.mcp.session_idle_s, 1, 604_800),
        ("sessions.idle_days", settings.sessions.idle_days, 1, 3_650),
        ("approvals.wait_s", settings.approvals.wait_s, 1, 2_592_000),
        ("approvals.use_s", settings.approvals.use_s, 1, 2_592_000),
        ("approvals.waiting", settings.approvals.waiting, 1, 1_000_000),
        ("approvals.supervise_s", settings.approvals.supervise_s, 1, 600),
        ("sessions.denied_s", settings.sessions.denied_s, 0, 604_800),
        ("delegation.lifetime_s", settings.delegation.lifetime_s, 1, 86_400),
        ("delegation.max_depth", settings.delegation.max_depth, 1, 32),
        ("delegation.max_children", settings.delegation.max_children, 1, 1_000_000),
        ("tasks.concurrency", settings.tasks.concurrency, 1, 10_000),
        ("tasks.target_concurrency", settings.tasks.target_concurrency, 1, 10_000),
        ("tasks.pending", settings.tasks.pending, 1, 10_000_000),
        ("tasks.tries", settings.tasks.tries, 1, 20),
        ("tasks.retry_s", settings.tasks.retry_s, 0.001, 3600),
        ("tasks.retry_max_s", settings.tasks.retry_max_s, 0.001, 86_400),
        ("tasks.lease_s", settings.tasks.lease_s, 1, 3600),
        ("tasks.poll_s", settings.tasks.poll_s, 0.01, 60),
        ("tasks.max_delay_s", settings.tasks.max_delay_s, 0, 31_536_000),
        ("tasks.max_age_s", settings.tasks.max_age_s, 1, 31_536_000),
        ("tasks.callback_tries", settings.tasks.callback_tries, 1, 100),
        ("tasks.keep_s", settings.tasks.keep_s, 0, 31_536_000),
        ("tasks.keep_failed_s", settings.tasks.keep_failed_s, 0, 31_536_000),
        ("cache.entries", settings.cache.entries, 1, 10_000_000),
        ("cache.size_bytes", settings.cache.size_bytes, 1024, 1 << 40),
        ("classification.budget_ms", settings.classification.budget_ms, 1, 10_000),
    ):
        check_between(name, value, low, high)
