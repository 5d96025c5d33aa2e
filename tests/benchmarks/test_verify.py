"""The verification benchmark verifies what is like the pipeline's records, and fails where they do not hold."""

import msgspec
import pytest

from benchmarks import verify
from gateway.core.errors import VerificationError
from gateway.ledger.verify import verify_records


def test_it_measures_with_the_form_and_without() -> None:
    report = verify.measure(200, 1)
    assert report.records == 200
    assert 1000 < report.mean_bytes < 2000
    assert report.with_canonical_form_per_s > 0
    assert report.records_per_s > 0
    assert any("canonical form" in line for line in verify.lines(report))


def test_its_records_hold_and_a_changed_one_does_not() -> None:
    records, checkpoint = verify.ledger(50)
    assert verify_records(records, checkpoints=(checkpoint,)).covered == 50
    records[20] = msgspec.structs.replace(records[20], envelope=records[20].envelope.replace(b"chat", b"chas"))
    with pytest.raises(VerificationError):
        verify_records(records, checkpoints=(checkpoint,), canonical=False)
