"""Which of hits that overlap are told."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.classification.overlaps import WORD, Hit, resolve
from tests.checks.classification import oracle


def hit(kind: str, start: int, end: int, score: float = 0.9, rank: int = 1) -> Hit:
    return Hit(kind, start, end, score, "form", start, rank)


def test_the_wider_of_the_same_kind_is_told_and_of_the_same_span_the_surer() -> None:
    assert resolve([hit("phone", 2, 5), hit("phone", 0, 9)]) == [hit("phone", 0, 9)]
    assert resolve([hit("phone", 0, 9, 0.7), hit("phone", 0, 9, 0.8)]) == [hit("phone", 0, 9, 0.8)]


def test_the_heavier_is_told_inside_of_the_lighter_and_not_the_other_way_round() -> None:
    assert resolve([hit("url", 0, 9), hit("email", 2, 5)]) == [hit("url", 0, 9), hit("email", 2, 5)]
    assert resolve([hit("email", 0, 9), hit("url", 2, 5)]) == [hit("email", 0, 9)]


def test_an_account_whose_check_digits_hold_is_no_card_besides() -> None:
    assert resolve([hit("iban", 0, 34), hit("card", 10, 29)]) == [hit("iban", 0, 34)]
    assert len(resolve([hit("iban", 0, 34), hit("card", 20, 39)])) == 2


def test_words_stay_beside_what_they_lie_in() -> None:
    word = hit("health-term", 2, 5, rank=WORD)
    assert resolve([word, hit("person", 0, 9)]) == [hit("person", 0, 9), word]


def test_neither_what_ships_nor_what_is_an_operators_own_hides_the_other() -> None:
    own, inside = hit("x-own", 0, 9), hit("x-own", 2, 5)
    assert resolve([own, hit("card", 2, 5)]) == [own, hit("card", 2, 5)]
    assert resolve([hit("card", 0, 9), inside]) == [hit("card", 0, 9), inside]
    assert resolve([hit("x-other", 0, 9), inside]) == [hit("x-other", 0, 9), inside]
    assert resolve([own, inside]) == [own]


def test_hits_apart_are_told_by_place() -> None:
    assert resolve([]) == []
    assert resolve([hit("ip", 5, 9), hit("ip", 0, 5)]) == [hit("ip", 0, 5), hit("ip", 5, 9)]


KINDS = ("x-own", "x-other", "email", "url", "card", "mrn", "person", "health-term", "secret-jwt", "phone")
HITS = st.builds(
    lambda kind, start, size, score, rank: hit(kind, start, start + size, score, rank),
    st.sampled_from(KINDS),
    st.integers(0, 30),
    st.integers(1, 12),
    st.sampled_from((0.7, 0.9)),
    st.sampled_from((1, 2, 3, WORD)),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(HITS, max_size=12))
def test_hits_are_resolved_as_each_against_all(hits: list[Hit]) -> None:
    assert resolve(hits) == oracle.resolved(hits)
