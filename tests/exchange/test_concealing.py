"""An agent's credential is masked by its value, in whole texts and over the pieces of a stream."""

from itertools import pairwise

import pytest

from gateway.core.finding import Finding, Scan
from gateway.core.message import Part
from gateway.exchange.concealing import MARK, ConcealedLanes, conceal
from gateway.exchange.replaying import Collected

OWN = "hunter2-ward-blue"
FORMS = ("hunter2%2Dward%2Dblue", OWN)


def fed(*pieces: str, apart: bool = False) -> tuple[list[str], str, int]:
    """The pieces that the inner lane was given, its text, and how often the credential was told of."""
    told: list[Finding] = []
    inner = Collected()
    lane = ConcealedLanes(inner, FORMS, told.append).lane("/a", apart=apart)
    for piece in pieces:
        lane.feed(piece)
    text = lane.finish()
    (part,) = inner.parts()
    given = [text[start:end] for start, end in pairwise((0, *part.cuts, len(text)))]
    return given, text, len(told)


def test_parts_without_it_are_left_alone() -> None:
    assert conceal((Part("/a", "hunter2-ward"), Part("/b", "x")), FORMS) is None


def test_it_is_replaced_in_texts_and_found_there() -> None:
    found = conceal((Part("/a", f"{OWN} and {OWN}"), Part("/b", "x"), Part("/a", "a", "name")), FORMS)
    assert found is not None
    assert (found.texts, found.stuck) == ({"/a": f"{MARK} and {MARK}"}, False)
    scan = found.found(Scan(parts=((), (), ()), classes=frozenset({"pii"}), scanned="full"), found.parts)
    assert [(one.type, found.parts[0].text[one.start : one.end]) for one in scan.parts[0]] == [
        ("secret-api-key", MARK),
        ("secret-api-key", MARK),
    ]
    assert scan.parts[1:] == ((), ())
    assert scan.classes == {"pii", "secret"}


@pytest.mark.parametrize(
    "parts", [(Part("/a", OWN, "name"),), (Part("/a", OWN, "token"),), (Part("/a", OWN), Part("/a", OWN))]
)
def test_where_nothing_can_be_replaced_it_is_stuck(parts: tuple[Part, ...]) -> None:
    found = conceal(parts, FORMS)
    assert found is not None
    assert found.stuck


def test_cuts_stay_where_they_were_in_the_text_but_for_those_within() -> None:
    text = f"one {OWN} two"
    found = conceal((Part("/a", text, cuts=(2, 4, 9, 4 + len(OWN), 4 + len(OWN) + 2)),), FORMS)
    assert found is not None
    (part,) = found.parts
    assert part.text == f"one {MARK} two"
    assert part.cuts == (2, 4, 4 + len(MARK), 4 + len(MARK) + 2)


@pytest.mark.parametrize("size", range(1, len(OWN) + 3))
def test_however_a_stream_is_cut_none_of_it_is_given_on(size: int) -> None:
    said = f"It is {OWN}, hunter2-war, hunter2%2Dward%2Dblue and hhunter2-ward-blue"
    pieces = [said[at : at + size] for at in range(0, len(said), size)]
    _, text, told = fed(*pieces)
    assert text == f"It is {MARK}, hunter2-war, {MARK} and h{MARK}"
    assert told >= 2


def test_what_could_begin_it_waits_and_nothing_else_does() -> None:
    inner = Collected()
    lane = ConcealedLanes(inner, FORMS, lambda finding: None).lane("/a")
    lane.feed("so far so good hunt")
    assert inner.texts == [""]
    lane.feed("ing")
    assert inner.texts == ["so far so good hunting"]


def test_pieces_go_on_as_they_came() -> None:
    pieces = ("536-22-873 h", "unter", "2 or not", "x")
    assert fed(*pieces, apart=True)[0] == list(pieces)
    given, _, _ = fed("a hunter2-", "ward", "-blue b", "c", apart=True)
    assert given == [f"a {MARK} b", "c"]


def test_most_of_it_at_the_end_is_masked_too_and_a_word_of_it_is_not() -> None:
    assert fed("key hunter2-w")[1] == f"key {MARK}"
    assert fed("key ", "hunter")[1:] == ("key hunter", 0)


def test_a_place_has_one_lane_until_it_is_finished() -> None:
    class Once:
        def __init__(self) -> None:
            self.made = Collected().lane("/a")

        def lane(self, pointer: str, label: str = "", **_: object) -> object:
            return self.made

    lanes = ConcealedLanes(Once(), FORMS, lambda finding: None)  # type: ignore[arg-type]
    lanes.lane("/a").feed("hunter2-ward")
    assert lanes.lane("/a").feed("-blue") == ""
    assert lanes.lane("/a").finish() == MARK
