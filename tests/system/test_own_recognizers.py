"""What recognizers of an operator's own find is decided on and masked as it passes: in requests, answers, streams."""

from pathlib import Path
from typing import Any

import pytest

from gateway.settings import Settings
from tests.checks.classification.test_own import BADGE, PROJECT, toml
from tests.system.kit import PUBLIC, policies, said, streamed
from tests.system.site import system

BADGES = {**BADGE, "classes": ["pii"]}
MERGER = (
    "g2, class:merger, class:any",
    'p, 3, role:user, class:merger, zone:in-house, receive, purpose:*, always, allow, redact, told, "It is masked."',
    'p, 5, role:user, class:merger, zone:cloud, *, purpose:*, always, deny, none, stays, "It stays here."',
    'p, 6, role:user, class:merger, zone:in-house, *, purpose:*, always, allow, none, here, "It is worked on here."',
)


def own(directory: Path) -> dict[str, Any]:
    section = policies(directory, *MERGER)
    (directory / "policies" / "recognizers" / "own.toml").write_bytes(toml(BADGES, dictionary=(PROJECT,)))
    return section


async def test_what_is_found_is_masked_or_rerouted_as_its_class_is_and_is_on_record(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with system(sqlite_settings, policy=own(tmp_path)) as site:
        key = await site.key("clerk")
        masked = await site.chat(key, "Please file what EMP-204518 wrote.")
        assert (masked.status_code, masked.headers["x-decision"]) == (200, "redact"), masked.text
        (sent,) = (body.decode() for _, body in site.agents["cloud"].received)
        assert "[X-BADGE]" in sent
        assert "204518" not in sent
        intent = (await site.trail(masked.headers["x-exchange-id"]))[0]
        assert (intent["found"], intent["classes"]["found"]) == ({"x-badge": 1}, ["pii"])
        assert intent["engine"] == site.gateway.engine.version
        stays = await site.chat(key, "What of Blue Heron?")
        assert stays.headers["x-routed-agent"] in ("ward", "desk"), stays.text
        assert len(site.agents["cloud"].received) == 1
        intent = (await site.trail(stays.headers["x-exchange-id"]))[0]
        assert (intent["decision"]["rules"], intent["classes"]["found"]) == (["here"], ["merger"])


@pytest.mark.parametrize("mode", ["auto", "mask", "buffer"])
async def test_an_answer_is_masked_however_it_comes(
    sqlite_settings: Settings, tmp_path: Path, mode: str, subtests: pytest.Subtests
) -> None:
    async with system(sqlite_settings, policy=own(tmp_path), classification={"stream": mode}) as site:
        for stream in (False, True):
            with subtests.test(stream=stream):
                site.agents["ward"].answer = lambda body: "The Blue Heron deal is on."
                answer = await site.chat(await site.key("clerk"), PUBLIC, model="ward", stream=stream)
                assert answer.status_code == 200, answer.text
                assert (streamed(answer.text) if stream else said(answer)) == "The [X-PROJECT] deal is on."
                end = (await site.trail(answer.headers["x-exchange-id"]))[-1]
                assert (end["decision"]["effect"], end["found"]) == ("redact", {"x-project": 1})
