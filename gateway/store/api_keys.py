"""API keys: made, found, listed, revoked and rotated, each change with its record.

A key is `gwk_<prefix>_<secret>`: 12 hex digits to find it by, and 32 random bytes in base64url (43 characters). Only
the SHA-256 of the whole is kept (256 random bits need no slow hash); the key itself is shown once and is nowhere.

No key is usable that is not on record: the record of a new key is durable before its row is. What takes a key away acts
the other way round, so that it holds even when its record cannot be written.

Each row is sealed (`row_seal`), so that nobody is let in by a row that was put into the table, or changed, by who has
the database and not the keyring: who asks with such a key is let in nowhere, who lists them is told. It can still be
revoked.
"""

import asyncio
import hashlib
import logging
import os
import re
from base64 import urlsafe_b64encode
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import LedgerUnavailable
from gateway.core.ids import random_id, uuid7
from gateway.core.ports import Clock, KeyRecord
from gateway.core.refusal import Refusal
from gateway.core.scopes import FORM
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry, Ledger
from gateway.ledger.granted import Granted
from gateway.ledger.record import Detail, Envelope, encode_detail, timestamp
from gateway.store.engine import reading, writing
from gateway.store.key_use import KeyUse
from gateway.store.row_seal import RowSeal
from gateway.store.sql import reachable
from gateway.store.tables import api_key

CACHED_NS = 5 * 1_000_000_000
"""How long an answer is remembered: a revocation by another process acts within it."""
MAX_CACHED = 10_000
_PREFIX = re.compile(r"[0-9a-f]{12}")
_OWNER = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,256}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_RATE = re.compile(r"[1-9][0-9]{0,8}/(second|minute|hour|day)")
_KINDS = ("person", "service", "agent")
_MAX_NAMES = 64
_LISTS = ("roles", "purposes", "floor", "scopes")
_PURPOSE = b"gateway/api-key/v1"
_SEALED = (
    *("id", "tenant", "prefix", "hash", "owner", "kind", "roles", "zone", "purposes", "floor", "rate"),
    *("created_us", "expires_us", "revoked_us", "scopes"),
)
_log = logging.getLogger("gateway.store")
V = TypeVar("V")
_names = msgspec.json.Decoder(tuple[str, ...])


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a key will say of its holder (`core.caller.Identity`)."""

    owner: str
    kind: str
    roles: tuple[str, ...]
    zone: str
    purposes: tuple[str, ...] = ()
    floor: tuple[str, ...] = ()
    rate: str | None = None
    expires_us: int | None = None
    scopes: tuple[str, ...] = ()


class Administrator(msgspec.Struct, frozen=True, kw_only=True):
    """Who changes keys, and where that goes on record."""

    ledger: Ledger
    tenant: str
    """The id of that ledger."""
    actor: str | None = None
    """The administrator's pseudonym in it."""
    actor_kind: str | None = None
    detail: Detail = Detail()
    """What else is known of the administrator."""


class NewKey(msgspec.Struct, frozen=True):
    """A key that was just made. `plain` is the key itself, to be shown once."""

    record: KeyRecord
    plain: str

    def __repr__(self) -> str:
        return f"NewKey({self.record.id})"


