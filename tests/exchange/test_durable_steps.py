"""Everything durable that goes on beside requests, step by step: each fails before it has come about and although it
has, once and for as long as it is tried. After each, all is made up for, nothing is there twice, and the whole ledger
verifies. `docs/faults.md` names the steps."""

from collections.abc import Iterable
from itertools import product
from pathlib import Path

import pytest

from gateway.core.errors import GatewayError
from gateway.settings import Settings
from tests.exchange.durable_base import ALL, LET_GO, Given, Play, Scene
from tests.exchange.durable_kit import Steps
from tests.exchange.durable_scenes import PLAYS, prepare
from tests.store.kit import opened

TIMES = {"transient": 1, "lasting": 3}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param(name, kind, marks=[pytest.mark.postgres] * (kind == "postgres"))
        for name, play in PLAYS.items()
        for kind in ("sqlite", "postgres")[: 1 if play.alone and not ALL else 2]
    ],
)
async def test_a_fault_at_any_durable_step_persisted_or_not_transient_or_lasting_is_made_up_for(
    name: str,
    kind: str,
    tmp_path: Path,
    sqlite_template: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings: Settings = request.getfixturevalue(f"{kind}_settings")
    play, steps = PLAYS[name], Steps()
    async with opened(settings, tmp_path) as store:
        prepare(name, store, monkeypatch)
        steps.of_engine(store.engine)
        steps.of_keys(monkeypatch, store.keyring)
        steps.of_files(monkeypatch, tmp_path)
        async with play.opened(store, steps, Given(sqlite_template, settings, monkeypatch)) as scene:
            with steps.quiet():
                await scene.work()
            steps.seen.clear()
            await scene.round()
            assert tuple(dict.fromkeys(steps.seen)) == play.steps, "all that is durable is in the table"
            await _whole(scene)
            for anyway, times in _faults(play, kind):
                for step in play.steps:
                    await _fails(scene, steps, step, anyway=anyway, times=times)
                await _whole(scene)


def _faults(play: Play, kind: str) -> Iterable[tuple[bool, int]]:
    """On PostgreSQL, where each costs some times as much, those that last: they begin like the others."""
    times = tuple(TIMES.values())
    if ALL:
        return product((False, True), times)
    if play.once:
        return product(play.once, times[:1])
    return product((False, True), times if kind == "sqlite" else times[1:])


async def _fails(scene: Scene, steps: Steps, step: str, *, anyway: bool, times: int) -> None:
    """A step fails so many times, or as often as it is come to: what has come about may not come again. What has not
    come about is tried again each time, and nothing passes without it."""
    steps.arm(step, anyway=anyway, times=times)
    for _ in range(2 * times + 1):
        if steps.hits == times or (anyway and steps.hits and not scene.due):
            break
        if not scene.due:
            with steps.quiet():
                await scene.work()
        scene.due = not await _passes(scene)
        assert scene.due or anyway or not steps.hits or step == LET_GO, f"nothing passes without {step}"
    assert steps.hits == times or (anyway and steps.hits), f"{step} has failed"
    steps.disarm()


async def _passes(scene: Scene) -> bool:
    try:
        await scene.round()
    except GatewayError:
        return False
    return True


async def _whole(scene: Scene) -> None:
    if scene.due:
        await scene.round()
    scene.due = False
    await scene.done()
    assert (await scene.verified()).failure is None
