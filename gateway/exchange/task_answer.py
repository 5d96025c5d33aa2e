"""The answer to a task, kept instead of sent; and what its end means for the task. Pure."""

from typing import Literal

import msgspec

from gateway.agents.sse import is_event_stream
from gateway.exchange.exchange import Exchange
from gateway.exchange.retry import retry_after_s
from gateway.exchange.task_kept import Result
from gateway.settings import TaskSettings

AGAIN = frozenset({"agent_unavailable", "agent_timeout", "agent_bad_answer", "client_disconnected", "internal"})
"""Codes after which a task is tried again: the agent may have got the request, and may get it once more."""
LATER = frozenset(
    {
        *("rate_limited", "concurrency_limited", "quota_exceeded", "budget_exceeded"),
        *("agent_suspended", "agent_overloaded"),
        *("policy_changed", "ledger_unavailable", "shutting_down"),
        *("credential_unchecked", "source_limited"),
        *("approval_required", "approvals_full", "supervision_failed", "notices_full"),
    }
)
"""Codes of what was turned away: where it was never sent, it waits, and no try is counted. Where an agent may have been
asked before (a ledger or a policy that was lost on the way), it is a try like another."""
_PEOPLE = frozenset({"approval_required", "approvals_full", "supervision_failed"})
"""Of those, what waits for people, who are not asked every second."""
_AGAIN_STATUS = frozenset({408, 425, 429})
"""Statuses with which an agent itself asks to be tried again (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4)."""
_ANSWERED = frozenset({"ok", "cached", "agent_refused"})
"""Codes of an exchange whose answer is its agent's."""
_KEPT = frozenset({"content-type", "x-exchange-id", "x-routed-agent", "x-decision", "x-receipt"})
Meaning = Literal["done", "failed", "again", "later"]


class Taken:
    """A `Responder` that keeps what it is given."""

    def __init__(self) -> None:
        self.started = False
        self.status = 0
        self._headers: tuple[tuple[str, str], ...] = ()
        self._pieces: list[bytes] = []

    async def start(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.started, self.status = True, status
        self._headers = tuple((name.lower(), value) for name, value in headers)

    async def write(self, data: bytes, *, last: bool = False) -> None:
        self._pieces.append(data)

    def retry_after_s(self, now_us: int) -> float:
        """How long it asks to be left alone."""
        value = next((value for name, value in self._headers if name == "retry-after"), None)
        return retry_after_s(value, now_us) or 0.0

    def result(self, exchange: Exchange) -> Result:
        """What it was given at the end of this exchange, with what is known of that."""
        kept = tuple(item for item in self._headers if item[0] in _KEPT)
        routed, caller = exchange.routed, exchange.caller
        # A stream may have begun before it failed; everything else that failed is an error of the gateway's own.
        content = exchange.opened and (exchange.code in _ANSWERED or self._streamed)
        return Result(
            status=self.status,
            headers=kept,
            body=b"".join(self._pieces),
            classes=tuple(sorted(exchange.told)),
            inherited=tuple(sorted(exchange.inherited | (exchange.told & {"unscanned"}))),
            floor=() if routed is None or not content else routed.route.floor,
            agent="" if routed is None or not content else routed.route.id,
            purpose=None if caller is None else caller.purpose,
            subjects=exchange.subjects,
            content=content,
        )

    @property
    def _streamed(self) -> bool:
        return any(name == "content-type" and is_event_stream(value) for name, value in self._headers)


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a task: `done` and `failed` end it, `again` and `later` do not."""

    meaning: Meaning
    wait_s: float = 0.0


def verdict(
    code: str,
    taken: Taken,
    *,
    sent: bool,
    tries: int,
    most_tries: int,
    settings: TaskSettings,
    chance: float,
    now_us: int,
    asked_s: float = 0.0,
    left_s: float | None = None,
) -> Verdict:
    """What the end of a try means. `sent`: an agent may have got it. `chance`: 0 to 1, drawn for this one. The waits
    double from `retry_s` to `retry_max_s`, each between half of that and the whole. None is shorter than the agent
    (`asked_s`) or the gateway asks for, up to the `left_s` until the task expires."""
    asked_s = max(asked_s, taken.retry_after_s(now_us))
    if left_s is not None:
        asked_s = min(asked_s, max(0.0, left_s))
    longest: float = min(settings.retry_max_s, settings.retry_s * 2.0 ** max(0, tries - 1))
    if code in _PEOPLE:
        longest = settings.retry_max_s
    wait_s = max(asked_s, longest * (0.5 + chance / 2))
    if code in LATER and not sent:
        return Verdict("later", wait_s)
    if code in AGAIN | LATER or (code == "agent_refused" and taken.status in _AGAIN_STATUS):
        return Verdict("again", wait_s) if tries < most_tries else Verdict("failed")
    return Verdict("done" if code in ("ok", "cached") else "failed")
