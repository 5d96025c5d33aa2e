"""Each command of docs/keys.md that is about a ledger's key is run as it stands there, in its order."""

import re
import shlex
from pathlib import Path

import pytest

from gateway.evidence.verify import verify
from gateway.ledger.cosignature import Cosigner
from tests.cli.kit import ROOT, Run
from tests.services import SoftHsm

_TEXT = (ROOT / "docs" / "keys.md").read_text("utf-8")


def commands(section: str) -> list[list[str]]:
    text = _TEXT.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]


COMMANDS, ON_A_TOKEN = commands("The key that signs"), commands("The key on a token")


def test_the_ceremony_and_a_rotation_go_as_they_are_written(gateway: Run, site: Path) -> None:
    assert len(COMMANDS) >= 8
    for command, *arguments in COMMANDS:
        assert command == "gateway"
        done = gateway(*arguments)
        assert done.code == 0, (arguments, done.err)
    old, new = ((site / name).read_text() for name in ("clinic.vkey", "clinic-2.vkey"))
    assert new.count("\n") == 10, "a key and one statement"
    assert new.splitlines()[3:5] == [f"from {old.strip()}", f"to {new.splitlines()[0]}"]
    assert verify(site / "clinic.zip", old).end == verify(site / "clinic.zip", new).end
    events = [one["record"]["event"] for one in gateway("audit", "query", "--json").data["records"]]
    assert (events.count("key.rotated"), events.count("key.revoked")) == (1, 1)
    assert len(list((site / "keys").glob("ledger-*.key"))) == 2, "the new key, and the operator's own ledger's"
    assert gateway("check").code == 0
    assert gateway("keys", "verifier", "--json").data["statements"] == [new.partition("\n")[2]]


def test_what_goes_with_a_ledgers_key_does_not_go_with_an_api_key(gateway: Run, site: Path) -> None:
    for wrong in (
        ("rotate",),
        ("rotate", "ak_1", "--prepare"),
        ("rotate", "ak_1", "--ledger"),
        ("rotate", "--ledger", "--expires", "1d"),
    ):
        assert gateway("keys", *wrong).code == 2
    assert "none that was replaced" in gateway("keys", "retire").out


AWAY = "witness witness.elsewhere.example/w"


def test_a_ledger_moves_to_a_token_as_it_is_written_and_production_asks_for_that(
    gateway: Run, site: Path, softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gateway("keys", "verifier").code == 0, "its ledgers have their keys in files"
    monkeypatch.setenv("TOKEN_PIN", softhsm.pin)
    for name, value in (
        ("KEYS_PKCS11_MODULE", softhsm.module),
        ("KEYS_PKCS11_TOKEN", softhsm.label),
        ("KEYS_PKCS11_PIN", "env:TOKEN_PIN"),
        ("LEDGER_PROFILE", "production"),
    ):
        monkeypatch.setenv(f"GATEWAY_{name}", value)

    def profile() -> tuple[str, str]:
        (line,) = [one for one in gateway("check", "--json").data["checks"] if one["name"] == "profile"]
        return line["state"], line["text"]

    def wrong() -> set[str]:
        return {one["name"] for one in gateway("check", "--json").data["checks"] if one["state"] == "bad"}

    state, text = profile()
    assert (state, "[[witness]]" in text, "pkcs11_module" in text) == ("bad", True, True)
    key = Cosigner("witness.elsewhere.example/w", b"w" * 32).witness.vkey
    with (site / "gateway.toml").open("a") as file:
        file.write(f'[[witness]]\nvkey = "{key}"\nurl = "https://witness.elsewhere.example"\n')
    for command, *arguments in ON_A_TOKEN:
        if arguments[:2] == ["keys", "retire"]:
            state, text = profile()
            assert (state, "retire --early" in text) == ("bad", True), "the key in the file signs still"
        done = gateway(*arguments)
        # Nobody answers at the address of this test's witness, and production is not to start without one.
        away = arguments == ["check"] and wrong() == {AWAY}
        assert (command, done.code) == ("gateway", int(away)), (arguments, done.out, done.err)
    assert profile() == ("ok", "production: 2 keys of ledgers sign on a token, witnesses are elsewhere")
    monkeypatch.setenv("TOKEN_PIN", "13579")
    assert wrong() == {"token", "profile", AWAY}
    checks = gateway("check", "--json").data["checks"]
    assert all("keys.pkcs11_pin" in one["text"] for one in checks if one["name"] in ("token", "profile"))
    monkeypatch.setenv("TOKEN_PIN", softhsm.pin)
    files = list((site / "keys").glob("ledger-*.key"))
    assert len(files) == 2
    assert all(file.read_bytes().startswith(b"PKCS11+KEY+") for file in files)
    assert gateway("audit", "verify").code == 0
