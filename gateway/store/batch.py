"""One transaction's worth of records: what waits, given its place in the ledger, as rows. Pure: no I/O, no clock."""

from asyncio import Future
from collections.abc import Iterable, Sequence
from itertools import takewhile

import msgspec

from gateway.core.errors import DenialsMoved, GatewayError, LedgerUnavailable, PolicyMoved
from gateway.core.ids import uuid7
from gateway.ledger.chain import leaf_hash
from gateway.ledger.entry import Appended, Delegated, Entry, RowChange, SessionGrowth
from gateway.ledger.form import Draft, drafted
from gateway.ledger.record import GENESIS, Envelope, NodeInfo, OutcomeInfo, timestamp

Row = tuple[object, ...]
DELEGATED = ("agents", "classes", "learned", "context", "children")
"""The columns of `open_exchange` that only exchanges of agents have which call others."""
_PLAIN = 6
"""How many columns the others have."""
_LATER = "CASE WHEN excluded.{0} > session.{0} THEN excluded.{0} ELSE session.{0} END"
SESSION_UPSERT = (
    "ON CONFLICT (key) DO UPDATE SET sent = session.sent || excluded.sent, said = session.said || excluded.said, "
    + ", ".join(f"{name} = {_LATER.format(name)}" for name in ("seen_us", "expires_us"))
    + " WHERE session.tenant = excluded.tenant AND session.actor = excluded.actor "
    "AND session.principal = excluded.principal AND session.agent = excluded.agent"
)
"""How a session that is there grows, on both databases. Classes are appended, never taken away: two nodes that grow it
at once both have their say. A session that is another's stays as it is."""


class Head(msgspec.Struct, frozen=True):
    """A ledger's head row: how many records, the newest one's leaf hash and time, the active policy's digest, and the
    revision of the deny-list."""

    size: int
    hash: bytes
    recorded_at: str
    policy: str | None
    denied: int = 0


EMPTY = Head(0, GENESIS, "", None)


class Waiting:
    """An entry in the queue, and whoever waits for it.

    `only_if_open`: the entry is written only if its exchange is still open when its turn comes, and silently left out
    otherwise: it says that an exchange had no end, which another end has then made untrue.
    """

    __slots__ = ("entry", "future", "left_out", "only_if_open", "refused")

    def __init__(self, entry: Entry, future: "Future[Appended | None] | None", only_if_open: bool = False) -> None:
        self.entry = entry
        self.future = future
        self.only_if_open = only_if_open
        self.left_out = False
        """Whether what must come true with it (`Entry.change`) did not: then it is not written either."""
        self.refused = False
        """Whether it was told `LedgerUnavailable`. One that stopped waiting was not: its record is written."""

    def refuse(self) -> None:
        """Tell whoever still waits that the record could not be made durable."""
        self.refused = True
        if self.future is not None and not self.future.done():
            self.future.set_exception(LedgerUnavailable("the ledger could not be written"))


class Filled:
    """Rows in the order of their tables' columns, the head after them, the head `left` by what was before them, and an
    answer for each that waited."""

    __slots__ = (
        "activated",
        "answers",
        "closed",
        "detail",
        "head",
        "left",
        "opened",
        "record",
        "sealed",
        "sessions",
        "subjects",
    )

    def __init__(self, head: Head) -> None:
        self.head = self.left = head
        self.record: list[Row] = []
        self.detail: list[Row] = []
        self.sealed: list[Row] = []
        self.subjects: list[Row] = []
        self.sessions: dict[bytes, SessionGrowth] = {}
        self.activated: list[Row] = []
        self.opened: dict[str, Row] = {}
        self.closed: list[str] = []
        self.answers: list[Appended | GatewayError | None] = []


