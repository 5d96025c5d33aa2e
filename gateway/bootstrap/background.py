"""What goes on beside requests, as long as the gateway serves."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from gateway.bootstrap.archiving import keep_archiving
from gateway.bootstrap.failover import watching
from gateway.bootstrap.forwarding import Forwards
from gateway.bootstrap.foundation import Foundation
from gateway.bootstrap.stamps import stamping
from gateway.bootstrap.subjects import erasure_of
from gateway.bootstrap.takeover import TakeOver
from gateway.bootstrap.witnesses import offering
from gateway.core.errors import GatewayError
from gateway.core.ids import SYSTEM
from gateway.core.ports import Clock
from gateway.exchange.archive_figures import ArchiveFigures
from gateway.exchange.auditor import Auditor
from gateway.exchange.bundling import Bundling
from gateway.exchange.erasure import Erasure
from gateway.exchange.failover import Failover
from gateway.exchange.glass import Glass
from gateway.exchange.metrics import Metrics
from gateway.exchange.parts import Parts
from gateway.exchange.probing import probes
from gateway.exchange.scheduling import Scheduling
from gateway.exchange.shared import SharedCounters
from gateway.exchange.stamping import Stamping
from gateway.exchange.witnessing import Witnessing
from gateway.ledger.times import parse_timestamp
from gateway.settings import LedgerSettings
from gateway.store.incidents import IncidentStore
from gateway.store.indexer import Indexer
from gateway.store.kept import KeptStore
from gateway.store.session_tokens import TokenStore
from gateway.store.sticking import StickingClasses
from gateway.store.writer_base import LedgerWriter

_SWEEP_S = 5.0
_EXPIRY_S = 30.0
_AGAIN_S = 10.0
"""How long a task that was cancelled has to end what it is at, before it is cancelled again."""
_USE_S = 60.0
_GLASS_S = 3.0
_POSTINGS_S = 5.0
_log = logging.getLogger("gateway")


def begin(
    base: Foundation,
    parts: Parts,
    takeover: TakeOver,
    *,
    auditors: Mapping[str, Auditor],
    bundling: Bundling,
    schedulings: Sequence[Scheduling],
    glass: Glass,
    sticking: StickingClasses,
    shared: SharedCounters | None,
    witnessings: Mapping[str, Witnessing],
    stampings: Mapping[str, Stamping],
    forwards: Forwards,
    failover: Failover,
) -> list["asyncio.Task[None]"]:
    """All of it, until `stopped`."""
    site, settings = base.site, base.site.settings
    figures = ArchiveFigures()
    site.metrics.archives(figures.states)
    tasks = [
        asyncio.create_task(
            _checkpoints(
                auditors,
                {name: base.writers[entry.ledger] for name, entry in site.tenants.items()},
                settings.ledger,
                site.clock,
                site.metrics,
            )
        ),
        asyncio.create_task(_postings([Indexer(site.engine, one.ledger) for one in site.tenants.values()])),
        asyncio.create_task(
            offering(
                witnessings,
                {name: base.writers[entry.ledger] for name, entry in site.tenants.items()},
                settings.ledger.checkpoint_interval_s,
            )
        ),
        asyncio.create_task(stamping(stampings, settings.ledger.checkpoint_interval_s)),
        *([asyncio.create_task(watching(failover))] if site.where.kind == "postgresql" else []),
        asyncio.create_task(bundling.run()),
        *(asyncio.create_task(one.run()) for one in schedulings),
        asyncio.create_task(_failures(parts)),
        asyncio.create_task(_renewals(glass)),
        asyncio.create_task(
            _expiries(
                parts,
                glass,
                KeptStore(site.engine, site.clock),
                TokenStore(site.engine, base.sealer, site.clock, settings.sessions.idle_days),
                [one.ledger for one in site.tenants.values()],
            )
        ),
        asyncio.create_task(
            _incidents(IncidentStore(site.engine), site.metrics, [one.ledger for one in site.tenants.values()])
        ),
        asyncio.create_task(_erasures(parts, erasure_of(base), [one.ledger for one in site.tenants.values()])),
        asyncio.create_task(keep_archiving(site, figures)),
        asyncio.create_task(parts.notices.run(parts.ledgers)),
        asyncio.create_task(site.denials.watch(base.writers)),
        asyncio.create_task(parts.underway.watch()),
        asyncio.create_task(takeover.watch()),
        asyncio.create_task(site.flags.watch(lambda ledger: site.denials.of(ledger).revision, base.writers)),
        *(asyncio.create_task(one.run()) for one in forwards.each),
        *([] if shared is None else [asyncio.create_task(shared.run())]),
        asyncio.create_task(site.api_keys.use.keep(_USE_S)),
        asyncio.create_task(sticking.watch()),
        *(asyncio.create_task(probe) for probe in probes(settings.agent, base.registry, base.client, parts.health)),
    ]
    for task in tasks:
        task.add_done_callback(told)
    return tasks


async def covered(auditors: Mapping[str, Auditor], within_s: float) -> None:
    """A last checkpoint of each ledger, by tenant's configured id, before a process ends in order: what is changed
    while nothing serves is found by it. What cannot be had within `within_s` seconds is left to the next start, and
    that is said."""
    try:
        async with asyncio.timeout(within_s):
            for name, auditor in auditors.items():
                await _published(name, auditor)
    except TimeoutError:
        _log.error("no last checkpoint of every ledger within %s seconds: the next start makes it", within_s)


def told(task: "asyncio.Task[None]") -> None:
    """A defect that ended one of them is told at once: nobody waits for it until the gateway stops."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        name = getattr(task.get_coro(), "__qualname__", "")
        _log.error("what goes on beside requests has ended: %s: %s", name, type(error).__name__)


