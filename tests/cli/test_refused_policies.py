"""A policy that would let too much through, or anything by mistake, is refused by `gateway check` and by `gateway
serve` alike, and each says where the mistake is."""

from pathlib import Path

import pytest

from gateway.cli import logs, serve
from tests.cli.kit import Run, change

WRONG = {
    "no file": (None, None, "policy.csv"),
    "no rule": (None, "# nothing\n", "policy.csv"),
    "groups alone": (None, "g, role:clerk, role:user\ng2, class:pii, class:any\n", "policy.csv"),
    "a line that is no rule": (None, "p, 1, nonsense\n", "policy.csv"),
    "not text": (None, b"p, 1, \xff\xfe\n", "policy.csv"),
    "a zone that is not there": ("class:pci, zone:in-house", "class:pci, zone:in-hose", "agent must name a [[zone]]"),
    "a class that is not there": ("class:pci, zone:in-house", "class:pcy, zone:in-house", "data must name a class"),
    "an effect that casbin would skip": ("always, deny, none, phi-nowhere", "always, Deny, none, phi-nowhere", "eft"),
    "a type that nothing finds": (
        "zone:trusted, allow, none, pii-in-house",
        "zone:trusted, allow, redact:x-nobody, pii-in-house",
        "obligations redact:<types> must name types that some recognizer finds",
    ),
    "an effect that is none": ("always, deny, none, phi-nowhere", "always, forbid, none, phi-nowhere", "eft"),
}


@pytest.fixture
def _unserved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Serving ends here if it gets so far (`test_serve.py` shows that it does); the log of this process stays the
    tests'."""

    def served(*_: object) -> None:
        raise AssertionError("it serves")

    monkeypatch.setattr(serve, "GatewayServer", served)
    monkeypatch.setattr(logs, "configure", lambda level: None)


@pytest.mark.usefixtures("_unserved")
@pytest.mark.parametrize("wrong", WRONG)
def test_what_must_not_be_served_with_is_refused_by_both_commands(gateway: Run, site: Path, wrong: str) -> None:
    old, new, told = WRONG[wrong]
    file = site / "policies" / "policy.csv"
    if isinstance(old, str) and isinstance(new, str):
        change(file, old, new)
    elif new is None:
        file.unlink()
    else:
        file.write_bytes(new if isinstance(new, bytes) else new.encode())
    checked = gateway("check", "--json")
    assert checked.code == 1
    (line,) = [one for one in checked.data["checks"] if one["name"] == "policies"]
    assert line["state"] == "bad"
    assert told in line["text"]
    refused = gateway("serve", "--port", "0")
    assert (refused.code, refused.out) == (2, "")
    assert told in refused.err
    assert refused.err.count("\n") == 1
    assert "Traceback" not in refused.err
