"""Bundles on disk: whole under their name or not there; nobody else's; what a stop left behind has failed."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from gateway.core.errors import VerificationError
from gateway.evidence.selection import Selection
from gateway.exchange.auditor import Auditor, Reader
from gateway.exchange.exchange import Exchange
from gateway.exchange.underway import UnderWay
from gateway.web.bundles import Bundles
from tests.conftest import ManualClock
from tests.exchange.making import exchange


class _Unwatched:
    """Nobody is denied."""

    def opened(self, exchange: Exchange) -> None:
        """Goes on."""

    over = opened


UNWATCHED = cast(UnderWay, _Unwatched())


class Failing:
    """An auditor whose ledger does not hold."""

    async def export(self, by: Reader, selection: Selection, write: BinaryIO, *, attach: Sequence[str] = ()) -> Any:
        write.write(b"half a bundle")
        raise VerificationError("the ledger does not hold")


async def test_what_fails_leaves_no_file_and_tells_the_kind_of_failure(tmp_path: Path, clock: ManualClock) -> None:
    bundles = Bundles(tmp_path, clock, UNWATCHED)
    begun = bundles.begin("tn_1", cast(Auditor, Failing()), Reader(), Selection(), exchange())
    assert begun.status == "building"
    while (found := bundles.get("tn_1", begun.id)) is not None and found.status == "building":  # noqa: ASYNC110 — as a client of the API waits
        await asyncio.sleep(0)
    assert found is not None
    assert (found.status, found.reason) == ("failed", "VerificationError")
    assert _files(tmp_path) == [f"{begun.id}.json"]


async def test_a_bundle_of_one_tenant_is_not_there_for_another(tmp_path: Path, clock: ManualClock) -> None:
    bundles = Bundles(tmp_path, clock, UNWATCHED)
    begun = bundles.begin("tn_1", cast(Auditor, Failing()), Reader(), Selection(), exchange())
    assert bundles.get("tn_2", begun.id) is None
    assert bundles.list("tn_2") == []
    await bundles.stop()


async def test_what_was_being_built_when_the_process_ended_has_failed(tmp_path: Path, clock: ManualClock) -> None:
    bundles = Bundles(tmp_path, clock, UNWATCHED)
    begun = bundles.begin("tn_1", cast(Auditor, Failing()), Reader(), Selection(), exchange())
    await bundles.stop()
    (listed,) = Bundles(tmp_path, clock, UNWATCHED).list("tn_1")
    assert (listed.id, listed.status) == (begun.id, "failed")


def _files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.rglob("*") if path.is_file())
