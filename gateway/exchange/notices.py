"""Tells people what they should know of now: that something waits for them, that a role was lent, that a rule which
says `notify:<channel>` has let a message go.

A notice is a signed `POST` to a channel of the configuration. It names what happened and where to look at it, never
what a message holds. It is durable with what it tells of, tried a few times over some hours, and then given up, which
is on record; it may come twice, under one id. The address is reached through the client of agents, which looks at where
its name leads, follows no redirect and bounds what comes back.

The signature is over what the receiver gets: `X-Gateway-Signature: t=<seconds since the epoch>,v1=<hex>`, hex being
HMAC-SHA256(secret, t ‖ `.` ‖ body). A receiver compares `t` with its clock, so that an old notice is not taken for new.
"""

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial

import msgspec

from gateway.agents.bare import bare
from gateway.agents.client import AgentClient
from gateway.core.errors import AgentError, GatewayError
from gateway.core.ids import random_id, uuid7
from gateway.core.message import Outgoing
from gateway.core.ports import Clock, Route
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import Exchange, Routed
from gateway.exchange.ledgers import Ledgers
from gateway.exchange.metrics import Metrics
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry
from gateway.ledger.record import Detail, Envelope, NodeInfo, encode_detail, timestamp
from gateway.store.notices import Notice, NoticeStore, removal

SIGNATURE = "x-gateway-signature"
NOTIFY = "notify:"
WAITS_S = (5, 30, 120, 600, 3_600, 14_400)
"""Seconds between one try and the next: there is one more try than waits."""
LEASE_S = 60
"""Seconds that a try may take: after them somebody else may make the next one."""
POLL_S = 2.0
"""Seconds after which it is looked for what other processes have left."""
MAX_WAITING = 10_000
"""Notices of one tenant that may wait for one channel: as long as there are more, what a rule wants told there is
refused to that tenant."""
MAX_AT_ONCE = 4
"""Tries at one channel at once, and connections to it."""
MAX_ANSWER = 64 * 1024
RETRY_S = 10
_log = logging.getLogger("gateway.exchange")


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """Where notices go. `roles`: it is told what concerns people of these; None for those of all. `tenants`: the ids of
    the ledgers whose notices it gets; None for all."""

    id: str
    route: Route
    secret: bytes
    roles: frozenset[str] | None = frozenset()
    tenants: frozenset[str] | None = None

    def of(self, tenant: str) -> bool:
        """Whether it is told anything of a tenant at all."""
        return self.tenants is None or tenant in self.tenants

    def hears(self, roles: Iterable[str]) -> bool:
        return self.roles is None or not self.roles.isdisjoint(roles)


