"""Shows people what was drawn, and takes their judgement: whether classification has missed anything in it.

What is shown is what the agent was sent, opened from its seal, with what the engine finds in it by place. It is on
record (`content.revealed`, with a commitment to what was shown) before anybody sees it; nobody sees or judges an
exchange of their own, and nobody judges what they were not shown. A judgement names types and numbers, never text. The
messages may be taken in any order, for nobody knows of one before seeing it; who looks and does not judge is on record,
and told with the rate.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import msgspec

from gateway.checks.classification.classes import CLASS_TYPES, OWN, QUASI
from gateway.checks.classification.engine import Engine
from gateway.core.errors import FormatError, VerificationError
from gateway.core.finding import Finding
from gateway.core.ids import uuid7
from gateway.core.message import Part
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.evidence.misses import MARKS
from gateway.exchange import kept
from gateway.exchange.approving import Approver
from gateway.exchange.marking import MarkedMisses
from gateway.exchange.metrics import Metrics
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import DataKey, Entry, SealedPart
from gateway.ledger.record import (
    Detail,
    Envelope,
    MessageInfo,
    NodeInfo,
    OutcomeInfo,
    encode_detail,
    parse,
    parse_detail,
    timestamp,
)
from gateway.store.kept import KeptContent
from gateway.store.reviews import MARK, SEEN, Note, Review, noted

REVIEWERS = frozenset({"compliance", "privacy"})
"""Roles that may be shown what was sent, and judge it."""
OTHER = "other"
"""A type for what a person finds that none of the engine's types is for."""
MAX_COUNT = 10_000
"""Of one type in one message."""
MAX_LISTED = 200
_TRIES = 4
KNOWN = frozenset().union(*CLASS_TYPES.values(), QUASI, {OTHER})
"""The types that may be named as missed, beside an operator's own."""


class Opener(kept.Opens, Protocol):
    """Opens and seals (`store.sealing.Sealer`)."""

    def exchange_key(self, subjects: tuple[str, ...] = ()) -> Any: ...

    def seal(
        self, *, tenant: str, record: str, part: str, opening: bytes, value: bytes | None, key: Any
    ) -> SealedPart: ...


class Keeps(Protocol):
    """What is kept (`store.kept.KeptStore`)."""

    async def one(self, ledger: str, seq: int) -> KeptContent | None: ...


