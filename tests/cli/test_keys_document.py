"""Each command of docs/keys.md that is about a ledger's key is run as it stands there, in its order."""

import re
import shlex
from pathlib import Path

from gateway.evidence.verify import verify
from tests.cli.kit import ROOT, Run

_TEXT = (ROOT / "docs" / "keys.md").read_text("utf-8").partition("## The key that signs")[2]
COMMANDS = [
    shlex.split(line, comments=True)
    for block in re.findall(r"^```sh\n(.*?)^```$", _TEXT, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]


def test_the_ceremony_and_a_rotation_go_as_they_are_written(gateway: Run, site: Path) -> None:
    assert len(COMMANDS) >= 8
    for command, *arguments in COMMANDS:
        assert command == "gateway"
        done = gateway(*arguments)
        assert done.code == 0, (arguments, done.err)
    old, new = ((site / name).read_text() for name in ("clinic.vkey", "clinic-2.vkey"))
    assert new.count("\n") == 10, "a key and one statement"
    assert new.splitlines()[3:5] == [f"from {old.strip()}", f"to {new.splitlines()[0]}"]
    assert verify(site / "clinic.zip", old).end == verify(site / "clinic.zip", new).end
    events = [one["record"]["event"] for one in gateway("audit", "query", "--json").data["records"]]
    assert (events.count("key.rotated"), events.count("key.revoked")) == (1, 1)
    assert len(list((site / "keys").glob("ledger-*.key"))) == 2, "the new key, and the operator's own ledger's"
    assert gateway("check").code == 0
    assert gateway("keys", "verifier", "--json").data["statements"] == [new.partition("\n")[2]]


def test_what_goes_with_a_ledgers_key_does_not_go_with_an_api_key(gateway: Run, site: Path) -> None:
    for wrong in (
        ("rotate",),
        ("rotate", "ak_1", "--prepare"),
        ("rotate", "ak_1", "--ledger"),
        ("rotate", "--ledger", "--expires", "1d"),
    ):
        assert gateway("keys", *wrong).code == 2
    assert "none that was replaced" in gateway("keys", "retire").out
