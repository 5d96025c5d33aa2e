"""A witness over HTTP in this process, for the ledgers of an installation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.bootstrap import SystemClock, open_site
from gateway.ledger import checkpoint
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.cosignature import Cosigner
from gateway.ledger.note import Signer
from gateway.ledger.witnessing import Request, judge
from gateway.settings import Settings
from gateway.store.keyring import Keyring
from gateway.store.witnessed import Witnessed
from gateway.web.witness import WitnessApplication
from tests.system.site import served, settings_for


async def signers(base: Settings, **sections: Any) -> dict[str, Signer]:
    """The keys of an installation's ledgers by tenant, made if they are not there."""
    keys = Path(base.base) / "keys"
    if not keys.exists():
        Keyring.create(keys).close()
    async with open_site(settings_for(base, {}, **sections)) as site:
        return {name: site.keyring.signer(entry.origin) for name, entry in site.tenants.items()}


class Witness:
    """A witness that may be away, lie, or know of more than there is."""

    def __init__(self, file: Path, name: str, ledgers: dict[str, Signer]) -> None:
        self.cosigner = Cosigner(name, name.encode().ljust(32, b"w"))
        self.state, self.ledgers, self.url = Witnessed.create(file), ledgers, ""
        self.known = {one.name: one.verifier for one in ledgers.values()}
        self._app = WitnessApplication(self.cosigner, self.known, self.state, SystemClock())
        self.lie: tuple[int, bytes, bytes] | None = None
        """Status, media type and body that it answers with instead."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.lie is None:
            return await self._app(scope, receive, send)
        status, media_type, body = self.lie
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", media_type)]})
        await send({"type": "http.response.body", "body": body})
        return None

    @property
    def table(self) -> dict[str, Any]:
        """Its table of the configuration."""
        return {"vkey": self.cosigner.witness.vkey, "url": self.url, "timeout_s": 20.0}

    def knows(self, size: int, tenant: str = "default") -> None:
        """It has cosigned so many records of this tenant's ledger, whatever they were."""
        signer = self.ledgers[tenant]
        note = checkpoint.sign(Checkpoint(signer.name, size, b"r" * 32), signer)
        request = Request(old=0, proof=(), note=note)
        found = self.state.advance(signer.name, note, lambda last: judge(request, self.known, last))
        assert isinstance(found, Checkpoint)


@asynccontextmanager
async def a_witness(directory: Path, ledgers: dict[str, Signer], name: str = "w.example/1") -> AsyncIterator[Witness]:
    witness = Witness(directory / f"{name.rpartition('/')[2]}.witness.db", name, ledgers)
    async with served(witness) as witness.url:
        yield witness
