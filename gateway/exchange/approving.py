"""The approvers' side: what waits, what it holds, and the answers. The API and the command line share this.

Whoever looks at a request is on record before it is shown, with a commitment to what was shown. An answer that lets
something go is on record with what it changes; one that stops something stops it first. Whoever may not answer finds
nothing: a requester sees the state of its own, and no more.
"""

from typing import Any

import msgspec

from gateway.checks.approval import joined, open_demands, role_of
from gateway.core.approval import Answer
from gateway.core.caller import Identity
from gateway.core.denial import names_of
from gateway.core.errors import VerificationError
from gateway.core.ids import uuid7
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.exchange.answerers import denied_names, key_of, persons_of
from gateway.exchange.approval_record import By, Event, Told, entry
from gateway.exchange.approval_view import View, decode, found_in, shown
from gateway.exchange.ledgers import Counting
from gateway.exchange.metrics import Metrics
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.record import MessageInfo, NodeInfo, timestamp
from gateway.store.approvals import OPEN, Alternative, Approval, ApprovalStore, Edit, State, changed
from gateway.store.directory import Directory
from gateway.store.sealing import Sealer

MAX_REASON = 2_000
"""Characters of a justification."""
MAX_PAGE = 100
_SCANNED = 1_000
"""Approvals that one page looks through at most for those that are the reader's to see."""
_TRIES = 8
STATES: tuple[State, ...] = ("pending", "approved", "denied", "used", "expired", "superseded")


