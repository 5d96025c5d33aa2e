"""Requests that two servers would read differently, written byte by byte to a served gateway.

Each carries, where one reading finds its end, a whole further request with a good key. None may be carried out: the
answer to what is malformed is one 400, and the connection ends with it.
"""

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.settings import Settings
from gateway.web.app import build_app
from gateway.web.protocol import HttpProtocol
from tests.checks.identity.certifying import SPIFFE, Authority
from tests.system.site import System, served, system

ASKED = b'{"model":"ward","messages":[{"role":"user","content":"hello"}]}'
PATH = b"/v1/chat/completions"
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


class Door:
    """A gateway behind the protocol it is served with, for whoever writes bytes to it. `inner` would be carried out."""

    def __init__(self, site: System, port: int, key: str) -> None:
        self.site, self.port, self.key = site, port, key.encode()
        lines = (b"content-type: application/json", b"connection: close", b"content-length: %d" % len(ASKED))
        self.inner = self.request(b"x-api-key: " + self.key, *lines) + ASKED

    def request(
        self, *lines: bytes, path: bytes = PATH, method: bytes = b"POST", host: bytes = b"host: x\r\n"
    ) -> bytes:
        """The head of a request."""
        return method + b" " + path + b" HTTP/1.1\r\n" + host + b"".join(line + b"\r\n" for line in lines) + b"\r\n"

    async def sends(self, *pieces: bytes) -> tuple[list[int], bytes]:
        """Statuses of the answers until the gateway closes, and all that it wrote. Pieces are sent one by one."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0.02 if len(pieces) > 1 else 0)
            async with asyncio.timeout(20):
                written = await reader.read()
        except ConnectionResetError:
            written = b""
        finally:
            writer.close()
        return [int(status) for status in _STATUS.findall(written)], written

    @property
    def carried_out(self) -> int:
        return sum(len(agent.received) for agent in self.site.agents.values())


@asynccontextmanager
async def door(settings: Settings, **sections: Any) -> AsyncIterator[Door]:
    limits = {"failures": "100000/minute"}
    async with (
        system(settings, agents={"ward": {"zone": "in-house"}}, limits=limits, **sections) as site,
        served(build_app(site.gateway), http=HttpProtocol.within(5)) as url,
    ):
        yield Door(site, int(url.rpartition(":")[2]), await site.key("agent"))


LENGTH, CHUNKED = b"content-length: %d", b"transfer-encoding: chunked"
END = b"0\r\n\r\n"
MALFORMED: dict[str, tuple[tuple[bytes, ...], bytes]] = {
    "a length and chunks": ((b"content-length: ALL", CHUNKED), END + b"INNER"),
    "chunks and a length": ((CHUNKED, b"content-length: 3"), b"CHUNK" + END),
    "two lengths": ((b"content-length: 0", b"content-length: INNER"), b"INNER"),
    "a length twice": ((b"content-length: 0", b"Content-Length: 0"), b"INNER"),
    "a list of lengths": ((b"content-length: 0, 0",), b"INNER"),
    "a length with a sign": ((b"content-length: +0",), b"INNER"),
    "a negative length": ((b"content-length: -1",), b"INNER"),
    "a hexadecimal length": ((b"content-length: 0x0",), b"INNER"),
    "a length with a space in it": ((b"content-length: 1 0",), b"INNER"),
    "no length where one is named": ((b"content-length: ",), b"INNER"),
    "a length beyond all integers": ((b"content-length: 99999999999999999999999",), b"INNER"),
    "digits of another script": ((b"content-length: \xef\xbc\x90",), b"INNER"),
    "another coding and a length": ((b"transfer-encoding: xchunked", b"content-length: ALL"), END + b"INNER"),
    "another coding": ((b"transfer-encoding: xchunked",), END + b"INNER"),
    "no coding": ((b"transfer-encoding: identity",), END + b"INNER"),
    "no coding and a length": ((b"transfer-encoding: identity", b"content-length: ALL"), END + b"INNER"),
    "chunks that are not last": ((b"transfer-encoding: chunked, identity",), END + b"INNER"),
    "chunks of chunks": ((b"transfer-encoding: chunked, chunked",), END + b"INNER"),
    "two codings": ((CHUNKED, b"transfer-encoding: identity"), END + b"INNER"),
    "two codings, chunks last": ((b"transfer-encoding: identity", CHUNKED), END + b"INNER"),
    "a coding that is not undone": ((b"transfer-encoding: gzip, chunked",), END + b"INNER"),
    "a coding behind a control character": (
        (b"transfer-encoding: \x0bchunked", b"content-length: ALL"),
        END + b"INNER",
    ),
    "a quoted coding": ((b'transfer-encoding: "chunked"', b"content-length: ALL"), END + b"INNER"),
    "a folded line": ((b"x-a: b", b" transfer-encoding: chunked", b"content-length: ALL"), END + b"INNER"),
    "a folded value": ((b"transfer-encoding:", b" chunked", b"content-length: ALL"), END + b"INNER"),
    "a line folded by a tab": ((b"x-a: b", b"\ttransfer-encoding: chunked"), END + b"INNER"),
    "a space before the colon": ((b"content-length : 5",), b"INNER"),
    "the same before a coding": ((b"transfer-encoding : chunked", b"content-length: ALL"), END + b"INNER"),
    "a line that ends in LF": ((b"x-a: b\ntransfer-encoding: chunked", b"content-length: ALL"), END + b"INNER"),
    "a head that ends in LF": ((b"content-length: 0\n\nINNER",), b""),
    "a line that ends in CR": ((b"x-a: b\rtransfer-encoding: chunked", b"content-length: ALL"), END + b"INNER"),
    "NUL in a value": ((b"x-a: b\0", b"content-length: 0"), b"INNER"),
    "NUL in a name": ((b"x\0-a: b", b"content-length: 0"), b"INNER"),
    "no colon": ((b"x-a", b"content-length: 0"), b"INNER"),
    "no name": ((b": x", b"content-length: 0"), b"INNER"),
    "a space in a name": ((b"x a: b", b"content-length: 0"), b"INNER"),
    "a bracket in a name": ((b"x(a: b", b"content-length: 0"), b"INNER"),
    "two hosts": ((b"Host: y", b"content-length: 0"), b"INNER"),
    "chunks that end in LF": ((CHUNKED,), b"1\na\n0\n\nINNER"),
    "a chunk of 0x1": ((CHUNKED,), b"0x1\r\na\r\n" + END + b"INNER"),
    "a chunk of -1": ((CHUNKED,), b"-1\r\na\r\n" + END + b"INNER"),
    "a chunk beyond all integers": ((CHUNKED,), b"fffffffffffffffff\r\na\r\n" + END + b"INNER"),
    "LF in an extension of a chunk": ((CHUNKED,), b"1;a\nb\r\nX\r\n" + END + b"INNER"),
    "a chunk longer than it says": ((CHUNKED,), b"1\r\nab\r\n" + END + b"INNER"),
}
"""Lines of a head, and what follows it. `INNER` stands for the further request, as a length for its own; `ALL` for the
length of it and an end of chunks, `CHUNK` for it as a chunk."""


async def test_what_can_be_read_in_two_ways_is_read_in_none(sqlite_settings: Settings) -> None:
    async with door(sqlite_settings) as opened:
        inner = opened.inner
        alone, _ = await opened.sends(inner)  # carried out, as it would be behind a front that lets it through
        assert (alone, opened.carried_out) == ([200], 1)
        for name, (lines, body) in MALFORMED.items():
            head = opened.request(*(_filled(line, inner, length=True) for line in lines))
            statuses, written = await opened.sends(head + _filled(body, inner))
            assert (statuses, opened.carried_out) == ([400], 1), name
            assert b"gwk_" not in written, name


def _filled(text: bytes, inner: bytes, *, length: bool = False) -> bytes:
    chunk = b"%x\r\n" % len(inner) + inner + b"\r\n"
    given = b"%d" % len(inner) if length and text.startswith(b"content-length: INNER") else inner
    return text.replace(b"ALL", b"%d" % len(END + inner)).replace(b"CHUNK", chunk).replace(b"INNER", given)


FIRST_LINES = (
    (b"POST %b HTTP/2.0", 400),
    (b"POST %b HTTP/1.2", 400),
    (b"POST %b HTTP/0.9", 400),
    (b"post %b HTTP/1.1", 400),
    (b" POST %b HTTP/1.1", 400),
    (b"POST\t%b HTTP/1.1", 400),
    (b"POST %b\0 HTTP/1.1", 400),
    (b"POST %b\xc3\xa9 HTTP/1.1", 400),
    (b"POST \\%b HTTP/1.1", 400),
    (b"CONNECT %b HTTP/1.1", 401),
    (b"PRI * HTTP/2.0", 400),
    (b"PROXY TCP4 10.0.0.9 127.0.0.1 51000 80\r\nPOST %b HTTP/1.1", 400),
    (b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\x0a\x00\x00\x09\x7f\x00\x00\x01\xc7\x38\x00\x50POST %b HTTP/1.1", 400),
    (b"POST %b HTTP/1.0", 401),
    (b"POST  %b HTTP/1.1", 401),
    (b"POST %b#/healthz HTTP/1.1", 401),
    (b"POST http://elsewhere%b HTTP/1.1", 401),
    (b"POST https://user:word@x:1%b HTTP/1.1", 401),
)


async def test_a_first_line_of_another_form_opens_nothing(sqlite_settings: Settings) -> None:
    async with door(sqlite_settings) as opened:
        for line, status in FIRST_LINES:
            first = line % PATH if b"%b" in line else line
            rest = b"\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            statuses, _ = await opened.sends(first + rest + opened.inner)
            assert (statuses, opened.carried_out) == ([status], 0), line


async def test_chunks_are_not_for_the_older_version(sqlite_settings: Settings) -> None:
    async with door(sqlite_settings) as opened:
        head = opened.request(CHUNKED).replace(b"HTTP/1.1", b"HTTP/1.0")
        assert (await opened.sends(head + END + opened.inner))[0] == [400]
        assert opened.carried_out == 0


UPGRADES = (
    (b"connection: Upgrade, HTTP2-Settings", b"upgrade: h2c", b"http2-settings: AAMAAABkAAQAoAAA"),
    (b"upgrade: websocket", b"connection: upgrade", b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="),
    (b"connection: upgrade", b"upgrade: foo"),
)
"""Offers of another protocol, as curl and Java send them, and others."""


async def test_what_follows_an_upgrade_that_is_not_made_is_no_request(sqlite_settings: Settings) -> None:
    async with door(sqlite_settings) as opened:
        head = opened.request(b"connection: upgrade, close", b"upgrade: h2c", path=b"/healthz", method=b"GET")
        statuses, _ = await opened.sends(head + opened.inner)
        assert (len(statuses) <= 1, opened.carried_out) == (True, 0)


async def test_an_upgrade_that_is_not_made_takes_no_body_from_its_request(sqlite_settings: Settings) -> None:
    """Nor makes one of it: what looks like a request in there is not carried out, and the one behind it is."""
    async with door(sqlite_settings) as opened:
        key, kind = b"x-api-key: " + opened.key, b"content-type: application/json"
        padded = b'{"model":"ward","messages":[{"role":"user","content":"' + b"x" * 70_000 + b'"}]}'
        sent = 0
        for offer in UPGRADES:
            for length, body in (
                (LENGTH % len(ASKED), ASKED),
                (LENGTH % len(padded), padded),
                (CHUNKED, b"%x\r\n" % len(ASKED) + ASKED + b"\r\n" + END),
            ):
                head = opened.request(key, kind, *offer, length)
                for pieces in ([head + body], [head, body], [head + body[:9], body[9:]]):
                    statuses, _ = await opened.sends(*pieces, opened.inner)
                    sent += 2
                    assert (statuses, opened.carried_out) == ([200, 200], sent), (offer, length, len(pieces))
            length = LENGTH % len(opened.inner)
            head = opened.request(key, kind, b"connection: close", *offer, length)
            for pieces in ([head + opened.inner], [head, opened.inner]):
                statuses, _ = await opened.sends(*pieces)
                assert (statuses, opened.carried_out) == ([400], sent), offer


async def test_a_credential_is_taken_from_its_own_header_once(sqlite_settings: Settings) -> None:
    """Names that others take for the same, and values that others would split, join or cut."""
    async with door(sqlite_settings) as opened:
        bearer, close = b"Bearer " + opened.key, b"connection: close"
        for lines, status in (
            ((b"authorization: " + bearer, b"Authorization: " + bearer), 401),
            ((b"authorization: " + bearer, b"authorization: Bearer canary"), 401),
            ((b"authorization: " + bearer, b"x-api-key: canary"), 401),
            ((b"x-api-key: canary, " + opened.key,), 401),
            ((b"x_api_key: " + opened.key,), 401),
            ((b"x-api_key: " + opened.key,), 401),
            ((b"http_authorization: " + bearer,), 401),
            ((b"proxy-authorization: " + bearer,), 401),
            ((b"cookie: authorization=" + bearer,), 401),
            ((b"authorization: Bearer\t" + opened.key,), 401),
            ((b"authorization: Bearer " + opened.key + b"\x80",), 401),
            ((b"authorization: Basic " + opened.key,), 401),
        ):
            head = opened.request(close, b"content-type: application/json", LENGTH % len(ASKED), *lines)
            statuses, written = await opened.sends(head + ASKED)
            assert (statuses, opened.carried_out) == ([status], 0), lines
            assert b"gwk_" not in written


async def test_a_head_beyond_its_bound_is_refused_and_not_kept(sqlite_settings: Settings) -> None:
    async with door(sqlite_settings) as opened:
        for line in (b"x-0: " + b"a" * 400_000, b"\r\n".join(b"x-%d: a" % n for n in range(40_000))):
            statuses, _ = await opened.sends(opened.request(line) + opened.inner)
            assert (set(statuses) <= {431}, opened.carried_out) == (True, 0)


async def test_a_credential_of_any_length_is_refused_and_not_kept(sqlite_settings: Settings) -> None:
    async with door(sqlite_settings) as opened:
        for size in (16_385, 100_000, 200_000):
            for line in (b"authorization: Bearer " + b"a" * size, b"x-api-key: gwk_" + b"a" * size):
                head = opened.request(line, b"connection: close", LENGTH % len(ASKED))
                statuses, written = await opened.sends(head + ASKED)
                assert (statuses, opened.carried_out) in (([401], 0), ([431], 0)), size
                assert b"aaaa" not in written


async def test_what_comes_after_a_body_says_nothing_of_who_is_calling(sqlite_settings: Settings) -> None:
    """Trailers, and extensions of chunks: read past, whatever they say."""
    async with door(sqlite_settings) as opened:
        bearer, chunk = b"authorization: Bearer " + opened.key, b"%x" % len(ASKED)
        kind, close = b"content-type: application/json", b"connection: close"
        body = chunk + b"\r\n" + ASKED + b"\r\n0\r\n" + bearer + b"\r\nx-purpose: HMARKT\r\n\r\n"
        statuses, _ = await opened.sends(opened.request(kind, close, CHUNKED, b"trailer: authorization") + body)
        assert (statuses, opened.carried_out) == ([401], 0)
        statuses, _ = await opened.sends(opened.request(bearer, kind, close, CHUNKED) + body)
        assert (statuses, opened.carried_out) == ([200], 1)
        extended = chunk + b';authorization="Bearer x";a=b\r\n' + ASKED + b"\r\n0;last\r\n\r\n"
        statuses, _ = await opened.sends(opened.request(kind, close, CHUNKED) + extended)
        assert (statuses, opened.carried_out) == ([401], 1)
        statuses, _ = await opened.sends(opened.request(bearer, kind, close, CHUNKED) + extended + opened.inner)
        assert (statuses, opened.carried_out) == ([200], 2)


AUTHORITY = Authority("clients")
SHOWN = b":" + base64.b64encode(AUTHORITY.issue(uris=[SPIFFE]).der) + b":"
BEHIND = {"trusted_proxies": ["127.0.0.1"], "client_ca": "clients.pem", "client_header": "client-cert"}
TABLE = {"match": f"uri:{SPIFFE}", "roles": ["agent"], "purposes": ["TREAT"], "zone": "in-house"}


async def test_what_a_proxy_says_stands_under_its_own_name_and_comes_once(sqlite_settings: Settings) -> None:
    """Names that a proxy in front may let through, since it takes them for others, are not taken for the proxy's."""
    publish(sqlite_settings)
    kind, close = b"content-type: application/json", b"connection: close"
    async with door(sqlite_settings, server=BEHIND, certificate=[TABLE]) as opened:

        async def asks(*lines: bytes) -> tuple[list[int], bytes]:
            head = opened.request(kind, close, LENGTH % len(ASKED), *lines)
            return await opened.sends(head + ASKED)

        assert (await asks(b"client-cert: " + SHOWN))[0] == [200], "what the proxy itself says"
        for name in (b"client_cert", b"Client_Cert", b"client-cert-chain", b"x-client-cert", b"ssl-client-cert"):
            assert (await asks(name + b": " + SHOWN))[0] == [401], name
        for name in (b"client-cert ", b" client-cert", b"client-cert\x00", b"client-cert\t"):
            assert (await asks(name + b": " + SHOWN))[0] == [400], name
        twice = (b"client-cert: " + SHOWN, b"Client-Cert: " + SHOWN)
        for lines in (twice, (b"client-cert: " + SHOWN + b", " + SHOWN,), (b"x-a: b", b" client-cert: " + SHOWN)):
            assert (await asks(*lines))[0] in ([401], [400]), lines
        assert opened.carried_out == 1
        # Nor does it say where a caller is: failures count for the address that the proxy's own header names.
        await asks(b"authorization: Bearer canary", b"x_forwarded_for: 203.0.113.66", b"x-forwarded-for: 198.51.100.7")
        await asks(b"authorization: Bearer canary", b"x-forwarded-for : 203.0.113.66")
        reader = opened.site.gateway.site.reader("_system")
        details = [one.detail or b"" async for one in reader.records(0, await reader.size(), details=True)]
        assert any(b"198.51.100.7" in detail for detail in details)
        assert not any(b"203.0.113.66" in detail for detail in details)


def publish(settings: Settings) -> None:
    Path(settings.base, "clients.pem").write_bytes(AUTHORITY.pem)
