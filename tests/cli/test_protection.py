"""`gateway keys protect`: the root key wrapped by a passphrase or a program, and neither shown anywhere."""

import base64
import logging
import os
from pathlib import Path

import pytest

from gateway.store import root_key
from gateway.store.passphrase import forget
from tests.cli.kit import Run, change, process, tree
from tests.store.key_kit import GOOD, program

CANARY, OTHER = "canary-of-a-passphrase", "another canary entirely"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root_key, "LOG_N", 14)
    forget()


@pytest.fixture
def passphrases(site: Path) -> Path:
    for name, text in (("old", CANARY), ("new", OTHER)):
        (site / name).write_text(f"{text}\n")
        (site / name).chmod(0o600)
    return site


def configure(site: Path, lines: str) -> None:
    change(site / "gateway.toml", 'directory = "keys" ', f'{lines}\ndirectory = "keys" ')


def test_a_passphrase_is_set_changed_and_removed_and_a_wrong_one_serves_nothing(
    gateway: Run, passphrases: Path
) -> None:
    site = passphrases
    assert gateway("keys", "protection").out == "the root key lies in the clear\n"
    before = gateway("keys", "verifier").out
    made = gateway("keys", "protect", "passphrase", "--new", "file:old", "--json")
    assert (made.code, made.data["method"]) == (0, "passphrase")
    refused = gateway("keys", "verifier")
    assert (refused.code, "keys.passphrase must say where that is" in refused.err) == (2, True)
    configure(site, 'protection = "passphrase"\npassphrase = "file:old"')
    assert gateway("keys", "verifier").out == before
    assert "its root key wrapped by a passphrase" in gateway("check").out
    assert gateway("keys", "protection", "--json").data == made.data
    # Changed: the old one opens nothing any more, and nothing is served by it.
    assert gateway("keys", "protect", "passphrase", "--new", "file:new").code == 0
    for command in (
        ("serve",),
        ("check",),
        ("keys", "verifier"),
        ("keys", "protect", "passphrase", "--new", "file:new"),
    ):
        wrong = gateway(*command)
        assert wrong.code != 0
        assert "the passphrase does not open" in wrong.out + wrong.err
    change(site / "gateway.toml", "file:old", "file:new")
    assert gateway("keys", "verifier").out == before
    # Removed: what the configuration demands is not there, and nothing is served until that is so.
    removed = gateway("keys", "unprotect")
    assert (removed.code, "keys.protection must go" in removed.out) == (0, True)
    refused = gateway("keys", "verifier")
    assert (refused.code, "lies in the clear, and keys.protection says passphrase" in refused.err) == (2, True)
    change(site / "gateway.toml", 'protection = "passphrase"\n', "")
    assert gateway("keys", "verifier").out == before
    found = gateway("audit", "query", "--tenant", "_system", "--event", "key.wrapped", "--json").data
    assert len(found["records"]) == 3


def test_a_provider_wraps_it_and_one_that_is_gone_serves_nothing(gateway: Run, site: Path) -> None:
    site.parent.chmod(0o700)
    program(site)
    before = gateway("keys", "verifier").out
    missing = gateway("keys", "protect", "provider")
    assert (missing.code, "keys.provider must name" in missing.err) == (2, True)
    configure(site, 'protection = "provider"\nprovider = "provider"\nprovider_timeout_s = 60.0')
    assert gateway("keys", "protect", "provider", "--new", "env:X").code == 2
    assert gateway("keys", "protect", "provider").code == 0
    assert gateway("keys", "verifier").out == before
    program(site, "sys.exit(7)")
    away = gateway("keys", "verifier")
    assert (away.code, away.err) == (1, "gateway: keys.provider failed: exit code 7\n")
    program(site, GOOD.replace("mixed(", "("))
    another = gateway("keys", "verifier")
    assert (another.code, "it is another secret, or the file was changed" in another.err) == (2, True)


