"""What is remembered of one record never gets into another."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.decision import CandidateView, Decision
from gateway.exchange import accounts
from gateway.exchange.accounts import Account, Agent, Forms, envelope_of
from gateway.ledger.form import Value
from gateway.ledger.record import Detail, NodeInfo, encode_detail, timestamp

NODE = NodeInfo(id="nd_1", boot="bt_1")
NAME = st.sampled_from(["chat", "ward", "cloud", "phi"])


def forms() -> Forms:
    return Forms(node=NODE, engine="1", config="c")


def values(number: int, **others: Value) -> dict[str, Value]:
    return {
        "id": f"{number:036d}",
        "occurred_at": timestamp(number),
        "exchange": f"{number:036d}",
        "trace": f"{number:032x}",
        "actor": "ac_1",
        **others,
    }


views = st.builds(CandidateView, agent=NAME, zone=NAME, healthy=st.booleans(), answer=NAME, rule=st.none() | NAME)
decisions = st.builds(
    Decision,
    effect=st.sampled_from(["route", "deny"]),
    agent=NAME,
    rules=st.lists(NAME, max_size=2).map(tuple),
    obligations=st.lists(NAME, max_size=2).map(tuple),
    policy=NAME,
    candidates=st.lists(views, max_size=2).map(tuple),
)
media = st.none() | st.sampled_from([(None,), ("application/json",)])
told = st.builds(
    Account,
    event=st.sampled_from(["exchange.requested", "exchange.completed", "exchange.denied"]),
    tenant=NAME,
    purpose=st.none() | NAME,
    action=st.none() | NAME,
    target=st.none() | NAME,
    found=st.none() | st.lists(st.tuples(NAME, st.integers(0, 3)), max_size=2, unique_by=lambda one: one[0]).map(tuple),
    scanned=st.none() | st.sampled_from(["full", "none"]),
    classes=st.none() | st.tuples(*[st.lists(NAME, max_size=1).map(tuple)] * 4),
    decision=st.none() | decisions,
    weighed=st.booleans(),
    inputs=st.none() | st.lists(st.tuples(NAME, NAME), max_size=2, unique_by=lambda one: one[0]).map(tuple),
    agent=st.none() | st.builds(Agent, NAME, NAME, st.none() | NAME, NAME, NAME, NAME, st.none() | NAME),
    attempt=st.none() | st.integers(0, 3),
    ended=st.none() | st.tuples(NAME, st.sampled_from([200, 403])),
    request=media,
    response=media,
)


@given(st.lists(told, min_size=2, max_size=8))
@settings(max_examples=100, deadline=None)
def test_each_record_says_its_own_account_whatever_was_made_before(said: list[Account]) -> None:
    made = forms()
    for number, account in enumerate([*said, *said]):
        expected = envelope_of(account, node=NODE, engine="1", config="c")
        for name, value in values(number).items():
            setattr(expected, name, value)
        assert made.draft(account, values(number)).envelope() == expected


def test_records_with_other_holes_have_another_form() -> None:
    made, account = forms(), Account(event="exchange.completed", tenant="tn_1", ended=("ok", 200))
    bare = made.draft(account, values(1)).envelope()
    more = made.draft(account, values(1, **{"outcome.tokens_in": 5})).envelope()
    assert bare.outcome is not None
    assert more.outcome is not None
    assert (bare.outcome.tokens_in, more.outcome.tokens_in) == (None, 5)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "KEPT", 10)
    made = forms()
    for number in range(35):
        made.draft(Account(event="exchange.requested", tenant=f"tn_{number}"), values(number))
        made.detail(Detail(subject=f"caller {number}"))
        assert len(made._forms) <= 10
        assert len(made._details) <= 10


@pytest.mark.parametrize(
    ("detail", "remembered"),
    [
        (Detail(subject="ada", roles=("clinician",), reason="why"), 1),
        (Detail(subject="ada", subjects=("su_1",)), 0),
        (Detail(query={"agent": "ward"}), 0),
    ],
)
def test_details_are_encoded_as_ever_and_those_of_data_subjects_are_not_remembered(
    detail: Detail, remembered: int
) -> None:
    made = forms()
    assert [made.detail(detail), made.detail(msgspec.structs.replace(detail))] == [encode_detail(detail)] * 2
    assert len(made._details) == remembered


def test_an_account_is_a_key_by_what_it_says() -> None:
    fields: dict[str, Any] = {"event": "exchange.requested", "tenant": "tn_1", "classes": (("phi",), (), (), ())}
    assert hash(Account(**fields)) == hash(Account(**fields))
    assert Account(**fields) == Account(**fields)
    assert Account(**fields) != Account(**{**fields, "weighed": True})
