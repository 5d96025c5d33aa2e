"""Keys at hand: durable before they are given, given once, and no loss when there are none."""

import threading
from collections.abc import Iterator, Sequence

import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.ledger.entry import DataKey
from gateway.store.key_pool import KeyPool, ReadyKey
from tests.store.ledger_kit import until


class Keyring:
    """Remembers which keys are durable; fails or hangs when told to."""

    def __init__(self) -> None:
        self.durable: list[str] = []
        self.made = 0
        self.fails = False
        self.gate = threading.Event()
        self.gate.set()

    def new_data_key(self, subject: str | None) -> tuple[DataKey, bytes]:
        assert subject is None
        self.made += 1
        return DataKey(id=f"dk_{self.made}", subject=None, wrapped=b"w"), b"%032d" % self.made

    def persist(self, keys: Sequence[DataKey]) -> None:
        self.gate.wait(5)
        if self.fails:
            raise LedgerUnavailable("no")
        self.durable += [key.id for key in keys]


@pytest.fixture
def keyring() -> Iterator[Keyring]:
    made = Keyring()
    yield made
    made.gate.set()


async def test_every_key_is_durable_before_it_is_given_and_given_once(keyring: Keyring) -> None:
    pool = KeyPool(keyring, made=8, low=4)
    await pool.start()
    seen = []
    for number in range(40):
        await until(lambda: bool(pool._ready))
        key = pool.take()
        assert key is not None
        assert key.id in keyring.durable
        assert key.plain == b"%032d" % (number + 1)
        seen.append(key.id)
    assert len(set(seen)) == 40
    await pool.stop()


async def test_when_none_is_at_hand_it_says_so_and_makes_more_meanwhile(keyring: Keyring) -> None:
    pool = KeyPool(keyring, made=2, low=1)
    await pool.start()
    keyring.gate.clear()
    assert [pool.take() is None for _ in range(4)] == [False, False, True, True]
    keyring.gate.set()
    await until(lambda: bool(pool._ready))
    assert pool.take() is not None
    await pool.stop()


async def test_a_keyring_that_fails_leaves_the_pool_empty_until_it_works_again(
    keyring: Keyring, caplog: pytest.LogCaptureFixture
) -> None:
    keyring.fails = True
    pool = KeyPool(keyring, made=2, low=1)
    await pool.start()
    assert pool.take() is None
    assert "LedgerUnavailable" in caplog.text
    await until(lambda: pool._making is None)
    keyring.fails = False
    assert pool.take() is None
    await until(lambda: bool(pool._ready))
    await pool.stop()


async def test_stopping_waits_for_what_is_under_way_and_gives_nothing_after(keyring: Keyring) -> None:
    pool = KeyPool(keyring, made=2, low=1)
    await pool.start()
    await pool.stop()
    assert pool.take() is None
    assert keyring.made == 2


async def test_a_pool_that_was_not_started_has_none(keyring: Keyring) -> None:
    assert KeyPool(keyring).take() is None


def test_a_key_does_not_show_itself() -> None:
    assert "secret" not in repr(ReadyKey("dk_1", b"secret"))
