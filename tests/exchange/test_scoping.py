"""What a bundle is asked to be about becomes a range and a selection, or a refusal that names what would be right."""

import io

import pytest

from gateway.bootstrap import open_site
from gateway.core.errors import LedgerUnavailable
from gateway.core.refusal import Refusal
from gateway.evidence.manifest import Manifest
from gateway.evidence.selection import Scope, Selection
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.scoping import Asked
from gateway.ledger.record import parse
from gateway.settings import Settings
from tests.bootstrap.kit import configured
from tests.system.site import System, system


async def select(site: System, **asked: object) -> Selection | Refusal:
    return await site.gateway.auditors["default"].select(Asked(**asked))  # type: ignore[arg-type]  # as a test says it


async def exported(site: System, **asked: object) -> Manifest:
    selection = await select(site, **asked)
    assert isinstance(selection, Selection), selection
    found = await site.gateway.auditors["default"].export(Reader(), selection, io.BytesIO())
    assert isinstance(found, Manifest), found
    return found


async def test_a_period_gets_the_range_whose_edges_show_that_it_is_whole(database: Settings) -> None:
    async with system(database) as site:
        for _ in range(3):
            await site.chat(await site.key("clinician"), "hello")
        reader = site.gateway.site.reader("default")
        times = [parse(one.envelope).recorded_at or "" async for one in reader.records(0, await reader.size())]
        inner = [at for at in times if times[0] < at < times[-1]]
        found = await select(site, period=(inner[0], inner[-1]))
        assert isinstance(found, Selection)
        assert (found.first, found.end) == (times.index(inner[0]) - 1, times.index(inner[-1]) + 1)
        made = await exported(site, period=(inner[0], inner[-1]))
        assert made.selected == len([at for at in times if inner[0] <= at < inner[-1]])
        assert made.opening is None or made.opening[0] <= made.first
        whole = await select(site, period=("2020-01-01", "9999-01-01"))
        assert isinstance(whole, Selection)
        assert (whole.first, whole.end) == (0, None)
        assert (await exported(site, period=("2020-01-01", "2021-01-01"))).selected == 0


async def test_a_period_that_is_not_over_is_open_to_the_end_whatever_is_written_meanwhile(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with system(sqlite_settings) as site:
        await site.chat(await site.key("clinician"), "hello")
        scoping = site.gateway.auditors["default"]._scoping
        found = scoping.first_recorded

        async def and_more(at: str) -> int:
            place = await found(at)
            await site.chat(await site.key("clinician"), "hello again")
            return place

        monkeypatch.setattr(scoping, "first_recorded", and_more)
        made = await select(site, period=("2020-01-01", "9999-01-01"))
        assert isinstance(made, Selection)
        assert made.end is None, "a record within the period is not its end"
        monkeypatch.undo()
        assert (await exported(site, period=("2020-01-01", "9999-01-01"))).selected > 2


async def test_an_exchange_a_framework_and_a_subject_are_found_by_name(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clinician")
        for _ in range(2):
            done = await site.chat(key, "Mr. John Carter has diabetes.", headers={"x-data-subject": "p-1"})
        exchange = done.headers["x-exchange-id"]
        one = await exported(site, about=f"exchange:{exchange}")
        assert one.scope == Scope(kind="exchange", ids=(exchange,), exchanges=(exchange,))
        assert (one.selected, one.end - one.first) == (2, 2)
        hipaa = await exported(site, about="framework:hipaa")
        assert hipaa.scope is not None
        assert len(hipaa.scope.queries) > 10
        assert hipaa.selected > 2
        async with site.gateway.site.engine.connect() as connection:
            row = (await connection.exec_driver_sql("SELECT subject FROM subject_record LIMIT 1")).one()
        subject = await exported(site, about=f"subject:{row[0]}")
        assert subject.scope is not None
        assert exchange in subject.scope.exchanges
        assert subject.selected >= 4
        detail = [
            stored.detail or b""
            async for stored in site.gateway.site.reader("default").records(0, 10_000, details=True)
            if b"audit.exported" in stored.envelope
        ]
        assert f'"about":"exchange:{exchange}"'.encode() in detail[0]


async def test_a_framework_is_asked_for_too_early_where_no_policy_is_active(sqlite_settings: Settings) -> None:
    """As an attachment that needs one is: whichever was named, it is the state that is wrong."""
    async with open_site(configured(sqlite_settings)) as site:
        auditor = await site.auditor("default")
        early = await auditor.select(Asked(about="framework:hipaa"))
        assert isinstance(early, Refusal)
        attached = await auditor.asked(Reader(), Selection(), ["oscal"])
        assert isinstance(attached, Refusal)
        assert (early.code, early.field, attached.code) == ("conflict", "about", "conflict")
    async with system(sqlite_settings) as served:
        await served.key("clinician")
        other = await select(served, about="framework:nobody")
        assert isinstance(other, Refusal)
        assert (other.code, other.field) == ("parameter_invalid", "about")
        assert "hipaa" in (other.hint or "")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"about": "everything"}, "about"),
        ({"about": "period:x"}, "about"),
        ({"about": "exchange:"}, "about"),
        ({"about": "exchange:a b"}, "about"),
        ({"about": "exchange:nobody"}, "about"),
        ({"about": "incident:nobody"}, "about"),
        ({"about": "subject:su_nobody"}, "about"),
        ({"period": ("yesterday", "2026-01-01")}, "period"),
        ({"period": ("2026-01-02", "2026-01-02")}, "period"),
        ({"period": ("9998-01-01", "9999-01-01")}, "period"),
        ({"filters": {"from": "9998-01-01"}}, "from"),
        ({"period": ("2026-01-01", "2026-01-02"), "first": 0}, "range"),
        ({"period": ("2026-01-01", "2026-01-02"), "end": 4}, "range"),
        ({"first": 4, "end": 4}, "range"),
        ({"first": -1}, "range"),
        ({"end": 2**60}, "range"),
        ({"filters": {"subject": "su_1"}}, "subject"),
        ({"filters": {"colour": "red"}}, "colour"),
    ],
)
async def test_what_cannot_be_is_refused_by_the_name_of_the_field(
    asked: dict[str, object], field: str, sqlite_settings: Settings
) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        found = await (await site.auditor("default")).select(Asked(**asked))  # type: ignore[arg-type]  # as above
        assert isinstance(found, Refusal)
        assert (found.field, found.code) in ((field, "parameter_invalid"), (field, "not_found"))


@pytest.mark.parametrize(
    ("about", "told"),
    [("exchange:e", "an exchange"), ("incident:i", "an incident"), ("subject:su_nobody", "a data subject")],
)
async def test_what_is_not_there_is_told_with_how_it_is_found(about: str, told: str, sqlite_settings: Settings) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        found = await (await site.auditor("default")).select(Asked(about=about))
        assert isinstance(found, Refusal)
        assert (found.code, (found.hint or "").startswith(told)) == ("not_found", True)


async def test_without_a_database_nothing_is_selected(sqlite_settings: Settings) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        auditor = await site.auditor("default")
        await site.engine.dispose()
        async with site.engine.begin() as connection:
            await connection.exec_driver_sql("DROP TABLE incident")
        with pytest.raises(LedgerUnavailable):
            await auditor.select(Asked(about="incident:x"))
