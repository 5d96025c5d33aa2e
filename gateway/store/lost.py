"""Records that this node acknowledged and that its database has no more, remembered apart from the database: a start
must not forget it before somebody has put it on record."""

from typing import Annotated

import msgspec
from msgspec import Meta

from gateway.core.errors import FormatError
from gateway.store.marks import Marks


class Lost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ledger had at least so many records, the newest of them of this leaf hash (hex)."""

    size: Annotated[int, Meta(ge=1, le=2**53)]
    hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class LostMarks(Marks[Lost]):
    """One for each ledger that lost records; forgotten once that is on record, or the records are there again."""

    prefix, suffix = "lost-", ".json"
    holds = "what a lost record leaves"
    unkept = "that records were lost could not be kept beside the keys"

    @staticmethod
    def _size(mark: Lost) -> int:
        return mark.size

    @staticmethod
    def _encode(mark: Lost) -> bytes:
        return msgspec.json.encode(mark)

    @staticmethod
    def _decode(data: bytes) -> Lost:
        try:
            return msgspec.json.decode(data, type=Lost)
        except (msgspec.MsgspecError, ValueError) as error:
            raise FormatError("not a mark of lost records") from error
