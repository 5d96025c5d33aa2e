"""What is made to be seen of a ledger is what the newest checkpoint covers, and nothing beyond it."""

from pathlib import Path

import pytest

from gateway.bootstrap import Site, open_site
from gateway.core.errors import VerificationError
from gateway.core.ports import StoredCheckpoint
from gateway.core.refusal import Refusal
from gateway.evidence.reports.basis import Outside
from gateway.exchange.published import Consistency, Published
from gateway.exchange.witnessing import Quorum
from gateway.ledger.cosignature import Seen
from gateway.ledger.encoding import from_base64
from gateway.ledger.merkle import root, verify_consistency
from gateway.ledger.tiles import Tile, parse_path
from gateway.ledger.times import timestamp
from gateway.settings import Settings
from gateway.store.cosignatures import CosignatureStore
from gateway.store.reader import StoreReader
from gateway.store.stamps import KeptStamp, StampStore
from tests.bootstrap.kit import configured
from tests.conftest import ManualClock
from tests.exchange.kit_published import covered
from tests.exchange.test_auditor import BY
from tests.store.kit import Store, entry


async def test_before_the_first_checkpoint_there_is_nothing_to_see(sqlite_settings: Settings) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        published = (await site.auditor("default")).published
        assert await published.checkpoint() is None
        assert await published.tile(Tile(0, 0, 1)) is None
        for second in (None, 1):
            refused = await published.consistency(1, second)
            assert isinstance(refused, Refusal)
            assert refused.code == "no_checkpoint_yet"


async def test_tiles_hold_what_the_checkpoint_covers_at_every_level_full_and_partial(sqlite_settings: Settings) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        point, leaves = await covered(site, 600)
        published = Published(site.reader("default"))
        assert point.size == 600
        level0 = b"".join(leaves[:600])
        assert await published.tile(Tile(0, 0)) == level0[: 256 * 32]
        assert await published.tile(Tile(0, 1)) == level0[256 * 32 : 512 * 32]
        assert await published.tile(Tile(0, 2, 88)) == level0[512 * 32 :]
        assert await published.tile(Tile(0, 1, 7)) == level0[256 * 32 : 263 * 32], "as an earlier tree had it"
        assert await published.tile(Tile(1, 0, 2)) == root(leaves[:256]) + root(leaves[256:512])
        for beyond in (Tile(0, 2, 89), Tile(0, 2), Tile(0, 3, 1), Tile(1, 0, 3), Tile(1, 1, 1), Tile(2, 0, 1)):
            assert await published.tile(beyond) is None, beyond
        for far in ("tile/63/000.p/1", "tile/0/" + "x999/" * 10 + "999", "tile/entries/000"):
            assert await published.tile(parse_path(far)) is None, far


async def test_what_came_after_the_checkpoint_is_not_shown_until_the_next(sqlite_settings: Settings) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        point, _ = await covered(site, 3)
        published = Published(site.reader("default"))
        assert await site.reader("default").size() == 4, "the record of the checkpoint itself"
        assert await published.tile(Tile(0, 0, 3)) is not None
        assert await published.tile(Tile(0, 0, 4)) is None
        assert await published.uncovered_since(point) is None, "a record about a checkpoint makes none due"
        writer = await site.writer("default")
        await writer.append(entry("ledger.started", ledger=writer.tenant))
        assert await published.uncovered_since(point) == "2026-11-24T01:02:03.000004Z"
        newer, _ = await covered(site, 1)
        assert newer.size == 6
        assert await published.tile(Tile(0, 0, 6)) is not None
        assert await published.uncovered_since(newer) is None


async def test_one_tree_extends_another_by_a_proof_that_verifies_and_comes_with_its_checkpoint(
    sqlite_settings: Settings,
) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        first, _ = await covered(site, 5)
        second, leaves = await covered(site, 300)
        published = Published(site.reader("default"))
        for sizes in ((first.size, second.size), (1, second.size), (257, 260), (second.size, second.size)):
            found = await published.consistency(*sizes)
            assert isinstance(found, Consistency)
            path = [from_base64(item) for item in found.path]
            verify_consistency(*sizes, path, root(leaves[: sizes[0]]), root(leaves[: sizes[1]]))
            assert (found.checkpoint == second.note.decode()) == (sizes[1] == second.size)
        newest = await published.consistency(first.size, None)
        assert isinstance(newest, Consistency)
        assert newest.second == second.size


