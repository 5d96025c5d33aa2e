"""Templates: the two halves share nothing, the same seed fills them alike, labels lie on what filled the slot."""

import hashlib
import re
from pathlib import Path

import msgspec
import pytest

from benchmarks.corpus import templates
from benchmarks.corpus.rows import Span
from benchmarks.corpus.templates import SPLITS, Template, filled, sections


def test_the_halves_share_no_name_and_no_line_that_says_something() -> None:
    tuning, test = (templates.templates(split) for split in SPLITS)
    assert not {one.name for one in tuning} & {one.name for one in test}
    lines = [{line for one in half for line in one.text.splitlines() if line.count(" ") > 5} for half in (tuning, test)]
    assert not lines[0] & lines[1]
    assert len(tuning) > 40
    assert len(test) > 40


def test_both_halves_hold_every_kind_of_text_and_the_same_types() -> None:
    labelled = []
    for split in SPLITS:
        assert len(list((templates.FOLDER / split).glob("*.txt"))) == 7
        labelled.append({span.type for row in templates.rows(split, 1) for span in row.spans})
    assert labelled[0] ^ labelled[1] <= {"special-biometric", "special-religion", "special-orientation", "plate"}


def test_a_label_lies_on_what_filled_its_slot_or_on_its_phrase() -> None:
    template = Template("t", ("en_US",), "a {mrn:plain}, [health-term:chest pain] {B} {")
    row = filled(template, 3)
    (number, term) = row.spans
    assert row.text[number.start : number.end].isdigit()
    assert row.text[term.start : term.end] == "chest pain"
    assert row.text.endswith(", chest pain {B} {")
    assert (number.type, term.type) == ("mrn", "health-term")


def test_rows_are_the_same_each_time_whatever_was_made_before() -> None:
    template = templates.templates("test")[0]
    first = filled(template, 1)
    filled(templates.templates("tuning")[5], 0)
    assert filled(template, 1) == first
    assert filled(template, 2) != first


def test_the_test_half_is_the_one_that_results_were_measured_on() -> None:
    """Changes with a template, a maker or Faker's version; the results in the document are then made anew."""
    made = templates.rows("test", 1)
    assert hashlib.sha256(msgspec.json.encode(made)).hexdigest()[:12] == "f892c1c4007c"


def test_rows_do_not_change_with_the_day() -> None:
    """Faker's own identity numbers hold a birthday that is counted back from now: none of them is used."""
    sources = "".join(path.read_text("utf-8") for path in (templates.FOLDER.parent).glob("*.py"))
    assert not re.findall(r"faker\.(?:ssn|pesel|date\w*|past\w*|future\w*|iso8601|unix_time|year|month)\(", sources)


def test_every_label_lies_within_its_text_and_none_on_another() -> None:
    for row in templates.rows("test", 2) + templates.rows("tuning", 2):
        place = 0
        for span in row.spans:
            assert place <= span.start < span.end <= len(row.text)
            place = span.end


def test_a_file_is_read_strictly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="begins with"):
        list(sections("no header\n"))
    assert list(sections("=== a | en_US\nx\n\n=== b\ny")) == [("a", "en_US", ["x", ""]), ("b", "", ["y"])]
    monkeypatch.setattr(templates, "FOLDER", tmp_path)
    (tmp_path / "test").mkdir()
    for wrong, said in (
        ("=== a | en_US\n{nothing-of-it:x}", "slots"),
        ("=== a\nx", "locales"),
        ("=== a | en_US\nx\n=== a | en_US\ny", "twice"),
    ):
        templates.templates.cache_clear()
        (tmp_path / "test" / "a.txt").write_text(wrong)
        with pytest.raises(ValueError, match=said):
            templates.templates("test")
    templates.templates.cache_clear()


def test_spans_are_values() -> None:
    assert Span("a", 0, 1) == Span("a", 0, 1)
