"""The section on what was in force says how far back it is known, and what is not told."""

import msgspec

from gateway.evidence.figures.in_force import BEFORE, WITHIN
from gateway.evidence.figures.seen import NONE
from gateway.evidence.reports.basis import Basis, Outside
from gateway.evidence.reports.document import SHOWN, Cell, Section, Table, Text
from gateway.evidence.reports.standing import NOT_LOOKED_AT, standing
from tests.evidence.reports.kit import basis


def told(**changes: object) -> Basis:
    figures = basis().figures
    own = {**figures["standing"], "untold": 0, "told_to": -1, **changes}
    return msgspec.structs.replace(basis(), figures={**figures, "standing": own}, outside=Outside())


def warnings(section: Section) -> list[str]:
    return [block.text for block in section.blocks if isinstance(block, Text) and block.tone == "warning"]


def test_each_key_is_in_both_tables_and_each_version_in_its_own() -> None:
    section, rows = standing(told()), basis().figures["standing"]["keys"]
    rows = sorted(rows, key=lambda row: (row[11], row[14]) == (BEFORE, NONE))
    tables = {block.caption: block for block in section.blocks if isinstance(block, Table)}
    assert rows
    assert [list(row) for row in tables["Keys in force in the period"].rows] == [row[:9] for row in rows]
    assert [row[1:] for row in tables["How these keys came and went"].rows] == [tuple(row[9:]) for row in rows]
    assert all(len(row) == len(table.columns) for table in tables.values() for row in table.rows)
    assert warnings(section) == []


def test_what_the_period_changed_comes_before_what_merely_stood() -> None:
    model = basis().figures["standing"]["keys"][0]

    def key(name: str, lies: str, why: str) -> list[Cell]:
        return [name, *model[1:11], lies, *model[12:14], why, *model[15:]]

    stood = [key(f"k{number}", BEFORE, NONE) for number in range(SHOWN)]
    rows = [*stood, key("ended", BEFORE, "revoked"), key("made", WITHIN, NONE)]
    section = standing(told(keys=rows))
    tables = {block.caption: block for block in section.blocks if isinstance(block, Table)}
    for name in ("Keys in force in the period", "How these keys came and went"):
        assert [row[0] for row in tables[name].rows] == ["ended", "made", *(row[0] for row in stood)]


def test_what_is_not_known_is_warned_of() -> None:
    assert warnings(standing(msgspec.structs.replace(told(), known_from=None))) == [NOT_LOOKED_AT]
    (since,) = warnings(standing(msgspec.structs.replace(told(), known_from=4_096)))
    assert since.startswith("What stood before record 4,096 is not known")
    (untold,) = warnings(standing(told(untold=2)))
    assert untold.startswith("Of 2 rotations the detail is deleted")
    (closed,) = warnings(standing(msgspec.structs.replace(told(untold=2), opened=False)))
    assert closed.startswith("Of 2 rotations the detail is not opened here")
    (cut,) = warnings(standing(told(told_to=77)))
    assert cut.startswith("From record 77 on not all that changed is told")


def test_a_bundle_says_where_the_records_before_its_range_are() -> None:
    bundled = msgspec.structs.replace(told(), outside=None, first=300)
    texts = [block.text for block in standing(bundled).blocks if isinstance(block, Text)]
    assert any("--first 0 --end 300" in text for text in texts)
    texts = [block.text for block in standing(told()).blocks if isinstance(block, Text)]
    assert not any("bundle" in text for text in texts)
