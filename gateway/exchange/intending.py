"""Step 7: the intent, durable before anything leaves, and under the deny-list and policy that hold then."""

from gateway.core.errors import DenialsMoved, LedgerUnavailable, PolicyMoved
from gateway.core.refusal import Refusal
from gateway.evidence.figures.seen import PERSONAL
from gateway.exchange.exchange import Classified, Exchange, Routed
from gateway.exchange.forwarder import Undelivered
from gateway.exchange.parts import Parts

MAX_CHECKS = 8
"""How often a caller is checked anew before its intent is given up, because the deny-list changes each time."""


async def intend(parts: Parts, exchange: Exchange, routed: Routed, *, asked: bool) -> Refusal | None:
    """Cancelled while it waits, the record may still come to be: the end follows it into the ledger.
    `asked`: whether an agent is about to be. Where it comes to nothing nothing is sent, and what was approved for it is
    there for the next try; an approval used up by a crash or a caller who is gone is not."""
    try:
        refusal = await _intended(parts, exchange, routed, asked=asked)
    except LedgerUnavailable:
        await _given_back(parts, exchange)
        raise
    if refusal is not None:
        await _given_back(parts, exchange)
    return refusal


async def _given_back(parts: Parts, exchange: Exchange) -> None:
    if exchange.approval is not None and not exchange.opened:
        await parts.approvals.give_back(exchange)


async def _intended(parts: Parts, exchange: Exchange, routed: Routed, *, asked: bool) -> Refusal | None:
    delegated = parts.delegation.opened(exchange, routed) if asked and routed.route.calls else None
    for _ in range(MAX_CHECKS):
        # Another one may have been taken over since it was classified or decided, or while the caller was looked at
        # again: the entry would say that it was decided under that one, and be taken.
        if exchange.under != parts.policy.digest:
            return Refusal(code="policy_changed", retry_after=1)
        sessions = parts.sessions.grown(exchange)
        entry = parts.scribe.intent(exchange, routed, asked=asked, sessions=sessions, delegated=delegated)
        exchange.appended = True
        written = parts.ledger(exchange).submit(entry)
        exchange.intended = True
        try:
            exchange.promised = await written
        except PolicyMoved:
            exchange.appended = False  # refused, and no record: if no other comes to be, it is counted as missed
            await parts.caching.clear()
            return Refusal(code="policy_changed", retry_after=1)
        except DenialsMoved:
            exchange.appended = False
            refusal = await parts.admission.again(exchange) or await _flagged(parts, exchange)
            if refusal is not None:
                return refusal
        else:
            break
    else:
        return Refusal(code="credential_unchecked", retry_after=1)
    exchange.opened = True
    parts.underway.opened(exchange)
    book = None if exchange.classified is None else exchange.classified.tokens
    if book:
        parts.metrics.tokens(exchange.ledger, {"sent": sum(book.count(routed.masked.values()).values())})
    parts.metrics.decision(exchange.ledger, routed.decision, routed.route.zone)
    if exchange.classified is not None and _personal(exchange.classified):
        about = "named" if exchange.headers.subjects else "found" if exchange.subjects else "nobody"
        parts.metrics.personal(exchange.ledger, about)
    await parts.pause("intent.recorded")
    return None


def _personal(classified: Classified) -> bool:
    """Whether one of its classes, wherever it came from, says that somebody can be identified."""
    sources = (classified.found, classified.declared, classified.inherited, classified.floor)
    return any(source and not PERSONAL.isdisjoint(source) for source in sources)


async def _flagged(parts: Parts, exchange: Exchange) -> Refusal | None:
    """The same revision moves with what sticks to data subjects: what was decided under other flags is not sent."""
    if exchange.subjects and exchange.caller is not None:
        revision = 0 if exchange.denials is None else exchange.denials
        flags = await parts.subjects.flags(exchange.caller.tenant, exchange.subjects, revision)
        if flags != exchange.flags:
            return Refusal(code="subject_changed", retry_after=1)
    return None


async def taken(parts: Parts, exchange: Exchange, routed: Routed) -> Undelivered | None:
    """Between steps 7 and 8: not None if somebody else began the same session at the same time."""
    classified, caller = exchange.classified, exchange.caller
    if classified is None or classified.joined is None or caller is None:
        return None
    if await parts.sessions.began(caller, classified.joined, routed):
        return None
    return Undelivered(routed=routed, attempts=0, code="session_taken")
