"""The installation that is measured: a hundred rules, fifty pairs, keys and tokens in turn."""

from collections import Counter
from pathlib import Path

from benchmarks import site
from benchmarks.bodies import bodies
from gateway.bootstrap import load_policy_set
from gateway.checks.policy.policy import Policy


def test_it_is_served_with_a_hundred_rules(tmp_path: Path) -> None:
    settings, callers = site.lay_out(tmp_path / "site", "sqlite:///gateway.db", "http://127.0.0.1:9/v1")
    text = (tmp_path / "site" / "policies" / "policy.csv").read_text()
    assert sum(line.startswith("p,") for line in text.splitlines()) == site.RULES
    policy = Policy(load_policy_set(settings, "engine"), settings)
    assert set(site.ROLES) <= policy.known_roles
    assert len(callers) == len(site.ROLES) * site.SUBJECTS


def test_every_role_meets_every_class_with_keys_and_tokens_in_turn(tmp_path: Path) -> None:
    callers = [
        site.Caller(role=role, credential=f"{role}/{method}", method=method)
        for role in site.ROLES
        for method in ("api-key", "jwt")
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
