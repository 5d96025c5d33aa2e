"""No agent receives a request before the record that names it is committed: the agents, in a process of their own, look
for it over a database connection of their own before they answer."""

import httpx
import pytest

from gateway.settings import Settings
from tests.system.installation import installation
from tests.system.load import KINDS, ask, expected
from tests.system.processes import forked
from tests.system.trail import ATTEMPTED, COMPLETED, DENIED, OPENED, check

EVENTS = {
    "fallen back": [(OPENED, "ward"), (ATTEMPTED, "desk"), (COMPLETED, "desk")],
    "plain": [(OPENED, "cloud"), (COMPLETED, "cloud")],
    "redacted": [(OPENED, "cloud"), (COMPLETED, "cloud")],
    "routed": [(OPENED, "ward"), (COMPLETED, "ward")],
    "streamed": [(OPENED, "desk"), (COMPLETED, "desk")],
    "denied": [(DENIED, None)],
}


async def test_each_agent_finds_the_committed_record_that_names_it_before_it_answers(database: Settings) -> None:
    """After a fall-back the second agent finds `exchange.attempted`, and a refused request reaches nobody."""
    async with installation(database) as site, forked(site.file) as (_, url):
        async with httpx.AsyncClient(base_url=url) as client:
            answered = {kind: await ask(client, site.key, kind, f"{n:032x}") for n, kind in enumerate(KINDS, 1)}
        seen = site.seen()
        trails = await check(site.settings, filter(None, answered.values()), seen)
        for kind, answer in answered.items():
            assert answer is not None
            assert answer.status == expected(kind)
            trail = trails[answer.exchange]
            assert [(record["event"], record.get("agent")) for record in trail] == EVENTS[kind]
            found = [(one.agent, one.seq) for one in seen if one.trace == answer.trace]
            assert found == [
                (record["agent"], record["seq"]) for record in trail if record["event"] in (OPENED, ATTEMPTED)
            ]


async def test_an_agent_that_finds_no_record_fails_the_run(sqlite_settings: Settings) -> None:
    """The test's own eyes are open: what did not come through the gateway is noticed."""
    async with installation(sqlite_settings) as site:
        agent = next(agent for agent in site.settings.agent if agent.id == "cloud")
        async with httpx.AsyncClient() as client:
            body = {"messages": [{"role": "user", "content": "hello"}]}
            headers = {"traceparent": f"00-{1:032x}-b7ad6b7169203331-01"}
            answer = await client.post(f"{agent.url}/v1/chat/completions", json=body, headers=headers)
        assert answer.status_code == 500
        with pytest.raises(AssertionError, match="cloud received a request that no record named it for"):
            await check(site.settings, [], site.seen())
