"""The page: accessible, self-contained, of any width, and every number in it that of the report."""

import pytest

from gateway.evidence.reports.document import SHOWN, Cell, Document, Form, Section, Stacks, Table, Text
from gateway.evidence.reports.html import cell, kind, plot, render, stacked, written
from gateway.evidence.reports.kinds import KINDS, document
from gateway.evidence.reports.plots import draw
from tests.evidence.reports.accessibility import contrast, faults, tree
from tests.evidence.reports.kit import basis

HOSTILE = "<script>alert(1)</script> & \"'"


def _own(*blocks: Text | Table | Form | Stacks, title: str = "T") -> Document:
    section = Section("s", title, blocks)
    return Document(
        kind="period",
        title=title,
        subtitle=title,
        ledger=title,
        since="2026-01-01T00:00:00.000000Z",
        until="2026-02-01T00:00:00.000000Z",
        first=0,
        end=1,
        created="2026-02-01T00:00:00.000000Z",
        generator="g",
        sections=(section,),
    )


@pytest.mark.parametrize("name", KINDS)
def test_every_report_is_accessible_and_needs_nothing_but_itself(name: str) -> None:
    page = render(document(name, basis(300))).decode()
    assert faults(page) == []
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


@pytest.mark.parametrize("name", KINDS)
def test_every_row_of_every_table_stands_in_the_page(name: str) -> None:
    made = document(name, basis())
    tables = [block for section in made.sections for block in section.blocks if isinstance(block, Table)]
    expected = [[[written(value) for value in row] for row in table.rows[:SHOWN]] for table in tables if table.rows]
    root = tree(render(made).decode())
    found = [
        [[one.text for one in row.all("th", "td")] for body in table.all("tbody") for row in body.all("tr")]
        for table in root.all("table")
    ]
    assert [[[" ".join(one.split()) for one in row] for row in rows] for rows in expected] == found


def test_a_table_of_many_columns_is_close_and_broad_so_that_its_last_ones_are_in_sight() -> None:
    """As of the register of processors; how wide each is at 1280 pixels is looked at with a browser."""
    for count, is_many in ((5, False), (6, True), (12, True)):
        columns = tuple(f"Valid at the {number}" for number in range(count))
        made = _own(Table("Register", columns, (tuple("sha256:" + "1a" * 32 for _ in columns),)))
        page = tree(render(made).decode())
        (table,) = page.all("table")
        (around,) = [one for one in page.all("div") if "scroll" in one.attributes.get("class", "").split()]
        assert ("many" in table.attributes["class"].split()) is is_many
        assert ("broad" in around.attributes["class"].split()) is is_many


def test_whatever_a_record_or_a_framework_says_is_text() -> None:
    rows = ((HOSTILE, 1),)
    made = _own(Text(HOSTILE), Table(HOSTILE, (HOSTILE, "n"), rows), Form(HOSTILE, (HOSTILE,), HOSTILE), title=HOSTILE)
    page = render(made).decode()
    assert "<script" not in page
    assert faults(page) == []
    assert tree(page).all("h1")[0].text == " ".join(HOSTILE.split())


def test_an_empty_table_says_so_and_an_empty_plot_is_left_out() -> None:
    page = render(_own(Table("Gaps", ("n",), (), "None at all."), Stacks("Over time", ("a",), ()))).decode()
    assert "None at all." in page
    assert "<table" not in page
    assert "<svg" not in page


def test_times_and_ids_are_written_as_what_they_are() -> None:
    assert written("2026-01-01T02:03:04.000005Z") == "2026-01-01 02:03:04"
    assert str(cell("2026-01-01T02:03:04.000005Z")).startswith('<time datetime="2026-01-01T02:03:04.000005Z">')
    assert 'class="id"' in cell("sha256:" + "1a" * 32)
    assert cell(12_345) == "12,345"
    assert cell("a < b") == "a &lt; b"


