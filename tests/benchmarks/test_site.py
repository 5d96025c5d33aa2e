"""The installation that is measured: so many rules, fifty pairs, keys and tokens in turn."""

from collections import Counter
from pathlib import Path

import pytest

from benchmarks import site
from benchmarks.bodies import bodies
from gateway.bootstrap import load_policy_set
from gateway.checks.policy.policy import Policy


@pytest.mark.parametrize("rules", [site.RULES, 1000])
def test_it_is_served_with_so_many_rules(tmp_path: Path, rules: int) -> None:
    settings, callers = site.lay_out(tmp_path / "site", "sqlite:///gateway.db", "http://127.0.0.1:9/v1", rules)
    text = (tmp_path / "site" / "policies" / "policy.csv").read_text()
    assert sum(line.startswith("p,") for line in text.splitlines()) == rules
    policy = Policy(load_policy_set(settings, "engine"), settings)
    assert set(site.departments(rules)) <= policy.known_roles
    assert {caller.role for caller in callers} == set(site.calling(rules))
    assert len(callers) == site.CALLING * site.SUBJECTS


def test_who_calls_comes_from_first_and_last_departments() -> None:
    assert len(site.departments(site.RULES)) == len(site.calling(site.RULES)) == site.CALLING
    roles, calling = site.departments(1000), site.calling(1000)
    assert len(set(calling)) == site.CALLING
    assert calling[0] == roles[0]
    assert roles.index(calling[-1]) > 0.8 * len(roles)


def test_every_role_meets_every_class_with_keys_and_tokens_in_turn(tmp_path: Path) -> None:
    callers = [
        site.Caller(role=role, credential=f"{role}/{method}", method=method)
        for role in site.calling(site.RULES)
        for method in site.METHODS
    ]
    sent = list(bodies(1200))
    made = site.requests(sent, callers)
    pairs: Counter[tuple[str, str]] = Counter()
    for number, raw in enumerate(made):
        head, _, body = raw.partition(b"\r\n\r\n")
        credential = head.partition(b"Bearer ")[2].partition(b"\r\n")[0].decode()
        role, _, method = credential.partition("/")
        assert method == ("api-key", "jwt")[number % 2]
        assert body == sent[number // 2].data
        assert f"\r\ncontent-length: {len(body)}".encode() in head
        pairs[role, sent[number // 2].data_class] += 1
    assert len(pairs) == 50