@pytest.mark.parametrize(
    ("sizes", "code"),
    [
        *[((0, 3), "parameter_invalid"), ((-1, None), "parameter_invalid"), ((4, None), "parameter_invalid")],
        *[((1, 4), "no_checkpoint_yet"), ((1, 2**70), "no_checkpoint_yet"), ((3, 2), "parameter_invalid")],
    ],
)
async def test_sizes_without_a_proof_are_refused(
    sqlite_settings: Settings, sizes: tuple[int, int | None], code: str
) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        await covered(site, 3)
        refused = await Published(site.reader("default")).consistency(*sizes)
        assert isinstance(refused, Refusal)
        assert refused.code == code


class _Cut(StoreReader):
    """A ledger of which the checkpoint is there and the records are not."""

    async def checkpoint(self, at_least: int = 0) -> StoredCheckpoint | None:
        return StoredCheckpoint(size=9, root=bytes(32), note=b"")


async def test_what_was_signed_and_is_gone_is_no_tile_and_says_so(sqlite_settings: Settings) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        await covered(site, 2)
        published = Published(_Cut(site.engine, site.tenants["default"].ledger))
        with pytest.raises(VerificationError, match="the hash of a record is missing"):
            await published.tile(Tile(0, 0, 9))


async def test_the_newest_checkpoint_that_witnesses_have_seen_comes_with_their_lines(sqlite_settings: Settings) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        first, _ = await covered(site, 3)
        second, _ = await covered(site, 2)
        ledger, reader = site.tenants["default"].ledger, site.reader("default")
        kept, quorum = CosignatureStore(site.engine, ledger), Quorum(names=("one", "two"), needed=2)
        published = Published(reader, kept, quorum)
        assert (await published.witnessed(), await Published(reader).witnessed()) == (None, None)
        await kept.add(second.size, "line of one\n", Seen("one", 1))
        found = await published.witnessed()
        assert found is not None
        assert (found.size, found.note) == (second.size, second.note + b"line of one\n"), "where no quorum has seen any"
        for name in quorum.names:
            await kept.add(first.size, f"line of {name}\n", Seen(name, 1))
        found = await published.witnessed()
        assert found is not None
        assert (found.size, found.note) == (first.size, first.note + b"line of one\nline of two\n")


async def test_what_is_kept_of_authorities_and_witnesses_is_told_for_reports(sqlite_settings: Settings) -> None:
    async with open_site(configured(sqlite_settings)) as site:
        ledger, reader = site.tenants["default"].ledger, site.reader("default")
        kept, stamps = CosignatureStore(site.engine, ledger), StampStore(site.engine, ledger)
        published = Published(reader, kept, None, None, stamps)
        assert await published.outside(3) == await Published(reader).outside(3) == Outside()
        point, _ = await covered(site, 3)
        await kept.add(point.size, "line\n", Seen("w.example/1", 7))
        await stamps.add(KeptStamp(size=point.size, tsa="clock", at_us=8_000_000, kept_us=9, reply=b"reply"))
        assert await published.outside(3) == Outside(
            stamps=(("clock", point.size, timestamp(8_000_000)),),
            cosigned=(("w.example/1", point.size, timestamp(7_000_000)),),
        )


async def spoil(site: Site) -> None:
    """Every tile is of zeros."""
    zeros = "zeroblob(length(hashes))" if site.where.kind == "sqlite" else "decode(repeat('00', 8192), 'hex')"
    store = Store(site.engine, site.where, site.keyring, ManualClock(), Path())
    async with store.bare() as bare:
        await bare.run("tile", f"UPDATE tile SET hashes = {zeros}")


async def test_no_proof_is_given_that_does_not_lead_to_what_was_signed(database: Settings) -> None:
    """Tiles were changed: an error as for any ledger that does not verify, and nothing that looks like a proof."""
    async with open_site(configured(database)) as site:
        await covered(site, 600)
        auditor = await site.auditor("default")
        later = await covered(site, 10)
        assert isinstance(await auditor.proof(BY, 3, force=False), bytes)
        for second in (None, 602):  # by the checkpoint of that size, and by one that the newest extends
            assert isinstance(await auditor.published.consistency(500, second), Consistency)
        assert later[0].size > 602
        await spoil(site)
        auditor = await site.auditor("default")  # which remembers nothing of the tree yet
        for seq in (3, 599):
            with pytest.raises(VerificationError):
                await auditor.proof(BY, seq, force=False)
        for second in (None, 602):
            with pytest.raises(VerificationError):
                await auditor.published.consistency(500, second)
