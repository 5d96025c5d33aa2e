"""Tools through stock clients, whatever family the agent is of: six pairs of forms, plain and streamed.

Definitions, a choice, two calls at once, their results and the last words; and what is personal in arguments and
results is found in each of them, masked or kept in the house.
"""

import json

import pytest

from gateway.settings import Settings
from tests.system.kit import HEALTH, IDENTIFIED, MAIL, PUBLIC, SSN
from tests.system.site import System, system
from tests.system.tooling import (
    FORMS,
    Call,
    calling,
    chosen,
    defined,
    expected,
    history,
    talking,
)

PAIRS = [(one, other) for one in FORMS for other in FORMS if one != other]
WARD = {"zone": "in-house", "capabilities": ["summarize"]}
CLOUD = {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["summarize"]}
PLAIN = (Call("call_1", "find_patient", {"query": "beds", "deep": {"n": [1, 2.5]}}), Call("call_2", "find_ward", {}))
MASKED = IDENTIFIED.replace(SSN, "[US-SSN]")


@pytest.mark.parametrize("flowing", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("caller", "agent"), PAIRS)
async def test_tools_work_over_a_pair_and_what_is_personal_in_them_is_masked_or_stays(
    sqlite_settings: Settings, caller: str, agent: str, flowing: bool
) -> None:
    """`far` and `ward` are of the agent's family, `cloud` of the caller's own."""
    agents = {
        "cloud": {**CLOUD, **FORMS[caller]},
        "ward": {**WARD, **FORMS[agent]},
        "far": {**CLOUD, **FORMS[agent], "capabilities": ["lookup"]},
    }
    async with system(sqlite_settings, agents=agents) as site:
        await _two_tools_at_once(site, caller, agent, flowing=flowing)
        await _masked(site, caller, agent, flowing=flowing)
        await _kept_in_the_house(site, caller, agent, flowing=flowing)


async def _two_tools_at_once(site: System, caller: str, agent: str, *, flowing: bool) -> None:
    """Definitions, a choice, two calls, their results and the last words are the agent's own, and the client's."""
    ward = calling(site.agents["ward"], agent, *PLAIN)
    async with talking(site, caller, PUBLIC, "clerk") as talk:
        calls = await talk.ask(flowing=flowing, **chosen(caller, "any", parallel=True))
        assert calls == list(PLAIN)
        assert await talk.tell("Three beds.", "The second.", flowing=flowing) == "Heard: Three beds. The second."
    first, second = ward.bodies
    wanted = chosen(agent, "any", parallel=True)
    assert first["tools"] == second["tools"] == defined(agent)
    assert {name: first[name] for name in wanted} == wanted
    assert history(agent, second) == expected(agent, PLAIN, ["Three beds.", "The second."])
    ends = [record["outcome"]["code"] for record in await site.records() if record["event"] == "exchange.completed"]
    assert ends == ["ok", "ok"]


async def _masked(site: System, caller: str, agent: str, *, flowing: bool) -> None:
    """Arguments to a caller in the cloud; arguments and results to an agent in the cloud."""
    call = Call("call_1", "find_patient", {"query": IDENTIFIED, "to": [MAIL]})
    masked = Call("call_1", "find_patient", {"query": MASKED, "to": ["[EMAIL]"]})
    far = calling(site.agents["far"], agent, call)
    async with talking(site, caller, PUBLIC, "clerk", zone="cloud", model="far") as talk:
        assert await talk.ask(flowing=flowing) == [masked]
    async with talking(site, caller, PUBLIC, "clerk", model="far") as talk:
        assert await talk.ask(flowing=flowing) == [call], "in the house it may be seen"
        assert await talk.tell(IDENTIFIED, flowing=flowing) == f"Heard: {MASKED}"
    assert SSN not in json.dumps(far.bodies)
    assert history(agent, far.bodies[-1]) == expected(agent, [masked], [MASKED])


async def _kept_in_the_house(site: System, caller: str, agent: str, *, flowing: bool) -> None:
    """The first turn is the cloud's, in the caller's own form; the second, with health data, the ward's in another,
    with all that was said before."""
    cloud, ward = calling(site.agents["cloud"], caller, *PLAIN), site.agents["ward"]
    async with talking(site, caller, PUBLIC, "clinician", model="cloud") as talk:
        await talk.ask(flowing=flowing)
        assert await talk.tell("Nothing.", HEALTH, flowing=flowing) == f"Heard: Nothing. {HEALTH}"
    assert len(cloud.received) == 1
    assert history(agent, ward.bodies[-1]) == expected(agent, PLAIN, ["Nothing.", HEALTH])


@pytest.mark.parametrize("caller", FORMS)
async def test_which_tools_may_be_called_is_said_in_the_agents_words(sqlite_settings: Settings, caller: str) -> None:
    others = {form: {**WARD, **values} for form, values in FORMS.items() if form != caller}
    async with system(sqlite_settings, agents=others) as site:
        for form in others:
            agent = calling(site.agents[form], form)
            async with talking(site, caller, PUBLIC, "clerk", model=form) as talk:
                for choice in ("auto", "none", "find_ward"):
                    for parallel in (True, False):
                        await talk.anew().ask(flowing=False, **chosen(caller, choice, parallel=parallel))
                        wanted = chosen(form, choice, parallel=parallel)
                        if "messages" in (form, caller) and choice == "none":  # of which messages say no more
                            wanted = {"tool_choice": wanted["tool_choice"]}
                        assert {name: agent.bodies[-1][name] for name in wanted} == wanted
