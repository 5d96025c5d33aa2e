"""A ledger of real traffic that somebody with all rights on its database will tamper with."""

import asyncio
from pathlib import Path

import httpx
import msgspec

from gateway.bootstrap import open_gateway, open_site
from gateway.ledger.note import Verifier
from gateway.settings import Settings
from gateway.store.engine import sqlite_engine
from gateway.store.verification import LedgerVerification, Verdict
from gateway.web.app import build_app
from tests.system.installation import installation
from tests.system.load import KINDS, ask, expected
from tests.system.site import served


class Victim(msgspec.Struct, frozen=True):
    """A ledger with a checkpoint in its middle (`early`), one of nearly all (`late`), and records after that."""

    file: Path
    ledger: str
    verifier: Verifier
    early: bytes
    early_size: int
    late: bytes
    late_size: int
    size: int

    def verify(self, file: Path, given: bytes | None = None) -> Verdict:
        return asyncio.run(self._verify(file, given))

    async def _verify(self, file: Path, given: bytes | None) -> Verdict:
        engine = sqlite_engine(file)
        try:
            return await LedgerVerification(engine, self.ledger, self.verifier).run(given)
        finally:
            await engine.dispose()


async def make(base: Settings) -> Victim:
    """Traffic of every kind, three times, with a checkpoint after the first and after the second."""
    async with installation(base, ledger={"checkpoint_interval_s": 3600.0}) as site:
        points = []
        async with (
            open_gateway(site.settings) as gateway,
            served(build_app(gateway), lifespan="on") as url,
            httpx.AsyncClient(base_url=url) as client,
        ):
            for turn in range(3):
                for number, kind in enumerate(KINDS, turn * len(KINDS) + 1):
                    answer = await ask(client, site.key, kind, f"{number:032x}")
                    assert answer is not None
                    assert answer.status == expected(kind)
                if turn < 2:
                    points.append(await gateway.auditors["default"].publisher.publish(force=True))
        early, late = points
        assert early is not None
        assert late is not None
        async with open_site(site.settings) as opened:
            entry = opened.tenants["default"]
            size = await opened.reader("default").size()
            verifier = opened.keyring.signer(entry.origin).verifier
        file = opened.where.path
    return Victim(file, entry.ledger, verifier, early.note, early.size, late.note, late.size, size)
