"""Every report of a generated year is what the truth says, as data, as a page and as a PDF; and no value of any could
be wrong without being found."""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks import year
from benchmarks.year_compared import block_faults, differences, faults
from benchmarks.year_documents import carried_faults, carried_reports, composed, head, report_faults
from benchmarks.year_reports import carried, wanted
from benchmarks.year_written import NUMBER, Part, Report, Wanted, shown
from gateway.evidence.reports import attached, html, pdf
from gateway.evidence.reports.document import (
    SHOWN,
    Block,
    Document,
    Fields,
    Form,
    Section,
    Table,
    Text,
    encode,
)
from gateway.evidence.reports.kinds import KINDS
from tests.services import pdftotext

Key = tuple[str, str]


@cache
def _year() -> tuple[dict[str, Any], Mapping[Key, Document], Mapping[Key, Report]]:
    """What is true of a year, its reports, and what must stand in them."""
    made = year.Year(1_600)
    found = year.figures(made)
    expected = year.truth(made)
    return expected, composed(found), wanted(expected)


def test_every_block_of_every_report_is_what_the_truth_says() -> None:
    expected, reports, _ = _year()
    assert {kind for kind, _ in reports} == set(KINDS)
    assert list(report_faults(reports, expected)) == []


def test_what_was_declared_in_a_year_changes_and_is_told_by_what_stood() -> None:
    _, reports, _ = _year()
    tables = {
        block.caption: block
        for section in reports["processing", ""].sections
        for block in section.blocks
        if isinstance(block, Table)
    }
    cloud = [row for row in tables["Register of processors"].rows if row[0] == "big-cloud"]
    (_, first_ends), (second_begins, still) = [row[10:] for row in cloud]
    assert ([row[3] for row in cloud], first_ends, still) == (["US", "IE"], second_begins, "still in force")
    assert [row[0] for row in tables["Days for which records are kept"].rows] == ["not known", 2_192, 1_095]
    sent = {row[:3] for row in tables["Sent to processors, by what stood then"].rows}
    assert {("big-cloud", "Big Cloud Inc.", "US"), ("big-cloud", "Big Cloud Europe Ltd", "IE")} <= sent
    said = {row[3] for row in tables["Policy versions that this is told by"].rows}
    assert said == {"read", "not known: its text is not kept"}


def test_reports_as_data_are_what_the_truth_says() -> None:
    expected, reports, _ = _year()
    read = {key: msgspec.json.decode(encode(one), type=Document) for key, one in reports.items()}
    assert list(report_faults(read, expected)) == []


# ------------------------------------------------------------------------------------------------- what can be wrong


def test_every_value_that_is_wrong_is_found() -> None:
    """One at a time: names, cells of each column, numbers of each plot, and each number in a text."""
    _, reports, accounts = _year()
    tried, missed = 0, []
    for key, one in reports.items():
        for section, part in zip(one.sections, accounts[key].parts, strict=True):
            for block, want in zip(section.blocks, part.blocks, strict=True):
                for place, wrong in _wrong(block):
                    tried += 1
                    if not list(block_faults("here", wrong, want)):
                        missed.append(f"{key} {section.id} {place}")
    assert missed == []
    assert tried > 5_000


def _wrong(block: Block) -> Iterator[tuple[str, Block]]:
    """The block with one thing in it changed, for each thing, and its place."""
    if isinstance(block, Text):
        for number in NUMBER.finditer(block.text):
            said = f"{block.text[: number.start()]}7{block.text[number.start() :]}"
            yield f"a number at {number.start()}", msgspec.structs.replace(block, text=said)
        yield "tone", msgspec.structs.replace(block, tone="other")
        return
    if isinstance(block, Form):
        yield "title", msgspec.structs.replace(block, title="other")
        yield "lines", msgspec.structs.replace(block, lines=block.lines[1:])
        return
    for name in block.__struct_fields__:
        for place, value in _changed(getattr(block, name)):
            yield f"{name}{place}", msgspec.structs.replace(block, **{name: value})


