"""Tells approvers that something waits for them: a signed `POST` to the one address that is configured.

A notice names what waits and where to look at it, never what it holds. It is a wake-up and nothing rests on it: what
waits is in the database, and a notice that cannot be delivered in a few tries, or that a restart comes in between, is
counted and let go. The address is reached through the client of agents, which looks at where its name leads, follows no
redirect and bounds what comes back.

The signature is over what the receiver gets: `X-Gateway-Signature: t=<seconds since the epoch>,v1=<hex>`, hex being
HMAC-SHA256(secret, t ‖ `.` ‖ body). A receiver compares `t` with its clock, so that an old notice is not taken for new.
"""

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from gateway.agents.bare import bare
from gateway.agents.client import AgentClient
from gateway.core.errors import AgentError
from gateway.core.message import Outgoing
from gateway.core.ports import Clock, Route
from gateway.exchange.metrics import Metrics

SIGNATURE = "x-gateway-signature"
WAITS_S = (1.0, 5.0, 30.0, 120.0)
"""Seconds between one try and the next: there is one more try than waits."""
MAX_WAITING = 1_000
MAX_ANSWER = 64 * 1024
_log = logging.getLogger("gateway.exchange")


class Notices:
    """Sends notices beside the requests that they come from. `route`: where to, None to send none."""

    def __init__(
        self,
        *,
        client: AgentClient | None,
        route: Route | None,
        secret: bytes,
        clock: Clock,
        metrics: Metrics,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client, self._route, self._secret = client, route, secret
        self._clock, self._metrics, self._sleep = clock, metrics, sleep
        self._sending: set[asyncio.Task[None]] = set()

    def send(self, document: Mapping[str, object]) -> None:
        """Send a notice, in its own time. With too many under way it is counted as `dropped`."""
        client, route = self._client, self._route
        if client is None or route is None:
            return
        if len(self._sending) >= MAX_WAITING:
            self._metrics.notice("dropped")
            return
        task = asyncio.create_task(self._delivered(client, route, msgspec.json.encode(document)))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def stop(self) -> None:
        """Give up what is under way."""
        sending = list(self._sending)
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self._sending:
            await asyncio.gather(*self._sending, return_exceptions=True)

    async def _delivered(self, client: AgentClient, route: Route, body: bytes) -> None:
        for wait_s in (*WAITS_S, None):
            try:
                answer = await client.send(route, signed(self._secret, self._clock.now_us(), body), MAX_ANSWER)
                if 200 <= answer.status < 300:
                    self._metrics.notice("sent")
                    return
                code = f"status {answer.status}"
            except AgentError as error:
                code = error.code
            if wait_s is not None:
                await self._sleep(wait_s)
        self._metrics.notice("failed")
        _log.warning("a notice was not delivered: %s", code)


def signed(secret: bytes, now_us: int, body: bytes, *headers: tuple[str, str]) -> Outgoing:
    """A notice with its signature, to be sent at this moment; `headers` go with it."""
    moment = str(now_us // 1_000_000)
    signature = hmac.digest(secret, moment.encode() + b"." + body, "sha256").hex()
    own = (("content-type", "application/json"), (SIGNATURE, f"t={moment},v1={signature}"))
    return Outgoing(method="POST", path="", headers=(*own, *headers), body=body)


def notified(url: str, addresses: tuple[str, ...], ca: str | None) -> Route:
    """The address of notices. Its id is none that an agent can have."""
    return bare("_notices", url, addresses=addresses, ca=ca, max_connections=4)
