"""TLS to agents: whom to trust, who we are, and which key the agent must hold."""

import hashlib
import ssl

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.core.errors import ConfigurationError
from gateway.core.ports import Route

HTTP = "http/1.1"
"""What is asked to be spoken to agents, in the words of ALPN."""


def context(route: Route, protocol: str | None = HTTP) -> ssl.SSLContext:
    """TLS 1.2 or newer, the name checked; `protocol` is what is asked to be spoken. With `ca`, those authorities vouch
    for the agent and nobody else does.

    `ConfigurationError` for a file that cannot be read or does not hold what it should.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which demands a certificate and checks its name
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if protocol is not None:
        made.set_alpn_protocols([protocol])
    if route.ca is None:
        made.load_default_certs()
    else:
        # An intermediate authority, or the agent's own certificate, may be all that is trusted.
        made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        try:
            made.load_verify_locations(route.ca)
        except ssl.SSLError as error:
            raise ConfigurationError(f"the ca file of agent {route.id} must hold certificates in PEM") from error
        except OSError as error:
            raise ConfigurationError(f"the ca file of agent {route.id} cannot be read") from error
    if route.client_certificate is not None:
        _identify(made, route, route.client_certificate)
    return made


def _identify(made: ssl.SSLContext, route: Route, certificate: str) -> None:
    try:
        # Without a password of ours, OpenSSL would ask for one at the terminal.
        made.load_cert_chain(certificate, route.client_key, password=lambda: b"")
    except (ssl.SSLError, ValueError) as error:
        raise ConfigurationError(
            f"client_certificate and client_key of agent {route.id} must be a certificate in PEM and its key, "
            "without a password"
        ) from error
    except OSError as error:
        raise ConfigurationError(f"the client_certificate or client_key of agent {route.id} cannot be read") from error


def fits(peer: ssl.SSLObject | ssl.SSLSocket, pins: tuple[str, ...]) -> bool:
    """Whether an agent that TLS has let in speaks HTTP/1.1 and, where there are `pins`, holds one of those keys."""
    if peer.selected_alpn_protocol() not in (None, HTTP):
        return False
    if not pins:
        return True
    certificate = peer.getpeercert(binary_form=True)
    return certificate is not None and pin_of(certificate) in pins


def told(peer: ssl.SSLObject | ssl.SSLSocket) -> str:
    """Version and cipher of a connection whose handshake is over, in the words of the record's `agent_tls`."""
    cipher = peer.cipher()
    return "unknown" if cipher is None else f"{peer.version()} {cipher[0]}"


def pin_of(certificate: bytes) -> str:
    """`sha256:` and the hex digest of the SubjectPublicKeyInfo (RFC 7469 §2.4) of a certificate in DER."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    return "sha256:" + hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
