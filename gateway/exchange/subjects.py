"""The registry of data subjects: identifiers, merging, restriction (GDPR Art. 18), rectification (Art. 16).

The API and the command line share this. Whoever acts holds the role `privacy`. An identifier comes in here and goes no
further than its HMAC: records, cases and answers know pseudonyms alone. Each change is one record, and the row changes
in its transaction: a crash leaves both or neither.
"""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from gateway.core.canonical import MAX_INTEGER
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.exchange.approving import MAX_REASON, Approver
from gateway.exchange.subject_record import Said, described_case, entry
from gateway.ledger.entry import RowChange
from gateway.ledger.fields import MAX_NAMES
from gateway.ledger.record import NodeInfo, timestamp
from gateway.store.directory import GIVEN, MAX_IDENTIFIER, Directory, normalised, strictly
from gateway.store.subject_cases import Case, CaseStore
from gateway.store.subjects import Known, SubjectStore, guarded, marked

ROLE = "privacy"
MAX_LINKED = 64
"""Identifiers that are linked to a subject at once."""
KIND = re.compile(r"[a-z][a-z0-9-]{0,31}")
MAX_ONE = MAX_NAMES
"""Pseudonyms that are one person: the record of an erasure names all of them."""
SEQS = f"a record's number, 0 to {MAX_INTEGER - 1}"
_SUBJECT = re.compile(r"su_[0-9a-f]{26}")
CHANGED = Refusal(code="conflict", hint="look at it again: somebody has changed it meanwhile")


class Identifier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a data subject is called somewhere. `kind`: `given` as callers write it in `X-Data-Subject`, else `mrn`,
    `email`, `plan-id`, `us-ssn` or any other word."""

    value: str
    kind: str = GIVEN

    def __repr__(self) -> str:
        return f"Identifier(kind={self.kind!r})"


class Meant(msgspec.Struct, frozen=True, kw_only=True):
    """Who is meant: by pseudonym, or by an identifier."""

    subject: str | None = None
    identifier: Identifier | None = None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a data subject without opening anything."""

    subject: str
    group: tuple[str, ...]
    identifiers: dict[str, int]
    records: int
    restricted_us: int | None
    erasing: str | None
    cases: tuple[Case, ...]


