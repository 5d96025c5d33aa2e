"""A name that nobody has is told beside an empty answer, which else reads as if nothing had happened."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.exchange.auditor import Auditor
from tests.cli.kit import Run

AGENT = """
[[agent]]
id = "letters"
protocol = "openai"
url = "https://letters.example/v1"
zone = "partner"
capabilities = ["chat"]
"""


def _agent(directory: Path) -> None:
    file = directory / "gateway.toml"
    file.write_text(file.read_text() + AGENT)


@pytest.mark.parametrize("more", [(), ("--all",), ("--json",), ("--format", "csv")])
def test_an_agent_or_a_zone_that_is_not_configured_nor_on_record_is_told_apart_from_the_answer(
    gateway: Run, used: Path, more: tuple[str, ...]
) -> None:
    _agent(used)
    found = gateway("audit", "query", "--agent", "letterz", "--zone", "moon", *more)
    agent, zone = found.err.splitlines()
    assert found.code == 0
    assert agent.startswith("gateway: --agent: no agent of this name is configured (there are: letters)")
    assert zone.startswith("gateway: --zone: no zone of this name is configured (there are: cloud, in-house, partner)")
    assert "letterz" not in found.err + found.out


def test_a_name_that_is_configured_or_found_is_nobodys_slip(gateway: Run, used: Path) -> None:
    _agent(used)
    for asked in (("--agent", "letters"), ("--zone", "cloud"), ("--event", "key.revoked"), ("--actor", "ac_nobody")):
        found = gateway("audit", "query", *asked)
        assert (found.code, found.err) == (0, ""), asked


def test_a_class_is_held_against_the_policy_in_force(gateway: Run, kept: Path) -> None:
    slip, right, found = (gateway("audit", "query", "--data-class", name) for name in ("phii", "pci", "internal"))
    assert slip.err.startswith("gateway: --data-class: no data class of this name is configured (there are: ")
    assert (right.err, found.err) == ("", "")
    assert (slip.code, right.code) == (0, 0)


def test_where_no_policy_is_in_force_nobody_can_tell_of_classes(gateway: Run, used: Path) -> None:
    assert gateway("audit", "query", "--data-class", "phii").err == ""


def test_a_bundle_of_nobodys_says_so_before_it_is_written(gateway: Run, used: Path) -> None:
    made = gateway("evidence", "export", "--out", "a.zip", "--agent", "letterz")
    assert (made.code, made.err.splitlines()[0][:17]) == (0, "gateway: --agent:")
    assert "0 selected" in made.out


def test_who_follows_a_name_that_nobody_has_hears_so_at_once(
    gateway: Run, used: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ended(*_: object, **__: object) -> AsyncIterator[list[object]]:
        nothing: list[list[object]] = []
        for one in nothing:
            yield one

    monkeypatch.setattr(Auditor, "tail", ended)  # it would wait for what never comes
    assert gateway("audit", "tail", "--agent", "letterz").err.startswith("gateway: --agent: no agent of this name")
