"""Beside requests a node looks for what is to be archived; whatever becomes of it is seen, and not the end of that."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import archiving
from gateway.bootstrap.archiving import archiving_of, keep_archiving, retaining_of
from gateway.bootstrap.site import open_site
from gateway.core.errors import RecordsArchived
from gateway.exchange.activations import Activations
from gateway.exchange.archive_figures import ArchiveFigures, Figures
from gateway.exchange.archiving import Busy, Waits
from gateway.settings import Settings, parse
from gateway.store import migrate
from gateway.store.keyring import Keyring
from tests.exchange.test_proposals import installed


class Told(ArchiveFigures):
    """Lets the test go on when all tenants were looked at."""

    def __init__(self, expected: int) -> None:
        super().__init__()
        self.all: dict[str, Figures] = {}
        self.failures: list[str] = []
        self._expected, self.round = expected, asyncio.Event()

    def told(self, tenant: str, figures: Figures) -> None:
        self.all[tenant] = figures
        if len(self.all) == self._expected:
            self.round.set()

    def failed(self, tenant: str) -> None:
        self.failures.append(tenant)


async def _round(tmp_path: Path, **archive: Any) -> tuple[Told, str]:
    settings = parse({"database": {"url": "sqlite:///gateway.db"}, "archive": archive}, {}, tmp_path)
    await migrate.upgrade(settings)
    Keyring.create(tmp_path / "keys").close()
    async with open_site(settings) as site:
        await site.writer("default")
        figures = Told(len(site.tenants))
        task = asyncio.create_task(keep_archiving(site, figures))
        async with asyncio.timeout(30):
            await figures.round.wait()
        task.cancel()
        return figures, site.tenants["default"].ledger


async def test_without_a_directory_it_is_only_looked_how_old_the_record_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        raise AssertionError("nothing is archived")

    monkeypatch.setattr(archiving, "due", never)
    figures, ledger = await _round(tmp_path)
    assert (figures.all[ledger].archives, figures.all[ledger].waits, figures.failures) == (0, None, [])


async def test_what_waits_and_what_fails_is_told_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def asked(_: object, __: object, tenant: str, before_us: int) -> tuple[list[Any], Waits | None]:
        assert before_us > 0
        if tenant == "_system":
            raise OSError("no room")
        return [], Waits(first=0, end=4_096, reason="hold")

    monkeypatch.setattr(archiving, "due", asked)
    with caplog.at_level(logging.WARNING, "gateway"):
        figures, ledger = await _round(tmp_path, directory="archive")
    assert (figures.all[ledger].waits, figures.failures) == ("hold", ["_system"])
    assert "records 0 to 4095 wait to be archived: hold" in caplog.text
    assert "records could not be archived: OSError" in caplog.text
    assert "no room" not in caplog.text


async def test_a_command_is_no_boot_of_its_node_and_who_serves_is(tmp_path: Path) -> None:
    settings = parse({"database": {"url": "sqlite:///gateway.db"}}, {}, tmp_path)
    await migrate.upgrade(settings)
    Keyring.create(tmp_path / "keys").close()
    async with open_site(settings) as command, open_site(settings, serving=True) as node:
        assert command.node.id == node.node.id
        one, two = command.holder("ar"), command.holder("ar")
        assert one != two
        assert (one.count("/"), one[:3]) == (0, "ar_")
        assert node.holder("ar").startswith(f"{node.node.id}/{node.node.boot}/ar_")
        for job in (archiving_of, retaining_of):
            lease, other = job(command)._lease("work"), job(node)._lease("work")
            assert await lease.take()
            assert not await other.take(), "who serves waits for the command"
            await lease.release()
            assert await other.take()
            assert not await lease.take(), "and the command for who serves"
            await other.release()


async def test_another_that_is_at_it_keeps_no_range_and_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def asked(*_: object) -> tuple[list[Any], Busy]:
        return [], Busy()

    monkeypatch.setattr(archiving, "due", asked)
    with caplog.at_level(logging.WARNING, "gateway"):
        figures, ledger = await _round(tmp_path, directory="archive")
    assert (figures.all[ledger].waits, figures.failures, caplog.text) == (None, [], "")


async def test_an_archive_is_to_tell_what_stood_at_its_end_and_nothing_where_that_cannot_be_read(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with installed(sqlite_settings, tmp_path) as one:
        standing = archiving_of(one.site)._standing
        (start,) = await one.records()
        assert await standing(one.ledger, start["seq"] + 1) == start["policy"] == await one.active()
        assert await standing(one.ledger, start["seq"]) is None, "there was none yet"

        async def elsewhere(*_: object) -> None:
            raise RecordsArchived(["ar_1"])

        monkeypatch.setattr(Activations, "newest", elsewhere)
        assert await archiving_of(one.site)._standing(one.ledger, start["seq"] + 1) is None
