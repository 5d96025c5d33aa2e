"""The PDF: read by a program of others', tagged, the same bytes each time, and its numbers those of the report."""

import re
import subprocess
from pathlib import Path

import msgspec
import pytest
import typst

from gateway.core.errors import ConfigurationError
from gateway.evidence.reports import pdf
from gateway.evidence.reports.document import Section, Table
from gateway.evidence.reports.html import written
from gateway.evidence.reports.kinds import KINDS, document
from tests.evidence.reports.kit import basis
from tests.services import pdftotext


def _text(data: bytes, path: Path) -> str:
    program = pdftotext()
    path.write_bytes(data)
    done = subprocess.run([program, "-raw", str(path), "-"], check=True, capture_output=True, timeout=60)
    return re.sub(r"\s+", "", done.stdout.decode())


@pytest.mark.parametrize("kind", KINDS)
def test_a_reader_of_others_finds_every_row_of_every_table(kind: str, tmp_path: Path) -> None:
    made = document(kind, basis(300))
    text = _text(pdf.render(made), tmp_path / "report.pdf")
    assert re.sub(r"\s+", "", made.title) in text
    for section in made.sections:
        assert re.sub(r"\s+", "", section.title) in text
        for block in section.blocks:
            if not isinstance(block, Table):
                continue
            for row in block.rows[:20]:
                for value in row:
                    assert re.sub(r"\s+", "", written(value)) in text


def test_the_same_report_is_the_same_file_and_is_tagged() -> None:
    made = document("transfers", basis(300))
    first = pdf.render(made)
    assert first == pdf.render(made)
    assert first.startswith(b"%PDF-1.7")
    assert b"/MarkInfo" in first
    assert pdf.available()
    assert typst is not None


def test_no_id_is_parted_by_the_end_of_a_page_and_a_long_text_is_whole(tmp_path: Path) -> None:
    ids = [f"019e943e-9fba-7704-bc31-{number:012x}" for number in range(60)]
    long = " ".join(f"word-{number}" for number in range(900))
    columns, times = tuple(f"column {number}" for number in range(12)), ("2026-06-04 20:06:32",) * 6
    rows = [(one, "row " * (at % 7), "a", "b", "c", "d", *times) for at, one in enumerate(ids)]
    table = Table("Ids", columns, (*rows, (long, *rows[0][1:])))
    made = msgspec.structs.replace(document("transfers", basis(300)), sections=(Section("one", "One", (table,)),))
    text = _text(pdf.render(made), tmp_path / "report.pdf")
    assert [one for one in (*ids, "word-899") if one not in text] == []


def test_who_searches_for_an_id_finds_it_whole(tmp_path: Path) -> None:
    """Where a long word may be broken, no letter is printed that a search would have to match."""
    name, event, digest = "019e943e-9fba-7704-bc31-0000000000aa", "alert.break_glass_closed", "sha256:" + "5e" * 32
    table = Table("Ids", tuple("abcdefgh"), ((name, event, digest, digest, *"wxyz"),))
    made = msgspec.structs.replace(document("transfers", basis(300)), sections=(Section("one", "One", (table,)),))
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf.render(made))
    done = subprocess.run([pdftotext(), "-raw", str(path), "-"], check=True, capture_output=True, timeout=60)
    text = done.stdout.decode()
    assert ("\u200b" in text, digest in text) == (False, False), "it is broken over lines, and by nothing else"
    assert all(one in text.replace("\n", "") for one in (name, event, digest))


def test_text_is_never_markup(tmp_path: Path) -> None:
    hostile = "#panic() *bold* $x$ `raw` <label> @ref \\"
    made = document("policy-history", basis(300))
    changed = type(made)(**{**{name: getattr(made, name) for name in made.__struct_fields__}, "subtitle": hostile})
    text = _text(pdf.render(changed), tmp_path / "report.pdf")
    assert re.sub(r"\s+", "", hostile) in text


def test_without_the_extra_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_typst", None)
    assert not pdf.available()
    with pytest.raises(ConfigurationError, match=r"needs the extra pdf"):
        pdf.render(document("transfers", basis(300)))


def test_names_of_events_are_broken_where_their_words_end_and_long_texts_get_more_room() -> None:
    long = "the colleague on call was not to be reached, and the list was needed at once by the ward"
    made = pdf._table(Table("Reasons", ("a", "b", "c", "d"), (("alert.break_glass_closed", long, "x" * 30, "y"),)))
    assert made["rows"][0][0] == "alert.\u200bbreak_\u200bglass_\u200bclosed"
    assert made["rows"][0][2] == "\u200b".join(("x" * 8, "x" * 8, "x" * 8, "x" * 6))
    assert made["rooms"] == [1, 3, 1, 1]
    digest = pdf._table(Table("Files", ("a", "b"), (("sha256:" + "5e" * 32, "x"),)))
    assert digest["rooms"] == [2, 1]