class ApiKeyStore:
    """API keys in the database. `core.ports.KeyLookup` for who verifies them."""

    def __init__(self, engine: AsyncEngine, clock: Clock, key: bytes) -> None:
        """`key`: 32 bytes of the keyring's (`row_seal`)."""
        self._engine, self._clock, self._seal = engine, clock, sealing(key)
        self._known: dict[str, tuple[KeyRecord, int]] = {}
        # Apart from the known ones, so that a flood of made-up prefixes pushes none of those out.
        self._unknown: dict[str, int] = {}
        self._asking: dict[str, asyncio.Task[KeyRecord | None]] = {}
        self._changes = 0
        self.use = KeyUse(engine, clock)

    def known(self, prefix: str) -> KeyRecord | None:
        """The same as `find` would say, where it was found in the last 5 s."""
        known = self._known.get(prefix)
        return known[0] if known is not None and self._clock.monotonic_ns() < known[1] else None

    def forget(self) -> None:
        """Forget what was found: whoever asks next gets what is true then."""
        self._changes += 1
        for found in (self._known, self._unknown, self._asking):
            found.clear()

    async def find(self, prefix: str) -> KeyRecord | None:
        """The key with this prefix, revoked and expired ones too, none whose row is not sealed; at most 5 s old.
        `LedgerUnavailable` if the database cannot be asked: an answer that is older is never given instead."""
        if not _PREFIX.fullmatch(prefix):
            return None
        known = self.known(prefix)
        if known is not None:
            return known
        now = self._clock.monotonic_ns()
        if now < self._unknown.get(prefix, now):
            return None
        task = self._asking.get(prefix)
        if task is None:
            # One question for all who ask at once; whoever stops waiting does not take the answer from the others.
            task = self._asking[prefix] = asyncio.create_task(self._ask(prefix))
            task.add_done_callback(lambda done: self._asked(prefix, done))
        return await asyncio.shield(task)

    def used(self, record: KeyRecord, now_us: int) -> None:
        """Whoever holds this key was just let in with it; written later (`key_use`)."""
        self.use.note(record, now_us)

    async def get(self, tenant: str, key_id: str) -> KeyRecord | None:
        """One key of a tenant (its configured id), revoked and expired ones too."""
        query = select(api_key).where(api_key.c.id == key_id, api_key.c.tenant == tenant)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                row = (await connection.execute(query)).one_or_none()
        return None if row is None else self._record(row)

    async def list(self, tenant: str) -> tuple[KeyRecord, ...]:
        """All keys of a tenant (its configured id), the oldest first, revoked and expired ones too."""
        query = select(api_key).where(api_key.c.tenant == tenant).order_by(api_key.c.created_us, api_key.c.id)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return tuple(self._record(row) for row in await connection.execute(query))

    async def create(self, by: Administrator, tenant: str, grant: Grant) -> NewKey | Refusal:
        """Make a key of a tenant (its configured id), or say which field of the grant is wrong."""
        refusal = checked(grant, self._clock.now_us())
        if refusal is not None:
            return refusal
        made = self._new(tenant, grant)
        # A crash after this and before the row: the record tells of a key that never came to be, and that nobody has
        # seen. The other order would leave a key that works and is on no record.
        await self._on_record(by, "key.created", made.record.id, _described(made.record))
        with reachable():
            async with writing(self._engine, tenant) as connection:
                await connection.execute(insert(api_key).values(self._row(made.record)))
        self._forget(made.record.prefix)
        return made

    async def revoke(self, by: Administrator, tenant: str, key_id: str) -> KeyRecord | Refusal:
        """End a key at once: its record moves the revision of the deny-list, so that other processes find out before
        anything is sent for it. Repeating it makes another record, and changes no time."""
        now = self._clock.now_us()
        # The row first: a key that leaked must end even while the ledger cannot be written. A crash after this and
        # before the record: the key is refused, and whoever revoked it was not told so and does it again.
        with reachable():
            async with writing(self._engine, tenant) as connection:
                mine = (api_key.c.id == key_id, api_key.c.tenant == tenant)
                row = (await connection.execute(select(api_key).where(*mine).with_for_update())).one_or_none()
                record = None if row is None else self._record(row)
                if record is not None and record.revoked_us is None:
                    record = msgspec.structs.replace(record, revoked_us=now)
                    await connection.execute(update(api_key).where(*mine).values(self._becoming(record, "revoked_us")))
        if record is None:
            return Refusal(code="not_found", field="id")
        self._forget(record.prefix)
        told = Granted(owner=record.owner, prefix=record.prefix)
        await self._on_record(by, "key.revoked", key_id, told, denies=True)
        return record

    async def rotate(
        self, by: Administrator, tenant: str, key_id: str, *, overlap_s: int, expires_us: int | None = None
    ) -> NewKey | Refusal:
        """A new key with the grant of an old one, which ends after the overlap if not earlier. Without `expires_us` the
        new one lasts as long as the old one was made to last. `conflict` where the old one has ended, or was changed by
        somebody else at the same time: then it is left as they made it, and there is no new one."""
        now = self._clock.now_us()
        if not 0 <= overlap_s <= 366 * 86_400:
            return Refusal(code="parameter_invalid", field="overlap", hint="0 to 366 days, in seconds")
        old = await self.get(tenant, key_id)
        if old is None:
            return Refusal(code="not_found", field="id")
        if old.revoked_us is not None or (old.expires_us is not None and old.expires_us <= now):
            return Refusal(code="conflict", field="id", hint="a key that is neither revoked nor expired")
        if not old.sealed:
            return Refusal(code="conflict", field="id", hint="a key whose row is as it was kept here")
        if expires_us is None and old.expires_us is not None:
            expires_us = now + old.expires_us - old.created_us
        grant = _grant(old, expires_us)
        refusal = checked(grant, now)
        if refusal is not None:
            return refusal
        made = self._new(tenant, grant)
        ends = min(now + overlap_s * 1_000_000, old.expires_us or now + overlap_s * 1_000_000)
        told = msgspec.structs.replace(_described(made.record), replaces=old.id, replaced_ends=timestamp(ends))
        at_once = ends <= now
        if at_once:
            # As in `revoke`: the old key ends first, and its record lets other processes know before they send anything
            # for it. A crash between: it has ended, and whoever rotates it was not told so and has no new one.
            if not await self._end(old, ends):
                return _changed()
            self._forget(old.prefix)
        # As in `create`: a crash after the record and before the commit leaves no new key; and the old one as it was,
        # where it does not end at once.
        await self._on_record(by, "key.rotated", made.record.id, told, denies=at_once)
        if not await self._end(old, ends, made, ended=at_once):
            # What is on record did not come to be: said so, since nobody would find out otherwise.
            await self._on_record(by, "key.revoked", made.record.id, Granted(never_made=old.id))
            return _changed()
        self._forget(old.prefix, made.record.prefix)
        return made

    # ---------------------------------------------------------------------------------------------------------- inside

    async def _end(self, old: KeyRecord, ends: int, made: NewKey | None = None, *, ended: bool = False) -> bool:
        """Have an old key end then, and its successor begin, both or neither: only if the old one still is as it was
        found. `ended`: it was made to end before, and must not have been revoked since."""
        found = ends if ended else old.expires_us
        same = api_key.c.expires_us.is_(None) if found is None else api_key.c.expires_us == found
        still = (api_key.c.tenant == old.tenant, api_key.c.id == old.id, api_key.c.revoked_us.is_(None), same)
        becomes = self._becoming(msgspec.structs.replace(old, expires_us=ends), "expires_us")
        with reachable():
            async with writing(self._engine, old.tenant) as connection:
                done = await connection.execute(update(api_key).where(*still).values(becomes))
                if done.rowcount != 1:
                    return False
                if made is not None:
                    await connection.execute(insert(api_key).values(self._row(made.record)))
        return True

    async def _ask(self, prefix: str) -> KeyRecord | None:
        changes, until = self._changes, self._clock.monotonic_ns() + CACHED_NS
        with reachable():
            async with reading(self._engine, None, prefix=prefix) as connection:
                row = (await connection.execute(select(api_key).where(api_key.c.prefix == prefix))).one_or_none()
        record = None if row is None else self._record(row)
        if record is not None and not record.sealed:
            _log.error("API key %s: its row is not as it was kept here, and nobody is let in by it", record.id)
            record = None
        if changes == self._changes:  # otherwise this may be what was true before the change
            if record is None:
                _keep(self._unknown, prefix, until)
            else:
                _keep(self._known, prefix, (record, until))
        return record

    def _row(self, record: KeyRecord) -> dict[str, object]:
        """All columns but when it was last used."""
        told = msgspec.structs.asdict(record)
        row = {name: msgspec.json.encode(told[name]).decode() if name in _LISTS else told[name] for name in _SEALED}
        return {**row, "seal": self._seal.of(row)}

    def _becoming(self, record: KeyRecord, *changed: str) -> dict[str, object]:
        """What is written of a row whose columns of these names change."""
        row = self._row(record)
        return {name: row[name] for name in (*changed, "seal")}

    def _record(self, row: Row[tuple[object, ...]]) -> KeyRecord:
        values = dict(row._mapping)
        values["sealed"] = self._seal.holds(values, values.pop("seal"))
        try:
            for name in _LISTS:
                values[name] = _names.decode(values[name])
            return KeyRecord(**values)
        except (msgspec.MsgspecError, TypeError) as error:
            raise LedgerUnavailable("the row of an API key cannot be read") from error

    def _asked(self, prefix: str, task: asyncio.Task[KeyRecord | None]) -> None:
        if self._asking.get(prefix) is task:
            del self._asking[prefix]
        if not task.cancelled():
            task.exception()  # seen, even if everyone who waited is gone

    def _forget(self, *prefixes: str) -> None:
        self._changes += 1
        for prefix in prefixes:
            self._known.pop(prefix, None)
            self._unknown.pop(prefix, None)
            self._asking.pop(prefix, None)

    def _new(self, tenant: str, grant: Grant) -> NewKey:
        prefix, secret = os.urandom(6).hex(), urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode("ascii")
        plain = f"gwk_{prefix}_{secret}"
        record = KeyRecord(
            id=random_id("ak"),
            prefix=prefix,
            hash=hashlib.sha256(plain.encode("ascii")).digest(),
            tenant=tenant,
            created_us=self._clock.now_us(),
            revoked_us=None,
            **msgspec.structs.asdict(grant),
        )
        return NewKey(record, plain)

    async def _on_record(
        self, by: Administrator, event: str, key_id: str, told: Granted, *, denies: bool = False
    ) -> None:
        now, salt = self._clock.now_us(), new_salt()
        detail = encode_detail(msgspec.structs.replace(by.detail, diff=told.lines()))
        envelope = Envelope(
            id=uuid7(now),
            tenant=by.tenant,
            event=event,
            occurred_at=timestamp(now),
            actor=by.actor,
            actor_kind=by.actor_kind,
            credential=key_id,
            detail=committed(salt, "detail", detail),
        )
        await by.ledger.append(Entry.of(envelope, detail=detail, salt=salt, denies=denies))


