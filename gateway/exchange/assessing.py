"""The control frameworks of the policy that is active, as assessments of records that OSCAL is made of."""

from collections.abc import Sequence

from gateway.core.errors import ConfigurationError
from gateway.evidence.oscal import Assessment
from gateway.exchange.frameworks import Framework
from gateway.exchange.terms import in_force, questions
from gateway.store.policies import PolicyStore


async def assessments(policies: PolicyStore, ledger: str) -> Sequence[Assessment]:
    """One for each framework of the ledger's active policy version, in the order of their names.

    `ConfigurationError` where no policy is active yet, or it has no framework: an assessment of nothing would look as
    if there were nothing to tell, or one that cannot be read (`terms.in_force`).
    """
    terms = await in_force(policies, ledger)
    if terms is None:
        raise ConfigurationError("oscal needs a policy that is active: none is yet")
    if not terms.frameworks:
        raise ConfigurationError("oscal needs a control framework: the active policy has no file in frameworks/")
    return [_assessment(one) for one in terms.frameworks]


def _assessment(one: Framework) -> Assessment:
    return Assessment(framework=one.id, title=one.title, text=one.text, questions=questions(one))
