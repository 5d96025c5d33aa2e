"""What one decision costs with ten thousand rules: may this message, of two classes, go to this agent?

Warm is a question that was asked before; cold one that casbin has to answer, once for each class; plain is casbin's own
`Enforcer` over all rules, as it is asked where nothing is indexed or remembered, for one class.
"""

import time
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import casbin
import msgspec

from benchmarks import site
from gateway.checks.policy.engine import Names, holds
from gateway.checks.policy.load import load
from gateway.checks.policy.model import MODEL
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.structure import structure
from gateway.checks.policy.version import policy_set
from gateway.checks.policy.words import action_matches, purpose_matches
from gateway.core.decision import Question

RULES = 10_000
WARM_US, COLD_US = 5.0, 300.0
NOW_US = 1_800_000_000_000_000
_ENGINE = "0-000000000000"
_AGENTS = ("cloud", "partner", "ward")
_CLASSES = (("internal", "pii"), ("pci", "public"), ("phi", "pii"))


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Medians in microseconds, how many rules there were, and how many questions of each kind were put."""

    rules: int
    questions: int
    warm_us: float
    cold_us: float
    plain_us: float


def measure(directory: Path, *, questions: int = 2_000, plain: int = 3) -> Report:
    """In this process, without a database. `plain`: how often casbin alone is asked."""
    settings, _ = site.lay_out(directory, "sqlite:///gateway.db", "http://127.0.0.1:9/v1", RULES)
    home = directory / "policies"
    files = {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    policy = Policy(policy_set(files, settings, _ENGINE), settings)
    roles = site.departments(RULES)
    kinds = list(product(_AGENTS, _CLASSES))
    asked = [(kinds[place % len(kinds)], roles[place % len(roles)]) for place in range(questions)]
    cold, warm = ([_took(policy, agent, classes, role) for (agent, classes), role in asked] for _ in range(2))
    enforcer = _plain(files, settings)
    return Report(
        rules=policy.count,
        questions=questions,
        warm_us=round(median(warm), 2),
        cold_us=round(median(cold), 1),
        plain_us=round(median(_asked_plainly(enforcer, role) for role in roles[:plain]), 1),
    )


def _took(policy: Policy, agent: str, classes: tuple[str, ...], role: str) -> float:
    question = Question(
        tenant="default",
        subject="ada",
        named=False,
        roles=(role,),
        zone="in-house",
        action="chat",
        purpose="TREAT",
        classes=classes,
    )
    began = time.perf_counter_ns()
    policy.ruling(question, agent, now_us=NOW_US)
    return (time.perf_counter_ns() - began) / 1e3


def _plain(files: dict[str, bytes], settings: Any) -> Any:
    loaded = load(files, structure(settings, _ENGINE))
    enforcer = casbin.Enforcer(casbin.Enforcer.new_model(text=MODEL))
    for name, function in (("action", action_matches), ("purpose", purpose_matches), ("holds", holds)):
        enforcer.add_function(name, function)
    enforcer.add_policies([rule.casbin() for rule in loaded.rules])
    for kind, edges in loaded.edges.items():
        for edge in dict.fromkeys(edges):
            enforcer.add_named_grouping_policy(kind, *edge)
    return enforcer


def _asked_plainly(enforcer: Any, role: str) -> float:
    enforcer.add_named_grouping_policy("g", "caller:default/ada", f"role:{role}")
    began = time.perf_counter_ns()
    enforcer.enforce_ex(
        "caller:default/ada", "class:internal", "agent:ward", "chat", "purpose:TREAT", Names(frozenset())
    )
    took = (time.perf_counter_ns() - began) / 1e3
    enforcer.remove_named_grouping_policy("g", "caller:default/ada", f"role:{role}")
    return took


def lines(report: Report) -> list[str]:
    return [
        f"warm       {report.warm_us:8.2f} µs at the median of {report.questions} questions, {report.rules} rules",
        f"cold       {report.cold_us:8.1f} µs",
        f"plain      {report.plain_us:8.0f} µs, casbin alone, for one class",
    ]


def misses(report: Report) -> list[str]:
    return [
        f"{name}: {found:.1f} µs, at most {wanted:.0f} are wanted"
        for name, found, wanted in (("warm", report.warm_us, WARM_US), ("cold", report.cold_us, COLD_US))
        if found > wanted
    ]
