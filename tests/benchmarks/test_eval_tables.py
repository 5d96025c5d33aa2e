"""Results as people and machines read them."""

from benchmarks.eval_tables import (
    Disguised,
    Measured,
    Report,
    compared,
    flagged_line,
    lines,
    ordered,
    plain,
    share,
    type_rows,
)
from benchmarks.scoring import Count, Flagged, Score

SCORE = Score(
    {"url": Count(9, 9, 9, 9, 9), "email": Count(100, 98, 100, 99, 99), "title": Count(2, 1)},
    {},
    {"de": Count(4, 1)},
    Count(9, 3),
    100,
    [],
)
PEER = Score({"email": Count(100, 50, 50, 60, 50), "iban": Count(5)}, {}, {}, Count(), 100, [])
FLAGGED = Flagged({"code": 50, "uuid": 10}, {"code": 1, "uuid": 10}, {"code": {"ip": 1}, "uuid": {"account": 10}}, [])
REPORT = Report(
    engine="1-x",
    faker="40",
    date="2026-11-27",
    each=1,
    measured=(Measured(name="test", score=SCORE, flagged=FLAGGED),),
    disguised=(Disguised(name="percent", types={"email": Count(4, 3)}),),
    peer="Other 1",
    beside=(Measured(name="test", score=PEER),),
)


def test_a_share_has_its_interval() -> None:
    assert share(98, 100) == "0.980 [0.93, 0.99]"
    assert share(0, 0) == "–"


def test_types_with_a_target_come_first() -> None:
    assert [name for name, _ in ordered(SCORE.types)] == ["email", "url", "title"]


def test_a_row_says_what_falls_short_and_no_precision_where_none_can_be_told() -> None:
    email, _, title = type_rows(SCORE)
    assert email[6:] == ("0.99 / 0.99", "recall 0.980, 0.99 is wanted")
    assert title[3] == ""
    assert title[5:] == ("", "", "")


def test_categories_of_policy_are_told_apart() -> None:
    assert flagged_line(FLAGGED).startswith("1 of 50 flagged: 0.020")
    assert "reached" in flagged_line(FLAGGED)
    assert flagged_line(FLAGGED).endswith("uuid 10 of 10")
    assert "not reached" in flagged_line(Flagged({"code": 10}, {"code": 1}, {"code": {}}, []))


def test_all_of_it_is_told() -> None:
    said = "\n".join(lines(REPORT))
    assert "engine 1-x, 2026-11-27, Faker 40" in said
    assert "email 3/4" in said
    assert "language de" in said
    assert "surname invented" in said
    assert "test: the engine, then Other 1" in said
    told = plain(REPORT)
    assert isinstance(told, dict)
    assert told["measured"]["test"]["types"]["email"]["found"] == 98
    assert told["measured"]["test"]["negatives"]["flagged"] == 1
    assert told["disguised"]["percent"]["email"]["labels"] == 4


def test_beside_a_peer_are_the_types_that_it_tells() -> None:
    ((name, rows, together),) = compared(REPORT)
    assert name == "test"
    assert [row[0] for row in rows] == ["email"]
    assert rows[0][2].startswith("0.980")
    assert rows[0][4].startswith("0.500")
    assert together.endswith("Other 1 0.606")
