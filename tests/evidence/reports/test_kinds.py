"""Each kind of report holds what its provision asks for, says what it is, and never that anybody complies."""

import msgspec
import pytest

from gateway.evidence.figures.provisions import MAX_LINES
from gateway.evidence.reports.document import Document, Form, Table, Text
from gateway.evidence.reports.kinds import KINDS, document
from gateway.evidence.reports.sections import SECTIONS
from tests.evidence.reports.kit import CASE, basis, unasked


def _tables(made: Document) -> dict[str, Table]:
    return {block.caption: block for section in made.sections for block in section.blocks if isinstance(block, Table)}


def _words(made: Document) -> str:
    return msgspec.json.encode(made).decode()


@pytest.mark.parametrize("kind", KINDS)
def test_every_report_says_what_it_is_how_to_check_it_and_its_coverage(kind: str) -> None:
    made = document(kind, basis())
    ids = [section.id for section in made.sections]
    assert ids[0] == "about"
    assert "coverage" in ids
    assert len(set(ids)) == len(ids)
    words = _words(made)
    assert "does not say that anybody complies" in words
    assert f"--first {made.first} --end {made.end}" in words
    assert "compliant" not in words


def test_a_period_without_records_says_so() -> None:
    made = document("period", msgspec.structs.replace(basis(), first=5, end=5))
    assert "No record of the ledger" in _words(made)


def test_a_review_has_lines_to_sign() -> None:
    (form,) = (
        block
        for section in document("activity-review", basis()).sections
        for block in section.blocks
        if isinstance(block, Form)
    )
    assert {"Reviewer", "Disposition"} <= set(form.lines)


def test_disclosures_name_recipient_and_address_and_how_many_are_excluded() -> None:
    made = document("disclosures", basis())
    told = _tables(made)
    rows = told["Accounting of disclosures"].rows
    assert rows
    assert all(row[8] not in ("TREAT", "HPAYMT") for row in rows)
    assert {row[4] for row in rows if row[3] == "ward-scribe"} == {"Clinic IT <GmbH>"}
    assert {row[5] for row in rows if row[3] != "ward-scribe"} == {"not in the policy version"}
    excluded = sum(int(row[1]) for row in told["Excluded"].rows)
    assert f"there were {excluded:,}" in _words(made)
    assert excluded > 0


def test_a_period_that_is_not_over_is_said_to_be_none() -> None:
    over, running = basis(), msgspec.structs.replace(basis(), created="2026-06-01T00:00:00.000000Z")
    for kind in KINDS:
        assert "The period is not over" not in _words(document(kind, over))
        blocks = document(kind, running).sections[0].blocks
        (said,) = [
            one.text for one in blocks if isinstance(one, Text) and one.text.startswith("The period is not over")
        ]
        assert "2026-06-01T00:00:00.000000Z" in said


def test_processing_is_held_against_what_is_declared() -> None:
    told = _tables(document("processing", basis()))
    assert "Register of processors" in told
    total = sum(int(row[-1]) for row in told["Processing by purpose"].rows)
    assert total == sum(row[-1] for row in basis().figures["flows"]["processing"])


def test_transfers_are_one_section_that_a_provision_may_show_and_a_period_tells_among_what_went_where() -> None:
    made = document("transfers", basis())
    assert SECTIONS["transfers"](basis()) in made.sections
    assert "transfers" not in {section.id for section in document("period", basis()).sections}


def test_receipts_tell_their_own_steps_alone() -> None:
    erased = _tables(document("erasure-receipt", basis()))
    assert [row[1] for row in erased["Cases"].rows] == ["subject.erased"]
    assert [row[1] for row in erased["Erasures"].rows] == [CASE]
    assert {row[1] for row in erased["Requests"].rows} == {"erasure"}
    access = _tables(document("access-receipt", basis()))
    assert [row[1] for row in access["Cases"].rows] == ["subject.access"]
    assert access["Erasures"].rows == ()
    assert {row[1] for row in access["Requests"].rows} == {"access"}
    empty = {
        **basis().subject,
        "subjects": {"requests": [], "steps": [], "cases": [], "reasons": [], "erased": [], "elsewhere": []},
    }
    none = document("access-receipt", msgspec.structs.replace(basis(), subject=empty))
    assert "No such step is on record" in _words(none)


def test_provisions_are_told_with_their_state_and_reasons() -> None:
    made = document("framework", basis())
    assert made.title == "Evidence by provision: HIPAA Security and Privacy Rules"
    overview = _tables(made)["Provisions"].rows
    assert [(row[0], row[1]) for row in overview] == [("164.312(a)(1)", "in part"), ("164.312(b)", "supported")]
    warnings = [
        block.text
        for section in made.sections
        for block in section.blocks
        if isinstance(block, Text) and block.tone == "warning"
    ]
    asked = overview[0][3]
    assert isinstance(asked, int)
    held = asked - unasked()
    assert held < asked, "of the year's requests, some were refused before policy was asked"
    assert warnings == [f"In part: decision.policy: in {held} of {asked} records; archive: in 0 of {asked} records."]
    needs = _tables(made)["Fields that are needed"]
    assert needs.columns == ("Need", "Asked of", "Held by", "Share", "Detail deleted")
    policy, archive = needs.rows
    assert policy == ("decision.policy", asked, held, f"{10_000 * held // asked / 100:.2f} %", 0)
    assert archive == ("archive", asked, 0, "0.00 %", 0)
    shown = _tables(made)["Records for 164.312(b)"]
    assert len(shown.rows) + shown.left_out == _everything()


def test_a_share_is_of_all_only_where_it_is_and_details_that_were_not_opened_are_told_as_such() -> None:
    found = [{**one} for one in basis().figures["provisions"]]
    found[0]["needs"] = [["detail.tls", 20_000, 19_999, 1], ["any: audit.read: actor", 0, 0, 0]]
    figures = {**basis().figures, "provisions": found}
    needs = _tables(document("framework", msgspec.structs.replace(basis(), figures=figures, opened=False)))[
        "Fields that are needed"
    ]
    assert needs.columns[-1] == "Detail not opened"
    assert needs.rows == (
        ("detail.tls", 20_000, 19_999, "99.99 %", 1),
        ("any: audit.read: actor", 0, 0, "nothing to take it of", 0),
    )


def test_lines_beyond_what_is_shown_are_counted_in_what_is_left_out() -> None:
    shown = _tables(document("framework", basis()))["Records for 164.312(b)"]
    assert (len(shown.rows), shown.left_out) == (MAX_LINES, _everything() - MAX_LINES)


def _everything() -> int:
    """Records of the range, and of its emergency ledgers."""
    told = basis().figures["coverage"]
    return int(told["records"]) + int(told["emergency_records"])
