"""What a newer copy of a ledger says that a restored one does not know: which erasures to do again, and what else
happened since. Pure: the records come from whoever has read them."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.exchange.restored import PSEUDONYM, Erased
from gateway.ledger.chain import leaf_hash
from gateway.ledger.encoding import to_base64
from gateway.ledger.record import parse

AGAIN = ("key.revoked", "key.denied", "subject.restricted", "subject.held", "policy.activated")
"""Events whose effect went with the database, and that somebody has to bring about again."""


class Since(msgspec.Struct, frozen=True, kw_only=True):
    """What follows the end of a restored ledger in a newer copy. `size`: of the newer one."""

    size: int
    erased: tuple[Erased, ...] = ()
    events: dict[str, int] = {}
    """How many records of each event."""


def since(records: Iterable[tuple[int, bytes]], *, ledger: str, size: int, head: bytes) -> Since:
    """Read a copy's records, in order and without gaps, from any place up to `size` on: the restored ledger has `size`
    records, the newest of hash `head`.

    `VerificationError` where it is another history, of another ledger, or begins too late. A copy that ends before
    `size` says nothing. Not checked: its signatures, which whoever gives it answers for, or has verified.
    """
    link, place = head, size
    erased: list[Erased] = []
    events: Counter[str] = Counter()
    for seq, data in records:
        if seq < size:
            if seq == size - 1 and leaf_hash(data) != head:
                raise VerificationError(f"record {seq}: a newer copy has another one: it is another history")
            continue
        if seq != place:
            raise VerificationError(f"record {place}: missing in a newer copy")
        try:
            envelope = parse(data)
        except FormatError as error:
            raise VerificationError(f"record {seq}: not a record ({error})") from error
        if (envelope.seq, envelope.tenant, envelope.prev) != (seq, ledger, to_base64(link)):
            raise VerificationError(f"record {seq}: it does not follow the restored ledger's newest record")
        link, place = leaf_hash(data), seq + 1
        events[envelope.event] += 1
        if envelope.event == "subject.erased" and envelope.subject is not None:
            erased.append(_erased(envelope.subject, envelope.keys or ()))
    return Since(size=place, erased=tuple(erased), events=dict(sorted(events.items())))


def _erased(subject: str, names: Iterable[str]) -> Erased:
    """`names`: the further pseudonyms of the person, and keys."""
    told = tuple(names)
    return Erased(
        subject=subject,
        others=tuple(name for name in told if name.startswith(PSEUDONYM)),
        keys=tuple(name for name in told if not name.startswith(PSEUDONYM)),
    )
