"""A ledger over HTTP as C2SP tlog-tiles has it: who gets what of it, how it may be kept, and what it verifies to."""

import gzip

import pytest

from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import verify
from gateway.ledger.encoding import from_base64
from gateway.ledger.merkle import Frontier, root, verify_consistency
from gateway.ledger.tiles import split, split_entries
from gateway.settings import Settings
from gateway.web.tiles import _takes_gzip
from tests.exchange.kit_published import covered
from tests.store.kit import entry
from tests.web.kit import Audited, audited

KEPT = "max-age=31536000, immutable"


async def _reads(api: Audited) -> list[list[int]]:
    return [one["range"] for one in await api.site.records() if one["event"] == "audit.read" and "range" in one]


async def test_checkpoint_tiles_and_entries_are_one_tree_under_the_ledgers_key(database: Settings) -> None:
    async with audited(database) as api:
        site = api.site.gateway.site
        point, _ = await covered(site, 300)
        found = await api.get("/audit/checkpoint")
        assert found.headers["content-type"] == "text/plain; charset=utf-8"
        newest = verify(found.content, site.keyring.signer(site.tenants["default"].origin).verifier)
        assert newest.size == point.size >= 300
        more = newest.size - 256
        tiles = [await api.get(path) for path in ("/audit/tile/0/000", f"/audit/tile/0/001.p/{more}")]
        leaves = [one for tile in tiles for one in split(tile.content)]
        assert root(leaves) == newest.root
        assert split((await api.get("/audit/tile/1/000.p/1")).content) == [root(leaves[:256])]
        bundles = [await api.get(path) for path in ("/audit/tile/entries/000", f"/audit/tile/entries/001.p/{more}")]
        assert [leaf_hash(one) for bundle in bundles for one in split_entries(bundle.content)] == leaves
        frontier = Frontier(256, [root(leaves[:256])])
        for leaf in leaves[256:]:
            frontier.append(leaf)
        assert frontier.root() == newest.root, "a full tile need not be fetched again"


