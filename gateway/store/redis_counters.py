"""Counters that several nodes have in common, on Redis or Valkey: one script, one round trip for each request.

Nothing here waits longer than its time-out, and nothing is tried twice: who asks has something stricter to fall back
to. A connection on which anything went wrong is closed.
"""

import asyncio
import ssl
from collections.abc import Sequence
from hashlib import sha1
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError
from redis.maint_notifications import MaintNotificationsConfig

from gateway.core.counters import Change, Exceeded, Level, Want
from gateway.core.errors import ConfigurationError, CountersUnavailable, FormatError
from gateway.store.counters_script import MARK, SCRIPT, TELL, answered, forgotten, memory_key, told, told_key

FORGOTTEN = "the counters' server has forgotten what it was told, or was started anew"
NAMELESS = "the counters' server does not say which run of it this is (run_id of INFO server)"
CONNECTIONS = 16
"""A call is over in a fraction of a millisecond: who finds none free waits, and no longer than for an answer."""
_SHAS = {script: sha1(script.encode(), usedforsecurity=False).hexdigest() for script in (SCRIPT, MARK, TELL)}
"""The name that EVALSHA knows each script by."""


def secured(ca: str | None, certificate: str | None, key: str | None) -> ssl.SSLContext:
    """TLS 1.2 or newer, the server's name checked. With `ca`, those authorities vouch for it and nobody else does;
    `certificate` and `key`: what the gateway shows. All three are files in PEM. `ConfigurationError` for one that
    cannot be read or does not hold what it should."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which demands a certificate and checks its name
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca is None:
        made.load_default_certs()
    else:
        # An intermediate authority, or the server's own certificate, may be all that is trusted.
        made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        try:
            made.load_verify_locations(ca)
        except ssl.SSLError as error:
            raise ConfigurationError("limits.ca must hold certificates in PEM") from error
        except OSError as error:
            raise ConfigurationError("limits.ca names no file that can be read") from error
    if certificate is not None:
        try:
            # Without a password of ours, OpenSSL would ask for one at the terminal.
            made.load_cert_chain(certificate, key, password=lambda: b"")
        except (ssl.SSLError, ValueError) as error:
            raise ConfigurationError(
                "limits.client_certificate and limits.client_key must be a certificate in PEM and its key, without a "
                "password"
            ) from error
        except OSError as error:
            raise ConfigurationError("limits.client_certificate or limits.client_key cannot be read") from error
    return made


class _Secured(SSLConnection):
    """A connection by a context of ours: the one that the library makes trusts the system's authorities too."""

    def __init__(self, *, tls: ssl.SSLContext, **options: Any) -> None:
        super().__init__(**options)
        self.ssl_context.context = tls


class RedisCounters:
    """`url` as in `limits.url`, without a password; `tls` is needed where it begins with `rediss:` (`secured`).
    `prefix` begins every key, the tenant is next."""

    def __init__(
        self,
        url: str,
        *,
        password: str | None,
        timeout_s: float,
        lease_s: float,
        tls: ssl.SSLContext | None = None,
        prefix: str = "gw",
    ) -> None:
        options: dict[str, Any] = dict(parse_url(url))
        if (options.get("connection_class") is SSLConnection) != (tls is not None):
            raise ConfigurationError("TLS is for a limits.url that begins with rediss://, and for no other")
        if tls is not None:
            options |= {"connection_class": _Secured, "tls": tls}
        pool = BlockingConnectionPool(
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
            **options,
        )
        self._redis = Redis.from_pool(pool)
        self._timeout_s, self._lease_ms, self._prefix = timeout_s, round(lease_s * 1000), prefix
        self.trips = 0
        """Calls of the script so far, each one round trip."""

    async def run(
        self, lease: str, changes: Sequence[Change], wants: Sequence[Want], *, memory: str = ""
    ) -> tuple[Level, ...] | Exceeded:
        """Make the changes, then reserve all that is wanted or nothing; with a `memory`, only where the server still
        has this one. `CountersUnavailable` where it has not, or where it is not known what became of it: the changes,
        and the reservation, may have been made or not."""
        keys, arguments = told(self._prefix, lease, self._lease_ms, changes, wants, memory)
        self.trips += 1
        reply = await self._within(self._script(SCRIPT, keys, arguments))
        if forgotten(reply):
            raise CountersUnavailable(FORGOTTEN)
        return answered(reply, len(wants))

    async def memory(self, mark: str) -> str:
        """What the server remembers since: the mark that the first to ask of its present run has left. So it is another
        one if the server has forgotten what it was told, or was started anew, whatever it has kept over that, or is the
        replica of one that is gone. `CountersUnavailable` if it cannot be asked, or does not tell its run."""
        return str(await self._within(self._marked(mark)), "ascii")

    async def tellers(self, node: str, memory: str) -> int:
        """How many nodes have told all they know since the server's `memory` began, this one among them from now on.
        `CountersUnavailable` where it has another one by now."""
        keys = [memory_key(self._prefix), told_key(self._prefix)]
        found = int(await self._within(self._script(TELL, keys, [memory, node])))
        if found < 0:
            raise CountersUnavailable(FORGOTTEN)
        return found

    async def ping(self) -> None:
        """`CountersUnavailable` unless it is there, knows who asks, and tells its run."""
        if not (await self._within(self._redis.info("server"))).get("run_id"):
            raise CountersUnavailable(NAMELESS)

    async def close(self) -> None:
        await self._redis.aclose()

    async def _within(self, asked: Any) -> Any:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asked
        except (RedisError, OSError, FormatError) as error:  # TimeoutError is an OSError
            raise CountersUnavailable(f"the counters' server did not answer: {type(error).__name__}") from error

    async def _script(self, script: str, keys: list[str], arguments: list[str | int]) -> Any:
        try:
            return await self._redis.evalsha(_SHAS[script], len(keys), *keys, *arguments)
        except NoScriptError:  # the first call since the server began
            return await self._redis.eval(script, len(keys), *keys, *arguments)

    async def _marked(self, mark: str) -> bytes:
        found = await self._script(MARK, [memory_key(self._prefix), told_key(self._prefix)], [mark])
        if not isinstance(found, bytes) or not found.isascii():
            raise FormatError("the counters' server does not keep what it is told")
        if not found:
            raise CountersUnavailable(NAMELESS)
        return found
