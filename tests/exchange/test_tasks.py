"""Tasks as their callers see them, beside what tests/web/test_tasks.py shows of them through a whole gateway."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Origin
from gateway.exchange.exchange import Lineage, Parent
from gateway.exchange.task_kept import Result
from gateway.exchange.task_scribe import Who
from gateway.exchange.tasks import Recorded, Withheld
from gateway.settings import Settings
from gateway.store.tables import task as table
from gateway.store.tables import task_content
from gateway.store.tasks import Task
from tests.exchange.making import exchange
from tests.exchange.task_making import Office, office, submitter
from tests.store.kit import LEDGER, opened
from tests.store.ledger_kit import changing

BY = Who(actor="ac_9", kind="person")
KEY = ("idempotency-key", "k1")


async def test_a_request_is_kept_as_it_came_with_who_made_it_and_without_a_credential(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        headers = (("authorization", "Bearer gwk_1"), ("x-purpose", "TREAT"), ("cookie", "a"), ("user-agent", "curl"))
        task = await o.submit(None, *headers, body=b"abc", headers=(("content-type", "text/plain"),), query="q=1")
        kept = await o.tasks.request(task)
        assert kept is not None
        assert (kept.body, kept.query, kept.identity) == (b"abc", "q=1", submitter().identity)
        names = ["content-type", "x-purpose", "user-agent", "idempotency-key", "traceparent"]
        assert [name for name, _ in kept.headers] == names
        arrival = kept.arrival(kept.identity)
        assert (await arrival.body(), arrival.identity) == (b"abc", kept.identity)
        assert arrival.origin == kept.origin == Origin(trace="1" * 32)


@pytest.mark.parametrize("changed", [{"subject": "x"}, {"on_behalf_of": ("bob",)}])
async def test_a_key_is_bound_to_who_uses_it_and_for_whom(
    sqlite_settings: Settings, tmp_path: Path, changed: dict[str, Any]
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        mine = await o.submit(None, KEY)
        other = submitter(**changed)
        if "subject" in changed:
            other = type(other)(identity=other.identity, tenant=other.tenant, actor="ac_2", purpose=None)
        assert (await o.submit(other, KEY)).id != mine.id
        assert (await o.submit(None, KEY)).id == mine.id
        assert await o.tasks.own(other, mine.id) is None
        assert await o.tasks.own(submitter(), mine.id) == mine
        for again in (await o.submit(None, KEY, raw=b"[]"), await o.submit(None, KEY, ("x-route", "exact"))):
            assert isinstance(again, Refusal)
            assert again.code == "idempotency_mismatch"


async def test_a_refusal_of_the_request_itself_is_told_with_its_own_exchange(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        o.refusal = Refusal(code="policy_denied")
        found = await o.submit()
        assert isinstance(found, Recorded)
        assert (found.code, found.exchange) == ("policy_denied", "ex_1")
        assert await o.records() == []
        assert (await o.submit(body=b"x" * 1001)).code == "body_too_large"


async def test_what_was_erased_cannot_be_begun_anew(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        task = await o.submit()
        refused = await o.tasks.requeue(task, BY)
        assert isinstance(refused, Refusal)
        assert refused.code == "conflict"
        async with changing(store.where) as connection:
            await connection.execute(table.update().values(state="failed"))
            await connection.execute(task_content.delete())
        refused = await o.tasks.requeue(await o.state(task), BY)
        assert isinstance(refused, Refusal)
        assert refused.code == "task_erased"


async def test_a_task_that_vanishes_while_it_is_changed_is_an_error_and_not_a_success(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        task = await o.submit()
        async with changing(store.where) as connection:
            await connection.execute(table.delete())
        with pytest.raises(LedgerUnavailable):
            await o.tasks.cancel(task, BY)


async def test_nothing_is_given_while_nothing_came_of_it(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        assert await o.tasks.result(exchange(), submitter(), await o.submit()) is None


async def test_a_result_is_given_once_what_it_sticks_to_knows_of_it_and_on_record(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        o.opened = True
        done = await ran(o)
        given = await o.tasks.result(exchange(), submitter(), done)
        assert isinstance(given, Result)
        assert (given.body, o.fetched) == (b"again", [frozenset({"pii"})])
        (kept, by) = o.reread[0]
        assert (kept.answer.body, kept.inherited, by.purpose) == (b"said", (), "TREAT")
        (record,) = [one for one in await o.records() if one.event == "task.read"]
        assert (record.task, record.exchange, record.actor, record.caller_zone) == (done.id, "ex_1", "ac_1", "in-house")
        assert record.response is not None
        assert (record.response.bytes, record.decision is not None) == (5, True)
        o.refusal = Refusal(code="delegation_expired")
        assert await o.tasks.result(exchange(), submitter(), done) == o.refusal
        assert [one.event for one in await o.records()].count("task.read") == 1


async def test_what_may_not_be_given_now_is_told_with_what_policy_said_and_nothing_sticks(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        o.opened = True
        done = await ran(o)
        o.again = msgspec.structs.replace(o.again, refusal=Refusal(code="answer_withheld"))
        refused = await o.tasks.result(exchange(), submitter(), done)
        assert isinstance(refused, Withheld)
        assert (refused.code, refused.denied.decision) == ("answer_withheld", o.again.decision)
        assert o.fetched == []
        assert "task.read" not in [one.event for one in await o.records()]


async def test_a_result_that_was_decided_on_under_a_policy_that_moved_is_not_given(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        o.opened = True
        done = await ran(o)
        decision = msgspec.structs.replace(o.again.decision, policy="sha256:" + "f" * 64)
        o.again = msgspec.structs.replace(o.again, decision=decision)
        refused = await o.tasks.result(exchange(), submitter(), done)
        assert isinstance(refused, Refusal)
        assert refused.code == "policy_changed"


@pytest.mark.parametrize(
    ("headers", "fields", "given"),
    [
        ((), {}, True),
        ((("x-purpose", "TREAT"),), {"purposes": ("HRESCH", "TREAT")}, True),
        ((("x-purpose", "HRESCH"),), {"purposes": ("HRESCH", "TREAT")}, False),
        ((), {"purposes": ("HRESCH",)}, False),
    ],
)
async def test_a_result_is_read_for_the_purpose_that_it_was_asked_for(
    sqlite_settings: Settings, tmp_path: Path, headers: Any, fields: dict[str, Any], given: bool
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        o.opened = True
        done = await ran(o)
        found = await o.tasks.result(exchange(*headers), submitter(**fields), done)
        assert isinstance(found, Result) == given
        if isinstance(found, Refusal):
            assert found.code == "purpose_not_allowed"


async def test_an_error_of_the_gateways_own_is_no_content(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        done = await ran(o)
        given = await o.tasks.result(exchange(), submitter(purposes=()), done)
        assert isinstance(given, Result)
        assert (given.body, o.reread) == (b"said", [])
        assert "task.read" not in [one.event for one in await o.records()]


async def ran(o: Office, **fields: Any) -> Task:
    """A task that has been run, and a policy in force."""
    await o.activate()
    task = await o.submit(**fields)
    dispatcher = o.dispatcher()
    dispatcher.start()
    done = await o.until(task, "completed")
    await dispatcher.stop()
    return done


async def test_that_an_agent_fetched_a_result_is_kept_once_it_has_it(sqlite_settings: Settings, tmp_path: Path) -> None:
    """So that only the first time counts as a call; what people fetch, and what is refused, is none."""
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        task = await o.submit()
        dispatcher = o.dispatcher()
        dispatcher.start()
        done = await o.until(task, "completed")
        await dispatcher.stop()
        called = exchange()
        parent = Parent(tenant=LEDGER, exchange="ex_up", learned=frozenset())
        called.lineage = Lineage(chain=("front",), parents=(parent,))
        o.refusal = Refusal(code="delegation_fanout")
        assert await o.tasks.result(called, submitter(), done) == o.refusal
        o.refusal = None
        for given in (exchange(), called, called, exchange()):
            known = await o.tasks.own(submitter(), done.id)
            assert known is not None
            assert isinstance(await o.tasks.result(given, submitter(), known), Result)
        assert o.before == [False, False, False, True, True]
