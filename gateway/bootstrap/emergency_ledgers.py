"""Emergency ledgers of a node, on the disk and on record: made ready, taken into use, stitched in, removed.

In `[emergency] directory`: `template-<revision>.db`, an empty database; `copy.db`, the newest copy of what deciding
needs; `<id>.db`, an emergency that began, until it is stitched in; and by default `closed/`, what was.
"""

import asyncio
import logging
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from gateway.bootstrap.emergency_site import opened, own_keys, own_keys_file
from gateway.bootstrap.foundation import Foundation
from gateway.bootstrap.site import DEFAULT_ORIGIN, Site
from gateway.core.errors import ConfigurationError, FormatError, VerificationError
from gateway.core.ids import random_id
from gateway.exchange.archive_blocks import Mine
from gateway.exchange.stitching import Over, Stitching, prepare
from gateway.settings.server import Database
from gateway.store import migrate
from gateway.store.archives import ArchiveStore
from gateway.store.data_keys import holds_keys
from gateway.store.emergencies import STANDING, STITCHED, Emergency, EmergencyStore
from gateway.store.emergency_carry import carry
from gateway.store.emergency_copy import Copied, beside, copy, sync
from gateway.store.sealing import Sealer
from gateway.store.search import Search
from gateway.store.tree import TreeReader

_COPY = "copy"
_TEMPLATE = "template-"
_ID = "em"
_log = logging.getLogger("gateway")


