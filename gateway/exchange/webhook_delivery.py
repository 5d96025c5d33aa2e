"""Sends a bundle to a receiver: one signed `POST` by the form of notices (`gateway.exchange.notices`), with headers
that say what it is."""

import asyncio
import hashlib
import hmac
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from gateway.agents.client import AgentClient
from gateway.core.errors import AgentError
from gateway.core.message import Outgoing
from gateway.core.ports import Clock, Route
from gateway.exchange.deliveries import DAMAGED, Parcel, copied, wanted
from gateway.exchange.notices import MAX_ANSWER, SIGNATURE

DELIVERY, TENANT, SCHEDULE, PERIOD, BUNDLE, SHA256 = (
    f"x-gateway-{name}" for name in ("delivery", "tenant", "schedule", "period", "bundle", "sha256")
)
AT_ONCE = 2
"""Bundles that a receiver gets at the same time: with many tenants all are due at once."""
_SENT = 1 << 16
"""Bytes that are sent before it is looked whether a receiver takes any: small, so that a slow one is not taken for one
that hangs."""


class WebhookDelivery:
    """A receiver that is configured, at an address that the client looks at as at those of agents."""

    kind = "webhook"

    def __init__(self, client: AgentClient, route: Route, secret: bytes, clock: Clock) -> None:
        self._client, self._route, self._secret, self._clock = client, route, secret, clock
        self._turns = asyncio.Semaphore(AT_ONCE)

    def close(self) -> None:
        """Nothing: the client is somebody else's."""

    async def deliver(self, parcel: Parcel) -> str | None:
        """A code of the client's, `status_…` for an answer other than 2xx, `damaged`, `io_error`."""
        async with self._turns:
            return await self._delivered(parcel)

    async def _delivered(self, parcel: Parcel) -> str | None:
        moment = str(self._clock.now_us() // 1_000_000)
        try:
            # Signed before it is sent: the signature is over all of it, and goes first.
            with wanted() as given_up:
                signature, digest, size = await asyncio.to_thread(
                    _signature, self._secret, moment, parcel.file, given_up
                )
        except OSError:
            return "io_error"
        if digest != parcel.digest:
            return DAMAGED
        headers = (
            ("content-type", "application/zip" if parcel.suffix == ".zip" else "application/octet-stream"),
            (SIGNATURE, f"t={moment},v1={signature}"),
            (DELIVERY, f"{parcel.schedule}/{parcel.tenant}/{parcel.period}"),
            (TENANT, parcel.tenant),
            (SCHEDULE, parcel.schedule),
            (PERIOD, parcel.period),
            (BUNDLE, parcel.bundle),
            (SHA256, digest),
        )
        outgoing = Outgoing(method="POST", path="", headers=headers, body=b"")
        try:
            async with aclosing(_pieces(parcel.file)) as pieces:
                answer = await self._client.upload(self._route, outgoing, pieces, size, MAX_ANSWER)
        except AgentError as error:
            return error.code
        except OSError:
            return "io_error"
        return None if 200 <= answer.status < 300 else f"status_{answer.status}"


async def _pieces(file: Path) -> AsyncGenerator[bytes, None]:
    with await asyncio.to_thread(file.open, "rb") as read:
        while piece := await asyncio.to_thread(read.read, _SENT):
            yield piece


def _signature(secret: bytes, moment: str, file: Path, given_up: threading.Event) -> tuple[str, str, int]:
    """HMAC-SHA256(secret, t ‖ `.` ‖ bytes) and SHA-256, in hex, and how many bytes there are."""
    made = hmac.new(secret, moment.encode() + b".", hashlib.sha256)
    size = 0

    def take(piece: bytes) -> int:
        nonlocal size
        made.update(piece)
        size += len(piece)
        return len(piece)

    with file.open("rb") as read:
        digest = copied(read.read, take, given_up)
    return made.hexdigest(), digest, size
