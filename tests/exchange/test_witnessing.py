"""What witnesses have seen is kept, served and on record; what they have not is told; traffic never waits for them."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from gateway.bootstrap import witnesses_of
from gateway.core.errors import ConfigurationError
from gateway.exchange.witnessing import Ahead, Witnessing, acknowledgment
from gateway.ledger import proof
from gateway.ledger.checkpoint import verify
from gateway.ledger.cosignature import Witness as Key
from gateway.ledger.note import open_note
from gateway.ledger.record import Detail
from gateway.ledger.witnessing import SIZE_TYPE
from gateway.settings import Settings
from tests.exchange.kit_witness import a_witness, signers
from tests.system.kit import PUBLIC
from tests.system.site import System, system

RARELY = {"checkpoint_interval_s": 3600.0}


async def offered(site: System, one: Witnessing) -> tuple[Ahead, ...]:
    """Publish and offer, once."""
    place = site.gateway.site
    await (await place.checkpointer("default")).publish(force=True)
    return await one.offer(await place.writer("default"))


async def test_two_witnesses_cosign_and_a_quorum_of_them_is_on_record_once(database: Settings, tmp_path: Path) -> None:
    ledgers = await signers(database)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(a_witness(tmp_path, ledgers))
        second = await stack.enter_async_context(a_witness(tmp_path, ledgers, "w.example/2"))
        second.lie = (500, b"text/plain", b"")
        site = await stack.enter_async_context(
            system(database, witness=[first.table, second.table], ledger={**RARELY, "witness_quorum": 2})
        )
        one = (await witnesses_of(site.gateway.site, stack))["default"]
        assert (await site.chat(await site.key("clerk"), PUBLIC, model="ward")).status_code == 200
        assert await offered(site, one) == ()
        assert (one.window.witnessed, one.window.records > 0, one.window.since is not None) == (0, True, True)
        assert not [told for told in await site.records() if told["event"] == "checkpoint.witnessed"]
        second.lie = None
        for _ in range(2):
            await one.offer(await site.gateway.site.writer("default"))
        (told,) = [told for told in await site.records() if told["event"] == "checkpoint.witnessed"]
        assert (told["count"], told["checkpoint"][0], one.window.witnessed) == (
            2,
            told["checkpoint"][0],
            told["checkpoint"][0],
        )
        assert (one.window.since, one.window.records, one.window.seconds(10**18)) == (None, 0, 0.0)
        assert one.ends["w.example/2", "refused"] >= 1
        keys = [first.cosigner.witness, second.cosigner.witness]
        await demand_served(site, keys, told["checkpoint"][0])


async def demand_served(site: System, keys: list[Key], size: int) -> None:
    """The API's checkpoint and proofs carry the lines of these witnesses, and say how far it goes beyond."""
    place = site.gateway.site
    verifier = place.keyring.signer(place.tenants["default"].origin).verifier
    headers = {"authorization": f"Bearer {await site.key('auditor')}"}
    answer = await site.http.get("/audit/checkpoint", headers=headers)
    assert verify(answer.content, verifier, keys).size == size
    assert len(open_note(answer.content, [verifier, *keys]).verified) == 1 + len(keys)
    assert (answer.headers["x-witnessed-size"], "x-unwitnessed-since" in answer.headers) == (str(size), True)
    found = proof.parse((await site.http.get("/audit/records/0/proof", headers=headers)).content)
    assert len(open_note(found.checkpoint, [verifier, *keys]).verified) == 1 + len(keys)
    told = (await site.http.get("/metrics")).text
    assert "gateway_ledger_unwitnessed_records" in told


