"""Records of decisions, and what a simulation makes of them."""

from typing import Any

from gateway.checks.policy.policy import Policy
from gateway.exchange.named import Named
from gateway.exchange.simulation import Simulated, Simulation
from gateway.ledger.record import (
    CandidateInfo,
    ClassesInfo,
    DecisionInfo,
    Detail,
    Envelope,
    encode_detail,
    seal,
    timestamp,
)
from gateway.store.decided import Decided
from tests.checks.policy.making import NOON_US, rule

OPEN = rule("open", 1, "role:*", "class:any", "zone:in-house")
CLOSED = rule("closed", 1, "role:*", "class:any", "zone:in-house", eft="deny")
DIGEST = "sha256:" + "0" * 64


def exchange(number: int) -> str:
    return f"01890000-0000-7000-8000-{number:012d}"


def decided(number: int = 0, detail: Detail | None = None, *, at_us: int = NOON_US, **changed: Any) -> Decided:
    base: dict[str, Any] = {
        "id": exchange(number),
        "tenant": "tn_" + "1" * 26,
        "event": "exchange.requested",
        "occurred_at": timestamp(at_us),
        "exchange": exchange(number),
        "agent": "local",
        "caller_zone": "in-house",
        "action": "chat",
        "route_requested": "local",
        "classes": ClassesInfo(found=("internal",), declared=(), inherited=(), floor=()),
        "decision": DecisionInfo(effect="route", rules=("open",), obligations=(), policy=DIGEST),
        "candidates": (CandidateInfo(agent="local", zone="in-house", healthy=True, answer="allow"),),
    }
    data = seal(Envelope(**(base | changed)), 0, bytes(32), timestamp(at_us))
    return Decided(data, encode_detail(detail or Detail(subject="alice", roles=("clerk",))))


def everybody(issuer: str | None) -> bool:
    return True


async def simulated(then: Policy | None, draft: Policy, *decided: Decided, named: Named = everybody) -> Simulated:
    asked: list[str] = []

    async def version(digest: str) -> Policy | None:
        asked.append(digest)
        return then

    taken = Simulation(draft, "default", named)
    for one in decided:
        await taken.take([one], version)
    assert len(asked) == len(set(asked))
    return await taken.result()
