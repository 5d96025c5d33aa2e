"""What becomes of the promise when PostgreSQL fails over: looked at while the gateway serves, and on record.

A server whose standbys are not waited for would lose acknowledged records in a failover: then nothing is acknowledged
until that has ended, unless the configuration accepts it, which is on record (`ledger.unprotected`). A standby without
a slot that is not there any more has not ended it: it may be cut off, and be promoted over what it lacks. A server that
answers on another timeline, or is another cluster, has taken over: where everything that this node's writers had
committed is there, `ledger.failover` says so; where it is not, they write nothing (`store.writer_base`).
"""

import logging
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from gateway.core.errors import LedgerUnavailable
from gateway.core.ids import uuid7
from gateway.core.ports import Clock
from gateway.ledger.entry import Entry
from gateway.ledger.record import Envelope, NodeInfo, OutcomeInfo, timestamp
from gateway.store.replication import Standing, State, acceptable
from gateway.store.writer_base import LedgerWriter

UNPROTECTED, FAILOVER = "ledger.unprotected", "ledger.failover"
_log = logging.getLogger("gateway.store")


class Failover:
    """One node's view of its database. `writers` by their ledgers' ids; `look` asks the server, and gives None where
    nothing can take over."""

    def __init__(
        self,
        *,
        look: Callable[[], Awaitable[Standing | None]],
        writers: Mapping[str, LedgerWriter],
        accepted: bool,
        clock: Clock,
        node: NodeInfo,
    ) -> None:
        self._look, self._writers, self._accepted = look, writers, accepted
        self._clock, self._node = clock, node
        self._place: tuple[int, str | None] | None = None
        self._loose = self._gone = False
        """Whether this server had such a standby without a slot, since it last waited for any; and whether it knows of
        none any more."""
        self._due: dict[str, dict[str, str]] = {}
        """By ledger: events that are to be on record, with their outcome's code."""
        self.state: State | None = None
        """As it was when it was last asked, with what the server forgot; None before, or where nothing takes over."""

    async def look(self) -> None:
        """Ask once, let go of or stop the writers, and put on record what is due. `LedgerUnavailable` as of the
        database: then nothing has changed here, and the writers find out by themselves."""
        found = await self._look()
        if found is None:
            return
        found = self._remembered(found)
        good = acceptable(found, self._accepted)
        if found.state != self.state:
            self._told(found.state, good)
        if found.state == "asynchronous" and self.state != "asynchronous" and good:
            self._owe(UNPROTECTED, "accepted")
        place = _place(found)
        if found.timeline is not None:
            if self._place is not None and place != self._place:
                _log.error("PostgreSQL answers from another timeline or cluster: there was a failover")
                self._owe(FAILOVER, "timeline" if found.system == self._place[0] else "cluster")
            self._place = place
        self.state = found.state
        for writer in self._writers.values():
            writer.suspended = not good
        if good:
            await self._record()

    def _remembered(self, found: Standing) -> Standing:
        """As it stands with what the server has forgotten since. Another server, or timeline, begins anew: what a
        standby lacks that has taken over is found by the writers."""
        moved = found.timeline is not None and self._place is not None and _place(found) != self._place
        if moved or found.state == "synchronous":
            self._loose = self._gone = False
        self._loose = self._loose or (found.state == "asynchronous" and found.loose > 0)
        if found.state != "alone" or not self._loose:
            self._gone = False
            return found
        if not self._gone:
            _log.error("a standby that no commit waited for is gone, and might still take over: see docs/failover.md")
        self._gone = True
        return msgspec.structs.replace(found, state="asynchronous")

    def _told(self, state: State, good: bool) -> None:
        if not good:
            _log.error("the database is %s: nothing is acknowledged until that has ended", state)
        elif self.state is not None:
            _log.warning("the database is %s now", state)

    def _owe(self, event: str, code: str) -> None:
        for ledger in self._writers:
            self._due.setdefault(ledger, {})[event] = code

    async def _record(self) -> None:
        """A crash before: the next start says that it is unprotected anew, and of a failover that its node started."""
        for ledger, owed in list(self._due.items()):
            for event, code in list(owed.items()):
                try:
                    await self._writers[ledger].append(self._entry(ledger, event, code))
                except LedgerUnavailable as error:
                    _log.error("%s could not be recorded yet: %s", event, error)
                    continue
                del owed[event]

    def _entry(self, ledger: str, event: str, code: str) -> Entry:
        now = self._clock.now_us()
        envelope = Envelope(
            id=uuid7(now),
            tenant=ledger,
            event=event,
            occurred_at=timestamp(now),
            outcome=OutcomeInfo(code=code),
            node=self._node,
        )
        return Entry.of(envelope)


def _place(found: Standing) -> tuple[int, str | None]:
    return found.system, found.timeline
