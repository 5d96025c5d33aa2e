"""The policies that ship: their own tests, and what must hold of every set of them."""

import subprocess
import sys
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gateway import settings
from gateway.checks.policy.load import load
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.structure import structure
from gateway.checks.policy.version import policy_set
from gateway.core.decision import Question, Ruling

from .making import ENGINE, SHIPPED, configured, shipped_files

_DOCUMENTS = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted((SHIPPED / "tests").glob("*.toml"))}
_CASES = [(name, case) for name, found in _DOCUMENTS.items() for case in found["case"]]
_CASE_KEYS = {"name", "now", "agents", "receive", "floor", "action", "roles", "classes", "purpose", "expect", "rules"}


def _policy(name: str) -> Policy:
    config = settings.parse(dict(_DOCUMENTS[name]["configuration"]), {}, Path("/nowhere"))
    return Policy(policy_set(shipped_files(), config, ENGINE), config)


@pytest.mark.parametrize(("document", "case"), _CASES, ids=[f"{name}: {case['name']}" for name, case in _CASES])
def test_a_case_of_the_policy_tests_holds(document: str, case: dict[str, Any]) -> None:
    assert case.keys() <= _CASE_KEYS
    policy = _policy(document)
    roles = tuple(case.get("roles", ("clerk",)))
    if "floor" in case:
        assert policy.floor(roles, case["floor"]["target"]) == set(case["floor"]["classes"])
        return
    when: datetime = case.get("now", _DOCUMENTS[document]["now"])
    now_us = int(when.timestamp()) * 1_000_000
    purpose = case.get("purpose", "TREAT")
    asked: dict[str, Any] = {
        "tenant": "default",
        "subject": "alice",
        "roles": roles,
        "action": case.get("action", "chat"),
        "purpose": None if purpose == "none" else purpose,
        "classes": tuple(sorted(case["classes"])),
    }
    rulings = [
        policy.ruling(Question(zone="in-house", **asked), agent, now_us=now_us) for agent in case.get("agents", ())
    ]
    rulings += [policy.receive(Question(zone=zone, **asked), now_us=now_us) for zone in case.get("receive", ())]
    assert rulings
    for ruling in rulings:
        assert _effect(ruling) == case["expect"], ruling
        if "rules" in case:
            assert list(ruling.rules) == case["rules"]
        assert len(policy.explain(ruling)) >= len(ruling.rules)


def _effect(ruling: Ruling) -> str:
    if not ruling.allowed:
        return "deny"
    return "redact" if "redact" in ruling.obligations else "route"


@pytest.mark.parametrize("profile", [None, *sorted(path.stem for path in (SHIPPED / "profiles").glob("*.csv"))])
def test_every_rule_that_ships_has_a_sentence_of_its_own(profile: str | None) -> None:
    config = configured(policy={"profile": profile} if profile else {})
    members = policy_set(shipped_files(), config, ENGINE).members
    texts = [rule.text for rule in load(members, structure(config, ENGINE)).rules]
    assert len(set(texts)) == len(texts)
    assert all(text[0].isupper() and text.endswith(".") for text in texts)


def test_every_process_comes_to_the_same_digest_and_rulings() -> None:
    """Python's set order differs from process to process; nothing of it may show."""
    program = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.checks.policy.making import NOON_US, question, shipped
policy = shipped(policy={"profile": "covered-entity"})
print(policy.digest)
for name in sorted(policy.known_classes):
    for agent in ("local", "friend", "sky"):
        ruling = policy.ruling(question(name, "public"), agent, now_us=NOON_US)
        print(ruling, policy.explain(ruling))
"""
    root = str(SHIPPED.parent)
    printed = {
        subprocess.run(
            [sys.executable, "-c", program, root],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": root},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "12345")
    }
    assert len(printed) == 1
    assert "phi-cloud-masked-baa" in printed.pop()
