"""Whether the records are all there, and of what they say nothing."""

from typing import Any

import pytest

from gateway.evidence.figures.coverage import Coverage, share
from gateway.ledger.record import Detail, NodeInfo, timestamp
from tests.evidence.figures.kit import T0, record

NODE = NodeInfo(id="nd_1", boot="bt_1")


def _fed(*records: object) -> Coverage:
    made = Coverage()
    for one in records:
        made.feed(one)  # type: ignore[arg-type]  # made by `record`
    return made


def test_a_place_without_a_record_is_a_gap_also_between_two_pieces() -> None:
    one = _fed(record("audit.read", 4), record("audit.read", 7))
    one.merge(Coverage())
    one.merge(_fed(record("audit.read", 10)))
    told = one.document()
    assert (told["records"], told["first"], told["last"]) == (3, 4, 10)
    assert (told["missing"], told["gaps"]) == (4, [[5, 6], [8, 9]])


def test_nothing_at_all_is_told_as_nothing() -> None:
    told = Coverage().document()
    assert (told["records"], told["first"], told["missing"], told["unscanned_bp"]) == (0, -1, 0, None)
    one = Coverage()
    one.merge(_fed(record("audit.read", 3)))
    assert one.document()["first"] == 3


def test_an_exchange_is_open_until_its_end_is_on_record() -> None:
    told = _fed(
        record("exchange.requested", 0, exchange="a"),
        record("exchange.requested", 1, exchange="b"),
        record("exchange.requested", 2, exchange="c"),
        record("exchange.completed", 3, exchange="a"),
        record("exchange.interrupted", 4, exchange="b"),
    ).document()
    assert (told["requested"], told["completed"], told["interrupted"], told["open"]) == (3, 1, 1, 1)


def test_personal_exchanges_without_a_subject_are_told_apart_from_those_whose_detail_is_gone() -> None:
    known, unknown = Detail(subjects=("su_1",)), Detail()
    told = _fed(
        record("exchange.requested", 0, classes=("phi",), detail=known, scanned="full", engine="e1"),
        record("exchange.requested", 1, classes=("phi",), detail=unknown, scanned="none", engine="e1"),
        record("exchange.denied", 2, classes=("pii",), scanned="partial", engine="e2"),
        record("exchange.requested", 3, classes=(), detail=unknown),
    ).document()
    assert sorted(told["personal"]) == [["detail deleted", 1], ["with a subject", 1], ["without a subject", 1]]
    assert (told["personal_without_subject_bp"], told["personal_unknown"]) == (5_000, 1)
    assert (told["unscanned_bp"], told["partial_bp"]) == (3_333, 3_333)
    assert [row[0] for row in told["engines"]] == ["e1", "e2"]


def test_where_no_detail_is_left_nothing_says_whether_a_subject_was_named() -> None:
    fed = _fed(record("exchange.requested", 0, classes=("phi",)), record("exchange.requested", 1, classes=("pii",)))
    told = fed.document()
    assert (told["personal_without_subject_bp"], told["personal_unknown"]) == (None, 2)


def test_starts_stops_and_what_was_refused_meanwhile_are_told() -> None:
    told = _fed(
        record("ledger.started", 0, node=NODE),
        record("ledger.recovered", 1, node=NODE, count=3),
        record("ledger.recovered", 2, count=4),
        record("limits.degraded", 3, count=2),
    ).document()
    assert told["refused_unrecorded"] == 7
    assert [row[1] for row in told["states"]] == [
        "ledger.started",
        "ledger.recovered",
        "ledger.recovered",
        "limits.degraded",
    ]
    assert told["nodes"][0][0] == "nd_1"


def test_the_newest_checkpoints_are_told_with_their_roots() -> None:
    one, two = ("A" * 43 + "=", "B" * 42 + "A=")
    first = _fed(
        record("checkpoint.published", 0, checkpoint=(100, one)),
        record("checkpoint.published", 1, at_s=10, checkpoint=(120, two)),
        record("checkpoint.published", 2, apart="em_1", checkpoint=(900, one)),
    )
    assert first.document()["points"] == [["published", 120, timestamp(T0 + 10_000_000), two]]
    first.merge(_fed(record("checkpoint.witnessed", 2, at_s=20, checkpoint=(100, one))))
    assert first.document()["points"][1] == ["cosigned by witnesses", 100, timestamp(T0 + 20_000_000), one]
    assert _fed(record("audit.read", 0)).document()["points"] == []


