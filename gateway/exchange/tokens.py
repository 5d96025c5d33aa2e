"""Tokens of exchanges: the book that a message's findings get theirs from, kept for as long as its session is.

A session's book is stored, and what an exchange adds to it is durable before anything is sent; so the same finding has
the same token in the whole session, on every node and after every crash. An exchange that continues nothing has a book
of its own, in memory: it is stored only once its answer gives away a name under which it may be continued, and before
that name leaves. Where policy wants nothing kept, nothing is, and the book lives as long as its exchange.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from gateway.core.caller import Caller
from gateway.core.decision import keeps_nothing, tokenizes
from gateway.core.errors import GatewayError, LedgerUnavailable
from gateway.core.refusal import Refusal
from gateway.core.tokens import MAX_TOKENS, Book, instead
from gateway.exchange.exchange import Exchange, Joined, Outcome, Routed
from gateway.ledger.entry import DataKey
from gateway.store.sealing import ExchangeKey
from gateway.store.session_tokens import TokenStore

MAX_PAGES = 512
"""Messages of a session that may add tokens to it: what one later message has to read."""
MAX_TRIES = 16
"""How often a page is tried before its exchange is given up: each time another of the session has added one."""


class Tokens:
    """Books of exchanges. `used`: whether any rule has tokens made; where none has, nothing here does anything."""

    def __init__(
        self,
        store: TokenStore,
        *,
        key: Callable[[Exchange], ExchangeKey],
        persist: Callable[[Sequence[DataKey]], None],
        used: bool,
    ) -> None:
        """`key` gives an exchange's own; `persist` makes data keys durable (blocking, in any thread)."""
        self._store, self._key, self._persist, self.used = store, key, persist, used

    async def book(self, caller: Caller, joined: Joined | None) -> Book | None:
        """The tokens of what a message continues; None where no rule has any made. `LedgerUnavailable` when they cannot
        be read."""
        if not self.used:
            return None
        book = Book()
        if joined is not None and joined.known:
            pages = await self._store.find(caller.tenant, joined.id)
            book.learn(pages.entries)
            book.pages = pages.number
        return book

    async def keep(self, exchange: Exchange, routed: Routed) -> Routed | Refusal:
        """Before the intent: what was added to a session's book is durable, and the message has the tokens that count.

        A crash before a page is durable: nothing was sent. After it and before the intent: the session has tokens that
        nobody was sent, which is harmless. After the intent: whoever continues the session finds them. An exchange that
        continues nothing has nothing to be found: what its agent says after a crash is given to nobody.
        """
        classified, caller = exchange.classified, exchange.caller
        book = None if classified is None else classified.tokens
        if book is None or caller is None or classified is None or not tokenizes(routed.decision.obligations):
            return routed
        joined = classified.joined
        if book.overflowed or (book.fresh and book.pages >= MAX_PAGES):
            most = f"one has at most {MAX_TOKENS} tokens, in {MAX_PAGES} messages"
            return Refusal(code="tokens_full", hint=f"another session: {most}")
        if joined is None or not book.fresh or keeps_nothing(routed.decision.obligations):
            return routed
        masked = routed.masked
        for _ in range(MAX_TRIES):
            if await self._add(exchange, caller, book, joined.id):
                return routed if masked is routed.masked else msgspec.structs.replace(routed, masked=masked)
            pages = await self._store.find(caller.tenant, joined.id, book.pages)
            masked = instead(masked, book.learn(pages.entries))
            book.pages = pages.number
            if not book.fresh:
                return msgspec.structs.replace(routed, masked=masked)
        raise LedgerUnavailable("tokens of a session could not be stored: others of it were faster each time")

    async def named(self, exchange: Exchange, names: tuple[str, ...]) -> None:
        """Before an answer's names leave: whoever continues the exchange under one finds its tokens.
        `LedgerUnavailable` when they could not be stored.

        A crash before: nobody was told the name. After: the tokens are there, whether anybody was told or not.
        """
        classified, caller, routed = exchange.classified, exchange.caller, exchange.routed
        book = None if classified is None else classified.tokens
        if not names or book is None or not book.fresh or caller is None or classified is None or routed is None:
            return
        if classified.joined is not None or keeps_nothing(routed.decision.obligations):
            return
        await self._add(exchange, caller, book, exchange.begins())  # of which nobody else knows: the page is free

    async def ended(self, exchange: Exchange, outcome: Outcome) -> None:
        """A session that its caller has ended takes its tokens with it."""
        classified, caller, message = exchange.classified, exchange.caller, exchange.message
        if classified is None or not classified.tokens or classified.joined is None or message is None:
            return
        ends = message.protocol == "mcp" and message.inbound.method == "DELETE" and outcome.status < 300
        if ends and caller is not None:
            await self._store.forget(caller.tenant, classified.joined.id)

    async def _add(self, exchange: Exchange, caller: Caller, book: Book, session: str) -> bool:
        key = self._key(exchange)
        if key.new and not exchange.key_sent:
            # A crash between the key and the page leaves a key that opens nothing. The other order would leave a page
            # that nobody can ever open.
            try:
                await asyncio.to_thread(self._persist, key.new)
            except GatewayError:
                raise
            except Exception as error:  # whatever it was, the key is not durable
                raise LedgerUnavailable("the key of a session's tokens could not be made durable") from error
            exchange.key_sent = True
        if not await self._store.add(caller.tenant, session, book.pages, tuple(book.fresh.items()), key):
            return False
        book.stored()
        return True