class Notices:
    """Makes notices, which whoever tells something keeps with it, and delivers them (`run`)."""

    def __init__(
        self,
        *,
        client: AgentClient | None,
        channels: Sequence[Channel],
        store: NoticeStore,
        clock: Clock,
        node: NodeInfo,
        metrics: Metrics,
    ) -> None:
        """`client`: None where there is no channel, or where this process only makes notices and another delivers."""
        self._client, self._channels = client, {one.id: one for one in channels}
        self._store, self._clock, self._node, self._metrics = store, clock, node, metrics
        self._wake = {name: asyncio.Event() for name in (*self._channels, None)}
        self._sending: set[asyncio.Task[None]] = set()
        self._full: frozenset[tuple[str, str]] = frozenset()

    def made(
        self, tenant: str, document: Mapping[str, object], *, roles: Iterable[str] = (), channels: Iterable[str] = ()
    ) -> tuple[Notice, ...]:
        """A notice for each channel of this tenant that hears of these roles, and for each that is named. `tenant`: the
        ledger's."""
        wanted = frozenset(roles)
        mine = {one.id: one for one in self._channels.values() if one.of(tenant)}
        named = dict.fromkeys(one for one in channels if one in mine)
        named |= dict.fromkeys(one.id for one in mine.values() if wanted and one.hears(wanted))
        now = self._clock.now_us()
        found = []
        for channel in named:
            identifier = random_id("no")
            body = msgspec.json.encode({**document, "notice": identifier})
            found.append(Notice(tenant=tenant, id=identifier, channel=channel, body=body, created_us=now, due_us=now))
        return tuple(found)

    def kept(self, notices: Sequence[Notice]) -> None:
        """They are durable: deliver them now."""
        for one in notices:
            self._wake[one.channel if one.channel in self._channels else None].set()

    def refused(self, tenant: str, obligations: Iterable[str]) -> Refusal | None:
        """Why what a rule wants told cannot be: too much of this tenant waits for a channel already, or there is none
        of that name, or none of those that are named is the tenant's. `tenant`: the ledger's."""
        named = channels_of(obligations)
        if not named:
            return None
        mine = [name for name in named if name in self._channels and self._channels[name].of(tenant)]
        if mine and self._channels.keys() >= set(named) and self._full.isdisjoint((tenant, name) for name in mine):
            return None
        return Refusal(code="notices_full", retry_after=RETRY_S, hint="a channel that can be reached")

    async def decided(self, exchange: Exchange, routed: Routed) -> None:
        """Tell what rules want told of a message that is about to be sent. Durable when this returns, so before a byte
        of it leaves; a crash in between sends nothing."""
        named = channels_of(routed.decision.obligations)
        caller, classified = exchange.caller, exchange.classified
        if not named or caller is None or classified is None:
            return
        document = {
            "event": "exchange.requested",
            "exchange": exchange.id,
            "agent": routed.route.id,
            "zone": routed.route.zone,
            "classes": list(classified.classes(routed.route)),
            "rules": list(routed.decision.rules),
            "decision": routed.decision.effect,
            "at": timestamp(self._clock.now_us()),
        }
        made = self.made(caller.tenant, document, channels=named)
        await self._store.put(made)
        self.kept(made)

    async def run(self, ledgers: Ledgers) -> None:
        """Deliver what is due, for ever: each channel by itself, so that one that hangs holds up no other. Where there
        is no channel any more, until all that waited for one is given up."""
        if not self._channels:
            while not await self._guarded(partial(self._rid, ledgers)):  # noqa: ASYNC110 — nothing tells of it
                await asyncio.sleep(LEASE_S)
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._for_ever(self.count, asyncio.Event()))
            for name, wake in self._wake.items():
                group.create_task(self._for_ever(partial(self._emptied, name, ledgers), wake))

    async def deliver(self, ledgers: Ledgers) -> int:
        """Try everything that is due now; how many there were."""
        await self.count()
        return sum(await asyncio.gather(*(self._emptied(name, ledgers) for name in self._wake)))

    async def count(self) -> None:
        """Look for which channels too much waits, of which tenants."""
        waiting = await self._store.waiting()
        self._full = frozenset(where for where, number in waiting.items() if number >= MAX_WAITING)

    async def idle(self, ledgers: Ledgers) -> None:
        """Wait until nothing is due or under way."""
        while await self.deliver(ledgers) or self._sending:
            await asyncio.gather(*self._sending, return_exceptions=True)

    # ---------------------------------------------------------------------------------------------------------- inside

    async def _for_ever(self, work: Callable[[], Awaitable[object]], wake: asyncio.Event) -> None:
        while True:
            await self._guarded(work)
            try:
                async with asyncio.timeout(POLL_S):
                    await wake.wait()
            except TimeoutError:
                continue
            finally:
                wake.clear()

    async def _guarded(self, work: Callable[[], Awaitable[object]]) -> object:
        """What came of it; None where that failed."""
        try:
            return await work()
        except GatewayError as error:
            _log.error("notices could not be read: %s", type(error).__name__)
        except Exception as error:  # noqa: BLE001 — whatever it was, the next round tries again
            _log.error("notices could not be delivered: %s", type(error).__name__)
        return None

    async def _rid(self, ledgers: Ledgers) -> bool:
        """Whether nothing waits for any channel any more."""
        await self._emptied(None, ledgers)
        return not await self._store.waiting()

    async def _emptied(self, channel: str | None, ledgers: Ledgers) -> int:
        """Try what is due for one channel, or (None) for those that are gone; how many there were."""
        tried, known = 0, () if channel is not None else tuple(self._channels)
        while due := await self._store.due(self._clock.now_us(), MAX_AT_ONCE, channel=channel, beside=known):
            tried += len(due)
            sending = [asyncio.create_task(self._tried(one, ledgers)) for one in due]
            self._sending.update(sending)
            try:
                # All to their end: one that is broken off in its try has lost it, and comes twice.
                ends = await asyncio.gather(*sending, return_exceptions=True)
            finally:
                for task in sending:
                    task.cancel()
                    self._sending.discard(task)
            for error in ends:
                if error is not None:
                    raise error
        return tried

    async def _tried(self, one: Notice, ledgers: Ledgers) -> None:
        taken = await self._store.take(one, self._clock.now_us() + LEASE_S * 1_000_000)
        if taken is None:
            return
        # A crash from here on: it is tried again once the lease is over, and may come twice.
        channel, client = self._channels.get(taken.channel), self._client
        code: str | None = "channel_gone"
        if channel is not None and client is not None:
            code = await _sent(client, channel, signed(channel.secret, self._clock.now_us(), taken.body))
        if code is None:
            await self._store.remove(taken)
            self._metrics.notice(taken.tenant, "sent")
        elif code == "overloaded":  # this process has asked too much of it: nobody has said no
            await self._store.untried(taken, self._clock.now_us() + round(POLL_S * 1_000_000))
        elif channel is None or taken.tries > len(WAITS_S):
            await self._given_up(taken, code, ledgers)
        else:
            await self._store.later(taken, self._clock.now_us() + WAITS_S[taken.tries - 1] * 1_000_000)

    async def _given_up(self, one: Notice, code: str, ledgers: Ledgers) -> None:
        """The record and the end of the row come true together."""
        now, salt = self._clock.now_us(), new_salt()
        detail = encode_detail(Detail(reason=f"{one.channel}: {code}", diff=(f"notice {one.id}",)))
        envelope = Envelope(
            id=uuid7(now),
            tenant=one.tenant,
            event="notice.failed",
            occurred_at=timestamp(now),
            count=one.tries,
            detail=committed(salt, "detail", detail),
            node=self._node,
        )
        entry = Entry.of(envelope, detail=detail, salt=salt, change=removal(one))
        if await ledgers.of(one.tenant).submit(entry) is not None:
            self._metrics.notice(one.tenant, "failed")
            _log.warning("a notice was given up: %s", code)


