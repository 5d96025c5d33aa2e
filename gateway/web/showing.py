"""Records as the audit API gives them: a row that is not as it was recorded is told to its reader, and in the log."""

import logging
from typing import Any

from gateway.core.ports import StoredRecord
from gateway.exchange import showing
from gateway.store.search import Hit

_log = logging.getLogger("gateway.web")


def shown(stored: StoredRecord | Hit) -> dict[str, Any]:
    """`exchange.showing.shown`."""
    made = showing.shown(stored)
    _note(made["seq"], made["emergency"], made["differs"])
    return made


def cells(hit: Hit) -> tuple[Any, ...]:
    """`exchange.showing.cells`."""
    made = showing.cells(hit)
    _note(hit.stored.seq, hit.stored.emergency, made[-1])
    return made


def _note(seq: int, emergency: str | None, differing: object) -> None:
    """Numbers only: what a changed row says is not repeated."""
    if differing:
        where = "" if emergency is None else f" of emergency ledger {emergency}"
        _log.error("record %d%s is not as it was recorded: verify the ledger", seq, where)
