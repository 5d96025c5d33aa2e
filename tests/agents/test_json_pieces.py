"""JSON in pieces stays JSON, says the same, and hides nothing, however it is cut and whatever is masked in it."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.anthropic_texts import Texts
from gateway.agents.json_pieces import MAX_KEY, MAX_NUMBER, JsonPieces
from gateway.core.errors import AgentError

from .support import SSN, MaskingLanes


def passed(text: str, *cuts: int, depth: int = 16) -> str:
    pieces = JsonPieces(Texts(MaskingLanes()), "/input", depth)
    borders = [0, *sorted(cuts), len(text)]
    out = "".join(pieces.feed(text[a:b]) for a, b in itertools.pairwise(borders))
    return out + pieces.finish()


def each_cut(text: str) -> set[str]:
    return {passed(text, *range(1, len(text)))} | {passed(text, at) for at in range(len(text) + 1)}


@pytest.mark.parametrize(
    "text",
    [
        '{"query": "hello there", "deep": {"n": [1, 2.5, -3e5, true, false, null], "": {}}, "l": []}',
        ' {\n "a" : "b" }\t',
        '"alone"',
        "17",
        "[]",
        r'{"q": "a \"b\" \\ \/ \n \u00e9 \ud83d\ude00"}',
    ],
)
def test_what_is_clean_says_the_same_however_it_is_cut(text: str) -> None:
    assert {json.dumps(json.loads(out)) for out in each_cut(text)} == {json.dumps(json.loads(text))}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f'{{"ssn": "{SSN}", "to": ["see {SSN} now"]}}', {"ssn": "[US-SSN]", "to": ["see [US-SSN] now"]}),
        (r'{"ssn": "078\u002d05-1120"}', {"ssn": "[US-SSN]"}),
        (f'{{"{SSN}": 1}}', {"[US-SSN]": 1}),
        (f'{{"a\\"b": "{SSN}"}}', {'a"b': "[US-SSN]"}),
    ],
)
def test_what_is_masked_is_still_json(text: str, shown: Any) -> None:
    assert [json.loads(out) for out in each_cut(text)] == [shown] * len(each_cut(text))


class Numbers(MaskingLanes):
    """Lanes that find every number of nine digits."""

    def lane(
        self,
        pointer: str,
        label: str = "",
        *,
        apart: bool = False,
        token: bool = False,
        prose: bool = False,
        after: str = "",
    ) -> Any:
        class One:
            def feed(self, text: str) -> str:
                return "[MRN]" if text.isdigit() and len(text) == 9 else text

            def finish(self) -> str:
                return ""

        return One()


def test_a_number_that_says_too_much_becomes_null() -> None:
    pieces = JsonPieces(Texts(Numbers()), "/input", 16)
    out = pieces.feed('{"mrn": 12345') + pieces.feed('6789, "n": 12345678') + pieces.feed("}") + pieces.finish()
    assert json.loads(out) == {"mrn": None, "n": 12345678}


def test_each_string_has_a_lane_under_its_own_place() -> None:
    lanes = MaskingLanes()
    pieces = JsonPieces(Texts(lanes), "/input", 16)
    pieces.feed('{"a/b": ["x", {"c": "y"}], "d": 12345}')
    assert [pointer for pointer, _ in lanes.opened if "0" in pointer or "d" in pointer or "c" in pointer] == [
        "/input/a~1b/0",
        "/input/a~1b/1/c",
        "/input/a~1b/1/c",
        "/input/d",
        "/input/d",
    ]


@pytest.mark.parametrize("text", ['{"a": "half', '{"a": 12', '{"a": tr', '{"a', '{"a":', '["x",', '{"a": "x\\', ""])
def test_what_was_cut_short_stays_so_and_is_no_error(text: str) -> None:
    assert text.startswith(passed(text).rstrip('"')[:-1])


@pytest.mark.parametrize(
    "text",
    [
        "{]",
        "[}",
        "}",
        "{,}",
        '{"a" 1}',
        '{"a": 1 "b": 2}',
        "[1 2]",
        "[1,]",
        '{"a": 1,}',
        '{"a": 1, "a": 2}',
        r'{"a": 1, "\u0061": 2}',
        "{} {}",
        '{"a": nul }',
        "[01]",
        "[+1]",
        "[1.]",
        "[NaN]",
        "['a']",
        '["a\nb"]',
        r'["\x41"]',
        r'["\ud800"]',
        r'["\ud800\u0041"]',
        r'["\udc00"]',
        r'["\u00zz"]',
        r'["\ud800x12345"]',
        '{"' + "k" * (MAX_KEY + 1) + '": 1}',
        "[" + "1" * (MAX_NUMBER + 1) + "]",
        "[" * 20,
    ],
)
def test_what_is_no_json_is_a_bad_answer(text: str) -> None:
    for cuts in ((), tuple(range(1, len(text)))):
        with pytest.raises(AgentError) as caught:
            passed(text, *cuts)
        assert caught.value.code == "bad_answer"


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150)
@given(documents, st.booleans(), st.lists(st.integers(0, 200), max_size=6))
def test_any_document_in_any_cut_says_the_same(document: Any, ascii_only: bool, cuts: list[int]) -> None:
    text = json.dumps(document, ensure_ascii=ascii_only)
    out = passed(text, *(cut for cut in cuts if cut <= len(text)))
    assert json.loads(out) == json.loads(text)


@settings(max_examples=150)
@given(st.text(alphabet='{}[]",:\\u0019ab \n-e.', max_size=30))
def test_any_text_passes_or_is_a_bad_answer_whatever_the_cut(text: str) -> None:
    results = set()
    for cuts in ((), tuple(range(1, len(text)))):
        try:
            results.add(passed(text, *cuts))
        except AgentError as error:
            results.add(error.code)
    assert len(results) == 1
