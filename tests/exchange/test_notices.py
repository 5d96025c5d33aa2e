"""A notice is durable, tried some times and given up on record, follows nobody elsewhere, and holds nothing of a
message."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.agents.client import AgentClient
from gateway.bootstrap import open_site
from gateway.core.errors import ConfigurationError, LedgerUnavailable
from gateway.exchange import notices as module
from gateway.exchange.ledgers import Ledgers
from gateway.exchange.metrics import Metrics
from gateway.exchange.notices import LEASE_S, WAITS_S, Channel, Notices, channels_of, notified
from gateway.settings import Settings, parse
from gateway.store.notices import Notice, NoticeStore
from tests.bootstrap.kit import configured
from tests.conftest import ManualClock
from tests.exchange.test_metrics import samples
from tests.house.tree import ROOT
from tests.system.approvals import Asking, approval_of, asking
from tests.system.kit import MAIL, PERSONAL, code, policies
from tests.system.site import Agent, served, system

SECRET = b"a secret of more than sixteen bytes"
TELL = (
    "p, 390, role:analyst, class:pii, agent:{agent}, chat, purpose:*, always, allow, notify:desk, told-{agent}, "
    '"The desk is told."'
)


def ends(metrics: Metrics) -> dict[str, float]:
    found = samples(metrics)
    return {dict(labels)["end"]: value for (name, labels), value in found.items() if name == "gateway_notices_total"}


def failing(times: int, status: int = 503) -> Any:
    left = [times]

    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        left[0] -= 1
        code = status if left[0] >= 0 else 204
        await send({"type": "http.response.start", "status": code, "headers": [(b"location", b"http://127.0.0.1:9/")]})
        await send({"type": "http.response.body", "body": b""})

    return behave


class Telling:
    """What tells, its ledgers, and the records."""

    def __init__(self, notices: Notices, ledgers: Ledgers, store: NoticeStore, metrics: Metrics, site: Any) -> None:
        self.notices, self.ledgers, self.store, self.metrics, self.site = notices, ledgers, store, metrics, site
        self.tenant = site.tenants["default"].ledger

    async def tell(self, **more: Any) -> None:
        made = self.notices.made(self.tenant, {"event": "x"}, **{"channels": ["desk"], **more})
        await self.store.put(made)
        self.notices.kept(made)

    async def records(self) -> list[dict[str, Any]]:
        reader = self.site.reader("default")
        found = [json.loads(one.envelope) async for one in reader.records(0, await reader.size())]
        return [one for one in found if one["event"] == "notice.failed"]


@asynccontextmanager
async def telling(settings: Settings, clock: ManualClock, url: str | None) -> AsyncIterator[Telling]:
    async with open_site(configured(settings), clock=clock) as site:
        writers = {entry.ledger: await site.writer(name) for name, entry in site.tenants.items()}
        store, metrics = NoticeStore(site.engine), Metrics()
        channels = () if url is None else (Channel(id="desk", route=notified("desk", url, (), None), secret=SECRET),)
        async with AgentClient(tuple(one.route for one in channels)) as client:
            notices = Notices(
                client=client, channels=channels, store=store, clock=clock, node=site.node, metrics=metrics
            )
            yield Telling(notices, Ledgers(writers), store, metrics, site)


@pytest.mark.parametrize(
    ("times", "status", "end", "tries"),
    [(0, 503, "sent", 1), (2, 503, "sent", 3), (99, 503, "failed", len(WAITS_S) + 1), (99, 302, "failed", 7)],
)
async def test_a_notice_is_tried_some_times_and_given_up_on_record(
    sqlite_settings: Settings, clock: ManualClock, times: int, status: int, end: str, tries: int
) -> None:
    agent = Agent()
    agent.behave = failing(times, status)
    async with served(agent) as url, telling(sqlite_settings, clock, f"{url}/told") as case:
        await case.tell()
        for wait_s in (0, *WAITS_S):
            clock.advance(wait_s)
            await case.notices.deliver(case.ledgers)
        assert ends(case.metrics) == {end: 1}
        assert await case.store.waiting() == {}
        assert len(agent.received) == tries
        told = {(json.loads(body)["event"], json.loads(body)["notice"]) for _, body in agent.received}
        assert len(told) == 1
        records = await case.records()
        assert [one["count"] for one in records] == ([7] if end == "failed" else [])


async def test_before_its_time_nothing_is_tried_again_and_nobody_tries_at_once_with_another(
    database: Settings, clock: ManualClock
) -> None:
    agent = Agent()
    agent.behave = failing(99)
    async with served(agent) as url, telling(database, clock, url) as case:
        await case.tell()
        await asyncio.gather(*(case.notices.deliver(case.ledgers) for _ in range(3)))
        assert len(agent.received) == 1
        clock.advance(WAITS_S[0] - 1)
        assert await case.notices.deliver(case.ledgers) == 0
        clock.advance(1)
        assert await case.notices.deliver(case.ledgers) == 1


async def test_what_a_process_died_over_is_tried_again_by_another(database: Settings, clock: ManualClock) -> None:
    agent = Agent()
    async with served(agent) as url, telling(database, clock, url) as case:
        await case.tell()
        (one,) = await case.store.due(clock.now_us(), 9)
        # As far as a try came before the process died.
        assert await case.store.take(one, clock.now_us() + LEASE_S * 1_000_000) is not None
        assert await case.notices.deliver(case.ledgers) == 0
        clock.advance(LEASE_S)
        assert await case.notices.deliver(case.ledgers) == 1
        assert len(agent.received) == 1


async def test_the_signature_is_over_what_is_received(sqlite_settings: Settings, clock: ManualClock) -> None:
    agent = Agent()
    async with served(agent) as url, telling(sqlite_settings, clock, url) as case:
        await case.tell()
        await case.notices.deliver(case.ledgers)
    ((headers, body),) = agent.received
    moment, _, signature = headers["x-gateway-signature"].partition(",v1=")
    signed = moment.removeprefix("t=").encode() + b"." + body
    assert signature == hmac.digest(SECRET, signed, "sha256").hex()


async def test_an_address_that_no_agent_may_have_is_sent_nothing(sqlite_settings: Settings, clock: ManualClock) -> None:
    async with telling(sqlite_settings, clock, "http://169.254.169.254/latest") as case:
        await case.tell()
        for wait_s in (0, *WAITS_S):
            clock.advance(wait_s)
            await case.notices.deliver(case.ledgers)
        assert ends(case.metrics) == {"failed": 1}


async def test_what_waited_for_a_channel_that_is_gone_is_given_up(database: Settings, clock: ManualClock) -> None:
    async with telling(database, clock, "http://127.0.0.1:9") as case:
        await case.tell()
    async with telling(database, clock, None) as case:
        await case.notices.run(case.ledgers)
        assert ends(case.metrics) == {"failed": 1}
        assert len(await case.records()) == 1


async def test_one_that_fails_breaks_no_other_off_in_its_try(
    sqlite_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = Agent()
    async with served(agent) as url, telling(sqlite_settings, clock, url) as case:
        for _ in range(2):
            await case.tell()
        first, failed, take = asyncio.Event(), list[str](), case.store.take

        async def shaky(one: Notice, until_us: int) -> Notice | None:
            if not failed:
                failed.append(one.id)
                await first.wait()
                raise LedgerUnavailable("no")
            return await take(one, until_us)

        async def fail_meanwhile(_: dict[str, str]) -> None:
            first.set()
            await asyncio.sleep(0.05)

        agent.on_request = fail_meanwhile
        monkeypatch.setattr(case.store, "take", shaky)
        with pytest.raises(LedgerUnavailable):
            await case.notices.deliver(case.ledgers)
        assert len(agent.received) == 1
        (left,) = await case.store.due(clock.now_us(), 9)
        assert (left.id, left.tries) == (failed[0], 0)
        assert await case.store.waiting() == {(case.tenant, "desk"): 1}, (
            "the other is delivered, and nothing is left of it"
        )


async def test_what_waits_for_a_channel_that_is_gone_is_given_up_though_the_first_try_fails(
    sqlite_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is not due when the gateway starts, too."""
    async with telling(sqlite_settings, clock, "http://127.0.0.1:9") as case:
        await case.tell()
        await case.notices.deliver(case.ledgers)
    monkeypatch.setattr(module, "LEASE_S", 0)
    async with telling(sqlite_settings, clock, None) as case:
        due, looks = case.store.due, list[int]()

        async def shaky(now_us: int, *given: Any, **more: Any) -> Any:
            looks.append(1)
            if len(looks) == 1:
                raise LedgerUnavailable("no")
            return await due(now_us + (WAITS_S[0] * 1_000_000 if len(looks) > 2 else 0), *given, **more)

        monkeypatch.setattr(case.store, "due", shaky)
        async with asyncio.timeout(10):
            await case.notices.run(case.ledgers)
        assert (ends(case.metrics), len(await case.records())) == ({"failed": 1}, 1)
        assert len(looks) > 2