def _changed(value: Any) -> Iterator[tuple[str, Any]]:
    """A value with one thing in it changed: of many rows the first and the last alone."""
    if isinstance(value, int):
        yield "", value + 1
        yield " as a text", str(value)
    elif isinstance(value, str):
        yield "", f"{value}?"
    else:
        yield " one more", (*value, value[-1] if value else ())
        for at in sorted({0, len(value) - 1} if value and isinstance(value[0], tuple) else range(len(value))):
            if value:
                yield f" without {at}", (*value[:at], *value[at + 1 :])
            for place, other in _changed(value[at]) if value else ():
                yield f" {at}{place}", (*value[:at], other, *value[at + 1 :])


def test_sections_and_blocks_that_are_too_many_too_few_or_elsewhere_are_found() -> None:
    expected, reports, accounts = _year()
    key = ("policy-history", "")
    one, above = reports[key], head(expected)
    first, second, *rest = one.sections
    odd = Section("odd", "Odd", (Text("Nobody accounts for this."),))
    fewer = msgspec.structs.replace(second, blocks=second.blocks[:-1])
    more = msgspec.structs.replace(second, blocks=(*second.blocks, Text("More.")))
    for sections in (
        (first, second, *rest, odd),
        (first, *rest),
        (second, first, *rest),
        (first, fewer, *rest),
        (first, more, *rest),
    ):
        wrong = msgspec.structs.replace(one, sections=sections)
        assert list(faults(wrong, accounts[key], above)) != []
    for name in ("kind", "title", "subtitle", "ledger", "since", "until", "created", "generator"):
        (fault,) = faults(msgspec.structs.replace(one, **{name: "other"}), accounts[key], above)
        assert f": {name}: 'other'" in fault
    for name in ("first", "end"):
        wrong = msgspec.structs.replace(one, **{name: getattr(one, name) + 1})
        assert len(list(faults(wrong, accounts[key], above))) == 1


def test_a_report_that_is_not_made_or_that_nobody_accounts_for_is_found() -> None:
    expected, reports, _ = _year()
    changed = {("new" if kind == "transfers" else kind, of): one for (kind, of), one in reports.items()}
    assert list(report_faults(changed, expected)) == [
        "report new: nobody accounts for it",
        "report transfers: is not made",
    ]


def test_a_cell_that_is_wrong_is_named_by_its_place() -> None:
    expected, reports, accounts = _year()
    key = ("transfers", "")
    one = reports[key]
    section = next(section for section in one.sections if section.id == "transfers")
    table = next(block for block in section.blocks if getattr(block, "caption", "") == "Transfers by recipient")
    assert isinstance(table, Table)
    row = (*table.rows[1][:7], 3, table.rows[1][8])
    wrong_table = msgspec.structs.replace(table, rows=(table.rows[0], row, *table.rows[2:]))
    blocks = tuple(wrong_table if block is table else block for block in section.blocks)
    changed = msgspec.structs.replace(section, blocks=blocks)
    sections = tuple(changed if each is section else each for each in one.sections)
    (fault,) = faults(msgspec.structs.replace(one, sections=sections), accounts[key], head(expected))
    place = "Transfer log: transfers: block 5: Transfers by recipient: row 1"
    assert fault == f"{place} ({row[0]}), Messages: 3, must be {table.rows[1][7]}"


def test_the_command_ends_with_1_and_names_what_differs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert year.main(["--exchanges", "60"]) == 0
    assert "45 reports: every figure and every block equals the ground truth" in capsys.readouterr().out
    monkeypatch.setattr(year, "composed", lambda found: {})
    assert year.main(["--exchanges", "60"]) == 1
    assert "differs: report period: is not made\n" in capsys.readouterr().out


# ---------------------------------------------------------------------------------------------------- what people see


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_shows_every_figure_in_its_place(kind: str) -> None:
    _, reports, accounts = _year()
    for key, one in reports.items():
        if key[0] == kind:
            page = html.render(one).decode()
            assert _Page.read(page) == _shown(accounts[key].parts)
            texts = [block.text for section in one.sections for block in section.blocks if isinstance(block, Text)]
            assert [text for text in texts if escape(text).replace("&#x27;", "&#39;") not in page] == []


