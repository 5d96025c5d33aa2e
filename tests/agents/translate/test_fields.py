"""Objects are taken apart so that nothing in them is lost in silence."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents.translate.fields import Fields, Lost, arguments, count_of, cut_off, members, named


def test_what_nobody_took_is_told_without_its_name() -> None:
    fields = Fields({"a": 1, "Ann Smith": 2}, "request")
    assert fields.take("a") == 1
    with pytest.raises(Lost) as caught:
        fields.end()
    assert caught.value.feature == "an unknown field (of the request, its member number 2)"


@pytest.mark.parametrize(
    ("text", "cut"),
    [('{"a": "b', True), (" {", True), ("{}", False), ('{"a": 1}', False), ("", False), ("[1", False), ("x", False)],
)
def test_arguments_that_were_begun_as_an_object_and_not_ended_are_cut_off(text: str, cut: bool) -> None:
    assert cut_off(text) is cut


@pytest.mark.parametrize("nothing", [None, False, "", [], {}])
def test_of_an_answer_what_says_nothing_may_be_left_and_of_a_request_only_null(nothing: Any) -> None:
    Fields({"a": nothing}, "answer").over()
    with pytest.raises(Lost):
        Fields({"a": [nothing]}, "answer").over()
    if nothing is not None:
        with pytest.raises(Lost):
            Fields({"a": nothing}, "request").end()


def test_null_says_nothing_and_may_be_left() -> None:
    fields = Fields({"a": None, "b": 1, "c": None}, "request")
    fields.drop("b")
    fields.end()
    assert (fields.text("a"), fields.flag("a"), fields.number("a"), fields.count("a"), fields.items("c")) == (
        None,
        None,
        None,
        None,
        [],
    )


@pytest.mark.parametrize("value", [None, False, 0, 0.0, Decimal(0), "", [], {}])
def test_a_field_without_counterpart_may_say_nothing(value: Any) -> None:
    fields = Fields({"n": value}, "request")
    fields.without("n")
    fields.end()


@pytest.mark.parametrize("value", [True, 1, 0.5, "x", [0], {"a": None}])
def test_a_field_without_counterpart_is_told_by_name_where_it_says_anything(value: Any) -> None:
    with pytest.raises(Lost, match=r"^n$"):
        Fields({"n": value}, "request").without("n")


@pytest.mark.parametrize(
    ("method", "good", "bad"),
    [
        ("text", "x", [1, True, [], {}]),
        ("said", "x", [None, 1, []]),
        ("flag", False, [0, "true", []]),
        ("number", Decimal("0.1"), [True, "1", []]),
        ("count", 3, [True, 1.0, "1"]),
        ("items", [1], ["x", {}, 1]),
    ],
)
def test_each_kind_of_member_is_taken_strictly(method: str, good: Any, bad: list[Any]) -> None:
    assert getattr(Fields({"k": good}, "request"), method)("k") == good
    for value in bad:
        with pytest.raises(Lost):
            getattr(Fields({"k": value}, "request"), method)("k")


@pytest.mark.parametrize("value", [None, [], "x", 1])
def test_what_is_no_object_has_no_members(value: Any) -> None:
    with pytest.raises(Lost, match="request that is no object"):
        members(value, "request")


@pytest.mark.parametrize(
    ("text", "expected"), [("", {}), (" \n", {}), ("{}", {}), ('{"a": 1.10}', {"a": Decimal("1.10")})]
)
def test_arguments_are_an_object(text: str, expected: Any) -> None:
    assert arguments(text) == expected


@pytest.mark.parametrize(
    "text", ["[]", "1", '"x"', "{", '{"a":1,"a":2}', "{}{}", '{"a":"\ud800"}', '{"a":' * 80 + "1" + "}" * 80]
)
def test_arguments_that_are_no_object_are_told(text: str) -> None:
    with pytest.raises(Lost, match="tool arguments"):
        arguments(text)


@given(st.text())
def test_any_text_gives_arguments_or_is_told(text: str) -> None:
    try:
        found: object = arguments(text)
    except Lost as lost:
        found = {"told": lost.feature}
    assert isinstance(found, dict)


@pytest.mark.parametrize(("value", "count"), [(3, 3), (-1, 0), (True, 0), (None, 0), ("3", 0), (1.5, 0)])
def test_a_count_of_tokens_is_a_whole_number_or_none(value: Any, count: int) -> None:
    assert count_of(value) == count


@pytest.mark.parametrize("text", ["1", "msg_1", "resp_1", "chatcmpl-1"])
def test_an_identifier_gets_the_prefix_of_the_form(text: str) -> None:
    assert named("resp_", text) == "resp_1"
