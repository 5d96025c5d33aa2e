"""What sticks to data subjects is found by any of the pseudonyms that are one person."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.subjects import RESTRICTED, UNREAD, SubjectFlags, together

NAMES = st.sampled_from(["su_a", "su_b", "su_c", "su_d", "su_e"])


def test_classes_of_several_subjects_are_joined_and_of_others_there_are_none() -> None:
    flags = SubjectFlags(revision=3, classes={"su_a": frozenset({RESTRICTED}), "su_b": frozenset({"opted-out"})})
    assert flags.of(("su_a", "su_b", "su_c")) == {RESTRICTED, "opted-out"}
    assert flags.of(("su_c",)) == frozenset()
    assert flags.of(()) == frozenset()
    assert UNREAD.of(("su_a",)) == frozenset()
    assert UNREAD.revision < 0


def test_who_is_one_with_a_second_is_one_with_a_third_too() -> None:
    found = together([("su_a", "su_b"), ("su_c", "su_d"), ("su_b", "su_c")])
    assert found["su_a"] == found["su_d"] == {"su_a", "su_b", "su_c", "su_d"}
    assert together([]) == {}
    assert together([("su_a", "su_a")]) == {"su_a": frozenset({"su_a"})}


@given(st.lists(st.tuples(NAMES, NAMES), max_size=8))
def test_groups_do_not_overlap_and_hold_every_pair(pairs: list[tuple[str, str]]) -> None:
    found = together(pairs)
    for one, other in pairs:
        assert found[one] == found[other]
    for member, group in found.items():
        assert member in group
        assert all(found[each] == group for each in group)
