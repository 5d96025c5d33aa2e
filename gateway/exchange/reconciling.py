"""What the ledger says was sent to agents, as `evidence.reconcile` compares it with logs: to which host, and when.

Where something was sent stands in the record's detail. Where that is gone, it is where the agent is registered now.
"""

from collections.abc import Iterable, Mapping

from gateway.evidence.reconcile.comparing import Sent
from gateway.evidence.reconcile.lines import host_of
from gateway.evidence.reconcile.telling import Unheld
from gateway.ledger.record import parse, parse_detail, parse_timestamp
from gateway.settings import Settings
from gateway.store.decided import Decided

EVENTS = ("exchange.requested", "exchange.attempted")
"""Durable before the first byte leaves for the agent that they name."""


class Disclosed:
    """Reads records of `EVENTS`. `hosts` are further names and addresses of agents, each with the agent's id; records
    that occurred before `since` or not before `until` (27 characters each) are given too, and not counted."""

    def __init__(self, settings: Settings, hosts: Mapping[str, str], since: str, until: str) -> None:
        self._since, self._until = since, until
        self._pulling = frozenset(agent.id for agent in settings.agent if agent.pull)
        self._registered = {agent.id: host_of(agent.url) for agent in settings.agent if not agent.pull}
        found: dict[str, set[str]] = {}
        self.aliases: dict[str, str] = {}
        """Further names of hosts, and the one that stands for each here."""
        for agent, own in self._registered.items():
            if own is not None:
                found.setdefault(own, set()).add(agent)
        for written, agent in hosts.items():
            further = host_of(written) or written
            main = self._registered.get(agent)
            if main is None:
                found.setdefault(further, set()).add(agent)
            elif further not in found:
                self.aliases[further] = main
        self.hosts: dict[str, frozenset[str]] = {host: frozenset(agents) for host, agents in found.items()}
        """Host → the agents that are registered behind it."""
        self.told = Unheld()

    def take(self, tenant: str, chunk: Iterable[Decided]) -> list[Sent]:
        """What these records of a tenant say was sent."""
        made = []
        for one in chunk:
            envelope = parse(one.envelope)
            if envelope.agent is None or envelope.seq is None:
                continue  # a kept answer, for which nobody was asked
            counts = self._since <= envelope.occurred_at < self._until
            detail = None if one.detail is None else parse_detail(one.detail)
            host = None if detail is None or detail.destination is None else host_of(detail.destination)
            host = self._registered.get(envelope.agent) if host is None else host
            if envelope.agent in self._pulling:
                self.told.pulled += counts
            elif host is None:
                self.told.homeless += counts
            else:
                if counts:
                    self._count(envelope.occurred_at)
                made.append(
                    Sent(
                        tenant,
                        envelope.seq,
                        parse_timestamp(envelope.occurred_at),
                        envelope.agent,
                        host,
                        envelope.exchange,
                        envelope.trace,
                        one.emergency,
                    )
                )
        return made

    def _count(self, at: str) -> None:
        told = self.told
        told.sent += 1
        told.first = at if told.first is None else min(told.first, at)
        told.last = at if told.last is None else max(told.last, at)
