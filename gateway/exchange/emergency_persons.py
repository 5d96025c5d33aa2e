"""What emergency ledgers have on record of persons who are to be erased: who was sent it, and who is named beside them.

A file that cannot be read does not keep an erasure from being done, for what is sealed in it dies with the keys; it is
named, so that who accounts for the erasure knows where else to look.
"""

from collections.abc import Collection, Mapping

import msgspec

from gateway.core.errors import RecordsArchived, VerificationError
from gateway.exchange.emergency_trail import EmergencyTrail
from gateway.ledger.record import parse, parse_detail

_DISCLOSED = ("exchange.requested", "exchange.attempted")


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """`records`: emergency ledger → how many of its records; `agents`: who was sent anything; `beside`: pseudonyms that
    such a record names beside them; `unread`: emergency ledgers whose file is away, or is not the one on record."""

    records: Mapping[str, int]
    agents: frozenset[str]
    beside: frozenset[str]
    unread: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """In words, for the record."""
        counted = (f"emergency {name}: {count} records" for name, count in self.records.items())
        return (*counted, *(f"emergency {name}: its file could not be read" for name in self.unread))


async def reached(trail: EmergencyTrail, ids: Collection[str]) -> Reached:
    """What is on record of these pseudonyms, while their keys are there."""
    keys = await trail.keys(ids)
    records: dict[str, int] = {}
    agents, beside, unread = set[str](), set[str](), list[str]()
    for spliced in await trail.spliced():
        try:
            async for some in trail.named_in(spliced.one, keys, details=True):
                records[spliced.one.id] = records.get(spliced.one.id, 0) + len(some)
                for stored in some:
                    envelope = parse(stored.envelope)
                    if envelope.event in _DISCLOSED and envelope.agent is not None:
                        agents.add(envelope.agent)
                    beside.update((parse_detail(stored.detail).subjects or ()) if stored.detail is not None else ())
        except (RecordsArchived, VerificationError):
            unread.append(spliced.one.id)
    return Reached(records=records, agents=frozenset(agents), beside=frozenset(beside) - set(ids), unread=tuple(unread))
