"""What a bundle may take along besides its records: kinds of attachments by name, and who makes them.

A kind is a function of `Setting` that gives the makers of its files (`evidence.attachment`). It does no work itself,
and what it says of the configuration or the database must be told apart, in the file, from what the records show.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import ConfigurationError
from gateway.core.refusal import Refusal
from gateway.evidence import forms
from gateway.evidence.attachment import Attachment
from gateway.evidence.figures.standing import Stood
from gateway.evidence.reports import pdf
from gateway.evidence.selection import Selection
from gateway.exchange.assessing import assessments
from gateway.exchange.attached_reports import reports
from gateway.exchange.declared import VersionRegisters
from gateway.exchange.terms import Terms, in_force
from gateway.settings import Settings
from gateway.store.policies import PolicyStore


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind may ask besides the bundle's records. `tenant` is the configured id, `ledger` the random one."""

    settings: Settings
    engine: AsyncEngine
    tenant: str
    ledger: str
    policies: PolicyStore
    terms: Terms = Terms()
    """What the policy in force says of classes and frameworks, as of when the bundle is written."""
    selection: Selection | None = None
    """Of the bundle."""
    stood: Stood | None = None
    """What stood before its range; None where no kind that was asked for tells it."""


PRINTED = "reports-pdf"
Kind = Callable[[Setting], Sequence[Attachment]]


def _assessed(setting: Setting) -> Attachment:
    return forms.AssessmentFile(lambda: assessments(setting.policies, setting.ledger), setting.stood)


def _reports(setting: Setting, *, printed: bool) -> Sequence[Attachment]:
    made = (VersionRegisters(setting.policies, setting.tenant), setting.terms, setting.selection)
    return reports(*made, printed=printed, stood=setting.stood)


KINDS: Mapping[str, Kind] = {
    "csv": lambda setting: (forms.table(),),
    "disclosures": lambda setting: forms.disclosures(VersionRegisters(setting.policies, setting.tenant)),
    "fhir": lambda setting: (forms.audit_events(), forms.AuditEventCoverage()),
    "ocsf": lambda setting: (forms.api_activity(),),
    "oscal": lambda setting: (_assessed(setting),),
    "reports": lambda setting: _reports(setting, printed=False),
    PRINTED: lambda setting: _reports(setting, printed=True),
}
"""Name, as it is asked for → the makers of its files."""
STANDING = frozenset({"oscal", "reports", PRINTED})
"""Kinds that tell what stood before the range."""


def refused(names: Sequence[str], kinds: Mapping[str, Kind] = KINDS) -> Refusal | None:
    """Why these cannot be asked for; None where they can."""
    if len(set(names)) == len(names) and set(names) <= set(kinds):
        missing = PRINTED in names and not pdf.available()
        return Refusal(code="parameter_invalid", field="attach", hint=pdf.MISSING) if missing else None
    hint = f"each once, of: {', '.join(sorted(kinds))}" if kinds else "none: there are no kinds"
    return Refusal(code="parameter_invalid", field="attach", hint=hint)


async def unready(names: Sequence[str], setting: Setting) -> Refusal | None:
    """Why what these kinds, which `refused` has accepted, are made of besides the records is not there; None where it
    is. Asked before a bundle is begun: its maker would come to it when most of it is written."""
    if not names:
        return None
    try:
        if "oscal" in names:
            await assessments(setting.policies, setting.ledger)
        else:
            await in_force(setting.policies, setting.ledger)
    except ConfigurationError as error:
        return Refusal(code="conflict", field="attach", hint=str(error))
    return None


async def attachments(
    names: Sequence[str],
    setting: Setting,
    kinds: Mapping[str, Kind] = KINDS,
    *,
    selection: Selection | None = None,
    stood: Stood | None = None,
) -> tuple[Attachment, ...]:
    """The makers of all files of these kinds, which `refused` has accepted, by the policy that is in force now, for a
    bundle of this selection, before which so much stood."""
    setting = msgspec.structs.replace(setting, selection=selection, stood=stood)
    terms = await in_force(setting.policies, setting.ledger) if names else None
    if terms is not None:
        setting = msgspec.structs.replace(setting, terms=terms)
    return tuple(one for name in names for one in kinds[name](setting))
