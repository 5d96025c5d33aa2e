"""Problems are RFC 9457, stable by code, and say nothing that was not meant for the caller."""

import json

from gateway.agents.problem import problem
from gateway.core.refusal import CODES, Refusal


def test_a_problem_has_the_members_of_the_standard_and_its_own() -> None:
    refusal = Refusal(code="schema_violation", field="/a", hint="an object", explanation="rule 7 of the clinic")
    assert json.loads(problem(refusal, "x-1")) == {
        "type": "urn:gateway:problem:schema_violation",
        "title": "The message does not fit the schema",
        "status": 400,
        "detail": "expected an object",
        "field": "/a",
        "exchange": "x-1",
    }


def test_every_code_has_a_problem() -> None:
    for code in CODES:
        assert json.loads(problem(Refusal(code=code), ""))["status"] == CODES[code].status
