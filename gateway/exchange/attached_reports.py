"""The reports that a bundle may take along, with what policy versions say of recipients, and the policy of classes.

As pages and data, or typeset for print. Among them is one for each control framework of the policy version that is in
force, an operator's own as those that ship. What is personal and what is masked is told as that version says it.
"""

from collections.abc import Sequence

from gateway.evidence.attachment import Attachment
from gateway.evidence.figures.standing import Stood
from gateway.evidence.reports.attached import FORMS, PRINTED, Asked, attached
from gateway.evidence.reports.register import Registers
from gateway.evidence.selection import Selection
from gateway.exchange.terms import Terms, questions


def reports(
    registers: Registers,
    terms: Terms,
    selection: Selection | None = None,
    *,
    printed: bool = False,
    stood: Stood | None = None,
) -> Sequence[Attachment]:
    """The makers, for the tenant of these registers and a bundle of this selection, before which so much stood."""
    asked = [Asked(one.id, one.title, one.text, questions(one)) for one in terms.frameworks]
    forms = PRINTED if printed else FORMS
    return attached(registers, terms.known, asked, selection=selection, forms=forms, stood=stood)
