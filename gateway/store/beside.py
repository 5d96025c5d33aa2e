"""What a database holds beside the bytes of records, looked at record by record: columns, details, and what the
postings of a search are to be made of.

The bytes are the caller's to check (`ledger.verify`), and so is what the records themselves say.
"""

import msgspec

from gateway.core.errors import VerificationError
from gateway.core.ports import StoredRecord
from gateway.ledger.activated import SAID, Decided
from gateway.ledger.index import COLUMNS, index_columns
from gateway.ledger.published import Published, published
from gateway.ledger.record import Envelope
from gateway.ledger.verify import check_detail
from gateway.store.named import Named, shown
from gateway.store.postings import BLOCK, Postings, Tally, put
from gateway.store.search import Hit
from gateway.store.tile_check import Tiles


class Beside:
    """Of records in their order, which begin with a block. `VerificationError` names the first that does not hold."""

    def __init__(self) -> None:
        self.details = 0
        """Details that open their commitment."""
        self.commitments = 0
        """Records whose detail is gone."""
        self.kept = 0
        """Records that content was kept beside."""
        self.expected = Tally()
        """Of the postings of every block that was gone over whole."""
        self.decided = Decided()
        """By which policies what was decided, and which were in force."""
        self.named = Named()
        """Whom the details that are there name."""
        self.published = list[Published]()
        """What records tell of checkpoints that were signed."""
        self.tiles = Tiles()
        """Of the tree over them."""
        self._postings: Postings = {}

    def take(self, hit: Hit, envelope: Envelope) -> None:
        """A record as the database has it, and what its bytes say."""
        seq = hit.stored.seq
        for name, value in zip(COLUMNS, index_columns(envelope), strict=True):
            if getattr(hit, name) != value:
                raise VerificationError(f"record {seq}: index: the column {name} is not what the record says")
        self.detail(hit.stored, envelope)
        self.decision(envelope)
        self.publication(seq, envelope)
        self.tiles.take(hit.stored.hash)
        self.kept += envelope.kept is not None
        put(self._postings, seq % BLOCK, msgspec.structs.asdict(hit))
        if seq % BLOCK == BLOCK - 1:
            self.expected.add_all(seq // BLOCK, self._postings)
            self._postings = {}

    def detail(self, stored: StoredRecord, envelope: Envelope, *, archived: bool = False) -> None:
        """Its detail alone; also of a record that lies in an archive."""
        try:
            opened = check_detail(envelope, stored.detail_salt, stored.detail)
        except VerificationError as error:
            raise VerificationError(f"record {stored.seq}: {error}") from error
        if opened is not None:
            self.details += 1
            if shown(envelope.event, archived=archived):
                self.named.take(stored.seq, opened)
        elif envelope.detail is not None:
            self.commitments += 1

    def decision(self, envelope: Envelope) -> None:
        """By which policy it was decided, or which is in force."""
        if envelope.decision is not None or envelope.event in SAID:
            self.decided.take(envelope)

    def publication(self, seq: int, envelope: Envelope) -> None:
        """Of which checkpoint it tells, if of one."""
        if (told := published(seq, envelope)) is not None:
            self.published.append(told)

    def join(self, later: "Beside") -> None:
        """What another has found of the records that follow. Both end with a block."""
        self.details += later.details
        self.commitments += later.commitments
        self.kept += later.kept
        self.expected.join(later.expected)
        self.decided.join(later.decided)
        self.named.join(later.named)
        self.published += later.published
        self.tiles.join(later.tiles)
