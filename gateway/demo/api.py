"""The audit and evidence API as the demo asks it: over HTTP, with a key, like anybody's program would."""

import json
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

import msgspec

from gateway.demo.processes import DemoError

_TIMEOUT_S = 60.0
_TICK_S = 0.1
_PAGE = 500


class Response(msgspec.Struct, frozen=True):
    """An answer read whole."""

    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Api:
    """One gateway on the loopback interface, asked with one key."""

    def __init__(self, port: int, key: str) -> None:
        self._port, self._key = port, key

    def get(self, path: str, **query: str | int) -> Response:
        return self._ask("GET", f"{path}?{urlencode(query)}" if query else path, None)

    def post(self, path: str, document: object) -> Response:
        return self._ask("POST", path, json.dumps(document).encode())

    def exchange(self, exchange: str) -> list[dict[str, Any]]:
        """The records of one exchange in order, as the API gives them; empty when there is no such exchange."""
        response = self.get(f"/audit/exchanges/{exchange}")
        if response.status == 404:
            return []
        return list(self._good(response)["records"])

    def records(self, **filters: str) -> Iterator[dict[str, Any]]:
        """All records that the filters let through, page after page."""
        query: dict[str, str | int] = {**filters, "limit": _PAGE}
        while True:
            page = self._good(self.get("/audit/records", **query))
            yield from page["records"]
            if not page.get("cursor"):
                return
            query["cursor"] = page["cursor"]

    def bundle(self) -> bytes:
        """Ask for a bundle of everything, wait until it is built, and fetch it."""
        asked = self._good(self.post("/evidence/bundles", {}))
        place, deadline = f"/evidence/bundles/{asked['id']}", time.monotonic() + _TIMEOUT_S
        while (status := self._good(self.get(place))["status"]) != "ready":
            if status == "failed" or time.monotonic() > deadline:
                raise DemoError(f"the bundle was not built: {status}")
            time.sleep(_TICK_S)
        response = self.get(f"{place}/download")
        if response.status != 200:
            raise DemoError(f"the bundle could not be fetched: status {response.status}")
        return response.body

    def _good(self, response: Response) -> dict[str, Any]:
        if not 200 <= response.status < 300:
            raise DemoError(
                f"the audit API answered {response.status}: {response.body[:400].decode('utf-8', 'replace')}"
            )
        document = response.json()
        if not isinstance(document, dict):
            raise DemoError("the audit API answered with something other than an object")
        return document

    def _ask(self, method: str, path: str, body: bytes | None) -> Response:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_S)
        headers = {"authorization": f"Bearer {self._key}", "accept": "application/json"}
        if body is not None:
            headers["content-type"] = "application/json"
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Response(answer.status, answer.read())
        except OSError as error:
            raise DemoError(f"the audit API could not be asked: {type(error).__name__}") from error
        finally:
            connection.close()