class Subjects:
    """The registry of all tenants."""

    def __init__(
        self,
        *,
        store: SubjectStore,
        cases: CaseStore,
        directory: Directory,
        clock: Clock,
        node: NodeInfo,
    ) -> None:
        self._store, self._cases, self._directory = store, cases, directory
        self._clock, self._node = clock, node

    # -------------------------------------------------------------------------------------------------- who is who

    async def find(self, who: Approver, meant: Meant) -> str | Refusal:
        """The pseudonym of who is meant."""
        if not may(who):
            return Refusal(code="role_required", hint=f"the role {ROLE}")
        if (meant.subject is None) == (meant.identifier is None):
            return _wrong("subject", "either a pseudonym or an identifier")
        if meant.subject is not None:
            known = _SUBJECT.fullmatch(meant.subject) and await self._store.known(who.tenant, meant.subject)
            return meant.subject if known else Refusal(code="not_found", field="subject")
        given = meant.identifier
        unfit = None if given is None else unfit_identifier(given)
        if given is None or unfit is not None:
            return unfit or _wrong("identifier", "an identifier")
        found = await self._directory.find_subject(who.tenant, given.value, given.kind)
        return found or Refusal(code="not_found", field="identifier")

    async def show(self, who: Approver, meant: Meant) -> Shown | Refusal:
        """What is known of a data subject. Says nothing of what its records hold. That somebody is known here, or is
        not, is told on record: it may say that they are a patient."""
        subject = await self.find(who, meant)
        if isinstance(subject, Refusal):
            if subject.code == "not_found":
                # A crash before this is durable: nothing was told. After: the record says that it may have been.
                await self._told(who, Said(event="subject.shown", code="not_found"))
            return subject
        found = await self._shown(who, subject)
        others = tuple(one for one in found.group if one != subject)
        # As above.
        await self._told(who, Said(event="subject.shown", subject=subject, code="shown", others=others))
        return found

    async def link(self, who: Approver, meant: Meant, links: tuple[Identifier, ...]) -> Shown | Refusal:
        """Have a subject found by further identifiers too. One that is another subject's already says that the two may
        be one person: that is for `merge` to say, and is refused here. So is linking to whom an erasure was agreed to
        for, has begun or has ended: nothing would take the identifier away again, and nobody could have it erased."""
        if not 1 <= len(links) <= MAX_LINKED:
            return _wrong("links", f"1 to {MAX_LINKED} identifiers")
        for one in links:
            unfit = unfit_identifier(one)
            if unfit is not None:
                return unfit
        subject = await self._found_or_made(who, meant)
        if isinstance(subject, Refusal):
            return subject
        known = await self._store.person(who.tenant, subject)
        if not known:
            return CHANGED
        if await self._agreed(who.tenant, known):
            return Refusal(code="conflict", field="subject", hint="a subject that is not being erased and was not")
        group = tuple(row.id for row in known)
        wanted: dict[tuple[str, bytes], Identifier] = {}
        for one in links:
            other = await self._directory.find_subject(who.tenant, one.value, one.kind)
            if other is not None and other not in group:
                hint = "one that is nobody else's: two pseudonyms of one person are merged"
                return Refusal(code="conflict", field="links", hint=hint)
            if other is None:
                wanted[self._directory.subject_lookup(who.tenant, one.value, one.kind)] = one
        if wanted:
            made = timestamp(self._clock.now_us())
            rows = [
                RowChange(table="pseudonym", values={"kind": k, "lookup": v, "id": subject, "created_at": made})
                for k, v in wanted
            ]
            kinds = sorted({one.kind for one in wanted.values()})
            # With the person's rows as they were: an erasure that is agreed to meanwhile leaves it out. A crash before
            # this is durable: nothing is linked. After: all of them are.
            change = msgspec.structs.replace(rows[0], beside=(*rows[1:], *guarded(known)))
            said = Said(
                event="subject.linked",
                subject=subject,
                code="linked",
                count=len(rows),
                lines=tuple(f"kind {kind}" for kind in kinds),
                change=change,
            )
            if not await self._recorded(who, said):
                return CHANGED
        return await self._shown(who, subject)

    async def merge(self, who: Approver, one: Meant, into: Meant, reason: str) -> Shown | Refusal:
        """Say that two pseudonyms are one person. Both stay as they are, so that `split` undoes it."""
        leaving = unfit_reason(reason) or await self.find(who, one)
        if isinstance(leaving, Refusal):
            return leaving
        staying = await self.find(who, into)
        if isinstance(staying, Refusal):
            return staying if staying.field is None else msgspec.structs.replace(staying, field="into")
        if staying in await self._store.group(who.tenant, leaving):
            return Refusal(code="conflict", field="into", hint="another subject: these two are one already")
        there, here = [await self._store.person(who.tenant, each) for each in (leaving, staying)]
        if not there or not here:
            return CHANGED
        if len(there) + len(here) > MAX_ONE:
            return Refusal(code="conflict", field="into", hint=f"two that are {MAX_ONE} pseudonyms at most together")
        if not await self._may_merge(who.tenant, there, here):
            hint = "two subjects of whom none is being erased, and whose erasures are not both asked for"
            return Refusal(code="conflict", field="subject", hint=hint)
        row = _root(there, leaving)
        others = [known for known in (*there, *here) if known.id != row.id]
        said = Said(
            event="subject.merged",
            subject=staying,
            code="merged",
            others=(leaving,),
            lines=(f"{row.id} is one with {staying}",),
            reason=reason,
            change=msgspec.structs.replace(marked(row, merged=staying), beside=guarded(others)),
            flags=True,
        )
        if not await self._recorded(who, said):
            return CHANGED
        return await self._shown(who, staying)

    async def split(self, who: Approver, meant: Meant, reason: str) -> Shown | Refusal:
        """Take back what `merge` said of this pseudonym."""
        subject = unfit_reason(reason) or await self.find(who, meant)
        if isinstance(subject, Refusal):
            return subject
        rows = await self._store.person(who.tenant, subject)
        if not rows:
            return CHANGED
        row = next(known for known in rows if known.id == subject)
        if row.merged is None:
            return Refusal(code="conflict", field="subject", hint="a pseudonym that was merged into another")
        if await self._agreed(who.tenant, rows):
            return Refusal(code="conflict", field="subject", hint="a subject that is not being erased")
        said = Said(
            event="subject.merged",
            subject=subject,
            code="split",
            others=(row.merged,),
            lines=(f"{subject} is not one with {row.merged}",),
            reason=reason,
            change=msgspec.structs.replace(
                marked(row, merged=None), beside=guarded(known for known in rows if known.id != subject)
            ),
            flags=True,
        )
        if not await self._recorded(who, said):
            return CHANGED
        return await self._shown(who, subject)

    # ------------------------------------------------------------------------------------- restricted and rectified

    async def restrict(self, who: Approver, meant: Meant, *, restricted: bool, reason: str) -> Shown | Refusal:
        """Restrict the processing of a subject's data, or lift that; acts from its record on, on all nodes."""
        subject = unfit_reason(reason) or await self.find(who, meant)
        if isinstance(subject, Refusal):
            return subject
        # It holds for all that are one person, whichever of them bears it; lifted it is from each.
        marks = await self._store.marks(who.tenant, await self._store.group(who.tenant, subject))
        bearing = [one for one in marks if one.restricted_us is not None]
        if bool(bearing) != restricted:
            rows = [await self._store.row(who.tenant, subject)] if restricted else bearing
            since = self._clock.now_us() if restricted else None
            first, *others = (marked(row, restricted_us=since) for row in rows)
            said = Said(
                event="subject.restricted",
                subject=subject,
                code="restricted" if restricted else "lifted",
                reason=reason,
                change=msgspec.structs.replace(first, beside=tuple(others)),
                flags=True,
            )
            if not await self._recorded(who, said):
                return CHANGED
        return await self._shown(who, subject)

    async def rectify(self, who: Approver, meant: Meant, seq: int, reason: str) -> Shown | Refusal:
        """Put beside a record what corrects it: the record stays, and whoever looks for the subject finds both."""
        subject = unfit_reason(reason) or unfit_seq(seq) or await self.find(who, meant)
        if isinstance(subject, Refusal):
            return subject
        group = await self._store.group(who.tenant, subject)
        if not await self._store.about(who.tenant, group, seq):
            return Refusal(code="not_found", field="seq", hint="a record that is about this subject")
        said = Said(event="subject.rectified", subject=subject, code="rectified", range=(seq, seq + 1), reason=reason)
        await self._recorded(who, said)
        return await self._shown(who, subject)

    # ---------------------------------------------------------------------------------------------------------- inside

    async def _recorded(self, who: Approver, said: Said) -> bool:
        """Whether the record is there, and what changes with it has changed."""
        done = await who.ledger.submit(entry(said, who.tenant, who.by, clock=self._clock, node=self._node))
        if done is not None and said.flags:
            await self._store.reload(who.tenant)  # other nodes find out from the head
        return done is not None

    async def _told(self, who: Approver, said: Said) -> None:
        """Returns once it is on record that this is told; raises, and nothing is told, where it cannot be."""
        await who.ledger.append(entry(said, who.tenant, who.by, clock=self._clock, node=self._node))

    async def _found_or_made(self, who: Approver, meant: Meant) -> str | Refusal:
        """As `find`; a subject that callers have not named yet is made, where it is meant as they would name it."""
        found = await self.find(who, meant)
        given = meant.identifier
        if isinstance(found, Refusal) and found.code == "not_found" and given is not None and given.kind == GIVEN:
            return await self._directory.subject(who.tenant, given.value)
        return found

    async def _agreed(self, tenant: str, rows: Iterable[Known]) -> bool:
        """Whether an erasure of any of these was agreed to, or has begun or ended: then who they are stays as it is."""
        rows = tuple(rows)
        found = await self._cases.open_erasures(tenant, [known.id for known in rows])
        return any(known.erasing is not None for known in rows) or any(one.state != "proposed" for one in found)

    async def _may_merge(self, tenant: str, there: Iterable[Known], here: Iterable[Known]) -> bool:
        if await self._agreed(tenant, (*there, *here)):
            return False
        asked = [await self._cases.open_erasures(tenant, [known.id for known in each]) for each in (there, here)]
        return not all(asked)

    async def _shown(self, who: Approver, subject: str) -> Shown:
        group = await self._store.group(who.tenant, subject)
        marks = await self._store.marks(who.tenant, group)
        identifiers = await self._store.identifiers(who.tenant, group)
        return Shown(
            subject=subject,
            group=group,
            identifiers={kind.partition(":")[2] or GIVEN: count for kind, count in sorted(identifiers.items())},
            records=await self._store.records(who.tenant, group),
            restricted_us=min((one.restricted_us for one in marks if one.restricted_us is not None), default=None),
            erasing=next((one.erasing for one in marks if one.erasing is not None), None),
            cases=await self._cases.of_subjects(who.tenant, group),
        )


