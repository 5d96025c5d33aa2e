"""An installation whose gateway has served messages that are kept: for those that look into what went out."""

from pathlib import Path

import httpx

from tests.cli.kit import here
from tests.cli.serving import SlowAgent, forked

RULES = """
p, 1, role:user, class:public, zone:in-house, chat, purpose:*, always, allow, keep-content:30, kept, "Kept for a month."
p, 2, role:user, class:internal, zone:in-house, chat, purpose:*, always, deny, none, stays, "Internal data go nowhere."
"""
BADGE_TEXT = "EMP-204518"


def serve_once(site: Path, rules: str, *texts: str) -> None:
    """Add the rules to the policy, and serve these messages of alice's, one after the other."""
    with (site / "policies" / "policy.csv").open("a") as file:
        file.write(rules)
    wanted = ("--owner", "alice", "--zone", "in-house", "--role", "clerk", "--json")
    headers = {"authorization": f"Bearer {here(site, 'keys', 'create', *wanted).data['key']}"}
    with SlowAgent() as agent:
        agent.may_answer.set()
        with (site / "gateway.toml").open("a") as file:
            file.write(agent.configured())
        with forked(site) as server:
            for text in texts:
                body = {"model": "slow", "messages": [{"role": "user", "content": text}]}
                answer = httpx.post(f"{server.url}/v1/chat/completions", json=body, headers=headers, timeout=60)
                assert answer.status_code == 200
            server.signal()
            assert server.ended().code == 0
