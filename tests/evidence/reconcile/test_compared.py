"""What a comparison shows is read row by row, and of each day once."""

from gateway.evidence.reconcile.compared import FINDINGS, KINDS

from .kit import DAY, compared, log, sent


def test_findings_are_some_of_the_kinds_and_come_in_the_order_of_times() -> None:
    assert set(FINDINGS) < set(KINDS)
    found = compared(sent(5_000, 5_001, 9_000), log(20_000, 100, 15_000))
    told = [(one.kind, one.at >= DAY) for one in found.findings()]
    assert told == [("around", True)] * 3 + [("missing", True)] * 3
    assert [one.line for one in found.findings()][:3] == [3, 4, 2]


def test_the_totals_of_the_days_are_those_of_the_whole() -> None:
    found = compared(sent(*range(0, 86_400, 9_000)), log(*range(0, 86_400, 7_000)))
    for kind in KINDS:
        assert sum(day.kinds.get(kind, 0) for day in found.days()) == found.read.kinds[kind]
