"""How an answer ended, as an `Outcome`: what the ways back have in common."""

import msgspec

from gateway.core.refusal import Refusal
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
_UNAUTHORISED = (401, 403)
FAILED = frozenset({"agent_timeout", "agent_bad_answer", "agent_unavailable"})
"""Ends that speak of an agent, and which an operator looks for."""
WHY = frozenset(
    {
        *("connect_failed", "address_refused", "timeout_connect", "timeout_response", "timeout_total", "closed_early"),
        *("bad_answer", "answer_too_large", "redirected", "overloaded", "unavailable", "agent_failed", "cannot_render"),
        "untranslatable",
    }
)
"""`AgentError` codes, which a log line may say; other reasons are for sealed details."""
ORDERLY = frozenset({"timeout_response", "timeout_total", "closed_early"})
"""How a lasting stream may end without anything being wrong: callers open it again."""
STRICTNESS = ("route", "redact", "tokenize", "approve", "deny")
EVENT_STREAM = "text/event-stream"
STREAM_HEADERS = [("content-type", EVENT_STREAM), ("cache-control", "no-store"), ("x-accel-buffering", "no")]


def base(delivered: Delivered | Undelivered, code: str, status: int, reason: str | None = None) -> Outcome:
    """An outcome that says which agent was asked, how often, and how that ended."""
    return Outcome(code=code, status=status, agent=delivered.routed.route, attempts=delivered.attempts, reason=reason)


def failed(undelivered: Undelivered, refusal: Refusal) -> Outcome:
    """The outcome where nobody answered as they should; with the status that the agent did answer with, if it did."""
    outcome = base(undelivered, refusal.code, refusal.status, undelivered.code)
    status, agent = undelivered.answered, undelivered.routed.route.id
    if status is None:
        return outcome
    means = " It did not accept the gateway's credential there." if status in _UNAUTHORISED else ""
    said = f"The agent {agent} answered with status {status}, which could not be passed on.{means}"
    return msgspec.structs.replace(outcome, answered=status, explanation=(said,))


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
