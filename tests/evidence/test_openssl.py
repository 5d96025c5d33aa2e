"""Where there is no OpenSSL that can do it, nothing is said of signatures, and nothing passes for one that holds."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.core.errors import VerificationError
from gateway.evidence import openssl
from tests.tsa import CA, reply


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    openssl.program.cache_clear()
    yield
    openssl.program.cache_clear()


def program(directory: Path, script: str) -> None:
    file = directory / "openssl"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


@pytest.mark.parametrize("script", [None, "echo LibreSSL 3.3.6", "exit 1", "echo OpenSSL 1.0.2u"])
def test_without_it_nothing_can_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if script is not None:
        program(tmp_path, script)
    authorities = openssl.Authorities(CA.pem)
    assert not authorities.able
    with pytest.raises(VerificationError):
        authorities.verify(reply(b"note"), b"note")


@pytest.mark.parametrize("rest", ["exit 1", "echo 'Verification: FAILED'", "echo 'Verification: OK'; exit 1", "exit 0"])
def test_whatever_it_does_but_say_so_is_no_verification(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rest: str
) -> None:
    program(tmp_path, f'if [ "$1" = version ]; then echo OpenSSL 3.0.2; exit 0; fi; {rest}')
    monkeypatch.setenv("PATH", str(tmp_path))
    authorities = openssl.Authorities(CA.pem)
    assert authorities.able
    with pytest.raises(VerificationError):
        authorities.verify(reply(b"note"), b"note")


def test_one_that_hangs_is_no_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    assert openssl.Authorities(CA.pem).able

    def hangs(*arguments: object, **more: object) -> None:
        raise subprocess.TimeoutExpired("openssl", 60)

    monkeypatch.setattr(subprocess, "run", hangs)
    with pytest.raises(VerificationError):
        openssl.Authorities(CA.pem).verify(reply(b"note"), b"note")