async def test_what_never_changes_may_be_kept_and_by_its_own_caller_alone(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        await covered(api.site.gateway.site, 1)
        for path, kept in (("/audit/checkpoint", "max-age=5"), ("/audit/tile/0/000.p/1", KEPT)):
            found = await api.get(path)
            assert found.headers["cache-control"] == f"private, {kept}"
            assert found.headers["vary"] == "Authorization, X-Api-Key"
        bundle = await api.get("/audit/tile/entries/000.p/1", **{"accept-encoding": "identity"})
        assert bundle.headers["cache-control"] == f"private, {KEPT}"
        assert bundle.headers["vary"] == "Authorization, X-Api-Key, Accept-Encoding"
        assert bundle.headers["content-type"] == "application/octet-stream"
        assert "content-encoding" not in bundle.headers
        packed = await api.get("/audit/tile/entries/000.p/1", **{"accept-encoding": "br;q=1, gzip;q=0.5"})
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.content == bundle.content
        assert len(gzip.compress(bundle.content, 1)) == int(packed.headers["content-length"])


@pytest.mark.parametrize("accepted", ["gzip", "GZIP ; q=0.1", "br, gzip;q=1", "identity,gzip"])
def test_gzip_is_sent_to_who_takes_it(accepted: str) -> None:
    assert _takes_gzip(accepted)


@pytest.mark.parametrize("accepted", ["", "*", "br", "gzip;q=0", "gzip; q=0.000", "x-gzip", "identity;q=1, *;q=0"])
def test_gzip_is_sent_to_nobody_else(accepted: str) -> None:
    assert not _takes_gzip(accepted)


async def test_reading_entries_is_on_record_and_looking_at_hashes_is_not(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        point, _ = await covered(api.site.gateway.site, 3)
        for path in (
            "/audit/checkpoint",
            "/audit/tile/0/000.p/3",
            "/audit/consistency?first=1",
            "/audit/tile/entries/0",
        ):
            await api.get(path)
        assert await _reads(api) == []
        read = await api.get("/audit/tile/entries/000.p/2")
        assert await _reads(api) == [[0, 2]]
        (record,) = [one for one in await api.site.records() if one["event"] == "audit.read"]
        assert record["exchange"] == read.headers["x-exchange-id"]
        detail = (await api.get(f"/audit/records/{record['seq']}")).json()["detail"]
        assert detail["query"] == {"entries": "tile/entries/000.p/2"}
        assert point.size >= 3


async def test_who_may_only_follow_a_ledger_gets_its_hashes_and_none_of_its_records(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        await covered(api.site.gateway.site, 1)
        api.key = await api.site.key("auditor", scopes=("audit:hashes",))
        for path in ("/audit/checkpoint", "/audit/tile/0/000.p/1", "/audit/consistency?first=1", "/audit/keys"):
            assert (await api.get(path)).status_code == 200
        site = api.site.gateway.site
        origin = site.tenants["default"].origin
        assert (await api.get("/audit/keys")).text == f"{site.keyring.verifier_key(origin)}\n"
        for path in ("/audit/tile/entries/000.p/1", "/audit/records", "/audit/records/0/proof"):
            assert (await api.get(path)).json()["type"] == "urn:gateway:problem:scope_required"


NO_TILES = [
    *(
        "0/000",
        "0/000.p/0",
        "0/000.p/256",
        "0/00.p/1",
        "00/000.p/1",
        "0/x000/000.p/1",
        "64/000",
        "63/000",
        "1/000.p/1",
    ),
    *("-1/000", "a", "0", "entries", "entries/0", "entries/000", "entries/000.p/200", "entries/000.p/1/x"),
    "0/" + "x999/" * 40 + "999",
    *("0/000.p/%31%30%30%30", "0/%00", "entries/%00"),
]


async def test_what_is_no_tile_of_the_tree_is_not_there(sqlite_settings: Settings, subtests: pytest.Subtests) -> None:
    async with audited(sqlite_settings) as api:
        for path in NO_TILES:
            with subtests.test(path=path):
                await covered(api.site.gateway.site, 2)
                missing = await api.get(f"/audit/tile/{path}")
                assert (missing.status_code, missing.json()["type"]) == (404, "urn:gateway:problem:not_found")
                assert await _reads(api) == []


async def test_a_checkpoint_says_since_when_it_is_behind(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings, ledger={"checkpoint_interval_s": 3600.0}) as api:
        site = api.site.gateway.site
        await covered(site, 1)
        assert "x-uncovered-since" not in (await api.get("/audit/checkpoint")).headers
        writer = await site.writer("default")
        for _ in range(2):
            await writer.append(entry("ledger.started", ledger=writer.tenant))
        assert (await api.get("/audit/checkpoint")).headers["x-uncovered-since"] == "2026-11-24T01:02:03.000004Z"


async def test_one_tree_is_proven_to_extend_another(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        first, _ = await covered(api.site.gateway.site, 3)
        second, leaves = await covered(api.site.gateway.site, 3)
        found = (await api.get(f"/audit/consistency?first={first.size}&second={second.size}")).json()
        assert (found["first"], found["second"]) == (first.size, second.size)
        assert found["checkpoint"] == second.note.decode()
        path = [from_base64(item) for item in found["path"]]
        verify_consistency(first.size, second.size, path, first.root, root(leaves[: second.size]))
        assert (await api.get(f"/audit/consistency?first={first.size}")).json() == found


NO_QUESTIONS = [
    *[
        ("", "first"),
        ("?first=0", "first"),
        ("?first=-1", "first"),
        ("?first=01", "first"),
        ("?first=1_0", "first"),
    ],
    *[("?first=1&second=x", "second"), ("?first=2&second=1", "first"), ("?first=1&first=1", "query")],
    *[("?first=1&third=1", "query"), (f"?first={2**63}", "first"), ("?first=9999", "first")],
]


async def test_a_question_that_is_none_says_what_would_be(sqlite_settings: Settings, subtests: pytest.Subtests) -> None:
    async with audited(sqlite_settings) as api:
        for query, field in NO_QUESTIONS:
            with subtests.test(query=query, field=field):
                await covered(api.site.gateway.site, 2)
                refused = await api.get(f"/audit/consistency{query}")
                assert (refused.status_code, refused.json()["field"]) == (400, field)


async def test_a_tree_that_no_checkpoint_covers_yet_is_asked_for_again_later(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        point, _ = await covered(api.site.gateway.site, 2)
        early = await api.get(f"/audit/consistency?first=1&second={point.size + 1}")
        assert (early.status_code, early.headers["retry-after"]) == (409, "5")


TENANTS = [{"id": "default"}, {"id": "bank"}]


async def test_hashes_of_a_tenant_that_shows_them_are_for_anyone_and_its_records_are_not(
    sqlite_settings: Settings,
) -> None:
    shown = {"public_hashes": ["default"]}
    async with audited(sqlite_settings, tenant=TENANTS, ledger=shown) as api:
        site = api.site.gateway.site
        origin = site.tenants["default"].origin
        prefix = "/" + origin.partition("/")[2]
        get = api.site.http.get
        before = await get(f"{prefix}/checkpoint")
        assert before.status_code == 404
        point, leaves = await covered(site, 2, "default")
        await covered(site, 2, "bank")
        found = await get(f"{prefix}/checkpoint")
        assert found.content == point.note
        assert found.headers["cache-control"] == "public, max-age=5"
        assert "x-uncovered-since" not in found.headers
        tile = await get(f"{prefix}/tile/0/000.p/{point.size}")
        assert split(tile.content) == leaves[: point.size]
        assert tile.headers["cache-control"] == f"public, {KEPT}"
        keys = await get(f"{prefix}/keys")
        assert keys.text == f"{site.keyring.verifier_key(origin)}\n"
        bank = "/" + site.tenants["bank"].origin.partition("/")[2]
        none = "/ledger/" + "0" * 32
        texts = set()
        for path in (
            *(f"{ledger}/{rest}" for ledger in (bank, none) for rest in ("checkpoint", "keys", "tile/0/000.p/1")),
            *(f"{prefix}/tile/{rest}" for rest in ("entries/000.p/1", "0/000", "x")),
        ):
            missing = await get(path)
            assert missing.status_code == 404, path
            texts.add(missing.text.replace(missing.headers["x-exchange-id"], ""))
        assert len(texts) == 1, "another tenant's ledger is as one that is not there"
