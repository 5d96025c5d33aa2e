"""A ledger at another's address: what is asked of it, and what is made of answers that are none."""

import pytest

from gateway.cli.remote import Remote, Silent
from gateway.core.errors import ConfigurationError
from gateway.ledger.tiles import Tile
from tests.cli.lying import Lying, leaves
from tests.system.site import served


async def test_checkpoint_and_tiles_are_fetched_below_the_prefix_with_the_credential() -> None:
    ledger = Lying()
    ledger.since = "2026-11-24T01:02:03.000004Z"
    async with served(ledger) as url, Remote(f"{url}/audit/", "gwk_1") as remote:
        shown = await remote.checkpoint()
        assert (shown.note, shown.since) == (ledger.note, ledger.since)
        assert await remote.tile(Tile(0, 0, 3)) == b"".join(ledger.leaves[:3])
    assert ledger.asked == [(path, "Bearer gwk_1") for path in ("/audit/checkpoint", "/audit/tile/0/000.p/3")]


async def test_a_partial_tile_that_is_there_no_more_is_the_beginning_of_the_full_one() -> None:
    ledger = Lying()
    ledger.show(leaves(256))
    ledger.only_full = True
    async with served(ledger) as url, Remote(f"{url}/audit") as remote:
        assert await remote.tile(Tile(0, 0, 3)) == b"".join(ledger.leaves[:3])
    assert ledger.asked[0][1] is None


@pytest.mark.parametrize("status", [204, 301, 401, 404, 500])
async def test_an_answer_that_is_none_is_told_by_its_status_and_nothing_of_it(status: int) -> None:
    ledger = Lying()
    ledger.status = status
    async with served(ledger) as url, Remote(f"{url}/audit") as remote:
        with pytest.raises(Silent, match=f"^the checkpoint was answered with status {status}$"):
            await remote.checkpoint()
        with pytest.raises(Silent, match=f"^a tile was answered with status {status}$"):
            await remote.tile(Tile(0, 0, 1))


async def test_more_than_there_can_be_is_not_read_and_nobody_there_is_silence() -> None:
    ledger = Lying()
    ledger.note = bytes(1_000_001)
    async with served(ledger) as url, Remote(f"{url}/audit") as remote:
        with pytest.raises(Silent, match="answer_too_large"):
            await remote.checkpoint()
    async with Remote(f"{url}/audit") as remote:
        with pytest.raises(Silent, match="connect_failed"):
            await remote.checkpoint()


@pytest.mark.parametrize("url", ["http://gateway.example/audit", "http://10.0.0.1", "ftp://localhost:x", "http://[::"])
def test_a_credential_goes_nowhere_where_others_could_read_it(url: str) -> None:
    with pytest.raises(ConfigurationError):
        Remote(url, "gwk_1")


@pytest.mark.parametrize("url", ["", "gateway.example", "ftp://gateway.example", "http://a b/"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        Remote(url)