class Approver(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks or answers: `tenant` is the ledger's id, `persons` as of `persons_of`, `names` and `key` as in
    `core.approval.Answer`."""

    tenant: str
    ledger: Counting
    actor: str
    kind: str
    roles: tuple[str, ...]
    persons: tuple[str, ...]
    by: By
    names: tuple[str, ...] = ()
    key: str | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """An approval as its reader may see it. `content`: what the agent would get; None where it is not for this reader,
    or is there no more."""

    approval: Approval
    own: bool
    content: dict[str, Any] | None = None


class Approving:
    """Shows and answers approvals. `sealer` opens what was sealed."""

    def __init__(
        self,
        *,
        store: ApprovalStore,
        directory: Directory,
        sealer: Sealer,
        clock: Clock,
        node: NodeInfo,
        metrics: Metrics,
        use_s: int,
        callers: frozenset[tuple[str, str]],
    ) -> None:
        """`use_s`: seconds in which what was approved must be sent again; `callers`: tenant and subject of each that an
        agent calls as."""
        self._callers = callers
        self._store, self._directory, self._sealer = store, directory, sealer
        self._clock, self._node, self._metrics, self._use_s = clock, node, metrics, use_s

    def approver(self, tenant: str, ledger: Counting, identity: Identity, by: By) -> Approver:
        """A caller as one who looks or answers, whatever it may. `tenant` is the ledger's id; `by` names its actor.
        Whom an agent calls as is an agent, whatever kind the credential says: most issuers say none."""
        kind = "agent" if (identity.tenant, identity.subject) in self._callers else identity.kind
        return Approver(
            tenant=tenant,
            ledger=ledger,
            actor=by.actor or "",
            kind=kind,
            roles=identity.roles,
            persons=persons_of(self._directory, tenant, identity),
            by=msgspec.structs.replace(by, kind=kind),
            names=denied_names(self._directory, tenant, names_of(identity)),
            key=key_of(identity),
        )

    async def page(
        self, who: Approver, *, states: tuple[State, ...], before: tuple[int, str] | None, limit: int
    ) -> tuple[Seen, ...]:
        """The newest of those that this reader may answer or has asked for; nothing of their content."""
        found: list[Seen] = []
        looked = 0
        while len(found) < limit and looked < _SCANNED:
            chunk = await self._store.newest(who.tenant, states=states, before=before, limit=MAX_PAGE)
            for one in chunk:
                if len(found) < limit and (_asked_of(one, who) or one.actor == who.actor):
                    found.append(Seen(approval=one, own=one.actor == who.actor))
            if len(chunk) < MAX_PAGE:
                break
            looked, before = looked + len(chunk), (chunk[-1].created_us, chunk[-1].id)
        return tuple(found)

    async def see(self, who: Approver, approval_id: str) -> Seen | Refusal:
        """One approval; to who may answer it with what it holds, on record before it is returned."""
        one = await self._store.get(who.tenant, approval_id)
        if one is None or not (_asked_of(one, who) or one.actor == who.actor):
            return Refusal(code="not_found", field="id")
        own = bool(set(who.persons) & set(one.terms.persons))
        if one.actor == who.actor or own or one.sealed is None or not _asked_of(one, who):
            return Seen(approval=one, own=one.actor == who.actor)
        view = self._opened(one)
        if view is None:  # the data subject was erased: there is nothing to approve any more
            return Seen(approval=one, own=False)
        content = {
            "requester": msgspec.to_builtins(view.requester),
            "parts": shown(view, one.masks),
            "maskable": sorted(found_in(view).difference(one.masks)),
            "explanation": list(view.explanation),
        }
        await self._revealed(who, one, content)
        return Seen(approval=one, own=False, content=content)

    async def approve(self, who: Approver, approval_id: str, reason: str, version: int) -> Approval | Refusal:
        """One person's yes, to what it was at this version (`described`). The record and the row are one transaction:
        of several that answer at once each is on record as what it came to be, and one that counts for nothing is not.
        A crash before: it was not given. After: it was, whether anybody was told so or not."""
        role = None
        for _ in range(_TRIES):
            found = await self._to_answer(who, approval_id, reason, version)
            if isinstance(found, Refusal):
                return found
            if role not in (None, found[1]):
                return Refusal(code="conflict", field="id", hint="look at it again: it is another one by now")
            one, role = found
            left = sum(demand.count for demand in open_demands(one.demands, one.answers)) - 1
            told = Told(lines=(f"role {role}", f"missing {left}"), reason=reason)
            answer = self._answer(who, role, approved=True)
            answers = (*one.answers, answer)
            done = not open_demands(one.demands, answers)
            becomes = msgspec.structs.replace(
                one,
                answers=answers,
                state="approved" if done else "pending",
                expires_us=self._clock.now_us() + self._use_s * 1_000_000 if done else one.expires_us,
                # What was approved goes by itself now: nobody has anything to look at any more.
                sealed=None if done else one.sealed,
            )
            if await self._recorded("approval.approved", who, one, becomes, told):
                self._metrics.approval(one.tenant, "approved")
                return msgspec.structs.replace(becomes, version=one.version + 1)
        return Refusal(code="conflict", field="id", hint="an approval that nobody else answers at this moment")

    async def deny(
        self, who: Approver, approval_id: str, reason: str, version: int | None = None
    ) -> Approval | Refusal:
        """One person's no, which ends it: also what was approved and has not been sent yet, and also after the same
        person's yes. The row first: it must hold even while the ledger cannot be written, and whoever sends it at this
        moment finds another version. `version`: None for a no to whatever it has become."""
        for _ in range(_TRIES):
            found = await self._to_answer(who, approval_id, reason, version, ending=True)
            if isinstance(found, Refusal):
                return found
            one, role = found
            answers = (*one.answers, self._answer(who, role, approved=False))
            becomes = msgspec.structs.replace(one, answers=answers, state="denied", sealed=None)
            if await self._store.change(one, becomes):
                told = Told(lines=(f"role {role}", f"was {one.state}"), reason=reason)
                await self._record("approval.denied", who, one, told)
                self._metrics.approval(one.tenant, "denied")
                return msgspec.structs.replace(becomes, version=one.version + 1)
        return Refusal(code="conflict", field="id", hint="an approval that nobody else answers at this moment")

    async def edit(
        self,
        who: Approver,
        approval_id: str,
        reason: str,
        version: int | None = None,
        *,
        masks: tuple[str, ...],
        agent: str | None,
    ) -> Approval | Refusal:
        """Have more masked, or another agent get it that the decision permits. Answers that were given before are
        void, for they were to something else; and who edits does not approve. `version`: None for whatever it has
        become, which who approves looks at."""
        found = await self._to_answer(who, approval_id, reason, version)
        if isinstance(found, Refusal):
            return found
        one, role = found
        view = None if one.sealed is None else self._opened(one)
        if view is None:
            return Refusal(code="conflict", field="id", hint="an approval whose request is still there")
        if not masks and agent is None:
            return Refusal(code="parameter_invalid", field="mask", hint="finding types, or agent: what is to change")
        if not found_in(view).issuperset(masks):
            hint = ", ".join(sorted(found_in(view))) or "none: nothing was found in it"
            return Refusal(code="parameter_invalid", field="mask", hint=hint)
        chosen = one.edit.agent if agent is None else _chosen(one, agent)
        if isinstance(chosen, Refusal):
            return chosen
        # Also what is masked already: the next agent that is chosen may not ask for it.
        further = tuple(sorted({*one.edit.masks, *masks}))
        editors = tuple(sorted({*one.edit.editors, *who.persons}))
        edited = Edit(masks=further, agent=chosen, editors=editors, number=one.edit.number + 1)
        lines = (*(f"mask {kind}" for kind in masks), *(() if agent is None else (f"agent {agent}",)))
        becomes = msgspec.structs.replace(one, edit=edited, answers=())
        # One transaction, as in `approve`: a crash before it leaves what was, one after it what is on record.
        told = Told(lines=(f"role {role}", *lines), reason=reason)
        if not await self._recorded("approval.edited", who, one, becomes, told):
            return Refusal(code="conflict", field="id", hint="look at it again: somebody has answered it meanwhile")
        self._metrics.approval(one.tenant, "edited")
        return msgspec.structs.replace(becomes, version=one.version + 1)

    # ---------------------------------------------------------------------------------------------------------- inside

    async def _to_answer(
        self, who: Approver, approval_id: str, reason: str, version: int | None, *, ending: bool = False
    ) -> tuple[Approval, str] | Refusal:
        """What is to be answered and the role to do it under, or why it may not be. `version`: as it was looked at.
        `ending`: for a denial, which any that may answer can give as long as nothing was sent, whatever was answered
        before."""
        if not 1 <= len(reason.strip()) <= MAX_REASON:
            hint = f"why, in 1 to {MAX_REASON} characters"
            return Refusal(code="parameter_invalid", field="reason", hint=hint)
        one = await self._store.get(who.tenant, approval_id)
        if one is None:
            return Refusal(code="not_found", field="id")
        role = role_of(
            one.demands,
            () if ending else one.answers,
            kind=who.kind,
            roles=who.roles,
            persons=who.persons,
            barred=(*one.terms.persons, *one.edit.editors),
        )
        if isinstance(role, Refusal):
            own = one.actor == who.actor and role.code == "not_found"
            return Refusal(code="approver_barred", hint="somebody of a role that is asked") if own else role
        answerable = OPEN if ending else ("pending",)
        if one.state not in answerable or one.expires_us <= self._clock.now_us():
            return Refusal(code="conflict", field="id", hint="an approval that waits for an answer")
        if version is not None and version != one.edit.number:
            return Refusal(code="conflict", field="version", hint="look at it again: it was edited, or never was that")
        return one, role

    def _answer(self, who: Approver, role: str, *, approved: bool) -> Answer:
        return Answer(
            actor=who.actor,
            role=role,
            approved=approved,
            persons=who.persons,
            at_us=self._clock.now_us(),
            names=who.names,
            key=who.key,
        )

    def _opened(self, one: Approval) -> View | None:
        """What was sealed; None once a key of it was destroyed. `VerificationError` where it was changed."""
        if one.sealed is None:
            return None
        opened = self._sealer.open(tenant=one.tenant, record=one.id, sealed=one.sealed)
        if opened is None:
            return None
        try:
            return decode(opened.value or b"")
        except (msgspec.MsgspecError, ValueError) as error:
            raise VerificationError("the sealed request of an approval cannot be read") from error

    async def _revealed(self, who: Approver, one: Approval, content: dict[str, Any]) -> None:
        """A crash before this is durable: nothing was shown. After: the record says that it may have been."""
        data = msgspec.json.encode(content, order="sorted")
        record, salt = uuid7(self._clock.now_us()), new_salt()
        key = self._sealer.exchange_key(one.terms.subjects)
        sealed = self._sealer.seal(tenant=one.tenant, record=record, part="response", opening=salt, value=None, key=key)
        info = MessageInfo(
            commitment=committed(salt, "response", data),
            bytes=len(data),
            media_type="application/json",
            parts=len(content["parts"]),
        )
        told = Told(response=info, id=record, sealed=(sealed,), keys=key.new)
        await self._record("content.revealed", who, one, told)
        self._metrics.approval(one.tenant, "revealed")

    async def _recorded(self, event: Event, who: Approver, one: Approval, becomes: Approval, told: Told) -> bool:
        """The record together with what becomes of the row; False, and neither, where that has changed meanwhile."""
        shows = becomes if event == "approval.edited" else one
        made = entry(event, shows, who.by, told, clock=self._clock, node=self._node, change=changed(one, becomes))
        return await who.ledger.submit(made) is not None

    async def _record(self, event: Event, who: Approver, one: Approval, told: Told) -> None:
        await who.ledger.append(entry(event, one, who.by, told, clock=self._clock, node=self._node))


COLUMNS = ("id", "state", "created", "expires", "exchange", "agent", "zone", "action", "purpose", "classes", "missing")
"""Of `described`, in a table."""


def described(seen: Seen, now_us: int) -> dict[str, Any]:
    """An approval as the API and the command line show it. To its requester: what becomes of it, and no more."""
    one, terms = seen.approval, seen.approval.terms
    over = one.state in OPEN and one.expires_us <= now_us
    common: dict[str, Any] = {
        "id": one.id,
        "state": "expired" if over else one.state,
        "created": timestamp(one.created_us),
        "expires": timestamp(one.expires_us),
        "exchange": terms.exchange,
        "agent": one.agent,
        "missing": [{"role": demand.role, "count": demand.count} for demand in open_demands(one.demands, one.answers)],
    }
    if seen.own:
        return common
    shown_to_approvers = {
        "version": one.edit.number,
        "requester": one.actor,
        "zone": one.zone,
        "action": terms.action,
        "target": terms.target,
        "purpose": terms.purpose,
        "policy": terms.policy,
        "rules": list(one.rules),
        "obligations": list(one.obligations),
        "classes": list(terms.classes),
        "found": dict(terms.found),
        "masks": list(one.masks),
        "alternatives": [other.agent for other in terms.alternatives],
        "edited": bool(one.edit.editors),
        "answers": [
            {"actor": answer.actor, "role": answer.role, "approved": answer.approved, "at": timestamp(answer.at_us)}
            for answer in one.answers
        ],
    }
    content = {} if seen.content is None else {"content": seen.content}
    return {**common, **shown_to_approvers, **content}


def _asked_of(one: Approval, who: Approver) -> bool:
    """Whether the reader holds a role that is asked, for the agent that it would go to now."""
    return who.kind == "person" and any(demand.role in who.roles for demand in one.demands)


def _chosen(one: Approval, agent: str) -> Alternative | Refusal | None:
    """Another agent, with what people must say of it: never less than was asked before."""
    if agent == one.terms.agent:
        return None
    for other in one.terms.alternatives:
        if other.agent == agent:
            return msgspec.structs.replace(other, demands=joined(one.terms.demands, other.demands))
    known = ", ".join(other.agent for other in one.terms.alternatives) or "none: no other agent is permitted"
    return Refusal(code="parameter_invalid", field="agent", hint=known)
