"""Requests for erasure (GDPR Art. 17): asked for, agreed to by a second person, refused with a ground, each on record.

1. Who asks must be known: how that was made sure is said by a reference, never by a copy of a document. 2. A hold
refuses it at once. 3. Another person agrees; from then on the subject is restricted. 4. The delay passes, in which it
can still be refused. 5. `Erasure` destroys.

Of a person there is one at a time, whichever pseudonym it was asked for: each step says with its record that the
person's rows are as they were read, so that of two at once, or of one beside a merging or a splitting, one comes to
nothing. Whom it is agreed to for stands in the case: who becomes one with them later is not erased.
"""

import re

import msgspec

from gateway.core.ids import random_id
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.exchange.approving import MAX_REASON, Approver
from gateway.exchange.subject_holds import second
from gateway.exchange.subject_record import Said, entry
from gateway.exchange.subjects import CHANGED, ROLE, Meant, Subjects, may, unfit_reason
from gateway.ledger.record import NodeInfo
from gateway.ledger.times import month_after
from gateway.settings import SubjectSettings
from gateway.store.subject_cases import Case, CaseStore, Terms, moved, opened
from gateway.store.subjects import SubjectStore, guarded, marked

GROUNDS = ("a", "b", "c", "d", "e", "f")
"""Why data must be erased: the letters of GDPR Art. 17(1)."""
REFUSALS = ("a", "b", "c", "d", "e", "hold", "identity", "unfounded", "withdrawn")
"""Why they are not: the letters of Art. 17(3), a legal hold, nobody knows who asks (Art. 12(6)), manifestly unfounded
or excessive (Art. 12(5)), or who asked does not want it any more."""
_ARTICLE_12 = {"identity": "Art. 12(6)", "unfounded": "Art. 12(5)"}
PENDING = ("proposed", "approved", "deferred")
"""States of an erasure in which nothing is destroyed yet."""
_CASE = re.compile(r"sc_[0-9a-f]{26}")
_HOUR_US = 3_600_000_000


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for. `identity`: how it was made sure who asks, and where that is kept; `received_us`: when."""

    ground: str
    identity: str
    reason: str
    received_us: int | None = None


class Erasing:
    """Erasures of all tenants, as persons see to them."""

    def __init__(
        self,
        *,
        subjects: Subjects,
        flags: SubjectStore,
        cases: CaseStore,
        clock: Clock,
        node: NodeInfo,
        settings: SubjectSettings,
    ) -> None:
        self._subjects, self._flags, self._cases = subjects, flags, cases
        self._clock, self._node, self._settings = clock, node, settings

    async def request(self, who: Approver, meant: Meant, asked: Asked) -> Case | Refusal:
        """Take a request. Where a hold stands against it, it is refused, and on record as that."""
        now = self._clock.now_us()
        received = now if asked.received_us is None else asked.received_us
        unfit = unfit_reason(asked.reason) or _unfit(asked, received, now)
        subject = unfit or await self._subjects.find(who, meant)
        if isinstance(subject, Refusal):
            return subject
        rows = await self._flags.person(who.tenant, subject)
        if not rows:
            return CHANGED
        group = tuple(row.id for row in rows)
        if any(row.erasing is not None for row in rows) or await self._cases.open_erasures(who.tenant, group):
            return Refusal(code="conflict", field="subject", hint="a subject whose erasure is not under way already")
        held = await self._cases.held(who.tenant, group)
        made = Case(
            tenant=who.tenant,
            id=random_id("sc"),
            kind="erasure",
            subject=subject,
            state="refused" if held else "proposed",
            opened_us=now,
            due_us=month_after(received),
            ended_us=now if held else None,
            terms=Terms(
                actor=who.actor,
                persons=who.persons,
                reason=asked.reason,
                identity=asked.identity,
                ground=asked.ground,
                received_us=received,
            ),
        )
        said = Said(
            event="subject.erasure-refused" if held else "subject.erasure",
            subject=subject,
            code="hold" if held else "requested",
            case=made.id,
            received_us=received,
            legal_basis=basis(asked.ground),
            reason=asked.reason,
            lines=(f"identity {asked.identity}",),
            change=opened(made, *guarded(rows)),
        )
        return made if await self._recorded(who, said) else CHANGED

    async def approve(self, who: Approver, case_id: str, reason: str) -> Case | Refusal:
        """The second person's yes: the subject is restricted from now on, and the delay begins."""
        found = unfit_reason(reason) or await self._found(who, case_id, ("proposed",))
        if isinstance(found, Refusal):
            return found
        barred = second(who, found)
        if barred is not None:
            return barred
        rows = await self._flags.person(who.tenant, found.subject)
        if not rows:
            return CHANGED
        group = tuple(row.id for row in rows)
        if await self._cases.held(who.tenant, group):
            return Refusal(code="conflict", field="case", hint="a subject that no hold is on: refuse it, or lift that")
        if any(row.erasing is not None for row in rows) or len(await self._cases.open_erasures(who.tenant, group)) > 1:
            return Refusal(code="conflict", field="case", hint="the one erasure of its subject: refuse the other first")
        becomes = msgspec.structs.replace(
            found,
            state="approved",
            ripe_us=self._clock.now_us() + self._settings.erasure_delay_h * _HOUR_US,
            terms=msgspec.structs.replace(found.terms, confirmed=who.actor, subjects=group),
        )
        marks = [marked(row, erasing=found.id) for row in rows]
        said = Said(
            event="subject.erasure",
            subject=found.subject,
            code="approved",
            others=tuple(one for one in group if one != found.subject),
            case=found.id,
            received_us=found.terms.received_us,
            legal_basis=basis(found.terms.ground),
            reason=reason,
            change=moved(found, becomes, *marks),
            flags=True,
        )
        if not await self._recorded(who, said):
            return CHANGED
        return msgspec.structs.replace(becomes, version=found.version + 1)

    async def refuse(self, who: Approver, case_id: str, ground: str, reason: str) -> Case | Refusal:
        """Refuse it with a ground, as long as nothing was destroyed."""
        if ground not in REFUSALS:
            return Refusal(code="parameter_invalid", field="ground", hint=f"one of {', '.join(REFUSALS)}")
        found = unfit_reason(reason) or await self._found(who, case_id, PENDING)
        if isinstance(found, Refusal):
            return found
        group = await self._flags.group(who.tenant, found.subject)
        bearing = [one for one in await self._flags.marks(who.tenant, group) if one.erasing == found.id]
        becomes = msgspec.structs.replace(found, state="refused", ended_us=self._clock.now_us())
        said = Said(
            event="subject.erasure-refused",
            subject=found.subject,
            code=ground,
            case=found.id,
            received_us=found.terms.received_us,
            legal_basis=_refused_for(ground, found.terms.ground),
            reason=reason,
            change=moved(found, becomes, *(marked(row, erasing=None) for row in bearing)),
            flags=bool(bearing),
        )
        if not await self._recorded(who, said):
            return CHANGED
        return msgspec.structs.replace(becomes, version=found.version + 1)

    async def _found(self, who: Approver, case_id: str, states: tuple[str, ...]) -> Case | Refusal:
        if not may(who):
            return Refusal(code="role_required", hint=f"the role {ROLE}")
        found = await self._cases.get(who.tenant, case_id) if _CASE.fullmatch(case_id) else None
        if found is None or found.kind != "erasure":
            return Refusal(code="not_found", field="case")
        if found.state not in states:
            return Refusal(code="conflict", field="case", hint=f"an erasure that is {' or '.join(states)}")
        return found

    async def _recorded(self, who: Approver, said: Said) -> bool:
        done = await who.ledger.submit(entry(said, who.tenant, who.by, clock=self._clock, node=self._node))
        if done is not None and said.flags:
            await self._flags.reload(who.tenant)
        return done is not None


def basis(ground: str) -> str:
    """A ground as the record names it."""
    return f"Art. 17(1)({ground})"


def _refused_for(ground: str, asked_for: str) -> str:
    """What a refusal rests on, as the record names it; where that is no article, since a hold stands against it or it
    was withdrawn, what the request rested on."""
    if ground in _ARTICLE_12:
        return _ARTICLE_12[ground]
    return f"Art. 17(3)({ground})" if len(ground) == 1 else basis(asked_for)


def _unfit(asked: Asked, received: int, now: int) -> Refusal | None:
    if asked.ground not in GROUNDS:
        return Refusal(code="parameter_invalid", field="ground", hint=f"one of {', '.join(GROUNDS)} of Art. 17(1)")
    if not asked.identity.strip() or len(asked.identity) > MAX_REASON:
        hint = "how it was made sure who asks, and where that is kept"
        return Refusal(code="parameter_invalid", field="identity", hint=hint)
    if not 0 <= received <= now:
        return Refusal(code="parameter_invalid", field="received", hint="a time that is past")
    return None
