"""Identifiers whose pieces stand in several fields, and what only looks as if it did."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents.bodies import walk
from gateway.checks.classification.classes import maskable
from gateway.checks.classification.engine import Engine
from gateway.checks.classification.fragments import RUN, SHORT, halves, may_join, runs
from gateway.checks.classification.normalise import Mapped, normalise
from gateway.checks.redaction import redact
from gateway.core.message import Part
from tests.checks.classification.conftest import ENGINE, StillClock


def fields(*pairs: tuple[str, str]) -> list[Part]:
    return [Part(f"/{index}", text, "text", label) for index, (label, text) in enumerate(pairs)]


def never() -> bool:
    return False


SPLIT = [
    ("us-ssn", [("a", "536-22-"), ("b", "8731")]),
    ("us-ssn", [("ssn1", "536"), ("ssn2", "22"), ("ssn3", "8731")]),
    ("card", [("a", "4111"), ("b", "1111"), ("c", "1111"), ("d", "1111")]),
    ("iban", [("a", "DE89 3704 0044 "), ("b", "0532 0130 00")]),
    ("email", [("user", "bob.smith@"), ("host", "example.com")]),
    ("email", [("user", "bob.smith"), ("host", "@example.com")]),
    ("us-ssn", [("p", "the number is 536-22-"), ("b", "8731"), ("p", " and more")]),
    ("pl-pesel", [("a", "440514"), ("b", "01359")]),
    ("card", [("a", "４１１１"), ("b", "１１１１"), ("c", "١١١١"), ("d", "1111")]),
    ("card", [("a", "4111\u200b"), ("b", "\u20601111\u00ad"), ("c", "1111"), ("d", "1111")]),
    ("iban", [("a", "ＤＥ８９ 3704 ００４４ "), ("b", "０５３２ 0130 00")]),
    ("email", [("user", "bob.smith＠"), ("host", "example.com")]),
    ("email", [("a", "john@stm"), ("b", "ary.org")]),
    ("email", [("a", "write to john@stmary"), ("b", ".org today")]),
    ("email", [("a", "john@stmary."), ("b", "org")]),
    ("email", [("a", "john@stmary.o"), ("b", "rg, please")]),
    ("secret-aws-key", [("a", "AKIAIOSF"), ("b", "ODNN7EXAMPLE")]),
    ("mbi", [("a", "1EG4-TE"), ("b", "5-MK73")]),
    ("mbi", [("a", "1EG4TE"), ("b", "5MK73")]),
    ("it-codice-fiscale", [("a", "RSSMRA85"), ("b", "T10A562S")]),
    ("email", [("user", "bob.smith"), ("host", "\u200b@example.com")]),
]


@pytest.mark.parametrize(("kind", "pairs"), SPLIT)
def test_an_identifier_over_fields_is_found_and_masked_in_each_of_them(kind: str, pairs: list[tuple[str, str]]) -> None:
    parts = fields(*pairs)
    scan = ENGINE.scan(parts)
    assert sum(any(one.type == kind and one.reason == "joined" for one in found) for found in scan.parts) >= 2
    masked = redact(parts, scan, maskable("pii") | maskable("pci") | maskable("secret"))
    assert isinstance(masked, dict)
    left = "".join(masked.get(part.pointer, part.text) for part in parts)
    assert not any(character.isdigit() for character in left)
    assert not {"@", "＠"} & set(left)


@pytest.mark.parametrize(
    "pairs",
    [
        [("a", "12"), ("b", "34")],
        [("from", "2024-05-01"), ("to", "2024-06-01")],
        [("total", "sum of 536"), ("tax", "22 percent"), ("net", "8731 in all")],
        [("a", "word"), ("b", "another")],
        [("a", "write to bob@acme, 12345678."), ("b", "Please do")],
        [("a", "write to bob@acme.com."), ("b", "org charts are here")],
        [("a", "write to bob@acme.com"), ("b", "or call")],
        [("a", "jane.roe@example.c"), ("id", "t-1")],
        [("a", "jane@home"), ("b", "Berlin")],
        [("a", "mail me @"), ("b", "")],
        [("a", "ACTIVE"), ("b", "PENDING"), ("c", "CLOSED")],
        [("a", "ROOM 12B"), ("b", "FLOOR 3")],
        [("x", "1.5"), ("y", "2.5"), ("z", "3.5")],
        [("n", "4111")] * (RUN + 1),
    ],
)
def test_fields_that_only_stand_next_to_each_other_are_not_joined(pairs: list[tuple[str, str]]) -> None:
    scan = ENGINE.scan(fields(*pairs))
    assert not any(one.reason == "joined" for found in scan.parts for one in found)


def test_names_between_fields_do_not_part_them_but_other_texts_do() -> None:
    first, second = fields(("a", "536-22-"), ("b", "8731"))
    key = Part("/k", "b", "name")
    assert len(list(runs([first, key, second], [(), (), ()], never))) == 1
    assert list(runs([first, Part("/t", "so it goes"), second], [(), (), ()], never)) == []


def test_only_the_ends_of_longer_texts_are_joined() -> None:
    (joined,) = runs(fields(("a", "x" * 100 + " 536-22-"), ("b", "8731 " + "y" * 100)), [(), ()], never)
    assert joined is not None
    assert len(joined.text) == 2 * SHORT
    assert joined.text.strip("xy") == " 536-22-8731 "


def test_a_join_that_fails_makes_the_message_unscanned(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(clock=StillClock(), budget_ms=50)
    walk = engine._walk

    def failing(text: str, *more: object) -> bool:
        if text.endswith("536-22-8731"):
            raise RuntimeError
        return bool(walk(text, *more))  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "_walk", failing)
    assert engine.scan(fields(("a", "536-22-"), ("b", "8731"))).scanned == "partial"


def test_a_join_that_fails_keeps_nobody_from_reading_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(clock=StillClock(), budget_ms=10_000)
    walk = engine._walk

    def failing(text: str, *arguments: Any) -> bool:
        if "4111" in text:
            raise RuntimeError(text)
        return walk(text, *arguments)

    monkeypatch.setattr(engine, "_walk", failing)
    between = ("note", "A longer text, which parts the fields before it from those that are behind it.")
    scan = engine.scan(fields(("a", "4111"), ("b", "1111"), ("c", "1111"), ("d", "1111"), between, *SPLIT[0][1]))
    assert "unscanned" in scan.classes
    assert [one.type for found in scan.parts[5:] for one in found] == ["us-ssn", "us-ssn"]


@given(st.lists(st.text(alphabet="0123456789-@.aB x", max_size=50), max_size=8))
def test_pieces_lie_within_their_texts(texts: list[str]) -> None:
    parts = [Part(f"/{index}", text) for index, text in enumerate(texts)]
    for part, found in zip(parts, ENGINE.scan(parts).parts, strict=True):
        for one in found:
            assert 0 <= one.start < one.end <= len(part.text), msgspec.to_builtins(one)


def test_it_is_quickly_told_that_nothing_is_to_be_joined() -> None:
    assert may_join([Part("/a", "4111"), Part("/b", "1111")], never)
    assert may_join([Part("/a", "AB123456 "), Part("/x", "words", "name"), Part("/b", "C")], never)
    assert not may_join([Part("/a", "4111 and"), Part("/b", "1111")], never)
    assert not may_join([Part("/a", "4111")], never)


def content(*texts: str, at: str = "/messages/0/content") -> list[Part]:
    return [Part(f"{at}/{index}/text", text) for index, text in enumerate(texts)]


HALVES = [
    (("write to john.", "carter77@stmary.org"), "email"),
    (("john", ".carter77@stmary.org please"), "email"),
    (("john.cart", "er77@stmary.org"), "email"),
    (("Mr. John Ca", "rter"), "person"),
]


@pytest.mark.parametrize("at", ["/messages/0/content", "/result/content", "/input/1/content"])
@pytest.mark.parametrize(("texts", "kind"), HALVES)
def test_half_of_an_identifier_does_not_leave_where_the_other_half_is_found_by_itself(
    texts: tuple[str, ...], kind: str, at: str
) -> None:
    parts = content(*texts, at=at)
    scan = ENGINE.scan(parts)
    masked = redact(parts, scan, frozenset({kind}))
    assert isinstance(masked, dict)
    shown = [masked.get(part.pointer, part.text) for part in parts]
    placeholder = f"[{kind.upper()}]"
    assert all(placeholder in text for text in shown), shown
    left = "".join(shown).replace(placeholder, "").split()
    assert set(left) <= {"write", "to", "please", "Mr."}, shown
    assert all(any(one.type == kind for one in found) for found in scan.parts)


@pytest.mark.parametrize(
    "texts",
    [
        ("the status is active", " carter77@stmary.org"),
        ("active\n", "carter77@stmary.org"),
        ("Ask Dr. John Carter", "Please summarise."),
        ("Ask Dr. John Carter.", "Then go."),
        ("no finding", "at this border"),
    ],
)
def test_texts_that_do_not_go_on_with_each_other_are_read_apart(texts: tuple[str, ...]) -> None:
    parts = content(*texts)
    apart = [ENGINE.scan([part]).parts[0] for part in parts]
    assert list(ENGINE.scan(parts).parts) == apart


def test_fields_with_a_finding_at_their_border_are_not_joined() -> None:
    parts = fields(("status", "active"), ("email", "carter77@stmary.org"))
    assert ENGINE.scan(parts).parts[0] == ()
    assert not list(halves(parts, ENGINE.scan(parts).parts))
    others = [Part("/messages/0/content/0/text", "john."), Part("/messages/1/content/0/text", "carter77@stmary.org")]
    assert ENGINE.scan(others).parts[0] == ()


def test_only_so_much_of_long_texts_is_read_with_each_other() -> None:
    parts = content("word " * 400 + "john.", "carter77@stmary.org" + " word" * 400)
    (joined,) = halves(parts, [(), ENGINE.scan([parts[1]]).parts[0]])
    assert len(joined.text) < 100
    assert ENGINE.scan(parts).parts[0][0].start == 2000


def test_once_it_is_late_no_more_texts_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [Part(f"/{index}", "1\u200b" * 20) for index in range(9_000)]
    read: list[str] = []

    def counted(text: str) -> Mapped:
        read.append(text)
        return normalise(text)

    monkeypatch.setattr("gateway.checks.classification.fragments.normalise", counted)
    assert list(runs(parts, [()] * 9_000, lambda: True)) == [None]
    assert may_join([Part("/a", "x\u200b")] * 9_000, lambda: True)
    assert len(read) < 300
    scan = Engine(clock=StillClock(tick_ns=1_000_000), budget_ms=20).scan(parts)
    assert scan.classes == {"unscanned"}
    assert len(read) < 3_000


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("us-ssn", {"ssn_area": "536", "ssn_group": "22", "ssn_serial": "8731"}),
        ("us-ssn", {"ssn": {"area": "536", "group": "22", "serial": "8731"}}),
        ("us-ssn", {"ssn": ["536", "22", "8731"]}),
        ("phone", {"phone": {"area": "415", "exchange": "555", "line": "0199"}}),
        ("phone", {"phone_area": "415", "phone_number": "5550199"}),
        ("mrn", {"mrn_a": "8823", "mrn_b": "1944"}),
        ("card", {"cardFirst": "411111", "cardRest": "1111111111"}),
    ],
)
def test_pieces_are_told_by_what_their_keys_share_or_stand_in(kind: str, document: dict[str, Any]) -> None:
    parts: list[Part] = []
    walk(document, parts)
    scan = ENGINE.scan(parts)
    assert {one.type for part, found in zip(parts, scan.parts, strict=True) for one in found} == {kind}
    assert all(found for part, found in zip(parts, scan.parts, strict=True) if part.kind == "text")
    text = json.dumps(document)
    (found,) = ENGINE.scan([Part("/a", text)]).parts
    digits = [character for at, character in enumerate(text) if character.isdigit()
              and not any(one.start <= at < one.end for one in found)]  # fmt: skip
    assert not digits


@pytest.mark.parametrize(
    "document",
    [
        {"memberId": "7", "orderId": "4500123456"},
        {"mrn": "N/A", "orderId": "4500123456"},
        {"accountId": "7", "orderId": "4500123456", "lineId": "10", "sku": "88-1029"},
        {"policy_id": "default-1", "sku": "4500123456"},
        {"phone_ext": "12", "ticket": "20240918"},
        {"patient_id": "7", "patient_visit": "20240918"},
        {"accountId": "12", "count": "34567890"},
        [{"memberId": "7", "orderId": "4500123456"}, {"memberId": "8", "orderId": "4500123457"}],
        [{"memberId": "7"}, {"memberId": "8"}, {"memberId": "9"}, {"memberId": "1012"}, {"memberId": "1013"}],
        {"memberIds": ["7", "8", "1012", "1013"]},
        {"mrn": None, "orderId": 4500123456},
        {"memberId": None, "orderId": "4500123456"},
        {"ssn": "", "invoice": "536228731"},
        {"member_id": "A", "code": "4500123456"},
    ],
)
def test_what_stands_under_another_name_goes_on_with_nothing(document: Any) -> None:
    parts: list[Part] = []
    walk(document, parts)
    assert not any(ENGINE.scan(parts).parts)
    for text in (json.dumps(document), json.dumps(document, indent=2), str(document)):
        assert ENGINE.scan([Part("/a", text)]).parts == ((),)
