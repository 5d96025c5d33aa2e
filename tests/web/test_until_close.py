"""Callers of HTTP/1.0 are sent no chunks: an answer without a length ends with its connection."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest

from gateway.web.protocol import HttpProtocol
from tests.system.site import served

PIECES = (b"data: one\n\n", b"", b"data: two\n\n")


async def streaming(scope: Any, receive: Any, send: Any) -> None:
    """In pieces, with the length before them where the path says so."""
    length = [(b"Content-Length", b"%d" % sum(map(len, PIECES)))] if scope["path"] == "/told" else []
    await send({"type": "http.response.start", "status": 200, "headers": length})
    for piece in PIECES:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body"})


async def said(app: Any, request: bytes) -> tuple[bytes, bytes]:
    """Head and body of what comes until the connection is closed."""
    async with served(app, http=HttpProtocol) as url:
        reader, writer = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
        writer.write(request)
        async with asyncio.timeout(30):
            answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.lower(), body


@pytest.mark.parametrize("path", [b"/", b"/told"])
@pytest.mark.parametrize("more", [b"", b"connection: keep-alive\r\n"])
async def test_an_older_caller_gets_the_bytes_as_they_are_and_then_the_end(path: bytes, more: bytes) -> None:
    head, body = await said(streaming, b"GET %b HTTP/1.0\r\n%b\r\n" % (path, more))
    assert body == b"".join(PIECES)
    assert b"transfer-encoding" not in head
    assert (b"content-length: 22" in head) == (path == b"/told")
    assert b"connection: close" in head


async def test_an_older_caller_that_asks_for_the_head_gets_that_alone() -> None:
    head, body = await said(streaming, b"HEAD / HTTP/1.0\r\n\r\n")
    assert (head.partition(b" ")[2][:3], body) == (b"200", b"")


async def test_an_answer_without_a_body_stays_one() -> None:
    head, body = await said(nothing, b"GET / HTTP/1.0\r\n\r\n")
    assert (head.partition(b" ")[2][:3], body) == (b"204", b"")


async def test_everybody_else_is_sent_chunks() -> None:
    head, body = await said(streaming, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    assert body.endswith(b"0\r\n\r\n")
