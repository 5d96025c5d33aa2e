"""The certificate that a server shows, and its key: looked at before it serves, and read anew while it does.

Certificates end, and whoever renews them writes the files and leaves the rest to the programs. The files are looked at
when somebody connects (`agents.watched`). What holds no certificate with its key, as files do that are being
written, or one that has ended or not begun, changes nothing: what was in force is shown on, and the next look tries
again. Connections that are open stay as they are.
"""

import logging
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.agents.watched import Watched
from gateway.core.errors import ConfigurationError
from gateway.settings import Server, Settings

NAMES = ("server.tls_certificate", "server.tls_key")
"""What errors name: the certificate and its key, as whoever serves is told of them."""
_log = logging.getLogger("gateway")


def check_tls(server: Server, settings: Settings) -> None:
    """`ConfigurationError` unless certificate and key can be read and belong together, where there are any."""
    if server.tls_certificate is not None and server.tls_key is not None:
        _loaded(settings.path(server.tls_certificate), settings.path(server.tls_key), NAMES)


def ends(certificate: Path, names: tuple[str, str] = NAMES) -> datetime:
    """Until when this certificate is good. `ConfigurationError` for one that has ended or not begun, or is none."""
    try:
        first = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
        begins, over = first.not_valid_before_utc, first.not_valid_after_utc
    except (OSError, ValueError) as error:
        raise _unfit(names) from error
    now = datetime.now(UTC)
    if now > over:
        raise ConfigurationError(f"{names[0]} must be one that has not ended: no caller takes this one")
    if now < begins:
        raise ConfigurationError(f"{names[0]} must be one that has begun: no caller takes this one yet")
    return over


class ServerTls:
    """How TLS is spoken to whoever connects, by the files as they are now, at most `LOOK_S` old.

    A client's certificate that none of the authorities vouches for ends the handshake: whoever shows one and gets
    through has proven that it is theirs. Each authority is trusted for itself, self-signed or not. Revocation is looked
    at with each request (`checks.identity.certificate`), since connections last.
    """

    def __init__(
        self,
        certificate: Path,
        key: Path,
        authorities: Path | None = None,
        *,
        required: bool = False,
        names: tuple[str, str] = NAMES,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """`authorities` of clients' certificates are read once, here. `required`: every client must show one. `names`:
        what the log calls certificate and key. `clock` in nanoseconds. `ConfigurationError` for files to start with
        that do not hold what they should."""
        self._files, self._names = (certificate, key), names
        self._authorities = None if authorities is None else _bundle(authorities)
        self._verify = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
        self._watched = Watched(self._files, clock)
        self._current = self._made()
        self._opened = self._current
        # Called in every handshake, whether the caller names a server or not.
        self._opened.sni_callback = self._choose

    def context(self) -> ssl.SSLContext:
        """What a port is opened by: each handshake is made by the files as they are then."""
        return self._opened

    def _choose(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        """Must not raise: that would end the handshake."""
        if self._watched.due():
            self._renew()
        if self._current is not context:
            connection.context = self._current

    def _renew(self) -> None:
        try:
            made = self._made()
            until = ends(self._files[0], self._names)
        except ConfigurationError as error:
            if self._watched.written:
                _log.error("%s: the certificate of before is shown on", error)
        else:
            _log.info("%s was written anew and is shown from now on, until %s", self._names[0], until.isoformat())
            self._current = made
            self._watched.taken()

    def _made(self) -> ssl.SSLContext:
        context = _loaded(*self._files, self._names)
        if self._authorities is not None:
            context.load_verify_locations(cadata=self._authorities)
            context.verify_mode = self._verify
            context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
        return context


def _loaded(certificate: Path, key: Path, names: tuple[str, str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:
        raise _unfit(names) from error
    return context


def _unfit(names: tuple[str, str]) -> ConfigurationError:
    said = f"{names[0]} and {names[1]} must be PEM files that belong together, the key without password"
    return ConfigurationError(said)


def _bundle(file: Path) -> bytes:
    """Certificates in DER, one behind the other."""
    try:
        found = x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError("server.client_ca must be a PEM file of authorities' certificates") from error
    return b"".join(one.public_bytes(Encoding.DER) for one in found)


def _no_password() -> str:
    raise ValueError("a key with a password cannot be used by a server that starts by itself")