def test_who_hears_what() -> None:
    clock, route = ManualClock(), notified("x", "http://127.0.0.1:9", (), None)
    channels = [
        Channel(id="all", route=route, secret=SECRET, roles=None),
        Channel(id="privacy", route=route, secret=SECRET, roles=frozenset({"privacy"})),
        Channel(id="named", route=route, secret=SECRET),
    ]
    store: Any = None
    node: Any = None
    notices = Notices(client=None, channels=channels, store=store, clock=clock, node=node, metrics=Metrics())

    def heard(**asked: Any) -> list[str]:
        return [one.channel for one in notices.made("tn_1", {"event": "x"}, **asked)]

    assert heard(roles=["privacy", "legal"]) == ["all", "privacy"]
    assert heard(roles=["legal"]) == ["all"]
    assert heard(channels=["named", "nobody"]) == ["named"]
    assert heard() == []
    mine = Channel(id="mine", route=route, secret=SECRET, roles=frozenset({"privacy"}), tenants=frozenset({"tn_2"}))
    notices = Notices(client=None, channels=[*channels, mine], store=store, clock=clock, node=node, metrics=Metrics())
    assert heard(roles=["privacy"]) == ["all", "privacy"]
    assert heard(channels=["mine"]) == []
    theirs = notices.made("tn_2", {"event": "x"}, roles=["privacy"])
    assert [one.channel for one in theirs] == ["all", "privacy", "mine"]
    # What a rule wants told of a tenant's message goes to that tenant's channel or not at all.
    assert notices.refused("tn_2", ("notify:mine",)) is None
    assert notices.refused("tn_1", ("notify:mine",)) is not None
    assert notices.refused("tn_1", ("notify:mine", "notify:named")) is None
    assert notices.refused("tn_1", ("notify:nobody", "notify:named")) is not None
    assert channels_of(("approve:x", "notify:a", "redact", "notify:b")) == ("a", "b")


