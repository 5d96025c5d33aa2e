"""Public keys of token issuers, from files and over HTTP: the addresses of a `jwks_url`, or of OpenID discovery.

What is fetched is fetched in the background, before it is needed, by the client that carries agents' messages: TLS, the
look at each address, bounds of time and size are the same, and no redirect is followed. A request waits for a fetch
only where its token names a key that is not there, and whoever sends such tokens causes one fetch in `refetch_s`
seconds, however many they are. While an issuer cannot be asked, the keys that it last published hold for `hold_s`
seconds; then there are none, and its tokens are refused.

Prior art: OpenID Connect Discovery 1.0 §4, RFC 7517 §5; the bounded early fetch is what most JWKS clients lack, so that
a flood of made-up key ids becomes one of requests to the issuer.
"""

import asyncio
import logging
import random as chance
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import msgspec

from gateway.agents.bare import bare
from gateway.agents.bodies import Json, read_json
from gateway.agents.client import AgentClient
from gateway.agents.destinations import place_of
from gateway.agents.jwks import FileKeys, thumbprint, usable_keys
from gateway.core.errors import AgentError, ConfigurationError, LedgerUnavailable
from gateway.core.message import Outgoing
from gateway.core.ports import Bounds, Clock, Route
from gateway.core.recent import Recent
from gateway.settings import Issuer, Settings, keys_address

WELL_KNOWN = "/.well-known/openid-configuration"
FETCH_S = 5.0
"""Seconds that one answer of an issuer's may take in all."""
MAX_ANSWER = 256 * 1024
MAX_MISSING = 1024
"""Ids of keys that are not there, remembered with when they were first named."""
MAX_WAITING = 256
"""Requests that may wait for one fetch; a further one is answered with what there is."""
_BOUNDS = Bounds(body_bytes=MAX_ANSWER, answer_bytes=MAX_ANSWER, depth=8)
_log = logging.getLogger("gateway.agents")

Key = Mapping[str, object]
Get = Callable[[str], Awaitable[bytes]]
"""Fetches one address: the body of a 200, `AgentError` or `KeysError` otherwise."""


class KeysError(Exception):
    """An issuer's answer cannot be used. `code`: `status`, `not_json`, `no_metadata`, `other_issuer`, `other_host`,
    `no_usable_key`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class KeysChange(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of an issuer are others than before. `added` and `removed` name them by kid and thumbprint."""

    issuer: str
    count: int
    """How many there are now; 0: its tokens are refused."""
    added: tuple[str, ...]
    removed: tuple[str, ...]


class IssuerState(msgspec.Struct, frozen=True, kw_only=True):
    """How an issuer that is asked over HTTP is at this moment."""

    issuer: str
    keys: int
    age_s: float | None
    """Seconds since its keys were last fetched; None: never."""
    fetches: Mapping[str, int]
    """How often they were asked for, by how that ended: `ok` or the code of a failure."""


Told = Callable[[KeysChange], Awaitable[None]]
"""Puts a change on record; `LedgerUnavailable` where it could not."""