async def stopped(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Stop them all, also those after one that has failed. Each is cancelled until it has ended: one cancellation can
    be lost in a library, as `asyncio.wait_for` of Python 3.11 loses it that comes together with what it waits for."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)


async def _checkpoints(
    auditors: Mapping[str, Auditor],
    writers: Mapping[str, LedgerWriter],
    settings: LedgerSettings,
    clock: Clock,
    metrics: Metrics,
) -> None:
    while True:
        await asyncio.sleep(settings.checkpoint_interval_s)
        for name, auditor in auditors.items():
            await checkpointed(name, auditor, writers[name], settings.max_uncovered_s, clock, metrics)


async def checkpointed(
    name: str, auditor: Auditor, writer: LedgerWriter, limit_s: float | None, clock: Clock, metrics: Metrics
) -> None:
    """Publish what is due, and tell what is not covered all the same. Where it is not for longer than `limit_s`, no new
    exchange begins until it is."""
    await _published(name, auditor)
    whose = SYSTEM if name == SYSTEM else "a tenant"
    try:
        since = await auditor.published.due_since()
    except Exception as error:  # noqa: BLE001 — as it is not known, what was decided last stands
        _log.error("what no checkpoint of %s covers could not be looked at: %s", whose, type(error).__name__)
        return
    age_s = 0.0 if since is None else max(0.0, (clock.now_us() - parse_timestamp(since)) / 1e6)
    metrics.uncovered(writer.tenant, age_s)
    late = limit_s is not None and age_s > limit_s
    if late != writer.held:
        _log.error(
            "%s of %s", "no checkpoint for too long: nothing new is taken" if late else "checkpoints again", whose
        )
    writer.held = late


async def _published(name: str, auditor: Auditor) -> None:
    try:
        await auditor.publisher.publish()
    except Exception as error:  # noqa: BLE001 — whatever it was, the next interval or start tries again
        why = str(error) if isinstance(error, GatewayError) else type(error).__name__  # our own words name no values
        _log.error("no checkpoint of %s: %s", SYSTEM if name == SYSTEM else "a tenant", why)


async def _postings(indexers: Sequence[Indexer]) -> None:
    """Make what searches find by. What is not made is looked through, so that nothing waits for it."""
    while True:
        await asyncio.sleep(_POSTINGS_S)
        for indexer in indexers:
            try:
                await indexer.run()
            except Exception as error:  # noqa: BLE001 — whatever it was, the next round tries again
                _log.error("postings could not be made: %s", type(error).__name__)


async def _failures(parts: Parts) -> None:
    while True:
        await asyncio.sleep(_SWEEP_S)
        await flush(parts, everything=False)


async def _renewals(glass: Glass) -> None:
    """Learn what other processes have lent."""
    while glass.configured:
        await asyncio.sleep(_GLASS_S)
        try:
            await glass.refresh()
        except Exception as error:  # noqa: BLE001 — nothing is lent meanwhile, and the next round tries again
            _log.error("what is lent could not be read: %s", type(error).__name__)


async def _expiries(parts: Parts, glass: Glass, kept: KeptStore, tokens: TokenStore, ledgers: Sequence[str]) -> None:
    """End approvals whose time is over, destroy kept content whose days are and tokens whose session is, and tell of
    reviews that are late. Whoever meets an approval before ends it there and then; this is for the others."""
    while True:
        await asyncio.sleep(_EXPIRY_S)
        for ledger in ledgers:
            try:
                await parts.approvals.expire(ledger)
            except Exception as error:  # noqa: BLE001 — whatever it was, the next round tries again
                _log.error("approvals could not be ended: %s", type(error).__name__)
            try:
                await kept.sweep(ledger)
            except Exception as error:  # noqa: BLE001 — nobody is given what is over, and the next round tries again
                _log.error("kept content could not be destroyed: %s", type(error).__name__)
            try:
                await tokens.sweep(ledger)
            except Exception as error:  # noqa: BLE001 — no session finds what is over, and the next round tries again
                _log.error("tokens could not be destroyed: %s", type(error).__name__)
            try:
                await glass.remind(ledger, parts.ledgers.of(ledger))
            except Exception as error:  # noqa: BLE001 — whatever it was, the next round tries again
                _log.error("late reviews could not be told: %s", type(error).__name__)


async def _incidents(store: IncidentStore, metrics: Metrics, ledgers: Sequence[str]) -> None:
    """Count those that are open. They are opened beside this process, by a command."""
    while True:
        for ledger in ledgers:
            try:
                metrics.incidents(ledger, await store.open(ledger))
            except Exception as error:  # noqa: BLE001 — the last count stands, and the next round tries again
                _log.error("open incidents could not be counted: %s", type(error).__name__)
        await asyncio.sleep(_EXPIRY_S)


async def _erasures(parts: Parts, erasure: Erasure, ledgers: Sequence[str]) -> None:
    """Go on with erasures whose delay is over."""
    while True:
        await asyncio.sleep(_EXPIRY_S)
        for ledger in ledgers:
            try:
                await erasure.advance(ledger, parts.ledgers.of(ledger))
            except Exception as error:  # noqa: BLE001 — whatever it was, the next round goes on from where this one was
                _log.error("an erasure could not go on: %s", type(error).__name__)


async def flush(parts: Parts, *, everything: bool) -> None:
    """Put counted failures on record. A crash before: at most one window's count is lost, its first failure is not."""
    for counted in parts.failures.due(everything):
        try:
            await parts.ledgers.of(counted.ledger).append(parts.scribe.failed(counted))
        except Exception as error:  # noqa: BLE001 — whatever it was, what was counted is told the next time
            parts.failures.again(counted)
            _log.error("failed identifications could not be recorded: %s", type(error).__name__)
