"""The policy is proposed, activated and taken back over the API, by those whose roles say so, on record."""

from pathlib import Path

import httpx
import pytest

from gateway.settings import Settings
from gateway.store.api_keys import Administrator, Grant, NewKey
from tests.bootstrap.kit import LATER
from tests.system.kit import policies
from tests.system.site import System, system

AGENTS = {"ward": {"zone": "in-house"}}


async def _headers(site: System, owner: str, role: str) -> dict[str, str]:
    writer = await site.gateway.site.writer("default")
    grant = Grant(owner=owner, kind="person", roles=(role,), zone="in-house")
    made = await site.gateway.site.api_keys.create(Administrator(ledger=writer, tenant=writer.tenant), "default", grant)
    assert isinstance(made, NewKey)
    return {"authorization": f"Bearer {made.plain}"}


def code(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rpartition(":")[2].rpartition("/")[2]


def _later(directory: Path) -> None:
    with (directory / "policies" / "policy.csv").open("a") as file:
        file.write(f"\n{LATER}\n")


async def test_one_proposes_another_activates_and_who_may_not_is_on_record(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    given = {**policies(tmp_path), "four_eyes": True}
    async with system(sqlite_settings, agents=AGENTS, policy=given) as site:
        ada, eve = await _headers(site, "ada", "compliance"), await _headers(site, "eve", "compliance")
        zoe = await _headers(site, "zoe", "auditor")
        nothing = await site.http.post("/policy/proposals", headers=ada)
        assert (nothing.status_code, code(nothing)) == (409, "conflict")
        _later(tmp_path)
        assert (await site.http.post("/policy/proposals", headers=zoe)).status_code == 403
        proposed = await site.http.post("/policy/proposals", json={"reason": "we need it"}, headers=ada)
        assert proposed.status_code == 201
        body = proposed.json()
        assert (body["state"], body["changes"], body["reason"]) == ("open", ["rule later added"], "we need it")
        path = f"/policy/proposals/{body['id']}/activate"
        own = await site.http.post(path, headers=ada)
        assert (own.status_code, code(own)) == (403, "second_person_required")
        done = await site.http.post(path, json={"reason": "read"}, headers=eve)
        assert (done.status_code, done.json()["state"], done.json()["version"]) == (200, "activated", body["version"])
        listed = (await site.http.get("/policy/proposals", headers=zoe)).json()["proposals"]
        assert [(one["state"], one["origin"]) for one in listed] == [("activated", "directory"), ("activated", "start")]
        assert listed[0]["proposer"] != listed[0]["activator"]
        records = await site.records()
        assert [one["event"] for one in records if one["event"].startswith("policy.")] == [
            "policy.activated",
            "policy.proposed",
            "policy.activated",
        ]
        denied = [one["outcome"]["code"] for one in records if one["event"] == "exchange.denied"]
        assert denied == ["role_required", "second_person_required"]
        back = await site.http.post("/policy/rollback", headers=eve)
        assert (back.status_code, back.json()["origin"], back.json()["state"]) == (200, "rollback", "open")


async def test_a_body_of_another_form_is_refused(sqlite_settings: Settings, subtests: pytest.Subtests) -> None:
    async with system(sqlite_settings, agents=AGENTS) as site:
        for content in (
            b"[]",
            b"{",
            b'{"reason":7}',
            b'{"swordfish":"x"}',
            b'{"reason":"' + b"x" * 3000,
        ):
            with subtests.test(content=content):
                ada = await _headers(site, "ada", "compliance")
                for path in ("/policy/proposals", "/policy/proposals/pp_1/activate", "/policy/rollback"):
                    answer = await site.http.post(path, content=content, headers=ada)
                    assert (answer.status_code, code(answer), "swordfish" in answer.text) == (
                        400,
                        "parameter_invalid",
                        False,
                    )
                assert (await site.http.post("/policy/proposals/pp_1/activate", headers=ada)).status_code == 404


async def test_a_directory_that_cannot_be_served_by_is_told_and_nothing_is_proposed(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with system(sqlite_settings, agents=AGENTS, policy=policies(tmp_path)) as site:
        ada = await _headers(site, "ada", "compliance")
        with (tmp_path / "policies" / "policy.csv").open("a") as file:
            file.write("\np, nonsense\n")
        answer = await site.http.post("/policy/proposals", headers=ada)
        assert (answer.status_code, "policy.csv" in answer.json()["detail"]) == (409, True)
        (one,) = (await site.http.get("/policy/proposals", headers=ada)).json()["proposals"]
        assert one["origin"] == "start"
