"""Legal holds: what is held of a data subject is not destroyed, whoever asks for it.

Where the configuration asks for two persons, one places a hold and another confirms it, and so with its end. A hold
that is not confirmed yet holds already, and one whose end is not confirmed still does: what is destroyed comes back by
nobody's word. For the same reason there is none on a person whose erasure has begun: it would hold nothing.
"""

import re

import msgspec

from gateway.core.ids import random_id
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.exchange.approving import Approver
from gateway.exchange.subject_record import Said, entry
from gateway.exchange.subjects import CHANGED, ROLE, Meant, Subjects, may, unfit_reason
from gateway.ledger.record import NodeInfo
from gateway.settings import SubjectSettings
from gateway.store.subject_cases import Case, CaseStore, Terms, moved, opened
from gateway.store.subjects import SubjectStore, guarded

_CASE = re.compile(r"sc_[0-9a-f]{26}")


class Holds:
    """Holds of all tenants, and the list of all cases."""

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

    async def hold(self, who: Approver, meant: Meant, reason: str) -> Case | Refusal:
        """Keep what there is of a subject from being destroyed. Where two persons are asked for, the second confirms
        it; nothing is destroyed meanwhile."""
        subject = unfit_reason(reason) or await self._subjects.find(who, meant)
        if isinstance(subject, Refusal):
            return subject
        rows = await self._flags.person(who.tenant, subject)
        if not rows:
            return CHANGED
        going = await self._cases.open_erasures(who.tenant, [row.id for row in rows])
        if any(one.state == "erasing" for one in going):
            return Refusal(code="conflict", field="subject", hint="a subject whose erasure has not begun to destroy")
        made = Case(
            tenant=who.tenant,
            id=random_id("sc"),
            kind="hold",
            subject=subject,
            state="proposed" if self._settings.hold_four_eyes else "active",
            opened_us=self._clock.now_us(),
            terms=Terms(actor=who.actor, persons=who.persons, reason=reason),
        )
        code = "proposed" if self._settings.hold_four_eyes else "placed"
        # `flags`: it moves the head's revision, so that an erasure, or an archive, that has looked for holds before it
        # is not recorded after it, and looks again. `guarded`: nor is it recorded after an erasure that has begun.
        # A crash before this is durable: nobody was told that it holds. After: it holds.
        said = Said(
            event="subject.held",
            subject=subject,
            code=code,
            case=made.id,
            reason=reason,
            change=opened(made, *guarded(rows)),
            flags=True,
        )
        return made if await self._recorded(who, said) else CHANGED

    async def confirm(self, who: Approver, case_id: str, reason: str) -> Case | Refusal:
        """The second person's yes to a hold, or to its end."""
        found = unfit_reason(reason) or await self._found(who, case_id)
        if isinstance(found, Refusal):
            return found
        ends = {"proposed": ("active", "placed"), "lifting": ("lifted", "lifted")}.get(found.state)
        if ends is None:
            return Refusal(code="conflict", field="case", hint="a hold that waits for a second person")
        barred = second(who, found)
        if barred is not None:
            return barred
        return await self._moved(who, found, *ends, reason)

    async def lift(self, who: Approver, case_id: str, reason: str) -> Case | Refusal:
        """End a hold, or where two persons are asked for, ask for its end."""
        found = unfit_reason(reason) or await self._found(who, case_id)
        if isinstance(found, Refusal):
            return found
        if found.state not in ("active", "proposed"):
            return Refusal(code="conflict", field="case", hint="a hold that holds")
        two = self._settings.hold_four_eyes and found.state == "active"
        return await self._moved(who, found, *(("lifting", "lifting") if two else ("lifted", "lifted")), reason)

    async def _found(self, who: Approver, case_id: str) -> Case | Refusal:
        """A hold, by its id."""
        if not may(who):
            return Refusal(code="role_required", hint=f"the role {ROLE}")
        found = await self._cases.get(who.tenant, case_id) if _CASE.fullmatch(case_id) else None
        return found if found is not None and found.kind == "hold" else Refusal(code="not_found", field="case")

    async def cases(self, who: Approver) -> tuple[Case, ...] | Refusal:
        """The newest cases, those that are late among them; told on record."""
        if not may(who):
            return Refusal(code="role_required", hint=ROLE)
        found = await self._cases.newest(who.tenant)
        # A crash before this is durable: nothing was told. After: the record says that it may have been.
        said = Said(event="subject.shown", code="listed", count=len(found))
        await who.ledger.append(entry(said, who.tenant, who.by, clock=self._clock, node=self._node))
        return found

    async def _moved(self, who: Approver, was: Case, state: str, code: str, reason: str) -> Case | Refusal:
        confirmed = who.actor if was.state in ("proposed", "lifting") and state != "lifting" else None
        terms = msgspec.structs.replace(was.terms, persons=who.persons, confirmed=confirmed)
        ended = self._clock.now_us() if state == "lifted" else None
        becomes = msgspec.structs.replace(was, state=state, terms=terms, ended_us=ended, version=was.version + 1)
        said = Said(
            event="subject.held",
            subject=was.subject,
            code=code,
            case=was.id,
            reason=reason,
            change=moved(was, becomes),
        )
        return becomes if await self._recorded(who, said) else CHANGED

    async def _recorded(self, who: Approver, said: Said) -> bool:
        return await who.ledger.submit(entry(said, who.tenant, who.by, clock=self._clock, node=self._node)) is not None


def second(who: Approver, case: Case) -> Refusal | None:
    """Why this is not a second person; None where it is one."""
    if who.kind != "person" or set(who.persons) & set(case.terms.persons):
        return Refusal(code="approver_barred", hint="another person than who asked")
    return None
