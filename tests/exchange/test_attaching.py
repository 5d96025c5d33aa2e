"""Kinds of attachments are asked for by name; none that is not there, and none twice."""

import io
from typing import cast

import pytest

from gateway.bootstrap import open_site
from gateway.core.refusal import Refusal
from gateway.evidence.manifest import Manifest
from gateway.evidence.reports import pdf
from gateway.evidence.selection import Selection
from gateway.exchange import attaching
from gateway.exchange.attaching import Kind, Setting, refused, unready
from gateway.exchange.audit_scribe import Reader
from gateway.settings import Settings
from gateway.store.policies import PolicyStore
from tests.bootstrap.kit import configured
from tests.evidence.making import Sources


def sources(setting: Setting) -> list[Sources]:
    return [Sources(f"data/csv/{setting.tenant}.csv"), Sources("data/disclosures.jsonl")]


def test_what_is_not_known_or_named_twice_is_refused_with_what_there_is() -> None:
    kinds = {"csv": sources, "fhir": sources}
    assert refused((), kinds) is None
    assert refused(("fhir", "csv"), kinds) is None
    for names in (("pdf",), ("csv", "csv"), ("CSV",), ("",)):
        found = refused(names, kinds)
        assert found is not None
        assert (found.code, found.field, found.hint) == ("parameter_invalid", "attach", "each once, of: csv, fhir")
    assert refused(("csv", "disclosures", "fhir", "ocsf", "oscal", "reports")) is None
    assert refused(("reports", "reports-pdf")) is None
    found = refused(("csv",), {})
    assert found is not None
    assert found.hint == "none: there are no kinds"


def test_what_is_to_be_typeset_is_refused_where_nothing_can_typeset_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "available", lambda: False)
    found = refused(("reports-pdf",))
    assert found is not None
    assert (found.code, found.field, found.hint) == ("parameter_invalid", "attach", pdf.MISSING)
    assert refused(("reports",)) is None


async def test_a_bundle_takes_the_files_of_the_kinds_asked_for_and_the_record_names_them(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Selection | None] = []

    def made(setting: Setting) -> list[Sources]:
        asked.append(setting.selection)
        return sources(setting)

    monkeypatch.setitem(cast(dict[str, Kind], attaching.KINDS), "sources", made)
    async with open_site(configured(sqlite_settings)) as site:
        auditor = await site.auditor("default")
        by = Reader()
        found = await auditor.export(by, Selection(), io.BytesIO(), attach=["sources"])
        assert isinstance(found, Manifest)
        assert asked == [Selection()]
        paths = [file.path for file in found.files]
        assert {"data/csv/default.csv", "data/disclosures.jsonl"} <= set(paths)
        reader = site.reader("default")
        before = await reader.size()
        assert isinstance(await auditor.export(by, Selection(), io.BytesIO(), attach=["other"]), Refusal)
        assert await reader.size() == before
        stored = [one async for one in reader.records(0, before, details=True)]
        assert any(b'"attach":"sources"' in (one.detail or b"") for one in stored)


async def test_what_there_is_no_active_policy_for_is_refused_before_anything_is_written(
    sqlite_settings: Settings,
) -> None:
    """There is no framework to assess by, and no bundle that looks as if there were one."""
    async with open_site(configured(sqlite_settings)) as site:
        auditor, out = await site.auditor("default"), io.BytesIO()
        before = await site.reader("default").size()
        found = await auditor.export(Reader(), Selection(), out, attach=["csv", "oscal"])
        assert found == Refusal(
            code="conflict", field="attach", hint="oscal needs a policy that is active: none is yet"
        )
        assert (await site.reader("default").size(), out.getvalue()) == (before, b"")


class Lost(PolicyStore):
    """Says that a version is active which it does not have."""

    def __init__(self) -> None:
        """No database."""

    async def active(self, ledger: str) -> str | None:
        return "sha256:00"

    async def get(self, digest: str) -> bytes | None:
        return None


async def test_an_active_policy_that_cannot_be_read_is_refused_for_every_kind_that_may_ask_for_it(
    sqlite_settings: Settings,
) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        setting = Setting(
            settings=sqlite_settings, engine=site.engine, tenant="default", ledger="tn_1", policies=Lost()
        )
        for names in (("reports",), ("oscal", "csv")):
            assert await unready(names, setting) == Refusal(
                code="conflict", field="attach", hint="the policy version that is active is not in the database"
            )
        assert await unready((), setting) is None
