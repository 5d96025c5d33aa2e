"""What is sealed of a task is read again, also where an earlier version sealed it."""

import msgspec
import pytest

from gateway.core.decision import Decision
from gateway.exchange.rereading import Again
from gateway.exchange.task_kept import Kept, Result, kept_answer, pack, read_kept, read_result, told_stricter
from tests.exchange.task_making import submitter
from tests.store.test_tasks import made

KEPT = Kept(
    protocol="openai",
    method="POST",
    path="/v1/chat/completions",
    query="q=1",
    headers=(("accept", "*/*"),),
    source="10.0.0.1",
    tls=None,
    identity=submitter().identity,
    body=b"abc",
)


def again(effect: str) -> Again:
    decision = Decision(effect=effect, agent=None, rules=(), obligations=(), policy="sha256:1", candidates=())  # type: ignore[arg-type]  # any of its words
    return Again(
        body=b"said",
        parts=1,
        found={},
        scanned="full",
        classes=("public",),
        decision=decision,
        explanation=(),
        told=frozenset(),
    )


def test_what_was_kept_before_origins_were_is_still_read() -> None:
    before = msgspec.to_builtins(KEPT, builtin_types=(bytes,))
    del before["origin"]
    assert read_kept(msgspec.msgpack.encode(before)) == KEPT == read_kept(pack(KEPT))


def test_a_result_that_was_kept_without_its_classes_is_held_as_unscanned() -> None:
    kept = read_result(msgspec.msgpack.encode({"status": 200, "headers": [], "body": b"said"}))
    assert (kept.classes, kept.inherited, kept.content) == (("unscanned",), ("unscanned",), True)


def test_an_answer_is_read_again_with_what_it_answers() -> None:
    result = Result(status=200, headers=(("content-type", "text/plain"),), body=b"said", agent="ward", floor=("phi",))
    answer = kept_answer(made(protocol="openai", action="chat"), KEPT, result)
    assert (answer.protocol, answer.action, answer.agent, answer.floor) == ("openai", "chat", "ward", ("phi",))
    assert answer.request is not None
    assert (answer.request.path, answer.request.query, answer.request.body) == (KEPT.path, "q=1", b"abc")
    assert (answer.answer.status, answer.answer.body) == (200, b"said")
    assert kept_answer(made(), None, result).request is None


@pytest.mark.parametrize(("before", "now", "told"), [("route", "redact", "redact"), ("redact", "route", "redact")])
def test_the_strictest_decision_is_told(before: str, now: str, told: str) -> None:
    headers = (("content-type", "text/plain"), ("x-decision", before))
    assert told_stricter(headers, again(now)) == (("content-type", "text/plain"), ("x-decision", told))
    assert told_stricter((("x-decision", "odd"),), again(now)) == (("x-decision", "odd"),)
