"""The file of an emergency ledger against the record that stitched it in. Most defects are golden bundles (`apart`)."""

import io

import msgspec
import pytest

from gateway.core.errors import VerificationError
from gateway.evidence import archive
from gateway.evidence.emergency_file import BLOCK, HEADER, LAST, Part, check, digest
from gateway.ledger.record import Envelope, timestamp

from .apart import FILES, STITCHED_IN, TENANT, file_of, own, stitched
from .making import T0

FILE, ONE = FILES["em_1"], STITCHED_IN["em_1"]


def test_a_file_holds_what_the_record_says_and_each_record_is_shown() -> None:
    seen: list[str] = []
    held = check(io.BytesIO(FILE), ONE, TENANT, lambda envelope: seen.append(envelope.event))
    assert (held.records, held.exchanges) == (5, 1)
    assert seen[0] == "emergency.began"
    assert len(seen) == 5


def test_it_is_read_where_it_lies_within_another_file() -> None:
    file = io.BytesIO(b"before" + FILE + b"after")
    assert check(Part(file, 6, len(FILE)), ONE, TENANT).records == 5
    part = Part(file, 6, len(FILE))
    assert part.seek(0, 2) == len(FILE)
    assert (part.read(), part.tell()) == (b"", len(FILE))
    part.seek(2)
    assert part.read(4) == FILE[2:6]
    assert part.read() == FILE[6:]


def test_one_that_never_began_holds_no_exchange_and_says_nothing_of_when() -> None:
    made = own("em_1")
    quiet = type(made)(made.signer)
    quiet.append(Envelope(id=_ID, tenant=TENANT, event="emergency.ended", occurred_at=timestamp(T0), emergency="em_1"))
    quiet.publish()
    file = file_of(quiet, "em_1")
    one = msgspec.structs.replace(stitched("em_1", quiet, file), exchanges=0, ended=timestamp(T0))
    assert check(io.BytesIO(file), one, TENANT).exchanges == 0


def test_one_whose_record_does_not_say_how_many_exchanges_is_counted() -> None:
    assert check(io.BytesIO(FILE), msgspec.structs.replace(ONE, exchanges=None), TENANT).exchanges == 1


@pytest.mark.parametrize("cut", range(0, len(FILE), 97))
def test_a_file_that_was_cut_off_is_never_what_the_record_says(cut: int) -> None:
    one = msgspec.structs.replace(ONE, digest=digest(io.BytesIO(FILE[:cut])))
    with pytest.raises(VerificationError, match="emergency em_1: "):
        check(io.BytesIO(FILE[:cut]), one, TENANT)


def test_the_names_are_those_of_archives() -> None:
    assert (BLOCK, HEADER, LAST) == (archive.BLOCK, archive.HEADER, archive.LAST)
    assert digest(io.BytesIO(FILE)) == archive.digest(io.BytesIO(FILE))


_ID = "01900000-0000-7000-9fff-000000000001"
