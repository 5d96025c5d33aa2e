"""A destination is told of a task's end: decided on when it is sent, on record before, again until it takes it."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from gateway.agents.bare import bare
from gateway.agents.client import AgentClient, Left
from gateway.core.caller import Identity
from gateway.core.errors import AgentError, ForeignKey, LedgerUnavailable
from gateway.core.message import Outgoing, WireAnswer
from gateway.core.ports import KeyRecord, Route
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Origin
from gateway.exchange.callback_scribe import CallbackScribe
from gateway.exchange.callbacks import AT_ONCE, EACH, Callbacks, Destination
from gateway.exchange.metrics import Metrics
from gateway.exchange.standing import Standing
from gateway.ledger.record import Detail
from gateway.settings import Settings
from gateway.store.callbacks import CallbackStore, announced
from gateway.store.sealing import Sealer
from gateway.store.tables import task as table
from gateway.store.tables import task_callback, task_content
from gateway.store.tasks import Task
from tests.exchange.making import NODE
from tests.exchange.task_making import Keys, Office, office
from tests.exchange.test_dispatcher import ending
from tests.exchange.test_metrics import samples
from tests.exchange.test_standing import KEY
from tests.exchange.test_tasks import BY, ran
from tests.store.kit import LEDGER, entry, opened
from tests.store.ledger_kit import changing, seeing

SECRET = b"s" * 16


class Allowed(Keys):
    """The key of a clerk who may still treat."""

    async def get(self, tenant: str, key_id: str) -> KeyRecord | None:
        return msgspec.structs.replace(KEY, roles=("clerk",), purposes=("TREAT",))


class Client:
    """A destination that answers what it is told to, 204 in the end."""

    def __init__(self) -> None:
        self.answers: list[WireAnswer | str] = []
        self.tls: str | None = None
        self.sent: list[tuple[Route, Outgoing]] = []
        self.hold: asyncio.Event | None = None
        self.asked = asyncio.Event()

    async def send(self, route: Route, outgoing: Outgoing, max_bytes: int, left: Left) -> WireAnswer:
        self.sent.append((route, outgoing))
        self.asked.set()
        if self.hold is not None:
            await self.hold.wait()
        answer = self.answers.pop(0) if self.answers else answered(204)
        if answer != "connect_failed":
            left(self.tls)
        if isinstance(answer, str):
            raise AgentError(answer)
        return answer

    @property
    def documents(self) -> list[Any]:
        return [json.loads(outgoing.body) for _, outgoing in self.sent]


class Desk:
    """Callbacks of an office."""

    def __init__(self, o: Office) -> None:
        self.office, self.client, self.metrics = o, Client(), Metrics()
        self.denied = self.calls = self.closed = False
        self.current = self.holds = True
        self.bases: dict[tuple[str, str], str] = {("default", "TREAT"): "Art. 9(2)(h)", ("other", "TREAT"): "no"}
        self.store = CallbackStore(o.store.engine, o.store.clock)
        route = bare("billing", "http://a.example/told", zone="partner")
        destination = Destination(route=route, secret=SECRET, serves=lambda tenant, name: not self.closed)
        self.callbacks = self.made({"billing": destination})

    def made(self, destinations: dict[str, Destination]) -> Callbacks:
        o = self.office
        return Callbacks(
            store=self.store,
            tasks=o.tasks,
            scribe=CallbackScribe(clock=o.store.clock, sealing=Sealer(o.store.keyring), node=NODE),
            standing=Standing(Allowed(), (), ["default"], o.store.clock),
            denied=self._denied,
            calls=lambda identity: self.calls,
            ledgers=o.ledgers,
            client=cast(AgentClient, self.client),
            destinations=destinations,
            tenants=(LEDGER,),
            address="https://gw.example",
            clock=o.store.clock,
            settings=o.settings,
            metrics=self.metrics,
            chance=lambda: 1.0,
            current=lambda tenant: self.current,
            asked=self._asked,
            bases=self.bases,
        )

    async def turn(self) -> int:
        """One round, to its end."""
        claimed = await self.callbacks._round()
        await asyncio.gather(*self.callbacks._running)
        return claimed

    async def state(self, task: Task) -> tuple[str, int, str | None]:
        found = await self.callbacks.newest(task.tenant, task.id)
        assert found is not None
        return found.state, found.tries, found.code

    def ends(self) -> dict[str, float]:
        found = samples(self.metrics)
        return {dict(labels)["end"]: n for (name, labels), n in found.items() if name == "gateway_callbacks_total"}

    async def _asked(self, tenant: str) -> bool:
        return self.holds

    async def _denied(self, tenant: str, identity: Identity) -> bool:
        return self.denied


@asynccontextmanager
async def desk(settings: Settings, tmp_path: Path, **more: Any) -> AsyncIterator[Desk]:
    async with opened(settings, tmp_path) as store, office(store, **more) as o:
        o.opened = True
        yield Desk(o)


def answered(status: int, *headers: tuple[str, str]) -> WireAnswer:
    return WireAnswer(status=status, headers=headers, body=b"")


async def test_the_end_of_a_task_is_told_once_signed_and_on_record_before(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        task = await ran(d.office, callback="billing")
        assert await d.state(task) == ("waiting", 0, None)
        assert await d.turn() == 1
        assert await d.turn() == 0
        ((route, outgoing),) = d.client.sent
        headers = dict(outgoing.headers)
        (document,) = d.client.documents
        assert (route.url, outgoing.path, document["id"]) == (
            "http://a.example/told",
            "",
            headers["x-gateway-delivery"],
        )
        assert document["task"]["state"] == "completed"
        assert document["link"] == f"https://gw.example/v1/tasks/{task.id}"
        assert document["result"]["text"] == "again"
        moment, made = (part.partition("=")[2] for part in headers["x-gateway-signature"].split(","))
        assert made == hmac.digest(SECRET, moment.encode() + b"." + outgoing.body, "sha256").hex()
        assert await d.state(task) == ("delivered", 1, "ok")
        assert d.ends() == {"delivered": 1}
        sent, delivered = (await d.office.records())[-2:]
        assert [sent.event, delivered.event] == ["task.callback_sent", "task.callback_delivered"]
        assert (sent.callback, sent.zone, sent.attempt, sent.purpose) == ("billing", "partner", 1, "TREAT")
        assert (sent.legal_basis, delivered.legal_basis) == ("Art. 9(2)(h)", None)
        assert sent.response is not None
        assert (sent.response.bytes, sent.decision is not None) == (len(outgoing.body), True)
        ((kept, by),) = d.office.reread
        assert (by.identity.zone, by.identity.roles, by.lent, kept.answer.body) == ("partner", ("clerk",), (), b"said")


async def test_a_purpose_without_a_legal_basis_is_told_alone(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        d.bases.clear()
        await ran(d.office, callback="billing")
        await d.turn()
        sent = (await d.office.records())[-2]
        assert (sent.event, sent.purpose, sent.legal_basis) == ("task.callback_sent", "TREAT", None)


async def test_what_may_not_go_there_is_told_without_what_it_holds(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        task = await ran(d.office, callback="billing")
        d.office.again = msgspec.structs.replace(
            d.office.again,
            refusal=Refusal(code="answer_withheld"),
            decision=msgspec.structs.replace(d.office.again.decision, effect="deny"),
        )
        await d.turn()
        (document,) = d.client.documents
        assert (document["withheld"], "result" in document) == ("answer_withheld", False)
        sent = (await d.office.records())[-2]
        assert sent.decision is not None
        assert sent.decision.effect == "deny"
        assert (await d.state(task))[0] == "delivered"


@pytest.mark.parametrize("why", ["denied", "calls", "chain", "purpose", "standing", "erased"])
async def test_who_may_not_have_it_any_more_is_sent_nothing_of_it(
    sqlite_settings: Settings, tmp_path: Path, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        await ran(d.office, callback="billing")
        d.denied, d.calls = why == "denied", why == "calls"
        request = d.office.tasks.request

        async def kept(one: Task) -> Any:
            found = await request(one)
            assert found is not None
            return msgspec.structs.replace(found, origin=Origin(trace="1" * 32, chain=("scribe",)))

        async def recheck(self: Standing, identity: Identity) -> Identity | Refusal:
            if why == "standing":
                return Refusal(code="credential_revoked")
            return msgspec.structs.replace(identity, purposes=())

        if why == "chain":
            monkeypatch.setattr(d.office.tasks, "request", kept)
        if why in ("purpose", "standing"):
            monkeypatch.setattr(Standing, "recheck", recheck)
        if why == "erased":
            async with changing(d.office.store.where) as connection:
                await connection.execute(task_content.delete().where(task_content.c.part == "request"))
        await d.turn()
        (document,) = d.client.documents
        assert (document["withheld"], "result" in document, d.office.reread) == ("answer_withheld", False, [])


async def test_an_error_of_the_gateways_own_and_a_task_without_a_result_are_told_as_they_are(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        d.office.opened = False
        await ran(d.office, callback="billing")
        waiting = await d.office.submit(callback="billing", delay_s=60)
        await d.office.tasks.cancel(waiting, by=BY)
        await d.turn()
        cancelled, ended = sorted(d.client.documents, key=lambda one: str(one["task"]["state"]))
        assert (ended["result"]["text"], d.office.reread) == ("said", [])
        assert (cancelled["task"]["state"], "result" in cancelled) == ("cancelled", False)


async def test_what_cannot_be_opened_any_more_is_told_without_it(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        await ran(d.office, callback="billing")
        async with changing(d.office.store.where) as connection:
            await connection.execute(task_content.update().values(ciphertext=b"other"))
        await d.turn()
        (document,) = d.client.documents
        assert ("result" in document, "withheld" in document) == (False, False)


async def test_it_is_tried_again_after_longer_and_longer_waits_and_given_up_in_the_end(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    more = {"callback_tries": 4, "retry_s": 1.0, "retry_max_s": 10.0}
    async with desk(sqlite_settings, tmp_path, **more) as d:
        task = await ran(d.office, callback="billing")
        d.client.answers = [answered(500), "connect_failed", answered(503, ("retry-after", "5")), answered(302)]
        waits: list[float] = []
        for _ in range(4):
            assert await d.turn() == 1
            found = await d.callbacks.newest(task.tenant, task.id)
            assert found is not None
            waits.append((found.due_us - d.office.store.clock.now_us()) / 1_000_000)
            if found.state == "waiting":
                assert await d.turn() == 0
                d.office.store.clock.advance(waits[-1])
        assert waits[:3] == pytest.approx([1.0, 2.0, 5.0])
        assert await d.state(task) == ("failed", 4, "callback_refused")
        assert d.ends() == {"again": 3, "failed": 1}
        assert len({document["id"] for document in d.client.documents}) == 1
        events = [one.event for one in await d.office.records() if one.callback is not None]
        assert events[1:] == ["task.callback_sent"] * 4 + ["task.callback_failed"]


@pytest.mark.parametrize("tls", ["TLSv1.3 A", None])
@pytest.mark.parametrize(
    ("answer", "event", "unanswered", "reached"),
    [
        (answered(204), "task.callback_delivered", None, True),
        (answered(500), "task.callback_failed", None, True),
        ("timeout_response", "task.callback_failed", True, True),
        ("connect_failed", "task.callback_failed", None, False),
    ],
)
async def test_its_end_says_over_which_tls_it_was_told_if_anything_began_to_leave(
    sqlite_settings: Settings,
    tmp_path: Path,
    tls: str | None,
    answer: WireAnswer | str,
    event: str,
    unanswered: bool | None,
    reached: bool,
) -> None:
    async with desk(sqlite_settings, tmp_path, callback_tries=1) as d:
        task = await ran(d.office, callback="billing")
        d.client.tls, d.client.answers = tls, [answer]
        await d.turn()
        assert (await d.state(task))[0] != "waiting"
        end = (await d.office.records())[-1]
        assert end.event == event
        assert end.outcome is not None
        assert (end.outcome.unanswered, end.zone) == (unanswered, "partner" if reached else None)
        told = (await d.office.details())[-1]
        assert told == (Detail(agent_tls=tls, destination="a.example") if reached else None)


async def test_one_that_is_gone_is_told_no_more(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        task = await ran(d.office, callback="billing")
        d.client.answers = [answered(410)]
        await d.turn()
        assert await d.state(task) == ("failed", 1, "callback_refused")


@pytest.mark.parametrize("how", ["closed", "removed"])
async def test_a_destination_that_its_caller_may_not_name_any_more_is_told_nothing(
    sqlite_settings: Settings, tmp_path: Path, how: str
) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        task = await ran(d.office, callback="billing")
        d.closed = how == "closed"
        d.callbacks = d.callbacks if d.closed else d.made({})
        await d.turn()
        assert (await d.state(task), d.client.sent) == (("failed", 1, "callback_unknown"), [])


async def test_what_was_decided_under_a_policy_that_moved_is_decided_again_later(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        task = await ran(d.office, callback="billing")
        now = d.office.again
        other = msgspec.structs.replace(now.decision, policy="sha256:" + "f" * 64)
        d.office.again = msgspec.structs.replace(now, decision=other)
        await d.turn()
        assert (await d.state(task), d.client.sent) == (("waiting", 0, "policy_changed"), [])
        d.office.again = now
        d.office.store.clock.advance(1)
        await d.turn()
        assert (await d.state(task))[0] == "delivered"


async def test_who_serves_by_a_policy_that_is_not_in_force_delivers_nothing_and_ends_nothing(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        task = await ran(d.office, callback="billing")
        d.current = False
        assert await d.turn() == 0
        d.current, d.holds, known = True, False, d.callbacks
        d.callbacks = d.made({})
        await d.turn()
        assert await d.state(task) == ("waiting", 0, "policy_changed")
        d.callbacks = known
        d.office.store.clock.advance(1)
        await d.turn()
        assert await d.state(task) == ("delivered", 1, "ok")


@pytest.mark.parametrize("why", ["ledger_unavailable", "foreign_key"])
async def test_what_could_not_be_put_on_record_or_opened_here_is_put_back_and_no_try(
    sqlite_settings: Settings, tmp_path: Path, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        task = await ran(d.office, callback="billing")

        def fails(*_: object) -> None:
            raise LedgerUnavailable("no") if why == "ledger_unavailable" else ForeignKey("no")

        with monkeypatch.context() as patch:
            if why == "foreign_key":
                patch.setattr(d.office.tasks, "request", fails)
            else:
                patch.setattr(d.office.ledgers.of(LEDGER), "submit", fails)
            for _ in range(20):
                await d.turn()
                d.office.store.clock.advance(1)
            assert (await d.state(task), d.client.sent) == (("waiting", 0, why), [])
        await d.turn()
        assert await d.state(task) == ("delivered", 1, "ok")


async def test_what_fails_for_ever_is_given_up_on_record_in_the_end(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        task = await ran(d.office, callback="billing")

        async def broken(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(d.office.tasks, "reread", broken)
        await d.turn()
        d.office.store.clock.advance(d.office.settings.max_age_s + 1)
        await d.turn()
        state, _, code = await d.state(task)
        assert (state, code, d.client.sent) == ("failed", "callback_expired", [])
        assert (await d.office.records())[-1].event == "task.callback_failed"


async def test_an_end_that_was_not_the_last_is_not_told_in_the_name_of_another(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        await d.office.activate()
        d.office.behave = ending("policy_denied")
        task = await d.office.submit(callback="billing")
        dispatcher = d.office.dispatcher()
        dispatcher.start()
        failed = await d.office.until(task, "failed")
        await dispatcher.stop()
        assert isinstance(await d.office.tasks.requeue(failed, by=BY), Task)
        assert await d.turn() == 1
        assert (await d.state(task), d.client.sent) == (("failed", 1, "callback_superseded"), [])
        d.office.behave = d.office._answer
        again = d.office.dispatcher("nd_1/bt_2")
        again.start()
        await d.office.until(task, "completed")
        await again.stop()
        await d.turn()
        (document,) = d.client.documents
        assert (document["task"]["state"], (await d.state(task))[0]) == ("completed", "delivered")


async def test_one_that_dies_while_it_sends_is_told_again_once_its_claim_is_over(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        task = await ran(d.office, callback="billing")
        d.client.hold = asyncio.Event()
        await d.callbacks._round()
        await d.client.asked.wait()
        await d.callbacks.stop()
        d.client.hold = None
        assert await d.turn() == 0
        d.office.store.clock.advance(60)
        assert await d.turn() == 1
        assert await d.state(task) == ("delivered", 2, "ok")
        assert len({document["id"] for document in d.client.documents}) == 1


async def test_a_destination_that_hangs_has_few_places_and_a_task_that_vanished_ends_nothing(
    sqlite_settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        async with d.office.store.writer() as writer:
            for number in range(AT_ONCE):
                change = announced("none", "billing", f"d{number}", d.office.store.clock.now_us())
                await writer.submit(msgspec.structs.replace(entry(), change=change))
        assert await d.callbacks._round() == EACH
        assert await d.callbacks._round() == 0
        await asyncio.gather(*d.callbacks._running)
        assert "a callback could not be delivered: LedgerUnavailable" in caplog.text


@pytest.mark.parametrize("error", [LedgerUnavailable("no"), ZeroDivisionError()], ids=["database", "defect"])
async def test_it_goes_on_by_itself_and_over_a_database_that_does_not_answer_or_a_defect(
    sqlite_settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        task, claim, failed = await ran(d.office, callback="billing"), d.store.claim, list[int]()

        async def shaky(*given: Any, **more: Any) -> Any:
            if not failed:
                failed.append(1)
                raise error
            return await claim(*given, **more)

        monkeypatch.setattr(d.store, "claim", shaky)
        d.callbacks.start()
        async with asyncio.timeout(10):
            while (await d.state(task))[0] != "delivered":
                d.callbacks.wake()
        await d.callbacks.stop()
        assert "callbacks could not be claimed" in caplog.text


async def test_where_nobody_can_name_one_and_nothing_is_left_nothing_goes_on(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        d.callbacks = d.made({})
        async with asyncio.timeout(10):
            await d.callbacks._run()


async def test_a_defect_in_one_delivery_leaves_the_others_alone(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        await ran(d.office, callback="billing")

        async def broken(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(d.office.tasks, "reread", broken)
        await d.turn()
        assert ("a callback failed: ZeroDivisionError" in caplog.text, d.client.sent) == (True, [])


async def test_a_task_is_not_swept_while_somebody_is_still_to_be_told(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with desk(sqlite_settings, tmp_path) as d:
        task = await ran(d.office, callback="billing")
        later = {"ended_before_us": 1 << 62, "failed_before_us": 1 << 62}
        assert await d.office.tasks.store.sweep(**later) == 0
        await d.turn()
        assert await d.office.tasks.store.sweep(**later) == 1
        async with seeing(d.office.store.where) as connection:
            for one in (table, task_content, task_callback):
                assert (await connection.execute(one.select())).all() == [], task.id