def fill(
    waiting: Iterable[Waiting], head: Head, *, tenant: str, now_us: int, still_open: set[str], node: NodeInfo
) -> Filled:
    """Give each entry its sequence number, link and time, encode and hash it, and lay out every row it needs.

    To be called while the head is locked. `still_open`: which of the exchanges that these entries close are open
    (emptied as they close). What was left out takes no place. An intent decided under another policy than the head's
    is answered with `PolicyMoved`, one whose caller was checked under another deny-list with `DenialsMoved`; the others
    do not suffer.
    """
    filled = Filled(head)
    size, link, policy, denied = head.size, head.hash, head.policy, head.denied
    recorded_at = max(timestamp(now_us), head.recorded_at)
    answers, records = filled.answers, filled.record
    for waiter in waiting:
        entry = waiter.entry
        draft = entry.draft
        if waiter.left_out:
            answers.append(None)
            continue
        if entry.decided_under is not None and entry.decided_under != policy:
            answers.append(PolicyMoved("the active policy is another one than this was decided under"))
            continue
        if entry.denied_under is not None and entry.denied_under != denied:
            answers.append(DenialsMoved("the deny-list is another one than the caller was checked under"))
            continue
        exchange = draft.exchange
        closes = entry.closes and exchange is not None
        if closes and exchange not in still_open and exchange not in filled.opened:
            if waiter.only_if_open:
                answers.append(None)
                continue
            draft, closes = late(draft), False
        data = draft.seal(size, link, recorded_at)
        link = leaf_hash(data)
        records.append((tenant, size, *draft.columns(recorded_at), data, link))
        if entry.activates is not None:
            policy = entry.activates
            filled.activated.append((tenant, size, policy, recorded_at))
        if entry.denies:
            denied += 1
        if entry.detail is not None:
            filled.detail.append((tenant, size, entry.salt, entry.detail))
        if entry.sealed or entry.subjects or entry.sessions:
            _beside(filled, entry, tenant, size)
        if exchange is not None and (closes or entry.opens):
            _exchange(filled, entry, exchange, tenant, size, closes, still_open, node)
        answers.append(Appended(seq=size, leaf_hash=link, recorded_at=recorded_at))
        size += 1
    if records:
        filled.head = Head(size, link, recorded_at, policy, denied)
    return filled


def _beside(filled: Filled, entry: Entry, tenant: str, seq: int) -> None:
    for part in entry.sealed:
        filled.sealed.append((tenant, seq, part.part, part.key, part.nonce, part.ciphertext))
    for subject in entry.subjects:
        filled.subjects.append((tenant, subject, seq))
    for growth in entry.sessions:
        known = filled.sessions.get(growth.key)
        filled.sessions[growth.key] = growth if known is None else joined(known, growth)


def _exchange(
    filled: Filled,
    entry: Entry,
    exchange: str,
    tenant: str,
    seq: int,
    closes: bool,
    still_open: set[str],
    node: NodeInfo,
) -> None:
    if entry.opens:
        told = () if entry.delegated is None else delegated_row(entry.delegated)
        filled.opened[exchange] = (tenant, exchange, node.id, node.boot, seq, entry.draft.occurred_at, *told)
    if closes and (filled.opened.pop(exchange, None) is None or exchange in still_open):
        still_open.discard(exchange)
        filled.closed.append(exchange)


def opened_rows(filled: Filled) -> tuple[list[Row], list[Row]]:
    """The rows of `open_exchange`: those without the columns `DELEGATED`, and those with them."""
    rows = list(filled.opened.values())
    delegated = [row for row in rows if len(row) > _PLAIN]
    return ([row for row in rows if len(row) == _PLAIN], delegated) if delegated else (rows, [])


def delegated_row(delegated: Delegated) -> Row:
    """The columns `DELEGATED`."""
    context = {
        "trace": delegated.trace,
        "purpose": delegated.purpose,
        "subjects": delegated.subjects,
        "chain": delegated.chain,
        "persons": delegated.persons,
    }
    told = msgspec.json.encode(context).decode("utf-8")
    return (agent_mark(delegated.agent), class_list(delegated.classes), "", told, 0)


