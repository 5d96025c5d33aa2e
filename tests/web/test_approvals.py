"""The approvals API takes what it says it takes, and quotes nothing back."""

from pathlib import Path

import pytest

from gateway.settings import Settings
from tests.system.approvals import approval_of, asking


async def test_questions_of_another_form_are_refused_by_their_field(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        eve = await case.person("eve")
        for query, field in (
            ("state=swordfish", "state"),
            ("state=", "state"),
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=swordfish", "limit"),
            ("cursor=swordfish", "cursor"),
            ("colour=swordfish", "query"),
            ("limit=1&limit=2", "query"),
        ):
            refused = await case.get(eve, f"/approvals?{query}")
            assert (refused.status_code, refused.json()["field"]) == (400, field), query
            assert "swordfish" not in refused.text
        listed = await case.get(eve, "/approvals?state=pending,approved,denied")
        assert (listed.status_code, listed.headers["cache-control"]) == (200, "no-store")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"reason":1}', b'{"reason":"ok","colour":"swordfish"}', b"{}"])
async def test_an_answer_is_a_reason_and_nothing_else(sqlite_settings: Settings, tmp_path: Path, body: bytes) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        approval = approval_of(await case.ask(await case.analyst(), "order-1"))
        headers = {"authorization": f"Bearer {await case.person('eve')}"}
        for word in ("approve", "deny", "edit"):
            refused = await case.site.http.post(f"/approvals/{approval}/{word}", content=body, headers=headers)
            assert (refused.status_code, "swordfish" in refused.text) == (400, False)


async def test_without_a_credential_there_is_nothing(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with asking(sqlite_settings, tmp_path) as case:
        approval = approval_of(await case.ask(await case.analyst(), "order-1"))
        for path in ("/approvals", f"/approvals/{approval}"):
            assert (await case.site.http.get(path)).status_code == 401
        assert (await case.site.http.post(f"/approvals/{approval}/approve", json={"reason": "x"})).status_code == 401
