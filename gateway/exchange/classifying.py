"""Step 4: which data classes a message has; and after step 5, which of them stay with its caller."""

from gateway.core.caller import Caller
from gateway.core.finding import Scan
from gateway.core.message import Message
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import Classified, Exchange
from gateway.exchange.linking import Linking
from gateway.exchange.parts import Parts
from gateway.exchange.router import Denied
from gateway.exchange.spaced import spaced


async def classify(parts: Parts, exchange: Exchange, caller: Caller, message: Message) -> Classified | Refusal:
    """Every part scanned, joined with what was declared, the floors and what the message continues or comes from.
    `LedgerUnavailable` when what it continues cannot be read."""
    policy, identity = parts.policy, caller.identity
    roles = (*identity.roles, *caller.lent)
    floor = {
        *identity.floor,
        *policy.floor(roles, message.target, tenant=identity.tenant, subject=identity.name),
    }
    declared = tuple(sorted(exchange.headers.declared))
    joined, lineage, origin = None, exchange.lineage, exchange.arrival.origin
    carried = parts.sticking.of(caller.tenant, caller.actor, exchange.principal)
    carried = carried if lineage is None else carried | lineage.classes
    inherited = carried = carried if origin is None else carried.union(origin.inherited)
    if exchange.subjects:
        inherited = carried = carried | await _flags(parts, exchange, caller)
    if message.sessions or message.references:
        found = await parts.sessions.join(caller, message)
        if isinstance(found, Refusal):
            return found
        joined = found
        if not message.ends:
            inherited = inherited | found.sent | found.said
    health = "phi" in floor or "phi" in declared or "phi" in inherited
    scan = await spaced(len(message.body), parts.engine.scan, message.parts, health_context=health, whose=caller.tenant)
    if parts.linking is not None and await _linked(parts, parts.linking, exchange, caller, message, scan):
        flags = await _flags(parts, exchange, caller)
        inherited, carried = inherited | flags, carried | flags
    return Classified(
        tenant=caller.tenant,
        scan=scan,
        found=policy.implied(scan.classes),
        declared=declared,
        inherited=tuple(sorted(inherited)),
        floor=tuple(sorted(floor)),
        joined=joined,
        carried=carried,
        chain=() if lineage is None else lineage.chain,
        stored=exchange.arrival.identity is not None,
        tokens=await parts.tokens.book(caller, joined) if parts.tokens.used else None,
    )


async def _flags(parts: Parts, exchange: Exchange, caller: Caller) -> frozenset[str]:
    """What sticks to the data subjects of the exchange, as it is remembered with them."""
    revision = 0 if exchange.denials is None else exchange.denials
    exchange.flags = await parts.subjects.flags(caller.tenant, exchange.subjects, revision)
    return exchange.flags


async def _linked(
    parts: Parts, linking: Linking, exchange: Exchange, caller: Caller, message: Message, scan: Scan
) -> bool:
    """Add the data subjects that the message was found to be about; whether there are any new ones. Before the
    decision, so that what sticks to them is decided on, and so that the intent is found by them."""
    before = exchange.subjects
    exchange.subjects, left_out = await linking.about(caller.tenant, message.parts, scan, before)
    new = len(exchange.subjects) - len(before)
    if new or left_out:
        parts.metrics.linked(caller.tenant, new, left_out)
    return new > 0


async def stick(parts: Parts, exchange: Exchange, classified: Classified, denied: Denied) -> None:
    """What the message itself brought and was denied for sticks to its caller; what stuck already is not renewed by
    every try. What a supervisor would have been asked is the gateway's question and none of the caller's."""
    if exchange.arrival.asks is not None:
        return
    caller, brought = exchange.caller, denied.classes.intersection((*classified.found, *classified.declared))
    if brought and caller is not None:
        await parts.sticking.note(caller.tenant, caller.actor, exchange.principal, brought - {"public"})
