"""What a crash or an error means for a request of every protocol, plain and streamed, at every instant on its way:
before and after each commit, before and after its forward, before each release of its answer.

At each instant stands one request of each kind when the gateway is killed. The next start finds what that left, it is
verified whole, and it is exactly what the instant allows: on record, at the agent, and with the caller.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Literal

import httpx
import msgspec

from gateway.bootstrap import open_gateway
from gateway.core.ports import Failpoint
from gateway.settings import Settings
from gateway.web.app import build_app
from tests.system.asking import AGENTS, KINDS, NAME, Heard, Kind, ask, nowhere
from tests.system.installation import Installation, installation
from tests.system.load import Load
from tests.system.processes import WAIT_S, child
from tests.system.site import served
from tests.system.stopping import HELD, Failing, Stop, serve_until_all
from tests.system.trail import COMPLETED, DENIED, INTERRUPTED, OPENED, check

NOTHING: tuple[str, ...] = ()
OPEN, DONE, REFUSED = (OPENED, INTERRUPTED), (OPENED, COMPLETED), (DENIED,)
SELDOM = {"checkpoint_interval_s": 3600.0}
"""Never meanwhile, so that the only batches are those of requests."""


class Case(msgspec.Struct, frozen=True):
    """An instant, and what it leaves: the records of each exchange (`flows`: of those whose answers leave as they come,
    where they have others), whether its agent has received it, and whose callers have the head of an answer."""

    stop: Stop
    trail: tuple[str, ...]
    flows: tuple[str, ...] | None = None
    reached: bool = True
    begun: Literal["none", "flows", "all"] = "none"


Holds = Callable[[Case, Heard, tuple[str, ...], bool], None]
CASES = {
    "keys before": Case(Stop("keys.before_commit", batch="intents"), NOTHING, reached=False),
    "keys after": Case(Stop("keys.after_commit", batch="intents"), NOTHING, reached=False),
    "intent before insert": Case(Stop("ledger.before_insert", batch="intents"), NOTHING, reached=False),
    "intent before": Case(Stop("ledger.before_commit", batch="intents"), NOTHING, reached=False),
    "intent after": Case(Stop("ledger.after_commit", batch="intents"), OPEN, reached=False),
    "intent": Case(Stop("intent.recorded"), OPEN, reached=False),
    "forward before": Case(Stop("forward.before"), OPEN, reached=False),
    "forward after": Case(Stop("forward.after"), OPEN),
    "head": Case(Stop("release.before"), DONE, OPEN),
    "release": Case(Stop("release.before", times=3), DONE, OPEN, begun="all"),
    "outcome before insert": Case(Stop("ledger.before_insert", batch="outcomes"), OPEN, begun="flows"),
    "outcome before": Case(Stop("ledger.before_commit", batch="outcomes"), OPEN, begun="flows"),
    "outcome after": Case(Stop("ledger.after_commit", batch="outcomes"), DONE, begun="flows"),
    "outcome": Case(Stop("outcome.recorded"), DONE, begun="flows"),
    "last release": Case(Stop("release.before", after="outcome.recorded"), DONE, begun="flows"),
    "refusal": Case(Stop("refusal.recorded"), REFUSED, reached=False),
    "refusal's release": Case(Stop("release.before"), REFUSED, reached=False),
}


FEW = ("intent before", "intent after", "release", "outcome before", "outcome after")
"""The instants at which the two databases differ, and one between them."""


async def test_a_gateway_killed_at_any_instant_of_any_protocol_has_left_what_it_allows(
    sqlite_settings: Settings,
) -> None:
    await _killed_at_each(sqlite_settings, CASES)


async def test_so_it_has_on_postgresql(postgres_settings: Settings) -> None:
    await _killed_at_each(postgres_settings, FEW)


async def test_an_error_at_any_instant_of_any_protocol_ends_its_exchange_and_the_gateway_goes_on(
    sqlite_settings: Settings,
) -> None:
    failing = Failing()
    async with _installed(sqlite_settings) as (site, load):
        async with _serving(site, failing) as client:
            heard: dict[str, list[Heard]] = {}
            for name, case in CASES.items():
                for kind in _kinds(case):
                    failing.at(case.stop)
                    heard.setdefault(name, []).append(await ask(client, site, kind, load.trace()))
                    assert failing.met, "it did not come by there"
            failing.at(None)
            after = await _all(client, site, load, KINDS.values())
        _all_whole(after)
        await _hold(site, heard, _is_as_after_an_error)


def _is_as_after_an_error(case: Case, heard: Heard, events: tuple[str, ...], reached: bool) -> None:
    """Only what was committed all the same is told to be done; what could not be is interrupted when there is room."""
    uncommitted = case.stop.batch and not case.stop.point.endswith("after_commit")
    landed = case.stop.point == "ledger.after_commit"
    opened = OPEN if uncommitted else DONE
    assert events == (case.trail if case.trail in (NOTHING, REFUSED) else opened), (case, heard)
    assert reached is (case.reached or landed), (case, heard)
    assert heard.whole is landed, (case, heard)


async def _killed_at_each(database: Settings, cases: Iterable[str]) -> None:
    async with _installed(database) as (site, load):
        heard = {name: await _killed(site, load, CASES[name]) for name in cases}
        async with _serving(site) as client:
            _all_whole(await _all(client, site, load, KINDS.values()))
        await _hold(site, heard, _is_as_it_must)


def _is_as_it_must(case: Case, heard: Heard, events: tuple[str, ...], reached: bool) -> None:
    """`heard` by the caller, on record, and whether the agent has received it."""
    flows = heard.kind.flows
    assert events == (case.flows if flows and case.flows is not None else case.trail), (case, heard)
    assert reached is case.reached, (case, heard)
    begun = case.begun == "all" or (flows and case.begun == "flows")
    assert (heard.status == 200) is begun, (case, heard)
    assert (heard.body != b"") is begun, (case, heard)
    assert heard.kind.end not in heard.body, "the end of an answer left before its time"
    if case.stop.times > 1:
        assert NAME not in heard.body, "what was held back has left"


async def _killed(site: Installation, load: Load, case: Case) -> list[Heard]:
    """What came of one of each kind. The start recovers from the death before; what that left is verified first."""
    kinds = _kinds(case)
    async with (
        child(serve_until_all, site.file, case.stop, len(kinds)) as gateway,
        asyncio.timeout(WAIT_S),
        asyncio.TaskGroup() as tasks,
    ):
        url = await gateway.told()
        await check(site.settings, [], site.seen())
        async with httpx.AsyncClient(base_url=url, timeout=WAIT_S) as client:
            if case.stop.batch:  # one goes ahead of the others
                tasks.create_task(ask(client, site, KINDS["chat"], load.trace()))
                assert await gateway.told() == HELD
            heard = await _all(client, site, load, kinds)
            await gateway.dead()
    return heard


def _kinds(case: Case) -> list[Kind]:
    """Of what is given whole there is no later release."""
    kinds = [kind for kind in KINDS.values() if kind.streamed or case.stop.times == 1]
    return [nowhere(kind) for kind in kinds] if case.trail == REFUSED else kinds


async def _hold(site: Installation, heard: dict[str, list[Heard]], holds: Holds) -> None:
    """Verify the whole ledger, and hold what each caller has heard against it and against what the agents received."""
    trails = await check(site.settings, [], site.seen())
    events = {trail[0]["trace"]: tuple(record["event"] for record in trail) for trail in trails.values()}
    reached = {one.trace for one in site.seen()}
    for name, found in heard.items():
        for one in found:
            holds(CASES[name], one, events.get(one.trace, NOTHING), one.trace in reached)


def _all_whole(heard: list[Heard]) -> None:
    assert [one for one in heard if not one.whole] == []


@asynccontextmanager
async def _installed(database: Settings) -> AsyncIterator[tuple[Installation, Load]]:
    """With the tools of its agent known, so that each request is one exchange."""
    async with installation(database, agents=AGENTS, ledger=SELDOM) as site:
        load = Load(site.key)
        async with _serving(site) as client:
            _all_whole(await _all(client, site, load, [KINDS["tool call"]]))
        yield site, load


@asynccontextmanager
async def _serving(site: Installation, failpoint: Failpoint | None = None) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        open_gateway(site.settings, failpoint=failpoint) as gateway,
        served(build_app(gateway), lifespan="on") as url,
        httpx.AsyncClient(base_url=url, timeout=WAIT_S) as client,
    ):
        yield client


async def _all(client: httpx.AsyncClient, site: Installation, load: Load, kinds: Iterable[Kind]) -> list[Heard]:
    """Each of these at the same time."""
    return await asyncio.gather(*(ask(client, site, kind, load.trace()) for kind in kinds))
