"""A small HTTP server for tests: what it was asked, and what it answers."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Any]


class Asked:
    """Requests so far, as method, path and body."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.requests: list[tuple[str, str, bytes]] = []
        self.headers: list[dict[str, str]] = []


@contextmanager
def answering(answers: list[Answer], headers: dict[str, str] | None = None) -> Iterator[Asked]:
    """Serve these answers one after the other on a loopback port: bytes as they are, anything else as JSON."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            asked.requests.append((self.command, self.path, body))
            asked.headers.append({name.lower(): value for name, value in self.headers.items()})
            status, document = answers.pop(0)
            data = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            for name, value in {"content-type": "application/json", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        asked = Asked(int(server.server_address[1]))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield asked
        finally:
            server.shutdown()
            thread.join()
