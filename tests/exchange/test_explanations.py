"""Questions to policy, as they are asked and as they are on record."""

from typing import Any

import msgspec
import pytest

from gateway.core.decision import Question, effect_of
from gateway.core.ports import StoredRecord
from gateway.core.refusal import Refusal
from gateway.exchange.explanations import Asked, Explained, Recorded, explain, explain_recorded, recorded
from gateway.exchange.ordering import WHY
from gateway.ledger.record import (
    CandidateInfo,
    ClassesInfo,
    DecisionInfo,
    Detail,
    Envelope,
    encode_detail,
    seal,
    timestamp,
)
from tests.checks.policy.making import NOON_US, document, policy, rule, shipped

_ID = "01890000-0000-7000-8000-000000000000"


_DETAIL = Detail(subject="alice", roles=("clerk",))


def _stored(detail: Detail | None = _DETAIL, **changed: Any) -> StoredRecord:
    base: dict[str, Any] = {
        "id": _ID,
        "tenant": "tn_" + "1" * 26,
        "event": "exchange.denied",
        "occurred_at": timestamp(NOON_US),
        "exchange": _ID,
        "caller_zone": "in-house",
        "action": "chat",
        "purpose": "TREAT",
        "classes": ClassesInfo(found=("pii",), declared=("phi",), inherited=(), floor=()),
        "decision": DecisionInfo(
            effect="deny", rules=("phi-nowhere-else",), obligations=(), policy="sha256:" + "0" * 64
        ),
        "candidates": (CandidateInfo(agent="sky", zone="cloud", healthy=True, answer="deny"),),
    }
    envelope = Envelope(**(base | changed))
    data = seal(envelope, 0, bytes(32), timestamp(NOON_US))
    return StoredRecord(seq=0, envelope=data, hash=bytes(32), detail=None if detail is None else encode_detail(detail))


_VERSION = "sha256:" + "0" * 64


def _completed(effect: str, policy: str = _VERSION) -> StoredRecord:
    return _stored(
        event="exchange.completed",
        classes=ClassesInfo(found=("phi",), declared=(), inherited=("pii",), floor=()),
        decision=DecisionInfo(effect=effect, rules=("phi-nowhere-else",), obligations=(), policy=policy),
    )


@pytest.mark.parametrize("effect", ["deny", "redact", "route"])
def test_what_was_decided_of_the_answer_is_explained_too(effect: str) -> None:
    """`answer_withheld` was explained by the request, which was allowed."""
    found = recorded([_stored(), _completed(effect)], "default", lambda issuer: True)
    assert isinstance(found, Recorded)
    request, answer = explain_recorded(shipped(), found).answers
    assert (request.agent, request.recorded) == ("sky", "deny")
    assert (answer.agent, answer.zone, answer.recorded) == (None, "in-house", effect)
    assert [one.data_class for one in answer.classes] == ["phi", "pii"]
    assert answer.effect == effect_of(shipped().receive(_asked(found), now_us=NOON_US))


def test_an_answer_that_another_version_decided_on_is_not_explained_by_this_one() -> None:
    found = recorded([_stored(), _completed("deny", "sha256:" + "1" * 64)], "default", lambda issuer: True)
    assert isinstance(found, Recorded)
    assert [one.agent for one in explain_recorded(shipped(), found).answers] == ["sky"]


def _asked(found: Recorded) -> Question:
    return msgspec.structs.replace(found.question, classes=("phi", "pii"))


def test_a_question_on_record_is_read_from_envelope_and_detail_and_asked_again() -> None:
    found = recorded([_stored()], "default", lambda issuer: issuer != "https://elsewhere.example")
    assert isinstance(found, Recorded)
    assert (found.question.classes, found.question.roles) == (("phi", "pii"), ("clerk",))
    explained = explain_recorded(shipped(), found)
    (answer,) = explained.answers
    assert (answer.agent, answer.effect, answer.recorded) == ("sky", "deny", "deny")
    assert "phi-nowhere-else" in answer.rules
    assert explained.at == timestamp(NOON_US)


_REST = {"id": "rest", "protocol": "http", "url": "http://r", "zone": "in-house", "routes": ["POST /notes/{id}"]}


@pytest.mark.parametrize("agents", [("rest",), ()])
def test_an_action_that_no_route_has_is_refused(agents: tuple[str, ...]) -> None:
    using = policy(rule(data="class:any", action="http:*:*"), agent=[_REST], processor=[])
    for action in ("http:POST:/notes/42", "chat"):
        refused = explain(using, Asked(agents=agents, classes=("public",), action=action), "default", NOON_US)
        assert isinstance(refused, Refusal)
        assert refused.field == "action"
        assert "notes/42" not in str(refused.hint)
        assert ("http:POST:/notes/{id}" in str(refused.hint)) is bool(agents)
    right = Asked(agents=agents, classes=("public",), action="http:POST:/notes/{id}")
    assert isinstance(explain(using, right, "default", NOON_US), Explained)
    received = Asked(classes=("public",), action="chat", receive=True)
    assert isinstance(explain(using, received, "default", NOON_US), Explained)


def test_of_all_agents_it_is_enough_that_one_has_the_action() -> None:
    local = {"id": "local", "protocol": "openai", "url": "http://l", "zone": "in-house"}
    using = policy(rule(), agent=[_REST, local], processor=[])
    assert isinstance(explain(using, Asked(classes=("public",)), "default", NOON_US), Explained)


