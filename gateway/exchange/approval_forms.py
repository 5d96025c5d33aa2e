"""How each protocol says that a request waits for people, and what has become of that."""

from gateway.agents.a2a import FAMILY, asked_of
from gateway.agents.a2a_call import Call
from gateway.agents.a2a_pending import State, Waits, said
from gateway.agents.a2a_words import MESSAGES
from gateway.agents.mcp import talk_of
from gateway.agents.mcp_rpc import may_wait
from gateway.core.message import Message
from gateway.core.refusal import Pending, Refusal
from gateway.exchange.exchange import Exchange
from gateway.ledger.record import timestamp
from gateway.store.approvals import Approval

_A2A = frozenset({FAMILY, f"{FAMILY}-rest"})
_CODES: dict[State, str] = {"denied": "approval_denied", "used": "approval_used"}


def pending_of(exchange: Exchange, message: Message, approval: str, link: str, now_us: int) -> Pending:
    """What the caller is told that its request waits for, in its protocol's own form where it has one."""
    call = _call(message)
    if call is not None and call.operation in MESSAGES:
        context = call.params["message"].get("contextId") or None
        waits = Waits(approval=approval, link=link, exchange=exchange.id, at=timestamp(now_us), context=context)
        return _told(waits, call, stream=call.stream, bare=False)
    if message.protocol == "http":
        return Pending(id=approval, link=link, told=202)
    rpc = talk_of(message).rpc if message.protocol == "mcp" else None
    return Pending(id=approval, link=link, told=200 if rpc is not None and may_wait(rpc) else None)


def state_of(exchange: Exchange, message: Message, found: Approval, link: str, now_us: int) -> Refusal | None:
    """The answer to a question for a task that is an approval; None for any other question. It is no answer of an
    agent's, and so recorded as what nobody was sent."""
    call = _call(message)
    if call is None or call.operation != "GetTask" or found.terms.protocol not in _A2A:
        return None
    if found.actor != (exchange.caller and exchange.caller.actor) or found.terms.target != message.target:
        return None
    over = found.state in ("pending", "approved") and found.expires_us <= now_us
    state: State = "expired" if over else found.state
    waits = Waits(approval=found.id, link=link, exchange=exchange.id, at=timestamp(now_us), state=state)
    code = _CODES.get(state, "approval_required")
    return Refusal(code=code, pending=_told(waits, call, stream=False, bare=True))


def named_task(message: Message) -> str | None:
    """The id of the task that is asked for, if that is what the message does."""
    call = _call(message)
    return call.task if call is not None and call.operation == "GetTask" else None


def _told(waits: Waits, call: Call, *, stream: bool, bare: bool) -> Pending:
    media, body = said(waits, call.binding, call.id, stream=stream, bare=bare)
    return Pending(id=waits.approval, link=waits.link, told=200, media_type=media, body=body)


def _call(message: Message) -> Call | None:
    return asked_of(message).call if message.protocol in _A2A else None
