"""Commands of persons: a reference to a key, never the key itself, and a key of that tenant."""

from pathlib import Path

import pytest

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
