"""What was used, by day, caller and agent: added up from the records when somebody asks, and by nothing else.

Requests pay nothing for it, and it says what the record says: whoever doubts a sum can add it up again. A day that is
over changes no more, so its sums are kept in memory once they were asked for.
"""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import Select, exists, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.ports import Clock
from gateway.ledger.record import timestamp
from gateway.store.engine import reading
from gateway.store.sql import reachable
from gateway.store.tables import record

CHUNK = 2_000
KEPT_ROWS = 200_000
"""Sums that are kept in memory, of all days together."""
_OVER_US = 3_600_000_000
"""How long after midnight a day is over: until then, records of it may still be on their way."""
_ENDS = ("exchange.completed", "exchange.late", "exchange.interrupted")
_CUT = frozenset({"client_disconnected", "agent_timeout", "agent_unavailable", "agent_bad_answer", "policy_changed"})
"""Ends of answers that were cut: tokens beside them are those that were said by then, and not all. So it is of who was
denied meanwhile (`credential_…`), and of a stream that is withheld when it has begun."""


class Usage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Sums. What they are not apart by is absent."""

    day: str | None = None
    """`YYYY-MM-DD`, in UTC, of the end of the exchange."""
    caller: str | None = None
    """The pseudonym."""
    agent: str | None = None
    """Absent too of what was refused."""
    requests: int
    """Exchanges that were sent, or answered with what was kept."""
    kept: int
    """Of these, those that nobody was asked for."""
    refused: int
    tokens_in: int
    tokens_out: int
    bytes: int
    """Released to callers."""
    cost: int
    """In millionths of the currency."""
    uncounted: int
    """Exchanges whose record does not say what they took, or not all of it."""


class _Outcome(msgspec.Struct):
    code: str
    status: int | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    bytes: int = 0
    cost: int | None = None


class _Record(msgspec.Struct):
    """What of a record is added up. The envelope's other fields are passed over."""

    outcome: _Outcome
    attempt: int = 1


_decode = msgspec.json.Decoder(_Record).decode
_Key = tuple[str, str, str]
_FIELDS = ("requests", "kept", "refused", "tokens_in", "tokens_out", "bytes", "cost", "uncounted")
_Sums = dict[_Key, list[int]]
"""Day, caller and agent → `_FIELDS`."""


class UsageStore:
    """One ledger's usage. `LedgerUnavailable` where it cannot be read."""

    def __init__(self, engine: AsyncEngine, ledger: str, clock: Clock) -> None:
        self._engine, self._ledger, self._clock = engine, ledger, clock
        self._days: OrderedDict[date, _Sums] = OrderedDict()
        self._rows = 0

    async def sums(
        self, first: date, last: date, by: Iterable[str], *, caller: str | None = None, agent: str | None = None
    ) -> list[Usage]:
        """Of the days `first` to `last` (both included), apart by some of `day`, `caller` and `agent`, in their order.
        `caller` (a pseudonym) and `agent` leave out all others."""
        apart = frozenset(by)
        total: dict[tuple[str | None, str | None, str | None], list[int]] = {}
        for number in range((last - first).days + 1):
            for (day, whose, whom), sums in (await self._day(first + timedelta(days=number))).items():
                if caller not in (None, whose) or agent not in (None, whom):
                    continue
                key = (
                    day if "day" in apart else None,
                    whose if "caller" in apart else None,
                    (whom or None) if "agent" in apart else None,
                )
                added = total.setdefault(key, [0] * len(_FIELDS))
                for place, value in enumerate(sums):
                    added[place] += value
        return [
            Usage(day=day, caller=whose, agent=whom, **dict(zip(_FIELDS, sums, strict=True)))
            for (day, whose, whom), sums in sorted(total.items(), key=lambda item: [name or "" for name in item[0]])
        ]

    async def _day(self, day: date) -> _Sums:
        known = self._days.get(day)
        if known is not None:
            return known
        now = timestamp(self._clock.now_us() - _OVER_US)
        found = await self._read(day)
        if (day + timedelta(days=1)).isoformat() <= now[:10]:
            self._days[day] = found
            self._rows += len(found) + 1
            while self._rows > KEPT_ROWS:
                self._rows -= len(self._days.popitem(last=False)[1]) + 1
        return found

    async def _read(self, day: date) -> _Sums:
        text, sums = day.isoformat(), _Sums()
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                refused = self._of_day(day, select(record.c.actor, func.count())).where(
                    record.c.event == "exchange.denied"
                )
                for actor, count in await connection.execute(refused.group_by(record.c.actor)):
                    sums[text, actor or "", ""] = [0, 0, count, 0, 0, 0, 0, 0]
        after = ("", -1)
        place = tuple_(record.c.occurred_at, record.c.seq)
        columns = (record.c.occurred_at, record.c.seq, record.c.actor, record.c.agent, record.c.bytes)
        # What was closed as interrupted and ended after all is one exchange, and its late end says what it took.
        ended = record.alias()
        late = exists().where(
            ended.c.tenant == record.c.tenant, ended.c.exchange == record.c.exchange, ended.c.event == "exchange.late"
        )
        ends = record.c.event.in_(_ENDS) & ((record.c.event != "exchange.interrupted") | ~late)
        query = self._of_day(day, select(*columns)).where(ends).order_by(*columns[:2]).limit(CHUNK)
        while True:
            with reachable():
                async with reading(self._engine, self._ledger) as connection:
                    rows = (await connection.execute(query.where(place > tuple_(*after)))).all()
            for row in rows:
                _add(sums.setdefault((text, row.actor or "", row.agent or ""), [0] * len(_FIELDS)), bytes(row.bytes))
            if len(rows) < CHUNK:
                return sums
            after = (rows[-1].occurred_at, rows[-1].seq)

    def _of_day(self, day: date, query: Select[Any]) -> Select[Any]:
        following = (day + timedelta(days=1)).isoformat()
        return query.where(
            record.c.tenant == self._ledger,
            record.c.occurred_at >= day.isoformat(),
            record.c.occurred_at < following,
        )


def _add(sums: list[int], data: bytes) -> None:
    """One record in. Of an answer that had been kept, what the agent said when it gave it is not counted again."""
    found = _decode(data)
    outcome, kept = found.outcome, found.attempt == 0
    said = (outcome.tokens_in or outcome.tokens_out) and not _cut(outcome)
    silent = not kept and outcome.cost is None and not said
    values = (
        1,
        int(kept),
        0,
        0 if kept else outcome.tokens_in,
        0 if kept else outcome.tokens_out,
        outcome.bytes,
        outcome.cost or 0,
        int(silent),
    )
    for place, value in enumerate(values):
        sums[place] += value


def _cut(outcome: _Outcome) -> bool:
    """Whether the answer did not come to its own end. What was withheld whole has been read to its end, and has the
    status of a refusal; a stream that is withheld had begun with 200."""
    if outcome.code == "answer_withheld":
        return outcome.status == 200
    return outcome.code in _CUT or outcome.code.startswith("credential_")
