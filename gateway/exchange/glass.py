"""Break-glass: a role is lent to a person for minutes, on that person's own word.

It relaxes who may, and never what may go where. The rules stay as they are; for so long the person is asked of as one
who holds the lent role too, and only towards agents and zones that the configuration trusts: a less trusted zone gets
nothing that it would not have got before. Demands for approvals stay, and the API is not opened by it.

It is on record before it holds, told to whoever is configured at once, and waits from then on for the review of
somebody else, which is on record too. A review that is not made in time is told, and until it is made nothing more is
lent to that person.
"""

import re
from typing import Any

import msgspec

from gateway.core.errors import GatewayError
from gateway.core.ids import random_id, uuid7
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.exchange.approving import MAX_REASON, Approver
from gateway.exchange.ledgers import Counting
from gateway.exchange.metrics import Metrics
from gateway.exchange.notices import Notices
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry, RowChange
from gateway.ledger.record import Detail, Envelope, NodeInfo, OutcomeInfo, encode_detail, timestamp
from gateway.settings import BreakGlass
from gateway.store.glass import Broken, GlassStore
from gateway.store.notices import Notice, addition

MAX_LISTED = 200
_TRIES = 8
_ID = re.compile(r"bg_[0-9a-f]{26}")


class Lent(msgspec.Struct, frozen=True):
    """A role that an actor holds for a while, and by which broken glass."""

    id: str
    role: str
    until_us: int


