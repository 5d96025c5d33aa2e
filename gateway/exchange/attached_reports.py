"""The reports that a bundle may take along, with what the configuration says of recipients.

What is personal and what is masked is told by the classes that ship: a bundle does not know those of an operator's own.
"""

from collections.abc import Sequence

from gateway.checks.classification.classes import CLASS_TYPES, maskable
from gateway.evidence.attachment import Attachment
from gateway.evidence.figures.seen import Known
from gateway.evidence.reports.attached import attached
from gateway.evidence.reports.register import register_of
from gateway.settings import Settings


def reports(settings: Settings, tenant: str) -> Sequence[Attachment]:
    """The makers, for a configured tenant."""
    known = Known(maskable={name: maskable(name) for name in sorted(CLASS_TYPES)})
    return attached(register_of(settings, tenant), known)
