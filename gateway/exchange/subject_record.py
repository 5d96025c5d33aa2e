"""Records about data subjects: `subject.*`. Built in one place, so that what may stand in clear is decided once: the
pseudonym, which names nobody once its mapping is gone, and codes. Whoever acted and why stands in the detail; what a
person is called stands nowhere."""

from typing import Any

import msgspec

from gateway.core.ids import uuid7
from gateway.core.ports import Clock
from gateway.exchange.approval_record import By
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry, RowChange
from gateway.ledger.record import Envelope, NodeInfo, OutcomeInfo, encode_detail, timestamp
from gateway.store.subject_cases import Case


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What one record says. `code`: what was done; `lines` and `reason` go into the detail; `flags`: whether what
    sticks to the subject changes with it, so that what was decided before is looked at again."""

    event: str
    code: str
    subject: str | None = None
    case: str | None = None
    received_us: int | None = None
    """When what the case is about was asked for."""
    others: tuple[str, ...] = ()
    """Further pseudonyms that it is to be found by."""
    lines: tuple[str, ...] = ()
    reason: str | None = None
    count: int | None = None
    legal_basis: str | None = None
    keys: tuple[str, ...] | None = None
    recipients: tuple[str, ...] | None = None
    until: str | None = None
    """By when no backup holds what was erased."""
    range: tuple[int, int] | None = None
    change: RowChange | None = None
    flags: bool = False
    under: int | None = None
    """The revision of the head that what it rests on was looked up under: left out where that has moved since."""


def entry(said: Said, tenant: str, by: By, *, clock: Clock, node: NodeInfo) -> Entry:
    """The record of something that was done about a data subject. `by`: nobody, where the gateway goes on with what
    persons have said."""
    now, salt = clock.now_us(), new_salt()
    subjects = (*(() if said.subject is None else (said.subject,)), *said.others)
    detail = encode_detail(
        msgspec.structs.replace(by.detail, subjects=subjects or None, diff=said.lines or None, reason=said.reason)
    )
    envelope = Envelope(
        id=uuid7(now),
        tenant=tenant,
        event=said.event,
        occurred_at=timestamp(now),
        actor=by.actor,
        actor_kind=by.kind,
        exchange=by.exchange,
        trace=by.trace,
        subject=said.subject,
        case=said.case,
        began=None if said.received_us is None else timestamp(said.received_us),
        count=said.count,
        legal_basis=said.legal_basis,
        keys=said.keys,
        recipients=said.recipients,
        backups_until=said.until,
        range=said.range,
        outcome=OutcomeInfo(code=said.code),
        detail=committed(salt, "detail", detail),
        node=node,
    )
    return Entry.of(
        envelope,
        detail=detail,
        salt=salt,
        subjects=tuple(dict.fromkeys(subjects)),
        change=said.change,
        denies=said.flags,
        denied_under=said.under,
    )


def described_case(one: Case, now_us: int) -> dict[str, Any]:
    """A case as the API and the command line show it."""
    times = {name: getattr(one, f"{name}_us") for name in ("opened", "due", "ripe", "ended")}
    return {
        "id": one.id,
        "kind": one.kind,
        "subject": one.subject,
        "state": one.state,
        **{name: None if value is None else timestamp(value) for name, value in times.items()},
        "overdue": one.ended_us is None and one.due_us is not None and one.due_us < now_us,
        "asked_by": one.terms.actor,
        "confirmed_by": one.terms.confirmed,
    }
