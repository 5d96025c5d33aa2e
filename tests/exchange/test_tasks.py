"""Tasks as their callers see them, beside what tests/web/test_tasks.py shows of them through a whole gateway."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Origin
from gateway.exchange.task_scribe import Who
from gateway.exchange.tasks import Kept, Recorded, Result
from gateway.settings import Settings
from gateway.store.engine import writing
from gateway.store.tables import task as table
from gateway.store.tables import task_content
from tests.exchange.making import exchange
from tests.exchange.task_making import office, submitter
from tests.store.kit import opened

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


async def test_what_was_kept_before_origins_were_is_still_read() -> None:
    now = Kept(
        protocol="openai",
        method="POST",
        path="/",
        query="",
        headers=(),
        source="",
        tls=None,
        identity=submitter().identity,
        body=b"",
    )
    before = msgspec.to_builtins(now, builtin_types=(bytes,))
    del before["origin"]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(before), type=Kept) == now


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
        async with writing(store.engine) as connection:
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
        async with writing(store.engine) as connection:
            await connection.execute(table.delete())
        with pytest.raises(LedgerUnavailable):
            await o.tasks.cancel(task, BY)


async def test_a_result_is_given_to_who_has_the_standing_it_was_decided_for(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        task = await o.submit()
        assert await o.tasks.result(exchange(), submitter(), task) is None
        for changed in ({"zone": "cloud"}, {"roles": ("clerk", "lead")}, {"kind": "service"}):
            refused = await o.tasks.result(exchange(), submitter(**changed), task)
            assert isinstance(refused, Refusal)
            assert refused.code == "answer_withheld"


async def test_a_result_is_given_once_what_it_sticks_to_knows_of_it(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        task = await o.submit()
        dispatcher = o.dispatcher()
        dispatcher.start()
        done = await o.until(task, "completed")
        await dispatcher.stop()
        assert isinstance(await o.tasks.result(exchange(), submitter(), done), Result)
        assert o.fetched == [frozenset()]
        o.refusal = Refusal(code="delegation_expired")
        assert await o.tasks.result(exchange(), submitter(), done) == o.refusal


def test_a_result_that_was_kept_without_its_classes_is_held_as_unscanned() -> None:
    kept = msgspec.msgpack.encode({"status": 200, "headers": [], "body": b"said"})
    assert msgspec.msgpack.decode(kept, type=Result).classes == ("unscanned",)
