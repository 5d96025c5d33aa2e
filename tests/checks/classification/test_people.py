"""Names by dictionary: what makes one, where it ends, how sure it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.checks.classification import named
from gateway.checks.classification.people import DIGEST, GRADES, known, title
from gateway.checks.classification.registry import DEFAULT
from tests.checks.classification.conftest import ENGINE, told


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        ("we met Emma Watson today", "Emma Watson", "full-name"),
        ("then Oliver J. Brandt left", "Oliver J. Brandt", "full-name"),
        ("by Krisztián Xyzzyq in", "Krisztián Xyzzyq", "given-and-other"),
        ("and Emma said", "Emma", "given-name"),
        ("Emma's results", "Emma", "given-name"),
        ("Grace Kelly was", "Grace Kelly", "full-name"),
        ("for Ludwig van Beethoven only", "Ludwig van Beethoven", "given-and-other"),
        ("with Anna-Maria Huber again", "Anna-Maria Huber", "full-name"),
        ("to Zoë Martin", "Zoë Martin", "full-name"),
        ("from Øyvind Hansen", "Øyvind Hansen", "full-name"),
    ],
)
def test_a_given_name_begins_a_name(text: str, name: str, reason: str) -> None:
    found = [one for one in ENGINE.scan_text(text) if one.type == "person"]
    assert [(text[one.start : one.end], one.reason) for one in found] == [(name, reason)]
    assert found[0].score == dict(GRADES)[reason]


@pytest.mark.parametrize(
    "text",
    [
        "Grace period", "May we", "Will you", "the Grant was", "Julia code", "in the Rose garden", "Claude replied",
        "emma", "Emmanuelleish", "Mark it", "Art Gallery", "Max length",
        "Port Emma", "South Emma", "Emma Stadium", "Emma General Hospital",
    ],
)  # fmt: skip
def test_words_that_are_names_too_need_a_family_name(text: str) -> None:
    assert [kind for kind, _ in told(text) if kind == "person"] == []


def test_a_name_ends_before_what_is_none() -> None:
    assert known("Emma Watson Street") == ("full-name", 0, 11)
    assert known("Emma Street") is None
    assert known("Emma's Watson") == ("given-name", 0, 4)
    assert known("The End") is None


def test_a_title_is_told_without_its_dot() -> None:
    assert title("Mrs. B") == ("title", 0, 3)
    assert title("Dr B") == ("title", 0, 2)


def test_the_tables_are_part_of_the_version() -> None:
    assert DEFAULT.tables == (DIGEST, named.DIGEST)


@given(
    st.lists(
        st.sampled_from(["Emma", "Grace", "Watson", "J.", "van", "Street", "x", "", "Ö", "Anna-", "'s"]), max_size=6
    )
)
def test_a_name_lies_within_its_text(tokens: list[str]) -> None:
    text = " ".join(tokens)
    verdict = known(text)
    assert verdict is None or 0 <= verdict[1] < verdict[2] <= len(text)
