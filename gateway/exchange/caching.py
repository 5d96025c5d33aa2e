"""Answers that were given before, given again: where an agent allows it, to whom has the same rights, for a while.

A kept answer stands in for the agent and for nothing else. Who asks is identified, limited, classified and decided on
as ever; the answer is inspected and masked for that caller as if it had just come; and the exchange has records of its
own, which say that nothing was sent. Kept are only whole answers of 200 to what changes nothing, and only where the
request and the answer carry no class but those that may be kept. Why so: docs/decisions/0020-response-cache.md.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Protocol

import msgspec

from gateway.core.caller import Caller
from gateway.core.errors import AgentError, FormatError
from gateway.core.message import Message, Outgoing, WireAnswer
from gateway.core.ports import Adapter, Clock
from gateway.exchange.arrival import Arrival
from gateway.exchange.exchange import Exchange, Outcome, Routed
from gateway.exchange.forwarder import Delivered, repeatable
from gateway.exchange.retry import retry_after_s

_SECOND_NS = 1_000_000_000
_OVERHEAD = 1024
"""Bytes that an entry counts for beside its body."""
_MAX_AGE = re.compile(r"(?:s-maxage|max-age)=\"?([0-9]{1,9})")
_DIGITS = 9
_NOT_KEPT = frozenset({"no-store", "no-cache", "private"})


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as its agent gave it, unmasked. `subjects` are pseudonyms; times are monotonic nanoseconds."""

    wire: WireAnswer
    exchange: str
    """The exchange that brought it."""
    subjects: tuple[str, ...]
    since: int
    until: int


class Cache(Protocol):
    """Where answers are kept. What `forget_subject` and `clear` return from is gone."""

    async def get(self, key: bytes, now: int) -> Kept | None: ...

    async def put(self, key: bytes, kept: Kept) -> None: ...

    async def forget_subject(self, subject: str) -> None:
        """Drop everything about this pseudonym."""
        ...

    async def clear(self) -> None: ...


class MemoryCache:
    """Answers in this process's memory: at most `entries`, of at most `size` bytes together; the longest unused go."""

    def __init__(self, entries: int, size: int) -> None:
        self._entries, self._size = entries, size
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._kept)

    async def get(self, key: bytes, now: int) -> Kept | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.until <= now:
            self._drop([key])
            return None
        self._kept.move_to_end(key)
        return kept

    async def put(self, key: bytes, kept: Kept) -> None:
        self._drop([key])
        if _measure(kept) > self._size:
            return
        self._kept[key] = kept
        self.size += _measure(kept)
        while len(self._kept) > self._entries or self.size > self._size:
            self._drop([next(iter(self._kept))])

    async def forget_subject(self, subject: str) -> None:
        self._drop([key for key, kept in self._kept.items() if subject in kept.subjects])

    async def clear(self) -> None:
        self._kept.clear()
        self.size = 0

    def _drop(self, keys: Iterable[bytes]) -> None:
        for key in keys:
            kept = self._kept.pop(key, None)
            if kept is not None:
                self.size -= _measure(kept)


