"""The clients' server answers whole, on both of its listeners."""

import asyncio
import ssl
from pathlib import Path

import httpx

from benchmarks import answers
from tests.agents.wire import certificates, server_context


async def test_each_path_has_its_answer_with_and_without_tls(tmp_path: Path) -> None:
    async with answers.serving(server_context(*certificates(tmp_path))) as ports:
        trusted = ssl.create_default_context(cafile=tmp_path / "root.pem")
        async with httpx.AsyncClient(verify=trusted) as client:
            for scheme, port in ports.items():
                for path, size in answers.SIZES.items():
                    answer = await client.post(f"{scheme}://127.0.0.1:{port}{path}", content=b"{}")
                    assert (answer.status_code, len(answer.content)) == (200, size)
        _, writer = await asyncio.open_connection("127.0.0.1", ports["http"])
        writer.write(b"POST /stream HTTP/1.1\r\nhost: a\r\n\r\n")
        await writer.drain()
        writer.close()  # in the middle of a stream
        await writer.wait_closed()
        reader, writer = await asyncio.open_connection("127.0.0.1", ports["http"])
        writer.write(b"\x00 nothing\r\n\r\n")
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
        await writer.wait_closed()
