"""Counters on a real Redis: the same answers as in memory, one round trip for all, nothing that waits for long."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from gateway.core.counters import AGAIN, RENEW, Change, Exceeded, Level, Want
from gateway.core.errors import ConfigurationError, CountersUnavailable
from gateway.store.redis_counters import RedisCounters, secured
from tests.checks.identity.certifying import SERVER, Authority, Issued
from tests.services import RedisServer, free_port, private_redis

pytestmark = pytest.mark.redis
HOUR = 3_600_000_000


@asynccontextmanager
async def opened(url: str, **fields: Any) -> AsyncIterator[RedisCounters]:
    values: dict[str, Any] = {
        "password": None,
        "timeout_s": 10,
        "lease_s": 30,
        "prefix": f"test-{secrets.token_hex(4)}",
        **fields,
    }
    counters = RedisCounters(url, **values)
    try:
        yield counters
    finally:
        await counters.close()


@pytest.fixture
async def counters(redis_server: str) -> AsyncIterator[RedisCounters]:
    async with opened(redis_server) as found:
        yield found


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with private_redis() as found:
        yield found


def want(key: str = "t:a", count: int = 10, amount: int = 1, window_us: int = HOUR, **fields: Any) -> Want:
    return Want(key, count, amount, window_us, **fields)


def levels(answer: tuple[Level, ...] | Exceeded) -> list[int]:
    assert isinstance(answer, tuple)
    return [level.used for level in answer]


async def test_what_does_not_fit_into_one_limit_is_counted_in_none(counters: RedisCounters) -> None:
    wide, narrow, under_way = want("t:wide"), want("t:narrow", count=1), want("t:open", window_us=0)
    assert levels(await counters.run("one", [], [wide, under_way, narrow])) == [1, 1, 1]
    refused = await counters.run("two", [], [wide, under_way, narrow])
    assert isinstance(refused, Exceeded)
    assert refused.index == 2
    assert 3590 <= refused.retry_after <= 3661
    assert levels(await counters.run("three", [], [wide, under_way])) == [2, 2]


async def test_soft_limits_count_on_and_large_amounts_stay_exact(counters: RedisCounters) -> None:
    soft, large = want(count=1, hard=False), want("t:large", count=10**15, amount=10**15 - 1)
    assert levels(await counters.run("a", [], [soft, large])) == [1, 10**15 - 1]
    assert levels(await counters.run("a", [], [soft, want("t:large", count=10**15)])) == [2, 10**15]
    assert isinstance(await counters.run("a", [], [want("t:large", count=10**15)]), Exceeded)


async def test_what_is_settled_goes_along_with_the_next_reservation(counters: RedisCounters) -> None:
    answer = await counters.run("a", [], [want(count=100, amount=60), want("t:open", count=1, window_us=0)])
    assert isinstance(answer, tuple)
    back = Change("t:a", HOUR, -50, answer[0].slice, "a")
    ended = Change("t:open", 0, 0, 0, "a")
    before = counters.trips
    found = await counters.run("b", [back, ended], [want(count=100, amount=90), want("t:open", count=1, window_us=0)])
    assert levels(found) == [100, 1]
    assert counters.trips == before + 1
    more = Change("t:a", HOUR, 5, answer[0].slice, "a")
    await counters.run("", [more, Change("t:a", HOUR, -999, answer[0].slice, "a")], ())
    again = Change("t:a", HOUR, -1, answer[0].slice - 1, "a")
    (after,) = levels(await counters.run("c", [again, Change("t:none", HOUR, -1, 1, "a")], [want(count=200)]))
    assert after in (1, 6)  # 6 where a new slice had begun before the 5 came


async def test_a_lease_that_is_not_renewed_expires(redis_server: str) -> None:
    async with opened(redis_server, lease_s=0.05) as counters:
        held = [want("t:open", count=1, window_us=0)]
        assert levels(await counters.run("a", [], held)) == [1]
        async with asyncio.timeout(10):
            while isinstance(await counters.run("b", [], held), Exceeded):
                pass
        await counters.run("", [Change("t:open", AGAIN, 0, 0, "c")], ())
        soft = want("t:open", window_us=0, hard=False)
        assert levels(await counters.run("d", [Change("t:open", RENEW, 0, 0, "never")], [soft]))[0] <= 3


async def test_64_clients_at_once_get_exactly_as_many_as_there_are(redis_server: str) -> None:
    prefix = f"test-{secrets.token_hex(4)}"
    async with opened(redis_server, prefix=prefix) as one, opened(redis_server, prefix=prefix) as other:
        granted = await asyncio.gather(
            *(asked.run(str(n), [], [want(count=100)]) for n in range(64) for asked in (one, other))
        )
        assert sum(isinstance(answer, tuple) for answer in granted) == 100


async def test_windows_slide_by_the_servers_own_clock_and_leave_nothing_behind(redis_server: str) -> None:
    prefix = f"test-{secrets.token_hex(4)}"
    short = [want(count=2, window_us=200_000)]
    async with opened(redis_server, prefix=prefix) as counters, Redis.from_url(redis_server) as other:
        assert levels(await counters.run("a", [], short)) == [1]
        assert levels(await counters.run("a", [], short)) == [2]
        assert await counters.run("a", [], short) == Exceeded(0, 1)
        async with asyncio.timeout(10):
            while isinstance(await counters.run("b", [], short), Exceeded):
                pass
            while await other.keys(f"{prefix}:*"):
                pass


async def test_what_the_server_remembers_has_a_mark_until_it_forgets(server: RedisServer) -> None:
    async with opened(server.url) as counters:
        before = await counters.memory("rm_1")
        assert before.endswith(":rm_1")
        assert await counters.memory("rm_2") == before
        server.stop()
        with pytest.raises(CountersUnavailable):
            await counters.memory("rm_3")
        server.start()
        assert (await counters.memory("rm_4")).endswith(":rm_4")
        assert levels(await counters.run("a", [], [want()])) == [1]


async def test_a_server_that_has_forgotten_does_nothing_for_who_does_not_know_that_yet(server: RedisServer) -> None:
    async with opened(server.url) as counters:
        mark = await counters.memory("rm_1")
        assert await counters.tellers("nd_1", mark) == 1
        assert [await counters.tellers(node, mark) for node in ("nd_2", "nd_1")] == [2, 2]
        assert levels(await counters.run("a", [], [want()], memory=mark)) == [1]
        server.stop()
        server.start()
        with pytest.raises(CountersUnavailable):
            await counters.ping()  # by a connection that is gone
        for _ in range(2):
            with pytest.raises(CountersUnavailable, match="has forgotten"):
                await counters.run("a", [Change("t:a", HOUR, 5, 0, "a")], [want()], memory=mark)
            after = await counters.memory("rm_2")
            assert after.endswith(":rm_2")
        with pytest.raises(CountersUnavailable, match="has forgotten"):
            await counters.tellers("nd_2", mark)
        assert await counters.tellers("nd_2", after) == 1
        assert levels(await counters.run("a", [], [want()], memory=after)) == [1]


async def test_a_server_that_starts_with_a_snapshot_of_before_is_not_taken_for_the_one_that_knows(
    server: RedisServer,
) -> None:
    """What it had counted by then is there again, and so is the mark; what it granted afterwards is not."""
    async with opened(server.url) as counters, Redis.from_url(server.url) as admin:
        mark = await counters.memory("rm_1")
        assert await counters.tellers("nd_1", mark) == 1
        assert levels(await counters.run("a", [], [want()], memory=mark)) == [1]
        await admin.save()
        assert levels(await counters.run("b", [], [want()], memory=mark)) == [2]
        server.stop()
        server.start()
        with pytest.raises(CountersUnavailable):
            await counters.ping()  # by a connection that is gone
        with pytest.raises(CountersUnavailable, match="has forgotten"):
            await counters.run("c", [], [want()], memory=mark)
        with pytest.raises(CountersUnavailable, match="has forgotten"):
            await counters.tellers("nd_1", mark)
        anew = await counters.memory("rm_2")
        assert anew != mark
        assert await counters.tellers("nd_2", anew) == 1, "who had told before has to tell again"
        assert levels(await counters.run("c", [Change("t:a", HOUR, 2, 0, "")], [want()], memory=anew)) == [4]


async def test_a_user_with_the_rights_that_are_documented_is_enough(server: RedisServer) -> None:
    categories, commands = ["+@read", "+@write", "+@scripting", "+@connection"], ["+time", "+info"]
    async with Redis.from_url(server.url) as admin:
        await admin.acl_setuser(
            "gateway", enabled=True, nopass=True, keys=["gw:*"], categories=categories, commands=commands
        )
    async with opened(server.url.replace("redis://", "redis://gateway@"), password="any", prefix="gw") as counters:
        await counters.ping()
        mark = await counters.memory("rm_1")
        assert await counters.tellers("nd_1", mark) == 1
        found = await counters.run("a", [], [want(), want("t:open", window_us=0)], memory=mark)
        assert levels(found) == [1, 1]


async def test_a_server_that_does_not_tell_its_run_is_not_counted_on(server: RedisServer) -> None:
    async with Redis.from_url(server.url) as admin:
        await admin.acl_setuser(
            "gateway", enabled=True, nopass=True, keys=["*"], categories=["+@all"], commands=["-info"]
        )
    async with opened(server.url.replace("redis://", "redis://gateway@"), password="any") as counters:
        for asked in (counters.ping(), counters.memory("rm_1"), counters.run("a", [], [want()], memory="a1:rm_1")):
            with pytest.raises(CountersUnavailable):
                await asked


async def test_a_server_that_hangs_costs_its_time_out_and_is_asked_again_later(server: RedisServer) -> None:
    async with opened(server.url, timeout_s=0.05) as counters:
        server.hang()
        with pytest.raises(CountersUnavailable):
            await counters.run("a", [], [want()])
        server.hang(False)
    async with opened(server.url) as counters:
        await counters.ping()


async def test_a_server_that_is_not_there_or_does_not_know_us_is_told_without_its_address() -> None:
    async with opened(f"redis://127.0.0.1:{free_port()}") as counters:
        for asked in (counters.ping(), counters.memory("rm_1"), counters.run("a", [], [want()])):
            with pytest.raises(CountersUnavailable) as raised:
                await asked
            assert "127.0.0.1" not in str(raised.value)


async def test_a_password_is_given_and_a_wrong_one_is_refused(server: RedisServer) -> None:
    async with Redis.from_url(server.url) as admin:
        await admin.config_set("requirepass", "swordfish")
    async with opened(server.url, password="swordfish") as counters:
        await counters.ping()
    async with opened(server.url, password="wrong") as counters:
        with pytest.raises(CountersUnavailable) as raised:
            await counters.ping()
        assert "wrong" not in str(raised.value)


# ------------------------------------------------------------------------------------------------------------- by TLS


@pytest.fixture
def authority() -> Authority:
    return Authority("counters")


@pytest.fixture
def tls_server(authority: Authority, tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that takes nothing but TLS, and nobody without a certificate of this authority."""
    certificate, key = authority.issue(dns=["localhost"], purposes=SERVER).write(tmp_path, "redis")
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    with private_redis(tls=(str(tmp_path / "ca.pem"), certificate, key)) as found:
        yield found


