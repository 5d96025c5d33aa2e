"""An activation that was begun is carried out by the next node, wherever the one that began it ended; one that was not
begun has changed nothing. By one person, by two, of going back, and of a start."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from gateway.bootstrap import load_policy_set, open_site
from gateway.bootstrap.policies import proposals_of
from gateway.checks.classification.registry import DEFAULT
from gateway.settings import Settings
from tests.bootstrap.kit import LATER, configured
from tests.exchange.test_proposals import Installation, made
from tests.store.test_checkpointer import Crash
from tests.system.kit import policies

STEPS = ("before_begin", "after_begin", "after_move", "after_end")
TENANTS = [{"id": "default"}, {"id": "moneybank"}]


class Nth:
    """Ends the process where it passes a step for so many times."""

    def __init__(self, step: str, times: int = 1) -> None:
        self._step, self._left = f"policy.{step}", times

    async def __call__(self, name: str) -> None:
        if name == self._step:
            self._left -= 1
            if not self._left:
                raise Crash(name)


Act = Callable[[Installation], Awaitable[object]]


async def one_person(one: Installation) -> None:
    made(await one.proposals.activate(one.hand("ada"), one.later.digest, "one"))


async def two_persons(one: Installation) -> None:
    made(await one.proposals.activate(one.hand("eve"), one.later.digest, "two"))


async def going_back(one: Installation) -> None:
    made(await one.proposals.rollback(one.hand("ada"), "back"))


async def start(one: Installation) -> None:
    assert await one.proposals.start(one.later, "at start") == one.later


async def _begun(one: Installation, act: Act) -> None:
    """What lies before the step that is looked at."""
    if act in (one_person, two_persons, going_back):
        made(await one.proposals.propose(one.hand("ada"), one.later, None))
    if act is going_back:
        made(await one.proposals.activate(one.hand("ada"), one.later.digest, None))


WHERE = pytest.mark.parametrize(("step", "times"), [*((step, 1) for step in STEPS), ("after_move", 2)])


@WHERE
async def test_the_next_node_carries_out_what_was_begun(
    database: Settings, tmp_path: Path, step: str, times: int
) -> None:
    await _carried_out(database, tmp_path, one_person, step, times)


@WHERE
@pytest.mark.parametrize("act", [two_persons, going_back, start])
async def test_so_it_does_whatever_had_begun_it(
    sqlite_settings: Settings, tmp_path: Path, act: Act, step: str, times: int
) -> None:
    """What each of these asks of a database, one person's does: that is tried on both."""
    await _carried_out(sqlite_settings, tmp_path, act, step, times)


async def _carried_out(database: Settings, tmp_path: Path, act: Act, step: str, times: int) -> None:
    four_eyes = {"four_eyes": True} if act is two_persons else {}
    settings = configured(database, policy={**policies(tmp_path), **four_eyes}, tenant=TENANTS)
    async with open_site(settings) as site:
        first = load_policy_set(settings, DEFAULT.version)
        assert await proposals_of(site).start(first, "at start") == first
        with (tmp_path / "policies" / "policy.csv").open("a") as file:
            file.write(f"\n{LATER}\n")
        one = Installation(site, first, load_policy_set(settings, DEFAULT.version))
        await _begun(one, act)
        before = await _activated(one)
        dying = msgspec.structs.replace(site, failpoint=Nth(step, times))
        with pytest.raises(Crash):
            await act(Installation(dying, one.first, one.later))
    async with open_site(settings) as site:
        one = Installation(site, one.first, one.later)
        await one.proposals.finish()
        found = await _activated(one)
        wanted = one.first if act is going_back else one.later
        if step == "before_begin":
            assert found == before
            return
        versions = (await one.proposals.standing(wanted)).versions
        assert found == {ledger: (*before[ledger], version.digest) for ledger, version in versions.items()}, "once each"
        assert await one.proposals.in_force() == wanted
        await one.proposals.finish()
        assert await _activated(one) == found


async def _activated(one: Installation) -> dict[str, tuple[str, ...]]:
    """What each ledger's records say was activated, in order; and the head says the last."""
    told: dict[str, tuple[str, ...]] = {}
    for tenant in ("default", "moneybank"):
        ledger = one.site.tenants[tenant].ledger
        told[ledger] = tuple(
            record["policy"] for record in await one.records(tenant) if record["event"] == "policy.activated"
        )
        assert await one.site.policies.active(ledger) == told[ledger][-1]
    return told