async def test_what_waits_for_people_is_told_though_the_gateway_and_the_desk_were_down(
    database: Settings, tmp_path: Path
) -> None:
    desk, secret, clock = Agent(), tmp_path / "secret", ManualClock()
    secret.write_bytes(SECRET)
    desk.behave = failing(1)
    async with served(desk) as url:
        channel = {"id": "desk", "url": f"{url}/told", "secret": f"file:{secret}", "roles": ["privacy"]}
        other = {"id": "other", "url": f"{url}/other", "secret": f"file:{secret}", "roles": ["legal"]}
        more: Any = {"channel": [channel, other], "clock": clock}
        async with asking(database, tmp_path, **more) as case:
            approval = approval_of(await case.ask(await case.analyst(), "order-1"))
            await case.site.gateway.notices.idle(case.site.gateway.pipeline.parts.ledgers)
        clock.advance(WAITS_S[0])
        async with asking(database, tmp_path, **more) as case:
            await case.site.gateway.notices.idle(case.site.gateway.pipeline.parts.ledgers)
    assert desk.paths == ["/told", "/told"]
    first, second = (json.loads(body) for _, body in desk.received)
    assert first == second
    assert (second["approval"], second["missing"]) == (approval, [{"role": "privacy", "count": 1}])
    assert MAIL not in str(second)


