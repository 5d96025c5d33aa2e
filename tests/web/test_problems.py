"""Failures of the API become problems that tell nothing of what failed."""

from types import SimpleNamespace

import pytest

from gateway.core.errors import LedgerUnavailable, RecordsArchived, VerificationError
from gateway.exchange.whereabouts import Whereabouts
from gateway.settings import Settings
from gateway.store.incidents import IncidentStore
from tests.web.kit import audited

EXCHANGE = "01900000-0000-7000-8000-000000000000"
FAILURES = [
    (LedgerUnavailable("the secret host db.internal"), 503, "ledger_unavailable"),
    (VerificationError("record 7: hash"), 409, "conflict"),
    (RuntimeError("219-09-9999"), 500, "internal"),
]


@pytest.mark.parametrize(("error", "status", "code"), FAILURES)
async def test_a_failure_behind_the_api_is_a_problem_without_its_words(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    async with audited(sqlite_settings) as api:

        async def failing(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(type(api.site.gateway.auditors["default"]), "exchange", failing)
        answer = await api.get("/audit/exchanges/one")
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:gateway:problem:{code}")
        assert str(error) not in answer.text


async def test_records_that_lie_in_an_archive_are_gone_and_where_they_are_is_said(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with audited(sqlite_settings) as api:

        async def failing(*_: object, **__: object) -> None:
            raise RecordsArchived([f"ar_{number}" for number in range(10)])

        monkeypatch.setattr(type(api.site.gateway.auditors["default"]), "exchange", failing)
        answer = await api.get("/audit/exchanges/one")
        assert (answer.status_code, answer.json()["type"]) == (410, "urn:gateway:problem:archived")
        assert "ar_0, ar_1, ar_2, ar_3, …, ar_6, ar_7, ar_8, ar_9" in answer.text


@pytest.mark.parametrize("about", [f"exchange:{EXCHANGE}", "incident:in_1"])
async def test_a_bundle_about_what_lies_in_an_archive_that_is_away_is_not_begun(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch, about: str
) -> None:
    async with audited(sqlite_settings) as api:

        async def failing(*_: object, **__: object) -> None:
            raise RecordsArchived(["ar_1"])

        async def incident(*_: object) -> SimpleNamespace:
            return SimpleNamespace(exchange=EXCHANGE)

        monkeypatch.setattr(Whereabouts, "exchange", failing)
        monkeypatch.setattr(IncidentStore, "get", incident)
        answer = await api.post("/evidence/bundles", {"about": about})
        assert (answer.status_code, answer.json()["type"]) == (410, "urn:gateway:problem:archived")
        assert "ar_1" in answer.text
        assert (await api.get("/evidence/bundles")).json() == {"bundles": []}
