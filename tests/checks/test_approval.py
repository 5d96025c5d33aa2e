"""Who may answer, and when enough have: compared as persons, each answer for one demand."""

from typing import Any

import pytest

from gateway.checks.approval import demanded, demands, joined, open_demands, role_of, supervisors
from gateway.core.approval import Answer, Demand
from gateway.core.decision import Ruling, Verdict, asks
from gateway.core.refusal import Refusal

TWO = (Demand("legal", 1), Demand("privacy", 2))


def answer(role: str, *persons: str, approved: bool = True) -> Answer:
    return Answer(actor="ac_1", role=role, approved=approved, persons=persons, at_us=1)


def asked(*answers: Answer, **fields: Any) -> str | Refusal:
    values: dict[str, Any] = {
        "kind": "person",
        "roles": ("privacy",),
        "persons": ("eve",),
        "barred": ("ada",),
        **fields,
    }
    return role_of(TWO, answers, **values)


def test_demands_are_read_from_obligations_and_the_larger_number_holds() -> None:
    found = demands(("approve:privacy", "redact", "approve:2/privacy", "approve:legal"))
    assert found == TWO
    assert demands(("redact",)) == ()


def test_demands_of_two_agents_together_are_never_less_than_either() -> None:
    assert joined((Demand("privacy", 1),), (Demand("privacy", 3), Demand("legal", 1)), ()) == (
        Demand("legal", 1),
        Demand("privacy", 3),
    )


def ruling(*of_rules: tuple[str, ...]) -> Ruling:
    verdicts = tuple(
        Verdict(data_class=f"c{number}", allowed=True, rule=f"r{number}", obligations=obligations)
        for number, obligations in enumerate(of_rules)
    )
    union = {item for one in of_rules for item in one}
    return Ruling(allowed=True, rules=(), obligations=tuple(sorted(union)), verdicts=verdicts)


@pytest.mark.parametrize(
    ("of_rules", "people"),
    [
        ([("approve:3/privacy", "supervise:ward")], 2),
        ([("approve:2/privacy", "supervise:ward")], 1),
        ([("approve:privacy", "supervise:ward")], 1),
        ([("supervise:ward",)], 0),
        # What one rule demands is not made less by a supervisor of another.
        ([("approve:2/privacy",), ("supervise:ward",)], 2),
        ([("approve:2/privacy",), ("approve:2/privacy", "supervise:ward")], 2),
        ([("approve:2/privacy", "supervise:ward"), ("approve:2/privacy", "supervise:desk")], 1),
    ],
)
def test_a_supervisor_counts_as_one_in_its_own_rule_and_never_as_the_last(
    of_rules: list[tuple[str, ...]], people: int
) -> None:
    decided = ruling(*of_rules)
    assert demanded(decided, decided.obligations) == ((Demand("privacy", people),) if people else ())
    assert asks(decided.obligations)


def test_without_its_rules_a_decision_asks_as_many_people_as_it_says() -> None:
    assert demanded(None, ("approve:2/privacy", "supervise:ward")) == (Demand("privacy", 2),)


def test_supervisors_are_named_once_each() -> None:
    assert supervisors(("supervise:ward", "redact", "supervise:desk", "approve:ward")) == ("desk", "ward")
    assert not asks(("redact", "declassify:pii"))


def test_what_is_missing_is_what_was_asked_less_what_was_approved() -> None:
    given = (answer("privacy", "eve"), answer("privacy", "bob", approved=False))
    assert open_demands(TWO, given) == (Demand("legal", 1), Demand("privacy", 1))
    assert open_demands(TWO, (*given, answer("privacy", "cyd"), answer("legal", "dan"))) == ()


def test_a_person_of_a_role_that_is_asked_may_answer() -> None:
    assert asked() == "privacy"
    assert asked(roles=("other", "legal")) == "legal"


def test_who_holds_none_of_the_roles_learns_nothing_of_what_there_is() -> None:
    refused = asked(roles=("clerk",))
    assert isinstance(refused, Refusal)
    assert refused.code == "not_found"


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        ((), {"persons": ("ada",)}),
        ((), {"persons": ("eve", "ada")}),
        ((), {"persons": ()}),
        ((), {"kind": "service"}),
        ((), {"kind": "agent"}),
        ((answer("privacy", "eve"),), {}),
        ((answer("privacy", "bob", "eve"),), {}),
        ((answer("privacy", "bob"), answer("privacy", "cyd")), {}),
    ],
    ids=[
        *("the requester", "for the requester", "nobody", "a service", "an agent", "twice"),
        *("behind another", "a role that has answered"),
    ],
)
def test_nobody_answers_who_is_no_other_person(answers: tuple[Answer, ...], fields: dict[str, Any]) -> None:
    refused = asked(*answers, **fields)
    assert isinstance(refused, Refusal)
    assert refused.code == "approver_barred"


def test_one_person_of_two_roles_answers_once() -> None:
    first = asked(roles=("legal", "privacy"))
    assert first == "legal"
    again = asked(answer("legal", "eve"), roles=("legal", "privacy"))
    assert isinstance(again, Refusal)
