"""Rows without personal data: none of what they hold would pass for it."""

import re
from pathlib import Path

import pytest
from stdnum import isbn, luhn

from benchmarks.corpus import negatives
from benchmarks.corpus.templates import SPLITS, making


def test_both_halves_have_the_same_categories_and_no_form_in_common() -> None:
    tuning, test = (negatives.forms(split) for split in SPLITS)
    assert {category for category, _ in tuning} == {category for category, _ in test}
    assert not {form for _, form in tuning} & {form for _, form in test}
    assert len({category for category, _ in test}) >= 20


def test_each_category_has_so_many_rows_the_same_each_time_and_no_labels() -> None:
    rows = negatives.rows("test", 6)
    assert rows == negatives.rows("test", 6)
    assert len(rows) == 6 * len({row.category for row in rows})
    assert all(not row.spans and row.text and row.category for row in rows)
    assert not any(re.search(r"\{=|\{\{", row.text) for row in rows if row.category != "code")


def test_what_looks_like_a_card_is_none_and_what_looks_like_a_book_is_one() -> None:
    for number in range(60):
        given = making(str(number), "en_US")
        assert not luhn.is_valid(negatives.MAKERS["bad16"](given))
        assert isbn.is_valid(negatives.isbn(given))


def test_a_table_stays_together() -> None:
    (table,) = [form for category, form in negatives.forms("tuning") if category == "figures" and "|" in form]
    assert table.count("\n") == 2


def test_a_slot_that_nothing_fills_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(negatives, "FOLDER", tmp_path)
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "negatives.txt").write_text("=== a\n{nothing}")
    with pytest.raises(ValueError, match="nothing fills"):
        negatives.forms("test")