class Samples(Protocol):
    """The samples (`store.reviews.ReviewStore`)."""

    async def get(self, tenant: str, review_id: str) -> Review | None: ...

    async def newest(self, tenant: str, limit: int) -> tuple[Review, ...]: ...

    async def notes(self, tenant: str, review_id: str) -> tuple[Note, ...]: ...


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a sample as a reviewer is shown it."""

    review: str
    place: int
    agent: str | None
    zone: str | None
    action: str | None
    found: dict[str, int]
    """By type what classification found: when it was sent, where it may have been masked since, or now."""
    scanned: str
    parts: tuple[dict[str, Any], ...]
    """Each with its pointer, label, kind, text and findings (type, start, end, score, reason; code points)."""


class Marked(msgspec.Struct, frozen=True, kw_only=True):
    """A judgement that was taken. `number`: the first or the second of this message."""

    review: str
    place: int
    number: int
    outcome: str


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """A sample, and how far people have come with it."""

    id: str
    drawn_at: str
    since: str
    until: str
    engine: str
    population: int
    size: int
    judged: int
    judged_twice: int
    open: tuple[int, ...]
    """Places that nobody has judged."""


class Reviewing:
    """The reviewers' side of every tenant's samples. `engine`: the one that is judged; `person_of`: what stands for a
    name of a tenant (`store.directory.Directory.person`)."""

    def __init__(
        self,
        *,
        samples: Samples,
        kept: Keeps,
        sealer: Opener,
        engine: Engine,
        person_of: Callable[[str, str], str],
        clock: Clock,
        node: NodeInfo,
        metrics: Metrics,
        misses: MarkedMisses | None = None,
    ) -> None:
        """`misses`: what opens incidents of what was missed; None where that is only counted."""
        self._samples, self._kept, self._sealer, self._engine = samples, kept, sealer, engine
        self._person_of, self._clock, self._node, self._metrics = person_of, clock, node, metrics
        self._misses = misses

    async def listed(self, tenant: str) -> tuple[Progress, ...]:
        """The newest samples of a tenant (its ledger's id)."""
        found = await self._samples.newest(tenant, MAX_LISTED)
        return tuple([_progress(one, await self._samples.notes(tenant, one.id)) for one in found])

    async def progress(self, tenant: str, review_id: str) -> Progress | Refusal:
        one = await self._samples.get(tenant, review_id)
        if one is None:
            return Refusal(code="not_found", field="id")
        return _progress(one, await self._samples.notes(tenant, one.id))

    async def show(self, who: Approver, review_id: str, place: int | None = None) -> Item | Refusal:
        """One message of a sample; without a place the first that nobody has judged, that is not the reader's own and
        still kept. A crash before its record is durable: nothing was shown. After: it may have been."""
        review = await self._of(who, review_id)
        if isinstance(review, Refusal):
            return review
        if place is not None:
            return await self._shown(who, review, place)
        judged = {note.place for note in await self._samples.notes(who.tenant, review.id) if note.judges}
        for number in range(1, len(review.items) + 1):
            if number not in judged:
                found = await self._shown(who, review, number)
                if not isinstance(found, Refusal) or found.code not in ("approver_barred", "conflict"):
                    return found
        return Refusal(code="not_found", field="place", hint="one that is not judged, yours or gone: there is none")

    async def mark(
        self, who: Approver, review_id: str, place: int, *, missed: Mapping[str, int], wrong: Mapping[str, int]
    ) -> Marked | Refusal:
        """A person's judgement of what was shown to the same person before: by type how many were missed, and how many
        found wrongly; neither means that it is complete. Of two at once one is the first and one the second; a third
        is refused."""
        review = await self._of(who, review_id)
        if isinstance(review, Refusal):
            return review
        if not 1 <= place <= len(review.items):
            return Refusal(code="not_found", field="place", hint=f"1 to {len(review.items)}")
        for _ in range(_TRIES):
            seen = await self._to_judge(who, review, place)
            if isinstance(seen, Refusal):
                return seen
            note, number = seen
            unfit = self._unfit(missed, wrong, note.found)
            if unfit is not None:
                return unfit
            item = await self._kept.one(review.tenant, review.items[place - 1][0])
            if item is None:
                return Refusal(code="conflict", field="place", hint="a message of which content is still kept")
            outcome = "missed" if missed else "complete"
            if missed and self._misses is not None:
                # First: after a crash between the two the message is there to be judged again, and the incident known.
                await self._misses.open(who, parse(item.envelope), item.seq, missed)
            entry = self._judged(who, review, place, item, note, number, dict(missed), dict(wrong), outcome)
            # The judgement and the row that keeps a third one out come true together, or neither does.
            if await who.ledger.submit(entry) is not None:
                self._metrics.review(who.tenant, outcome)
                return Marked(review=review.id, place=place, number=number, outcome=outcome)
        return Refusal(code="conflict", field="place", hint="one that nobody else judges at this moment")

    # ---------------------------------------------------------------------------------------------------------- inside

    async def _of(self, who: Approver, review_id: str) -> Review | Refusal:
        """1. A sample of its tenant. 2. A person of a role that reviews. 3. Drawn for the engine that is here."""
        review = await self._samples.get(who.tenant, review_id)
        if review is None:
            return Refusal(code="not_found", field="id")
        if who.kind != "person" or REVIEWERS.isdisjoint(who.roles):
            return Refusal(code="role_required", hint=f"a person of the role {' or '.join(sorted(REVIEWERS))}")
        if review.engine != self._engine.version:
            return Refusal(code="conflict", field="id", hint="a sample drawn with this engine: draw another one")
        return review

    async def _shown(self, who: Approver, review: Review, place: int) -> Item | Refusal:
        if not 1 <= place <= len(review.items):
            return Refusal(code="not_found", field="place", hint=f"1 to {len(review.items)}")
        one = await self._kept.one(review.tenant, review.items[place - 1][0])
        if one is None:
            return Refusal(code="conflict", field="place", hint="a message of which content is still kept")
        envelope, detail = parse(one.envelope), _detail_of(one)
        if self._own(who, envelope, detail):
            return Refusal(code="approver_barred", field="place", hint="a message of somebody else's")
        content = self._opened(one, envelope)
        if content is None:
            return Refusal(code="conflict", field="place", hint="a message of which content can still be opened")
        scan = self._engine.scan(kept.read_again(content.parts), health_context=content.health_context)
        item = Item(
            review=review.id,
            place=place,
            agent=envelope.agent,
            zone=envelope.zone,
            action=envelope.action,
            found=_either(envelope.found or {}, scan.counts()),
            scanned=scan.scanned,
            parts=tuple(_part(*each) for each in zip(content.parts, scan.parts, strict=True)),
        )
        if await who.ledger.submit(self._revealed(who, one.seq, envelope, detail, item)) is None:
            raise VerificationError("a message that was shown is noted already under an id made for it")
        self._metrics.review(who.tenant, "revealed")
        return item

    async def _to_judge(self, who: Approver, review: Review, place: int) -> tuple[Note, int] | Refusal:
        """What was shown to who judges, and which judgement this is: the first or the second."""
        notes = [note for note in await self._samples.notes(who.tenant, review.id) if note.place == place]
        mine = [note for note in notes if set(note.persons) & set(who.persons)]
        if any(note.judges for note in mine):
            return Refusal(code="approver_barred", field="place", hint="a message that you have not judged before")
        number = 1 + sum(note.judges for note in notes)
        if number > MARKS:
            return Refusal(code="conflict", field="place", hint=f"a message that fewer than {MARKS} have judged")
        if not mine:
            return Refusal(code="conflict", field="place", hint="a message that you were shown: look at it first")
        return max(mine, key=lambda note: note.at_us), number

    def _own(self, who: Approver, envelope: Envelope, detail: Detail) -> bool:
        names = (*(() if detail.subject is None else (detail.subject,)), *(detail.on_behalf_of or ()))
        persons = {self._person_of(who.tenant, name) for name in names}
        return envelope.actor == who.actor or not persons.isdisjoint(who.persons)

    def _opened(self, one: KeptContent, envelope: Envelope) -> kept.Kept | None:
        """None where its key is destroyed, or it is not what was sealed: then there is nothing to judge."""
        try:
            return kept.opened(self._sealer, envelope, one.sealed)
        except (VerificationError, FormatError):
            return None

    def _unfit(self, missed: Mapping[str, int], wrong: Mapping[str, int], found: Mapping[str, int]) -> Refusal | None:
        for field, counts in (("missed", missed), ("wrong", wrong)):
            if any(not 1 <= count <= MAX_COUNT for count in counts.values()):
                return Refusal(code="parameter_invalid", field=field, hint=f"1 to {MAX_COUNT} of each type")
        if not all(kind in KNOWN or self._engine.knows(kind) for kind in missed):
            hint = f"types of findings, an operator's own ({OWN}…) among them, or {OTHER}"
            return Refusal(code="parameter_invalid", field="missed", hint=hint)
        if any(count > found.get(kind, 0) for kind, count in wrong.items()):
            return Refusal(code="parameter_invalid", field="wrong", hint="no more of a type than were found of it")
        return None

    def _revealed(self, who: Approver, seq: int, envelope: Envelope, detail: Detail, item: Item) -> Entry:
        now = self._clock.now_us()
        data = msgspec.json.encode(item, order="sorted")
        record, salt, subjects = uuid7(now), new_salt(), detail.subjects or ()
        key = self._sealer.exchange_key(subjects)
        response = MessageInfo(
            commitment=committed(salt, "response", data),
            bytes=len(data),
            media_type="application/json",
            parts=len(item.parts),
        )
        sealed = self._sealer.seal(tenant=who.tenant, record=record, part="response", opening=salt, value=None, key=key)
        note = self._note(who, item.place, f"{SEEN}{record}", item.found, now)
        made = self._envelope("content.revealed", who, record, now, envelope, seq, item.review)
        made.found, made.response, made.scanned = item.found, response, item.scanned
        made.purpose = envelope.purpose
        return _entry(who, made, subjects, note=(item.review, note), sealed=(sealed,), keys=key.new)

    def _judged(
        self,
        who: Approver,
        review: Review,
        place: int,
        one: KeptContent,
        seen: Note,
        number: int,
        missed: dict[str, int],
        wrong: dict[str, int],
        outcome: str,
    ) -> Entry:
        now, envelope, detail = self._clock.now_us(), parse(one.envelope), _detail_of(one)
        made = self._envelope("review.marked", who, uuid7(now), now, envelope, one.seq, review.id)
        made.found, made.missed, made.wrong = dict(seen.found), _sorted(missed), _sorted(wrong)
        made.outcome = OutcomeInfo(code=outcome)
        note = self._note(who, place, f"{MARK}{number}", seen.found, now)
        return _entry(who, made, detail.subjects or (), note=(review.id, note))

    def _envelope(
        self, event: str, who: Approver, record: str, now: int, about: Envelope, seq: int, review: str
    ) -> Envelope:
        return Envelope(
            id=record,
            tenant=who.tenant,
            event=event,
            occurred_at=timestamp(now),
            actor=who.actor,
            actor_kind=who.kind,
            exchange=who.by.exchange,
            trace=who.by.trace,
            parent=about.exchange,
            agent=about.agent,
            zone=about.zone,
            action=about.action,
            engine=self._engine.version,
            range=(seq, seq + 1),
            review=review,
            node=self._node,
        )

    @staticmethod
    def _note(who: Approver, place: int, slot: str, found: Mapping[str, int], now: int) -> Note:
        return Note(place=place, slot=slot, actor=who.actor, persons=who.persons, found=dict(found), at_us=now)


def _entry(
    who: Approver,
    envelope: Envelope,
    subjects: tuple[str, ...],
    *,
    note: tuple[str, Note],
    sealed: tuple[SealedPart, ...] = (),
    keys: tuple[DataKey, ...] = (),
) -> Entry:
    salt = new_salt()
    detail = encode_detail(msgspec.structs.replace(who.by.detail, subjects=subjects or None))
    envelope.detail = committed(salt, "detail", detail)
    return Entry.of(
        envelope, detail=detail, salt=salt, sealed=sealed, keys=keys, subjects=subjects, change=noted(*note)
    )


def _progress(one: Review, notes: Iterable[Note]) -> Progress:
    judged = [note.place for note in notes if note.judges]
    return Progress(
        id=one.id,
        drawn_at=timestamp(one.created_us),
        since=one.since,
        until=one.until,
        engine=one.engine,
        population=one.population,
        size=len(one.items),
        judged=len(set(judged)),
        judged_twice=len(judged) - len(set(judged)),
        open=tuple(place for place in range(1, len(one.items) + 1) if place not in judged),
    )


def _detail_of(one: KeptContent) -> Detail:
    return Detail() if one.detail is None else parse_detail(one.detail)


def _part(part: Part, findings: tuple[Finding, ...]) -> dict[str, Any]:
    return {
        "pointer": part.pointer,
        "label": part.label,
        "kind": part.kind,
        # Halves of surrogate pairs cannot be shown; a mark for each leaves the offsets as they are.
        "text": part.text.encode("utf-8", "replace").decode("utf-8"),
        "findings": [msgspec.structs.asdict(one) for one in findings],
    }


def _either(then: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    """By type the larger number: what was found and masked then is not there any more."""
    return {kind: max(then.get(kind, 0), now.get(kind, 0)) for kind in sorted({*then, *now})}


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))
