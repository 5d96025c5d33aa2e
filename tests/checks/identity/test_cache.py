"""Remembering verified tokens, never past their time."""

from gateway.checks.identity.cache import Cache
from gateway.core.caller import Identity

from .making import NOW, FakeClock

SECOND = 1_000_000
SOMEONE = Identity(
    tenant="default", subject="s", kind="person", roles=(), zone="z", purposes=(), method="jwt", credential="jwt:1"
)


def test_an_identity_is_remembered_until_its_token_expires() -> None:
    clock = FakeClock()
    cache = Cache(clock)
    cache.put(b"a", SOMEONE, 0, (NOW + 10) * SECOND)
    clock.pass_seconds(9)
    assert cache.get(b"a") is SOMEONE
    clock.pass_seconds(1)
    assert cache.get(b"a") is None
    assert len(cache) == 0


def test_an_identity_is_forgotten_after_five_minutes_however_long_its_token_lives() -> None:
    clock = FakeClock()
    cache = Cache(clock)
    cache.put(b"a", SOMEONE, 0, (NOW + 10_000) * SECOND)
    clock.pass_seconds(299)
    assert cache.get(b"a") is SOMEONE
    clock.pass_seconds(1)
    assert cache.get(b"a") is None


def test_a_clock_set_back_neither_prolongs_nor_predates_a_token() -> None:
    clock = FakeClock()
    cache = Cache(clock)
    cache.put(b"a", SOMEONE, (NOW - 5) * SECOND, (NOW + 10_000) * SECOND)
    clock.us -= 100 * SECOND
    assert cache.get(b"a") is None
    cache.put(b"a", SOMEONE, 0, (NOW + 10_000) * SECOND)
    clock.ns += 300 * 10**9
    clock.us -= 100 * SECOND
    assert cache.get(b"a") is None


def test_the_least_recently_used_is_dropped_when_full() -> None:
    cache = Cache(FakeClock(), size=2)
    for name in (b"a", b"b"):
        cache.put(name, SOMEONE, 0, (NOW + 10) * SECOND)
    cache.get(b"a")
    cache.put(b"c", SOMEONE, 0, (NOW + 10) * SECOND)
    assert [cache.get(name) is not None for name in (b"a", b"b", b"c")] == [True, False, True]


def test_what_is_cleared_is_forgotten() -> None:
    cache = Cache(FakeClock())
    cache.put(b"a", SOMEONE, 0, (NOW + 10) * SECOND)
    cache.clear()
    assert cache.get(b"a") is None
    assert len(cache) == 0
