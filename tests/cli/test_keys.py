"""`gateway keys`: a key is shown once, is on record, and can be ended; the ledger's public key is anybody's."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.ledger.note import Verifier
from tests.cli.kit import Run, change
from tests.services import Postgres
from tests.store.shared_keys_kit import data_keys_database

ALICE = ("--owner", "alice", "--zone", "in-house")


def create(gateway: Run, *options: str) -> dict[str, Any]:
    result = gateway("keys", "create", *ALICE, *options, "--json")
    assert result.code == 0, result.err
    data: dict[str, Any] = result.data
    return data


def events(gateway: Run) -> list[dict[str, Any]]:
    """What happened to keys, the oldest first."""
    found = gateway("audit", "query", "--order", "asc", "--json").data["records"]
    return [record for record in found if record["record"]["event"].startswith("key.")]


def test_a_key_is_made_with_everything_that_was_asked_for(gateway: Run, site: Path) -> None:
    made = create(
        gateway,
        *("--kind", "person", "--role", "clinician", "clerk", "--role", "auditor"),
        *("--purpose", "TREAT", "--floor", "phi", "--rate", "5/minute", "--expires", "90d"),
    )
    assert made["roles"] == ["clinician", "clerk", "auditor"]
    assert (made["kind"], made["purposes"], made["floor"], made["rate"]) == ("person", ["TREAT"], ["phi"], "5/minute")
    assert made["key"].startswith(f"gwk_{made['prefix']}_")
    lasts = datetime.fromisoformat(made["expires"]) - datetime.fromisoformat(made["created"])
    assert lasts.days in (89, 90)
    assert made["tenant"] == "default"


def test_a_key_is_narrowed_to_scopes_and_the_list_tells_them(gateway: Run, site: Path) -> None:
    made = create(gateway, "--role", "auditor", "--scope", "audit:read", "traffic:ward")
    assert made["scopes"] == ["audit:read", "traffic:ward"]
    assert "audit:read,traffic:ward" in gateway("keys", "list").out
    (listed,) = gateway("keys", "list", "--json").data["keys"]
    assert (listed["scopes"], listed["last_used"]) == (["audit:read", "traffic:ward"], None)


def test_a_key_is_shown_once_and_is_in_no_file(gateway: Run, site: Path) -> None:
    result = gateway("keys", "create", *ALICE)
    key = next(line for line in result.out.splitlines() if line.startswith("gwk_"))
    assert "not shown again" in result.out
    assert key not in gateway("keys", "list", "--json").out + gateway("keys", "list").out
    assert not [path for path in site.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]


def test_making_a_key_is_on_record_with_who_did_it(gateway: Run, site: Path) -> None:
    made = create(gateway, "--role", "clerk")
    (event,) = events(gateway)
    assert event["record"]["event"] == "key.created"
    assert event["record"]["credential"] == made["id"]
    assert event["record"]["actor"].startswith("ac_")
    assert event["detail"]["method"] == "command-line"
    assert "role clerk" in event["detail"]["diff"]
    assert made["key"] not in str(event)


def test_the_list_tells_owners_and_states(gateway: Run, site: Path) -> None:
    create(gateway)
    ended = create(gateway, "--role", "clerk")
    gateway("keys", "revoke", ended["id"])
    create(gateway, "--expires", "2099-01-01")
    lines = gateway("keys", "list").out.splitlines()
    assert lines[0].split() == ["id", "owner", "kind", "roles", "scopes", "zone", "purposes", "last", "used", "state"]
    assert lines[1].endswith("valid")
    assert ended["id"] in lines[2]
    assert "revoked" in lines[2]
    assert lines[3].endswith("valid until 2099-01-01T00:00:00Z")
    with closing(sqlite3.connect(site / "gateway.db")) as connection, connection:
        connection.execute("UPDATE api_key SET kind = 'agent' WHERE expires_us IS NOT NULL")
    lines = gateway("keys", "list").out.splitlines()
    assert [line.endswith("refused: not as it was kept") for line in lines] == [False, False, False, True]


def test_a_revoked_key_is_revoked_and_that_is_on_record(gateway: Run, site: Path) -> None:
    made = create(gateway)
    assert gateway("keys", "revoke", made["id"]).out == f"{made['id']} is revoked\n"
    (listed,) = gateway("keys", "list", "--json").data["keys"]
    assert listed["revoked"] is not None
    assert [event["record"]["event"] for event in events(gateway)] == ["key.created", "key.revoked"]


def test_rotation_gives_a_new_key_with_the_old_ones_rights(gateway: Run, site: Path) -> None:
    old = create(gateway, "--role", "clerk", "--purpose", "TREAT")
    result = gateway("keys", "rotate", old["id"], "--overlap", "1h", "--json")
    new = result.data
    assert new["key"] != old["key"]
    assert [new[name] for name in ("owner", "roles", "purposes", "zone")] == ["alice", ["clerk"], ["TREAT"], "in-house"]
    first, second = gateway("keys", "list", "--json").data["keys"]
    assert (first["id"], second["id"]) == (old["id"], new["id"])
    ends = datetime.fromisoformat(first["expires"]) - datetime.fromisoformat(second["created"])
    assert 3590 <= ends.total_seconds() <= 3600


@pytest.mark.parametrize("command", ["revoke", "rotate"])
def test_a_key_that_is_not_there_is_exit_code_one(gateway: Run, site: Path, command: str) -> None:
    result = gateway("keys", command, "ak_none")
    assert (result.code, result.out) == (1, "")
    assert events(gateway) == []


def test_a_revoked_key_cannot_be_rotated(gateway: Run, site: Path) -> None:
    made = create(gateway)
    gateway("keys", "revoke", made["id"])
    assert gateway("keys", "rotate", made["id"]).code == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--owner", " alice", "--zone", "in-house"), "--owner"),
        (("--owner", "alice", "--zone", "moon"), "--zone must be one of in-house, partner, cloud"),
        ((*ALICE, "--role", "no spaces"), "--role"),
        ((*ALICE, "--purpose", "TREAT", "TREAT"), "--purpose"),
        ((*ALICE, "--floor", "ph/i"), "--floor"),
        ((*ALICE, "--scope", "audit:raed"), "--scope must be traffic, traffic:AGENT, or one of approvals, "),
        ((*ALICE, "--scope", "traffic", "traffic"), "--scope"),
        ((*ALICE, "--rate", "60"), "--rate"),
        ((*ALICE, "--kind", "robot"), "--kind"),
        ((*ALICE, "--expires", "2001-01-01"), "--expires"),
        ((*ALICE, "--expires", "soon"), "--expires"),
        ((*ALICE, "--expires", "2099-01-01T00:00:00"), "--expires"),
    ],
)
def test_a_wrong_option_is_named_and_nothing_is_made(
    gateway: Run, site: Path, options: tuple[str, ...], told: str
) -> None:
    result = gateway("keys", "create", *options)
    assert (result.code, result.out) == (2, "")
    assert told in result.err
    assert gateway("keys", "list", "--json").data == {"keys": []}


def test_a_moment_may_have_any_zone(gateway: Run, site: Path) -> None:
    assert create(gateway, "--expires", "2099-01-01T02:00:00+02:00")["expires"] == "2099-01-01T00:00:00.000000Z"


def test_keys_belong_to_one_tenant(gateway: Run, site: Path) -> None:
    change(site / "gateway.toml", '# [[tenant]]\n# id = "clinic"', '[[tenant]]\nid = "north"\n[[tenant]]\nid = "south"')
    assert gateway("keys", "list").code == 2
    made = create(gateway, "--tenant", "north")
    assert gateway("keys", "list", "--tenant", "south", "--json").data == {"keys": []}
    assert gateway("keys", "revoke", "--tenant", "south", made["id"]).code == 1
    assert gateway("keys", "revoke", "--tenant", "north", made["id"]).code == 0


def test_the_public_key_is_one_line_and_the_same_in_a_file(gateway: Run, site: Path) -> None:
    printed = gateway("keys", "verifier").out
    assert Verifier.parse(printed.strip()).vkey == printed.strip()
    assert gateway("keys", "verifier", "--out", "ledger.vkey").code == 0
    assert (site / "ledger.vkey").read_text() == printed
    assert gateway("keys", "verifier", "--json").data == {"vkey": printed.strip()}


def test_a_public_key_is_not_written_over_another_file(gateway: Run, site: Path) -> None:
    (site / "ledger.vkey").write_text("mine")
    assert gateway("keys", "verifier", "--out", "ledger.vkey").code == 2
    assert (site / "ledger.vkey").read_text() == "mine"


def test_the_operators_own_ledger_has_a_key_of_its_own(gateway: Run, site: Path) -> None:
    assert gateway("keys", "verifier", "--tenant", "_system").out != gateway("keys", "verifier").out
    assert gateway("keys", "create", *ALICE, "--tenant", "_system").code == 2


def test_an_owner_is_denied_listed_and_allowed_each_on_record(gateway: Run, site: Path) -> None:
    made = gateway("keys", "deny", "--owner", "alice", "--until", "12h", "--json").data
    assert (made["kind"], made["name"], made["issuer"]) == ("subject", "alice", "")
    assert made["until"] is not None
    assert gateway("keys", "denied", "--json").data["denied"] == [made]
    assert "alice" in gateway("keys", "denied").out
    assert gateway("keys", "allow", made["id"]).out == f"{made['id']} is off the list\n"
    assert gateway("keys", "denied", "--json").data["denied"] == []
    first, second = events(gateway)
    assert (first["record"]["event"], second["record"]["event"]) == ("key.denied", "key.allowed")
    assert first["record"]["credential"] == second["record"]["credential"] == made["id"]
    assert first["detail"]["method"] == "command-line"
    assert "subject alice" in first["detail"]["diff"]


ISSUER = "https://login.example"


@pytest.mark.parametrize(("option", "name", "kind"), [("--token", "jti-1", "token"), ("--subject", "ada", "subject")])
def test_a_token_and_who_holds_tokens_are_denied_by_their_issuer(
    gateway: Run, site: Path, option: str, name: str, kind: str
) -> None:
    described = f'\n[[issuer]]\nissuer = "{ISSUER}"\naudience = "a"\nalgorithms = ["ES256"]\njwks_file = "keys.json"\n'
    with (site / "gateway.toml").open("a") as file:
        file.write(described)
    (site / "keys.json").write_text('{"keys": []}')
    made = gateway("keys", "deny", option, name, "--issuer", ISSUER, "--json").data
    assert (made["kind"], made["name"], made["issuer"], made["until"]) == (kind, name, ISSUER, None)
    assert gateway("keys", "deny", option, name, "--issuer", "https://nobody.example").code == 2
    assert gateway("keys", "denied", "--json").data["denied"] == [made]
    (said,) = events(gateway)
    assert said["record"]["event"] == "key.denied"
    assert f"{kind} {name}" in said["detail"]["diff"][0]
    assert gateway("keys", "allow", made["id"]).code == 0
    assert gateway("keys", "denied", "--json").data["denied"] == []


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--token", "t1"),
        ("--subject", "ada"),
        ("--owner", "alice", "--issuer", "https://i"),
        ("--owner", "alice", "--subject", "ada", "--issuer", "https://i"),
        ("--token", "t1", "--issuer", "https://nobody"),
        ("--owner", ""),
        ("--owner", "alice", "--until", "never"),
    ],
)
def test_a_denial_of_nobody_is_wrong_use(gateway: Run, site: Path, options: tuple[str, ...]) -> None:
    assert gateway("keys", "deny", *options).code == 2
    assert gateway("keys", "denied", "--json").data["denied"] == []


def test_allowing_what_is_not_denied_fails(gateway: Run, site: Path) -> None:
    assert gateway("keys", "allow", "dn_nothing").code == 1


def test_data_keys_are_moved_nowhere_unless_a_database_is_named(gateway: Run, site: Path) -> None:
    refused = gateway("keys", "share")
    assert (refused.code, "keys.data_keys must name" in refused.err) == (2, True)


@pytest.mark.postgres
def test_data_keys_are_moved_to_a_database_that_was_made_for_them(
    gateway: Run, site: Path, postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(gateway)
    with data_keys_database(postgres_server) as url:
        monkeypatch.setenv("GATEWAY_KEYS_DATA_KEYS", url)
        assert "run `gateway migrate`" in gateway("check").out
        assert gateway("migrate", "--json").data["data_keys"] == "made"
        assert gateway("migrate", "--json").data["data_keys"] == "kept"
        assert "had its tables already" in gateway("migrate").out
        assert gateway("keys", "share", "--json").data == {"moved": 0}
        assert "data keys in a database that nodes share" in gateway("check").out
        assert len(gateway("keys", "list", "--json").data["keys"]) == 1
        again = gateway("init")
        assert "left   the database of the data keys" in again.out
        (site / "keys" / "kek").write_bytes(bytes(32))
        assert "kek is not the one" in gateway("keys", "list").err
        assert gateway("check").code == 1
