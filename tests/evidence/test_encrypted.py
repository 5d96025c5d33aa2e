"""A bundle that is encrypted lies nowhere in clear, and holds once it is opened."""

import asyncio
import io
import threading
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest

from gateway.core.errors import VerificationError
from gateway.core.refusal import Refusal
from gateway.evidence import scratch as scratches
from gateway.evidence.age import parse_recipient
from gateway.evidence.bundle import build
from gateway.evidence.encrypted import Build, Told, build_encrypted
from gateway.evidence.manifest import Manifest
from gateway.evidence.selection import Selection
from gateway.evidence.verify import judge, verify

from .making import POLICIES, T0, VKEY, Sources, ledger
from .test_scratch import on_disk

IDENTITY = pyrage.x25519.Identity.generate()
RECIPIENTS = (parse_recipient(str(IDENTITY.to_public())),)
MADE = ledger(20)


def built(look: Callable[[], None] = lambda: None) -> Build:
    def progress(done: int, total: int) -> None:
        look()

    return lambda file: build(
        MADE,
        Selection(),
        signer=MADE.signer,
        policies=POLICIES,
        created_us=T0,
        write=file,
        attachments=[Sources()],
        progress=progress,
    )


async def test_what_is_written_is_ciphertext_of_a_bundle_that_holds(tmp_path: Path) -> None:
    path = tmp_path / "b.zip.age"
    with path.open("w+b") as file:
        found = await build_encrypted(file, RECIPIENTS, built())
    assert isinstance(found, Manifest)
    data = path.read_bytes()
    assert b"user-1@example.org" not in data
    assert b"records.jsonl" not in data
    clear = pyrage.decrypt(data, [IDENTITY])
    assert judge(io.BytesIO(clear), VKEY).demanded().end == 20
    with pytest.raises(VerificationError, match=r"^container: it is encrypted"):
        verify(path, VKEY)


async def test_nothing_lies_on_the_disk_in_clear_while_it_is_built(tmp_path: Path) -> None:
    """Beside the file, where the working files are: the bundle itself, and the details that are put into it later."""
    seen: list[bytes] = []
    with (tmp_path / "b.zip.age").open("w+b") as file:
        await build_encrypted(file, RECIPIENTS, built(lambda: seen.append(on_disk(tmp_path))))
        assert max(map(len, seen)) > 1_000, "something was there to be looked at"
        for held in (*seen, (tmp_path / "b.zip.age").read_bytes()):
            assert b'"event"' not in held
            assert b"data/records" not in held


async def test_a_refusal_or_an_error_writes_nothing() -> None:
    async def refuse(file: object) -> Refusal:
        return Refusal(code="conflict")

    async def fail(file: object) -> Refusal:
        raise VerificationError("half way")

    target = io.BytesIO()
    assert await build_encrypted(target, RECIPIENTS, refuse) == Refusal(code="conflict")
    with pytest.raises(VerificationError):
        await build_encrypted(target, RECIPIENTS, fail)
    assert target.getvalue() == b""


async def test_a_place_that_is_full_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: object, data: object) -> int:
        raise OSError(28, "no space")

    monkeypatch.setattr(scratches._Ciphered, "write", full)
    with pytest.raises(OSError, match="no space"):
        await build_encrypted(io.BytesIO(), RECIPIENTS, built())
    monkeypatch.undo()


async def test_whoever_is_told_of_it_ends_it_also_while_it_is_encrypted() -> None:
    """As who builds for the API does, where nobody wants the bundle any more."""

    def end() -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError):
        await build_encrypted(io.BytesIO(), RECIPIENTS, built(), end)


async def test_who_cancels_it_finds_its_thread_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it wrote to may be closed then."""
    loop, began, ended = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def endless(source: object, target: object, recipients: object, tick: Callable[[], None]) -> None:
        loop.call_soon_threadsafe(began.set)
        try:
            while True:
                tick()
        finally:
            ended.set()

    monkeypatch.setattr("gateway.evidence.encrypted.encrypt", endless)
    running = asyncio.create_task(build_encrypted(io.BytesIO(), RECIPIENTS, built()))
    await began.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended.is_set()


def test_progress_is_told_again_as_it_was() -> None:
    told: list[tuple[int, int]] = []
    progress = Told(lambda done, total: told.append((done, total)))
    progress(3, 7)
    progress.again()
    assert told == [(3, 7), (3, 7)]
    Told(None)(1, 2)
