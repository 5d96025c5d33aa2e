"""Connections of an engine, of which none is opened for work that nobody waits for as long as another comes free.

To open one costs more than most of what is asked by it: on SQLite a thread and the reading of the schema, on PostgreSQL
a process of the server and a password's proof. What goes on beside requests begins together, at a start and at each
common beat of its intervals, and would open as many as it has parts, for a statement each.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry
from sqlalchemy.util.queue import Empty

PATIENCE_S = 0.1
"""How long work that nobody waits for waits for a connection that others have. Then it opens one as everybody does: it
may be itself what holds the other, and a long reading of somebody's stops nothing."""
_unhurried: ContextVar[bool] = ContextVar("unhurried", default=False)


@contextmanager
def unhurried() -> Iterator[None]:
    """Nobody waits for the tasks that are made in here, nor for those that they make."""
    token = _unhurried.set(True)
    try:
        yield
    finally:
        _unhurried.reset(token)


class Pool(AsyncAdaptedQueuePool):
    """An engine's connections. Who is in a hurry is given one at once, as without it."""

    # What SQLAlchemy names a pool's log by: under our name, all that it tells of connections would be in the gateway's.
    __module__ = AsyncAdaptedQueuePool.__module__

    def _do_get(self) -> ConnectionPoolEntry:
        if _unhurried.get() and self.checkedout() and not self.checkedin():
            try:
                return self._pool.get(True, PATIENCE_S)
            except Empty:
                pass
        return super()._do_get()
