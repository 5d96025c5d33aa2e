"""`gateway approvals`: a person with a key of its own looks and answers; an account of the machine alone does not."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from gateway.bootstrap import open_site
from gateway.cli.common import load_settings
from gateway.core.approval import Demand
from gateway.exchange.approval_view import Kept, Requester, View, encode
from gateway.store.api_keys import Administrator, Grant, NewKey
from gateway.store.approvals import PART
from gateway.store.sealing import Sealer
from tests.cli.kit import Run
from tests.store.test_approvals import TERMS, made

APPROVAL = "ap_" + "1" * 26
VIEW = View(
    requester=Requester(
        subject="ada", kind="person", roles=(), method="api-key", issuer=None, on_behalf_of=(), source="10.0.0.1"
    ),
    parts=(Kept(pointer="/messages/0/content", kind="text", text="To a@b.example", findings=(("email", 3, 14),)),),
    explanation=("People look first.",),
)


@pytest.fixture
def waiting(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation where a request waits, and keys of people in the environment."""

    async def prepare() -> None:
        async with open_site(load_settings(site / "gateway.toml")) as opened:
            ledger, writer = opened.tenants["default"].ledger, await opened.writer("default")
            terms = msgspec.structs.replace(
                TERMS, persons=(opened.directory.person(ledger, "ada"),), demands=(Demand("privacy", 1),), subjects=()
            )
            sealer = Sealer(opened.keyring)
            key = sealer.exchange_key()
            opened.keyring.persist(key.new)
            sealed = sealer.seal(
                tenant=ledger, record=APPROVAL, part=PART, opening=bytes(32), value=encode(VIEW), key=key
            )
            now = opened.clock.now_us()
            one = made(APPROVAL, tenant=ledger, terms=terms, sealed=sealed, created_us=now, expires_us=now + 10**9)
            await opened.approvals.put(one)
            by = Administrator(ledger=writer, tenant=ledger)
            for owner, roles in (("eve", ("privacy",)), ("ada", ("privacy",)), ("zoe", ("clerk",))):
                grant = Grant(owner=owner, kind="person", roles=roles, zone="in-house")
                key_made = await opened.api_keys.create(by, "default", grant)
                assert isinstance(key_made, NewKey)
                monkeypatch.setenv(f"KEY_{owner.upper()}", key_made.plain)

    asyncio.run(prepare())
    return site


def test_what_waits_is_listed_and_shown_masked_and_the_look_is_on_record(gateway: Run, waiting: Path) -> None:
    assert APPROVAL in gateway("approvals", "list", "--key", "env:KEY_EVE").out
    assert gateway("approvals", "list", "--key", "env:KEY_ZOE", "--json").data["approvals"] == []
    head, row = gateway("approvals", "list", "--key", "env:KEY_EVE", "--format", "csv").out.splitlines()
    assert (head.split(",")[:2], row.split(",")[:2]) == (["id", "state"], [APPROVAL, "pending"])
    shown = gateway("approvals", "show", APPROVAL, "--key", "env:KEY_EVE").out
    assert ("To [EMAIL]" in shown, "a@b.example" in shown, "People look first." in shown) == (True, False, True)
    records = gateway("audit", "query", "--json").data["records"]
    (looked,) = [one for one in records if one["record"]["event"] == "content.revealed"]
    assert looked["detail"]["subject"] == "eve"
    assert looked["detail"]["source"].startswith("command line of ")


def test_a_person_answers_with_a_reason_and_that_is_on_record(gateway: Run, waiting: Path) -> None:
    shown = gateway("approvals", "show", APPROVAL, "--key", "env:KEY_EVE").out
    assert "version: 0" in shown
    assert not {"None", "True", "False", "{", "[]"}.intersection(shown.replace(":", " ").split())
    assert "found: email 1" in shown
    assert gateway("approvals", "approve", APPROVAL, "--key", "env:KEY_EVE", "--reason", "covered").code == 2
    other = gateway("approvals", "approve", APPROVAL, "--version", "1", "--key", "env:KEY_EVE", "--reason", "covered")
    assert (other.code, "version" in other.err) == (1, True)
    done = gateway("approvals", "approve", APPROVAL, "--version", "0", "--key", "env:KEY_EVE", "--reason", "covered")
    assert (done.code, done.out.strip()) == (0, f"{APPROVAL} is approved")
    again = gateway("approvals", "approve", APPROVAL, "--version", "0", "--key", "env:KEY_EVE", "--reason", "no")
    assert again.code == 1
    records = gateway("audit", "query", "--json").data["records"]
    (said,) = [one for one in records if one["record"]["event"] == "approval.approved"]
    assert (said["detail"]["reason"], said["record"]["actor_kind"]) == ("covered", "person")


def test_a_denial_ends_it(gateway: Run, waiting: Path) -> None:
    done = gateway("approvals", "deny", APPROVAL, "--key", "env:KEY_EVE", "--reason", "no", "--json")
    assert (done.code, done.data["state"]) == (0, "denied")
    assert gateway("approvals", "show", APPROVAL, "--key", "env:KEY_EVE").code == 0


def test_who_edits_has_more_masked_does_not_approve_and_that_is_on_record(
    gateway: Run, waiting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = ("--key", "env:KEY_EVE", "--reason", "no addresses")
    assert gateway("approvals", "edit", APPROVAL, *mine).code == 2, "nothing is to change"
    assert gateway("approvals", "edit", APPROVAL, *mine, "--mask", "phone").code == 1, "none was found in it"
    assert gateway("approvals", "edit", APPROVAL, *mine, "--agent", "nobody").code == 1
    done = gateway("approvals", "edit", APPROVAL, *mine, "--mask", " email, email", "--version", "0")
    assert (done.code, done.out.strip()) == (0, f"{APPROVAL} is pending, missing 1 privacy")
    assert "version: 1" in gateway("approvals", "show", APPROVAL, "--key", "env:KEY_EVE").out
    approved = gateway("approvals", "approve", APPROVAL, "--version", "1", *mine)
    assert approved.code == 1
    records = gateway("audit", "query", "--json").data["records"]
    (said,) = [one for one in records if one["record"]["event"] == "approval.edited"]
    assert (said["detail"]["reason"], "mask email" in said["detail"]["diff"]) == ("no addresses", True)


@pytest.mark.parametrize(("owner", "code"), [("ADA", 1), ("ZOE", 1), ("NOBODY", 2)])
def test_nobody_else_answers(gateway: Run, waiting: Path, owner: str, code: int) -> None:
    mine = ("--key", f"env:KEY_{owner}", "--reason", "please")
    tried = gateway("approvals", "approve", APPROVAL, "--version", "0", *mine)
    assert tried.code == code
    assert gateway("approvals", "list", "--key", "env:KEY_EVE", "--json").data["approvals"][0]["state"] == "pending"


def test_a_key_is_never_given_on_the_command_line_itself(
    gateway: Run, waiting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = gateway("approvals", "list", "--key", "gwk_swordfish")
    assert (tried.code, "swordfish" in tried.err) == (2, False)
    monkeypatch.setenv("KEY_BAD", "gwk_swordfish")
    tried = gateway("approvals", "list", "--key", "env:KEY_BAD")
    assert (tried.code, "swordfish" in tried.err) == (1, False)
    assert gateway("approvals", "list", "--key", "env:KEY_EVE", "--limit", "0").code == 2