def shown(folder: Path, issued: Issued) -> tuple[str, str]:
    return issued.write(folder, "client")


async def test_by_tls_it_is_the_same_server_with_a_certificate_shown_by_both(
    tls_server: RedisServer, authority: Authority, tmp_path: Path
) -> None:
    tls = secured(str(tmp_path / "ca.pem"), *shown(tmp_path, authority.issue()))
    async with opened(tls_server.url, tls=tls) as counters:
        await counters.ping()
        asked = [counters.run(f"lease-{number}", [], [want(count=100)]) for number in range(40)]
        assert sorted(levels(found)[0] for found in await asyncio.gather(*asked)) == list(range(1, 41))


async def test_who_shows_no_certificate_of_its_authority_or_asks_without_tls_is_not_served(
    tls_server: RedisServer, authority: Authority, tmp_path: Path
) -> None:
    ca = str(tmp_path / "ca.pem")
    others = secured(ca, *shown(tmp_path, Authority("other").issue()))
    for url, tls in (
        (tls_server.url, secured(ca, None, None)),
        (tls_server.url, others),
        (tls_server.url.replace("rediss:", "redis:"), None),
    ):
        async with opened(url, tls=tls) as counters:
            with pytest.raises(CountersUnavailable):
                await counters.ping()


async def test_a_server_that_others_vouch_for_or_of_another_name_is_not_asked(
    tls_server: RedisServer, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the system trusts who vouches for it: `ca` names the only ones."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    client = shown(tmp_path, authority.issue())
    (tmp_path / "other.pem").write_bytes(Authority("other").pem)
    by_system = secured(None, *client)
    async with opened(tls_server.url, tls=by_system) as counters:
        await counters.ping()
    for url, tls in (
        (tls_server.url, secured(str(tmp_path / "other.pem"), *client)),
        (tls_server.url.replace("localhost", "127.0.0.1"), by_system),
    ):
        async with opened(url, tls=tls) as counters:
            with pytest.raises(CountersUnavailable):
                await counters.ping()


def test_what_cannot_be_connected_with_is_told_at_the_start(authority: Authority, tmp_path: Path) -> None:
    certificate, key = authority.issue().write(tmp_path, "client")
    (tmp_path / "none.pem").write_bytes(b"none")
    none, gone = str(tmp_path / "none.pem"), str(tmp_path / "gone.pem")
    for arguments in (
        (none, None, None),
        (gone, None, None),
        (certificate, none, key),
        (certificate, certificate, gone),
        (certificate, certificate, authority.issue().write(tmp_path, "other")[1]),
    ):
        with pytest.raises(ConfigurationError, match=r"limits\.(ca|client_certificate)"):
            secured(*arguments)
    for url, tls in (("redis://localhost", secured(certificate, None, None)), ("rediss://localhost", None)):
        with pytest.raises(ConfigurationError, match="rediss"):
            RedisCounters(url, password=None, timeout_s=1, lease_s=1, tls=tls)
