"""How the keyring's root key is wrapped is changed, on record in the operator's ledger.

    1. the other secret files are sealed under the root key      a crash here: each opens as before, sealed or not
    2. the root key is wrapped in the new way, and opened again by it: what would not open never gets into place
    3. it goes on record (`key.wrapped`)                         a crash here: it is on record and not done; do it again
    4. its file is replaced, in one step                         a crash here: the old way opens, or the new

and back into the clear: 3, 4, and then the other files are opened again (a crash: some are sealed, and all open). So at
no instant is there a root key that neither way opens, nor one that is wrapped beside files in the clear.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.core.ids import uuid7
from gateway.core.ports import Clock, Failpoint
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry, Ledger
from gateway.ledger.record import Detail, Envelope, NodeInfo, OutcomeInfo, encode_detail, timestamp
from gateway.store.key_files import ROOT, KeyFiles, alone, read, replace
from gateway.store.root_key import ByPassphrase, Means, kek_of, method_of, opened, parsed

CLEAR = "clear"


class Wrapping(msgspec.Struct, frozen=True, kw_only=True):
    """How a root key is wrapped. `id`: of the wrapping, as on record; `how`: in words."""

    method: str
    how: str
    id: str | None = None


def wrapping_now(directory: Path) -> Wrapping:
    """How a keyring's root key is wrapped. `ConfigurationError` where there is none that can be read."""
    file = directory / ROOT
    return _told(read(file), file)


def _told(data: bytes, file: Path) -> Wrapping:
    if method_of(data, file) is None:
        return Wrapping(method=CLEAR, how="in the clear")
    found = parsed(data, file)
    if isinstance(found, ByPassphrase):
        return Wrapping(method="passphrase", how=f"by a passphrase (scrypt, N=2^{found.log_n}, r=8, p=1)", id=found.id)
    return Wrapping(method="provider", how="by a provider", id=found.id)


class Rewrapping:
    """Of the keyring in a directory. `means`: what opens it as it is; `ledger`, `writer`: the operator's own."""

    def __init__(
        self,
        *,
        directory: Path,
        means: Means,
        ledger: str,
        writer: Ledger,
        clock: Clock,
        node: NodeInfo,
        failpoint: Failpoint | None = None,
    ) -> None:
        self._directory, self._file = directory, directory / ROOT
        self._means = msgspec.structs.replace(means, expected=None)
        self._ledger, self._writer = ledger, writer
        self._clock, self._node, self._failpoint = clock, node, failpoint

    async def wrap(self, actor: str, detail: Detail, wrap: Callable[[bytes], bytes], means: Means) -> Wrapping:
        """Wrap the root key as `wrap` makes its file, in place of how it is wrapped now. `means`: what will open it.
        `ConfigurationError` or `LedgerUnavailable`, and nothing changed, where the old way or the new does not open."""
        with alone(self._directory):
            root = await asyncio.to_thread(kek_of, self._directory, self._means)
            # 1.
            await asyncio.to_thread(KeyFiles(self._directory, root).seal)
            await self._pause("wrapping.sealed")
            # 2.
            new = await asyncio.to_thread(wrap, root)
            if await asyncio.to_thread(opened, new, self._file, means) != root:
                raise ConfigurationError("what was wrapped does not open again: nothing was changed")
            await self._pause("wrapping.made")
            # 3. and 4.
            return await self._replaced(new, actor, detail)

    async def unwrap(self, actor: str, detail: Detail) -> Wrapping:
        """Put the root key, and what is sealed under it, back into the clear. Errors as of `wrap`."""
        with alone(self._directory):
            root = await asyncio.to_thread(kek_of, self._directory, self._means)
            if wrapping_now(self._directory).method != CLEAR:
                await self._replaced(root, actor, detail)
            await asyncio.to_thread(KeyFiles(self._directory, root).unseal)
            return wrapping_now(self._directory)

    async def _replaced(self, new: bytes, actor: str, detail: Detail) -> Wrapping:
        before, after = wrapping_now(self._directory), _told(new, self._file)
        told = msgspec.structs.replace(detail, diff=(f"- root key: {before.how}", f"+ root key: {after.how}"))
        # A crash before: nothing has changed. After: it is on record and not done, and the next try says so again.
        await self._writer.append(self._entry(after, after.id or before.id or "", actor, told))
        await self._pause("wrapping.recorded")
        # A crash before: the old way opens. After: the new one.
        await asyncio.to_thread(self._put, new)
        await self._pause("wrapping.replaced")
        return after

    def _put(self, new: bytes) -> None:
        try:
            replace(self._file, new)
        except ConfigurationError as error:
            if read(self._file) != new:
                raise
            # Whoever is told that nothing could be written would throw away what alone opens it.
            raise ConfigurationError(
                f"{self._file} is replaced, and it could not be made durable: keep what opens it in the old way and in "
                "the new until `gateway keys protection` says the new one after the disk was seen to"
            ) from error

    def _entry(self, after: Wrapping, wrapping: str, actor: str, told: Detail) -> Entry:
        now, salt, data = self._clock.now_us(), new_salt(), encode_detail(told)
        envelope = Envelope(
            id=uuid7(now),
            tenant=self._ledger,
            event="key.wrapped",
            occurred_at=timestamp(now),
            actor=actor,
            actor_kind="person",
            credential=wrapping,
            outcome=OutcomeInfo(code=after.method),
            node=self._node,
        )
        envelope.detail = committed(salt, "detail", data)
        return Entry.of(envelope, detail=data, salt=salt)

    async def _pause(self, name: str) -> None:
        if self._failpoint is not None:
            await self._failpoint(name)
