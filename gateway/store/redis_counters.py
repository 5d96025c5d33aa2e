"""Counters that several nodes have in common, on Redis or Valkey: one script, one round trip for each request.

Nothing here waits longer than its time-out, and nothing is tried twice: who asks has something stricter to fall back
to. A connection on which anything went wrong is closed.
"""

import asyncio
from collections.abc import Sequence
from hashlib import sha1
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError
from redis.maint_notifications import MaintNotificationsConfig

from gateway.core.counters import Change, Exceeded, Level, Want
from gateway.core.errors import CountersUnavailable, FormatError
from gateway.store.counters_script import SCRIPT, answered, told

CONNECTIONS = 16
"""A call is over in a fraction of a millisecond: who finds none free waits, and no longer than for an answer."""
_SHA = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
"""The name that EVALSHA knows the script by."""


class RedisCounters:
    """`url` as in `limits.url`, without a password; `ca` is a file. `prefix` begins every key, the tenant is next."""

    def __init__(
        self, url: str, *, password: str | None, ca: str | None, timeout_s: float, lease_s: float, prefix: str = "gw"
    ) -> None:
        more: dict[str, Any] = {"ssl_ca_certs": ca} if ca is not None else {}
        pool = BlockingConnectionPool.from_url(
            url,
            timeout=timeout_s,
            password=password,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
            max_connections=CONNECTIONS,
            # One greeting less for each: neither the library's name nor news of maintenance are wanted.
            protocol=2,
            driver_info=None,
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
            **more,
        )
        self._redis = Redis.from_pool(pool)
        self._timeout_s, self._lease_ms, self._prefix = timeout_s, round(lease_s * 1000), prefix
        self.trips = 0
        """Calls of the script so far, each one round trip."""

    async def run(self, lease: str, changes: Sequence[Change], wants: Sequence[Want]) -> tuple[Level, ...] | Exceeded:
        """Make the changes, then reserve all that is wanted or nothing. `CountersUnavailable` where it is not known
        what became of it: the changes, and the reservation, may have been made or not."""
        keys, arguments = told(self._prefix, lease, self._lease_ms, changes, wants)
        self.trips += 1
        return answered(await self._within(self._script(keys, arguments)), len(wants))

    async def memory(self, mark: str) -> str:
        """What the server remembers since: the mark that the first to ask has left, so that it is another one if the
        server has forgotten what it was told. `CountersUnavailable` if it cannot be asked."""
        return str(await self._within(self._marked(mark)), "ascii")

    async def ping(self) -> None:
        """`CountersUnavailable` unless it is there and knows who asks."""
        await self._within(self._redis.ping())

    async def close(self) -> None:
        await self._redis.aclose()

    async def _within(self, asked: Any) -> Any:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asked
        except (RedisError, OSError, FormatError) as error:  # TimeoutError is an OSError
            raise CountersUnavailable(f"the counters' server did not answer: {type(error).__name__}") from error

    async def _script(self, keys: list[str], arguments: list[str | int]) -> Any:
        try:
            return await self._redis.evalsha(_SHA, len(keys), *keys, *arguments)
        except NoScriptError:  # the first call since the server began
            return await self._redis.eval(SCRIPT, len(keys), *keys, *arguments)

    async def _marked(self, mark: str) -> bytes:
        key = f"{self._prefix}:memory"
        await self._redis.set(key, mark, nx=True)
        found = await self._redis.get(key)
        if not isinstance(found, bytes) or not found.isascii():
            raise FormatError("the counters' server does not keep what it is told")
        return found
