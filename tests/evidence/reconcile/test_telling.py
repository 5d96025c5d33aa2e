"""What a comparison shows, told: everything is accounted for, or what is not, and how far it reaches."""

import io
import json
from typing import Any

from gateway.evidence.reconcile.lines import read
from gateway.evidence.reconcile.telling import COLUMNS, Told, Unheld, lines
from gateway.ledger.times import timestamp

from .kit import DAY, S, comparison, log, sent, source


def document(text: str, *, limit: int = 10, records: Unheld | None = None, **changes: Any) -> dict[str, Any]:
    one = source(**changes)
    told = Told(timestamp(DAY), timestamp(DAY + 86_400 * S), "sha256:5e", limit)
    told.add(comparison(sent(100, 5_000)).compare(one, read(io.BytesIO(text.encode()), one)))
    return told.document(records or Unheld(sent=2))


def text(document: dict[str, Any]) -> str:
    return "\n".join(lines(document, ["a table"]))


def test_all_is_well_only_where_all_was_read_and_met() -> None:
    well = document(log(100, 5_000))
    assert well["ok"] is True
    assert "EVERYTHING COMPARED IS ACCOUNTED FOR" in text(well)
    for bad in (log(100, 5_000, 9_000), log(100, 9_000), log(100, 5_000, more="x,y\n"), "time,host\n"):
        told = document(bad)
        assert told["ok"] is False
        assert "NOT EVERYTHING" in text(told)


def test_nothing_of_a_line_is_told_but_its_number() -> None:
    told = document(log(100, 5_000, more="swordfish,=cmd()\n"))
    (one,) = told["sources"]
    assert one["errors"] == [{"line": 4, "problem": "time: must be of the form that the mapping says"}]
    assert "line 4: time" in text(told)
    assert "swordfish" not in json.dumps(told)
    assert "cmd" not in text(told)


def test_findings_are_bounded_and_how_many_are_left_out_is_told() -> None:
    told = document(log(100, 5_000, 9_000, 10_000, 11_000), limit=1)
    assert (len(told["findings"]), told["findings_left_out"]) == (1, 2)
    assert set(told["findings"][0]) == set(COLUMNS)
    assert "and 2 more" in text(told)


def test_what_no_log_can_show_is_told() -> None:
    told = text(document(log(100, 5_000), records=Unheld(sent=2, pulled=3, homeless=4)))
    assert "3 more were fetched" in told
    assert "4 more are of agents whose host nobody knows" in told


def test_a_comparison_of_no_log_shows_nothing() -> None:
    assert Told("a", "b", "c", 1).document(Unheld())["ok"] is False


def test_archives_that_records_were_read_from_are_named() -> None:
    told = Told("2026-11-01T00:00:00.000000Z", "2026-12-01T00:00:00.000000Z", "sha256:0", 10)
    found = told.document(Unheld(archives=["ar_1"]))
    assert found["records"]["archives"] == ["ar_1"]
    assert any("read from archives: ar_1" in line for line in lines(found, ()))
    assert not any("archives" in line for line in lines(told.document(Unheld()), ()))
    found = told.document(Unheld(emergencies=["em_1"]))
    assert found["records"]["emergencies"] == ["em_1"]
    assert any("of emergency ledgers: em_1" in line for line in lines(found, ()))