class IssuerKeys:
    """The keys of all configured issuers: a `KeySource` (see `core.ports`). Between `start` and `stop` it fetches."""

    def __init__(self, settings: Settings, clock: Clock, told: Told) -> None:
        """`ConfigurationError` for a key file or an address that cannot be used. `told` has a change durable before it
        counts: a key that is on no record verifies nothing."""
        self._files = FileKeys(settings)
        self.generation = 0
        self._remotes: dict[str, _Remote] = {}
        self._tasks: list[asyncio.Task[None]] = []
        for index, issuer in enumerate(settings.issuer):
            if issuer.jwks_file is None:
                web = _Web(f"issuer[{index}]", issuer, settings)
                self._remotes[issuer.issuer] = _Remote(issuer, clock, web, told, self._moved)

    def __repr__(self) -> str:
        return f"IssuerKeys({len(self._remotes)} over HTTP, {self._files!r})"

    def keys(self, issuer: str) -> Sequence[Key]:
        """The issuer's keys as JWK objects; empty where there are none that still hold."""
        remote = self._remotes.get(issuer)
        return self._files.keys(issuer) if remote is None else remote.keys()

    async def renewed(self, issuer: str, key_id: str | None = None) -> bool:
        """Whether the issuer's keys have changed, after a token named one that is not there (`core.ports`)."""
        remote = self._remotes.get(issuer)
        return remote is not None and await remote.early(key_id)

    def unsettled_s(self, issuer: str, key_id: str) -> int | None:
        """In how many seconds it can be known whether the issuer has this key; None where it is (`core.ports`)."""
        remote = self._remotes.get(issuer)
        return None if remote is None else remote.unsettled_s(key_id)

    async def start(self) -> None:
        """Ask every issuer once, all at the same time, and from then on in the background. One that does not answer
        does not hold up the start for longer than it may take to answer."""
        await asyncio.gather(*(remote.fetch() for remote in self._remotes.values()))
        self._tasks = [asyncio.create_task(remote.run()) for remote in self._remotes.values()]

    async def stop(self) -> None:
        """Ask nobody any more."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        for remote in self._remotes.values():
            await remote.close()

    def states(self) -> list[IssuerState]:
        """How each issuer is that is asked over HTTP."""
        return [remote.state() for remote in self._remotes.values()]

    def _moved(self) -> None:
        self.generation += 1


async def reached(settings: Settings, index: int) -> int:
    """How many keys an issuer publishes that its tokens could be verified with, asked now. `ConfigurationError`,
    `AgentError` or `KeysError` where that cannot be said."""
    issuer = settings.issuer[index]
    web = _Web(f"issuer[{index}]", issuer, settings)
    try:
        return len(await published(issuer, web.get))
    finally:
        await web.close()


async def published(issuer: Issuer, get: Get) -> tuple[Key, ...]:
    """The keys that an issuer publishes, as far as its tokens may be verified with them. Errors as of `Get`, and
    `KeysError` for an answer that cannot be used."""
    address = issuer.jwks_url
    if address is None:
        # OpenID Connect Discovery 1.0 §4.1, and §4.3: who answers must be the one who was asked for, to the letter.
        metadata = _object(await get(issuer.issuer.rstrip("/") + WELL_KNOWN))
        if metadata.get("issuer") != issuer.issuer:
            raise KeysError("other_issuer")
        found = metadata.get("jwks_uri")
        if not isinstance(found, str) or not keys_address(found) or place_of(found) is None:
            raise KeysError("no_metadata")
        if not _belongs(found, issuer):
            raise KeysError("other_host")
        address = found
    keys = usable_keys(_object(await get(address)), issuer)
    if not keys:
        raise KeysError("no_usable_key")
    return keys


class _Remote:
    """One issuer's keys over HTTP. However many ask, there is one fetch at a time."""

    def __init__(self, issuer: Issuer, clock: Clock, web: "_Web", told: Told, moved: Callable[[], None]) -> None:
        self._issuer, self._clock, self._web, self._told, self._moved = issuer, clock, web, told, moved
        self._keys: tuple[Key, ...] = ()
        self._fetched_ns: int | None = None
        self._early_ns = 0
        """Before this no token causes a fetch."""
        self._began_ns: int | None = None
        """When the last fetch began that succeeded: what it did not bring was not published by then."""
        self._missing: Recent[str, int] = Recent(MAX_MISSING)
        """When a key that was not there was first named, by its id. One that is forgotten is taken for a new one."""
        self._failures = 0
        self._changes = 0
        self._fetches: dict[str, int] = {}
        self._under_way: asyncio.Task[None] | None = None
        self._waiting = 0

    def keys(self) -> tuple[Key, ...]:
        """What was last published, while that holds."""
        return self._keys if self._keys and not self._too_old() else ()

    def state(self) -> IssuerState:
        age = None if self._fetched_ns is None else (self._clock.monotonic_ns() - self._fetched_ns) / 1e9
        return IssuerState(issuer=self._issuer.issuer, keys=len(self.keys()), age_s=age, fetches=dict(self._fetches))

    async def early(self, key_id: str | None = None) -> bool:
        """Fetch before it is time, or wait for the fetch under way; whether the keys are others after it."""
        if key_id is not None and self._missing.get(key_id) is None:
            self._missing.put(key_id, self._clock.monotonic_ns())
        before = self._changes
        if self._under_way is None and self._clock.monotonic_ns() < self._early_ns:
            return False
        if self._waiting >= MAX_WAITING:
            return False
        self._waiting += 1
        try:
            await self.fetch()
        finally:
            self._waiting -= 1
        return self._changes != before

    def unsettled_s(self, key_id: str) -> int | None:
        """Whoever first names a key while no fetch may be made for it, or while fetches fail, is not told that it does
        not exist: the issuer may have begun to sign with it, and nobody has looked."""
        now = self._clock.monotonic_ns()
        named = self._missing.get(key_id)
        if named is not None and self._began_ns is not None and named <= self._began_ns:
            return None
        return max(1, -(-(self._early_ns - now) // 1_000_000_000))

    async def fetch(self) -> None:
        """Fetch now, or wait for the fetch under way. Never raises for what an issuer does."""
        task = self._under_way
        if task is None:
            task = self._under_way = asyncio.create_task(self._fetch())
            task.add_done_callback(self._done)
        await asyncio.wait([task])  # which leaves it alone when one of those who wait is cancelled

    async def run(self) -> None:
        """Fetch for ever, when it is time."""
        while True:
            await asyncio.sleep(self._pause())
            await self.fetch()

    async def close(self) -> None:
        """End the fetch under way, and close the connections."""
        if self._under_way is not None:
            self._under_way.cancel()
            await asyncio.wait([self._under_way])
        await self._web.close()

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._under_way = None
        if not task.cancelled() and task.exception() is not None:
            _log.error("an issuer's keys could not be fetched: %s", type(task.exception()).__name__)

    async def _fetch(self) -> None:
        began = self._clock.monotonic_ns()
        self._early_ns = began + round(self._issuer.refetch_s * 1e9)
        try:
            async with asyncio.timeout(2 * FETCH_S):
                keys = await published(self._issuer, self._web.get)
            await self._change(keys)
        except (AgentError, KeysError) as error:
            await self._failed(error.code)
        except TimeoutError:
            await self._failed("timeout_total")
        except LedgerUnavailable:
            await self._failed("ledger_unavailable")
        else:
            self._fetched_ns, self._began_ns = self._clock.monotonic_ns(), began
            self._failures = 0
            self._count("ok")

    async def _failed(self, code: str) -> None:
        self._failures += 1
        self._count(code)
        _log.warning("an issuer's keys could not be fetched: %s", code, extra={"issuer": self._issuer.issuer})
        if self._keys and self._too_old():
            _log.error("an issuer's keys hold no longer: its tokens are refused", extra={"issuer": self._issuer.issuer})
            # They count for nothing already; where this cannot be told now, the next failure tells it.
            with suppress(LedgerUnavailable):
                await self._change(())

    async def _change(self, keys: tuple[Key, ...]) -> None:
        """Make these the issuer's keys, on record first. A crash between: the next start tells of the same keys."""
        if keys == self._keys:
            return
        before, after = ({_named(key): key for key in some} for some in (self._keys, keys))
        change = KeysChange(
            issuer=self._issuer.issuer,
            count=len(keys),
            added=tuple(name for name in after if name not in before),
            removed=tuple(name for name in before if name not in after),
        )
        if change.added or change.removed:
            await self._told(change)
            _log.info("an issuer's keys have changed", extra={"issuer": self._issuer.issuer, "count": len(keys)})
        for taken in {str(key["kid"]) for key in self._keys if "kid" in key} - {key.get("kid") for key in keys}:
            self._missing.put(taken, 0)  # that it is not there is known already
        self._keys = keys
        self._changes += 1
        self._moved()

    def _too_old(self) -> bool:
        fetched = self._fetched_ns
        return fetched is None or self._clock.monotonic_ns() - fetched >= self._issuer.hold_s * 1e9

    def _pause(self) -> float:
        """Seconds until the next fetch: after failures soon, then less and less so. Jittered, so that many nodes do not
        ask in step."""
        pause = self._issuer.refresh_s
        if self._failures:
            pause = min(pause, self._issuer.refetch_s * 2 ** min(self._failures - 1, 16))
        return pause * (0.9 + 0.2 * chance.random())  # noqa: S311 — not a secret

    def _count(self, code: str) -> None:
        self._fetches[code] = self._fetches.get(code, 0) + 1


class _Web:
    """Fetches addresses of one issuer, with a connection kept to each host."""

    def __init__(self, place: str, issuer: Issuer, settings: Settings) -> None:
        """`ConfigurationError` for an address, a network or a certificate file that is none."""
        self._place, self._issuer = place, issuer
        self._ca = None if issuer.ca is None else str(settings.path(issuer.ca))
        self._clients: dict[str, tuple[Route, AgentClient]] = {}
        self._client(issuer.jwks_url or issuer.issuer)

    async def get(self, address: str) -> bytes:
        """`AgentError` as of `AgentClient.send`, `KeysError("status")` for anything but 200."""
        parts = urlsplit(address)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            route, client = self._client(address)
        except ConfigurationError as error:  # an address that an issuer gave away, and that no request can be made for
            raise KeysError("no_metadata") from error
        outgoing = Outgoing(method="GET", path=path, headers=(("accept", "application/json"),), body=b"")
        answer = await client.send(route, outgoing, MAX_ANSWER)
        if answer.status != 200:
            raise KeysError("status")
        return answer.body

    async def close(self) -> None:
        for _, client in self._clients.values():
            await client.close()

    def _client(self, address: str) -> tuple[Route, AgentClient]:
        origin = _origin(address)
        found = self._clients.get(origin)
        if found is None:
            route = bare(
                self._place,
                origin,
                ca=self._ca if origin.startswith("https:") else None,
                addresses=self._issuer.addresses,
                connect_timeout_s=FETCH_S,
                timeout_s=FETCH_S,
            )
            found = self._clients[origin] = (route, AgentClient((route,)))
        return found


def _belongs(address: str, issuer: Issuer) -> bool:
    """Whether keys may lie there: on the issuer's own host, or on one that the configuration names. Else whoever can
    write the issuer's metadata could have the gateway ask any host that it reaches."""
    return _origin(address) == _origin(issuer.issuer) or urlsplit(address).hostname in issuer.key_hosts


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _object(body: bytes) -> dict[str, object]:
    read = read_json(body, _BOUNDS)
    if not isinstance(read, Json) or type(read.value) is not dict:
        raise KeysError("not_json")
    return read.value


def _named(key: Key) -> str:
    """A key in words: its id, and its thumbprint, which it shares with no other."""
    return f"kid {key.get('kid', '-')}, sha256:{thumbprint(key)}"
