"""Commands of persons: a reference to a key, never the key itself, and a key of that tenant."""

from pathlib import Path

import pytest

from gateway.bootstrap import Site
from gateway.cli.persons import OPTIONS
from tests.cli.kit import Run


@pytest.mark.parametrize("command", [("approvals", "list"), ("break-glass", "list")])
def test_a_key_is_named_and_never_given(
    gateway: Run, site: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    tried = gateway(*command, "--key", "gwk_swordfish")
    assert (tried.code, "swordfish" in tried.err) == (2, False)
    assert gateway(*command, "--key", "env:NOBODY").code == 2
    monkeypatch.setenv("KEY_BAD", "gwk_swordfish")
    tried = gateway(*command, "--key", "env:KEY_BAD")
    assert (tried.code, "swordfish" in tried.err, OPTIONS["authorization"] in tried.err) == (1, False, True)


async def _one(_: Site) -> int:
    return 1


@pytest.mark.parametrize("command", [("approvals", "list"), ("subjects", "cases")])
def test_nothing_is_shown_of_a_database_from_before_an_erasure(
    gateway: Run, site: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("KEY_BAD", "gwk_swordfish")
    monkeypatch.setattr(Site, "brought_back", _one)
    tried = gateway(*command, "--key", "env:KEY_BAD")
    assert (tried.code, "data of 1 erased data subject:" in tried.err) == (1, True)
