"""What reports know of a policy version and records do not say: its own data classes, what its recognizers find, and
its control frameworks. The same for a report by itself and for those that a bundle takes along."""

import msgspec

from gateway.checks.classification.classes import CLASS_TYPES, maskable
from gateway.checks.classification.own import load
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import PolicySet, from_bytes
from gateway.core.errors import ConfigurationError, FormatError
from gateway.evidence.figures.provisions import Question
from gateway.evidence.figures.seen import Known
from gateway.exchange import frameworks
from gateway.exchange.frameworks import Framework
from gateway.store.policies import PolicyStore


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """By what reports are made. Without arguments: by what ships, for a ledger that no policy was ever active for."""

    known: Known = Known(maskable={name: maskable(name) for name in sorted(CLASS_TYPES)})
    frameworks: tuple[Framework, ...] = ()


def terms_of(policy: Policy, shared: PolicySet) -> Terms:
    """Those of a policy and the set that it was made of. `ConfigurationError` for a file of recognizers or frameworks
    that is none."""
    own = load(policy.recognizers, policy.implied).types
    return Terms(
        known=Known(
            personal=policy.personal_classes,
            maskable={name: maskable(name, own) for name in sorted(policy.known_classes)},
        ),
        frameworks=frameworks.load(shared.members, classes=policy.known_classes, zones=policy.known_zones),
    )


async def in_force(policies: PolicyStore, ledger: str) -> Terms | None:
    """Those of the policy version that is active for a ledger, whatever is configured by now; None before the first.

    `ConfigurationError` where that version cannot be read by this build: a report by other classes than those in force
    would call personal data plain."""
    digest = await policies.active(ledger)
    if digest is None:
        return None
    data = await policies.get(digest)
    if data is None:
        raise ConfigurationError("the policy version that is active is not in the database")
    try:
        shared = from_bytes(data)
    except FormatError as error:
        raise ConfigurationError(
            "the active policy is of a form that is not read any more: activate one anew"
        ) from error
    return terms_of(Policy(shared, None), shared)


def questions(framework: Framework) -> tuple[Question, ...]:
    """The provisions of a framework as figures ask for them."""
    return tuple(
        Question(
            framework=framework.id,
            id=one.id,
            title=one.title,
            text=one.text,
            report=one.report,
            columns=one.columns,
            queries=tuple(
                {name: str(value) for name, value in msgspec.to_builtins(query).items()} for query in one.queries
            ),
            sections=one.sections,
            needs=one.needs,
            lacks=one.lacks,
            standing=one.standing,
        )
        for one in framework.provisions
    )