def signed(secret: bytes, now_us: int, body: bytes, *headers: tuple[str, str]) -> Outgoing:
    """A notice with its signature, to be sent at this moment; `headers` go with it."""
    moment = str(now_us // 1_000_000)
    signature = hmac.digest(secret, moment.encode() + b"." + body, "sha256").hex()
    own = (("content-type", "application/json"), (SIGNATURE, f"t={moment},v1={signature}"))
    return Outgoing(method="POST", path="", headers=(*own, *headers), body=body)


def channels_of(obligations: Iterable[str]) -> tuple[str, ...]:
    """The channels that rules want told, in the order of the obligations."""
    return tuple(item.removeprefix(NOTIFY) for item in obligations if item.startswith(NOTIFY))


def notified(name: str, url: str, addresses: tuple[str, ...], ca: str | None) -> Route:
    """The address of a channel. Its id is none that an agent can have."""
    return bare(f"_channel:{name}", url, addresses=addresses, ca=ca, max_connections=MAX_AT_ONCE)


async def _sent(client: AgentClient, channel: Channel, outgoing: Outgoing) -> str | None:
    """Why a try came to nothing; None where it was taken."""
    try:
        answer = await client.send(channel.route, outgoing, MAX_ANSWER)
    except AgentError as error:
        return error.code
    return None if 200 <= answer.status < 300 else f"status {answer.status}"
