"""What is declared of a route decides what its parameters and bodies may be."""

import pytest

from gateway.agents.description import NOTHING, Body, Operation, Parameter, described, values
from gateway.agents.formats.layout import Layout
from gateway.agents.formats.mapping import Mapped
from gateway.agents.formats.pairs import Pair
from gateway.checks.schema import Schema
from gateway.core.errors import ConfigurationError
from gateway.core.refusal import Refusal

CSV = Layout(format="csv")
BODY = Body(layout=Layout(format="json"))


def parameter(schema: dict[str, object], *types: str, required: bool = False) -> Parameter:
    return Parameter(name="n", place="query", required=required, types=frozenset(types), fits=Schema(schema).validate)


def test_without_a_description_anything_goes_by_its_media_type() -> None:
    assert NOTHING.body("text/plain", empty=False) == Body()
    assert NOTHING.answered(200, "text/plain", empty=False) == Body()
    assert NOTHING.refuses("query", {"x": ["1"]}) is None
    assert (NOTHING.known("query", "x"), NOTHING.headers) == ("", ())


def test_a_mapping_gives_its_layout_whatever_the_media_type() -> None:
    (operation,) = described([Mapped(route="POST /x", request=CSV, answer=None)], {}).values()
    assert operation.body("image/png", empty=False) == Body(layout=CSV)
    assert operation.answered(500, "x/y", empty=False) == Body()


def test_one_route_is_described_once() -> None:
    with pytest.raises(ConfigurationError, match="POST /x is in the mapping and in the OpenAPI document"):
        described([Mapped(route="POST /x", request=CSV, answer=None)], {"POST /x": NOTHING})


@pytest.mark.parametrize(("media", "found"), [("a/b", True), ("t/any", True), ("a/c", False), ("", False)])
def test_a_request_has_one_of_the_media_types(media: str, found: bool) -> None:
    operation = Operation(bodies={"a/b": BODY, "t/*": BODY})
    result = operation.body(media, empty=False)
    assert (result == BODY) is found
    if not found:
        assert isinstance(result, Refusal)
        assert (result.code, result.hint) == ("media_type", "a/b or t/*")


def test_a_body_may_be_required() -> None:
    missing = Operation(bodies={"a/b": BODY}, required=True).body("", empty=True)
    assert isinstance(missing, Refusal)
    assert missing.code == "schema_violation"
    assert Operation(bodies={"a/b": BODY}).body("", empty=True) == Body()


@pytest.mark.parametrize(
    ("status", "media", "empty", "expected"),
    [
        (200, "a/b", False, BODY),
        (200, "x/y", False, None),
        (200, "", True, Body()),
        (201, "any/thing", False, BODY),
        (302, "a/b", False, None),
        (404, "a/b", False, Body()),
    ],
)
def test_an_answer_has_one_of_the_statuses_and_media_types(
    status: int, media: str, empty: bool, expected: Body | None
) -> None:
    operation = Operation(answers={"200": {"a/b": BODY}, "2XX": {"*/*": BODY}})
    assert operation.answered(status, media, empty=empty) == expected


def test_the_default_answer_is_for_every_other_status() -> None:
    operation = Operation(answers={"default": {"a/b": BODY}})
    assert operation.answered(500, "a/b", empty=False) == BODY
    assert operation.answered(500, "x/y", empty=False) is None


@pytest.mark.parametrize(
    ("one", "given", "good"),
    [
        (parameter({"type": "integer", "maximum": 5}, "integer"), ["5"], True),
        (parameter({"type": "integer", "maximum": 5}, "integer"), ["6"], False),
        (parameter({"type": "integer"}, "integer"), ["five"], False),
        (parameter({"type": "integer"}, "integer"), ["[1]"], False),
        (parameter({"type": "integer"}, "integer"), ["[" * 5_000], False),
        (parameter({"type": "integer"}, "integer"), ['"\ud800"'], False),
        (parameter({"type": "boolean"}, "boolean"), ["true"], True),
        (parameter({"type": "boolean"}, "boolean"), ["yes"], False),
        (parameter({"type": "string"}, "string"), ["5"], True),
        (parameter({"type": "string"}, "string"), ["5", "6"], False),
        (parameter({"type": "array", "maxItems": 2}, "array"), ["5", "6"], True),
        (parameter({"type": "array", "maxItems": 2}, "array"), ["5", "6", "7"], False),
        (parameter({}), [], True),
        (parameter({}, required=True), [], False),
    ],
)
def test_a_parameter_is_read_as_its_schema_says_it_is_written(one: Parameter, given: list[str], good: bool) -> None:
    refusal = one.refuses(given)
    assert (refusal is None) is good
    assert refusal is None or (refusal.code, refusal.field) == ("parameter_invalid", "n")


def test_a_query_holds_declared_parameters_only() -> None:
    operation = Operation(parameters=(parameter({}),))
    assert operation.refuses("query", {"n": ["1"]}) is None
    refusal = operation.refuses("query", {"other": ["1"]})
    assert refusal is not None
    assert refusal.field == "query"
    assert operation.refuses("header", {"other": ["1"]}) is None


def test_values_are_gathered_by_name_in_order() -> None:
    assert values([Pair("p", "r", "a", "1"), Pair("p", "r", "b", "2"), Pair("p", "r", "a", "3")]) == {
        "a": ["1", "3"],
        "b": ["2"],
    }
