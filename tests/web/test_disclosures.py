"""The list of disclosures over the API: what left, on record before it is read, and of nobody else."""

import csv
import io
import json

from gateway.settings import Settings
from tests.web.kit import audited

NOTE = "Mr. John Carter, MRN 4481920, was diagnosed with diabetes."
EVER = "/audit/disclosures?from=2020-01-01&to=2100-01-01"


async def test_what_was_sent_is_listed_with_who_got_it(database: Settings) -> None:
    async with audited(database) as api:
        clinician = await api.site.key("clinician")
        said = await api.site.chat(clinician, NOTE, headers={"x-data-subject": "patient-77"})
        await api.site.chat(clinician, "hello there")
        listed = await api.get(EVER)
        assert listed.headers["content-type"].startswith("application/x-ndjson")
        (row,) = [json.loads(line) for line in listed.text.splitlines()]
        assert (row["exchange"], row["recipient"]) == (said.headers["x-exchange-id"], "ward")
        assert "phi" in row["classes"]
        (subject,) = row["subjects"]
        table = await api.get(f"{EVER}&subject={subject}", accept="text/csv")
        head, cells = csv.reader(io.StringIO(table.text))
        assert dict(zip(head, cells, strict=True))["seq"] == str(row["seq"])
        assert (await api.get(f"{EVER}&subject=su_none")).text == ""
        reads = (await api.get("/audit/records?event=audit.read")).json()["records"]
        asked = [query for one in reads if "disclosures" in (query := one["detail"]["query"] or {})]
        assert sorted(query["disclosures"] for query in asked) == ["all", "subject", "subject"]
        assert {query.get("subject") for query in asked} == {None, subject, "su_none"}
        assert "patient-77" not in listed.text


async def test_what_cannot_be_asked_is_refused_and_quotes_nothing(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        for query in (
            "",
            "?from=2020-01-01",
            "?from=swordfish&to=2100-01-01",
            "?from=2100-01-01&to=2020-01-01",
            "?from=2020-01-01&to=2100-01-01&subject=swordfish",
            "?from=2020-01-01&to=2100-01-01&agent=swordfish",
            "?from=2020-01-01&to=2100-01-01&to=2101-01-01",
        ):
            refused = await api.get(f"/audit/disclosures{query}")
            assert (refused.status_code, "swordfish" in refused.text) == (400, False), query
