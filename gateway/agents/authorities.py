"""Authorities for client certificates and their revocation lists, from files: a `TrustSource` (see `core.ports`).

The bundle is read once at start. Lists are read again when their file has changed (`agents.watched`); one that cannot
be read any more makes every certificate unverifiable rather than be passed over.
"""

import logging
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.agents.watched import Watched
from gateway.core.errors import ConfigurationError
from gateway.core.ports import Clock, Trust
from gateway.settings import Settings

MAX_LIST = 64 << 20
"""Bytes of one list: a million revoked certificates take about 40 MB."""
_PEM = b"-----BEGIN "
_log = logging.getLogger("gateway")


class FileTrust:
    """What `server.client_ca` and `server.client_crl` hold. `ConfigurationError` for what cannot be started with."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        server = settings.server
        self._lists = tuple(settings.path(name) for name in server.client_crl)
        self._authorities = () if server.client_ca is None else _bundle(settings.path(server.client_ca))
        self._watched = Watched(self._lists, clock.monotonic_ns)
        lists = self._read()
        if lists is None:
            raise ConfigurationError(
                f"server.client_crl must be certificate revocation lists of at most {MAX_LIST} bytes"
            )
        self._trust = self._made(lists)

    def trust(self) -> Trust:
        """What holds now, at most `LOOK_S` old."""
        if self._watched.due():
            lists = self._read()
            if lists is None:
                _log.error("server.client_crl cannot be read: client certificates are refused until it can be")
            else:
                self._watched.taken()
            if lists != self._trust.lists:
                self._trust = self._made(lists)
        return self._trust

    def _made(self, lists: tuple[bytes, ...] | None) -> Trust:
        return Trust(authorities=self._authorities, lists=lists, revocation=bool(self._lists))

    def _read(self) -> tuple[bytes, ...] | None:
        """The lists in DER; None if any cannot be read."""
        try:
            return tuple(_list(file) for file in self._lists)
        except (OSError, ValueError, TypeError):
            return None


def _list(file: Path) -> bytes:
    if file.stat().st_size > MAX_LIST:
        raise ValueError("too large")
    data = file.read_bytes()
    found = x509.load_pem_x509_crl(data) if data.lstrip().startswith(_PEM) else x509.load_der_x509_crl(data)
    return found.public_bytes(Encoding.DER)


def _bundle(file: Path) -> tuple[bytes, ...]:
    try:
        found = x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError("server.client_ca must be a PEM file of authorities' certificates") from error
    return tuple(certificate.public_bytes(Encoding.DER) for certificate in found)
