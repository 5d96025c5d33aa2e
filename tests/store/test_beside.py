"""What lies beside records, of two parts put together: as of one that goes over both."""

from typing import Any

import msgspec
import pytest

from gateway.core.errors import VerificationError
from gateway.core.ports import StoredRecord
from gateway.ledger.chain import leaf_hash
from gateway.ledger.index import COLUMNS, index_columns
from gateway.ledger.record import GENESIS, Envelope, parse, seal, timestamp
from gateway.store.beside import Beside
from gateway.store.postings import BLOCK
from gateway.store.search import Hit
from tests.store.kit import START_US, entry


def hit(seq: int, agent: str) -> tuple[Hit, Envelope]:
    data = seal(entry(agent=agent).envelope, seq, GENESIS, timestamp(START_US))
    envelope = parse(data)
    columns: dict[str, Any] = dict(zip(COLUMNS, index_columns(envelope), strict=True))
    return Hit(stored=StoredRecord(seq=seq, envelope=data, hash=leaf_hash(data)), **columns), envelope


def gone_over(*seqs: int) -> Beside:
    found = Beside()
    for seq in seqs:
        found.take(*hit(seq, f"agent-{seq}"))
    return found


def test_two_parts_expect_the_postings_that_one_does() -> None:
    """A block is expected once its last record was there; of one that is cut off nothing is."""
    whole = gone_over(0, BLOCK - 1, BLOCK, 2 * BLOCK - 1, 2 * BLOCK)
    first, second = gone_over(0, BLOCK - 1), gone_over(BLOCK, 2 * BLOCK - 1, 2 * BLOCK)
    assert first.expected.other(whole.expected, range(3)) == 1
    first.join(second)
    assert first.expected.other(whole.expected, range(3)) is None


def test_a_detail_that_nothing_commits_to_and_another_column_are_named() -> None:
    found, envelope = hit(7, "agent")
    stored = StoredRecord(seq=7, envelope=found.stored.envelope, hash=found.stored.hash, detail=b"{}", detail_salt=b"")
    with pytest.raises(VerificationError, match="record 7: detail"):
        Beside().detail(stored, envelope)
    with pytest.raises(VerificationError, match="record 7: index: the column agent"):
        Beside().take(found, msgspec.structs.replace(envelope, agent="other"))