class EmergencyLedgers:
    """Of one node."""

    def __init__(self, base: Foundation) -> None:
        site = self._site = base.site
        self._writers, self._settings = base.writers, site.settings.emergency
        self._directory = site.settings.path(self._settings.directory or "")
        self._store = EmergencyStore(site.engine)
        self._rows: dict[str, dict[str, Emergency]] = {}

    async def make_ready(self) -> None:
        """The directory, and the empty database. `ConfigurationError` where they cannot be made."""
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            for old in self._directory.glob(f"{_TEMPLATE}*"):
                if old.name != self._template.name:
                    old.unlink()
        except OSError as error:
            raise ConfigurationError("emergency.directory must be one that can be written") from error
        if not self._template.exists():
            # Under another name until it is whole: a crash leaves what the next start makes anew.
            new = self._template.with_suffix(".making")
            for name in (new, *beside(new)):
                name.unlink(missing_ok=True)
            await self._migrated(new)
            new.replace(self._template)
            sync(self._directory)

    async def _migrated(self, path: Path) -> None:
        """A database of emergencies, at the revision that this version works with."""
        await migrate.upgrade(msgspec.structs.replace(self._site.settings, database=_at(path)))

    @property
    def _template(self) -> Path:
        return self._directory / f"{_TEMPLATE}{migrate.head()}.db"

    def left(self, but: str | None) -> list[str]:
        """Ids of emergencies that began and are not removed, but for one."""
        found = sorted(path.stem for path in self._directory.glob(f"{_ID}_*.db"))
        return [one for one in found if one != but]

    def rows(self, emergency: str) -> Mapping[str, Emergency]:
        """Its ledgers by configured tenant, as they were last read."""
        return self._rows[emergency]

    async def prepare(self) -> str:
        """The id of an emergency whose ledgers' keys are all on record: one that was prepared before and not used, or a
        new one."""
        node, left = self._site.node, self.left(None)
        known: dict[str, dict[str, Emergency]] = {}
        over = set[str]()
        for name, entry in self._site.tenants.items():
            for row in await self._store.of_node(entry.ledger, node.id):
                if row.state != STITCHED and row.id not in left and await self._again(entry.ledger, row):
                    over.add(row.id)
                elif row.state == STITCHED:
                    over.add(row.id)  # for all tenants: its id is on record, and stands for nothing else any more
                    await asyncio.to_thread(self._site.keyring.destroy_signer, row.origin, row.vkey)
                elif await asyncio.to_thread(self._signs, row):
                    known.setdefault(row.id, {})[name] = row
        usable = [one for one in known if one not in left and one not in over]
        chosen = max(usable, key=lambda one: len(known[one])) if usable else random_id(_ID)
        rows = known.get(chosen, {})
        for name, entry in self._site.tenants.items():
            if name not in rows:
                rows[name] = await self._made(chosen, entry.ledger)
        self._rows[chosen] = rows
        return chosen

    async def _again(self, ledger: str, row: Emergency) -> bool:
        """Whether there is a file of an emergency that by this ledger has not begun, and no database of it: it is over,
        and was stitched in on what this ledger was taken back from. It is stitched in again, and never stood on: its
        file would be taken for that of the next. What cannot be is told, and tried again at the next preparation."""
        file, site = self.file(ledger, row.id), self._site
        if not await asyncio.to_thread(file.is_file):
            return False
        try:
            await self._stitching().again(row, ledger, self._writers[ledger], file)
        except (VerificationError, FormatError, ConfigurationError) as error:
            _log.error("the emergency ledger %s is over and cannot be stitched in again: %s", row.id, error)
            return True
        await asyncio.to_thread(site.keyring.destroy_signer, row.origin, row.vkey)
        _log.warning("the emergency ledger %s is stitched in again: the main ledger did not know it any more", row.id)
        return True

    def _signs(self, row: Emergency) -> bool:
        try:
            return self._site.keyring.signer(row.origin).verifier.vkey == row.vkey
        except ConfigurationError:
            return False

    async def _made(self, emergency: str, ledger: str) -> Emergency:
        """The key first, then its record: a crash in between leaves a key that nothing names."""
        site = self._site
        host = site.settings.ledger.origin or DEFAULT_ORIGIN
        origin = f"{host}/emergency/{os.urandom(16).hex()}"
        await asyncio.to_thread(site.keyring.create_ledger_key, origin)
        row = Emergency(
            id=emergency,
            node=site.node.id,
            state=STANDING,
            origin=origin,
            vkey=await asyncio.to_thread(site.keyring.verifier_key, origin),
            prepared_us=site.clock.now_us(),
        )
        await prepare(row, ledger, self._writers[ledger], site.clock, site.node)
        return row

    async def copy(self, emergency: str) -> Copied:
        """A fresh copy of what deciding needs, for this emergency."""
        site, rows = self._site, self._rows[emergency]
        return await copy(
            site.engine,
            self._template,
            self._directory / f"{_COPY}.db",
            {name: msgspec.structs.replace(site.tenants[name], origin=row.origin) for name, row in rows.items()},
            at_ns=site.clock.monotonic_ns(),
            max_rows=self._settings.max_copy_rows,
        )

    async def take(self, emergency: str) -> Path:
        """Its database, which the copy becomes. Durable when this returns."""
        path = self._directory / f"{emergency}.db"

        def renamed() -> None:
            copied = self._directory / f"{_COPY}.db"
            # A try before may have renamed it, and failed at the rest: while the database is away there is no other.
            if copied.exists() or not path.exists():
                copied.replace(path)
            sync(self._directory)

        await asyncio.to_thread(renamed)
        return path

    async def stitch_left(self, emergency: str) -> None:
        """An emergency that an earlier start left, in whatever state, of this version or an older one: stitched in and
        removed."""
        rows = await self._read(emergency)
        if not rows:
            raise VerificationError("an emergency ledger is here that is not on record")
        if any(row.state != STITCHED for row in rows.values()):
            path = self._directory / f"{emergency}.db"
            # An older version may have left it. Broken off, it is as it was; a newer version's stays where it is.
            await self._migrated(path)
            async with opened(self._site, path, {name: row.origin for name, row in rows.items()}) as site:
                await self.stitch(emergency, site)
        await self.remove(emergency)

    async def stitch(self, emergency: str, site: Site) -> None:
        """All ledgers of an emergency, open as `site`, whose exchanges are all over."""
        main = self._site
        await carry(site.engine, main.engine)
        shared = main.keyring.shared
        if shared is not None and holds_keys(own_keys_file(site.where.path)):
            # Its data keys go where all others are, before anything is sealed that is to be opened from there.
            home = own_keys(main, site.where.path)
            try:
                await asyncio.to_thread(home.hand_over, shared.take)
            finally:
                home.close()
        stitching = self._stitching()
        for name, row in (await self._read(emergency)).items():
            ledger = site.tenants[name].ledger
            writer = await site.writer(name)
            over = Over(
                row=row,
                mine=Mine(
                    ledger=ledger,
                    writer=writer,
                    reader=site.reader(name),
                    tree=TreeReader(site.engine, ledger),
                    keys=(await site.signing(name).load()).keys,
                ),
                store=ArchiveStore(site.engine),
                search=Search(site.engine, ledger),
                publisher=await site.checkpointer(name),
                main=self._writers[ledger],
                file=self.file(ledger, emergency),
            )
            await stitching.stitch(over)

    def _stitching(self) -> Stitching:
        site = self._site
        return Stitching(
            sealer=Sealer(site.keyring),
            keys=site.keyring,
            clock=site.clock,
            node=site.node,
            failpoint=site.failpoint,
        )

    async def remove(self, emergency: str) -> None:
        """What is stitched in, from the disk: its database first, then the keys. A crash in between leaves keys, which
        the next preparation destroys."""
        rows = await self._read(emergency)
        if any(row.state != STITCHED for row in rows.values()):
            raise VerificationError("an emergency ledger is not removed before it is stitched in")
        path = self._directory / f"{emergency}.db"

        def removed() -> None:
            keys = own_keys_file(path)
            for name in (keys, *beside(keys), *beside(path), path):
                name.unlink(missing_ok=True)
            sync(self._directory)
            for row in rows.values():
                self._site.keyring.destroy_signer(row.origin, row.vkey)

        await asyncio.to_thread(removed)

    def file(self, ledger: str, emergency: str) -> Path:
        """Where the file of one of its ledgers lies."""
        found = self._site.emergency_files.file(ledger, emergency)
        if found is None:
            raise ConfigurationError("emergency.directory must be set")
        return found

    async def _read(self, emergency: str) -> dict[str, Emergency]:
        rows = {}
        for name, entry in self._site.tenants.items():
            for row in await self._store.of_node(entry.ledger, self._site.node.id):
                if row.id == emergency:
                    rows[name] = row
        self._rows[emergency] = rows
        return rows


def _at(path: Path) -> Database:
    return Database(url=f"sqlite:///{path.resolve()}")
