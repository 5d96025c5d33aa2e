"""What people must say before a message may go, and who may say it. Values in, a value out.

A rule's obligation `approve:<n>/<role>` is a demand: that many different persons of that role must approve. All demands
of a decision must be met, and each answer counts for one of them. One denial ends it. Nobody answers who asked, who has
edited what was asked, or who has answered already; all of them are compared as persons, so that a second credential
makes nobody a second person.

`supervise:<agent>` asks a registered agent. It must say yes, whatever people say. In a rule that demands people too it
counts as one of them, but never as the last: where the rule asks for n it is n - 1 persons then, and at least one. What
another rule demands is not made less by it.
"""

from collections.abc import Iterable

from gateway.core.approval import Answer, Demand
from gateway.core.decision import Ruling
from gateway.core.refusal import Refusal

PERSON = "person"
_SUPERVISE = "supervise"


def demanded(ruling: Ruling | None, obligations: Iterable[str]) -> tuple[Demand, ...]:
    """What people must say before a message of this ruling goes: of each rule by itself, then all together. Without a
    ruling nothing is known of which rule asked for what, and no supervisor counts: `obligations` are those of all."""
    if ruling is None:
        return demands(obligation for obligation in obligations if not _supervises(obligation))
    return joined(*(demands(verdict.obligations) for verdict in ruling.verdicts))


def supervisors(obligations: Iterable[str]) -> tuple[str, ...]:
    """The agents that must say yes, by id, sorted."""
    return tuple(sorted({item.partition(":")[2] for item in obligations if _supervises(item)}))


def demands(obligations: Iterable[str]) -> tuple[Demand, ...]:
    """The demands among one rule's obligations, the larger number where one role is asked for twice; sorted by role."""
    obligations = tuple(obligations)
    found: dict[str, int] = {}
    counted = any(map(_supervises, obligations))
    for obligation in obligations:
        name, _, rest = obligation.partition(":")
        if name != "approve":
            continue
        number, slash, role = rest.partition("/")
        role, count = (role, int(number)) if slash else (rest, 1)
        count = max(1, count - 1) if counted else count
        found[role] = max(found.get(role, 0), count)
    return tuple(Demand(role, count) for role, count in sorted(found.items()))


def _supervises(obligation: str) -> bool:
    return obligation.partition(":")[0] == _SUPERVISE


def joined(*several: Iterable[Demand]) -> tuple[Demand, ...]:
    """All demands together, the larger number where one role is asked for twice."""
    found: dict[str, int] = {}
    for one in several:
        for demand in one:
            found[demand.role] = max(found.get(demand.role, 0), demand.count)
    return tuple(Demand(role, count) for role, count in sorted(found.items()))


def open_demands(asked: Iterable[Demand], answers: Iterable[Answer]) -> tuple[Demand, ...]:
    """What is still missing."""
    given: dict[str, int] = {}
    for answer in answers:
        if answer.approved:
            given[answer.role] = given.get(answer.role, 0) + 1
    left = ((demand.role, demand.count - given.get(demand.role, 0)) for demand in asked)
    return tuple(Demand(role, count) for role, count in left if count > 0)


def role_of(
    asked: tuple[Demand, ...],
    answers: tuple[Answer, ...],
    *,
    kind: str,
    roles: tuple[str, ...],
    persons: tuple[str, ...],
    barred: Iterable[str],
) -> str | Refusal:
    """The role under which these persons answer, or why they may not. `barred`: the requester and who has edited.

    Who holds none of the roles that are asked learns nothing of what there is to approve: `not_found`.
    """
    held = frozenset(roles)
    if not any(demand.role in held for demand in asked):
        return Refusal(code="not_found", field="id")
    if kind != PERSON:
        return Refusal(code="approver_barred", hint="the credential of a person")
    taken = {*barred, *(person for answer in answers for person in answer.persons)}
    if not persons or taken.intersection(persons):
        return Refusal(
            code="approver_barred", hint="somebody who neither asked, nor edited it, nor has answered already"
        )
    for demand in open_demands(asked, answers):
        if demand.role in held:
            return demand.role
    return Refusal(code="approver_barred", hint="somebody of a role that has not answered yet")
