"""Whether a record fits the filters of a search by its own bytes, where no database has columns of it.

The same records fit here that fit in `store.search`: the columns there are an index on the same bytes
(`ledger.index`).
"""

from collections.abc import Collection

from gateway.core import canonical
from gateway.core.ports import StoredRecord
from gateway.ledger.index import COLUMNS, index_columns
from gateway.ledger.record import parse
from gateway.store.asking import EQUAL
from gateway.store.search import Filters, Hit

_MEMBERS = {"decision": "effect", "outcome": "code"}
"""Filters whose member of the record has another name."""


class Match:
    """Filters, all of which must hold, but for the subject, which no record names."""

    def __init__(self, filters: Filters) -> None:
        self._filters = filters
        self._equal = {name: value for name in EQUAL if (value := getattr(filters, name)) is not None}
        # A record is canonical JSON: a member that has a value has it in these bytes.
        self._bytes = [
            b'"%s":%s' % (_MEMBERS.get(name, name).encode(), canonical.encode(value))
            for name, value in self._equal.items()
        ]
        if filters.data_class is not None:
            self._bytes.append(canonical.encode(filters.data_class))

    def hits(self, records: Collection[StoredRecord], most: int) -> list[Hit]:
        """The first of these that fit, `most` of them at most. `FormatError` for what is no record."""
        found: list[Hit] = []
        for record in records:
            if len(found) >= most:
                break
            hit = self._hit(record) if all(text in record.envelope for text in self._bytes) else None
            if hit is not None:
                found.append(hit)
        return found

    def _hit(self, record: StoredRecord) -> Hit | None:
        columns = dict(zip(COLUMNS, index_columns(parse(record.envelope)), strict=True))
        hit = Hit(stored=record, **columns)  # type: ignore[arg-type]  # the four that are texts are in every record
        filters = self._filters
        if any(columns[name] != value for name, value in self._equal.items()):
            return None
        if filters.since is not None and hit.occurred_at < filters.since:
            return None
        if filters.until is not None and hit.occurred_at >= filters.until:
            return None
        if filters.data_class is not None and f"|{filters.data_class}|" not in (hit.classes or ""):
            return None
        return hit
