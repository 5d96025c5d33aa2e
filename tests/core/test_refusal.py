import re
from pathlib import Path

import pytest

from gateway.core.refusal import CODES, Pending, Refusal


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_an_error_status_and_a_title_and_fits_a_record(code: str) -> None:
    refusal = Refusal(code=code)
    assert 400 <= refusal.status <= 599
    assert refusal.title == CODES[code].title
    assert refusal.title
    assert re.fullmatch(r"[a-z0-9_]{1,64}", code)


def test_a_code_that_is_not_in_the_table_has_no_status() -> None:
    with pytest.raises(KeyError):
        _ = Refusal(code="made_up").status


def test_what_waits_says_for_what_and_is_no_error_where_the_protocol_has_a_word_for_it() -> None:
    pending = Pending(id="ap_1", link="http://gateway/approvals/ap_1")
    assert Refusal(code="approval_required", pending=pending).status == 403
    accepted = Pending(id="ap_1", link="http://gateway/approvals/ap_1", told=202)
    assert Refusal(code="approval_required", pending=accepted).status == 202
    assert Refusal(code="approval_required", pending=pending).members == {"approval": "ap_1", "link": pending.link}
    assert Refusal(code="approval_required").members == {}


@pytest.mark.parametrize(
    ("refusal", "text"),
    [
        (Refusal(code="not_found"), "There is no such resource"),
        (Refusal(code="not_found", hint="one that is open"), "There is no such resource: expected one that is open"),
        (
            Refusal(code="parameter_invalid", hint="must be a date"),
            f"{CODES['parameter_invalid'].title}: must be a date",
        ),
        (Refusal(code="archived", hint="ar_1"), f"{CODES['archived'].title}: ar_1"),
    ],
)
def test_what_would_be_right_does_not_read_as_what_is_wrong(refusal: Refusal, text: str) -> None:
    assert refusal.text == text


def test_the_page_of_errors_has_every_code_with_its_status_and_title() -> None:
    page = (Path(__file__).parents[2] / "docs" / "errors.md").read_text()
    told = [line for line in page.splitlines() if line.startswith("| `")]
    assert told == [f"| `{name}` | {code.status} | {code.title} |" for name, code in CODES.items()]