def test_the_unwitnessed_window_is_the_longest_between_two_cosigned_checkpoints() -> None:
    root = "A" * 43 + "="
    first = _fed(
        record("checkpoint.published", 0, checkpoint=(100, root)),
        record("checkpoint.witnessed", 1, at_s=10, checkpoint=(100, root)),
        record("checkpoint.witnessed", 2, at_s=20, checkpoint=(101, root)),
    )
    first.merge(_fed(record("checkpoint.witnessed", 3, at_s=80, checkpoint=(2, root)), record("audit.read", 4)))
    told = first.document()
    assert (told["published"], told["witnessed"], told["witnessings"]) == (100, 101, 3)
    assert told["unwitnessed_us"] == 60_000_000
    assert told["unwitnessed_records"] == 0


@pytest.mark.parametrize(("part", "whole", "expected"), [(0, 0, None), (1, 3, 3_333), (2, 3, 6_667), (3, 3, 10_000)])
def test_shares_are_in_hundredths_of_a_percent(part: int, whole: int, expected: int | None) -> None:
    assert share(part, whole) == expected


def test_exchanges_on_emergency_ledgers_are_told_by_what_is_on_record_of_them() -> None:
    told: dict[str, Any] = {
        "key": "gateway.test/emergency/1+00000000+AA==",
        "archive": "ar_1",
        "digest": "sha256:00",
        "range": (0, 9),
        "checkpoint": (9, "AA=="),
        "began": timestamp(0),
        "ended": timestamp(5),
    }
    one = _fed(record("emergency.stitched", 0, emergency="em_1", count=4, **told))
    one.merge(_fed(record("emergency.stitched", 1, emergency="em_2", **told), record("emergency.stitched", 2)))
    found = one.document()
    assert found["emergencies"] == [
        ["em_1", 9, 4, timestamp(0), timestamp(5)],
        ["em_2", 9, "not told", timestamp(0), timestamp(5)],
    ]
    assert (found["emergency_exchanges"], found["emergency_untold"]) == (4, 1)


def test_records_of_an_emergency_ledger_are_counted_and_have_no_place_among_the_others() -> None:
    root = "A" * 43 + "="
    apart = (
        record("exchange.requested", 0, apart="em_1", exchange="ex_1", scanned="full"),
        record("exchange.completed", 1, apart="em_1", exchange="ex_1"),
        record("checkpoint.published", 2, apart="em_1", checkpoint=(900, root)),
    )
    one = _fed(record("audit.read", 4), *apart, record("audit.read", 5))
    alone = _fed(*apart)
    one.merge(alone)
    told = one.document()
    assert (told["records"], told["first"], told["last"], told["missing"], told["published"]) == (2, 4, 5, 0, 0)
    assert (told["emergency_records"], told["requested"], told["completed"], told["open"]) == (6, 2, 2, 0)
    assert ["audit.read", 2] in told["events"]


def test_witnesses_clocks_are_told_by_how_far_they_were_from_the_nodes() -> None:
    said = "by the witnesses' clocks, against this node's: "
    first, later = Coverage(), Coverage()
    for coverage, reason in (
        (first, f"{said}w1 -2 s, w2 +0 s"),
        (first, f"{said}w1 +11 s"),
        (later, f"{said}w1 -10 s"),
        (later, "other words"),
    ):
        coverage.feed(record("checkpoint.witnessed", node=NODE, detail=Detail(reason=reason)))
    later.feed(record("checkpoint.witnessed", node=NODE, committed=True))
    later.feed(record("audit.verified", node=NODE, detail=Detail(reason=f"{said}w1 -99 s")))
    later.feed(record("checkpoint.witnessed", apart="em_1", node=NODE, detail=Detail(reason=f"{said}w1 -99 s")))
    first.merge(later)
    assert first.document()["clocks"] == [["w1", "nd_1", 3, "-10 s", "+11 s"], ["w2", "nd_1", 1, "+0 s", "+0 s"]]
