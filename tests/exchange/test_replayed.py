"""Records of decisions, counted together where they are alike."""

import pytest

from gateway.exchange import replayed
from gateway.ledger.record import (
    CandidateInfo,
    ClassesInfo,
    DecisionInfo,
    Detail,
)
from tests.checks.policy.making import policy, rule
from tests.exchange.simulation_kit import CLOSED, DIGEST, OPEN, decided, simulated


async def test_different_questions_are_bounded_and_what_is_beyond_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replayed, "MAX_QUESTIONS", 2)
    records = [decided(number, Detail(subject="alice", roles=(f"r{number % 3}",))) for number in range(6)]
    found = await simulated(policy(OPEN), policy(CLOSED), *records)
    assert (found.questions, found.requests, found.beyond) == (2, 4, 2)


async def test_callers_whom_no_policy_calls_by_name_ask_one_question() -> None:
    records = [decided(number, Detail(subject=f"p{number}", roles=("clerk",))) for number in range(6)]
    assert (await simulated(policy(OPEN), policy(CLOSED), *records)).questions == 1


async def test_what_is_forgotten_on_the_way_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [
        decided(
            number,
            Detail(
                subject=f"caller{number % 3}", roles=(("clerk",), ("clerk", "nurse"))[number % 2], source="10.0.0.1"
            ),
            classes=ClassesInfo(found=(("internal",), ("pii",))[number % 5 == 0], declared=(), inherited=(), floor=()),
            decision=DecisionInfo(
                effect=("route", "deny")[number % 7 == 0], rules=("open",), obligations=(), policy=DIGEST
            ),
        )
        for number in range(60)
    ]
    rules = (OPEN, rule("nurses", 2, "role:nurse", "class:pii", "zone:in-house", eft="deny"))
    whole = await simulated(policy(*rules), policy(CLOSED), *records)
    monkeypatch.setattr(replayed, "_REMEMBERED", 1)
    assert await simulated(policy(*rules), policy(CLOSED), *records) == whole
    assert (whole.requests, whole.questions) == (60, 4)


async def test_records_that_are_not_replayed_are_each_counted() -> None:
    onward = (CandidateInfo(agent="local", zone="in-house", healthy=True, answer="onward"),)
    found = await simulated(policy(OPEN), policy(CLOSED), *(decided(number, candidates=onward) for number in range(3)))
    assert (found.requests, found.onward) == (0, 3)
