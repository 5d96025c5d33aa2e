"""Evidence bundles on their way and finished: files beside the gateway's configuration, one directory a tenant.

A bundle is written to a `.part` file and renamed when it is whole, so that what is there under its name is complete.
What was being built when the process ended is `failed` afterwards, and can be asked for again.
"""

import asyncio
import logging
import os
import re
from pathlib import Path
from typing import Literal

import msgspec

from gateway.core.errors import GatewayError
from gateway.core.ids import random_id
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.evidence.selection import Selection
from gateway.exchange.auditor import Auditor, Reader
from gateway.exchange.exchange import Exchange
from gateway.exchange.underway import UnderWay
from gateway.ledger.record import timestamp

_log = logging.getLogger("gateway.web")
_ID = re.compile(r"ev_[0-9a-f]{26}")


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one bundle."""

    id: str
    status: Literal["building", "ready", "failed"]
    created_at: str
    selection: Selection
    attach: tuple[str, ...] = ()
    records: int | None = None
    bytes: int | None = None
    reason: str | None = None
    """Why it failed: a refusal's code and hint, or the kind of error."""


class Bundles:
    """The bundles of all tenants under one directory, by the tenants' ledger ids."""

    def __init__(self, directory: Path, clock: Clock, underway: UnderWay) -> None:
        self._directory, self._clock, self._underway = directory, clock, underway
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(
        self,
        tenant: str,
        auditor: Auditor,
        by: Reader,
        selection: Selection,
        exchange: Exchange,
        attach: tuple[str, ...] = (),
    ) -> Bundle:
        """Start to build a bundle; it is `building` when this returns. It fails where who asked for it, in `exchange`,
        may not act any more."""
        bundle = Bundle(
            id=random_id("ev"),
            status="building",
            created_at=timestamp(self._clock.now_us()),
            selection=selection,
            attach=attach,
        )
        self._put(tenant, bundle)
        task = asyncio.create_task(self._build(tenant, bundle, auditor, by, exchange))
        self._tasks[bundle.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(bundle.id, None))
        return bundle

    def get(self, tenant: str, bundle_id: str) -> Bundle | None:
        """One bundle of this tenant, None where there is none."""
        if not _ID.fullmatch(bundle_id):
            return None
        try:
            found = msgspec.json.decode((self._directory / tenant / f"{bundle_id}.json").read_bytes(), type=Bundle)
        except FileNotFoundError:
            return None
        if found.status == "building" and bundle_id not in self._tasks:
            return msgspec.structs.replace(found, status="failed", reason="the gateway stopped while it was built")
        return found

    def list(self, tenant: str) -> list[Bundle]:
        """All bundles of this tenant, the newest first."""
        names = sorted((self._directory / tenant).glob("ev_*.json"))
        found = [self.get(tenant, name.stem) for name in names]
        return sorted((one for one in found if one is not None), key=lambda one: one.created_at, reverse=True)

    def file(self, tenant: str, bundle_id: str) -> Path:
        """Where a finished bundle lies."""
        return self._directory / tenant / f"{bundle_id}.zip"

    async def stop(self) -> None:
        """Give up what is being built."""
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _build(self, tenant: str, bundle: Bundle, auditor: Auditor, by: Reader, exchange: Exchange) -> None:
        self._underway.opened(exchange)
        file = self.file(tenant, bundle.id)
        part = file.with_suffix(".part")
        try:
            with part.open("w+b") as write:
                manifest = await auditor.export(by, bundle.selection, write, attach=bundle.attach)
                write.flush()
                os.fsync(write.fileno())
            if isinstance(manifest, Refusal):
                reason = f"{manifest.code}: {manifest.hint or manifest.title}"
                self._put(tenant, msgspec.structs.replace(bundle, status="failed", reason=reason))
                return
            part.rename(file)
            done = msgspec.structs.replace(
                bundle, status="ready", records=manifest.end - manifest.first, bytes=file.stat().st_size
            )
            self._put(tenant, done)
        except (GatewayError, OSError) as error:
            _log.error("a bundle could not be built: %s", type(error).__name__)
            self._put(tenant, msgspec.structs.replace(bundle, status="failed", reason=type(error).__name__))
        except asyncio.CancelledError:
            if exchange.cut is None:
                raise
            self._put(tenant, msgspec.structs.replace(bundle, status="failed", reason=exchange.cut.code))
        finally:
            self._underway.over(exchange)
            part.unlink(missing_ok=True)

    def _put(self, tenant: str, bundle: Bundle) -> None:
        directory = self._directory / tenant
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = directory / f".{bundle.id}.json"
        temporary.write_bytes(msgspec.json.encode(bundle))
        temporary.rename(directory / f"{bundle.id}.json")
