"""A record that was changed in the database is told to whoever reads it over the API, and in the log."""

import json
import logging

import msgspec
import pytest

from gateway.settings import Settings
from gateway.store.engine import open_engine, target
from tests.store.kit import Bare
from tests.web.kit import audited


async def test_a_changed_record_says_so_in_every_form_that_it_is_given_in(
    database: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    where = target(database)
    owner = open_engine(where if where.kind == "sqlite" else msgspec.structs.replace(where, dsn=where.owner_dsn or ""))
    try:
        async with audited(database) as api:
            clinician = await api.site.key("clinician")
            exchange = (await api.site.chat(clinician, "hello there")).headers["x-exchange-id"]
            asked = f"/audit/records?exchange={exchange}&event=exchange.requested"
            (before,) = (await api.get(asked)).json()["records"]
            assert before["differs"] == []
            seq = before["seq"]
            assert not caplog.records
            await Bare(owner, where.kind).run("record", f"UPDATE record SET zone = 'elsewhere' WHERE seq = {seq}")
            await Bare(owner, where.kind).run("detail", f"DELETE FROM detail WHERE seq = {seq}")
            caplog.set_level(logging.ERROR, "gateway.web")
            (one,) = (await api.get(asked)).json()["records"]
            assert (one["differs"], one["detail"], one["record"]) == (["columns"], None, before["record"])
            line = (await api.get(asked, accept="application/x-ndjson")).text
            assert json.loads(line)["differs"] == ["columns"]
            head, row = (await api.get(asked, accept="text/csv")).text.splitlines()
            assert (head.split(",")[-1], row.split(",")[-1]) == ("differs", "columns")
            assert [one.getMessage() for one in caplog.records if one.name == "gateway.web"] == [
                f"record {seq} is not as it was recorded: verify the ledger"
            ] * 3
            space = "' '" if where.kind == "sqlite" else "'\\x20'::bytea"
            await Bare(owner, where.kind).run("record", f"UPDATE record SET bytes = bytes || {space} WHERE seq = {seq}")
            alone = (await api.get(f"/audit/records/{seq}")).json()
            assert (alone["differs"], alone["record"]) == (["bytes"], None)
            together = (await api.get(f"/audit/exchanges/{exchange}")).json()["records"]
            assert [found["seq"] for found in together if found["differs"]] == [seq]
    finally:
        await owner.dispose()