async def test_a_size_that_a_witness_tells_is_gone_on_from(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with AsyncExitStack() as stack:
        witness = await stack.enter_async_context(a_witness(tmp_path, await signers(sqlite_settings)))
        site = await stack.enter_async_context(system(sqlite_settings, witness=[witness.table], ledger=RARELY))
        one = (await witnesses_of(site.gateway.site, stack))["default"]
        await site.key("clerk")
        await offered(site, one)
        await site.key("clerk")

        async def nothing(name: str) -> int:
            return 0

        monkeypatch.setattr(one.store, "last", nothing)  # as of a database that has lost the lines
        assert await offered(site, one) == ()
        assert one.ends == {("w.example/1", "cosigned"): 2}
        assert one.window.since is None


@pytest.mark.parametrize(
    ("lie", "end"),
    [
        ((200, b"text/plain", b"no line\n"), "wrong"),
        ((200, b"text/plain", "— w.example/1 AAAAAAAA\n".encode()), "wrong"),
        ((409, SIZE_TYPE.encode(), b"many\n"), "wrong"),
        ((409, SIZE_TYPE.encode(), b"0\n"), "conflict"),
        ((409, b"text/plain", b"7\n"), "refused"),
        ((404, b"text/plain", b""), "refused"),
        ((200, b"text/plain", b"x" * 70_000), "unreachable"),
    ],
)
async def test_whatever_a_witness_answers_nothing_is_kept_that_does_not_hold(
    sqlite_settings: Settings, tmp_path: Path, lie: tuple[int, bytes, bytes], end: str
) -> None:
    async with AsyncExitStack() as stack:
        witness = await stack.enter_async_context(a_witness(tmp_path, await signers(sqlite_settings)))
        site = await stack.enter_async_context(system(sqlite_settings, witness=[witness.table], ledger=RARELY))
        one = (await witnesses_of(site.gateway.site, stack))["default"]
        await site.key("clerk")
        witness.lie = lie
        assert await offered(site, one) == ()
        assert (one.ends, await one.store.last("w.example/1")) == ({("w.example/1", end): 1}, 0)


@pytest.mark.parametrize("fewer", [0, 1])
async def test_another_history_of_as_many_records_or_fewer_is_told_until_it_is_acknowledged(
    sqlite_settings: Settings, tmp_path: Path, fewer: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with AsyncExitStack() as stack:
        witness = await stack.enter_async_context(a_witness(tmp_path, await signers(sqlite_settings)))
        site = await stack.enter_async_context(system(sqlite_settings, witness=[witness.table], ledger=RARELY))
        one = (await witnesses_of(site.gateway.site, stack))["default"]
        await site.key("clerk")
        point = await (await site.gateway.site.checkpointer("default")).publish(force=True)
        assert point is not None
        witness.knows(point.size - fewer)
        writer = await site.gateway.site.writer("default")
        told = (Ahead("w.example/1", point.size - fewer, forked=True),)
        assert await one.offer(writer) == told
        (line,) = [one for one in caplog.messages if "another history" in one]
        assert line.startswith("witness w.example/1 has cosigned another history of ledger ")
        assert line.endswith(f", in a tree of {point.size - fewer} records")
        assert await one.ahead(required=True) == told, "a witness that says so was asked"
        assert set(one.ends) == {("w.example/1", "conflict")}
        await writer.append(
            acknowledgment(
                told,
                size=writer.written,
                tenant=writer.tenant,
                actor="ac_1",
                detail=Detail(reason="the disk was lost"),
                clock=site.gateway.site.clock,
                node=site.gateway.site.node,
            )
        )
        assert (await one.offer(writer), await one.ahead()) == ((), ())


async def test_a_ledger_of_its_own_each_tenant_is_cosigned_apart(sqlite_settings: Settings, tmp_path: Path) -> None:
    tenants = [{"id": "default"}, {"id": "bank"}]
    async with AsyncExitStack() as stack:
        ledgers = await signers(sqlite_settings, tenant=tenants)
        witness = await stack.enter_async_context(a_witness(tmp_path, ledgers))
        site = await stack.enter_async_context(
            system(sqlite_settings, witness=[witness.table], ledger=RARELY, tenant=tenants)
        )
        found = await witnesses_of(site.gateway.site, stack)
        assert set(found) == {"default", "bank", "_system"}
        witness.knows(1_000, "bank")
        assert await found["default"].ahead() == ()
        assert await found["bank"].ahead() == (Ahead("w.example/1", 1_000),)


async def test_where_one_must_be_asked_silence_is_refused(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        witness = await stack.enter_async_context(a_witness(tmp_path, await signers(sqlite_settings)))
        site = await stack.enter_async_context(system(sqlite_settings, witness=[witness.table], ledger=RARELY))
        one = (await witnesses_of(site.gateway.site, stack))["default"]
        for lie in (
            (200, b"text/plain", b"no line\n"),
            (502, b"text/html", b"<html>"),
            (404, b"text/plain", b""),
            (403, b"text/plain", b""),
            (409, SIZE_TYPE.encode(), b"0\n"),
        ):
            witness.lie = lie
            assert await one.ahead() == ()
            with pytest.raises(ConfigurationError, match="no witness can be asked"):
                await one.ahead(required=True)
        witness.lie = None
        assert await one.ahead(required=True) == ()
