"""A bundle is in a directory whole or not at all, and a receiver knows what it got, however often it is sent."""

import asyncio
import errno
import hashlib
import hmac
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.agents.bare import bare
from gateway.agents.client import AgentClient
from gateway.exchange import deliveries
from gateway.exchange.deliveries import DAMAGED, DirectoryDelivery, Parcel, WebhookDelivery, probe
from tests.conftest import ManualClock
from tests.system.site import Agent, served

SECRET = b"a secret of more than sixteen bytes"
CONTENT = b"evidence" * 300_000


def parcel(directory: Path, content: bytes = CONTENT, **fields: Any) -> Parcel:
    file = directory / "built.zip"
    file.write_bytes(content)
    values = {"tenant": "clinic", "schedule": "monthly", "period": "2026-10", "bundle": "ev_1", **fields}
    return Parcel(file=file, **{"digest": hashlib.sha256(content).hexdigest(), **values})


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.fixture
def delivery(place: Path) -> Iterator[DirectoryDelivery]:
    made = DirectoryDelivery(place, 30)
    yield made
    made.close()


def names(directory: Path) -> list[str]:
    return sorted(file.name for file in directory.iterdir())


class TestDirectory:
    async def test_it_lies_there_whole_under_a_name_that_says_what_it_is(
        self, tmp_path: Path, place: Path, delivery: DirectoryDelivery
    ) -> None:
        assert await delivery.deliver(parcel(tmp_path)) is None
        file = place / names(place)[0]
        assert file.name == "clinic~monthly~2026-10.zip"
        assert file.read_bytes() == CONTENT
        assert stat.S_IMODE(file.stat().st_mode) == 0o640

    async def test_one_that_is_encrypted_is_named_for_it(
        self, tmp_path: Path, place: Path, delivery: DirectoryDelivery
    ) -> None:
        assert await delivery.deliver(parcel(tmp_path, suffix=".zip.age")) is None
        assert names(place) == ["clinic~monthly~2026-10.zip.age"]

    async def test_who_died_before_saying_so_delivers_it_again_and_changes_nothing(
        self, tmp_path: Path, place: Path, delivery: DirectoryDelivery
    ) -> None:
        one = parcel(tmp_path)
        assert await delivery.deliver(one) is None
        before = (place / one.name).stat()
        assert await delivery.deliver(one) is None
        assert (place / one.name).stat().st_ino == before.st_ino
        assert names(place) == [one.name]

    @pytest.mark.parametrize("kind", ["file", "link", "directory", "pipe"])
    async def test_nothing_is_overwritten(
        self, kind: str, tmp_path: Path, place: Path, delivery: DirectoryDelivery
    ) -> None:
        one, target = parcel(tmp_path), tmp_path / "elsewhere"
        target.write_bytes(b"another's")
        there = place / one.name
        match kind:
            case "file":
                there.write_bytes(b"another's")
            case "link":
                there.symlink_to(target)
            case "pipe":
                os.mkfifo(there)
            case _:
                there.mkdir()
        assert await delivery.deliver(one) == "name_taken"
        assert target.read_bytes() == b"another's"
        assert names(place) == [one.name]

    async def test_what_a_death_left_behind_is_swept_up_and_nothing_else(
        self, tmp_path: Path, place: Path, delivery: DirectoryDelivery
    ) -> None:
        one = parcel(tmp_path)
        (place / f".{one.name}.abc.part").write_bytes(b"half")
        (place / ".clinic~monthly~2026-09.zip.abc.part").write_bytes(b"another's")
        assert await delivery.deliver(one) is None
        assert names(place) == [".clinic~monthly~2026-09.zip.abc.part", one.name]

    async def test_a_directory_that_is_not_there_is_not_made(self, tmp_path: Path) -> None:
        delivery = DirectoryDelivery(tmp_path / "gone", 30)
        assert await delivery.deliver(parcel(tmp_path)) == "directory_missing"
        delivery.close()
        assert not (tmp_path / "gone").exists()

    async def test_a_file_that_is_not_what_was_built_is_not_delivered(
        self, tmp_path: Path, place: Path, delivery: DirectoryDelivery
    ) -> None:
        assert await delivery.deliver(parcel(tmp_path, digest="0" * 64)) == DAMAGED
        assert names(place) == []

    @pytest.mark.parametrize(
        ("call", "number", "code"),
        [
            ("fsync", errno.ENOSPC, "disk_full"),
            ("fsync", errno.EDQUOT, "disk_full"),
            ("fchmod", errno.EIO, "io_error"),
            ("link", errno.EPERM, "no_links"),
            ("link", errno.ENOTSUP, "no_links"),
            ("link", errno.EACCES, "not_permitted"),
        ],
    )
    async def test_what_fails_leaves_nothing_there(
        self,
        call: str,
        number: int,
        code: str,
        tmp_path: Path,
        place: Path,
        delivery: DirectoryDelivery,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def fails(*_: object, **__: object) -> None:
            raise OSError(number, os.strerror(number))

        one = parcel(tmp_path)
        monkeypatch.setattr(os, call, fails)
        assert await delivery.deliver(one) == code
        assert names(place) == []

    async def test_a_bundle_that_cannot_be_read_says_nothing_of_the_directory(
        self, tmp_path: Path, delivery: DirectoryDelivery
    ) -> None:
        one = parcel(tmp_path)
        one.file.unlink()
        assert await delivery.deliver(one) == "io_error"

    async def test_what_hung_until_it_was_given_up_puts_nothing_there_when_it_goes_on(
        self, tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        goes_on, real = threading.Event(), os.fsync

        def hangs(descriptor: int) -> None:
            goes_on.wait(30)
            real(descriptor)

        delivery, one = DirectoryDelivery(place, 0.01), parcel(tmp_path)
        monkeypatch.setattr(os, "fsync", hangs)
        # The second waits for a thread that hangs, and is given up before it has begun.
        assert [await delivery.deliver(one) for _ in range(2)] == ["timeout_total"] * 2
        goes_on.set()
        await delivery._worker.run(lambda: None)
        assert names(place) == []
        delivery.close()

    async def test_a_directory_whose_sync_fails_has_not_got_it_yet(
        self, tmp_path: Path, place: Path, delivery: DirectoryDelivery, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(directory: Path) -> None:
            raise OSError(errno.EIO, "")

        one = parcel(tmp_path)
        with monkeypatch.context() as patched:
            patched.setattr(deliveries, "_synced", fails)
            assert [await delivery.deliver(one) for _ in range(2)] == ["io_error"] * 2, "as long as it is not synced"
        assert await delivery.deliver(one) is None
        assert names(place) == [one.name]

    def test_whether_it_takes_files_is_found_out_without_leaving_any(self, place: Path) -> None:
        assert probe(place) is None
        assert names(place) == []
        assert probe(place / "gone") == "directory_missing"


class TestWebhook:
    async def test_it_is_signed_over_all_of_it_and_says_what_it_is(self, tmp_path: Path, clock: ManualClock) -> None:
        agent = Agent()
        async with served(agent) as url:
            route = bare("_schedule:monthly", f"{url}/in")
            async with AgentClient([route]) as client:
                delivery, one = WebhookDelivery(client, route, SECRET, clock), parcel(tmp_path)
                agent.behave = _answering(204)
                assert [await delivery.deliver(one) for _ in range(2)] == [None, None]
        (headers, body), (again, _) = agent.received
        moment, signature = (part.partition("=")[2] for part in headers["x-gateway-signature"].split(","))
        assert int(moment) == clock.now_us() // 1_000_000
        assert signature == hmac.new(SECRET, f"{moment}.".encode() + body, "sha256").hexdigest()
        assert body == CONTENT
        said = {name.removeprefix("x-gateway-"): value for name, value in headers.items() if "x-gateway" in name}
        del said["signature"]
        assert said == {
            "delivery": "monthly/clinic/2026-10",
            "tenant": "clinic",
            "schedule": "monthly",
            "period": "2026-10",
            "bundle": "ev_1",
            "sha256": hashlib.sha256(CONTENT).hexdigest(),
        }
        assert (headers["content-type"], headers["content-length"]) == ("application/zip", str(len(CONTENT)))
        assert again["x-gateway-delivery"] == headers["x-gateway-delivery"]

    async def test_with_many_tenants_two_are_sent_at_once_and_the_others_wait(
        self, tmp_path: Path, clock: ManualClock
    ) -> None:
        under_way, most = 0, 0

        async def slow(scope: dict[str, Any], receive: Any, send: Any) -> None:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.05)  # longer than anybody waits for a connection
            under_way -= 1
            await _answering(204)(scope, receive, send)

        agent = Agent()
        agent.behave = slow
        async with served(agent) as url:
            route = bare("_schedule:monthly", url, connect_timeout_s=0.04, max_connections=deliveries.AT_ONCE)
            async with AgentClient([route]) as client:
                delivery, one = WebhookDelivery(client, route, SECRET, clock), parcel(tmp_path)
                assert await asyncio.gather(*(delivery.deliver(one) for _ in range(5))) == [None] * 5
        assert most <= 2

    @pytest.mark.parametrize(("status", "code"), [(302, "redirected"), (413, "status_413"), (503, "status_503")])
    async def test_an_answer_that_is_no_yes_is_none(
        self, status: int, code: str, tmp_path: Path, clock: ManualClock
    ) -> None:
        agent = Agent()
        agent.behave = _answering(status)
        async with served(agent) as url:
            route = bare("_schedule:monthly", url)
            async with AgentClient([route]) as client:
                assert await WebhookDelivery(client, route, SECRET, clock).deliver(parcel(tmp_path)) == code

    async def test_who_is_not_there_or_has_no_such_file_is_told_by_a_code(
        self, tmp_path: Path, clock: ManualClock
    ) -> None:
        route = bare("_schedule:monthly", "http://127.0.0.1:9")
        async with AgentClient([route]) as client:
            delivery, one = WebhookDelivery(client, route, SECRET, clock), parcel(tmp_path)
            assert await delivery.deliver(one) == "connect_failed"
            one.file.write_bytes(b"changed")
            assert await delivery.deliver(one) == DAMAGED
            one.file.unlink()
            assert await delivery.deliver(one) == "io_error"


def _answering(status: int) -> Any:
    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"location", b"http://127.0.0.1:9/")]}
        )
        await send({"type": "http.response.body", "body": b""})

    return behave
