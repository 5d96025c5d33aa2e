"""How records go to a destination: as lines of syslog, as OCSF events or signed, over HTTPS.

Each is made of the record's exact envelope bytes. While a batch is made others have their turn every few records.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from gateway.agents.client import AgentClient
from gateway.agents.syslog import SyslogClient
from gateway.core.errors import AgentError
from gateway.core.message import Outgoing
from gateway.core.ports import Clock, Route, StoredRecord
from gateway.evidence.syslog import framed
from gateway.exchange.notices import signed
from gateway.ledger.encoding import to_base64

MAX_ANSWER = 1 << 20
"""Bytes of an answer: some collectors tell of each record, and of what is more nothing is known."""
SETTLES_S = 2.0
"""How long a connection must have lived on, after the last byte was acknowledged, for what went over it to count as
taken where the destination gives no answer."""
FORWARD = "x-gateway-forward"
_TURN = 16
"""Records that are made before others have their turn."""


class Sender(Protocol):
    """The way of one ledger's records to one destination."""

    settles_s: float
    """How long after `send` the destination must still `hold` what it was sent; 0: it has said so itself."""

    async def send(self, records: Sequence[StoredRecord], *, holding: bool) -> None:
        """When this returns the destination has them, as far as can be seen. `holding`: something that was sent before
        has not settled yet; where the destination does not hold that any more nothing is sent. `AgentError` where it
        may not have them, with `status_…` for an answer other than 2xx; `FormatError` for a record that is none."""
        ...

    async def holds(self) -> bool: ...

    async def close(self) -> None: ...


class SyslogSender:
    """Framed messages over a connection of its own. `make` makes one of a record."""

    settles_s = SETTLES_S

    def __init__(self, client: SyslogClient, make: Callable[[StoredRecord], bytes]) -> None:
        self._client, self._make = client, make

    async def send(self, records: Sequence[StoredRecord], *, holding: bool) -> None:
        made = await _made(records, lambda one: framed(self._make(one)))
        await self._client.send(b"".join(made), holding=holding)

    async def holds(self) -> bool:
        return await self._client.holds()

    async def close(self) -> None:
        await self._client.close()


class HttpSender:
    """One POST a batch; any 2xx says that it was taken. `make` makes it of what each record was made into by `each`."""

    settles_s = 0.0

    def __init__(
        self,
        client: AgentClient,
        route: Route,
        each: Callable[[StoredRecord], bytes],
        make: Callable[[Sequence[bytes]], Outgoing],
    ) -> None:
        self._client, self._route, self._each, self._make = client, route, each, make

    async def send(self, records: Sequence[StoredRecord], *, holding: bool) -> None:
        answer = await self._client.send(self._route, self._make(await _made(records, self._each)), MAX_ANSWER)
        if not 200 <= answer.status < 300:
            raise AgentError(f"status_{answer.status}")

    async def holds(self) -> bool:
        return True

    async def close(self) -> None:
        """The client is everybody's."""


def ndjson(authorization: str | None) -> Callable[[Sequence[bytes]], Outgoing]:
    """A POST of lines that are there already."""
    own = (("content-type", "application/x-ndjson"),)
    headers = own if authorization is None else (*own, ("authorization", authorization))
    return lambda lines: Outgoing(method="POST", path="", headers=headers, body=b"".join(lines))


def webhook(secret: bytes, forward: str, tenant: str, clock: Clock) -> Callable[[Sequence[bytes]], Outgoing]:
    """A signed POST, by the form of notices (`gateway.exchange.notices`): `{"forward", "tenant", "records"}`."""

    def make(records: Sequence[bytes]) -> Outgoing:
        told = {"forward": forward, "tenant": tenant, "records": [msgspec.Raw(one) for one in records]}
        return signed(secret, clock.now_us(), msgspec.json.encode(told), (FORWARD, forward))

    return make


def shown(one: StoredRecord) -> bytes:
    """One record of a webhook: its number, the base64 of its leaf hash, its exact bytes as JSON, and `emergency`, the
    id of the emergency ledger whose number it is, where it is of one."""
    told = {"seq": one.seq, "hash": to_base64(one.hash), "record": msgspec.Raw(one.envelope)}
    return msgspec.json.encode(told if one.emergency is None else {**told, "emergency": one.emergency})


async def _made(records: Sequence[StoredRecord], make: Callable[[StoredRecord], bytes]) -> list[bytes]:
    made = []
    for place, one in enumerate(records, 1):
        made.append(make(one))
        if place % _TURN == 0:
            await asyncio.sleep(0)
    return made