def test_init_makes_a_root_key_that_never_lay_in_the_clear(gateway: Run, passphrases: Path) -> None:
    site = passphrases
    configure(site, 'protection = "passphrase"\npassphrase = "file:old"')
    for path in sorted((site / "keys").rglob("*"), reverse=True):
        path.unlink()
    (site / "keys").rmdir()
    assert "wrote  keys" in gateway("init").out
    assert gateway("keys", "protection", "--json").data["method"] == "passphrase"
    assert gateway("init").code == 0
    assert gateway("keys", "verifier").code == 0
    assert all(path.read_bytes().startswith(b"SEALED+KEY+") for path in (site / "keys").glob("*.key"))


def test_neither_passphrase_nor_key_shows_anywhere(
    gateway: Run, passphrases: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = passphrases
    caplog.set_level(logging.DEBUG)
    root = (site / "keys" / "kek").read_bytes()
    gateway("keys", "verifier")
    said = [gateway("keys", "protect", "passphrase", "--new", "file:old")]
    configure(site, 'protection = "passphrase"\npassphrase = "file:old"')
    said += [gateway("keys", "protect", "passphrase", "--new", "file:new"), gateway("check")]
    said += [gateway("keys", "protect", "passphrase", "--new", given) for given in (CANARY, f"env:{CANARY} {OTHER}")]
    assert [one.code for one in said][-2:] == [2, 2]
    change(site / "gateway.toml", "file:old", "file:new")
    copied = gateway("backup", site / "backup")
    assert "its root key is wrapped by a passphrase" in copied.out
    said += [copied, gateway("audit", "query", "--tenant", "_system", "--all")]
    text = caplog.text + "".join(one.out + one.err for one in said)
    hidden = [CANARY, OTHER, root.hex(), base64.b64encode(root).decode()]
    assert [one for one in hidden if one in text] == []
    kept = {name: data for name, data in tree(site).items() if name not in ("old", "new")}
    needles = [one.encode() for one in hidden] + [root]
    assert [name for name, data in kept.items() if any(needle in data for needle in needles)] == []


def test_it_comes_by_a_descriptor_and_not_by_the_command_line(gateway: Run, passphrases: Path) -> None:
    site = passphrases
    assert gateway("keys", "protect", "passphrase", "--new", "file:old").code == 0
    configure(site, 'protection = "passphrase"\npassphrase = "fd:0"')
    done = process(site, "check", said=f"{CANARY}\n")
    assert "its root key wrapped by a passphrase" in done.out
    wrong = process(site, "keys", "verifier", said="something else\n")
    assert (wrong.code, wrong.out, "the passphrase does not open" in wrong.err) == (2, "", True)
    prompted = process(site, "keys", "protect", "passphrase", said=f"{CANARY}\n")
    assert (prompted.code, "there is no terminal" in prompted.err) == (2, True)


def test_settings_hold_no_passphrase(gateway: Run, site: Path) -> None:
    for lines, told in (
        (f'passphrase = "{CANARY}"', "keys.passphrase must say where the passphrase is, never what it is"),
        ('protection = "passphrase"', "keys.passphrase must say where the passphrase is"),
        ('protection = "provider"', "keys.provider must name the program"),
        (f'provider_environment = ["A={CANARY}"]', "keys.provider_environment must be names of variables"),
        ("provider_timeout_s = 0.5", "keys.provider_timeout_s must lie between 1.0 and 60.0"),
    ):
        original = (site / "gateway.toml").read_text()
        configure(site, lines)
        refused = gateway("check")
        (site / "gateway.toml").write_text(original)
        assert refused.code != 0
        assert told in refused.out + refused.err
        assert CANARY not in refused.out + refused.err


def test_a_keyring_that_others_may_read_is_refused_wrapped_or_not(gateway: Run, passphrases: Path) -> None:
    gateway("keys", "protect", "passphrase", "--new", "file:old")
    configure(passphrases, 'passphrase = "file:old"')
    os.chmod(passphrases / "old", 0o644)
    refused = gateway("keys", "verifier")
    assert (refused.code, "is open to others" in refused.err) == (2, True)
