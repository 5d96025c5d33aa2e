"""The reports that a bundle may take along, with what the configuration says of recipients, and the policy of classes.

Among them is one for each control framework of the policy version that is in force, an operator's own as those that
ship. What is personal and what is masked is told as that version says it.
"""

from collections.abc import Sequence

from gateway.evidence.attachment import Attachment
from gateway.evidence.reports.attached import Asked, attached
from gateway.evidence.reports.register import register_of
from gateway.exchange.terms import Terms, questions
from gateway.settings import Settings


def reports(settings: Settings, tenant: str, terms: Terms) -> Sequence[Attachment]:
    """The makers, for a configured tenant."""
    asked = [Asked(one.id, one.title, one.text, questions(one)) for one in terms.frameworks]
    return attached(register_of(settings, tenant), terms.known, asked)
