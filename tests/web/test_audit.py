"""The audit API, through a real server, on both databases."""

import json

from gateway.ledger.checkpoint import verify as verify_checkpoint
from gateway.ledger.proof import parse as parse_proof
from gateway.ledger.proof import verify as verify_proof
from gateway.settings import Settings
from tests.web.kit import audited

NOTE = "Mr. John Carter, MRN 4481920, was diagnosed with diabetes."


async def test_a_decision_is_found_by_its_filters_and_shown_with_bytes_detail_and_hash(database: Settings) -> None:
    async with audited(database) as api:
        clinician = await api.site.key("clinician")
        said = await api.site.chat(clinician, NOTE)
        await api.site.chat(clinician, "hello there")
        found = await api.get("/audit/records?data_class=phi&agent=ward&event=exchange.requested")
        assert found.status_code == 200
        (one,) = found.json()["records"]
        assert one["record"]["exchange"] == said.headers["x-exchange-id"]
        assert one["detail"]["subject"] == "tester"
        assert json.loads(one["bytes"]) == one["record"]
        assert len(one["hash"]) == 64
        assert found.headers["x-exchange-id"] != said.headers["x-exchange-id"]


async def test_persons_are_asked_for_by_pseudonyms_and_what_else_names_them_is_on_no_record(
    sqlite_settings: Settings,
) -> None:
    """An identifier in an address is refused; in the body of a search it is turned into a pseudonym."""
    async with audited(sqlite_settings) as api:
        for asked in ("subject=MRN-4481920", "actor=jane%40example.com", "subject=su_MRN-4481920"):
            answer = await api.get(f"/audit/records?{asked}")
            assert (answer.status_code, answer.json()["field"]) == (400, asked.partition("=")[0])
        for asked in ("subject=su_1", "actor=ac_1"):
            assert (await api.get(f"/audit/records?{asked}")).status_code == 200
        assert (await api.get("/usage?caller=jane%40example.com")).status_code == 400
        assert (await api.post("/audit/search", {"subject": "MRN-4481920"})).json()["records"] == []
        reader = api.site.gateway.site.reader("default")
        details = [one.detail async for one in reader.records(0, await reader.size(), details=True)]
        assert not [one for one in details if one and (b"4481920" in one or b"jane" in one)]


async def test_a_search_that_says_something_twice_is_refused_and_not_read_as_one_of_them(
    sqlite_settings: Settings,
) -> None:
    async with audited(sqlite_settings) as api:
        headers = {"authorization": f"Bearer {api.key}", "content-type": "application/json"}
        said = await api.site.http.post("/audit/search", content=b'{"agent": "ward", "agent": "none"}', headers=headers)
        assert (said.status_code, said.json()["type"]) == (400, "urn:gateway:problem:parameter_invalid")
        assert said.headers["x-exchange-id"] == said.json()["exchange"]


