"""Messages between nodes on NATS JetStream: that a task waits, and nothing of it.

All nodes of an installation have a stream in common, and one durable consumer that they pull from, so that each message
wakes one node, and one that has room. A message has no content. Its id is the task's with the number of its turn, so
that the same is kept once; which task it was plays no part for who gets it, who looks into the database. So a message
that is lost, comes twice or was forged changes nothing but when somebody looks.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from itertools import cycle
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error, NotJSMessageError
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

from gateway.core.errors import MessagesUnavailable
from gateway.core.together import together
from gateway.store.nkeys import Access, UserKey

CONSUMER = "gateway"
"""The name of the nodes' common consumer."""
TIMEOUT_S = 2.0
"""How long the server may take to answer anything."""
LINGER_S = 20.0
"""How long one request for a message waits for it."""
BATCH = 256
"""Messages that are taken at once."""
_PING_S = 5
"""A server that does not answer two of these is taken to be gone."""
_KEPT_S, _KEPT, _WINDOW_S = 3600, 100_000, 120
"""How long, and how many, messages are kept that nobody takes; how long one is known that is said again."""
_ACK_S = 30
"""When a message goes to another node, whose node said nothing of it."""
_NOTHING = frozenset({"404", "408"})
"""Answers to a request for messages that only say that there are none."""
_ACK = "$JS.ACK."


class NatsMessages:
    """`urls` as the library reads them, without credentials. `tls` where nothing may be said without it."""

    def __init__(
        self, urls: Sequence[str], *, stream: str, replicas: int, access: Access, tls: ssl.SSLContext | None
    ) -> None:
        self._urls = cycle(urls)
        self._stream, self._replicas, self._access, self._tls = stream, replicas, access, tls

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["NatsLink"]:
        """A connection, until it is lost or this context ends; another server each time, where there are several.
        `MessagesUnavailable` where there is none to be had."""
        client = _Client(self._tls is not None, self._access.key)
        try:
            with _mapped():
                async with asyncio.timeout(2 * TIMEOUT_S):
                    link = await self._opened(client)
            yield link
        finally:
            with suppress(Error, OSError):  # it is given up, and a server that hangs is not waited for
                async with asyncio.timeout(TIMEOUT_S):
                    await client.close()

    async def _opened(self, client: "_Client") -> "NatsLink":
        given = self._access
        more: dict[str, Any] = {} if self._tls is None else {"tls": self._tls}
        if given.key is not None:
            more["signature_cb"] = given.key.signed
        if (jwt := given.jwt) is not None:
            more["user_jwt_cb"] = lambda: bytearray(jwt.encode())
        await client.connect(
            next(self._urls),
            name="gateway",
            user=given.user,
            password=given.password,
            token=given.token,
            error_cb=_unheard,
            # One that is lost is given up, with all that belongs to it; a new one is made from the start.
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=2,
            ping_interval=_PING_S,
            **more,
        )
        context = client.jetstream(timeout=TIMEOUT_S)
        await self._found_or_made(context)
        inbox = client.new_inbox()
        return NatsLink(client, context, self._stream, inbox, await client.subscribe(f"{inbox}.*"))

    async def _found_or_made(self, context: JetStreamContext) -> None:
        """The stream and its consumer: as they are where they are, so that who runs NATS may make them, and how."""
        subject = subject_of(self._stream)
        try:
            config = (await context.stream_info(self._stream)).config
        except NotFoundError:
            await context.add_stream(
                StreamConfig(
                    name=self._stream,
                    subjects=[subject],
                    retention=RetentionPolicy.WORK_QUEUE,
                    storage=StorageType.FILE,
                    discard=DiscardPolicy.OLD,
                    num_replicas=self._replicas,
                    max_age=_KEPT_S,
                    max_msgs=_KEPT,
                    max_msg_size=1024,
                    duplicate_window=_WINDOW_S,
                )
            )
        else:
            if config.retention != RetentionPolicy.WORK_QUEUE or subject not in (config.subjects or ()):
                raise MessagesUnavailable(f"the stream of tasks.stream must be a work queue with the subject {subject}")
        try:
            await context.consumer_info(self._stream, CONSUMER)
        except NotFoundError:
            await context.add_consumer(
                self._stream,
                ConsumerConfig(
                    durable_name=CONSUMER,
                    ack_policy=AckPolicy.EXPLICIT,
                    ack_wait=_ACK_S,
                    max_ack_pending=_KEPT,
                    headers_only=True,
                ),
            )


