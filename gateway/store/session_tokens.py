"""The tokens of sessions, sealed, page by page: what one exchange adds is one page, and the pages are a log.

Two exchanges of one session may want to add at once, on whichever nodes: the page's number lets one of them, and the
other reads what that has added before it tries again. So no value has to be looked up by anything made from it.

A page is sealed under the key of the exchange that adds it, which is the data subject's where it names one: with that
key it is gone, and its tokens stay what they are, random words.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import FormatError, VerificationError
from gateway.core.ports import Clock
from gateway.core.tokens import Meant
from gateway.ledger.commitment import new_salt
from gateway.ledger.entry import SealedPart
from gateway.store.engine import reading, writing
from gateway.store.sealing import ExchangeKey, Sealer
from gateway.store.sql import reachable
from gateway.store.tables import session_token

_DAY_US = 86_400_000_000
_log = logging.getLogger("gateway.store")


class Pages(msgspec.Struct, frozen=True):
    """What is stored of a session: `number` pages in all, and the entries of those that were asked for and open."""

    number: int
    entries: tuple[tuple[str, Meant], ...]

    def __repr__(self) -> str:
        return f"Pages({self.number})"


class TokenStore:
    """Pages of all ledgers; `idle_days`: after how many days without use those of a session are destroyed.
    `LedgerUnavailable` when the database does not answer."""

    def __init__(self, engine: AsyncEngine, sealer: Sealer, clock: Clock, idle_days: int) -> None:
        self._engine, self._sealer, self._clock = engine, sealer, clock
        self._idle_us = idle_days * _DAY_US

    async def find(self, ledger: str, session: str, after: int = 0) -> Pages:
        """The pages of a session from `after` on. It counts as use: they live as long as the session does from now.
        What does not open says nothing: its key is destroyed, or it was changed, which is told."""
        mine = (session_token.c.tenant == ledger, session_token.c.session == session)
        now = self._clock.now_us()
        with reachable():
            async with reading(self._engine, ledger) as connection:
                query = select(session_token).where(*mine, session_token.c.page >= after).order_by(session_token.c.page)
                rows = (await connection.execute(query)).all()
            # An eighth more, so that not each use has to be written down and yet none is forgotten too early.
            if rows and min(row.until_us for row in rows) - now < self._idle_us:
                until_us = now + self._idle_us + self._idle_us // 8
                async with writing(self._engine, ledger) as connection:
                    await connection.execute(update(session_token).where(*mine).values(until_us=until_us))
        if not rows:
            return Pages(after, ())
        # In a thread, because each page may need a key that another database has.
        return Pages(rows[-1].page + 1, await asyncio.to_thread(self._entries, ledger, session, rows))

    async def add(
        self, ledger: str, session: str, page: int, entries: Sequence[tuple[str, Meant]], key: ExchangeKey
    ) -> bool:
        """Add a page; False where somebody else has added it. Durable when this returns. `key` must be so before."""
        plain = json.dumps([1, [[token, meant.type, meant.value] for token, meant in entries]]).encode("ascii")
        part = self._sealer.seal(
            tenant=ledger, record=session, part=_part(page), opening=new_salt(), value=plain, key=key
        )
        dialect = sqlite if self._engine.dialect.name == "sqlite" else postgresql
        added = (
            dialect.insert(session_token)
            .values(
                tenant=ledger,
                session=session,
                page=page,
                key=part.key,
                nonce=part.nonce,
                ciphertext=part.ciphertext,
                until_us=self._clock.now_us() + self._idle_us + self._idle_us // 8,
            )
            .on_conflict_do_nothing(index_elements=["tenant", "session", "page"])
        )
        with reachable():
            async with writing(self._engine, ledger) as connection:
                return (await connection.execute(added)).rowcount == 1

    async def forget(self, ledger: str, session: str) -> None:
        """Destroy all pages of a session."""
        with reachable():
            async with writing(self._engine, ledger) as connection:
                mine = (session_token.c.tenant == ledger, session_token.c.session == session)
                await connection.execute(delete(session_token).where(*mine))

    async def sweep(self, ledger: str) -> int:
        """Destroy what is over; how many pages that were. A crash before the commit: the next sweep finds it again."""
        over = (session_token.c.tenant == ledger, session_token.c.until_us <= self._clock.now_us())
        with reachable():
            async with reading(self._engine, ledger) as connection:
                # Looked for first, so that SQLite's lock is not taken for nothing.
                if (await connection.execute(select(session_token.c.page).where(*over).limit(1))).first() is None:
                    return 0
            async with writing(self._engine, ledger) as connection:
                return (await connection.execute(delete(session_token).where(*over))).rowcount

    def _entries(self, ledger: str, session: str, rows: Sequence[Any]) -> tuple[tuple[str, Meant], ...]:
        return tuple(entry for row in rows for entry in self._opened(ledger, session, row))

    def _opened(self, ledger: str, session: str, row: Any) -> list[tuple[str, Meant]]:
        sealed = SealedPart(part=_part(row.page), key=row.key, nonce=row.nonce, ciphertext=row.ciphertext)
        try:
            opened = self._sealer.open(tenant=ledger, record=session, sealed=sealed)
            return [] if opened is None else _read(opened.value)
        except (VerificationError, FormatError) as error:
            # Somebody has changed the database. Its tokens stay what they are; what they stood for is not known.
            _log.error("a page of tokens cannot be read: %s", type(error).__name__, extra={"session": session})
            return []


def _part(page: int) -> str:
    return f"tokens:{page}"


def _read(value: bytes | None) -> list[tuple[str, Meant]]:
    try:
        version, entries = json.loads(value or b"")
        found = [(token, Meant(kind, text)) for token, kind, text in entries]
    except (ValueError, TypeError) as error:
        raise FormatError("a page of tokens is not in its form") from error
    if version != 1 or not all(
        isinstance(field, str) for token, meant in found for field in (token, meant.type, meant.value)
    ):
        raise FormatError("a page of tokens is not in its form")
    return found
