"""What a newer copy of a ledger says that a restored one does not know: which erasures to do again, and what else
happened since. Pure: the records come from whoever has read them."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.exchange.restored import PSEUDONYM, Erased
from gateway.ledger.chain import leaf_hash
from gateway.ledger.emergency import PREPARED, STITCHED
from gateway.ledger.encoding import to_base64
from gateway.ledger.record import Envelope, parse

AGAIN = (
    "key.revoked",
    "key.denied",
    "subject.restricted",
    "subject.held",
    "subject.linked",
    "subject.merged",
    "subject.rectified",
    "policy.activated",
)
"""Events whose effect went with the database, and that somebody has to bring about again."""
_ERASURE = ("subject.erasure", "subject.erasure-refused", "subject.erased")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """An erasure (GDPR Art. 17) that a newer copy says more of than the restored ledger knows, and that has not ended
    there: `state` is `requested`, `approved`, `deferred` or `begun`, or `refused` where only that is new."""

    case: str
    subject: str
    state: str


_SAID = {
    "requested": "it was asked for",
    "approved": "it was agreed to",
    "deferred": "it was agreed to, and waits for a hold to end",
    "begun": "it had begun: what there is was erased again; ask for it anew, so that agents are told",
    "refused": "it was refused, and may be open here",
}


class Stitched(msgspec.Struct, frozen=True, kw_only=True):
    """An emergency ledger that a newer copy says was stitched in. `known`: whether the restored ledger has its key."""

    id: str
    records: int
    known: bool


class Since(msgspec.Struct, frozen=True, kw_only=True):
    """What follows the end of a restored ledger in a newer copy. `size`: of the newer one."""

    size: int
    erased: tuple[Erased, ...] = ()
    """Persons who were erased or, since nothing stops one that has begun, whose erasure has begun."""
    asked: tuple[Asked, ...] = ()
    """Erasures that somebody has to see to again, in the order in which they were first told of."""
    emergencies: tuple[Stitched, ...] = ()
    """Emergency ledgers that the restored one does not have any more, in the order of their records."""
    events: dict[str, int] = {}
    """How many records of each event."""

    @property
    def to_see_to(self) -> tuple[str, ...]:
        """What is said of each erasure in `asked`, and of each of the `emergencies`."""
        erasures = (f"see to the erasure {one.case} of {one.subject} again: {_SAID[one.state]}" for one in self.asked)
        return (*erasures, *(_stitched_in(one) for one in self.emergencies))


def since(records: Iterable[tuple[int, bytes]], *, ledger: str, size: int, head: bytes) -> Since:
    """Read a copy's records, in order and without gaps, from any place up to `size` on: the restored ledger has `size`
    records, the newest of hash `head`.

    `VerificationError` where it is another history, of another ledger, or begins too late. A copy that ends before
    `size` says nothing. Not checked: its signatures, which whoever gives it answers for, or has verified.
    """
    link, place = head, size
    erased: dict[str, Erased] = {}
    cases: dict[str, list[Asked]] = {}
    prepared, emergencies = set[str](), list[Stitched]()
    events: Counter[str] = Counter()
    for seq, data in records:
        if seq < size:
            if seq == size - 1 and leaf_hash(data) != head:
                raise VerificationError(f"record {seq}: a newer copy has another one: it is another history")
            continue
        if seq != place:
            raise VerificationError(
                f"record {place}: missing in a newer copy: where it was archived, give a bundle that was exported with "
                "the archives as --newer"
            )
        try:
            envelope = parse(data)
        except FormatError as error:
            raise VerificationError(f"record {seq}: not a record ({error})") from error
        if (envelope.seq, envelope.tenant, envelope.prev) != (seq, ledger, to_base64(link)):
            raise VerificationError(f"record {seq}: it does not follow the restored ledger's newest record")
        link, place = leaf_hash(data), seq + 1
        events[envelope.event] += 1
        if envelope.event == PREPARED:
            prepared.add(envelope.emergency or "")
        elif envelope.event == STITCHED and envelope.emergency is not None:
            name, (_, held) = envelope.emergency, envelope.range or (0, 0)
            emergencies.append(Stitched(id=name, records=held, known=name not in prepared))
        if envelope.event in _ERASURE and envelope.subject is not None:
            told = _told(envelope, envelope.subject)
            cases.setdefault(told.case, []).append(told)
            if told.state in ("begun", "erased"):
                # An older gateway named the further pseudonyms at the end alone.
                erased[told.case] = _erased(envelope.subject, envelope.keys or ())
    asked = [steps[-1] for steps in cases.values() if _lost(steps)]
    events_told = dict(sorted(events.items()))
    return Since(
        size=place,
        erased=tuple(erased.values()),
        asked=tuple(asked),
        emergencies=tuple(emergencies),
        events=events_told,
    )


def _stitched_in(one: Stitched) -> str:
    what = f"the emergency ledger {one.id}, of {one.records} records, is not stitched in any more"
    if one.known:
        return f"{what}: its node does so again when it starts, where its file lies in emergency.files"
    return f"{what}, and its key is not on record: keep its file, and the newer copy that has the key"


def _told(envelope: Envelope, subject: str) -> Asked:
    code = "" if envelope.outcome is None else envelope.outcome.code
    state = {"subject.erasure-refused": "refused", "subject.erased": "erased"}.get(envelope.event, code or "requested")
    return Asked(case=envelope.case or f"{envelope.seq}", subject=subject, state=state)


def _lost(steps: Sequence[Asked]) -> bool:
    """Whether somebody has to see to it: it has not ended, or was refused and the restored ledger may have it open."""
    last = steps[-1].state
    return last != "erased" and (last != "refused" or (len(steps) == 1 or steps[0].state != "requested"))


def _erased(subject: str, names: Iterable[str]) -> Erased:
    """`names`: the further pseudonyms of the person, and keys."""
    told = tuple(names)
    return Erased(
        subject=subject,
        others=tuple(name for name in told if name.startswith(PSEUDONYM)),
        keys=tuple(name for name in told if not name.startswith(PSEUDONYM)),
    )
