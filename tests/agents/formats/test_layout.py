"""Layouts are values; several types that are known are one word each."""

from gateway.agents.formats.layout import Layout, Marking, joined, listed


def test_types_are_joined_each_once_in_order() -> None:
    assert joined("person", "", "x-declared-phi person", "mrn") == "person x-declared-phi mrn"
    assert joined() == ""


def test_a_layout_declares_nothing_by_itself() -> None:
    layout = Layout(format="csv")
    assert (layout.charset, layout.health, dict(layout.fields), layout.labels) == ("", False, {}, None)
    assert Marking() == Marking("", "")


def test_a_table_of_words_is_a_set() -> None:
    assert listed("a  b\n c") == {"a", "b", "c"}
