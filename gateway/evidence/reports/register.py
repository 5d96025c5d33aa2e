"""What the configuration says of whoever gets data: told in reports beside what records show, and apart from it."""

from collections.abc import Mapping

import msgspec

from gateway.evidence.figures.seen import NONE
from gateway.settings import Settings

UNKNOWN = "not in the configuration"
NO_AGREEMENT = "none configured"
NO_PROCESSOR = "none named"
"""What is said of who gets data where the record names no processor: agents of one's own, callbacks."""


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """A processor as it is configured now."""

    legal_name: str
    address: str
    country: str
    safeguard: str
    """The kind of its agreement, or `NO_AGREEMENT`."""
    valid_until: str
    classes: tuple[str, ...]
    no_training: bool
    document: str = ""
    """Digest of the signed agreement."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A zone as it is configured now."""

    trusted: bool
    region: str


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """Processors and zones by their ids, the tenant's days of retention, and what the tenant is called."""

    tenant: str = ""
    retention_days: int = 0
    processors: Mapping[str, Party] = {}
    zones: Mapping[str, Place] = {}
    agents: Mapping[str, str] = {}
    """Agent → its processor's id."""

    def party(self, processor: str) -> Party:
        """As records name it; where they name none, there is none to be told of."""
        return _NONE if processor == NONE else self.processors.get(processor, _NOBODY)

    def place(self, zone: str) -> Place:
        return self.zones.get(zone, _NOWHERE)


def _without(place: str, agreement: str) -> Party:
    return Party(
        legal_name=place,
        address=place,
        country=place,
        safeguard=agreement,
        valid_until="",
        classes=(),
        no_training=False,
    )


_NOBODY, _NONE = _without(UNKNOWN, NO_AGREEMENT), _without(NO_PROCESSOR, NO_PROCESSOR)
_NOWHERE = Place(trusted=False, region=UNKNOWN)


def register_of(settings: Settings, tenant: str) -> Register:
    """The register of a configured tenant."""
    own = next((one for one in settings.tenants if one.id == tenant), None)
    parties = {}
    for one in settings.processor:
        agreement = one.agreement
        parties[one.id] = Party(
            legal_name=one.legal_name,
            address=one.address,
            country=one.country,
            safeguard=NO_AGREEMENT if agreement is None else agreement.kind,
            valid_until="" if agreement is None else agreement.valid_until,
            classes=() if agreement is None else agreement.classes,
            no_training=one.no_training,
            document="" if agreement is None else agreement.digest,
        )
    return Register(
        tenant=tenant if own is None or own.name is None else own.name,
        retention_days=0 if own is None else own.retention_days,
        processors=parties,
        zones={zone.id: Place(trusted=zone.trusted, region=zone.region or UNKNOWN) for zone in settings.zone},
        agents={agent.id: agent.processor for agent in settings.agent if agent.processor is not None},
    )
