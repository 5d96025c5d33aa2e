"""Taking a backup of the database, and putting one in its place: what `gateway backup` and `gateway restore` do."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from gateway.bootstrap.clock import SystemClock
from gateway.bootstrap.site import Site, open_site
from gateway.bootstrap.subjects import restored_of
from gateway.core.errors import ConfigurationError, FormatError, VerificationError
from gateway.core.ids import uuid7
from gateway.evidence import bag
from gateway.evidence.container import Container
from gateway.evidence.verify import verify
from gateway.exchange.newer import Since, since
from gateway.exchange.restored import Erased
from gateway.ledger.checkpoint import parse as parse_checkpoint
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.encoding import to_base64
from gateway.ledger.entry import Entry
from gateway.ledger.note import parse_note
from gateway.ledger.record import MAX_BYTES, Detail, Envelope, NodeInfo, encode_detail, timestamp
from gateway.ledger.rotation import encode_keys
from gateway.settings import Settings
from gateway.store import backup, migrate
from gateway.store.backup import CopiedFile, LedgerState, Manifest
from gateway.store.engine import sqlite_engine, target
from gateway.store.lost import LostMarks
from gateway.store.node import Claim, living
from gateway.store.signed import SignedMarks
from gateway.store.sql import reachable
from gateway.store.verification import LedgerVerification

By = Callable[[Site, str], Awaitable[tuple[str, Detail]]]
"""Who acts, as an actor of a tenant (its configured id), and the detail beside what they do."""

_MAX_LINES = 4_096
"""What a record's detail holds of what newer copies say; the command tells all of it."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore has done. `since`: what newer copies say of each tenant's ledger, by the tenant's id."""

    manifest: Manifest
    erased: int
    """Of how many data subjects something was destroyed again."""
    since: dict[str, Since]
    aside: str | None = None
    """What the database that was there is called now."""


async def take_backup(site: Site, directory: Path, by: By) -> Manifest:
    """Make a backup in a new directory.

    1. It is on record, in every ledger. 2. Checkpoints are published, so that the copy's records are signed for. 3. On
    SQLite the file is copied. 4. The manifest says what is there: of the copy, or on PostgreSQL of the database now,
    which a copy that is made afterwards holds at least.
    """
    await asyncio.to_thread(backup.new_directory, directory)
    # 1.
    for tenant in site.tenants:
        actor, detail = await by(site, tenant)
        await (await site.writer(tenant)).append(_entry(site, tenant, "backup.taken", actor, detail))
    # 2.
    for tenant in site.tenants:
        await (await site.checkpointer(tenant)).publish(force=True)
    # 3.
    named = [(name, entry.ledger, entry.origin) for name, entry in site.tenants.items()]
    files: tuple[CopiedFile, ...] = ()
    if site.where.kind == "sqlite":
        files = (await asyncio.to_thread(backup.copy_sqlite, site.where.path, directory),)
        engine = sqlite_engine(directory / backup.FILE, mode="ro")
        try:
            ledgers = await backup.states(engine, named)
        finally:
            await engine.dispose()
    else:
        ledgers = await backup.states(site.engine, named)
    # 4.
    manifest = Manifest(
        made_at=timestamp(site.clock.now_us()),
        database=site.where.kind,
        revision=migrate.head(),
        ledgers=ledgers,
        files=files,
    )
    await asyncio.to_thread(backup.write_manifest, directory, manifest)
    return manifest


async def restore(
    settings: Settings, directory: Path, *, newer: Sequence[Path], alone: bool, reason: str, by: By
) -> Done:
    """Put a backup in the database's place, or, on PostgreSQL, see to one that its own tools have restored.

    1. The manifest and its files are as they were made. 2. Nobody serves. 3. The copy is verified whole, and is what
    the manifest says. 4. Newer copies are read: those named, and on SQLite the database that is there. 5. What was
    erased since is erased again, in the copy. 6. It is on record. 7. On SQLite the copy takes its place.

    Until 7 the database is as it was; killed anywhere, it is begun anew. `alone`: there is no newer copy to be had.
    """
    manifest = await asyncio.to_thread(backup.read_manifest, directory)
    where = target(settings)
    if manifest.database != where.kind:
        raise ConfigurationError(f"the backup is of {manifest.database}, and database.url of {where.kind}")
    async with AsyncExitStack() as stack:
        if where.kind == "postgresql":
            done = await _seen_to(settings, manifest, newer, alone, reason, by)
            await asyncio.to_thread(_forgotten, settings, manifest)
            return done
        claim = Claim(where, NodeInfo(id="nd_restore", boot="bt_restore"))
        await claim.take()
        stack.push_async_callback(claim.release)
        copy = await asyncio.to_thread(backup.stage, directory, where.path)
        url = msgspec.structs.replace(settings.database, url=f"sqlite:///{copy}")
        staged = msgspec.structs.replace(settings, database=url)
        try:
            await migrate.upgrade(staged)
            if not newer and not alone and backup.is_sqlite(where.path):
                newer = (where.path,)
            done = await _seen_to(staged, manifest, newer, alone, reason, by)
        except BaseException:
            # What is refused leaves no second copy of everything behind. A crash does: the next run writes over it.
            await asyncio.to_thread(backup.unstage, where.path)
            raise
        mark = "".join(filter(str.isdigit, timestamp(SystemClock().now_us())))
        aside = await asyncio.to_thread(backup.put_in_place, where.path, mark)
        await asyncio.to_thread(_forgotten, settings, manifest)
        return msgspec.structs.replace(done, aside=None if aside is None else str(aside))