async def test_a_rule_has_a_channel_told_before_the_message_leaves(database: Settings, tmp_path: Path) -> None:
    desk, secret = Agent(), tmp_path / "secret"
    secret.write_bytes(SECRET)
    desk.behave = failing(0)
    section = policies(tmp_path / "own", TELL.format(agent="ward"))
    async with served(desk) as url:
        channel = {"id": "desk", "url": url, "secret": f"file:{secret}"}
        async with system(database, policy=section, channel=[channel]) as site:
            case, store = Asking(site), NoticeStore(site.gateway.site.engine)
            durable: list[int] = []

            async def when_it_arrives(_: dict[str, str]) -> None:
                durable.append(sum((await store.waiting()).values()) + len(desk.received))

            site.agents["ward"].on_request = when_it_arrives
            goes = await case.ask(await case.analyst(), model="ward")
            assert goes.status_code == 200
            assert durable == [1]
            await site.gateway.notices.idle(site.gateway.pipeline.parts.ledgers)
            ((_, body),) = desk.received
            told = json.loads(body)
            assert (told["event"], told["exchange"]) == ("exchange.requested", goes.headers["x-exchange-id"])
            assert (told["agent"], told["classes"], told["rules"]) == ("ward", ["pii"], ["told-ward"])
            assert MAIL not in str(told)
            (intent, _) = await site.trail(goes.headers["x-exchange-id"])
            assert intent["decision"]["obligations"] == ["notify:desk"]


