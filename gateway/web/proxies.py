"""What trusted proxies say of their own callers: address, whether TLS was used, certificate. From nobody else.

Trusted is who connects from a listed address; the connection's own certificate, if it shows one, is then the proxy's
and nobody's identity. The caller's address is the last one of `X-Forwarded-For` that is no trusted proxy's: whatever
stands before it may be made up. A certificate in a header is taken as one proxy wrote it, in one piece (`shown`); such
a header from anybody else is a refusal, on record: it would be believed if it came by another way.
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from gateway.core.refusal import Refusal
from gateway.settings import Server
from gateway.web.shown import CERTIFICATE_HEADERS, client_cert, forwarded_client_cert
from gateway.web.traffic import CERTIFICATE, TLS, Scope

MAX_HOPS = 64
"""Addresses of `X-Forwarded-For` that are looked at, from the end."""
_UNTRUSTED = Refusal(
    code="certificate_untrusted", field="certificate", hint="a connection from an address in server.trusted_proxies"
)


class Proxies:
    """Applies what trusted proxies say to requests, before anybody reads them."""

    def __init__(self, server: Server) -> None:
        self._networks = [ip_network(text) for text in server.trusted_proxies]
        self._header = server.client_header
        self._trusted = lru_cache(4096)(self._is_trusted)

    def apply(self, scope: Scope) -> None:
        """Put the caller's address and scheme in the place of the proxy's own, and say which certificate was shown."""
        client, headers = scope.get("client"), scope["headers"]
        state: dict[str, Any] = scope.setdefault("state", {})
        if client is None or not self._trusted(client[0]):
            if self._header is not None and any(name in CERTIFICATE_HEADERS for name, _ in headers):
                state[CERTIFICATE] = _UNTRUSTED
            return
        scope["client"] = (self._source(client[0], headers), 0)
        schemes = [value.strip().lower() for name, value in headers if name == b"x-forwarded-proto"]
        if schemes:
            scope["scheme"] = "https" if schemes == [b"https"] else "http"
        state.pop(TLS, None)
        state[CERTIFICATE] = self._certificate(headers)

    def _certificate(self, headers: list[tuple[bytes, bytes]]) -> bytes | Refusal | None:
        if self._header is None:
            return None
        values = [value for name, value in headers if name == self._header.encode("ascii")]
        if not values:
            return None
        if len(values) > 1:
            return Refusal(code="credential_invalid", field=self._header, hint="the header once, from one proxy")
        read = client_cert if self._header == "client-cert" else forwarded_client_cert
        found = read(values[0])
        if found is None:
            return Refusal(code="credential_invalid", field=self._header, hint=_FORMS[self._header])
        return found

    def _source(self, proxy: str, headers: list[tuple[bytes, bytes]]) -> str:
        """The nearest address that is not a trusted proxy's; the last one known where there is no other."""
        nearest = proxy
        lines = [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for"]
        for text in reversed(",".join(lines).split(",")[-MAX_HOPS:]):
            address = address_of(text)
            if address is None:
                break
            nearest = address
            if not self._trusted(address):
                break
        return nearest

    def _is_trusted(self, text: str) -> bool:
        address = address_of(text)
        return address is not None and any(ip_address(address) in network for network in self._networks)


_FORMS = {
    "client-cert": "one certificate in DER as a byte sequence (RFC 9440 §2.2)",
    "x-forwarded-client-cert": "one element that holds the certificate, as Cert=, and the Hash of no other",
}


def address_of(text: str) -> str | None:
    """An address in its one spelling, from a line that may add a port to it; None for anything else."""
    text = text.strip(" \t")
    if text.startswith("["):
        text, closed, port = text[1:].partition("]")
        if not closed or (port and not (port.startswith(":") and port[1:].isdecimal())):
            return None
    elif text.count(":") == 1:
        text, _, port = text.partition(":")
        if not port.isdecimal():
            return None
    try:
        found: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped or found)