def test_a_pdf_shows_every_figure(tmp_path: Path) -> None:
    _, reports, accounts = _year()
    for key in (("dpia", ""), ("disclosures", "su_many")):
        path = tmp_path / "report.pdf"
        path.write_bytes(pdf.render(reports[key]))
        command = [pdftotext(), "-raw", str(path), "-"]
        read = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout.decode()
        words = re.sub(r"[\s\u200b]+", "", read)
        cells = _shown(accounts[key].parts)
        assert len(cells) > 200
        assert [cell for cell in cells if "".join(cell.split()) not in words] == []


def _shown(parts: Sequence[Part]) -> list[str]:
    """What a page shows in fields and tables, in its order."""
    return [cell for part in parts for block in part.blocks for cell in _of(block)]


def _of(block: Wanted) -> list[str]:
    if isinstance(block, Fields):
        return [text for name, value in block.rows for text in (name, shown(value))]
    if not isinstance(block, Table) or not block.rows:
        return [f"{block.caption}. {block.empty}"] if isinstance(block, Table) else []
    cells = [shown(cell) for row in block.rows[:SHOWN] for cell in row]
    hidden = len(block.rows) - SHOWN
    said = [f"{shown(hidden)} more are in the report as data."] if hidden > 0 else []
    said += [f"{shown(block.left_out)} more are in a bundle of these records."] if block.left_out else []
    return [block.caption, *block.columns, *cells, *([" ".join(said)] if said else [])]


class _Page(HTMLParser):
    """Reads fields and tables from a page: names, values, captions, columns, cells, and what is not shown."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self._reads = self._figures = False

    @classmethod
    def read(cls, page: str) -> list[str]:
        reader = cls()
        reader.feed(page)
        return reader.cells

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs).get("class")
        if tag == "dl":
            self._figures = named == "figures"
        if tag in ("td", "th", "caption") or (tag in ("dt", "dd") and self._figures) or named in ("more", "empty"):
            self._reads = True
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self._reads = self._reads and tag not in ("td", "th", "caption", "dt", "dd", "p")

    def handle_data(self, data: str) -> None:
        if self._reads:
            self.cells[-1] += data


# ------------------------------------------------------------------------------------- of a bundle, without details


@cache
def _carried() -> tuple[dict[str, Any], Mapping[Key, Document]]:
    """What is true of a year whose details are not opened, and the reports that a bundle carries of it."""
    made = year.Year(1_600, opened=False)
    found = year.figures(made)
    expected = year.truth(made)
    assert differences(found, expected) == []
    return expected, carried_reports(found)


def test_every_block_of_reports_whose_details_are_not_opened_is_what_the_truth_says() -> None:
    expected, reports = _carried()
    assert {kind for kind, _ in reports} == {*attached.KINDS, "framework"}
    assert list(carried_faults(reports, expected)) == []
    assert expected["coverage"]["details"] == 0
    reasons = {reason for one in expected["provisions"] for reason in one["reasons"]}
    assert any("are not opened here)" in reason for reason in reasons)
    assert not any("are deleted)" in reason for reason in reasons)


def test_every_value_of_reports_whose_details_are_not_opened_that_is_wrong_is_found() -> None:
    expected, reports = _carried()
    accounts, missed = carried(expected), []
    for key in (("period", ""), ("framework", "hipaa")):
        for section, part in zip(reports[key].sections, accounts[key].parts, strict=True):
            for block, want in zip(section.blocks, part.blocks, strict=True):
                missed += [f"{key} {at}" for at, wrong in _wrong(block) if not list(block_faults("here", wrong, want))]
    assert missed == []


def test_reports_whose_details_are_opened_are_none_of_a_bundle_that_does_not_open_them() -> None:
    _, reports, _ = _year()
    expected, _ = _carried()
    some = {key: one for key, one in reports.items() if key in carried(expected)}
    assert any("were opened for" in fault or "Detail" in fault for fault in carried_faults(some, expected))