def agent_mark(agent: str) -> str:
    """How an agent stands in `open_exchange.agents`, so that no agent's id is found within another's."""
    return f"|{agent}|"


def class_list(classes: Iterable[str]) -> str:
    """Class names, each followed by a space: lists that are only ever added to."""
    return "".join(f"{name} " for name in classes)


def late(draft: Draft) -> Draft:
    """The outcome of an exchange that has its end already."""
    envelope = draft.envelope()
    envelope.event = "exchange.late"
    return drafted(envelope)


def joined(one: SessionGrowth, other: SessionGrowth) -> SessionGrowth:
    """Two growths of one session within a batch, as the second upsert of two would leave it (`SESSION_UPSERT`)."""
    if (one.actor, one.principal, one.agent) != (other.actor, other.principal, other.agent):
        return one
    return msgspec.structs.replace(
        one,
        sent=(*one.sent, *other.sent),
        said=(*one.said, *other.said),
        seen_us=max(one.seen_us, other.seen_us),
        expires_us=max(one.expires_us, other.expires_us),
    )


def session_rows(filled: Filled, tenant: str) -> list[Row]:
    """The rows of `session`, in the order of its columns."""
    return [session_row(growth, tenant) for growth in filled.sessions.values()]


def session_row(growth: SessionGrowth, tenant: str) -> Row:
    """One row of `session`."""
    return (
        tenant,
        growth.key,
        growth.id,
        growth.actor,
        growth.principal,
        growth.agent,
        growth.zone,
        class_list(growth.sent),
        class_list(growth.said),
        growth.seen_us,
        growth.seen_us,
        growth.expires_us,
    )


def changing(waiting: Sequence[Waiting]) -> list[tuple[Waiting, RowChange]]:
    """Those of the entries that rows change with."""
    return [(w, w.entry.change) for w in waiting if w.entry.change is not None]


def overtaken(one: Waiting, waiting: Sequence[Waiting], head: Head) -> bool:
    """Whether the revision that an entry was looked up under is not the head's any more, or may be another by its turn:
    an entry before it moves it. Asked before its rows change: `fill` comes after that, and would take back nothing."""
    under = one.entry.denied_under
    if under is None:
        return False
    before = takewhile(lambda other: other is not one, waiting)
    return under != head.denied or any(other.entry.denies for other in before)


def closing(waiting: Sequence[Waiting]) -> list[str]:
    """The exchanges that these entries would end."""
    return [w.entry.draft.exchange for w in waiting if w.entry.closes and w.entry.draft.exchange is not None]


def interrupted(intent: Envelope, now_us: int, node: NodeInfo) -> Entry:
    """The end of an exchange whose end nobody can tell: what its intent said of who, where and why, and no more."""
    envelope = Envelope(
        id=uuid7(now_us),
        tenant=intent.tenant,
        event="exchange.interrupted",
        occurred_at=timestamp(now_us),
        actor=intent.actor,
        actor_kind=intent.actor_kind,
        caller_zone=intent.caller_zone,
        session=intent.session,
        exchange=intent.exchange,
        parent=intent.parent,
        agent=intent.agent,
        zone=intent.zone,
        processor=intent.processor,
        capability=intent.capability,
        action=intent.action,
        purpose=intent.purpose,
        trace=intent.trace,
        outcome=OutcomeInfo(code="interrupted"),
        node=node,
    )
    return Entry.of(envelope, closes=True)


def recovered(tenant: str, now_us: int, node: NodeInfo, code: str, count: int) -> Entry:
    """That the ledger can be written again. `code` says what `count` counts: `ledger_unavailable` appends that were
    refused and are on no record, or `interrupted` exchanges that were found open at a start and closed."""
    envelope = Envelope(
        id=uuid7(now_us),
        tenant=tenant,
        event="ledger.recovered",
        occurred_at=timestamp(now_us),
        outcome=OutcomeInfo(code=code),
        count=count,
        node=node,
    )
    return Entry.of(envelope)
