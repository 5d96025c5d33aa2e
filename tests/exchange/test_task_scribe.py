"""What is on record of a task says who, what kind and how it went, and nothing of what it holds."""

from pathlib import Path

import pytest

from gateway.core.refusal import Refusal
from gateway.exchange.task_kept import Result
from gateway.exchange.task_scribe import Who, detail_of
from gateway.ledger.commitment import matches
from gateway.ledger.record import Detail, encode_detail, parse_detail
from gateway.settings import Settings
from tests.exchange.making import exchange, identity
from tests.exchange.task_making import office, submitter
from tests.store.kit import opened

OPERATOR = Who(actor="ac_9", kind="person", detail=Detail(subject="ops"))


async def test_a_submission_is_committed_to_and_its_opening_is_sealed(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        task = await o.submit(body=b'{"secret": 1}')
        (record,) = await o.records()
        assert (record.event, record.task, record.actor, record.actor_kind) == (
            "task.submitted",
            task.id,
            "ac_1",
            "person",
        )
        assert (record.action, record.route_requested, record.purpose) == ("chat", "local", "TREAT")
        assert record.request is not None
        sealed = await o.tasks.store.content(task.tenant, task.id, "request")
        assert sealed is not None
        opening = o.tasks._sealer.open(tenant=task.tenant, record=task.id, sealed=sealed)
        assert opening is not None
        assert opening.value is not None
        assert b'{"secret": 1}' in opening.value
        assert matches(record.request.commitment or "", opening.opening, "task.request", opening.value)
        assert record.request.bytes == len(opening.value)


async def test_each_change_of_a_task_has_its_event_and_names_who_made_it(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        scribe = o.tasks.scribe
        task = await o.submit()
        retried = scribe.retried(
            task, due_us=5, counted=True, code="agent_timeout", status=504, exchange="ex_2"
        ).envelope
        assert (retried.event, retried.exchange, retried.actor) == ("task.retried", "ex_2", None)
        assert retried.outcome is not None
        assert (retried.outcome.code, retried.outcome.status) == ("agent_timeout", 504)
        for state, event in (
            ("completed", "task.completed"),
            ("failed", "task.failed"),
            ("cancelled", "task.cancelled"),
        ):
            ended = scribe.ended(task, state, code="ok", result=b"r").envelope
            assert ended.event == event
            assert ended.response is not None
            assert ended.response.bytes == 1
        for entry, event in (
            (scribe.cancelled(task, OPERATOR), "task.cancelled"),
            (scribe.requeued(task, OPERATOR, expires_us=9), "task.requeued"),
        ):
            assert (entry.envelope.event, entry.envelope.actor) == (event, "ac_9")
            assert entry.detail == encode_detail(OPERATOR.detail)
            assert entry.change is not None
            assert entry.change.where["version"] == task.version


async def test_whom_it_is_found_by_its_detail_names(sqlite_settings: Settings, tmp_path: Path) -> None:
    """Whom the task was about, and whom the request that fetches its result, cancels or requeues it names."""
    result = Result(status=200, headers=(), body=b"r", classes=(), subjects=("su_a", "su_b"), content=True)
    fetching = exchange()
    fetching.subjects = ("su_b", "su_c")
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        scribe, task = o.tasks.scribe, await o.submit()
        by = Who(actor="ac_9", kind="person", detail=detail_of(identity(), fetching))
        for entry, about in (
            (scribe.read(task, fetching, submitter(), result, o.again), ("su_a", "su_b", "su_c")),
            (scribe.cancelled(task, by), ("su_b", "su_c")),
            (scribe.requeued(task, by, expires_us=9), ("su_b", "su_c")),
        ):
            assert entry.subjects == about
            assert parse_detail(entry.detail or b"").subjects == about


@pytest.mark.parametrize(("counted", "tries"), [(True, 3), (False, 2)])
async def test_a_try_that_was_never_sent_is_not_counted(
    sqlite_settings: Settings, tmp_path: Path, counted: bool, tries: int
) -> None:
    async with opened(sqlite_settings, tmp_path) as store, office(store) as o:
        task = await o.submit()
        given = type(task)(**{**{name: getattr(task, name) for name in task.__struct_fields__}, "tries": 3})
        entry = o.tasks.scribe.retried(given, due_us=5, counted=counted, code="x", status=None, exchange=None)
        assert entry.change is not None
        assert (entry.change.values["tries"], entry.change.values["holder"]) == (tries, None)


def test_the_detail_tells_the_credential_and_not_its_secret() -> None:
    detail = detail_of(identity(), exchange(("authorization", "Bearer gwk_secret"), ("user-agent", "curl")))
    assert (detail.subject, detail.credential, detail.user_agent) == ("ada", "ck_1", "curl")
    assert b"gwk_secret" not in encode_detail(detail)
    assert not isinstance(detail, Refusal)
