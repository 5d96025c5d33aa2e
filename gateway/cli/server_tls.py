"""The certificate that a server shows, and its key: looked at before it serves."""

import ssl

from gateway.core.errors import ConfigurationError
from gateway.settings import Server, Settings


def check_tls(server: Server, settings: Settings) -> None:
    """`ConfigurationError` unless certificate and key can be read and belong together, where there are any."""
    if server.tls_certificate is None or server.tls_key is None:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(
            settings.path(server.tls_certificate), settings.path(server.tls_key), password=_no_password
        )
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "server.tls_certificate and server.tls_key must be PEM files that belong together, the key without password"
        ) from error


def _no_password() -> str:
    raise ValueError("a key with a password cannot be used by a server that starts by itself")
