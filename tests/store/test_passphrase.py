"""A passphrase comes from where it is said to be, once where it can be had once, and never shows in an error."""

import getpass
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import ConfigurationError
from gateway.store import passphrase as module
from gateway.store.passphrase import asked_twice, chosen, forget, passphrase


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    forget()
    yield
    forget()


def test_each_place_gives_it_without_its_line_feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYRING_PASSPHRASE", "correct horse")
    assert passphrase("env:KEYRING_PASSPHRASE", str(tmp_path)) == b"correct horse"
    (tmp_path / "pass").write_text("correct horse\r\n")
    (tmp_path / "pass").chmod(0o600)
    assert passphrase("file:pass", str(tmp_path)) == b"correct horse"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert passphrase("credential:pass", str(tmp_path)) == b"correct horse"


def test_a_descriptor_is_read_to_its_end_once_and_closed(tmp_path: Path) -> None:
    out, into = os.pipe()
    os.write(into, b"correct ")
    os.write(into, b"horse\n")
    os.close(into)
    assert passphrase(f"fd:{out}", ".") == b"correct horse"
    assert passphrase(f"fd:{out}", ".") == b"correct horse"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(out)


def test_a_descriptor_that_gives_nothing_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WAIT_S", 0.01)
    out, into = os.pipe()
    with pytest.raises(ConfigurationError, match="gives nothing"):
        passphrase(f"fd:{out}", ".")
    os.close(into)
    os.close(out)
    with pytest.raises(ConfigurationError, match="cannot read"):
        passphrase(f"fd:{out}", ".")


def test_it_is_the_same_from_every_keyboard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONE", "caf\u00e9 au lait")
    monkeypatch.setenv("OTHER", "cafe\u0301 au lait")
    assert passphrase("env:ONE", ".") == passphrase("env:OTHER", ".")


def test_what_is_none_is_told_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setenv("LINES", "canary\ncanary")
    monkeypatch.setenv("LONG", "canary" * 200)
    (tmp_path / "open").write_text("canary")
    (tmp_path / "open").chmod(0o644)
    (tmp_path / "bytes").write_bytes(b"canary\xff")
    (tmp_path / "bytes").chmod(0o600)
    (tmp_path / "huge").write_bytes(b"canary" * 1_000)
    (tmp_path / "huge").chmod(0o600)
    wrong = ("env:LINES", "env:LONG", "env:NOT_THERE", "file:open", "file:bytes", "file:huge", "file:none")
    for reference in (*wrong, "credential:none", "prompt"):
        with pytest.raises(ConfigurationError) as refused:
            passphrase(reference, str(tmp_path))
        assert "canary" not in str(refused.value)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(ConfigurationError, match="was not given"):
        passphrase("credential:none", str(tmp_path))


def test_the_terminal_is_asked_once_and_for_a_new_one_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    said = iter(["correct horse", "one passphrase", "another one", "twice the same", "twice the same"])
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: next(said))
    terminal: Any = type("Terminal", (), {"isatty": lambda self: True})()
    monkeypatch.setattr(sys, "stdin", terminal)
    assert passphrase("prompt", ".") == passphrase("prompt", ".") == b"correct horse"
    with pytest.raises(ConfigurationError, match="differ"):
        asked_twice()
    assert asked_twice() == b"twice the same"


def test_a_new_one_is_not_short() -> None:
    assert chosen("zw\u00f6lf Zeichen".encode(), "--new")
    with pytest.raises(ConfigurationError, match="--new must be a passphrase of at least 12 characters"):
        chosen(b"hunter2", "--new")
