"""Reports say who else knows of their records, that this is not proven here, and what was read from archives."""

import msgspec

from gateway.evidence.reports.around import KEPT, WITHIN, archives, outside
from gateway.evidence.reports.basis import Basis, Outside
from gateway.evidence.reports.document import Table, Text

AT = "2026-11-24T01:02:03.000004Z"
BASIS = Basis(
    ledger="l", since=AT, until=AT, first=1_000, end=3_000, created=AT, generator="g", figures={}, outside=Outside()
)


def tables(basis: Basis) -> dict[str, Table]:
    return {one.caption: one for one in (*outside(basis), *archives(basis)) if isinstance(one, Table)}


def test_how_much_of_the_records_a_stamp_and_a_witness_cover_is_told() -> None:
    said = (("clock", 1_000, AT), ("clock", 1_001, AT), ("clock", 2_999, AT), ("clock", 3_000, AT), ("clock", 9, AT))
    found = tables(msgspec.structs.replace(BASIS, outside=Outside(stamps=said, cosigned=(("w.example/1", 4_000, AT),))))
    covers = [row[3] for row in found["Time-stamps (RFC 3161)"].rows]
    nothing, everything = "none of this report's records", "all of this report's records"
    assert covers == [nothing, "records 1,000 to 1,000", "records 1,000 to 2,998", everything, nothing]
    assert found["Cosigned by witnesses"].rows == (("w.example/1", 4_000, AT, everything),)
    empty = msgspec.structs.replace(BASIS, end=1_000, outside=Outside(stamps=(("clock", 4_000, AT),)))
    assert tables(empty)["Time-stamps (RFC 3161)"].rows[0][3] == nothing


def test_it_says_that_the_verifier_of_a_bundle_proves_it_and_not_the_report() -> None:
    assert outside(BASIS)[0] == Text(KEPT, "note")
    assert "this report proves none of it" in KEPT
    assert "the bundle's verifier proves it" in KEPT
    for caption in ("Time-stamps (RFC 3161)", "Cosigned by witnesses"):
        assert (tables(BASIS)[caption].rows, tables(BASIS)[caption].empty.startswith("No ")) == ((), True)
    assert outside(msgspec.structs.replace(BASIS, outside=None)) == [Text(WITHIN, "note")]


def test_what_was_read_from_archives_is_named_as_far_as_it_is_of_the_report() -> None:
    assert archives(BASIS) == []
    found = tables(msgspec.structs.replace(BASIS, archives=(("ar_1", 0, 2_000), ("ar_2", 2_000, 4_000))))
    assert found["Records that were read from archives"].rows == (("ar_1", 1_000, 1_999), ("ar_2", 2_000, 2_999))