async def test_pages_follow_one_another_by_a_cursor_that_fits_only_its_own_question(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        first = (await api.get("/audit/records?order=asc&limit=2")).json()
        second = (await api.get(f"/audit/records?order=asc&limit=2&cursor={first['cursor']}")).json()
        assert [one["seq"] for one in first["records"] + second["records"]] == [0, 1, 2, 3]
        other = await api.get(f"/audit/records?order=desc&limit=2&cursor={first['cursor']}")
        assert (other.status_code, other.json()["field"]) == (400, "cursor")


async def test_reading_is_on_record_before_its_rows_leave_and_refused_questions_are_not(
    sqlite_settings: Settings,
) -> None:
    async with audited(sqlite_settings) as api:
        refused = await api.get("/audit/records?colour=red")
        assert (refused.status_code, refused.json()["field"]) == (400, "colour")
        assert "red" not in refused.text
        before = len([one for one in await api.site.records() if one["event"] == "audit.read"])
        read = await api.get("/audit/records?decision=deny")
        after = [one for one in await api.site.records() if one["event"] == "audit.read"]
        assert len(after) == before + 1
        assert after[-1]["exchange"] == read.headers["x-exchange-id"]


async def test_one_without_the_role_is_refused_and_that_is_on_record(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        api.key = await api.site.key("clinician")
        for path in ("/audit/records", "/audit/records/0", "/audit/checkpoint", "/evidence/bundles"):
            refused = await api.get(path)
            assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
            (denied,) = await api.site.trail(refused.headers["x-exchange-id"])
            assert (denied["event"], denied["outcome"]["code"]) == ("exchange.denied", "role_required")


async def test_a_subject_is_searched_by_its_own_identifier_which_stands_in_no_record(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        clinician = await api.site.key("clinician")
        said = await api.site.chat(clinician, "hello", headers={"x-data-subject": "patient-77"})
        found = (await api.post("/audit/search", {"subject": "patient-77", "limit": 10})).json()["records"]
        assert {one["record"]["exchange"] for one in found} == {said.headers["x-exchange-id"]}
        assert (await api.post("/audit/search", {"subject": "nobody"})).json()["records"] == []
        site = api.site.gateway.site
        (whom,) = await site.directory.subjects(site.tenants["default"].ledger, [("mrn", "4711")])
        assert (await api.post("/audit/search", {"subject": "47-11", "kind": "mrn"})).json()["records"] == []
        read = (await api.get("/audit/records?event=audit.read&limit=1")).json()["records"]
        assert read[0]["detail"]["query"]["subject"] == whom
        for wrong, field in (
            ({"kind": "mrn"}, "kind"),
            ({"subject": "1", "kind": "M R N"}, "kind"),
            ({"agent": "ward", "subject": {"value": "4711", "kind": "mrn"}}, "subject"),
            ({"limit": [1]}, "limit"),
            ({"zone": True}, "zone"),
            ({"patient 4711": {}}, ""),
        ):
            refused = await api.post("/audit/search", wrong)
            assert (refused.status_code, refused.json()["field"]) == (400, field)
            assert "4711" not in refused.text.replace('{\\"subject\\": \\"4711\\"', "")
        everything = json.dumps((await api.get("/audit/records?limit=1000")).json())
        assert "patient-77" not in everything


async def test_the_whole_result_comes_as_lines_and_as_cells_that_no_spreadsheet_runs(
    sqlite_settings: Settings,
) -> None:
    async with audited(sqlite_settings) as api:
        lines = await api.get("/audit/records?order=asc", accept="application/x-ndjson")
        seqs = [json.loads(line)["seq"] for line in lines.text.splitlines()]
        assert seqs == list(range(len(seqs)))
        table = await api.get("/audit/records?order=asc", accept="text/csv")
        rows = table.text.splitlines()
        assert rows[0].startswith("seq,id,event")
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.split(","))


async def test_a_record_proves_its_place_once_a_checkpoint_covers_it(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        early = await api.get("/audit/records/0/proof")
        assert (early.status_code, early.headers["retry-after"]) == (409, "5")
        assert (await api.get("/audit/checkpoint")).status_code == 404
        await api.site.gateway.auditors["default"].publisher.publish(force=True)
        site = api.site.gateway.site
        verifier = site.keyring.signer(site.tenants["default"].origin).verifier
        checkpoint = await api.get("/audit/checkpoint")
        assert verify_checkpoint(checkpoint.content, verifier).size >= 1
        record = (await api.get("/audit/records/0")).json()
        proof = await api.get("/audit/records/0/proof")
        assert proof.headers["content-type"] == "text/plain; charset=utf-8"
        verify_proof(record["bytes"].encode(), parse_proof(proof.content), verifier)


NUMBERS = (-1, 99_999, 2**53, 2**63, 10**40)


async def test_what_is_not_there_is_not_found_and_says_nothing_else(database: Settings) -> None:
    """Also what no record and no exchange can be called, whatever the database would make of it."""
    async with audited(database) as api:
        for path in (
            *(f"/audit/records/{number}" for number in NUMBERS),
            *(f"/audit/records/{number}/proof" for number in NUMBERS),
            *("/audit/exchanges/none", "/audit/exchanges/a%00b", f"/audit/exchanges/{'x' * 500}", "/nope"),
        ):
            missing = await api.get(path)
            assert (missing.status_code, missing.json()["type"]) == (404, "urn:gateway:problem:not_found"), path


async def test_all_records_of_an_exchange_come_in_order(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        said = await api.site.chat(await api.site.key("clinician"), NOTE)
        found = (await api.get(f"/audit/exchanges/{said.headers['x-exchange-id']}")).json()
        assert [one["record"]["event"] for one in found["records"]] == ["exchange.requested", "exchange.completed"]


async def test_a_verification_is_run_and_recorded_and_takes_a_checkpoint_from_elsewhere(
    sqlite_settings: Settings,
) -> None:
    async with audited(sqlite_settings) as api:
        point = await api.site.gateway.auditors["default"].publisher.publish(force=True)
        assert point is not None
        verdict = (await api.post("/audit/verifications", content=point.note)).json()
        assert (verdict["failure"], verdict["covered"]) == (None, point.size)
        assert (await api.site.records())[-1]["event"] == "audit.verified"
        wrong = (await api.post("/audit/verifications", content=b"not a checkpoint")).json()
        assert wrong["failure"]
