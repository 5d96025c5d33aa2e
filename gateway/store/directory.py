"""Who stands behind the random ids of the ledger: tenants, actors and data subjects.

A tenant's ledger id and origin are made once and stay. A person is found by HMAC-SHA256(search key of the tenant,
kind ‖ 0x00 ‖ identifier), which leads to a random pseudonym; the HMAC is in no record, and the mapping can be deleted.

Identifiers of data subjects are whatever a caller writes in a header, so they are normalised (NFKC, case folded, spaces
trimmed). Identities of actors are compared exactly, with their issuer: `sub` is case-sensitive and unique only within
its issuer (RFC 7519 §4.1.2), and two persons must never be one actor on the record.
"""

import asyncio
import hmac
import os
import re
import unicodedata
from collections.abc import Hashable, Sequence

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import LedgerUnavailable
from gateway.core.ids import SYSTEM, random_id
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.ledger.times import timestamp
from gateway.store.engine import reading, writing
from gateway.store.keyring import Keyring
from gateway.store.sql import insert_new, reachable
from gateway.store.tables import pseudonym, tenant

SUBJECT = "subject"
GIVEN = "given"
"""The kind of identifiers that callers write in `X-Data-Subject`, whatever they are."""
MAX_IDENTIFIER = 256
"""Characters of a data subject's identifier, as written and normalised."""
MAX_CACHED = 50_000
CACHED_NS = 30 * 1_000_000_000
"""How long a pseudonym is remembered: another process may delete the mapping, and then it must be forgotten here."""


class TenantEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant as the database knows it."""

    id: str
    """The configured id."""
    ledger: str
    """The random id of its ledger (`tn_…`)."""
    origin: str
    """The name of its ledger and of its key in checkpoints, which witnesses see: it names no tenant."""


class Directory:
    """Tenants and pseudonyms. `host` is the first part of origins that are made from now on."""

    def __init__(self, engine: AsyncEngine, keyring: Keyring, clock: Clock, host: str) -> None:
        self._engine, self._keyring, self._clock, self._host = engine, keyring, clock, host
        self._tenants: dict[str, TenantEntry] = {}
        self._cache: dict[Hashable, tuple[str, int]] = {}
        """Pseudonyms, until when: of actors by who they are, of data subjects by what they are looked up by."""
        self._asking: dict[tuple[str, bytes], asyncio.Task[str]] = {}

    async def tenant(self, configured: str) -> str:
        """The ledger id of a configured tenant (or of `_system`), made with its keys if it is not known yet."""
        return (await self.entry(configured)).ledger

    async def entry(self, configured: str) -> TenantEntry:
        """The whole entry of a configured tenant, made with its keys if it is not known yet."""
        return await self.find_tenant(configured) or await self._make(configured)

    async def find_tenant(self, configured: str) -> TenantEntry | None:
        """The entry of a tenant, None while there is none; makes nothing."""
        found = self._tenants.get(configured)
        if found is None:
            with reachable():
                async with reading(self._engine, configured) as connection:
                    row = (await connection.execute(select(tenant).where(tenant.c.id == configured))).one_or_none()
            if row is not None:
                found = self._tenants[configured] = TenantEntry(id=row.id, ledger=row.ledger, origin=row.origin)
        return found

    async def origin(self, ledger: str) -> str:
        """The checkpoint origin of a ledger, by its id; `LedgerUnavailable` if there is no such ledger."""
        for entry in self._tenants.values():
            if entry.ledger == ledger:
                return entry.origin
        with reachable():
            async with reading(self._engine, ledger) as connection:
                origin = await connection.scalar(select(tenant.c.origin).where(tenant.c.ledger == ledger))
        if origin is None:
            raise LedgerUnavailable("there is no such ledger")
        return str(origin)

    async def actor(self, ledger: str, subject: str, issuer: str | None = None) -> str:
        """The pseudonym (`ac_…`) of a credential's subject in a ledger; made at first sight. `issuer`: the token's."""
        key = (ledger, subject, issuer)
        known = self._remembered(key)
        if known is not None:
            return known
        lookup = self._lookup(ledger, "actor", _actor(subject, issuer))
        return await self._found_or_made(ledger, "actor", lookup, key, "ac")

    def known(self, configured: str, subject: str, issuer: str | None) -> tuple[str, str] | None:
        """The ids of a tenant's ledger and of an actor in it, where both were found lately; else None."""
        entry = self._tenants.get(configured)
        actor = None if entry is None else self._remembered((entry.ledger, subject, issuer))
        return None if entry is None or actor is None else (entry.ledger, actor)

    async def subject(self, ledger: str, identifier: str) -> str | Refusal:
        """The pseudonym (`su_…`) of a data subject in a ledger; made at first sight."""
        normal = normalised(identifier[: MAX_IDENTIFIER + 1])
        if not 0 < len(normal) <= MAX_IDENTIFIER or len(identifier) > MAX_IDENTIFIER:
            return Refusal(
                code="header_invalid", field="X-Data-Subject", hint=f"an identifier of 1 to {MAX_IDENTIFIER} characters"
            )
        lookup = self._lookup(ledger, SUBJECT, normal.encode("utf-8", "surrogatepass"))
        known = self._remembered((ledger, lookup))
        if known is not None:
            return known
        return await self._found_or_made(ledger, SUBJECT, lookup, (ledger, lookup), "su")

    async def subjects(self, ledger: str, identifiers: Sequence[tuple[str, str]]) -> tuple[str, ...]:
        """The pseudonyms of data subjects by identifiers, each with its kind before it, in their order and each once;
        made at first sight. What is not remembered costs one look-up, and one transaction where any is new."""
        lookups = list(dict.fromkeys(self.subject_lookup(ledger, value, kind) for kind, value in identifiers))
        known = {one: self._remembered((ledger, one[1])) for one in lookups}
        unknown = [one for one in lookups if known[one] is None]
        learned = await self._learned(ledger, unknown) if unknown else {}
        return tuple(dict.fromkeys(known[one] or learned[one] for one in lookups))

    async def find_actor(self, ledger: str, subject: str, issuer: str | None = None) -> str | None:
        """The pseudonym of an actor, None while it has none; makes nothing."""
        return await self._find(ledger, "actor", self._lookup(ledger, "actor", _actor(subject, issuer)))

    async def find_subject(self, ledger: str, identifier: str, kind: str = GIVEN) -> str | None:
        """The pseudonym of a data subject, None while it has none; makes nothing. `kind`: of the identifier."""
        column, lookup = self.subject_lookup(ledger, identifier, kind)
        return await self._find(ledger, column, lookup)

    def subject_lookup(self, ledger: str, identifier: str, kind: str = GIVEN) -> tuple[str, bytes]:
        """What a data subject is looked up by under an identifier of this kind: the column `kind` of its row, and the
        HMAC (32 bytes). Kinds are name spaces apart: a record number and a number on a card may be the same digits."""
        if kind == GIVEN:
            return SUBJECT, self._lookup(ledger, SUBJECT, normalised(identifier).encode("utf-8", "surrogatepass"))
        column = f"{SUBJECT}:{kind}"
        return column, self._lookup(ledger, column, strictly(identifier, kind).encode("utf-8", "surrogatepass"))

    def person(self, ledger: str, name: str) -> str:
        """What stands for a person wherever two credentials are compared: the same for one name however it is written,
        whoever issued the credential. 64 hex digits; kept beside records, in none."""
        seen = normalised("".join(one for one in name if not _unseen(one)))
        return self._lookup(ledger, "person", seen.encode("utf-8", "surrogatepass")).hex()

    def bound(self, ledger: str, label: str, *values: bytes) -> bytes:
        """HMAC over several values under the tenant's search key: 32 bytes that tell whether they are the same."""
        joined = b"".join(len(value).to_bytes(8) + value for value in values)
        return self._lookup(ledger, label, joined)

    def _lookup(self, ledger: str, kind: str, value: bytes) -> bytes:
        return hmac.digest(self._keyring.search_key(ledger), kind.encode() + b"\0" + value, "sha256")

    async def _find(self, ledger: str, kind: str, lookup: bytes) -> str | None:
        query = select(pseudonym.c.id).where(
            pseudonym.c.tenant == ledger, pseudonym.c.kind == kind, pseudonym.c.lookup == lookup
        )
        with reachable():
            async with reading(self._engine, ledger) as connection:
                found = await connection.scalar(query)
        return None if found is None else str(found)

    def _remembered(self, key: Hashable) -> str | None:
        cached = self._cache.get(key)
        return cached[0] if cached is not None and self._clock.monotonic_ns() < cached[1] else None

    async def _found_or_made(self, ledger: str, kind: str, lookup: bytes, key: Hashable, prefix: str) -> str:
        task = self._asking.get((ledger, lookup))
        if task is None:
            # One question for all who ask at once; whoever stops waiting does not take the answer from the others.
            task = asyncio.create_task(self._ask(ledger, kind, lookup, key, prefix))
            self._asking[ledger, lookup] = task
            task.add_done_callback(lambda done: self._asked((ledger, lookup), done))
        return await asyncio.shield(task)

    def _asked(self, key: tuple[str, bytes], task: "asyncio.Task[str]") -> None:
        del self._asking[key]
        if not task.cancelled():
            task.exception()  # seen, even if everyone who waited is gone

    async def _ask(self, ledger: str, kind: str, lookup: bytes, key: Hashable, prefix: str) -> str:
        now = self._clock.monotonic_ns()
        found = await self._find(ledger, kind, lookup)
        if found is None:
            row = {"tenant": ledger, "kind": kind, "lookup": lookup, "id": random_id(prefix)}
            row["created_at"] = timestamp(self._clock.now_us())
            with reachable():
                async with writing(self._engine, ledger) as connection:
                    await connection.execute(insert_new(self._engine, pseudonym).values(row))
                    # A crash before the commit: no pseudonym, and no record that names it. After: one that no record
                    # names yet. Of two at once one row stays, and both go on with that one.
            found = await self._find(ledger, kind, lookup)
            if found is None:
                raise LedgerUnavailable("a pseudonym was deleted while it was made")
        self._remember(key, found, now)
        return found

    async def _learned(self, ledger: str, lookups: Sequence[tuple[str, bytes]]) -> dict[tuple[str, bytes], str]:
        """The pseudonyms of these, made where there are none, and remembered."""
        now = self._clock.monotonic_ns()
        found = await self._stored(ledger, lookups)
        missing = [one for one in lookups if one not in found]
        if missing:
            at = timestamp(self._clock.now_us())
            rows = [
                {"tenant": ledger, "kind": kind, "lookup": lookup, "id": random_id("su"), "created_at": at}
                for kind, lookup in sorted(missing)  # in one order, so that two that insert at once wait for each other
            ]
            with reachable():
                async with writing(self._engine, ledger) as connection:
                    # A crash before the commit: no pseudonyms. After: some that no record names yet. Of two at once one
                    # row stays, and both go on with that one.
                    await connection.execute(insert_new(self._engine, pseudonym).values(rows))
            found |= await self._stored(ledger, missing)
            if len(found) < len(lookups):
                raise LedgerUnavailable("a pseudonym was deleted while it was made")
        for one, subject in found.items():
            self._remember((ledger, one[1]), subject, now)
        return found

    async def _stored(self, ledger: str, lookups: Sequence[tuple[str, bytes]]) -> dict[tuple[str, bytes], str]:
        wanted, own = set(lookups), pseudonym.c
        query = select(own.kind, own.lookup, own.id).where(
            own.tenant == ledger,
            own.kind.in_({kind for kind, _ in lookups}),
            own.lookup.in_([one for _, one in lookups]),
        )
        with reachable():
            async with reading(self._engine, ledger) as connection:
                rows = (await connection.execute(query)).all()
        found = {(str(row.kind), bytes(row.lookup)): str(row.id) for row in rows}
        return {one: subject for one, subject in found.items() if one in wanted}

    def _remember(self, key: Hashable, found: str, now: int) -> None:
        self._cache.pop(key, None)
        while len(self._cache) >= MAX_CACHED:
            del self._cache[next(iter(self._cache))]
        self._cache[key] = (found, now + CACHED_NS)

    async def _make(self, configured: str) -> TenantEntry:
        """Keys first, then the row: a crash in between leaves keys that nothing refers to, never a tenant without."""
        ledger = SYSTEM if configured == SYSTEM else random_id("tn")
        made = TenantEntry(id=configured, ledger=ledger, origin=f"{self._host}/ledger/{os.urandom(16).hex()}")
        await asyncio.to_thread(self._make_keys, made)
        row = {**msgspec.structs.asdict(made), "created_at": timestamp(self._clock.now_us())}
        with reachable():
            async with writing(self._engine, configured) as connection:
                # On SQLite the write lock is held already, so that what this reads stays true; on PostgreSQL the
                # insert waits for another one of the same tenant and then finds it.
                known = await connection.scalar(select(tenant.c.ledger).where(tenant.c.id == configured))
                if known is None:
                    await connection.execute(insert_new(self._engine, tenant).values(row))
        found = await self.find_tenant(configured)
        if found is None:
            raise LedgerUnavailable("a tenant could not be made")
        if found.origin != made.origin:
            unused = None if found.ledger == made.ledger else made.ledger
            await asyncio.to_thread(self._keyring.discard, made.origin, unused)
        return found

    def _make_keys(self, made: TenantEntry) -> None:
        self._keyring.create_ledger_key(made.origin)
        # The one ledger with a fixed id may have its search key from an attempt that did not come to its row.
        self._keyring.create_search_key(made.ledger)


_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)


def _unseen(character: str) -> bool:
    """Whether a character shows nothing: a name with it and one without it are read as one (Unicode 15.1,
    Default_Ignorable_Code_Point)."""
    return unicodedata.category(character) == "Cf" or _UNSEEN.fullmatch(character) is not None


def normalised(identifier: str) -> str:
    """A data subject's identifier in the one form that it is looked up by: case folded, NFKC, trimmed.

    Twice, as in Unicode §3.13 D146 and for its reason: each of the two can bring back what the other has removed.
    """
    for _ in range(2):
        identifier = unicodedata.normalize("NFKC", identifier.casefold())
    return identifier.strip()


def strictly(identifier: str, kind: str) -> str:
    """An identifier of a kind of its own in the one form that it is looked up by: of all but e-mail addresses letters
    and digits alone, since numbers are written with spaces, dots and dashes or without."""
    normal = normalised(identifier)
    return normal if kind == "email" else "".join(character for character in normal if character.isalnum())


def _actor(subject: str, issuer: str | None) -> bytes:
    # Credentials without an issuer (API keys) are a name space of their own; lengths keep the two parts apart.
    parts = (subject,) if issuer is None else (issuer, subject)
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    return b"".join(len(part).to_bytes(4) + part for part in encoded)
