"""Each finding can say why, in words of the registry and never in those of the text."""

import base64

import pytest
from hypothesis import given, settings

from gateway.checks.classification.explaining import why
from gateway.checks.classification.registry import DEFAULT
from gateway.core.finding import Finding
from tests.checks.classification.conftest import ENGINE
from tests.checks.classification.samples import texts


@pytest.mark.parametrize(
    ("text", "rule", "check", "context"),
    [
        ("it is 536-22-8731", "us-ssn", "ssn", None),
        ("MRN: 84736251", "mrn", "record", "mrn"),
        ("DOB: 03/12/1958", "date-numeric", None, "birth"),
        ("dx I10", "icd-10", None, "icd"),
        ("type 2 diabetes", "health-diagnosis", None, "health-diagnosis"),
        ("AKIAIOSFODNN7EXAMPLE", "secret-aws-key", None, None),
        ("card 4111 1111 1111 1111", "card", "card", None),
        ("we met Emma Watson", "person-known", "known", None),
    ],
)
def test_a_finding_names_its_rule_its_check_and_its_words(
    text: str, rule: str, check: str | None, context: str | None
) -> None:
    told = [one for finding in ENGINE.scan_text(text) for one in why(DEFAULT, finding)]
    assert any(
        (one.rule, one.context) == (rule, context) and (one.check or "").partition(":")[0] == (check or "")
        for one in told
    )


def test_how_it_was_read_is_told() -> None:
    code = base64.b64encode(b"it is 536-22-8731 here").decode()
    (finding,) = ENGINE.scan_text(code)
    told = why(DEFAULT, finding)
    assert {"us-ssn", "us-ssn-spread"} <= {one.rule for one in told}
    assert {one.read for one in told} == {"behind base64 or hexadecimal"}
    assert why(DEFAULT, Finding("card", 0, 4, 0.9, "joined"))[0].read is not None
    assert why(DEFAULT, Finding("person", 0, 4, 1.0, "field"))[0].read is not None


@settings(max_examples=60, deadline=None)
@given(texts())
def test_every_finding_has_a_reason_that_can_be_told(text: str) -> None:
    for finding in ENGINE.scan_text(text):
        assert why(DEFAULT, finding)
