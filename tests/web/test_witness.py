"""A witness over HTTP answers as tlog-witness says, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.ledger import checkpoint
from gateway.ledger.cosignature import Cosigner, line_of
from gateway.ledger.note import Signer
from gateway.ledger.witnessing import MAX_BYTES, SIZE_TYPE, Request, encode
from gateway.store.witnessed import Witnessed
from gateway.web import witness as module
from gateway.web.witness import WitnessApplication
from tests.conftest import ManualClock
from tests.ledger.test_witnessing import FORK, KNOWN, asked, point
from tests.system.site import served

COSIGNER = Cosigner("witness.example/w1", b"w" * 32)


class Witness:
    """A running witness, and what it is asked."""

    def __init__(self, http: httpx.AsyncClient, clock: ManualClock) -> None:
        self.http, self.clock = http, clock

    async def add(self, request: Request) -> httpx.Response:
        return await self.http.post("/add-checkpoint", content=encode(request))


@asynccontextmanager
async def witness(directory: Path) -> AsyncIterator[Witness]:
    clock = ManualClock()
    app = WitnessApplication(COSIGNER, KNOWN, Witnessed.create(directory / "witness.db"), clock)
    async with served(app) as url, httpx.AsyncClient(base_url=url) as http:
        yield Witness(http, clock)


async def test_a_ledger_that_grows_is_cosigned_at_this_time(tmp_path: Path) -> None:
    async with witness(tmp_path) as one:
        for old, size in ((0, 3), (3, 3), (3, 17)):
            request = asked(old, size)
            answer = await one.add(request)
            assert answer.status_code == 200
            text = checkpoint.encode(point(size))
            _, seen = line_of(answer.content, text, COSIGNER.witness)
            assert seen.seconds == one.clock.now_us() // 1_000_000
            checkpoint.verify(request.note + answer.content, KNOWN[point(1).origin], [COSIGNER.witness])
            one.clock.advance(60)


async def test_each_refusal_has_its_status_and_a_conflict_tells_the_size(tmp_path: Path) -> None:
    stranger = Signer("gate.example/ledger/9", b"s" * 32)
    unknown = Request(
        old=0, proof=(), note=checkpoint.sign(checkpoint.Checkpoint(stranger.name, 1, b"r" * 32), stranger)
    )
    async with witness(tmp_path) as one:
        await one.add(asked(0, 17))
        for request, status in (
            (unknown, 404),
            (asked(17, 20, signer=Signer(point(1).origin, b"x" * 32)), 403),
            (asked(17, 3), 400),
            (asked(17, 30, FORK), 422),
        ):
            assert ((await one.add(request)).status_code, status) == (status, status)
        for request in (asked(0, 20), asked(3, 3), asked(17, 17, FORK)):
            told = await one.add(request)
            assert (told.status_code, told.headers["content-type"], told.content) == (409, SIZE_TYPE, b"17\n")


async def test_who_does_not_end_its_body_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BODY_S", 0.01)
    app = WitnessApplication(COSIGNER, KNOWN, Witnessed.create(tmp_path / "witness.db"), ManualClock())
    sent: list[Any] = []

    async def never() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    async with asyncio.timeout(20):
        await app({"type": "http", "method": "POST", "path": "/add-checkpoint"}, never, send)
    assert sent[0]["status"] == 408


async def test_anything_else_is_refused_within_bounds(tmp_path: Path) -> None:
    async with witness(tmp_path) as one:
        assert (await one.http.get("/add-checkpoint")).status_code == 405
        assert (await one.http.post("/add-checkpoint/")).status_code == 404
        assert (await one.http.get("/")).status_code == 404
        for body in (b"", b"old 0\n\n", b"x" * MAX_BYTES):
            assert (await one.http.post("/add-checkpoint", content=body)).status_code == 400
        assert (await one.http.post("/add-checkpoint", content=b"x" * (MAX_BYTES + 1))).status_code == 413
        assert (await one.add(asked(0, 3))).status_code == 200


async def test_what_cannot_be_kept_is_not_cosigned(tmp_path: Path) -> None:
    async with witness(tmp_path) as one:
        (tmp_path / "witness.db").unlink()
        answer = await one.add(asked(0, 3))
        assert (answer.status_code, answer.content) == (503, b"")
