"""Who asks is promised where its exchange stands, whatever way the answer comes; who does not ask pays nothing."""

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from openai import AsyncOpenAI

from gateway.core.errors import ConfigurationError, LedgerUnavailable
from gateway.exchange.receipts import Receipts
from gateway.ledger import receipt
from gateway.ledger.entry import Appended
from gateway.ledger.note import Signer
from gateway.ledger.proof import Proof
from gateway.ledger.receipt import Receipt
from gateway.ledger.times import timestamp
from gateway.settings import Settings
from gateway.store.api_keys import Administrator, Grant, NewKey
from tests.system.kit import HEALTH, PUBLIC, code
from tests.system.site import System, system

WANTED = {"x-receipt": "1"}


def held(answer: httpx.Response) -> Receipt:
    value = answer.headers["x-receipt"]
    assert len(value) <= receipt.MAX_HEADER
    return receipt.from_header(value)


async def kept(site: System, found: Receipt, body: bytes, event: str, tenant: str = "default") -> dict[str, Any]:
    """The record that was promised, which commits to this body and is under a checkpoint."""
    place = site.gateway.site
    verifier = place.keyring.signer(place.tenants[tenant].origin).verifier
    promise = receipt.verify(found, verifier)
    receipt.check_request(found, body)
    reader = place.reader(tenant)
    stored = await reader.record(promise.seq)
    assert stored is not None
    assert receipt.check_record(promise, stored.envelope).event == event
    point = await (await place.checkpointer(tenant)).publish(force=True)
    assert point is not None
    path = await reader.inclusion(promise.seq, point.size)
    proof = Proof(index=promise.seq, path=tuple(path), checkpoint=point.note)
    assert receipt.check_proof(promise, proof, verifier).size == point.size
    return (await site.records(tenant))[promise.seq]


@pytest.mark.parametrize("stream", [False, True])
async def test_whole_answers_and_streams_carry_a_promise_of_their_intent(database: Settings, stream: bool) -> None:
    async with system(database) as site:
        key = await site.key("clerk")
        answer = await site.chat(key, PUBLIC, model="ward", stream=stream, headers=WANTED)
        found = await kept(site, held(answer), answer.request.content, "exchange.requested")
        assert found["exchange"] == answer.headers["x-exchange-id"]
        assert "x-receipt" not in (await site.chat(key, PUBLIC, model="ward", stream=stream)).headers
        sent, _ = site.agents["ward"].received[0]
        assert "x-receipt" not in sent


async def test_a_refusal_is_promised_too_with_what_was_read_of_it(database: Settings) -> None:
    async with system(database) as site:
        key = await site.key("clerk")
        answer = await site.chat(key, HEALTH, headers={**WANTED, "x-route": "exact"})
        assert answer.status_code == 403
        found = await kept(site, held(answer), answer.request.content, "exchange.denied")
        assert found["exchange"] == answer.headers["x-exchange-id"]
        headers = {"authorization": f"Bearer {key}", **WANTED}
        unread = await site.http.post("/v1/chat/completions", content=b"{", headers=headers)
        promise = held(unread).promise
        assert (promise.request, held(unread).opening) == (None, None)
        assert (await site.records())[promise.seq]["event"] == "exchange.denied"


async def test_a_stock_client_reads_it(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clerk")
        async with AsyncOpenAI(base_url=f"{site.url}/v1", api_key=key, default_headers=WANTED) as client:
            ask: Any = {"model": "ward", "messages": [{"role": "user", "content": PUBLIC}]}
            raw = await client.chat.completions.with_raw_response.create(**ask)
            promise = receipt.from_header(raw.headers["x-receipt"]).promise
            assert (await site.records())[promise.seq]["exchange"] == raw.headers["x-exchange-id"]


async def test_nobody_unknown_is_promised_anything_and_no_misspelt_wish_goes_unheard(
    sqlite_settings: Settings,
) -> None:
    async with system(sqlite_settings) as site:
        nobody = await site.chat("gwk_nobody", PUBLIC, headers=WANTED)
        assert (nobody.status_code, "x-receipt" in nobody.headers) == (401, False)
        for value in ("true", "0", "2", "1, 1"):
            answer = await site.chat(await site.key("clerk"), PUBLIC, headers={"x-receipt": value})
            assert (answer.status_code, code(answer), "x-receipt" in answer.headers) == (400, "header_invalid", False)


async def test_an_agents_own_word_is_not_taken_for_a_receipt(sqlite_settings: Settings) -> None:
    async def lying(scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"application/json"), (b"x-receipt", b"forged")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})

    agents = {"desk": {"zone": "in-house", "protocol": "http", "routes": ["POST /ask"]}}
    async with system(sqlite_settings, agents=agents) as site:
        site.agents["desk"].behave = lying
        headers = {"authorization": f"Bearer {await site.key('clerk')}"}
        asked = await site.http.post("/agents/desk/ask", json={"text": PUBLIC}, headers=headers)
        assert (asked.status_code, "x-receipt" in asked.headers) == (200, False)
        again = await site.http.post("/agents/desk/ask", json={"text": PUBLIC}, headers={**headers, **WANTED})
        assert await kept(site, held(again), again.request.content, "exchange.requested")