def test_a_record_without_a_decision_or_without_its_detail_cannot_be_asked_again() -> None:
    for stored in (_stored(decision=None), _stored(classes=None), _stored(event="exchange.late"), _stored(None)):
        refused = recorded([stored], "default", lambda issuer: issuer != "https://elsewhere.example")
        assert isinstance(refused, Refusal)
        assert refused.field == "exchange"
    assert isinstance(recorded([], "default", lambda issuer: issuer != "https://elsewhere.example"), Refusal)


def test_where_a_question_comes_from_is_read_from_the_detail_too() -> None:
    ward = policy(rule(data="class:any", when="network:ward; strength:certificate"))
    detail = Detail(subject="alice", roles=("clerk",), source="10.1.2.3", method="jwt+mtls")
    found = recorded([_stored(detail)], "default", lambda issuer: True)
    assert isinstance(found, Recorded)
    assert (found.question.source, found.question.strength) == ("10.1.2.3", "certificate")
    assert ward.ruling(found.question, "local", now_us=NOON_US).allowed
    asked = Asked(agents=("local",), roles=("clerk",), classes=("public",), source="10.1.2.3", strength="certificate")
    told = explain(ward, asked, "default", NOON_US)
    assert isinstance(told, Explained)
    assert [one.effect for one in told.answers] == ["route"]
    told = explain(ward, msgspec.structs.replace(asked, strength=""), "default", NOON_US)
    assert isinstance(told, Explained)
    assert [one.rules for one in told.answers] == [("unknown-way",)]


def test_all_agents_of_the_tenant_are_asked_where_none_is_named_and_none_of_others() -> None:
    agents = document()["agent"]
    agents[2] |= {"tenants": ["other"]}
    two = [{"id": "default", "name": "D"}, {"id": "other", "name": "O"}]
    found = policy(rule(agent="zone:*"), agent=agents, tenant=two)
    explained = explain(found, Asked(roles=("clerk",)), "default", NOON_US)
    assert isinstance(explained, Explained)
    assert [answer.agent for answer in explained.answers] == ["local", "friend"]
    refused = explain(found, Asked(agents=("sky",)), "default", NOON_US)
    assert isinstance(refused, Refusal)
    assert "sky" not in (refused.hint or "")


def test_an_agents_own_floor_is_part_of_what_it_is_asked_about() -> None:
    agents = document()["agent"]
    agents[0] |= {"floor": ["phi"]}
    explained = explain(
        shipped(agent=agents), Asked(agents=("local",), roles=("clerk",), purpose="TREAT"), "default", NOON_US
    )
    assert isinstance(explained, Explained)
    assert [derived.data_class for derived in explained.answers[0].classes] == ["phi", "public"]


def test_without_a_zone_the_caller_is_in_a_trusted_one_and_the_time_is_what_was_said() -> None:
    asked = Asked(receive=True, classes=("phi",), roles=("clerk",), purpose="TREAT", at=timestamp(NOON_US + 1))
    explained = explain(shipped(), asked, "default", NOON_US)
    assert isinstance(explained, Explained)
    assert (explained.zone, explained.at) == ("in-house", timestamp(NOON_US + 1))
    assert [(answer.agent, answer.effect) for answer in explained.answers] == [(None, "route")]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"agents": ("x",)}, "agents"),
        ({"classes": ("x",)}, "classes"),
        ({"zone": "x"}, "zone"),
        ({"roles": ("",)}, "roles"),
        ({"purpose": ""}, "roles"),
        ({"at": "x"}, "at"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(changed: dict[str, Any], field: str) -> None:
    refused = explain(shipped(), msgspec.structs.replace(Asked(), **changed), "default", NOON_US)
    assert isinstance(refused, Refusal)
    assert refused.field == field


def test_an_order_is_told_with_the_agents_that_it_is_for() -> None:
    agents = document()["agent"]
    agents[1]["capabilities"] = ["lookup"]
    found = policy(rule(agent="zone:*"), agent=agents, capability=[{"id": "triage", "order": "fastest"}])
    explained = explain(found, Asked(), "default", NOON_US)
    assert isinstance(explained, Explained)
    (order,) = explained.orders
    assert (order.capability, order.order, order.agents) == ("triage", "fastest", ("local", "sky"))
    assert order.why == WHY["fastest"]
    for asked in (Asked(receive=True), Asked(agents=("friend",))):
        other = explain(found, asked, "default", NOON_US)
        assert isinstance(other, Explained)
        assert other.orders == ()


def test_the_order_of_a_decision_on_record_is_told_as_it_was() -> None:
    seen = (
        CandidateInfo(agent="sky", zone="cloud", healthy=True, answer="deny"),
        CandidateInfo(agent="local", zone="in-house", healthy=True, answer="allow"),
    )
    found = recorded([_stored(candidates=seen, inputs={"order": "cheapest"})], "default", lambda issuer: True)
    assert isinstance(found, Recorded)
    explained = explain_recorded(shipped(), found)
    (order,) = explained.orders
    assert (order.capability, order.order, order.agents) == (None, "cheapest", ("sky", "local"))
    plain = recorded([_stored(candidates=seen)], "default", lambda issuer: True)
    assert isinstance(plain, Recorded)
    assert explain_recorded(shipped(), plain).orders == ()
