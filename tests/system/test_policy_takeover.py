"""A version that somebody activates is served by on every node from the next append on, without a restart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from gateway.bootstrap import Gateway, load_policy_set, open_gateway
from gateway.bootstrap.hands import machine_hand
from gateway.bootstrap.policies import proposals_of
from gateway.checks.classification.registry import DEFAULT
from gateway.core.ids import uuid7
from gateway.ledger.entry import Entry
from gateway.ledger.record import Detail, Envelope, timestamp
from gateway.pipeline import MAX_DECISIONS
from gateway.settings import Settings
from gateway.store.proposals import Proposal
from gateway.store.verification import LedgerVerification
from gateway.web.app import build_app
from tests.checks.classification.test_own import BADGE, PROJECT, toml
from tests.system.kit import PUBLIC, policies
from tests.system.site import System, served, system
from tests.system.test_legacy_formats import MAPPING, agents, mapped, post
from tests.system.test_plain_http import Seen

NOTHING_OUT = (
    "p, 1, role:*, class:public, zone:cloud, chat, purpose:*, always, deny, none, nothing-out, "
    '"Nothing leaves any more."'
)
NOTHING_AT_HOME = (
    "p, 2, role:*, class:public, zone:in-house, chat, purpose:*, always, deny, none, nothing-at-home, "
    '"Nothing is asked here either."'
)
HARMLESS = (
    'p, 3, role:nobody, class:public, zone:*, chat, purpose:*, always, deny, none, harmless, "Nobody has this role."'
)
MERGER = (
    "g2, class:merger, class:any",
    'p, 2, role:*, class:merger, zone:in-house, *, purpose:*, always, allow, none, merger, "Mergers stay here."',
    'p, 3, role:*, class:merger, zone:in-house, receive, purpose:*, always, allow, none, merger-back, "And come back."',
)


def add(directory: Path, *lines: str) -> None:
    with (directory / "policies" / "policy.csv").open("a") as file:
        file.writelines(f"\n{line}" for line in lines)


async def activated(gateway: Gateway) -> Proposal:
    """What lies in the directory, by the account of the machine."""
    proposals = proposals_of(gateway.site)
    by = await machine_hand(gateway.site, Detail(subject="root@host"), "urn:gateway:command-line")
    shared = load_policy_set(gateway.site.settings, DEFAULT.version)
    made = await proposals.propose(by, shared, None)
    assert isinstance(made, Proposal), made
    done = await proposals.activate(by, made.id, None)
    assert isinstance(done, Proposal), done
    assert done.state == "activated"
    return done


@asynccontextmanager
async def another(site: System) -> AsyncIterator[System]:
    """A second node of the same installation, in this process."""
    settings = site.gateway.site.settings
    keys = msgspec.structs.replace(settings.keys, node="second")
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(open_gateway(msgspec.structs.replace(settings, keys=keys)))
        url = await stack.enter_async_context(served(build_app(gateway), lifespan="on"))
        second = System(gateway, url, site.agents)
        stack.push_async_callback(second.http.aclose)
        yield second


async def _version(site: System, answer: httpx.Response) -> set[str]:
    return {one["decision"]["policy"] for one in await site.trail(answer.headers["x-exchange-id"])}


@pytest.mark.postgres
async def test_one_node_activates_and_the_other_decides_by_it_from_the_next_append_on(
    postgres_settings: Settings, tmp_path: Path
) -> None:
    async with system(postgres_settings, policy=policies(tmp_path)) as first, another(first) as second:
        key = await first.key("clerk")
        before = await second.chat(key, PUBLIC)
        assert (before.status_code, before.headers["x-routed-agent"]) == (200, "cloud")
        old = first.gateway.policy.version("default")
        add(tmp_path, NOTHING_OUT)
        done = await activated(first.gateway)
        (new,) = done.terms.versions.values()
        assert second.gateway.policy.version("default") == old, "nobody has looked yet"
        after = await asyncio.gather(*(second.chat(key, PUBLIC) for _ in range(8)))
        assert {(one.status_code, one.headers["x-routed-agent"]) for one in after} == {(200, "ward")}
        assert [await _version(second, one) for one in after] == [{new}] * 8
        assert len(first.agents["cloud"].received) == 1
        own = await first.chat(key, PUBLIC)
        assert (own.status_code, own.headers["x-routed-agent"]) == (200, "ward")
        for site in (first, second):
            assert (await site.gateway.readiness.look())["policy"]
            assert site.gateway.policy_set.digest == done.digest
            assert "gateway_policies_taken_total 1.0" in (await site.http.get("/metrics")).text
        place = first.gateway.site
        keys = (await place.signing("default").load()).keys
        verdict = await LedgerVerification(place.engine, place.tenants["default"].ledger, keys).run()
        assert (verdict.failure, verdict.said, verdict.unseen) == (None, None, ())


async def test_recognizers_and_classes_of_the_new_version_are_known_at_once(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with system(sqlite_settings, policy=policies(tmp_path)) as site:
        key, engine = await site.key("clerk"), site.gateway.engine.version
        secret = "Blue Heron is what we call it."
        assert (await site.chat(key, secret)).headers["x-routed-agent"] == "cloud"
        declared: dict[str, Any] = {"headers": {"x-data-class": "merger"}}
        assert (await site.chat(key, PUBLIC, **declared)).status_code == 400
        add(tmp_path, *MERGER)
        own = tmp_path / "policies" / "recognizers"
        own.mkdir(exist_ok=True)
        (own / "own.toml").write_bytes(toml(BADGE, dictionary=(PROJECT,)))
        await activated(site.gateway)
        found = await site.chat(key, secret)
        assert (found.status_code, found.headers["x-routed-agent"]) == (200, "ward")
        requested = (await site.trail(found.headers["x-exchange-id"]))[0]
        assert (requested["found"], requested["classes"]["found"]) == ({"x-project": 1}, ["merger"])
        assert requested["engine"] == site.gateway.engine.version != engine
        assert (await site.chat(key, PUBLIC, **declared)).headers["x-routed-agent"] == "ward"


async def test_a_request_that_was_read_by_files_of_before_is_read_again_by_those_in_force(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    labels = 'Versicherter = "person", Diagnose = "class:phi"'
    section = mapped(tmp_path, "billing.toml", MAPPING.replace(labels, 'third = "class:internal"'))
    async with system(sqlite_settings, agents=agents(mapping="billing.toml"), policy=section) as site:
        for agent in site.agents.values():
            seen = agent.behave = Seen(b"ZELNIK ABEL PAID\n")
            seen.headers = [(b"content-type", b"text/plain")]
        sheet = "first;second;third\n1;2;3\n"
        before = await post(site, "/agents/ward/billing", sheet, "text/csv", "clerk")
        found = [(await site.trail(before.headers["x-exchange-id"]))[0]["classes"]["found"]]
        (tmp_path / "policies" / "schemas" / "billing.toml").write_text(MAPPING.replace(labels, 'third = "class:phi"'))
        done = await activated(site.gateway)
        after = await post(site, "/agents/sky/billing", sheet, "text/csv", "clerk")
        assert (after.status_code, after.headers["x-routed-agent"]) == (200, "ward")
        requested = (await site.trail(after.headers["x-exchange-id"]))[0]
        assert [*found, requested["classes"]["found"]] == [["internal"], ["phi"]]
        assert [requested["decision"]["policy"]] == list(done.terms.versions.values())


async def test_what_a_request_had_taken_is_given_back_before_it_is_decided_again(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    limit = {"name": "few", "what": "requests", "count": 3, "window_s": 3600, "per": ["caller"]}
    both = {
        "cloud": {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["summarize"], "concurrency": 1},
        "ward": {"zone": "in-house", "capabilities": ["summarize"], "concurrency": 1},
    }
    async with system(sqlite_settings, policy=policies(tmp_path), agents=both, limit=[limit]) as site:
        key = await site.key("clerk")
        assert (await site.chat(key, PUBLIC)).status_code == 200
        add(tmp_path, NOTHING_OUT)
        await activated(site.gateway)
        again = await site.chat(key, PUBLIC)
        assert (again.status_code, again.headers["x-routed-agent"]) == (200, "ward")
        assert again.headers["ratelimit"].count('"few"') == 1
        assert "r=1;" in again.headers["ratelimit"].partition('"few";')[2]
        assert (await site.chat(key, PUBLIC)).status_code == 200
        assert (await site.chat(key, PUBLIC)).status_code == 429


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("lines", [(), (NOTHING_OUT,)], ids=["the same agent", "another one"])
async def test_an_agent_that_calls_others_answers_the_first_request_after_an_activation(
    sqlite_settings: Settings, tmp_path: Path, stream: bool, lines: tuple[str, ...]
) -> None:
    agents = {
        "cloud": {
            "zone": "cloud",
            "processor": "cloud-inc",
            "capabilities": ["summarize"],
            "callers": ["default/worker"],
        },
        "ward": {"zone": "in-house", "capabilities": ["summarize"]},
    }
    async with system(sqlite_settings, policy=policies(tmp_path), agents=agents) as site:
        key = await site.key("clerk")
        add(tmp_path, *(lines or (HARMLESS,)))
        await activated(site.gateway)
        answer = await site.chat(key, PUBLIC, stream=stream)
        assert (answer.status_code, answer.headers["x-routed-agent"]) == (200, "ward" if lines else "cloud")
        assert "ledger_unavailable" not in answer.text
        (*_, end) = await site.trail(answer.headers["x-exchange-id"])
        assert (end["event"], end["outcome"]["code"]) == ("exchange.completed", "ok")


async def test_who_is_denied_when_it_is_decided_again_is_logged_without_what_was_decided_before(
    sqlite_settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with system(sqlite_settings, policy=policies(tmp_path)) as site:
        key = await site.key("clerk")
        assert (await site.chat(key, PUBLIC)).headers["x-routed-agent"] == "cloud"
        add(tmp_path, NOTHING_OUT, NOTHING_AT_HOME)
        await activated(site.gateway)
        with caplog.at_level("INFO", "gateway.exchange"):
            answer = await site.chat(key, PUBLIC)
        assert answer.status_code == 403
        (line,) = [one for one in caplog.records if one.getMessage() == "refused"]
        assert (line.__dict__["agent"], line.__dict__["decision"]) == (None, None)
        (denied,) = await site.trail(answer.headers["x-exchange-id"])
        assert (denied["event"], denied["decision"]["effect"]) == ("exchange.denied", "deny")


async def test_what_cannot_be_taken_over_is_refused_as_it_was_and_asked_for_no_more_often(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with system(sqlite_settings, policy=policies(tmp_path)) as site:
        key, gateway = await site.key("clerk"), site.gateway
        asked: list[int] = []

        async def always() -> bool:
            asked.append(1)
            return True

        gateway.takeover._tried = always  # type: ignore[method-assign]
        await _foreign(gateway)
        answer = await site.chat(key, PUBLIC)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "policy_changed")
        assert len(asked) == MAX_DECISIONS
        assert site.agents["cloud"].received == []
        assert not (await gateway.readiness.look())["policy"]


async def test_what_was_activated_in_a_way_that_is_not_known_here_is_not_served_by(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with system(sqlite_settings, policy=policies(tmp_path)) as site:
        key = await site.key("clerk")
        await _foreign(site.gateway)
        answer = await site.chat(key, PUBLIC)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        (denied,) = await site.trail(answer.headers["x-exchange-id"])
        assert (denied["event"], denied["outcome"]["code"]) == ("exchange.denied", "policy_changed")


async def _foreign(gateway: Gateway) -> None:
    """An activation that no proposal tells of, as a node of an earlier version makes one."""
    site = gateway.site
    digest = await site.policies.put(b'{"members":{},"v":0}')
    writer, now = await site.writer("default"), site.clock.now_us()
    envelope = Envelope(
        id=uuid7(now), tenant=writer.tenant, event="policy.activated", occurred_at=timestamp(now), policy=digest
    )
    await writer.append(Entry.of(envelope, activates=digest))