class NatsLink:
    """A connection to a server. `MessagesUnavailable` from every method once it is lost."""

    def __init__(
        self, client: Client, context: JetStreamContext, stream: str, inbox: str, subscription: Subscription
    ) -> None:
        self._client, self._context, self._inbox, self._subscription = client, context, inbox, subscription
        self._stream, self._subject = stream, subject_of(stream)
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{CONSUMER}"
        self._number = 0

    @property
    def ahead(self) -> bool:
        """Whether messages have come that `heard` has not given yet."""
        return self._subscription.pending_msgs > 0

    async def say(self, turns: Sequence[str]) -> None:
        """Put a message in the stream for each of these; when this returns, the server has all of them."""
        with _mapped():
            await together(self._context.publish(self._subject, headers={"Nats-Msg-Id": turn}) for turn in turns)

    async def heard(self) -> list[Msg]:
        """Messages, as soon as there is one; none where none came for a while."""
        with _mapped():
            there = min(self._subscription.pending_msgs, BATCH)
            if not there:
                return await self._lingered()
            found: list[Msg] = []
            for _ in range(there):
                message = await self._subscription.next_msg(TIMEOUT_S)
                if _is_message(message):
                    found.append(message)
            return found

    async def done(self, messages: Sequence[Msg], *, again_s: float | None) -> None:
        """These have been looked after. `again_s`: one of them is for somebody else as well, after so many seconds."""
        with _mapped():
            for place, message in enumerate(messages):
                if place == 0 and again_s is not None:
                    await message.nak(again_s)
                else:
                    await message.ack()

    async def _lingered(self) -> list[Msg]:
        mine = await self._ask({"batch": 1, "expires": int(LINGER_S * 1_000_000_000)})
        while True:
            message = await self._subscription.next_msg(LINGER_S + TIMEOUT_S)
            if _is_message(message):
                if more := min(_behind(message), BATCH - 1):
                    await self._ask({"batch": more, "no_wait": True})
                return [message]
            status = _status(message)
            if message.subject != mine or status is None:
                continue  # what became of an earlier request, or what somebody else wrote
            if status in _NOTHING:
                return []
            raise MessagesUnavailable("the consumer cannot be asked for messages any more")

    async def _ask(self, request: dict[str, Any]) -> str:
        """Send a request for messages; the subject of what is said of the request itself."""
        self._number += 1
        mine = f"{self._inbox}.{self._number}"
        await self._client.publish(self._next, json.dumps(request).encode(), reply=mine)
        return mine


class _Client(Client):
    """The library's, which takes up TLS where the *server* says that it wants it, and knows nkeys through a further
    library only."""

    def __init__(self, tls: bool, key: UserKey | None) -> None:
        super().__init__()
        self._tls_only, self._user_key = tls, key

    def _connect_command(self) -> bytes:
        # Nothing has been said yet. A server without TLS, or who stands before it and strikes that out, hears nothing.
        if self._tls_only and not self._server_info.get("tls_required"):
            raise MessagesUnavailable("the messages' server does not ask for TLS")
        if self._user_key is not None:
            self._auth_configured = True
            self._public_nkey = self._user_key.public
        return super()._connect_command()


@contextmanager
def _mapped() -> Iterator[None]:
    """What the library and the network raise, as one error. It says what kind it was, and no address."""
    try:
        yield
    except (Error, OSError, ValueError) as error:  # TimeoutError is an OSError
        # Of a server that knows nobody by these credentials the library says so in words only.
        unknown = "authorization" in str(error).lower()
        kind = "it does not know us" if unknown else type(error).__name__
        raise MessagesUnavailable(f"the messages' server does not serve: {kind}") from error


async def _unheard(_: Exception) -> None:
    """The library's errors on the side: what matters of them fails whoever asks next."""


def subject_of(stream: str) -> str:
    """The subject that tasks are told of under."""
    return f"{stream}.waiting"


def _is_message(message: Msg) -> bool:
    """Whether it came from a consumer, and not about a request, or from somebody who wrote to the inbox."""
    return message.reply.startswith(_ACK)


def _status(message: Msg) -> str | None:
    return None if message.headers is None else message.headers.get("Status")


def _behind(message: Msg) -> int:
    """How many more messages there are."""
    try:
        return max(0, message.metadata.num_pending)
    except (NotJSMessageError, ValueError):
        return 0
