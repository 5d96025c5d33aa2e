"""Requests that are made later: kept, and run when they are due."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.bootstrap.capacity import Capacity
from gateway.bootstrap.digests import config_digest
from gateway.bootstrap.foundation import Foundation
from gateway.bootstrap.identity import standing_of
from gateway.bootstrap.policies import InForce
from gateway.bootstrap.site import Site
from gateway.core.caller import Identity
from gateway.core.errors import ConfigurationError
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Arrival
from gateway.exchange.dispatcher import Dispatcher
from gateway.exchange.exchange import Exchange
from gateway.exchange.ledgers import Ledgers as OpenLedgers
from gateway.exchange.metrics import MessagesState
from gateway.exchange.rereading import Again
from gateway.exchange.task_messages import TaskMessages
from gateway.exchange.task_scribe import TaskScribe
from gateway.exchange.tasks import Fetched, Foresee, Reread, Tasks
from gateway.pipeline import Pipeline
from gateway.settings import Settings, secret
from gateway.settings.tasks import servers
from gateway.store.nkeys import Access, read_credentials, read_seed
from gateway.store.sealing import Sealer
from gateway.store.tasks import TaskStore
from gateway.store.writer_base import LedgerWriter

if TYPE_CHECKING:
    from gateway.store.nats_messages import NatsMessages


def tasks_of(
    site: Site,
    writers: Mapping[str, LedgerWriter],
    sealer: Sealer,
    foresee: Foresee | None = None,
    fetched: Fetched | None = None,
    reread: Reread | None = None,
) -> Tasks:
    """The tasks of an installation. Without `foresee` none can be submitted, and without `fetched` and `reread` no
    result is given: for commands, which look after them."""

    async def unforeseen(_: Arrival) -> tuple[Exchange, Refusal | None]:
        raise ConfigurationError("tasks are submitted to a gateway that serves")

    async def unfetched(*_: object) -> Refusal | None:
        raise ConfigurationError("results are fetched from a gateway that serves")

    async def unread(*_: object) -> Again:
        raise ConfigurationError("results are fetched from a gateway that serves")

    known = {one.id: one for one in site.settings.callback}

    def nameable(identity: Identity, name: str) -> bool:
        return name in known and known[name].serves(identity.tenant, identity.name)

    return Tasks(
        store=TaskStore(site.engine, site.clock),
        scribe=TaskScribe(clock=site.clock, sealing=sealer, node=site.node, config=config_digest(site.settings)),
        sealer=sealer,
        ledgers=OpenLedgers(writers),
        clock=site.clock,
        settings=site.settings.tasks,
        search_key=site.keyring.search_key,
        foresee=foresee or unforeseen,
        fetched=fetched or unfetched,
        reread=reread or unread,
        callback=nameable,
        body_bytes=site.settings.server.max_body_bytes,
    )


def nats_messages(settings: Settings) -> "NatsMessages | None":
    """The servers by which nodes tell each other of tasks; None where each looks for itself. `ConfigurationError` for
    what it takes to get in, or authorities, that are not there."""
    given = settings.tasks
    user, urls = servers(given)
    if not urls:
        return None
    # Its client is read in where there is a server to talk to: it is a seventh of the time that a start takes.
    from gateway.store.nats_messages import NatsMessages  # noqa: PLC0415

    ca = None if given.ca is None else settings.path(given.ca)
    tls = _trusting(ca) if given.url.startswith("tls:") else None
    return NatsMessages(urls, stream=given.stream, replicas=given.replicas, access=_access(settings, user), tls=tls)


def _access(settings: Settings, user: str | None) -> Access:
    given, base = settings.tasks, settings.base
    if given.password is not None:
        return Access(user=user, password=secret(given.password, base))
    if given.token is not None:
        return Access(token=secret(given.token, base))
    if given.nkey is not None:
        return Access(key=read_seed(secret(given.nkey, base), "tasks.nkey"))
    if given.credentials is not None:
        found = read_credentials(secret(given.credentials, base), "tasks.credentials")
        return Access(key=found.key, jwt=found.token)
    return Access()


def _trusting(ca: Path | None) -> ssl.SSLContext:
    """As agents are trusted, whatever the Python: from 3.13 on its default context asks more of a certificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which demands a certificate and checks its name
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca is None:
        made.load_default_certs()
        return made
    if not ca.is_file():
        raise ConfigurationError("tasks.ca names no file")
    # An intermediate authority, or the server's own certificate, may be all that is trusted.
    made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        made.load_verify_locations(ca)
    except (ssl.SSLError, OSError) as error:
        raise ConfigurationError("tasks.ca holds no certificate in PEM form") from error
    return made


def dispatcher_of(base: Foundation, tasks: Tasks, pipeline: Pipeline, messages: TaskMessages | None) -> Dispatcher:
    """What runs tasks when they are due, through the pipeline."""
    site, settings, registry, health = base.site, base.site.settings, base.registry, pipeline.parts.health
    names = {name for agent in settings.agent for name in (agent.id, *agent.capabilities)}

    def shut() -> list[str]:
        """Targets of which no agent would let a call through now: what waits for them waits without a record."""
        return [name for name in names if not any(health.open_to(route.id) for route in registry.candidates(name))]

    pulling, in_force = pipeline.parts.pulling, InForce(site, base.writers, base.policy)
    dispatcher = Dispatcher(
        tasks=tasks,
        handle=pipeline.handle,
        standing=standing_of(site),
        ledgers=OpenLedgers(base.writers),
        clock=site.clock,
        holder=f"{site.node.id}/{site.node.boot}",
        settings=settings.tasks,
        capacity=Capacity({agent.id: agent.concurrency for agent in settings.agent}, registry, pulling),
        shut=shut,
        revision=lambda tenant: site.denials.of(tenant).revision,
        current=in_force.known,
        asked=in_force.asked,
        waited=lambda: pulling is not None and any(pulling.free(agent) for agent in pulling.agents),
        counted=site.metrics.task_tried,
        messages=messages,
    )
    if pulling is not None:
        pulling.on_waiting = lambda agent: dispatcher.wake()
    return dispatcher


def messages_of(site: Site) -> TaskMessages | None:
    """What nodes tell each other of tasks by, where they do; not begun yet."""
    nats = nats_messages(site.settings)
    if nats is None:
        return None
    messages = TaskMessages(nats.connected)
    site.metrics.task_messages(
        lambda: MessagesState(
            connected=messages.state == "connected",
            lost=messages.lost,
            passed={"told": messages.told, "heard": messages.heard, "untold": messages.untold},
        )
    )
    return messages
