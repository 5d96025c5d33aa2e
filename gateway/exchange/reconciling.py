"""What the ledger says was sent to agents, as `evidence.reconcile` compares it with logs: to which host, and when.

Where something was sent stands in the record's detail. Where that is gone, it is where the agent is registered now.
"""

from collections.abc import Iterable, Mapping

from gateway.evidence.reconcile.comparing import Comparison, Sent
from gateway.evidence.reconcile.hosts import Place, place_of, target
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
        self._registered = {agent.id: place_of(agent.url) for agent in settings.agent if not agent.pull}
        self._schemes = {agent.id: f"{agent.url.partition('://')[0]}://" for agent in settings.agent if not agent.pull}
        found: dict[str, set[str]] = {}
        ports: dict[str, set[int | None]] = {}
        self.aliases: dict[Place, Place] = {}
        """Further names of hosts, and the one that stands for each here."""

        def behind(place: Place, agent: str) -> None:
            found.setdefault(place[0], set()).add(agent)
            ports.setdefault(place[0], set()).add(place[1])

        for agent, own in self._registered.items():
            if own is not None:
                behind(own, agent)
        for written, agent in hosts.items():
            further = place_of(written) or (written, None)
            main = self._registered.get(agent)
            if main is None:
                behind(further, agent)
            elif further[0] not in found or further[1] not in {None, *ports[further[0]]}:
                self.aliases[further] = main if further[1] is not None else (main[0], None)
        self.hosts: dict[str, frozenset[str]] = {host: frozenset(agents) for host, agents in found.items()}
        """Host → the agents that are registered behind it."""
        self.ports: dict[str, frozenset[int | None]] = {host: frozenset(known) for host, known in ports.items()}
        """Host → the ports that these are at."""
        checks: dict[Place, set[str]] = {}
        for one in settings.agent:
            own, asked = self._registered.get(one.id), target(f"{one.url.rstrip('/')}{one.health}")
            if one.health is not None and own is not None and asked is not None:
                # Some logs leave the query out. One that is there has to be the check's.
                checks.setdefault(own, set()).update((asked, asked.partition("?")[0]))
        self._checks = {place: frozenset(asked) for place, asked in checks.items()}
        self.told = Unheld()

    def comparison(self, since: int, until: int) -> Comparison:
        """One with logs, of this period in microseconds, that knows where agents are and what they are asked for their
        health with."""
        return Comparison(since, until, self.hosts, self.ports, self.aliases, self._checks)

    def take(self, tenant: str, chunk: Iterable[Decided]) -> list[Sent]:
        """What these records of a tenant say was sent."""
        made = []
        for one in chunk:
            envelope = parse(one.envelope)
            if envelope.agent is None or envelope.seq is None:
                continue  # a kept answer, for which nobody was asked
            counts = self._since <= envelope.occurred_at < self._until
            detail = None if one.detail is None else parse_detail(one.detail)
            place = self._place(envelope.agent, None if detail is None else detail.destination)
            if envelope.agent in self._pulling:
                self.told.pulled += counts
            elif place is None:
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
                        place[0],
                        envelope.exchange,
                        envelope.trace,
                        place[1],
                        one.emergency,
                    )
                )
        return made

    def _place(self, agent: str, destination: str | None) -> Place | None:
        """Where it was sent. A destination without a port is at its scheme's: as the agent is registered now, since no
        record says; None, which is any port, where it is registered no more."""
        scheme = self._schemes.get(agent, "")
        written = None if destination is None else place_of(f"{scheme}{destination}")
        return self._registered.get(agent) if written is None else written

    def _count(self, at: str) -> None:
        told = self.told
        told.sent += 1
        told.first = at if told.first is None else min(told.first, at)
        told.last = at if told.last is None else max(told.last, at)
