"""Labelled files of others are read strictly, with our names of types."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.corpus.rows import Span
from benchmarks.labelled import files, read, rebuilt


def line(**row: object) -> str:
    return json.dumps(row) + "\n"


def test_types_get_our_names(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    spans = [{"type": "EMAIL_ADDRESS", "start": 0, "end": 3}, {"type": "mrn", "start": 4, "end": 5}]
    file.write_text(line(text="a@b 7", template=3, spans=spans) + "\n" + line(text="v1", category="version", spans=[]))
    labelled, negative = read(file)
    assert labelled.spans == (Span("email", 0, 3), Span("mrn", 4, 5))
    assert labelled.template == 3
    assert (negative.category, negative.spans) == ("version", ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "line 1: needs text"),
        (line(spans=[]), "line 1: needs text"),
        (line(text="a", spans=[{"type": "x", "start": 0}]), "line 1: needs text"),
        (line(text="a", spans=[{"type": "x", "start": 0, "end": 2}]), "line 1: a span must lie"),
        (
            line(text="a", spans=[]) + line(text="a", spans=[{"type": "x", "start": 1, "end": 1}]),
            "line 2: a span must lie",
        ),
    ],
)
def test_what_is_not_in_the_form_is_refused_by_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(text)
    with pytest.raises(ValueError, match=said):
        read(file)


def test_prose_is_put_together_as_it_was_written(tmp_path: Path) -> None:
    row = rebuilt(
        [("Anna", "I-PER"), ("Lee", "I-PER"), ("(", "O"), ("1", "O"), (")", "O"), (",", "O"), ("Bo", "I-PER")]
    )
    assert row.text == "Anna Lee (1), Bo"
    assert row.spans == (Span("person", 0, 8), Span("person", 14, 16))
    file = tmp_path / "a.conll.txt"
    file.write_text("Dr. O\nAnna I-PER\n\nBob I-PER\n")
    assert [one.text for one in read(file)] == ["Dr. Anna", "Bob"]


def test_folders_give_the_files_that_can_be_read_and_others_are_passed_over(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.conll.txt", "README.md"):
        (tmp_path / name).write_text("")
    assert [file.name for file in files([tmp_path, tmp_path / "none"])] == ["a.conll.txt", "b.jsonl"]
    assert list(files([tmp_path / "b.jsonl"])) == [tmp_path / "b.jsonl"]


SPANS = st.lists(st.fixed_dictionaries({"type": st.text(), "start": st.integers(-2, 9), "end": st.integers(-2, 9)}))
ROWS = st.fixed_dictionaries({}, optional={"text": st.text(max_size=6), "spans": SPANS, "category": st.text()})
LINES = st.one_of(st.binary(max_size=40), ROWS.map(lambda row: json.dumps(row).encode("utf-8")))


@settings(max_examples=60, deadline=None)
@given(lines=st.lists(LINES, max_size=5), name=st.sampled_from(("a.jsonl", "a.conll.txt")))
def test_any_file_is_rows_whose_labels_lie_within_their_text_or_refused(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], name: str
) -> None:
    file = tmp_path_factory.getbasetemp() / name
    file.write_bytes(b"\n".join(lines))
    try:
        rows = read(file)
    except ValueError:
        return
    for row in rows:
        assert all(0 <= span.start < span.end <= len(row.text) for span in row.spans)