class Glass:
    """Lends roles. What is lent is looked up in memory, which `refresh` renews from the database every few seconds: in
    another process a glass is broken, or mended, that much later."""

    def __init__(
        self,
        *,
        store: GlassStore,
        rules: tuple[BreakGlass, ...],
        clock: Clock,
        node: NodeInfo,
        metrics: Metrics,
        notices: Notices,
    ) -> None:
        self._store, self._rules, self._clock, self._node = store, rules, clock, node
        self._metrics, self._notices = metrics, notices
        self._lent: dict[tuple[str, str], Lent] = {}

    @property
    def configured(self) -> bool:
        """Whether any role may be lent at all."""
        return bool(self._rules)

    def lent(self, tenant: str, actor: str) -> Lent | None:
        """What an actor holds at this time; `tenant` is the ledger's id."""
        if not self._lent:
            return None
        found = self._lent.get((tenant, actor))
        return found if found is not None and self._clock.now_us() < found.until_us else None

    def all(self) -> tuple[tuple[tuple[str, str], Lent], ...]:
        """Everything that is lent as far as this process knows, by ledger and actor."""
        return tuple(self._lent.items())

    def forget(self) -> None:
        """Lend nothing until the next `refresh`."""
        self._lent = {}

    async def refresh(self) -> None:
        """Renew what is lent. Where the database cannot be asked nothing is lent, until it can."""
        if not self._rules:
            return
        try:
            found = await self._store.open(self._clock.now_us())
        except GatewayError:
            self.forget()
            raise
        # Oldest first, so that of two that one actor holds the newer one is kept.
        self._lent = {
            (one.tenant, one.actor): Lent(one.id, one.role, one.until_us)
            for one in sorted(found, key=lambda one: one.opened_us)
        }

    async def open(self, who: Approver, role: str, minutes: int, reason: str) -> Broken | Refusal:
        """Lend a role. A crash after its record and before its row: nothing was lent, and the record says that it was
        asked for; the other order could lend what is on no record."""
        rule = next((one for one in self._rules if role in one.grants and one.role in who.roles), None)
        if rule is None or who.kind != "person":
            return Refusal(code="role_required", hint="a person of a role that may break the glass for this one")
        if not 1 <= minutes <= rule.minutes:
            return Refusal(code="parameter_invalid", field="minutes", hint=f"1 to {rule.minutes}")
        unfit = _unfit(reason)
        if unfit is not None:
            return unfit
        now = self._clock.now_us()
        late = await self._store.overdue(who.tenant, now)
        if any(set(one.persons) & set(who.persons) for one in late):
            return Refusal(code="review_overdue", hint="the review of what was lent before")
        until_us = now + minutes * 60_000_000
        made = Broken(
            tenant=who.tenant,
            id=random_id("bg"),
            version=0,
            actor=who.actor,
            persons=who.persons,
            role=role,
            reviewer=rule.reviewer,
            reason=reason,
            opened_us=now,
            until_us=until_us,
            due_us=until_us + rule.review_h * 3_600_000_000,
        )
        await self._record("alert.break_glass", who, made, reason, f"role {role}", f"until {timestamp(made.until_us)}")
        notices = self._told("alert.break_glass", made)
        await self._store.put(made, notices)
        self._lent[(made.tenant, made.actor)] = Lent(made.id, made.role, made.until_us)
        self._metrics.glass(made.tenant, "opened")
        self._notices.kept(notices)
        return made

    async def remind(self, tenant: str, ledger: Counting) -> int:
        """Tell of each review that was not made in time, once, on record and by a notice; how many there were.

        The record, the row that says so and the notices come true together: of several processes one tells it.
        """
        now, told = self._clock.now_us(), 0
        for one in await self._store.overdue(tenant, now):
            notices = self._told("alert.review_overdue", one)
            if one.overdue_us is not None or await ledger.submit(self._late(one, now, notices)) is None:
                continue
            told += 1
            self._metrics.glass(one.tenant, "overdue")
            self._notices.kept(notices)
        return told

    def _told(self, event: str, one: Broken) -> tuple[Notice, ...]:
        document = {
            "event": event,
            "break_glass": one.id,
            "role": one.role,
            "reviewer": one.reviewer,
            "until": timestamp(one.until_us),
        }
        return self._notices.made(one.tenant, document, roles=(one.reviewer,))

    def _late(self, one: Broken, now: int, notices: tuple[Notice, ...]) -> Entry:
        salt = new_salt()
        lines = (f"role {one.role}", f"until {timestamp(one.until_us)}", f"reviewer {one.reviewer}")
        detail = encode_detail(Detail(diff=lines))
        envelope = Envelope(
            id=uuid7(now),
            tenant=one.tenant,
            event="alert.review_overdue",
            occurred_at=timestamp(now),
            break_glass=one.id,
            detail=committed(salt, "detail", detail),
            node=self._node,
        )
        change = RowChange(
            table="break_glass",
            values={"overdue_us": now, "version": one.version + 1},
            where={"id": one.id, "version": one.version},
            beside=tuple(addition(notice) for notice in notices),
        )
        return Entry.of(envelope, detail=detail, salt=salt, change=change)

    async def close(self, who: Approver, glass_id: str) -> Broken | Refusal:
        """End it before its time: by whom it was lent to, or by who reviews it. The row first, so that it ends."""
        for _ in range(_TRIES):
            one = await self._one(who, glass_id)
            if isinstance(one, Refusal):
                return one
            now = self._clock.now_us()
            if one.until_us <= now:
                return Refusal(code="conflict", field="id", hint="one that is still open")
            closed = msgspec.structs.replace(one, until_us=now)
            if await self._store.change(one, closed):
                held = self._lent.get((one.tenant, one.actor))
                if held is not None and held.id == one.id:
                    del self._lent[(one.tenant, one.actor)]
                await self._record("alert.break_glass_closed", who, one, None, f"role {one.role}")
                self._metrics.glass(one.tenant, "closed")
                return msgspec.structs.replace(closed, version=one.version + 1)
        return Refusal(code="conflict", field="id", hint="one that nobody else changes at this moment")

    async def review(self, who: Approver, glass_id: str, justified: bool, reason: str) -> Broken | Refusal:
        """Somebody else's judgement. Its record and the row that says so come true together: of several who give it at
        once one does, and the others' is on no record."""
        unfit = _unfit(reason)
        one = await self._one(who, glass_id) if unfit is None else unfit
        if isinstance(one, Refusal):
            return one
        if one.reviewer not in who.roles or who.kind != "person" or set(who.persons) & set(one.persons):
            return Refusal(code="approver_barred", hint="another person, of the role that reviews it")
        if one.reviewed_us is not None:
            return Refusal(code="conflict", field="id", hint="one that has not been reviewed")
        now = self._clock.now_us()
        if one.until_us > now:
            return Refusal(code="conflict", field="id", hint="one that is over: close it first")
        reviewed = msgspec.structs.replace(
            one, version=one.version + 1, reviewed_us=now, reviewed_by=who.actor, justified=justified
        )
        judged = RowChange(
            table="break_glass",
            values={
                "reviewed_us": now,
                "reviewed_by": who.actor,
                "justified": justified,
                "version": reviewed.version,
            },
            where={"id": one.id, "version": one.version},
        )
        lent = (f"role {one.role}", f"until {timestamp(one.until_us)}")
        verdict = OutcomeInfo(code="justified" if justified else "not_justified")
        entry = self._entry("alert.reviewed", who, one, reason, *lent, outcome=verdict, change=judged)
        if await who.ledger.submit(entry) is None:
            return Refusal(code="conflict", field="id", hint="one that nobody else reviews at this moment")
        self._metrics.glass(one.tenant, "reviewed")
        return reviewed

    async def listed(self, who: Approver) -> tuple[Broken, ...]:
        """Those that are the reader's own or the reader's to review: what nobody has reviewed first."""
        found = await self._store.newest(who.tenant, MAX_LISTED)
        return tuple(one for one in found if _concerns(one, who))

    async def _one(self, who: Approver, glass_id: str) -> Broken | Refusal:
        one = await self._store.get(who.tenant, glass_id) if _ID.fullmatch(glass_id) else None
        if one is None or not _concerns(one, who):
            return Refusal(code="not_found", field="id")
        return one

    async def _record(self, event: str, who: Approver, one: Broken, reason: str | None, *lines: str) -> None:
        await who.ledger.append(self._entry(event, who, one, reason, *lines))

    def _entry(
        self,
        event: str,
        who: Approver,
        one: Broken,
        reason: str | None,
        *lines: str,
        outcome: OutcomeInfo | None = None,
        change: RowChange | None = None,
    ) -> Entry:
        now, salt = self._clock.now_us(), new_salt()
        detail = encode_detail(msgspec.structs.replace(who.by.detail, reason=reason, diff=lines))
        envelope = Envelope(
            id=uuid7(now),
            tenant=one.tenant,
            event=event,
            occurred_at=timestamp(now),
            actor=who.actor,
            actor_kind=who.kind,
            exchange=who.by.exchange,
            trace=who.by.trace,
            break_glass=one.id,
            outcome=outcome,
            detail=committed(salt, "detail", detail),
            node=self._node,
        )
        return Entry.of(envelope, detail=detail, salt=salt, change=change)


def described(one: Broken) -> dict[str, Any]:
    """Broken glass as the API and the command line show it."""
    return {
        "id": one.id,
        "actor": one.actor,
        "role": one.role,
        "reason": one.reason,
        "opened": timestamp(one.opened_us),
        "until": timestamp(one.until_us),
        "reviewer": one.reviewer,
        "due": None if one.due_us is None else timestamp(one.due_us),
        "reviewed": None if one.reviewed_us is None else timestamp(one.reviewed_us),
        "reviewed_by": one.reviewed_by,
        "justified": one.justified,
    }


def _unfit(reason: str) -> Refusal | None:
    if len(reason.strip()) >= 1 and len(reason) <= MAX_REASON:
        return None
    return Refusal(code="parameter_invalid", field="reason", hint=f"why, in 1 to {MAX_REASON} characters")


def _concerns(one: Broken, who: Approver) -> bool:
    return one.actor == who.actor or (who.kind == "person" and one.reviewer in who.roles)
