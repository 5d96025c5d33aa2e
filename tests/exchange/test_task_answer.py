"""What the end of a try means for its task, and how long the next one is waited for."""

from typing import Any

import pytest

from gateway.core.decision import Decision
from gateway.core.refusal import CODES
from gateway.exchange.exchange import Exchange, Routed
from gateway.exchange.task_answer import AGAIN, LATER, Taken, Verdict, verdict
from gateway.settings import TaskSettings
from tests.exchange.making import caller, exchange, route

RULES = TaskSettings(retry_s=1.0, retry_max_s=10.0)


def asked(code: str, **fields: Any) -> Exchange:
    """An exchange at its end, with an agent that has a floor."""
    found = exchange()
    decision = Decision(effect="route", agent="local", rules=(), obligations=(), policy="sha256:1", candidates=())
    found.routed = Routed(decision=decision, route=route(floor=("pci",)), masked={}, rest=(), inputs={}, explanation=())
    found.code, found.opened, found.caller, found.subjects = code, True, caller(), ("su_1",)
    for name, value in fields.items():
        setattr(found, name, value)
    return found


def judged(
    code: str, taken: Taken | None = None, tries: int = 1, chance: float = 1.0, most: int = 5, sent: bool = False
) -> Verdict:
    given = taken or Taken()
    return verdict(code, given, sent=sent, tries=tries, most_tries=most, settings=RULES, chance=chance, now_us=0)


async def answered(status: int, *headers: tuple[str, str]) -> Taken:
    taken = Taken()
    await taken.start(status, list(headers))
    await taken.write(b"a")
    await taken.write(b"b", last=True)
    return taken


async def test_an_answer_is_kept_with_the_headers_that_tell_what_it_is() -> None:
    taken = await answered(201, ("Content-Type", "text/plain"), ("RateLimit", "1"), ("X-Decision", "route"))
    ended = asked("ok", told=frozenset({"pii", "phi", "unscanned"}), inherited=frozenset({"phi"}))
    result = taken.result(ended)
    assert (result.status, result.body, result.classes) == (201, b"ab", ("phi", "pii", "unscanned"))
    assert result.headers == (("content-type", "text/plain"), ("x-decision", "route"))
    assert (result.inherited, result.floor, result.agent) == (("phi", "unscanned"), ("pci",), "local")
    assert (result.purpose, result.subjects, result.content) == ("TREAT", ("su_1",), True)


@pytest.mark.parametrize(
    ("code", "opened", "media", "content"),
    [
        ("agent_refused", True, "application/json", True),
        ("policy_denied", False, "application/json", False),
        ("answer_withheld", True, "application/json", False),
        ("agent_timeout", True, "application/json", False),
        ("agent_timeout", True, "text/event-stream", True),
    ],
)
async def test_an_error_of_the_gateways_own_holds_nothing_of_an_agents(
    code: str, opened: bool, media: str, content: bool
) -> None:
    result = (await answered(200, ("content-type", media))).result(asked(code, opened=opened))
    assert (result.content, result.agent) == (content, "local" if content else "")


def test_the_codes_are_those_of_refusals_and_none_has_two_meanings() -> None:
    assert set(CODES) | {"client_disconnected"} >= AGAIN | LATER
    assert not AGAIN & LATER


@pytest.mark.parametrize("code", ["ok", "cached"])
def test_an_answer_is_the_end(code: str) -> None:
    assert judged(code).meaning == "done"


@pytest.mark.parametrize("code", ["policy_denied", "answer_withheld", "schema_violation", "approval_denied"])
def test_a_refusal_is_the_end_too(code: str) -> None:
    assert judged(code).meaning == "failed"


async def test_what_an_agent_refuses_is_the_end_unless_it_asks_for_patience() -> None:
    assert judged("agent_refused", await answered(404)).meaning == "failed"
    asked = judged("agent_refused", await answered(429, ("retry-after", "30")))
    assert (asked.meaning, asked.wait_s) == ("again", 30.0)


def test_what_an_agent_asks_for_is_waited_but_not_beyond_the_tasks_own_time() -> None:
    def wait_s(**fields: float) -> float:
        given = Taken()
        return verdict(
            "agent_unavailable",
            given,
            sent=True,
            tries=1,
            most_tries=5,
            settings=RULES,
            chance=1.0,
            now_us=0,
            **fields,
        ).wait_s

    assert wait_s(asked_s=900.0) == 900.0
    assert wait_s(asked_s=900.0, left_s=60.0) == 60.0
    assert wait_s(asked_s=900.0, left_s=-1.0) == 1.0


def test_waits_double_up_to_a_bound_and_lose_up_to_a_half_by_chance() -> None:
    waits = [judged("agent_unavailable", tries=tries, most=9).wait_s for tries in range(1, 7)]
    assert waits == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert judged("agent_unavailable", tries=3, chance=0.0).wait_s == 2.0


def test_after_the_last_try_it_has_failed_and_what_was_never_sent_waits_on() -> None:
    assert judged("agent_timeout", tries=5).meaning == "failed"
    assert judged("agent_overloaded", tries=5).meaning == "later"


@pytest.mark.parametrize("code", sorted(LATER))
def test_what_may_have_been_sent_is_a_try_whatever_it_ended_with(code: str) -> None:
    assert judged(code, tries=1, most=1).meaning == "later"
    assert judged(code, tries=1, most=1, sent=True).meaning == "failed"
    assert judged(code, tries=1, most=2, sent=True).meaning == "again"


def test_people_are_not_asked_every_second() -> None:
    waits = judged("approval_required")
    assert (waits.meaning, waits.wait_s) == ("later", 10.0)
