"""What sections count with: exact while there is room, and beyond it the whole stays right."""

from gateway.evidence.figures.tally import LONGER, US, Pairs, Rows, Spans, Tally


def test_a_tally_orders_by_number_and_then_by_key() -> None:
    tally = Tally()
    for key in ("b", "a", "c", "c"):
        tally.add(key)
    assert tally.rows() == [["c", 2], ["a", 1], ["b", 1]]
    assert tally.sorted() == [["a", 1], ["b", 1], ["c", 2]]
    assert (tally.of("c"), tally.of("none")) == (2, 0)


def test_a_tally_without_room_still_knows_the_whole() -> None:
    full, later = Tally(limit=2), Tally()
    full.add("a")
    for key in ("a", "b", "c", "d"):
        later.add(key, times=3)
    full.merge(later)
    assert full.rows() == [["a", 4], ["b", 3]]
    assert (full.beyond, full.total()) == (6, 13)


def test_spans_keep_the_first_and_the_last_time_in_whatever_order_they_come() -> None:
    spans, other = Spans(limit=1), Spans()
    spans.add("2026-02", "x")
    other.add("2026-01", "x", times=2)
    other.add("2026-03", "y", times=5)
    spans.merge(other)
    assert spans.rows() == [["x", "2026-01", 3, "2026-02"]]
    assert spans.beyond == 5


def test_rows_beyond_the_limit_are_counted() -> None:
    rows, later = Rows(limit=2), Rows()
    for number in range(3):
        later.add("row", number)
    rows.merge(later)
    assert rows.rows == [["row", 0], ["row", 1]]
    assert rows.beyond == 1


def test_the_first_answer_ends_a_wait_and_later_ones_do_not_count() -> None:
    pairs = Pairs()
    pairs.open("a", 0)
    pairs.answer("a", 90 * US)
    pairs.answer("a", 500 * US)
    pairs.open("b", 0)
    assert pairs.document() == {
        "answered": 1,
        "waiting": 1,
        "mean_us": 90 * US,
        "longest_us": 90 * US,
        "spread": pairs.bars(),
    }
    assert pairs.bars()[1] == ["1 to 5 minutes", 1]


def test_a_question_that_nobody_answers_is_no_wait() -> None:
    pairs = Pairs()
    pairs.open("a", 0)
    pairs.drop("a")
    assert (pairs.answered, pairs.waiting, pairs.document()["mean_us"]) == (0, 0, 0)


def test_an_answer_in_the_range_that_follows_ends_the_question_of_the_one_before() -> None:
    earlier, later = Pairs(), Pairs()
    earlier.open("a", 10 * US)
    earlier.open("b", 10 * US)
    later.answer("a", 8 * 86_400 * US)
    later.drop("b")
    later.answer("never asked", 0)
    earlier.merge(later)
    assert (earlier.answered, earlier.waiting) == (1, 0)
    assert earlier.bars()[-1] == [LONGER, 1]


def test_questions_without_room_are_counted() -> None:
    pairs = Pairs(limit=1)
    pairs.open("a", 0)
    pairs.open("b", 0)
    assert (pairs.waiting, pairs.beyond) == (1, 1)