async def test_what_cannot_be_told_does_not_go(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(SECRET)
    section = policies(tmp_path / "own", TELL.format(agent="ward"))
    channel = {"id": "desk", "url": "http://127.0.0.1:9", "secret": f"file:{secret}"}
    async with system(sqlite_settings, policy=section, channel=[channel]) as site:
        case, notices = Asking(site), site.gateway.notices
        key = await case.analyst()
        monkeypatch.setattr(module, "MAX_WAITING", 1)
        assert (await case.ask(key, model="ward")).status_code == 200
        await notices.deliver(site.gateway.pipeline.parts.ledgers)
        full = await case.ask(key, PERSONAL, model="ward")
        assert (full.status_code, code(full)) == (503, "notices_full")
        monkeypatch.undo()
        await notices.deliver(site.gateway.pipeline.parts.ledgers)

        async def gone(self: NoticeStore, made: Any) -> None:
            raise LedgerUnavailable("no")

        monkeypatch.setattr(NoticeStore, "put", gone)
        assert code(await case.ask(key, model="ward")) == "ledger_unavailable"
        assert len(site.agents["ward"].received) == 1
        # Nothing is told of what no rule wants told.
        assert (await case.ask(key, text="The library opens at nine.", model="ward")).status_code == 200


async def test_a_further_agent_is_told_of_too(sqlite_settings: Settings, tmp_path: Path) -> None:
    desk, secret = Agent(), tmp_path / "secret"
    secret.write_bytes(SECRET)
    desk.behave = failing(0)
    section = policies(tmp_path / "own", TELL.format(agent="desk"))
    async with served(desk) as url:
        channel = {"id": "desk", "url": url, "secret": f"file:{secret}"}
        agents = {name: {"zone": "in-house", "capabilities": ["summarize"]} for name in ("ward", "desk")}
        async with system(sqlite_settings, agents=agents, policy=section, channel=[channel]) as site:
            case = Asking(site)
            site.agents["ward"].behave = failing(99)
            goes = await case.ask(await case.analyst(), model="ward")
            assert goes.headers["x-routed-agent"] == "desk"
            await site.gateway.notices.idle(site.gateway.pipeline.parts.ledgers)
    ((_, body),) = desk.received
    assert json.loads(body)["agent"] == "desk"


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"notify_url": "https://desk.example"}, "go together"),
        ({"notify_url": "ftp://desk.example", "notify_secret": "env:S"}, "notify_url must be"),
        ({"notify_url": "https://desk.example", "notify_secret": "swordfish"}, "must be a reference"),
        ({"notify_addresses": ["everywhere"]}, "notify_addresses must be"),
    ],
)
def test_settings_of_notices_are_whole(section: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as error:
        parse({"approvals": section}, {}, ROOT)
    assert "swordfish" not in str(error.value)


async def test_a_secret_that_could_be_guessed_is_refused_at_start(sqlite_settings: Settings, tmp_path: Path) -> None:
    short = tmp_path / "secret"
    short.write_text("fifteen bytes..")
    section = {"notify_url": "http://127.0.0.1:9", "notify_secret": f"file:{short}"}
    with pytest.raises(ConfigurationError, match="at least 16 bytes"):
        async with system(sqlite_settings, agents={"ward": {"zone": "in-house"}}, approvals=section):
            pass


async def test_what_waits_of_one_tenant_refuses_nothing_to_another(
    database: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    async with telling(database, clock, "http://127.0.0.1:9") as case:
        for _ in range(2):
            await case.tell()
        await case.notices.count()
        assert case.notices.refused(case.tenant, ("notify:desk",)) is not None
        assert case.notices.refused("tn_another", ("notify:desk",)) is None


async def test_a_channel_that_hangs_holds_up_no_other(sqlite_settings: Settings, clock: ManualClock) -> None:
    asked, let_go, told = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hanging(_: dict[str, str]) -> None:
        asked.set()
        await let_go.wait()

    async def arrived(_: dict[str, str]) -> None:
        told.set()

    slow, quick = Agent(), Agent()
    slow.on_request, quick.on_request = hanging, arrived
    slow.behave, quick.behave = failing(0), failing(0)
    async with served(slow) as slow_url, served(quick) as quick_url:
        channels = [
            Channel(id=name, route=notified(name, url, (), None), secret=SECRET)
            for name, url in (("slow", slow_url), ("quick", quick_url))
        ]
        async with open_site(configured(sqlite_settings), clock=clock) as site:
            ledgers = Ledgers({entry.ledger: await site.writer(name) for name, entry in site.tenants.items()})
            store, tenant = NoticeStore(site.engine), site.tenants["default"].ledger
            async with AgentClient(tuple(one.route for one in channels)) as client:
                notices = Notices(
                    client=client, channels=channels, store=store, clock=clock, node=site.node, metrics=Metrics()
                )
                running = asyncio.create_task(notices.run(ledgers))
                try:
                    for name, happens in (("slow", asked), ("quick", told)):
                        made = notices.made(tenant, {"event": "x"}, channels=[name])
                        await store.put(made)
                        notices.kept(made)
                        async with asyncio.timeout(30):
                            await happens.wait()
                finally:
                    let_go.set()
                    running.cancel()
                    await asyncio.gather(running, return_exceptions=True)


async def test_a_try_that_this_process_had_no_connection_for_is_none(
    sqlite_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*_: object) -> str:
        return "overloaded"

    monkeypatch.setattr(module, "_sent", busy)
    async with telling(sqlite_settings, clock, "http://127.0.0.1:9") as case:
        await case.tell()
        for _ in range(2 * len(WAITS_S)):
            assert await case.notices.deliver(case.ledgers) == 1
            clock.advance(int(module.POLL_S))
        (waits,) = await case.store.due(clock.now_us(), 9)
        assert (waits.tries, ends(case.metrics)) == (0, {})


async def test_a_further_agent_that_could_not_be_told_of_is_passed_over(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(SECRET)
    section = policies(tmp_path / "own", TELL.format(agent="desk"))
    channel = {"id": "desk", "url": "http://127.0.0.1:9", "secret": f"file:{secret}"}
    agents = {name: {"zone": "in-house", "capabilities": ["summarize"]} for name in ("ward", "desk")}
    tenants: list[str] = []

    async def full(self: NoticeStore) -> dict[tuple[str, str], int]:
        return {(tenant, "desk"): module.MAX_WAITING for tenant in tenants}

    monkeypatch.setattr(NoticeStore, "waiting", full)
    async with system(sqlite_settings, agents=agents, policy=section, channel=[channel]) as site:
        case = Asking(site)
        tenants.append(site.gateway.site.tenants["default"].ledger)
        await site.gateway.notices.count()
        site.agents["ward"].behave = failing(99)
        goes = await case.ask(await case.analyst(), model="ward")
        assert goes.status_code >= 500
        assert not site.agents["desk"].received