class Caching:
    """Decides what is kept and who may have it."""

    def __init__(
        self,
        cache: Cache,
        clock: Clock,
        *,
        lifetimes: Mapping[str, float],
        classes: frozenset[str],
        actions: Mapping[str, frozenset[str]] = MappingProxyType({}),
    ) -> None:
        """`lifetimes`: seconds by agent, of those that allow it; `actions`: to which of its actions it is confined, of
        agents that confine it; `classes` are the data classes that may be kept."""
        self._cache, self._now, self._wall = cache, clock.monotonic_ns, clock.now_us
        self._lifetimes, self._actions, self._classes = lifetimes, actions, classes
        self._forgotten: set[str] = set()
        """Pseudonyms whose data were not to be given any more at some time: few, and the store of subjects holds them
        as well. What was under way about them meanwhile must not come in afterwards."""

    async def find(self, exchange: Exchange, routed: Routed, adapter: Adapter) -> Delivered | None:
        """A kept answer to what the agent would be sent. Where there is none, and the one that comes may be kept, the
        exchange knows under which key."""
        if routed.route.id not in self._lifetimes:
            return None
        caller, message = exchange.caller, exchange.message
        wishes = _directives(_every(exchange.arrival, "cache-control"))
        if caller is None or message is None or "no-store" in wishes:
            return None
        classes = self._carried(exchange, message, routed)
        if classes is None:
            return None
        key = _key(exchange, caller, message, routed, adapter, classes)
        kept = None if key is None or "no-cache" in wishes else await self._cache.get(key, self._now())
        if key is None or kept is None:
            exchange.cache_key = key
            return None
        try:
            answer = adapter.read_answer(kept.wire, message, routed.route)
        except AgentError:  # a reader that has become stricter since: the agent is asked
            return None
        exchange.agent_tls = kept.wire.tls
        age = ("age", str((self._now() - kept.since) // _SECOND_NS))
        return Delivered(
            routed=routed,
            attempts=0,
            answer=msgspec.structs.replace(answer, headers=(*answer.headers, age)),
            kept_of=kept.exchange,
        )

    async def keep(self, exchange: Exchange, delivered: Delivered, outcome: Outcome) -> None:
        """Keep what was just given, if it may be. Call it once the outcome is durable."""
        key, wire = exchange.cache_key, delivered.wire
        if key is None or wire is None or delivered.attempts != 1 or outcome.code != "ok" or wire.status != 200:
            return
        if not self._forgotten.isdisjoint(exchange.subjects):
            return
        if outcome.sessions or outcome.classes is None or not self._classes.issuperset(outcome.classes):
            return
        lifetime_s = min(self._lifetimes[delivered.routed.route.id], _allowed_s(wire, self._wall()))
        if lifetime_s <= 0:
            return
        now = self._now()
        kept = Kept(
            wire=wire,
            exchange=exchange.id,
            subjects=exchange.subjects,
            since=now,
            until=now + int(lifetime_s * _SECOND_NS),
        )
        await self._cache.put(key, kept)

    async def forget(self, subjects: frozenset[str]) -> None:
        """Drop what is about any of these pseudonyms, and keep nothing more of it: their data are not to be given any
        more."""
        self._forgotten |= subjects
        for subject in subjects:
            await self._cache.forget_subject(subject)

    async def clear(self) -> None:
        """Drop everything: the policy is another one."""
        await self._cache.clear()

    def _carried(self, exchange: Exchange, message: Message, routed: Routed) -> tuple[str, ...] | None:
        """The classes of a request of an action and a kind that can be answered twice the same, if they may be kept."""
        actions = self._actions.get(routed.route.id)
        if actions is not None and message.action not in actions:
            return None
        if message.stream or not repeatable(message) or message.sessions or message.references or message.onward:
            return None
        if any(item.partition(":")[0] == "no-content" for item in routed.decision.obligations):
            return None
        if exchange.classified is None or exchange.classified.tokens:  # tokens, which are nobody else's to turn back
            return None
        classes = exchange.classified.classes(routed.route)
        return classes if self._classes.issuperset(classes) else None


def told(delivered: Delivered, outcome: Outcome) -> Outcome:
    """The outcome of a kept answer says that it was one, and whose."""
    if delivered.kept_of is None:
        return outcome
    code = "cached" if outcome.code == "ok" else outcome.code
    whose = f"the answer of exchange {delivered.kept_of}"
    reason = whose if outcome.reason is None else f"{outcome.reason}: {whose}"
    return msgspec.structs.replace(outcome, code=code, reason=reason)


def _key(
    exchange: Exchange, caller: Caller, message: Message, routed: Routed, adapter: Adapter, classes: Iterable[str]
) -> bytes | None:
    """SHA-256 over who asks, by their rights; whom, under which policy; what it carries; and the very bytes that the
    agent would get."""
    try:
        outgoing: Outgoing = adapter.render(message, routed.route, routed.masked)
    except (FormatError, AgentError):
        return None
    who = caller.identity
    named = (
        *(caller.tenant, who.kind, sorted((*who.roles, *caller.lent)), who.zone, sorted(who.floor), caller.purpose),
        *(routed.route.id, routed.decision.policy, sorted(exchange.subjects), message.protocol, message.action),
        # An answer has the classes of what it was asked for: to who says less of the same words it would lose some.
        classes,
        *(outgoing.method, outgoing.path, outgoing.headers),
    )
    prefix = msgspec.json.encode(named)
    return hashlib.sha256(len(prefix).to_bytes(8) + prefix + outgoing.body).digest()


def _directives(value: str | None) -> frozenset[str]:
    """The directives of a `Cache-Control` (RFC 9111 §5.2), in lower case, without their arguments."""
    return frozenset(item.partition("=")[0].strip().lower() for item in (value or "").split(","))


def _allowed_s(wire: WireAnswer, now_us: int) -> float:
    """How long the agent itself lets its answer be kept (RFC 9111 §4.2): not at all, some seconds, or as long as is
    configured. What it was kept for before it came (`Age`) counts; who says it in a way that cannot be read says no."""
    stated = _every(wire, "cache-control")
    if _directives(stated) & _NOT_KEPT or "*" in _directives(_every(wire, "vary")):
        return 0
    if wire.header("set-cookie") is not None or (not stated and "no-cache" in _directives(_every(wire, "pragma"))):
        return 0
    ages: list[float] = [int(age) for age in _MAX_AGE.findall(stated.lower())]
    expires = wire.header("expires")
    if not ages and expires is not None:
        ages = [retry_after_s(None if expires.strip().isdigit() else expires, now_us) or 0]
    age = wire.header("age") or "0"
    if not (age.isascii() and age.isdigit() and len(age) <= _DIGITS):
        return 0
    return min(ages) - int(age) if ages else float("inf")


def _every(wire: WireAnswer | Arrival, name: str) -> str:
    """All values of a header, which are one list."""
    return ",".join(value for header, value in wire.headers if header == name)


def _measure(kept: Kept) -> int:
    return len(kept.wire.body) + sum(len(name) + len(value) for name, value in kept.wire.headers) + _OVERHEAD