def _forgotten(settings: Settings, manifest: Manifest) -> None:
    """What is remembered beside the keys of the database that was, once the other one is in its place and says so; of
    tenants too that came after it was made. A crash before: the next start asks for `acknowledge-restore`, which says
    the same."""
    keys = settings.path(settings.keys.directory)
    lost, signed = LostMarks(keys), SignedMarks(keys)
    for state in manifest.ledgers:
        lost.forget(state.ledger)
    for origin in signed.all():
        signed.forget(origin)


async def _seen_to(
    settings: Settings, manifest: Manifest, newer: Sequence[Path], alone: bool, reason: str, by: By
) -> Done:
    """Steps 2 to 6, on the copy."""
    if not newer and not alone:
        raise ConfigurationError(
            "name a newer copy of the record with --newer, a bundle or a database file: it says what was erased since "
            "the backup. Where there is none, say --no-newer"
        )
    async with open_site(settings) as site:
        with reachable():
            if await living(site.engine, site.clock) and site.where.kind == "postgresql":
                raise ConfigurationError("nodes serve from this database: stop them first, and wait for their leases")
        # 3.
        for state in manifest.ledgers:
            await _verify(site, state, exact=site.where.kind == "sqlite")
        # 4.
        sizes = {one.tenant: (one.size, bytes.fromhex(one.hash)) for one in manifest.ledgers}
        found: dict[str, Since] = {}
        for path in newer:
            for tenant, told in (await asyncio.to_thread(_newer, site, path, sizes)).items():
                known = found.get(tenant)
                if known is None or known.size < told.size:
                    found[tenant] = told
        # 5.
        writers = {entry.ledger: await site.writer(name) for name, entry in site.tenants.items()}
        told_erased: list[Erased] = [one for told in found.values() for one in told.erased]
        erased = await restored_of(site).erase_again(writers, told_erased)
        # 6.
        for state in manifest.ledgers:
            await _recorded(site, state, found.get(state.tenant), reason, by)
        return Done(manifest=manifest, erased=erased, since=found)


async def _verify(site: Site, state: LedgerState, *, exact: bool) -> None:
    entry = site.tenants.get(state.tenant)
    if entry is None or (entry.ledger, entry.origin) != (state.ledger, state.origin):
        raise ConfigurationError(
            f"the backup holds a ledger of {state.tenant} that is not this installation's: is its keyring here, and "
            "the tenant configured?"
        )
    keys = (await site.signing(state.tenant).load()).keys
    given = state.checkpoint.encode("utf-8") or None
    verdict = await LedgerVerification(site.engine, entry.ledger, keys).run(given)
    if verdict.failure is not None:
        raise VerificationError(f"{state.tenant}: {verdict.failure}")
    newest = await site.reader(state.tenant).record(state.size - 1) if state.size else None
    if verdict.size < state.size or (exact and verdict.size != state.size):
        raise VerificationError(f"{state.tenant}: {verdict.size} records, and the manifest says {state.size}")
    if state.size and (newest is None or newest.hash.hex() != state.hash):
        raise VerificationError(f"{state.tenant}: record {state.size - 1} is not the one that the manifest names")


def _newer(site: Site, path: Path, sizes: Mapping[str, tuple[int, bytes]]) -> dict[str, Since]:
    """What a newer copy says, by the tenants' ids. `VerificationError` where it is none of any ledger here."""
    if backup.is_sqlite(path):
        return {
            tenant: since(
                backup.records_of(path, site.tenants[tenant].ledger, max(0, size - 1)),
                ledger=site.tenants[tenant].ledger,
                size=size,
                head=head,
            )
            for tenant, (size, head) in sizes.items()
        }
    for tenant, (size, head) in sizes.items():
        entry = site.tenants[tenant]
        try:
            report = verify(path, encode_keys(site.signing(tenant).keys).decode())
        except OSError as error:
            raise ConfigurationError("--newer must be a file that can be read") from error
        except (VerificationError, FormatError):
            continue  # of another ledger, or broken: then no other key will do either
        records = _bundled(path, report.first)
        return {tenant: since(records, ledger=entry.ledger, size=size, head=head)}
    raise VerificationError("a newer copy is neither a database file nor a bundle that a key of this keyring signed")


def _bundled(path: Path, first: int) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        yield from enumerate(Container(file).lines(bag.RECORDS, MAX_BYTES), first)


async def _recorded(site: Site, state: LedgerState, told: Since | None, reason: str, by: By) -> None:
    actor, detail = await by(site, state.tenant)
    lines = () if told is None else (*(f"{count} {event}" for event, count in told.events.items()), *told.to_see_to)
    detail = msgspec.structs.replace(detail, reason=reason, diff=lines[:_MAX_LINES] or None)
    size, root = state.size, None
    if state.checkpoint:
        root = parse_checkpoint(parse_note(state.checkpoint.encode("utf-8"))[0]).root
    entry = _entry(
        site,
        state.tenant,
        "restore.completed",
        actor,
        detail,
        range=(size, size if told is None else max(size, told.size)),
        checkpoint=None if root is None else (state.checkpoint_size, to_base64(root)),
    )
    await (await site.writer(state.tenant)).append(entry)


def _entry(site: Site, tenant: str, event: str, actor: str, detail: Detail, **fields: object) -> Entry:
    now, salt, data = site.clock.now_us(), new_salt(), encode_detail(detail)
    envelope = Envelope(
        id=uuid7(now),
        tenant=site.tenants[tenant].ledger,
        event=event,
        occurred_at=timestamp(now),
        actor=actor,
        actor_kind="person",
        node=site.node,
        detail=committed(salt, "detail", data),
        **fields,  # type: ignore[arg-type]  # fields of the envelope, by their names
    )
    return Entry.of(envelope, detail=data, salt=salt)
