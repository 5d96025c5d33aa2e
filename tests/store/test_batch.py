"""Filling a batch is pure: places, links, times and rows follow from what waits and where the head is."""

import asyncio
import base64
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import DenialsMoved, LedgerUnavailable, PolicyMoved
from gateway.ledger.chain import leaf_hash
from gateway.ledger.entry import Appended, SessionGrowth
from gateway.ledger.record import parse, timestamp
from gateway.store.batch import EMPTY, Filled, Head, Waiting, closing, fill, interrupted, recovered, session_rows
from tests.store.ledger_kit import NODE, POLICY, START_US, TENANT, activation, intent, note, outcome, part


def _fill(waiting: list[Waiting], head: Head = EMPTY, still_open: set[str] | None = None) -> Filled:
    return fill(waiting, head, tenant=TENANT, now_us=START_US, still_open=still_open or set(), node=NODE)


def test_nothing_waiting_leaves_the_head_as_it_was() -> None:
    filled = _fill([])
    assert (filled.head, filled.record, filled.answers) == (EMPTY, [], [])


def test_each_record_links_to_the_one_before_and_the_head_is_the_last() -> None:
    filled = _fill([Waiting(note(), None) for _ in range(3)], Head(7, b"h" * 32, "", None))
    link = b"h" * 32
    for place, row in enumerate(filled.record):
        data = row[-2]
        assert isinstance(data, bytes)
        envelope = parse(data)
        assert row[:2] == (TENANT, 7 + place)
        assert envelope.prev == base64.b64encode(link).decode()
        link = leaf_hash(data)
        assert row[-1] == link
    assert filled.head == Head(10, link, timestamp(START_US), None)


def test_recorded_time_is_never_before_the_heads() -> None:
    later = timestamp(START_US + 5)
    filled = _fill([Waiting(note(), None)], Head(1, bytes(32), later, None))
    assert filled.head.recorded_at == later


def test_a_refused_intent_takes_no_place_and_opens_nothing() -> None:
    filled = _fill([Waiting(intent(decided_under=POLICY, sealed=(part(),)), None), Waiting(note(), None)])
    assert isinstance(filled.answers[0], PolicyMoved)
    assert isinstance(filled.answers[1], Appended)
    assert (len(filled.record), filled.opened, filled.sealed, filled.detail) == (1, {}, [], [])


def test_an_activation_moves_the_heads_policy_and_is_kept_with_its_record() -> None:
    filled = _fill([Waiting(activation(), None)])
    assert filled.head.policy == POLICY
    assert filled.activated == [(TENANT, 0, POLICY, timestamp(START_US))]


def test_a_denial_moves_the_heads_revision_and_refuses_intents_of_the_one_before_from_there_on() -> None:
    denial = msgspec.structs.replace(note(), denies=True)
    intents = [msgspec.structs.replace(intent(f"x{index}"), denied_under=3) for index in range(2)]
    waiting = [intents[0], denial, intents[1], msgspec.structs.replace(intent("x2"), denied_under=4)]
    filled = _fill([Waiting(entry, None) for entry in waiting], Head(1, bytes(32), "", None, 3))
    assert [type(answer) for answer in filled.answers] == [Appended, Appended, DenialsMoved, Appended]
    assert filled.head.denied == 4
    assert list(filled.opened) == ["x0", "x2"]


def test_an_end_closes_what_is_open_once_and_is_late_otherwise() -> None:
    ends = [Waiting(outcome("ex_1"), None), Waiting(outcome("ex_1"), None)]
    filled = _fill(ends, still_open={"ex_1"})
    assert filled.closed == ["ex_1"]
    assert [row[3] for row in filled.record] == ["exchange.completed", "exchange.late"]


def test_an_interruption_of_what_is_closed_is_left_out() -> None:
    entry = intent("ex_1")
    waiting = Waiting(interrupted(entry.envelope, START_US, NODE), None, only_if_open=True)
    filled = _fill([waiting])
    assert (filled.answers, filled.record) == ([None], [])
    filled = _fill([waiting], still_open={"ex_1"})
    assert [row[3] for row in filled.record] == ["exchange.interrupted"]


def test_an_interruption_says_no_more_than_who_where_and_why() -> None:
    envelope = interrupted(intent("ex_1").envelope, START_US, NODE).envelope
    assert (envelope.found, envelope.detail, envelope.decision, envelope.request) == (None, None, None, None)


def test_what_was_recovered_says_what_it_counts() -> None:
    envelope = recovered(TENANT, START_US, NODE, "ledger_unavailable", 4).envelope
    assert envelope.outcome is not None
    assert (envelope.count, envelope.outcome.code) == (4, "ledger_unavailable")


def test_closing_names_the_exchanges_that_would_end() -> None:
    waiting = [Waiting(intent("ex_1"), None), Waiting(outcome("ex_2"), None), Waiting(note(), None)]
    assert closing(waiting) == ["ex_2"]


async def test_refusing_twice_or_after_the_wait_was_given_up_is_harmless() -> None:
    future: asyncio.Future[Appended | None] = asyncio.get_running_loop().create_future()
    waiter = Waiting(note(), future)
    waiter.refuse()
    waiter.refuse()
    assert isinstance(future.exception(), LedgerUnavailable)
    Waiting(note(), None).refuse()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["open", "close", "note", "moved"]), st.integers(0, 3)), max_size=30))
def test_whatever_comes_in_whatever_order_every_exchange_has_at_most_one_end(plan: list[tuple[str, int]]) -> None:
    made = {
        "open": lambda name: intent(name),
        "close": lambda name: outcome(name),
        "note": lambda name: note(),
        "moved": lambda name: intent(name, decided_under=POLICY),
    }
    filled = _fill([Waiting(made[what](f"ex_{number}"), None) for what, number in plan], still_open={"ex_0"})
    open_now, ends = {"ex_0"}, 0
    for row in filled.record:
        event, exchange = row[3], row[6]
        if event == "exchange.requested":
            open_now.add(str(exchange))
        elif event == "exchange.completed":
            assert exchange in open_now
            open_now.discard(str(exchange))
            ends += 1
    assert [row[1] for row in filled.record] == list(range(len(filled.record)))
    assert open_now == set(filled.opened) | ({"ex_0"} - set(filled.closed))
    assert len(filled.answers) == len(plan)


def _growth(**fields: Any) -> SessionGrowth:
    values: dict[str, Any] = {
        "key": b"k",
        "id": "se_1",
        "actor": "ac_1",
        "principal": b"",
        "agent": "local",
        "zone": "in-house",
        "sent": (),
        "said": (),
        "seen_us": 1,
        "expires_us": 2,
        **fields,
    }
    return SessionGrowth(**values)


def test_a_session_that_grows_twice_in_a_batch_is_one_row_with_both() -> None:
    grown = [_growth(sent=("phi",)), _growth(said=("pci",), seen_us=5, expires_us=6), _growth(agent="sky", sent=("x",))]
    filled = _fill([Waiting(note(sessions=(growth,)), None) for growth in grown])
    row = (TENANT, b"k", "se_1", "ac_1", b"", "local", "in-house", "phi ", "pci ", 5, 5, 6)
    assert session_rows(filled, TENANT) == [row]
