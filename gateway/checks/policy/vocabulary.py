"""The names a policy may use: classes from its own `g2` lines, everything else from the settings.

A name that nothing stands behind is refused, because a rule that names it would silently never match.
"""

from collections.abc import Iterable, Sequence

import msgspec

from gateway.checks.policy import words
from gateway.checks.policy.structure import Structure
from gateway.core.errors import FormatError


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """Names with their kind, as rules write them; tenants, regions, networks and purposes bare."""

    classes: frozenset[str]
    agents: frozenset[str]
    zones: frozenset[str]
    capabilities: frozenset[str]
    tenants: frozenset[str]
    regions: frozenset[str]
    networks: frozenset[str]
    purposes: frozenset[str]
    channels: frozenset[str]
    placements: tuple[tuple[str, str], ...]
    """What the settings say of where things are: agent → zone and capabilities, zone → broader zone → `zone:*`."""

    @classmethod
    def of(cls, structure: Structure, class_edges: Iterable[Sequence[str]]) -> "Vocabulary":
        return cls(
            classes=frozenset(name for edge in class_edges for name in edge if name.startswith("class:")),
            agents=frozenset(f"agent:{agent.id}" for agent in structure.agents),
            zones=frozenset(f"zone:{zone.id}" for zone in structure.zones),
            capabilities=frozenset(f"capability:{name}" for agent in structure.agents for name in agent.capabilities),
            tenants=frozenset(tenant.id for tenant in structure.tenants),
            regions=frozenset(zone.region for zone in structure.zones if zone.region is not None),
            networks=frozenset(network.id for network in structure.networks),
            purposes=words.PURPOSES | _purposes(structure),
            channels=frozenset(structure.channels),
            placements=_placements(structure),
        )

    def name(self, text: str, *kinds: str) -> str:
        """A name of one of these kinds that something stands behind; callers and roles are free."""
        words.name(text, *kinds)
        known = {
            "class": (self.classes, "a class of a g2 line"),
            "agent": (self.agents, "an [[agent]]"),
            "zone": (self.zones, "a [[zone]]"),
            "capability": (self.capabilities, "a capability of an [[agent]]"),
        }.get(text.partition(":")[0])
        if known is not None and text not in known[0]:
            raise FormatError(f"must name {known[1]}" + words.nearest(text, known[0]))
        return text

    def target(self, text: str) -> str:
        """Where data may go, as a rule names it."""
        return text if text == words.ANY_ZONE else self.name(text, "agent", "zone", "capability")


def _purposes(structure: Structure) -> set[str]:
    """Those that tokens and certificates may allow, of others too where this is what one tenant has."""
    certificates = structure.clients.certificates if structure.clients is not None else ()
    return {
        *structure.purposes,
        *(purpose for issuer in structure.issuers for purpose in issuer.purposes),
        *(purpose for certificate in certificates for purpose in certificate.purposes),
    }


def _placements(structure: Structure) -> tuple[tuple[str, str], ...]:
    edges = []
    for zone in structure.zones:
        if zone.within is not None:
            edges.append((f"zone:{zone.id}", f"zone:{zone.within}"))
        edges.append((f"zone:{zone.id}", words.ANY_ZONE))
    for agent in structure.agents:
        edges.append((f"agent:{agent.id}", f"zone:{agent.zone}"))
        edges += [(f"agent:{agent.id}", f"capability:{name}") for name in agent.capabilities]
    return tuple(edges)
