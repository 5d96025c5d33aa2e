"""A server's certificate and key, before it serves and while it does."""

import logging
import shutil
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

from gateway.agents.watched import LOOK_S
from gateway.cli.common import load_settings
from gateway.cli.server_tls import ServerTls, check_tls, ends
from gateway.core.errors import ConfigurationError
from tests.agents.wire import certificates
from tests.cli.kit import copied
from tests.cli.test_serve import certificate
from tests.conftest import ManualClock


def _check(directory: Path) -> None:
    settings = load_settings(directory / "gateway.toml")
    check_tls(settings.server, settings)


def test_none_and_what_belongs_together_are_well(site: Path) -> None:
    _check(site)
    certificate(site)
    _check(site)


def test_a_key_of_another_one_with_a_password_or_away_is_refused(site: Path, made: Path, tmp_path: Path) -> None:
    """Nobody is asked for the password."""
    certificate(site)
    locked = copied(made, tmp_path / "locked")
    certificate(locked, b"a password")
    for directory, spoil in (
        (locked, lambda: None),
        (site, lambda: shutil.copy(locked / "tls" / "gateway.pem", site / "tls" / "gateway.pem")),
        (site, (site / "tls" / "gateway.key").unlink),
    ):
        spoil()
        with pytest.raises(ConfigurationError, match="must be PEM files that belong together, the key without pass"):
            _check(directory)


def shown(tls: ServerTls, *, client: tuple[Path, Path] | None = None) -> tuple[int, bool]:
    """The serial number of the certificate that whoever connects now is shown, and whether the server saw theirs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # whose handshake ends once both have said all
    if client is not None:
        context.load_cert_chain(*client)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    caller = context.wrap_bio(back, there)
    server = tls.context().wrap_bio(there, back, server_side=True)
    for _ in range(8):
        for side in (caller, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    found = caller.getpeercert(binary_form=True)
    assert found is not None
    return x509.load_der_x509_certificate(found).serial_number, server.getpeercert(binary_form=True) is not None


def serial(certificate: Path) -> int:
    return x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number


def test_what_is_written_anew_is_shown_to_who_connects_after_a_look(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock, (file, key) = ManualClock(), certificates(tmp_path)
    tls = ServerTls(file, key, clock=clock.monotonic_ns)
    first = serial(file)
    assert shown(tls) == (first, False)
    certificates(tmp_path)
    assert serial(file) != first
    assert shown(tls) == (first, False)
    clock.advance(LOOK_S)
    with caplog.at_level(logging.INFO, "gateway"):
        for _ in range(3):
            assert shown(tls) == (serial(file), False)
            clock.advance(LOOK_S)
    (said,) = caplog.records
    assert said.getMessage().startswith("server.tls_certificate was written anew and is shown from now on, until 2")


def test_what_is_being_written_or_broken_ends_no_service_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock, (file, key) = ManualClock(), certificates(tmp_path)
    tls, first, kept = (
        ServerTls(file, key, clock=clock.monotonic_ns),
        serial(file),
        (file.read_bytes(), key.read_bytes()),
    )
    (tmp_path / "other").mkdir()
    other, others = certificates(tmp_path / "other")
    broken: tuple[Callable[[], object], ...] = (
        lambda: file.write_bytes(other.read_bytes()),  # and its key is another one still
        lambda: file.write_bytes(kept[0][: len(kept[0]) // 2]),
        lambda: file.write_bytes(b""),
        file.unlink,
        lambda: (file.write_bytes(kept[0]), key.write_bytes(b"-----BEGIN PRIVATE KEY-----\n")),
        key.unlink,
    )
    with caplog.at_level(logging.INFO, "gateway"):
        for number, spoil in enumerate(broken, 1):
            spoil()
            for _ in range(3):
                clock.advance(LOOK_S)
                assert shown(tls) == (first, False)
            assert [one.levelname for one in caplog.records] == ["ERROR"] * number
        assert all(str(tmp_path) not in one.getMessage() for one in caplog.records)
        file.write_bytes(other.read_bytes())
        key.write_bytes(others.read_bytes())
        clock.advance(LOOK_S)
        assert shown(tls) == (serial(other), False)
    assert [one.levelname for one in caplog.records] == ["ERROR"] * len(broken) + ["INFO"]


@pytest.mark.parametrize("days", [(-9, -1), (1, 9)], ids=["ended", "not begun"])
def test_one_that_nobody_would_take_does_not_replace_one_that_is_good(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, days: tuple[int, int]
) -> None:
    clock, (file, key) = ManualClock(), certificates(tmp_path)
    tls, first = ServerTls(file, key, clock=clock.monotonic_ns), serial(file)
    certificates(tmp_path, days=days)
    clock.advance(LOOK_S)
    assert shown(tls) == (first, False)
    assert "server.tls_certificate must be one that has" in caplog.text


def test_callers_certificates_are_asked_for_as_before_once_it_was_renewed(tmp_path: Path) -> None:
    clock, (file, key), client = ManualClock(), certificates(tmp_path), certificates(tmp_path, "client")
    stranger = certificates(tmp_path, "stranger")
    for required in (False, True):
        tls = ServerTls(file, key, tmp_path / "clientroot.pem", required=required, clock=clock.monotonic_ns)
        for _ in range(2):
            assert shown(tls, client=client) == (serial(file), True)
            with pytest.raises(ssl.SSLError):
                shown(tls, client=stranger)
            if required:
                with pytest.raises(ssl.SSLError):
                    shown(tls)
            else:
                assert shown(tls) == (serial(file), False)
            certificates(tmp_path)
            clock.advance(LOOK_S)


def test_a_start_needs_files_that_hold_what_they_should(tmp_path: Path) -> None:
    file, key = certificates(tmp_path)
    with pytest.raises(ConfigurationError, match="--tls-certificate and --tls-key must be PEM files that belong"):
        ServerTls(key, file, names=("--tls-certificate", "--tls-key"))
    with pytest.raises(ConfigurationError, match=r"server.client_ca must be a PEM file of authorities"):
        ServerTls(file, key, key)


def test_until_when_it_is_good_is_told_and_what_is_not_is_refused(tmp_path: Path) -> None:
    file, _ = certificates(tmp_path)
    assert ends(file) == x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
    for days, said in (((-9, -1), "has not ended"), ((1, 9), "has begun")):
        with pytest.raises(ConfigurationError, match=f"server.tls_certificate must be one that {said}"):
            ends(certificates(tmp_path, days=days)[0])
    file.write_bytes(b"nothing")
    with pytest.raises(ConfigurationError, match="must be PEM files that belong together"):
        ends(file)