def _changed() -> Refusal:
    return Refusal(code="conflict", field="id", hint="a key that nobody else changes at the same time")


def shown(record: KeyRecord) -> dict[str, Any]:
    """What may be told of a key: neither it nor its hash."""
    times = {"created": record.created_us, "expires": record.expires_us, "revoked": record.revoked_us}
    times["last_used"] = record.last_used_us
    return {
        "id": record.id,
        "prefix": record.prefix,
        "tenant": record.tenant,
        "owner": record.owner,
        "kind": record.kind,
        "roles": record.roles,
        "zone": record.zone,
        "purposes": record.purposes,
        "floor": record.floor,
        "scopes": record.scopes,
        "rate": record.rate,
        "sealed": record.sealed,
        **{name: None if at is None else timestamp(at) for name, at in times.items()},
    }


def checked(grant: Grant, now_us: int) -> Refusal | None:
    """Which field of a grant is wrong; None where it can be granted."""

    def wrong(field: str, hint: str) -> Refusal:
        return Refusal(code="parameter_invalid", field=field, hint=hint)

    if not _OWNER.fullmatch(grant.owner) or grant.owner != grant.owner.strip():
        return wrong("owner", "1 to 256 characters, no control characters, no spaces around them")
    if grant.kind not in _KINDS:
        return wrong("kind", "person, service or agent")
    for field, names in (("roles", grant.roles), ("purposes", grant.purposes), ("floor", grant.floor)):
        if len(names) > _MAX_NAMES or len(set(names)) != len(names) or not all(map(_NAME.fullmatch, names)):
            return wrong(field, f"at most {_MAX_NAMES} names, once each, of letters, digits and _ . : -")
    if not _NAME.fullmatch(grant.zone):
        return wrong("zone", "the id of a zone")
    if len(grant.scopes) > _MAX_NAMES or len(set(grant.scopes)) != len(grant.scopes):
        return wrong("scopes", f"at most {_MAX_NAMES} scopes, once each")
    if not all(map(FORM.fullmatch, grant.scopes)):
        return wrong("scopes", "scopes like traffic, traffic:AGENT, audit or audit:read")
    if grant.rate is not None and not _RATE.fullmatch(grant.rate):
        return wrong("rate", "COUNT/second, COUNT/minute, COUNT/hour or COUNT/day")
    if grant.expires_us is not None and grant.expires_us <= now_us:
        return wrong("expires", "a time to come")
    return None


