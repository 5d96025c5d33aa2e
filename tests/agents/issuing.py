"""An issuer that publishes its keys over HTTP, as a test wants it to."""

import asyncio
import json
from typing import Any

WELL_KNOWN = "/.well-known/openid-configuration"


class HttpIssuer:
    """An ASGI application: metadata, a key set, and how often it was asked. `held`: it answers once that is set."""

    def __init__(self, *keys: Any) -> None:
        self.keys: list[Any] = list(keys)
        self.url = ""
        self.asked: list[str] = []
        self.status = 200
        self.metadata: dict[str, Any] = {}
        self.body: bytes | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.held: asyncio.Event | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        query = scope["query_string"].decode()
        self.asked.append(scope["path"] + (f"?{query}" if query else ""))
        if self.held is not None:
            await self.held.wait()
        document: Any = {"keys": self.keys}
        if scope["path"] == WELL_KNOWN:
            document = {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.metadata}
        body = self.body if self.body is not None else json.dumps(document).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": self.status, "headers": headers + self.headers})
        await send({"type": "http.response.body", "body": body})
