"""Identifiers in a message say whom it is about: each leads to one pseudonym however written, and two join nobody."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.checks.classification.classes import CLASS_TYPES
from gateway.core.finding import Finding, Scan
from gateway.core.message import Part
from gateway.exchange.linking import LINKED, MAX_LINKED, MAX_SUBJECTS, Linking
from gateway.exchange.subjects import KIND
from gateway.settings.subjects import LINKABLE
from tests.conftest import ManualClock
from tests.exchange.making import engine, message

EVERYTHING = tuple(LINKED)


class Known:
    """Gives each identifier a pseudonym, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Sequence[tuple[str, str]]] = []

    async def subjects(self, ledger: str, identifiers: Sequence[tuple[str, str]]) -> tuple[str, ...]:
        assert ledger == "tn_1"
        self.asked.append(identifiers)
        return tuple(dict.fromkeys(f"su_{kind}_{value}" for kind, value in identifiers))


def found(clock: ManualClock, text: str, kinds: Sequence[str] = EVERYTHING) -> list[tuple[str, str]]:
    """As the engine that ships finds them."""
    parts = message(text).parts
    return Linking(Known(), kinds).identifiers(parts, engine(clock).scan(parts))


def findings(*texts: tuple[str, str], reason: str = "form") -> tuple[tuple[Part, ...], Scan]:
    """A message of these types and texts."""
    parts = tuple(Part(f"/{place}", text) for place, (_, text) in enumerate(texts))
    each = tuple((Finding(kind, 0, len(text), 1.0, reason),) for kind, text in texts)
    return parts, Scan(parts=each, classes=frozenset({"pii"}), scanned="full")


def test_what_may_be_configured_is_what_there_is_and_is_found_by_classification() -> None:
    assert set(LINKABLE) == set(LINKED)
    for kinds in LINKED.values():
        assert CLASS_TYPES["pii"].issuperset(kinds)
        assert all(KIND.fullmatch(kind) for kind in kinds.values())


def test_identifiers_are_those_of_the_configured_kinds_in_the_order_of_the_message(clock: ManualClock) -> None:
    text = "Patient MRN: 84736251, ssn 536-22-8726, mail Ann@Clinic.example, member id: XJ4482919"
    assert found(clock, text) == [
        ("mrn", "84736251"),
        ("us-ssn", "536-22-8726"),
        ("email", "ann@clinic.example"),
        ("plan-id", "xj4482919"),
    ]
    assert found(clock, text, ("mrn",)) == [("mrn", "84736251")]
    assert found(clock, text, ()) == []
    assert found(clock, "nothing of anybody") == []


def test_a_number_in_another_script_is_the_same_number(clock: ManualClock) -> None:
    assert found(clock, "MRN: ٨٤٧٣٦٢٥١") == found(clock, "MRN: 84736251") == [("mrn", "84736251")]


@pytest.mark.parametrize(
    "written",
    [
        r"anna.maria\_smith@example.org", "anna.maria_sm\u200bith@example.org", "**anna.maria_smith**@example.org",
        "anna.maria_smith%40example.org", "anna.maria_smith<wbr>@example.org", "Anna.Maria&#95;Smith@example.org",
    ],
)  # fmt: skip
def test_an_address_is_the_same_however_it_is_written(clock: ManualClock, written: str) -> None:
    assert found(clock, f"write to {written} today") == [("email", "anna.maria_smith@example.org")]


def test_a_number_is_the_same_whatever_is_written_into_it(clock: ManualClock) -> None:
    for written in ("536-22-<b>8726</b>", "536-22-**8726**", r"536\-22\-8726", "536&#45;22&#45;8726"):
        assert found(clock, f"ssn {written} here") == [("us-ssn", "536-22-8726")]


def test_what_an_address_may_have_stays(clock: ManualClock) -> None:
    for address in ("a__b@example.org", "a+b%c@example.org", "o'neil-1@example.org"):
        assert found(clock, f"write to {address} today") == [("email", address)]


def test_what_is_only_readable_decoded_is_no_identifier_as_it_stands(clock: ManualClock) -> None:
    assert found(clock, "UEFUSUVOVCBNUk46IDg0NzM2MjUx") == []


@pytest.mark.parametrize("text", ["12", "abcdefgh", "", "1 2", "x" * 100, "1" * 65, "@", "a@b@c"])
def test_what_has_not_the_form_of_one_is_none(text: str) -> None:
    for kind in ("mrn", "email"):
        parts, scan = findings((kind, text))
        assert Linking(Known(), EVERYTHING).identifiers(parts, scan) == []


@given(
    texts=st.lists(st.tuples(st.sampled_from(["mrn", "email", "us-ssn", "person"]), st.text(max_size=40)), max_size=9)
)
def test_whatever_was_found_nothing_breaks_and_nothing_else_is_linked(texts: list[tuple[str, str]]) -> None:
    parts, scan = findings(*texts)
    made = Linking(Known(), ("mrn", "email")).identifiers(parts, scan)
    assert {kind for kind, _ in made} <= {"mrn", "email"}
    assert len(set(made)) == len(made)


async def test_those_that_are_named_come_first_and_each_is_told_once() -> None:
    known = Known()
    parts, scan = findings(("mrn", "84736251"), ("mrn", "8473 6251"), ("email", "a@b.example"))
    linking = Linking(known, EVERYTHING)
    subjects, left_out = await linking.about("tn_1", parts, scan, ("su_named", "su_mrn_84736251"))
    assert subjects == ("su_named", "su_mrn_84736251", "su_mrn_8473 6251", "su_email_a@b.example")
    assert not left_out
    assert len(known.asked) == 1, "one question for all of them"


async def test_a_message_without_any_asks_nothing() -> None:
    known = Known()
    parts, scan = findings(("person", "Ann"))
    assert await Linking(known, EVERYTHING).about("tn_1", parts, scan, ("su_1",)) == (("su_1",), False)
    assert known.asked == []


async def test_there_are_only_so_many_and_that_some_are_left_out_is_told() -> None:
    linking = Linking(Known(), ("mrn",))
    parts, scan = findings(*[("mrn", f"{number:08}") for number in range(MAX_LINKED + 9)])
    subjects, left_out = await linking.about("tn_1", parts, scan, ())
    assert (len(subjects), left_out) == (MAX_LINKED, True)
    named = tuple(f"su_{number}" for number in range(MAX_SUBJECTS - 1))
    parts, scan = findings(("mrn", "84736251"), ("mrn", "84736252"))
    subjects, left_out = await linking.about("tn_1", parts, scan, named)
    assert (subjects, left_out) == ((*named, "su_mrn_84736251"), True)
    many = (*named, "su_a", "su_b", "su_c")
    assert await linking.about("tn_1", parts, scan, many) == (many, True), "who is named is never left out"


def test_a_part_and_its_findings_belong_together() -> None:
    parts, scan = findings(("mrn", "84736251"))
    wrong: Any = msgspec.structs.replace(scan, parts=())
    with pytest.raises(ValueError, match="zip"):
        Linking(Known(), EVERYTHING).identifiers(parts, wrong)