def _described(record: KeyRecord) -> Granted:
    """What was granted, for the detail of the record."""
    return Granted(
        owner=record.owner,
        prefix=record.prefix,
        kind=record.kind,
        zone=record.zone,
        roles=record.roles,
        purposes=record.purposes,
        floor=record.floor,
        scopes=record.scopes,
        rate=record.rate,
        ends=None if record.expires_us is None else timestamp(record.expires_us),
    )


def _grant(record: KeyRecord, expires_us: int | None) -> Grant:
    kept = {name: getattr(record, name) for name in Grant.__struct_fields__}
    return Grant(**{**kept, "expires_us": expires_us})


def sealing(key: bytes) -> RowSeal:
    """The seals of rows of `api_key`. `key`: 32 bytes of the keyring's."""
    return RowSeal(key, _PURPOSE, _SEALED)


def seal_all(connection: Connection, seal: RowSeal) -> int:
    """Seal every row that there is, as they stand; how many. For who brings a database of before to what it needs."""
    rows = [dict(row) for row in connection.execute(select(api_key)).mappings()]
    for row in rows:
        connection.execute(update(api_key).where(api_key.c.id == row["id"]).values(seal=seal.of(row)))
    return len(rows)


def _keep(cache: dict[str, V], key: str, value: V) -> None:
    cache.pop(key, None)
    while len(cache) >= MAX_CACHED:
        del cache[next(iter(cache))]
    cache[key] = value
