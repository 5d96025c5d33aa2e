"""The policies that ship: their own tests, and what must hold of every set of them."""

import subprocess
import sys

import pytest

from gateway.checks.policy.cases import run
from gateway.checks.policy.load import load
from gateway.checks.policy.structure import structure
from gateway.checks.policy.version import policy_set

from .making import ENGINE, SHIPPED, configured, shipped_files


def test_every_policy_test_that_ships_holds() -> None:
    found = run(shipped_files(), configured(), ENGINE)
    assert [one for one in found if one.wrong] == []
    assert {one.file for one in found} == {f"tests/{name}.toml" for name in ("covered-entity", "default")}
    assert len(found) > 80


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