def test_a_plot_is_drawn_at_two_widths_of_which_one_shows() -> None:
    block = Stacks("Over time", ("a",), (("2026-01-01", 1),))
    page = render(_own(block)).decode()
    assert (kind(block), str(plot(block, 880))) == ("stacks", draw(block, 880))
    assert page.count("<svg") == 2
    assert ".narrow { display: none; }" in page


def test_the_colours_of_the_page_have_enough_contrast() -> None:
    for ink, paper in (
        ("#1c2733", "#ffffff"),
        ("#56616d", "#ffffff"),
        ("#1f6f8b", "#ffffff"),
        ("#4a2700", "#fdf5ec"),
    ):
        assert ink in render(_own())[:6_000].decode()
        assert contrast(ink, paper) >= 4.5


def test_a_long_text_has_room_to_be_read_on_a_narrow_screen() -> None:
    short, long = "as agreed", "the colleague on call was not to be reached and the list was needed at once"
    made = Table("Reasons", ("Time", "Reason"), (("1", short), ("2", long)))
    page = render(_own(made))
    assert f'<td class="long">{long}</td>'.encode() in page
    assert f"<td>{short}</td>".encode() in page


def test_on_a_phone_a_wide_table_of_few_rows_is_read_line_by_line_and_stays_a_table() -> None:
    head = ("Provision", "Subject", "Evidence", "Records", "Why not, or not all")
    rows = (("17", 'Right to "erasure"', "in part", 3, "case: in 2 of 3 records"), ("18", "Holds", "supported", 1, ""))
    page = render(_own(Table("Provisions", head, rows))).decode()
    (table,) = tree(page).all("table")
    assert faults(page) == []
    assert table.attributes["class"].split() == ["lines"]
    assert ".lines td::before { content: attr(data-column)" in page
    assert [one.attributes.get("data-column") for one in table.all("td")] == [*head[1:], *head[1:]]
    # Elements that are laid out as blocks are no table to who cannot see it, unless they say so.
    expected = {"table": "table", "thead": "rowgroup", "tbody": "rowgroup", "tr": "row", "td": "cell"}
    for name, role in expected.items():
        assert {one.attributes["role"] for one in table.all(name)} == {role}
    assert [one.attributes["role"] for one in table.all("th")] == ["columnheader"] * 5 + ["rowheader"] * 2


@pytest.mark.parametrize(
    ("columns", "rows", "lines"),
    [
        (("Code", "Times"), (("ok", 1),), False),
        (("Code", "Times"), (("w" * 90, 1),), False),  # such a word is broken
        (("a" * 30, "b" * 18), (("ok", 1),), True),  # heads do not wrap
        (("a", "b", "c"), (("w" * 19,) * 3,), True),
        (("a", "b", "c"), (("w " * 60,) * 3,), False),  # words do
        (("a", "b", "c"), (("w" * 19,) * 3,) * 50, True),
        (("a", "b", "c"), (("w" * 19,) * 3,) * 51, True),
    ],
)
def test_what_does_not_fit_on_a_phone_is_lines(
    columns: tuple[str, ...], rows: tuple[tuple[Cell, ...], ...], lines: bool
) -> None:
    assert stacked(Table("T", columns, rows)) is lines


def test_on_a_phone_the_cells_of_many_rows_follow_each_other() -> None:
    head, row = ("Provision", "Subject", "Evidence", "Records"), ("w" * 19, "w" * 19, "", 3)
    few = tree(render(_own(Table("T", head, (row,) * 50))).decode()).all("table")[0]
    page = render(_own(Table("T", head, (row,) * 51))).decode()
    (many,) = tree(page).all("table")
    assert (few.attributes["class"].split(), many.attributes["class"].split()) == (["lines"], ["lines", "close"])
    assert (faults(page), ".close tbody th, .close td { display: inline; }" in page) == ([], True)
    short = tree(render(_own(Table("T", ("Code", "Times"), (("ok", 1),) * 51))).decode()).all("table")[0]
    assert "close" not in short.attributes["class"]
