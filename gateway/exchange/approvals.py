"""Step 6: a message that people must allow waits for them, in the database and not in memory.

Nothing of it is held open. The request is put on record and stored sealed, the caller is told under which id it waits,
and sends the same request again: once it is approved it goes on, once. It is the same request if the same person sends
the same bytes, for the same purpose and data subjects; and what was approved holds only for the agent, the policy
version, the classes and the obligations that it was approved for: whatever has changed in between is asked anew.

In the order of `Approvals.ask`:
1. find the approval that this request has asked for, by its idempotency key or by itself;
2. another request under the same key is refused;
3. what was decided otherwise than now, or answered by who is denied by now, is superseded and asked anew;
4. what is approved goes on, edited as it was approved; `take`, right before the intent, uses it up.

Agents that supervise (`supervise:<agent>`) are asked while the request waits at the door, before people are.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from gateway.checks.approval import demanded, supervisors
from gateway.checks.redaction import CannotRedact
from gateway.core.caller import Caller
from gateway.core.errors import LedgerUnavailable
from gateway.core.ids import random_id
from gateway.core.message import Message
from gateway.core.ports import Clock, Route
from gateway.core.refusal import Refusal
from gateway.exchange.answerers import Answerers, persons_of
from gateway.exchange.approval_binding import Asked, asked_of
from gateway.exchange.approval_forms import named_task, pending_of, state_of
from gateway.exchange.approval_record import By, Event, Told, entry
from gateway.exchange.approval_supervisors import RETRY_S, Supervisors
from gateway.exchange.approval_view import encode, view_of
from gateway.exchange.exchange import Approved, Classified, Exchange, Routed
from gateway.exchange.ledgers import Ledgers
from gateway.exchange.metrics import Metrics
from gateway.exchange.notices import Notices
from gateway.exchange.router import Denied, Router
from gateway.exchange.supervising import Supervises
from gateway.ledger.commitment import new_salt
from gateway.ledger.record import ClassesInfo, Detail, NodeInfo, timestamp
from gateway.settings import ApprovalSettings
from gateway.store.approvals import OPEN, PART, Alternative, Approval, ApprovalStore, Terms, changed
from gateway.store.directory import Directory
from gateway.store.sealing import ExchangeKey, Sealer

MAX_ALTERNATIVES = 16
_log = logging.getLogger("gateway.exchange")
_ID = re.compile(r"ap_[0-9a-f]{26}")
Ending = Literal["expired", "superseded"]
_ENDED: Mapping[Ending, Event] = {"expired": "approval.expired", "superseded": "approval.superseded"}


class Approvals:
    """Asks for approvals and uses them up. Holds no state of exchanges."""

    def __init__(
        self,
        *,
        store: ApprovalStore,
        directory: Directory,
        sealer: Sealer,
        router: Router,
        ledgers: Ledgers,
        settings: ApprovalSettings,
        address: str,
        clock: Clock,
        node: NodeInfo,
        metrics: Metrics,
        notices: Notices,
        answerers: Answerers,
    ) -> None:
        self._notices, self._answerers = notices, answerers
        self._store, self._directory, self._sealer, self._router = store, directory, sealer, router
        self._ledgers, self._settings, self._address = ledgers, settings, address
        self._clock, self._node, self._metrics = clock, node, metrics
        self._supervisors = Supervisors(store=store, ledgers=ledgers, clock=clock, node=node, metrics=metrics)

    def supervised_by(self, supervises: Supervises) -> None:
        """What asks agents: it needs the pipeline, which is made of this."""
        self._supervisors.asked_by(supervises)

    async def ask(self, exchange: Exchange, routed: Routed) -> Routed | Refusal:
        """What may go on now; or why nothing may yet, or not at all. `LedgerUnavailable` if it could not be stored."""
        if exchange.arrival.asks is not None:
            return Refusal(code="supervision_failed", hint="a supervisor that policy lets be asked at once")
        caller, message, classified = _known(exchange)
        asked = asked_of(self._directory, exchange, caller, message, classified, routed)
        # 1. what this request has asked for before
        found = await self._found(exchange, caller, message, asked)
        if found is None:
            return await self._request(exchange, routed, asked)
        # 2. its key belongs to it alone
        if found.request != asked.request:
            return Refusal(code="approval_mismatch", field="Idempotency-Key", hint="a key of its own for each request")
        exchange.approval = Approved(id=found.id, version=found.version, routed=routed)
        if found.state == "used" and exchange.arrival.identity is not None:
            # A further try of a task, whose key is its own: it cannot ask under another one. Who has found the row at
            # another version has given the lookup free already.
            await self._store.change(found, msgspec.structs.replace(found, lookup=None))
            return await self._request(exchange, routed, asked)
        if found.state == "used":
            return _used()
        # 3. decided otherwise than when it was asked, or answered by who may not act any more
        if found.binding != asked.binding or await self._void(caller, found):
            await self.end(found, "superseded")
            return await self._request(exchange, routed, asked)
        if found.state == "denied":
            return Refusal(code="approval_denied")
        if found.state == "pending":
            return self._pending(exchange, message, found.id)
        # 4. approved
        allowed = self._allowed(caller, message, classified, routed, found)
        if allowed is None:
            await self.end(found, "superseded")
            return await self._request(exchange, routed, asked)
        if isinstance(allowed, Refusal):
            return allowed
        return await self._supervised(exchange, allowed, found) or allowed

    async def waiting(self, exchange: Exchange, message: Message) -> Refusal | None:
        """What has become of the approval that is asked for as a task; None where the message asks for none of its
        caller's. Nothing changes by it."""
        task, caller = named_task(message), exchange.caller
        if task is None or caller is None or not _ID.fullmatch(task):
            return None
        found = await self._store.get(caller.tenant, task)
        if found is None:
            return None
        return state_of(exchange, message, found, self._link(found.id), self._clock.now_us())

    async def take(self, exchange: Exchange, approved: Approved) -> Refusal | None:
        """Use an approval up: None for exactly one of all who try.

        A crash after this and before the intent is on record: nothing was sent, and it must be asked for again. The
        other order could send a thing twice.
        """
        caller, _, _ = _known(exchange)
        found = await self._store.get(caller.tenant, approved.id)
        if found is None or found.state != "approved" or found.version != approved.version:
            denied = found is not None and found.state == "denied"
            return Refusal(code="approval_denied") if denied else _used()
        if await self._void(caller, found):
            await self.end(found, "superseded")
            return await self._anew(exchange, approved)
        # Without a key the same request is another one from now on.
        lookup = found.lookup if found.terms.keyed else None
        used = msgspec.structs.replace(found, state="used", sealed=None, lookup=lookup)
        if not await self._store.change(found, used):  # somebody else used it up, or denied it, just before
            return _used()
        exchange.approval = msgspec.structs.replace(approved, lookup=found.lookup)
        self._metrics.approval(found.tenant, "used")
        return None

    async def give_back(self, exchange: Exchange) -> None:
        """Approved as it was before `take`, where no intent came of it and so nothing was sent. A crash before this,
        and a database that cannot be written, leave it used up: it must be asked for again."""
        approved, caller = exchange.approval, exchange.caller
        if approved is None or approved.lookup is None or caller is None:  # which no further try would find
            return
        try:
            used = await self._store.get(caller.tenant, approved.id)
            if used is None or used.state != "used" or used.version != approved.version + 1:
                return
            again = msgspec.structs.replace(used, state="approved", lookup=approved.lookup)
            if await self._store.change(used, again):
                self._metrics.approval(used.tenant, "returned")
        except LedgerUnavailable as error:
            _log.warning("an approval stays used up: %s", type(error).__name__, extra={"exchange": exchange.id})

    async def expire(self, tenant: str, limit: int = 100) -> int:
        """End what nobody answered in time, or what was not sent again in time; how many there were."""
        due = await self._store.due(tenant, self._clock.now_us(), limit)
        for one in due:
            await self.end(one, "expired")
        return len(due)

    async def end(self, one: Approval, state: Ending) -> None:
        """It is found and looked at no more, whoever ends it first. `LedgerUnavailable` where that cannot be recorded:
        then it is as it was, is void all the same, and ends once it can.
        """
        ended = msgspec.structs.replace(one, state=state, lookup=None, sealed=None)
        told = Told(lines=(f"was {one.state}",))
        made = entry(_ENDED[state], one, By(), told, clock=self._clock, node=self._node, change=changed(one, ended))
        # A crash before the commit: it ends at the next look. After it: it has ended, on record.
        if await self._ledgers.of(one.tenant).submit(made) is not None:
            self._metrics.approval(one.tenant, state)

    # ---------------------------------------------------------------------------------------------------------- inside

    async def _found(self, exchange: Exchange, caller: Caller, message: Message, asked: Asked) -> Approval | None:
        """The approval of this request; one whose time is over is ended, and there is none."""
        key, found = message.approval or exchange.headers.idempotency, None
        if key is not None and _ID.fullmatch(key):  # which the gateway gave to a request that had no key
            found = await self._store.get(caller.tenant, key)
            if found is not None and not _mine(found, caller):
                found = None
        if found is None:
            found = await self._store.find(caller.tenant, asked.lookup)
        if found is None or found.expires_us > self._clock.now_us():
            return found
        if found.state in OPEN or found.state == "denied":
            await self.end(found, "expired")
            return None
        return found

    async def _anew(self, exchange: Exchange, approved: Approved) -> Refusal:
        """What was approved is void at the very moment of its use: it is asked of people again."""
        caller, message, classified = _known(exchange)
        if approved.routed is None:
            raise LedgerUnavailable("what was decided before it was approved is not known any more")
        asked = asked_of(self._directory, exchange, caller, message, classified, approved.routed)
        found = await self._request(exchange, approved.routed, asked)
        # Where no people are asked no answer of theirs could be void.
        return found if isinstance(found, Refusal) else Refusal(code="approval_required", retry_after=RETRY_S)

    async def _request(self, exchange: Exchange, routed: Routed, asked: Asked) -> Routed | Refusal:
        """Ask: an agent that supervises first, so that nobody is asked in vain, then people. What no people are asked
        for goes on at once. On record before it is stored: nobody can answer what is on no record. A crash in between
        leaves a record of a request that the caller was never told of, and makes again."""
        caller, message, classified = _known(exchange)
        now, settings = self._clock.now_us(), self._settings
        exchange.approval = None
        if await self._store.waiting(caller.tenant, caller.actor, now) >= settings.waiting:
            return Refusal(code="approvals_full", retry_after=RETRY_S, hint=f"at most {settings.waiting} at once")
        made = Approval(
            tenant=caller.tenant,
            id=random_id("ap"),
            state="pending",
            version=0,
            actor=caller.actor,
            lookup=asked.lookup,
            request=asked.request,
            binding=asked.binding,
            created_us=now,
            expires_us=now + settings.wait_s * 1_000_000,
            terms=self._terms(exchange, caller, message, classified, routed),
        )
        key = await self._requested(exchange, made, routed)
        looked = await self._supervisors.looks(exchange, routed, made)
        if isinstance(looked, Refusal):
            return looked
        if not made.terms.demands:
            return await self._at_once(exchange, routed, looked)
        view = view_of(caller.identity, exchange.arrival.source, message, classified, routed.explanation)
        sealed = self._sealer.seal(
            tenant=made.tenant, record=made.id, part=PART, opening=new_salt(), value=encode(view), key=key
        )
        roles = [demand.role for demand in made.demands]
        notices = self._notices.made(made.tenant, self._notice(made), roles=roles)
        if not await self._store.put(msgspec.structs.replace(looked, sealed=sealed), notices):
            # The same request came twice at the same moment, and the other one was stored first.
            other = await self._store.find(made.tenant, asked.lookup)
            if other is None:
                raise LedgerUnavailable("an approval ended while it was asked for")
            made = other
        else:
            self._metrics.approval(made.tenant, "requested")
            self._notices.kept(notices)
        exchange.approval = Approved(id=made.id)
        return self._pending(exchange, message, made.id)

    async def _requested(self, exchange: Exchange, made: Approval, routed: Routed) -> ExchangeKey:
        """Put it on record that it is asked; the key that its content is sealed under, which is durable with it."""
        caller, _, classified = _known(exchange)
        key, identity = self._sealer.exchange_key(exchange.subjects), caller.identity
        detail = Detail(
            subject=identity.subject,
            roles=identity.roles,
            credential=identity.credential,
            issuer=identity.issuer,
            method=identity.method,
            on_behalf_of=identity.on_behalf_of or None,
            source=exchange.arrival.source,
            path=exchange.arrival.path,
        )
        told = Told(
            lines=(
                *(f"asked of {one.count} {one.role}" for one in made.terms.demands),
                *(f"asked of supervisor {agent}" for agent in supervisors(made.obligations)),
            ),
            classes=ClassesInfo(
                found=classified.found,
                declared=classified.declared,
                inherited=classified.inherited,
                floor=classified.floor,
            ),
            explanation=routed.explanation,
            keys=key.new,
        )
        by = By(actor=caller.actor, kind=identity.kind, detail=detail)
        await self._ledgers.of(made.tenant).append(
            entry("approval.requested", made, by, told, clock=self._clock, node=self._node)
        )
        return key

    async def _at_once(self, exchange: Exchange, routed: Routed, looked: Approval) -> Routed | Refusal:
        """What supervisors have allowed and no people are asked for: stored as approved, to be used up like any."""
        lookup = looked.lookup if looked.terms.keyed else None  # without a key each sending is asked about by itself
        expires_us = self._clock.now_us() + self._settings.use_s * 1_000_000
        made = msgspec.structs.replace(looked, state="approved", lookup=lookup, expires_us=expires_us)
        if not await self._store.put(made):
            return _used()  # another sending under this key is on its way
        self._metrics.approval(made.tenant, "requested")
        exchange.approval = Approved(id=made.id, version=made.version, routed=routed)
        return msgspec.structs.replace(routed, rest=())

    async def _supervised(self, exchange: Exchange, routed: Routed, found: Approval) -> Refusal | None:
        """Ask the supervisors that have not said yes to this very thing: an edit voids what they said."""
        looked = await self._supervisors.looks(exchange, routed, found)
        if isinstance(looked, Refusal):
            return looked
        if looked is not found:
            if not await self._store.change(found, looked):
                return Refusal(code="conflict", hint="the same request again: somebody has answered it meanwhile")
            version = found.version + 1
            before = None if exchange.approval is None else exchange.approval.routed
            exchange.approval = Approved(id=found.id, version=version, routed=before)
        return None

    def _terms(
        self, exchange: Exchange, caller: Caller, message: Message, classified: Classified, routed: Routed
    ) -> Terms:
        decision = routed.decision
        return Terms(
            exchange=exchange.id,
            trace=exchange.trace,
            keyed=exchange.headers.idempotency is not None,
            actor_kind=caller.identity.kind,
            persons=self._persons(exchange, caller),
            protocol=message.protocol,
            action=message.action,
            target=message.target,
            purpose=caller.purpose,
            agent=routed.route.id,
            zone=routed.route.zone,
            policy=decision.policy,
            rules=decision.rules,
            obligations=decision.obligations,
            demands=demanded(routed.ruling, decision.obligations),
            classes=classified.classes(routed.route),
            found=tuple(classified.scan.counts().items()),
            masks=tuple(sorted(self._masks(classified, routed))),
            alternatives=tuple(self._alternatives(exchange, caller, message, classified, routed)),
            subjects=exchange.subjects,
        )

    def _alternatives(
        self, exchange: Exchange, caller: Caller, message: Message, classified: Classified, routed: Routed
    ) -> Iterator[Alternative]:
        """The other agents that policy permits for the same message, in the order of the candidates."""
        if exchange.headers.exact:
            return
        supervising = supervisors(routed.decision.obligations)
        for route in routed.rest[:MAX_ALTERNATIVES]:
            if route.id in supervising:  # nobody looks at what it is to get itself
                continue
            decided = self._router.decide(caller, message, classified, (route,), exact=True)
            if not isinstance(decided, Denied):
                yield self._alternative(classified, decided)

    def _persons(self, exchange: Exchange, caller: Caller) -> tuple[str, ...]:
        """Everybody who stands behind a request: behind its credential, and behind the exchanges it is made for."""
        origin = () if exchange.lineage is None else exchange.lineage.persons
        return tuple(sorted({*persons_of(self._directory, caller.tenant, caller.identity), *origin}))

    async def _void(self, caller: Caller, found: Approval) -> bool:
        """Whether an answer that lets it go, or may yet, must not count any more. A denial stands, whoever gave it."""
        return found.state in OPEN and await self._answerers.void(caller.identity.tenant, found.tenant, found.answers)

    def _allowed(
        self, caller: Caller, message: Message, classified: Classified, routed: Routed, found: Approval
    ) -> Routed | Refusal | None:
        """What was approved, as it was approved: nobody but that agent gets it, masked as was seen. None where policy
        now says otherwise of that agent than when it was looked at."""
        chosen = found.edit.agent
        if chosen is not None:
            other = self._other(caller, message, classified, routed, chosen.agent)
            if other is None:
                return Refusal(code="policy_denied", explanation="The agent that was chosen may not have it any more.")
            if not self._alternative(classified, other).same(chosen):
                return None
            routed = other
        asked, seen = self._masks(classified, routed), frozenset(found.masks)
        if not seen.issuperset(asked):
            return None
        if seen != asked or "generalise" in routed.decision.obligations:
            # Masked whole, as it was shown: of what may remain in general nobody was shown anything.
            masked = self._router.without(
                message.parts,
                classified.scan,
                seen,
                health_context="phi" in classified.classes(),
                whose=classified.tenant,
            )
            if isinstance(masked, CannotRedact):
                return Refusal(code="policy_denied", explanation="What was to be masked could not be.")
            routed = msgspec.structs.replace(routed, masked=masked)
        decision = msgspec.structs.replace(
            routed.decision, effect="approve", rules=found.rules, obligations=found.obligations
        )
        return msgspec.structs.replace(routed, decision=decision, rest=())

    def _masks(self, classified: Classified, routed: Routed) -> frozenset[str]:
        """The finding types that policy has masked for this agent."""
        ruling = routed.ruling
        return frozenset() if ruling is None else self._router.types(classified, ruling, routed.route)

    def _alternative(self, classified: Classified, routed: Routed) -> Alternative:
        decision = routed.decision
        return Alternative(
            agent=routed.route.id,
            zone=routed.route.zone,
            demands=demanded(routed.ruling, decision.obligations),
            rules=decision.rules,
            obligations=decision.obligations,
            masks=tuple(sorted(self._masks(classified, routed))),
        )

    def _other(
        self, caller: Caller, message: Message, classified: Classified, routed: Routed, agent: str
    ) -> Routed | None:
        routes: tuple[Route, ...] = tuple(route for route in routed.rest if route.id == agent)
        decided = self._router.decide(caller, message, classified, routes, exact=True) if routes else None
        return decided if isinstance(decided, Routed) else None

    def _notice(self, made: Approval) -> dict[str, object]:
        """What approvers are told: names of the configuration and ids, nothing of the request."""
        return {
            "event": "approval.requested",
            "approval": made.id,
            "link": self._link(made.id),
            "agent": made.agent,
            "zone": made.zone,
            "classes": list(made.terms.classes),
            "missing": [{"role": demand.role, "count": demand.count} for demand in made.demands],
            "expires": timestamp(made.expires_us),
        }

    def _link(self, approval_id: str) -> str:
        return f"{self._address}/approvals/{approval_id}"

    def _pending(self, exchange: Exchange, message: Message, approval_id: str) -> Refusal:
        given = exchange.headers.idempotency
        again = "its Idempotency-Key" if given is not None else f"Idempotency-Key: {approval_id}"
        return Refusal(
            code="approval_required",
            hint=f"the approval, which was asked for now, and then the same request with {again}",
            retry_after=RETRY_S,
            pending=pending_of(exchange, message, approval_id, self._link(approval_id), self._clock.now_us()),
        )


def _used() -> Refusal:
    return Refusal(code="approval_used", field="Idempotency-Key", hint="another key, to ask again")


def _mine(found: Approval, caller: Caller) -> bool:
    """Whether an approval that is named by its id is this caller's, and still what its request asks for."""
    return found.actor == caller.actor and (found.lookup is not None or found.state == "used")


def _known(exchange: Exchange) -> tuple[Caller, Message, Classified]:
    if exchange.caller is None or exchange.message is None or exchange.classified is None:
        raise LedgerUnavailable("nothing is asked of people before it is classified")
    return exchange.caller, exchange.message, exchange.classified
