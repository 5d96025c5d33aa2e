"""Pages of a session's tokens: a log that one writer at a time adds to, sealed, and gone with its session."""

import logging

import pytest

from gateway.core.tokens import Meant
from gateway.store.sealing import ExchangeKey, Sealer
from gateway.store.session_tokens import Pages, TokenStore
from tests.store.kit import LEDGER, START_US, Store

SESSION, DAY_US = "se_1", 86_400_000_000
ONE, TWO = ("[PERSON_a]", Meant("person", "Ada Lovelace")), ("[PHONE_b]", Meant("phone", "555 \ud83d"))


def keyed(store: Store, sealer: Sealer, *subjects: str) -> ExchangeKey:
    key = sealer.exchange_key(subjects)
    store.keyring.persist(key.new)
    return key


async def test_a_page_is_added_once_and_read_again_until_its_key_is_gone(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    sealer = Sealer(store.keyring)
    pages = TokenStore(store.engine, sealer, store.clock, idle_days=30)
    assert await pages.find(LEDGER, SESSION) == Pages(0, ())
    mine, subject = keyed(store, sealer), keyed(store, sealer, "su_1")
    assert await pages.add(LEDGER, SESSION, 0, (ONE,), mine)
    assert not await pages.add(LEDGER, SESSION, 0, (TWO,), mine), "somebody else was first"
    assert await pages.add(LEDGER, SESSION, 1, (TWO,), subject)
    assert await pages.find(LEDGER, SESSION) == Pages(2, (ONE, TWO))
    assert await pages.find(LEDGER, SESSION, 1) == Pages(2, (TWO,))
    assert await pages.find(LEDGER, SESSION, 2) == Pages(2, ())
    assert await pages.find(LEDGER, "se_2") == Pages(0, ())
    assert await pages.find("tn_" + "0" * 26, SESSION) == Pages(0, ())
    assert "Ada" not in repr(await pages.find(LEDGER, SESSION))
    async with store.bare() as bare, bare.engine.begin() as connection:
        held = (await connection.exec_driver_sql("SELECT ciphertext FROM session_token")).scalars().all()
        assert not any(b"Ada" in bytes(one) or b"PERSON" in bytes(one) for one in held)
    store.keyring.destroy(subject.ids)
    assert (await pages.find(LEDGER, SESSION)).entries == (ONE,), "who erases the subject erases what names it"
    async with store.bare() as bare, bare.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE session_token SET page = 2 WHERE page = 0")
    with caplog.at_level(logging.ERROR):
        assert await pages.find(LEDGER, SESSION) == Pages(3, ()), "a page that was moved opens nowhere"
    assert "cannot be read" in caplog.text


async def test_pages_live_as_long_as_their_session_is_used_and_end_with_it(store: Store) -> None:
    sealer = Sealer(store.keyring)
    pages = TokenStore(store.engine, sealer, store.clock, idle_days=8)
    key = keyed(store, sealer)
    for session in (SESSION, "se_2", "se_3"):
        assert await pages.add(LEDGER, session, 0, (ONE,), key)
    await pages.forget(LEDGER, "se_3")
    assert await pages.find(LEDGER, "se_3") == Pages(0, ())
    store.clock.us = START_US + 7 * DAY_US
    assert (await pages.find(LEDGER, SESSION)).number == 1
    store.clock.us = START_US + 9 * DAY_US
    assert await pages.sweep("tn_" + "0" * 26) == 0
    assert await pages.sweep(LEDGER) == 1
    assert await pages.sweep(LEDGER) == 0
    assert (await pages.find(LEDGER, SESSION)).number == 1
    assert await pages.find(LEDGER, "se_2") == Pages(0, ())
