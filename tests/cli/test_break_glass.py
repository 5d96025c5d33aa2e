"""`gateway break-glass`: a person with a key of its own is lent a role, and another one reviews it."""

import asyncio
from pathlib import Path

import pytest

from gateway.bootstrap import open_site
from gateway.cli.common import load_settings
from gateway.store.api_keys import Administrator, Grant, NewKey
from gateway.store.notices import NoticeStore
from tests.cli.kit import Run

MORE = """
[[break_glass]]
role = "volunteer"
grants = ["clinician"]
reviewer = "privacy"
minutes = 20

[[channel]]
id = "desk"
url = "http://127.0.0.1:9"
secret = "env:DESK"
roles = ["privacy"]
"""


@pytest.fixture
def staffed(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation where roles may be lent, and keys of people in the environment."""
    monkeypatch.setenv("DESK", "s" * 32)
    file = site / "gateway.toml"
    file.write_text(file.read_text() + MORE)

    async def prepare() -> None:
        async with open_site(load_settings(file)) as opened:
            ledger, writer = opened.tenants["default"].ledger, await opened.writer("default")
            by = Administrator(ledger=writer, tenant=ledger)
            for owner, role in (("ada", "volunteer"), ("eve", "privacy"), ("zoe", "clerk")):
                made = await opened.api_keys.create(
                    by, "default", Grant(owner=owner, kind="person", roles=(role,), zone="in-house")
                )
                assert isinstance(made, NewKey)
                monkeypatch.setenv(f"KEY_{owner.upper()}", made.plain)

    asyncio.run(prepare())
    return site


def opened(gateway: Run, *more: str, minutes: str = "5", key: str = "ADA") -> str:
    arguments = ("--role", "clinician", "--minutes", minutes, "--reason", "a life", "--key", f"env:KEY_{key}")
    done = gateway("break-glass", "open", *arguments, "--json", *more)
    assert done.code == 0, done.err
    return str(done.data["id"])


def test_a_role_is_lent_on_record_and_the_notice_waits_for_who_delivers_it(gateway: Run, staffed: Path) -> None:
    glass = opened(gateway)
    records = gateway("audit", "query", "--json").data["records"]
    (alert,) = [one for one in records if one["record"]["event"] == "alert.break_glass"]
    assert (alert["record"]["break_glass"], alert["record"]["actor_kind"]) == (glass, "person")
    assert (alert["detail"]["reason"], alert["detail"]["subject"]) == ("a life", "ada")

    async def waiting() -> int:
        async with open_site(load_settings(staffed / "gateway.toml")) as site:
            return sum((await NoticeStore(site.engine).waiting()).values())

    assert asyncio.run(waiting()) == 1


def test_it_is_given_back_and_reviewed_by_another_once(gateway: Run, staffed: Path) -> None:
    glass = opened(gateway)
    review = ("break-glass", "review", glass, "--not-justified", "--reason", "no need")
    assert gateway(*review, "--key", "env:KEY_EVE").code == 1
    assert gateway("break-glass", "close", glass, "--key", "env:KEY_ZOE").code == 1
    assert gateway("break-glass", "close", glass, "--key", "env:KEY_ADA").out.strip() == f"{glass} is over"
    assert gateway(*review, "--key", "env:KEY_ADA").code == 1
    done = gateway(*review, "--key", "env:KEY_EVE")
    assert (done.code, done.out.strip()) == (0, f"{glass} is reviewed: not justified")
    assert gateway(*review, "--key", "env:KEY_EVE").code == 1
    assert glass in gateway("break-glass", "list", "--key", "env:KEY_EVE").out
    assert gateway("break-glass", "list", "--key", "env:KEY_ZOE", "--json").data["break_glass"] == []


@pytest.mark.parametrize(("key", "minutes", "code"), [("EVE", "5", 1), ("ADA", "21", 1), ("NOBODY", "5", 2)])
def test_nobody_else_and_not_for_longer(gateway: Run, staffed: Path, key: str, minutes: str, code: int) -> None:
    done = gateway(
        *("break-glass", "open", "--role", "clinician", "--minutes", minutes),
        *("--reason", "a life", "--key", f"env:KEY_{key}"),
    )
    assert done.code == code
    records = gateway("audit", "query", "--json").data["records"]
    assert not [one for one in records if one["record"]["event"].startswith("alert.")]
    assert gateway("break-glass", "review", "bg_1", "--reason", "x", "--key", "env:KEY_EVE").code == 2
