"""How long it takes to replay what is on record against another policy: `gateway policy simulate`.

    python -m benchmarks.simulate [--exchanges N]

Exchanges of the pipeline benchmark's configuration on SQLite: a thousand rules, ten roles, three purposes, five sets of
classes, requests and answers. Envelopes and details are read and parsed; equal questions are asked once of the version
that decided and of a draft that is stricter with one class.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import site
from benchmarks.databases import Databases
from gateway.bootstrap import open_site, proposed
from gateway.bootstrap.policies import settled
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import PolicySet, replaced
from gateway.core.ids import trace_id, uuid7
from gateway.exchange.auditor import Reader
from gateway.exchange.simulation import Simulated, naming
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry
from gateway.ledger.record import (
    CandidateInfo,
    ClassesInfo,
    DecisionInfo,
    Detail,
    Envelope,
    OutcomeInfo,
    encode_detail,
    timestamp,
)
from gateway.store.writer_base import LedgerWriter

TARGET_US = 60.0
"""A million exchanges in a minute."""
RULES = 1_000
PERIOD = ("2000-01-01T00:00:00.000000Z", "2100-01-01T00:00:00.000000Z")
_CLASSES = (("public",), ("pii",), ("phi", "pii"), ("internal",), ("pci", "pii"))
_BATCH = 500


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was replayed, and how long it took."""

    exchanges: int
    questions: int
    changed: int
    seconds: float

    @property
    def each_us(self) -> float:
        return self.seconds / self.exchanges * 1e6


def measure(databases: Databases, directory: Path, exchanges: int = 100_000) -> Report:
    """On SQLite, in one process."""
    databases.make("sqlite", directory)
    settings, _ = site.lay_out(directory, "sqlite:///gateway.db", "http://127.0.0.1:9/v1", RULES)
    return asyncio.run(_measured(settings, exchanges))


def lines(report: Report) -> list[str]:
    return [
        f"{report.exchanges:,} exchanges, each a request and an answer, in {report.seconds:.1f} s: "
        f"{report.each_us:.1f} µs each",
        f"{report.questions} different questions to {RULES:,} rules; {report.changed:,} would be answered otherwise",
    ]


def misses(report: Report) -> list[str]:
    slow = report.each_us > TARGET_US
    return [f"{report.each_us:.1f} µs for each exchange, {TARGET_US:.0f} are wanted"] if slow else []


async def _measured(settings: Any, exchanges: int) -> Report:
    async with open_site(settings) as opened:
        policy, shared = proposed(settings)
        await settled(opened, shared)
        writer = await opened.writer("default")
        await _record(writer, policy, exchanges)
        auditor, draft = await opened.auditor("default"), _draft(shared, settings)
        began = time.perf_counter()
        found: Simulated = await auditor.replay(Reader(), draft, "default", naming(settings, "default"), *PERIOD)
        seconds = time.perf_counter() - began
    if (found.requests, found.answers) != (exchanges, exchanges) or found.without_detail or found.without_version:
        raise RuntimeError("not everything on record was replayed")
    return Report(exchanges=exchanges, questions=found.questions, changed=found.changed, seconds=seconds)


def _draft(shared: PolicySet, settings: Any) -> Policy:
    text = shared.members["policy.csv"].decode()
    stricter = text.replace("allow, none, phi-in-house", "deny, none, phi-in-house")
    return Policy(replaced(shared, {"policy.csv": stricter.encode()}), settings)


async def _record(writer: LedgerWriter, policy: Policy, exchanges: int) -> None:
    roles = site.calling(RULES)
    waiting: list[asyncio.Future[Any]] = []
    for number in range(exchanges):
        made = _exchange(
            policy.version("default"),
            role=roles[number % len(roles)],
            purpose=site.PURPOSES[number % len(site.PURPOSES)],
            classes=_CLASSES[number // 7 % len(_CLASSES)],
            tenant=writer.tenant,
        )
        waiting += [writer.submit(entry) for entry in made]
        if len(waiting) >= _BATCH:
            await asyncio.gather(*waiting)
            waiting = []
    await asyncio.gather(*waiting)


def _exchange(policy: str, *, role: str, purpose: str, classes: tuple[str, ...], tenant: str) -> list[Entry]:
    now = time.time_ns() // 1000
    salt, detail = new_salt(), encode_detail(Detail(subject=f"{role}-service", roles=(role,), method="jwt"))
    common: dict[str, Any] = {
        "tenant": tenant,
        "occurred_at": timestamp(now),
        "exchange": uuid7(now),
        "trace": trace_id(now),
        "actor": "ac_" + "1" * 26,
        "actor_kind": "service",
        "caller_zone": "in-house",
        "agent": "ward",
        "zone": "in-house",
        "action": "chat",
        "purpose": purpose,
        "route_requested": "cloud",
        "classes": ClassesInfo(found=classes, declared=(), inherited=(), floor=()),
        "decision": DecisionInfo(effect="route", rules=("phi-in-house",), obligations=(), policy=policy),
        "detail": committed(salt, "detail", detail),
    }
    candidates = (
        CandidateInfo(agent="cloud", zone="cloud", healthy=True, answer="deny", rule="phi-nowhere-else"),
        CandidateInfo(agent="ward", zone="in-house", healthy=True, answer="allow", rule="phi-in-house"),
    )
    sent = Envelope(id=uuid7(now), event="exchange.requested", candidates=candidates, **common)
    given = Envelope(id=uuid7(now), event="exchange.completed", outcome=OutcomeInfo(code="ok", status=200), **common)
    return [Entry.of(one, detail=detail, salt=salt) for one in (sent, given)]


def main() -> None:
    parser = argparse.ArgumentParser(description="Replaying what is on record against another policy.")
    parser.add_argument("--exchanges", type=int, default=100_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        report = measure(Databases(None), Path(directory) / "site", given.exchanges)
    print("\n".join([*lines(report), *misses(report)]))


if __name__ == "__main__":
    main()