async def test_each_tenant_is_promised_by_its_own_ledger(database: Settings) -> None:
    tenants = [{"id": "default"}, {"id": "bank"}]
    async with system(database, tenant=tenants) as site:
        writer = await site.gateway.site.writer("bank")
        from_bank = await bank_key(site, writer)
        ours = await site.chat(await site.key("clerk"), PUBLIC, model="ward", headers=WANTED)
        theirs = await site.chat(from_bank, PUBLIC, model="ward", headers=WANTED)
        await kept(site, held(ours), ours.request.content, "exchange.requested")
        await kept(site, held(theirs), theirs.request.content, "exchange.requested", tenant="bank")
        assert held(ours).promise.origin != held(theirs).promise.origin


async def bank_key(site: System, writer: Any) -> str:
    grant = Grant(owner="teller", kind="service", zone="in-house", purposes=("TREAT",), roles=("clerk",))
    by = Administrator(ledger=writer, tenant=writer.tenant)
    made = await site.gateway.site.api_keys.create(by, "bank", grant)
    assert isinstance(made, NewKey)
    return made.plain


async def test_a_task_keeps_the_promise_with_its_result(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, tasks={"poll_s": 0.01}) as site:
        headers = {"authorization": f"Bearer {await site.key('clerk')}", **WANTED}
        body = {"model": "ward", "messages": [{"role": "user", "content": PUBLIC}]}
        order = {"path": "/v1/chat/completions", "body": body}
        made = await site.http.post("/v1/tasks", json=order, headers=headers)
        assert made.status_code == 202, made.text
        async with asyncio.timeout(20):
            while True:
                result = await site.http.get(f"{made.headers['location']}/result", headers=headers)
                if result.status_code == 200:
                    break
                await asyncio.sleep(0.02)
        promise = held(result).promise
        assert (await site.records())[promise.seq]["event"] == "exchange.requested"


ORIGIN = "gate.example/ledger/1"


def exchange_of() -> Any:
    promised = Appended(seq=3, leaf_hash=bytes(32), recorded_at=timestamp(1_795_482_123_000_004))
    return SimpleNamespace(
        headers=SimpleNamespace(receipted=True),
        promised=promised,
        caller=SimpleNamespace(tenant="tn_1"),
        opening=None,
        receipt=None,
    )


async def receipt_of(signer: Any, exchange: Any = None, **options: Any) -> list[tuple[str, str]]:
    exchange = exchange or exchange_of()
    issuing = Receipts({"tn_1": signer}, **options)
    await issuing.sign(exchange)
    return issuing.headers(exchange)


class OnToken(Signer):
    """A key on a token that does as it is told."""

    does: Any = None
    threads: list[str]

    @property
    def reference(self) -> bytes | None:
        return b"on a token"

    def sign(self, message: bytes) -> bytes:
        self.threads.append(threading.current_thread().name)
        if self.does is not None:
            self.does()
        return super().sign(message)


def on_token(does: Any = None) -> Any:
    signer = OnToken(ORIGIN, b"a" * 32)
    signer.does, signer.threads = does, []
    return SimpleNamespace(signer=signer)


async def test_an_answer_whose_receipt_cannot_be_signed_goes_without_it(caplog: pytest.LogCaptureFixture) -> None:
    def away() -> None:
        raise LedgerUnavailable("the token is away")

    assert await receipt_of(on_token(away)) == []
    assert "a receipt could not be signed: the token is away" in caplog.text
    assert len(await receipt_of(on_token())) == 1

    class Missing:
        """A node that does not have the key by which the ledger's was replaced."""

        @property
        def signer(self) -> Signer:
            raise ConfigurationError("the key is missing")

    assert await receipt_of(Missing()) == []


async def test_a_key_in_a_file_signs_at_once_and_one_on_a_token_beside_the_loop() -> None:
    here = SimpleNamespace(signer=Signer(ORIGIN, b"a" * 32))
    there = on_token()
    assert await receipt_of(here) == await receipt_of(there)
    assert there.signer.threads == ["receipts"]


async def test_a_token_that_hangs_keeps_the_answers_that_ask_and_no_other_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    free = threading.Event()
    waiting = asyncio.create_task(receipt_of(on_token(free.wait), wait_s=60.0))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not waiting.done(), "the loop turned for others meanwhile"
    free.set()
    assert len(await waiting) == 1
    free.clear()
    assert await receipt_of(on_token(free.wait), wait_s=0.01) == []
    free.set()
    assert "too slow" in caplog.text


async def test_it_is_signed_once_for_what_is_on_record_last() -> None:
    signing, exchange = on_token(), exchange_of()
    issuing = Receipts({"tn_1": signing})
    for _ in range(2):
        await issuing.sign(exchange)
    (first,) = issuing.headers(exchange)
    assert len(signing.signer.threads) == 1
    exchange.promised = Appended(seq=4, leaf_hash=bytes(32), recorded_at=exchange.promised.recorded_at)
    assert issuing.headers(exchange) == [], "the one for another record is not shown"
    await issuing.sign(exchange)
    assert issuing.headers(exchange) != [first]
    exchange.headers = SimpleNamespace(receipted=False)
    exchange.receipt = None
    await issuing.sign(exchange)
    assert issuing.headers(exchange) == [], "who does not ask gets none"