def _root(rows: Iterable[Known], subject: str) -> Known:
    """Of a person's rows the one that is merged into no other: this subject's own, where there are several."""
    mine = [known for known in rows if known.merged is None] or list(rows)
    return next((known for known in mine if known.id == subject), mine[0])


def may(who: Approver) -> bool:
    """Whether who acts may act for data subjects at all."""
    return ROLE in who.roles


def unfit_identifier(one: Identifier) -> Refusal | None:
    """Why nobody can be looked up by it."""
    if KIND.fullmatch(one.kind) is None:
        return _wrong("kind", "lower-case letters, digits and dashes, like mrn")
    normal = normalised(one.value[: MAX_IDENTIFIER + 1]) if one.kind == GIVEN else strictly(one.value, one.kind)
    if not normal or len(normal) > MAX_IDENTIFIER or len(one.value) > MAX_IDENTIFIER:
        return _wrong("identifier", f"1 to {MAX_IDENTIFIER} characters")
    return None


def described(shown: Shown, now_us: int) -> dict[str, Any]:
    """A data subject as the API and the command line show it."""
    return {
        "subject": shown.subject,
        "merged": [one for one in shown.group if one != shown.subject],
        "identifiers": shown.identifiers,
        "records": shown.records,
        "restricted": None if shown.restricted_us is None else timestamp(shown.restricted_us),
        "erasing": shown.erasing,
        "cases": [described_case(one, now_us) for one in shown.cases],
    }


def unfit_seq(seq: int) -> Refusal | None:
    """Why no record can have this number."""
    return None if 0 <= seq < MAX_INTEGER else _wrong("seq", SEQS)


def unfit_reason(reason: str) -> Refusal | None:
    if len(reason.strip()) >= 1 and len(reason) <= MAX_REASON:
        return None
    return _wrong("reason", f"why, in 1 to {MAX_REASON} characters")


def _wrong(field: str, hint: str) -> Refusal:
    return Refusal(code="parameter_invalid", field=field, hint=hint)
