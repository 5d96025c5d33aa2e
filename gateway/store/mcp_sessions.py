"""Sessions of MCP's older versions: which of a caller's ids stands for which of an agent's, and since when it is idle.

A caller is given an id of the gateway's making, which is good for that caller and that agent alone; the database holds
its SHA-256, so that who reads the database cannot go on with anybody's session. The agent's own id, which an agent
makes of whatever it likes, is sealed under a key made from the caller's: so who reads the database, or a backup of it,
cannot go on with the session at the agent either. Clients rarely end their sessions, so they end by themselves after a
time without a request.
"""

import base64
import os
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.ports import Clock
from gateway.store.engine import reading, writing
from gateway.store.sql import reachable
from gateway.store.tables import mcp_session

CACHED_NS = 5 * 1_000_000_000
"""How long an answer is remembered: a session that another process ended lives on for at most that long."""
MAX_CACHED = 10_000
_KEPT_US = 86_400_000_000
"""How long a row outlives its session."""
_INFO = b"gateway mcp-session upstream v1"
_NONCE_BYTES = 12


class Owner(msgspec.Struct, frozen=True):
    """Whose a session is: ledger id of the tenant, pseudonym of the caller, id of the agent."""

    tenant: str
    actor: str
    agent: str


class McpSessions:
    """Sessions in the database. `idle_s`: seconds without a request after which one is over.

    `LedgerUnavailable` from every method when the database cannot be asked.
    """

    def __init__(self, engine: AsyncEngine, clock: Clock, idle_s: float) -> None:
        self._engine, self._clock = engine, clock
        self._idle_us = int(idle_s * 1_000_000)
        self._cached_ns = min(CACHED_NS, int(idle_s * 250_000_000))
        self._known: dict[tuple[str, Owner], tuple[str, int]] = {}

    async def open(self, session: str, owner: Owner, upstream: str) -> None:
        """Keep a new session. `upstream` is the agent's own id of it."""
        now = self._clock.now_us()
        row = {**_key(session, owner), "upstream": _sealed(session, owner, upstream), "created_us": now, "used_us": now}
        with reachable():
            async with writing(self._engine, owner.tenant) as connection:
                over = (mcp_session.c.tenant == owner.tenant, mcp_session.c.used_us < now - self._idle_us - _KEPT_US)
                await connection.execute(delete(mcp_session).where(*over))
                await connection.execute(insert(mcp_session).values(row))
        self._keep(session, owner, upstream)

    async def find(self, session: str, owner: Owner, *, held: bool = False) -> str | None:
        """The agent's own id of this owner's session; None for one that is over, was never there, or is another's.

        Counts as use. `held`: a stream of it is open, so it is not idle.
        """
        known = self._known.get((session, owner))
        if known is not None and self._clock.monotonic_ns() < known[1]:
            return known[0]
        now = self._clock.now_us()
        mine = [mcp_session.c[name] == value for name, value in _key(session, owner).items()]
        with reachable():
            async with reading(self._engine, owner.tenant) as connection:
                row = (await connection.execute(select(mcp_session).where(*mine))).one_or_none()
            upstream = None if row is None else _opened(session, owner, row.upstream)
            if row is None or upstream is None or (now - row.used_us > self._idle_us and not held):
                self._known.pop((session, owner), None)
                return None
            if now - row.used_us > self._idle_us // 8:
                async with writing(self._engine, owner.tenant) as connection:
                    await connection.execute(update(mcp_session).where(*mine).values(used_us=now))
        self._keep(session, owner, upstream)
        return upstream

    async def end(self, session: str, owner: Owner) -> None:
        """End a session at once (within 5 s in other processes)."""
        self._known.pop((session, owner), None)
        mine = [mcp_session.c[name] == value for name, value in _key(session, owner).items()]
        with reachable():
            async with writing(self._engine, owner.tenant) as connection:
                await connection.execute(delete(mcp_session).where(*mine))

    def _keep(self, session: str, owner: Owner, upstream: str) -> None:
        if len(self._known) >= MAX_CACHED:
            self._known.pop(next(iter(self._known)))
        self._known[(session, owner)] = (upstream, self._clock.monotonic_ns() + self._cached_ns)


def _key(session: str, owner: Owner) -> dict[str, str]:
    return {
        "id": sha256(session.encode("utf-8", "surrogatepass")).hexdigest(),
        "tenant": owner.tenant,
        "actor": owner.actor,
        "agent": owner.agent,
    }


def _sealed(session: str, owner: Owner, upstream: str) -> str:
    """The agent's id for the database: base64 of a random 96-bit nonce and AES-256-GCM (NIST SP 800-38D), which opens
    for this owner alone."""
    nonce = os.urandom(_NONCE_BYTES)
    data = AESGCM(_made_from(session)).encrypt(nonce, upstream.encode("utf-8", "surrogatepass"), _whose(owner))
    return base64.b64encode(nonce + data).decode("ascii")


def _opened(session: str, owner: Owner, stored: str) -> str | None:
    """None for what does not open: another's, a changed one, or one of a version that did not seal. That session is
    over, and its client, told so, begins another."""
    try:
        data = base64.b64decode(stored, validate=True)
        plain = AESGCM(_made_from(session)).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], _whose(owner))
    except (ValueError, InvalidTag):
        return None
    return plain.decode("utf-8", "surrogatepass")


def _made_from(session: str) -> bytes:
    """A key (HKDF-SHA256, RFC 5869) from an id that the gateway drew at random and the database does not hold."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=_INFO).derive(session.encode("utf-8", "surrogatepass"))


def _whose(owner: Owner) -> bytes:
    return msgspec.json.encode(owner)
