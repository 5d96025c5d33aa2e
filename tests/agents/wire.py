"""Agents that do with a connection whatever a test wants, and certificates for them."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.core.message import Outgoing
from gateway.core.ports import Route
from tests.checks.identity.certifying import usage

from .support import route as make_route

BRIEF = 0.15
"""Seconds until a time-out that a test waits for."""


def post(path: str = "/v1/chat/completions", body: bytes = b"{}", **headers: str) -> Outgoing:
    return Outgoing(method="POST", path=path, headers=tuple(headers.items()), body=body)


class Agent:
    """A server on loopback that answers each connection as it is told, and remembers what it saw.

    After its replies it closes the connection, or does with it what `then` says: `hang`, `again` (for the next
    request), `abort` (without a word, under TLS too), or send `endless` bytes.
    """

    def __init__(self, *replies: bytes, then: str = "close") -> None:
        self.replies = replies
        self.then = then
        self.requests: list[bytes] = []
        self.asked = asyncio.Event()
        self.gone = asyncio.Event()
        self.connections = 0
        self.port = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await self._once(reader, writer)
        while self.then == "again":
            await self._once(reader, writer)

    async def _once(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        self.requests.append(head + await reader.readexactly(length))
        self.asked.set()
        for reply in self.replies:
            writer.write(reply)
            await writer.drain()
        while self.then == "endless":
            writer.write(b"x" * 65536)
            await writer.drain()
        if self.then == "hang":
            await reader.read()
        if self.then == "abort":
            writer.transport.abort()


@asynccontextmanager
async def serving(
    agent: Agent, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", **more: Any
) -> AsyncIterator[Route]:
    calls: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        calls.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await agent(reader, writer)
        agent.gone.set()
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    server = await asyncio.start_server(handle, host, 0, ssl=tls)
    agent.port = server.sockets[0].getsockname()[1]
    scheme = "http" if tls is None else "https"
    try:
        yield make_route(**{"url": f"{scheme}://{f'[{host}]' if ':' in host else host}:{agent.port}", **more})
    finally:
        server.close()
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await server.wait_closed()


def ok(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def certificates(
    directory: Path, name: str = "", *, address: str = "127.0.0.1", days: tuple[int, int] = (-1, 1)
) -> tuple[Path, Path]:
    """A root (`<name>root.pem`), and a certificate for an address that it signed, with its key: PEM files. `days`: from
    when to when it is valid, from now."""
    now = datetime.now(UTC)
    keys = {role: ec.generate_private_key(ec.SECP256R1()) for role in ("root", "agent")}
    names = {role: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name + role)]) for role in keys}
    for role in keys:
        extension: x509.ExtensionType = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        made = (
            x509.CertificateBuilder()
            .subject_name(names[role])
            .issuer_name(names["root"])
            .public_key(keys[role].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=days[0] if role == "agent" else -9))
            .not_valid_after(now + timedelta(days=days[1] if role == "agent" else 9))
            .add_extension(extension, False)
            .add_extension(x509.BasicConstraints(ca=role == "root", path_length=None), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(keys[role].public_key()), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys["root"].public_key()), False)
            .add_extension(usage(digital=True, signs=role == "root"), True)
            .sign(keys["root"], hashes.SHA256())
        )
        (directory / f"{name}{role}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file = directory / f"{name}agent.key"
    key_file.write_bytes(
        keys["agent"].private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return directory / f"{name}agent.pem", key_file


def server_context(certificate: Path, key: Path, *, callers: Path | None = None) -> ssl.SSLContext:
    """An agent's own TLS. `callers`: it lets in those alone that this authority vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if callers is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(callers)
    return context
