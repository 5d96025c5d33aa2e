"""How an answer ended, as an `Outcome`: what the ways back have in common."""

import msgspec

from gateway.exchange.exchange import Outcome
from gateway.exchange.forwarder import Delivered, Undelivered
from gateway.exchange.inspector import Inspected

ENDS = {
    "timeout_connect": "agent_timeout",
    "timeout_response": "agent_timeout",
    "timeout_total": "agent_timeout",
    "bad_answer": "agent_bad_answer",
    "answer_too_large": "agent_bad_answer",
    "redirected": "agent_bad_answer",
    "untranslatable": "agent_bad_answer",
    "policy_changed": "policy_changed",
    "session_taken": "not_found",
    "withheld": "answer_withheld",
}
"""What a caller is told for an agent's error code; everything else is `agent_unavailable`."""
ORDERLY = frozenset({"timeout_response", "timeout_total", "closed_early"})
"""How a lasting stream may end without anything being wrong: callers open it again."""
STRICTNESS = ("route", "redact", "tokenize", "approve", "deny")
EVENT_STREAM = "text/event-stream"
STREAM_HEADERS = [("content-type", EVENT_STREAM), ("cache-control", "no-store"), ("x-accel-buffering", "no")]


def base(delivered: Delivered | Undelivered, code: str, status: int, reason: str | None = None) -> Outcome:
    """An outcome that says which agent was asked, how often, and how that ended."""
    return Outcome(code=code, status=status, agent=delivered.routed.route, attempts=delivered.attempts, reason=reason)


def told(outcome: Outcome, inspected: Inspected, parts: int) -> Outcome:
    """The same outcome, with what was found in the answer and decided on it."""
    return msgspec.structs.replace(
        outcome,
        parts=parts,
        found=inspected.scan.counts(),
        scanned=inspected.scan.scanned,
        classes=inspected.classes,
        decision=inspected.decision,
        explanation=inspected.explanation,
        written=inspected.written,
    )
