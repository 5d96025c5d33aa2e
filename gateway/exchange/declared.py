"""What policy versions say of processors, zones and days of retention, read from the versions that are kept.

A version never changes, and is held to the digest that records name: a report of last year is told by what was in force
then, whatever is configured by now.
"""

import asyncio
from collections.abc import Collection

from gateway.checks.policy import structure
from gateway.checks.policy.structure import ProcessorFacts, Structure
from gateway.checks.policy.version import STRUCTURE, from_bytes
from gateway.core.errors import ConfigurationError, FormatError
from gateway.evidence.reports.register import (
    NO_AGREEMENT,
    NOT_KEPT,
    NOT_READ,
    UNKNOWN,
    Declared,
    Party,
    Place,
    Register,
)
from gateway.store.policies import PolicyStore


class VersionRegisters:
    """Reads registers of one tenant (its configured id). What was read is kept: the same versions are asked for again
    and again. Memory: a register for each version that was asked for, without the version's text."""

    def __init__(self, policies: PolicyStore, tenant: str) -> None:
        self._policies, self._tenant = policies, tenant
        self._read: dict[str, Register | str] = {}

    async def declared(self, versions: Collection[str]) -> Declared:
        """As `reports.register.Registers`."""
        for digest in versions:
            if digest not in self._read:
                self._read[digest] = await self._register(digest)
        return Declared(registers={digest: self._read[digest] for digest in versions})

    async def _register(self, digest: str) -> Register | str:
        data = await self._policies.get(digest)
        if data is None:
            return NOT_KEPT
        await asyncio.sleep(0)  # a text takes milliseconds to read: whoever else has something to do goes on meanwhile
        try:
            facts = structure.decode(from_bytes(data).members.get(STRUCTURE, b""))
        except (FormatError, ConfigurationError):
            return NOT_READ
        return register_of(facts, self._tenant)


def register_of(facts: Structure, tenant: str) -> Register:
    """What a version says for a tenant. One of before there were tenants' own has all of them: what is another's alone
    is left out."""
    own = next((one for one in facts.tenants if one.id == tenant), None)
    used = {agent.processor for agent in facts.agents if not agent.tenants or tenant in agent.tenants}
    return Register(
        retention_days=None if own is None else own.retention_days,
        processors={one.id: _party(one) for one in facts.processors if one.id in used},
        zones={zone.id: Place(trusted=zone.trusted, region=zone.region or UNKNOWN) for zone in facts.zones},
    )


def _party(one: ProcessorFacts) -> Party:
    agreement = one.agreement
    return Party(
        legal_name=one.legal_name,
        address=one.address,
        country=one.country,
        safeguard=NO_AGREEMENT if agreement is None else agreement.kind,
        valid_until="" if agreement is None else agreement.valid_until,
        classes=() if agreement is None else agreement.classes,
        no_training=one.no_training,
        document="" if agreement is None else agreement.digest,
    )
