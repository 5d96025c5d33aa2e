"""Where data may go, with what is known of it: trust, region, and the contract of whoever runs it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import msgspec

from gateway.checks.policy import conditions
from gateway.checks.policy.structure import ProcessorFacts, Structure
from gateway.core.errors import ConfigurationError


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """An agent, or for `receive` the caller's zone."""

    name: str
    """With its kind: `agent:<id>` or `zone:<id>`."""
    facts: frozenset[str]
    """Terms of a `when` that are true of it whatever the request: trust and region."""
    processor: str | None
    kind: str | None
    """`baa`, `dpa` or `scc`, where there is an agreement."""
    covered: frozenset[str]
    """Bare names of the classes that the agreement covers, each by its own name."""
    until_us: int
    """The first instant at which the agreement no longer holds."""

    def contract(self, data_class: str, now_us: int) -> bool:
        """Whether an agreement, still valid, covers the class. False too where there is no processor."""
        return data_class in self.covered and now_us < self.until_us

    def contract_facts(self) -> frozenset[str]:
        """The terms that hold while `contract` does."""
        return frozenset(("contract:valid", f"contract:{self.kind}"))

    def state(self, now_us: int) -> str:
        """`valid`, `lapsed` or `none`."""
        if self.kind is None:
            return "none"
        return "valid" if now_us < self.until_us else "lapsed"


def agents(structure: Structure) -> dict[str, Target]:
    """All agents by id; `ConfigurationError` for an agreement without a proper date."""
    zones = _zones(structure)
    processors = {processor.id: (index, processor) for index, processor in enumerate(structure.processors)}
    found = {}
    for agent in structure.agents:
        kind, covered, until = None, frozenset[str](), 0
        if agent.processor is not None:
            kind, covered, until = _agreement(*processors[agent.processor])
        found[agent.id] = Target(
            name=f"agent:{agent.id}",
            facts=zones[agent.zone],
            processor=agent.processor,
            kind=kind,
            covered=covered,
            until_us=until,
        )
    return found


def zones(structure: Structure) -> dict[str, Target]:
    """All zones by id, as targets of `receive`: no contract covers a caller."""
    return {
        zone: Target(name=f"zone:{zone}", facts=facts, processor=None, kind=None, covered=frozenset(), until_us=0)
        for zone, facts in _zones(structure).items()
    }


def _zones(structure: Structure) -> dict[str, frozenset[str]]:
    return {zone.id: frozenset(_zone_terms(zone.trusted, zone.region)) for zone in structure.zones}


def _zone_terms(trusted: bool, region: str | None) -> Iterable[str]:
    if trusted:
        yield conditions.TRUSTED
    if region is not None:
        yield f"region:{region}"


def _agreement(index: int, processor: ProcessorFacts) -> tuple[str | None, frozenset[str], int]:
    agreement = processor.agreement
    if agreement is None:
        return None, frozenset(), 0
    try:
        last = date.fromisoformat(agreement.valid_until)
        end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(
            f"processor[{index}].agreement.valid_until must be a date, YYYY-MM-DD, the last day it holds"
        ) from error
    if last.isoformat() != agreement.valid_until:
        raise ConfigurationError(f"processor[{index}].agreement.valid_until must be written YYYY-MM-DD")
    return agreement.kind.lower(), frozenset(agreement.classes), int(end.timestamp()) * 1_000_000
