"""One recognizer, one label: which of their candidates are hits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.checks.classification import candidates
from gateway.checks.classification.candidates import ANY, finder, holds, label_finder
from gateway.checks.classification.overlaps import Hit
from gateway.checks.classification.patterns import Pattern
from gateway.checks.classification.recognizer import Label, Near, Recognizer
from gateway.checks.classification.words import Places
from tests.checks.classification.conftest import told


def found(
    item: Recognizer, text: str, low: int = 0, limit: int | None = None, near: Places | None = None
) -> list[tuple[str, str]]:
    hits: list[Hit] = []
    shade = text.encode()
    finder(7, item).find(text, shade, low, len(text) if limit is None else limit, len(text), near or {}, hits)
    return [(hit.type, text[hit.start : hit.end]) for hit in hits]


NUMBER = Recognizer(id="n", type="x-n", pattern="[0-9]+", gate="[0-9]", joints=".-")


def test_matches_count_that_begin_from_the_place_to_the_limit() -> None:
    assert found(NUMBER, "1 2 3 4", 2, 5) == [("x-n", "2"), ("x-n", "3")]
    assert found(NUMBER, "1 2 3 4", 2, 4) == [("x-n", "2")]


def test_a_piece_of_a_word_or_of_a_longer_number_is_none() -> None:
    assert found(NUMBER, "a1 2b 3.4 -5 6- _7 8 é9") == [("x-n", "5"), ("x-n", "6"), ("x-n", "7"), ("x-n", "8")]


def test_what_was_refused_may_hold_another() -> None:
    item = Recognizer(
        id="a", type="person", pattern="[a-z]+ ([A-Za-z ]+)", gate="[a-z] [A-Z]", check="name", again=True
    )
    assert found(item, "dear and Bob") == [("person", "Bob")]
    assert (
        found(Recognizer(id="a", type="person", pattern=item.pattern, gate=item.gate, check="name"), "dear and Bob")
        == []
    )


def test_words_near_by_make_of_it_something_else_or_something_at_all() -> None:
    near = (
        Near(lexicon="w", type="x-w", score=1, before=10),
        Near(lexicon="v", type="x-v", score=1, before=0, after=10),
    )
    places: Places = {"w": [(0, 1)], "v": [(20, 21)]}
    text = "w 1" + " " * 13 + "222 v 3"
    for kind, rest in ((None, []), ("x-n", [("x-n", "3")])):
        item = Recognizer(id="n", type=kind, pattern="[0-9]+", gate="[0-9]", near=near)
        assert found(item, text, near=places) == [("x-w", "1"), ("x-v", "222"), *rest]
    assert found(Recognizer(id="n", type=None, pattern="[0-9]+", gate="[0-9]", near=near), text) == []


def test_a_word_just_before_clears_it() -> None:
    item = Recognizer(id="n", type="x-n", pattern="[0-9]+", gate="[0-9]", unless="w")
    assert found(item, "w 1" + " " * 60 + "2", near={"w": [(0, 1)]}) == [("x-n", "2")]


def test_what_stands_right_before_clears_it_and_nothing_further_away() -> None:
    item = Recognizer(id="n", type="x-n", pattern="no ([0-9]+)", gate="[0-9]", cleared="[xy] no ")
    assert found(item, "x no 1, z no 2, x  no 3, y no 4") == [("x-n", "2"), ("x-n", "3")]


def test_groups_of_a_uuid_are_no_numbers() -> None:
    item = Recognizer(id="n", type="x-n", pattern=r"\b[0-9]{4}-[0-9]{4}-[0-9]{4}\b", gate="[0-9]", joints=".-")
    assert found(item, "299b981b-8691-4730-8935-b45371996af2 2222-3333-4444") == [("x-n", "2222-3333-4444")]
    assert found(item, "(299B981B-8691-4730-8935-B45371996AF2)") == []
    ends = Recognizer(id="n", type="x-n", pattern=r"\b[0-9]{8}-[0-9]{4}\b", gate="[0-9]", joints=".-")
    assert found(ends, "64555702-9280-a985-a002-458fd97663cd") == []
    for other in ("a299b981b-8691-4730-8935-b45371996af2", "299b981b-8691-4730-8935-b45371996a"):
        assert found(item, other) == [("x-n", "8691-4730-8935")]


def test_one_that_runs_into_the_end_says_who_continues_it() -> None:
    hits: list[Hit] = []
    finder(7, NUMBER).find("a 12", b"a 12", 0, 4, 4, {}, hits)
    assert [hit.onward for hit in hits] == [7]


LABEL = Label(id="l", lexicon="w", type="x-l", value="[0-9]+", gap=5)


def labelled(label: Label, text: str, places: list[tuple[int, int]], low: int = 0, limit: int = 99) -> list[Hit]:
    hits: list[Hit] = []
    label_finder(9, label).find(text, text.encode(), places, low, limit, hits)
    return hits


def values(hits: list[Hit], text: str) -> list[str]:
    return [text[hit.start : hit.end] for hit in hits]


def test_a_value_follows_its_label_and_more_may_follow_in_a_list() -> None:
    text = "w: 1, 2 and 3 w 4"
    assert values(labelled(LABEL, text, [(0, 1)]), text) == ["1", "2", "3"]
    once = Label(id="l", lexicon="w", type="x-l", value="[0-9]+", more=False)
    assert values(labelled(once, text, [(0, 1)]), text) == ["1"]
    assert values(labelled(LABEL, text, [(0, 1), (14, 15)], low=1), text) == ["4"]
    assert values(labelled(LABEL, text, [(0, 1), (14, 15)], limit=14), text) == ["1", "2", "3"]


def test_no_value_lies_too_far_or_behind_a_semicolon_or_is_a_piece_of_a_number() -> None:
    for text in ("w        1", "w; 1", "w 1.5", "w x"):
        assert labelled(LABEL, text, [(0, 1)]) == []


def test_a_word_within_another_names_the_value_once() -> None:
    text = "record record number 12"
    hits = labelled(LABEL, "w w no 12", [(0, 1), (2, 3), (2, 6)])
    assert [(hit.start, hit.end, hit.reach) for hit in hits] == [(7, 9, 2)]
    assert values(
        labelled(Label(id="l", lexicon="w", type="x-l", value="[0-9]+"), text, [(0, 6), (7, 13), (7, 20)]), text
    ) == ["12"]


def test_a_value_that_runs_into_the_end_may_go_on() -> None:
    assert [hit.onward for hit in labelled(LABEL, "w 1", [(0, 1)])] == [ANY]
    assert [hit.onward for hit in labelled(LABEL, "w 1 ", [(0, 1)])] == [None]


def test_a_check_may_refuse_a_value_and_ends_its_list() -> None:
    label = Label(id="l", lexicon="w", type="x-l", value="[0-9]+", check="code")
    assert values(labelled(label, "w 1234, 1, 5678", [(0, 1)]), "w 1234, 1, 5678") == ["1234"]


@given(
    before=st.sampled_from("^ ([;:-./,a1_'\n"),
    after=st.text(alphabet=" .,:-/)1a;'", max_size=3),
    joints=st.sampled_from((b"", b".-", b".-/", b".-,", b":-.", b".- ")),
)
def test_what_ends_a_number_by_itself_is_what_a_closer_look_says(before: str, after: str, joints: bytes) -> None:
    shade = f"{before.strip('^')}12345{after}".encode()
    start = len(shade) - 5 - len(after)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(candidates, "_apart", lambda joints: frozenset())
        closer = candidates.joined(shade, start, start + 5, joints)
    assert candidates.joined(shade, start, start + 5, joints) == closer


@given(st.text(alphabet=":= -\r\nnaA/", max_size=candidates._SAYS_LEAST - 1).map(str.encode))
def test_what_is_shorter_says_nothing_of_there_being_no_value(gap: bytes) -> None:
    assert candidates._LINE.match(gap) is None
    assert candidates._MEMBER.match(gap) is None
    assert candidates.answered(b":na\n")


_NEXT = Pattern(candidates.FOLLOWS)


@given(st.lists(st.sampled_from((" ", ",", "and ", "or", "&", "/", "(wife: ", "a", "1", "\n", "; ")), max_size=5))
def test_a_list_goes_on_behind_a_space_only_as_it_may(pieces: list[str]) -> None:
    shade = f" {''.join(pieces)}".encode()
    assert _NEXT.at(shade, 0) is None or shade.startswith(candidates._JOINED_BY, 1)


def test_whether_any_of_some_bytes_stands_there() -> None:
    assert holds(b"ab1", 0, 3, b"0123")
    assert not holds(b"ab1", 0, 2, b"0123")


@pytest.mark.parametrize(
    "text",
    [
        "MRN: N/A\nOrder 4500123456",
        "SSN: none\nInvoice: 536228731",
        "Member ID: unknown, order 4500123456",
        "Phone: -\nTicket 4155550199",
        '{"phone": null, "ticket": "4155550199"}',
        "{'ssn': None, 'invoice': 536228731}",
        '{"ssn": [], "invoice": 536228731}',
    ],
)
def test_a_word_that_says_there_is_none_names_nothing_behind_it(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"accountId": null, "accountNumber": "4410029913"}', "4410029913"),
        ('{"phone":"home","number":"4155550199"}', "4155550199"),
        ('{"mrn":{"type":"MR","value":"88231944"}}', "88231944"),
        ("MRN: none of his, but 88231944", "88231944"),
        ("MRN\n88231944", "88231944"),
        ("MRN:\n- 88231944", "88231944"),
    ],
)
def test_what_goes_on_with_a_word_is_named_by_it(text: str, value: str) -> None:
    assert value in [one for _, one in told(text)]
