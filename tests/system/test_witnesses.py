"""Two gateways before one real witness, which is killed in between: each one's history is cosigned on, apart."""

from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from gateway.bootstrap import witnesses, witnesses_of
from gateway.ledger.checkpoint import verify
from gateway.ledger.cosignature import Witness
from gateway.settings import Settings
from tests.cli.witnessing import made, witnessing
from tests.exchange.kit_witness import signers
from tests.exchange.test_witnessing import RARELY, offered
from tests.system.kit import PUBLIC
from tests.system.site import System, system


async def test_two_gateways_are_witnessed_by_a_process_that_is_killed_and_begun_again(
    sqlite_settings: Settings, postgres_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else each gateway offers by itself meanwhile, now and then just when the test does.
    monkeypatch.setattr(witnesses, "MOST_S", 3_600.0)
    bases = []
    for number, base in enumerate((sqlite_settings, postgres_settings)):
        home = tmp_path / f"gateway{number}"
        home.mkdir()
        bases.append(msgspec.structs.replace(base, base=str(home)) if number else base)
    ledgers = [await signers(base) for base in bases]
    directory = tmp_path / "w"
    vkey = made(directory, *(one.verifier.vkey for each in ledgers for one in each.values()))
    async with AsyncExitStack() as stack:
        sites: list[System] = []
        with witnessing(directory) as first:
            table = {"vkey": vkey, "url": first.url, "timeout_s": 30.0}
            for base in bases:
                sites.append(await stack.enter_async_context(system(base, witness=[table], ledger=RARELY)))
            found = [(await witnesses_of(site.gateway.site, stack))["default"] for site in sites]
            for site, one in zip(sites, found, strict=True):
                assert (await site.chat(await site.key("clerk"), PUBLIC, model="ward")).status_code == 200
                assert await offered(site, one) == ()
            first.kill()
        sizes = [one.window.witnessed for one in found]
        assert all(sizes)
        for site, one in zip(sites, found, strict=True):  # nobody waits for a witness that is away
            assert (await site.chat(await site.key("clerk"), PUBLIC, model="ward")).status_code == 200
            assert await offered(site, one) == ()
            assert one.ends[vkey.partition("+")[0], "unreachable"] == 1
            assert one.window.since is not None
        with witnessing(directory, port=urlsplit(first.url).port or 0):
            for site, one, before in zip(sites, found, sizes, strict=True):
                assert await offered(site, one) == ()
                assert one.window.witnessed > before
                assert one.window.since is None
                place = site.gateway.site
                point = await place.reader("default").checkpoint()
                assert point is not None
                note = await (await place.auditor("default")).published.cosigned(point)
                verifier = place.keyring.signer(place.tenants["default"].origin).verifier
                assert verify(note, verifier, [Witness.parse(vkey)]).size == one.window.witnessed
