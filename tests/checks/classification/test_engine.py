"""A scan never raises, always says how much it read, and costs no more than its budget."""

from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.checks.classification.engine import MAX_FINDINGS, Engine
from gateway.checks.classification.locator import Locator
from gateway.checks.classification.normalise import outline
from gateway.checks.classification.recognizer import Recognizer
from gateway.checks.classification.registry import DEFAULT, Registry
from gateway.core.message import Part
from tests.checks.classification.conftest import ENGINE, StillClock
from tests.checks.classification.oracle import scanned
from tests.checks.classification.samples import soups, texts

LOCATOR = Locator(DEFAULT)


def part(text: str, pointer: str = "/messages/0/content") -> Part:
    return Part(pointer, text)


def test_findings_are_by_part_and_classes_over_all_parts() -> None:
    scan = ENGINE.scan([part("mail bob@example.com"), part("nothing here"), part("has diabetes")])
    assert [[finding.type for finding in findings] for findings in scan.parts] == [["email"], [], ["health-term"]]
    assert scan.classes == {"pii", "phi"}
    assert scan.scanned == "full"


@pytest.mark.parametrize(
    "name", ["{}", "a_{}", "{}_a", "scan_{}_x.pdf", "_{}_", "/files/y_{}.pdf", '{{"ref_{}": "v"}}']
)
@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("AKIAIOSFODNN7EXAMPLE", "secret-aws-key"),
        ("sk_live_abcdefghijklmnopqrstuvwx", "secret-stripe-key"),
        ("4111111111111111", "card"),
        ("4111-1111-1111-1111", "card"),
        ("DE89370400440532013000", "iban"),
        ("ssn_536-22-8731", "us-ssn"),
        ("MRN_4481920", "mrn"),
        ("dob_1972-03-14", "date-of-birth"),
        ("415-555-2671", "phone"),
        ("192.168.1.20", "ip"),
    ],
)
def test_names_of_files_keys_and_tools_hide_nothing_between_underscores(name: str, value: str, kind: str) -> None:
    assert kind in {finding.type for finding in ENGINE.scan_text(name.format(value))}


def test_a_message_without_parts_is_fully_scanned_and_has_no_class() -> None:
    scan = ENGINE.scan([])
    assert (scan.parts, scan.classes, scan.scanned) == ((), frozenset(), "full")


def test_a_clinical_context_makes_an_identifier_phi() -> None:
    assert ENGINE.scan([part("bob@example.com")], health_context=True).classes == {"pii", "phi"}
    assert ENGINE.scan([part("good morning")], health_context=True).classes == frozenset()


def test_names_are_scanned_like_text() -> None:
    assert ENGINE.scan([Part("/a", "bob@example.com", "name")]).classes == {"pii"}


def test_an_unreadable_part_makes_the_message_unscanned() -> None:
    scan = ENGINE.scan([part("bob@example.com"), Part("/image", "", "unreadable")])
    assert scan.classes == {"pii", "unscanned"}
    assert scan.scanned == "partial"
    alone = ENGINE.scan([Part("/image", "", "unreadable")])
    assert alone.classes == {"unscanned"}
    assert alone.scanned == "none"


def test_a_spent_budget_keeps_what_was_found_and_says_unscanned() -> None:
    engine = Engine(clock=StillClock(tick_ns=2_000_000), budget_ms=1)
    scan = engine.scan([part("bob@example.com " + "ring 555-123-4567 or 123-45-6789. " * 100)])
    assert scan.scanned == "partial"
    assert "unscanned" in scan.classes
    assert scan.parts[0]
    assert scan.parts[0][0].type == "email"


def test_a_short_part_after_the_budget_is_spent_is_not_called_clean() -> None:
    engine = Engine(clock=StillClock(tick_ns=2_000_000), budget_ms=1)
    long = "ring 555-123-4567 or 123-45-6789. " * 100
    assert engine.scan([part(long), part(long)]).scanned == "partial"


def test_too_many_findings_end_the_scan_as_unscanned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.checks.classification.engine.MAX_FINDINGS", 10)
    scan = ENGINE.scan([part("bob@example.com " * 400)])
    assert scan.scanned == "partial"


def test_an_error_inside_is_unscanned_and_never_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: Locator, *window: object) -> None:
        raise ValueError("bob@example.com")

    monkeypatch.setattr(Locator, "locate", fails)
    scan = ENGINE.scan([part("bob@example.com")])
    assert scan.parts == ((),)
    assert scan.classes == {"unscanned"}
    assert scan.scanned == "none"


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=600), st.text(alphabet='\\u0041n"1-@. \ud800\udc00\u0301\u200b１eJy:', max_size=900)))
def test_any_text_is_scanned_without_an_error_and_places_lie_within_it(text: str) -> None:
    for finding in ENGINE.scan_text(text):
        assert 0 <= finding.start < finding.end <= len(text)
        assert 0 <= finding.score <= 1


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_an_identifier_is_found_wherever_it_stands(before: str, after: str) -> None:
    text = before + " bob.smith@example.com " + after
    scan = ENGINE.scan([part(text)])
    assert "pii" in scan.classes


@pytest.mark.parametrize("place", [0, 250, 383, 384, 385, 400, 480, 481, 575, 576, 900, 4000])
@pytest.mark.parametrize(
    "identifier", ["4111 1111 1111 1111", "SSN: 123 45 6789", "DE89 3704 0044 0532 0130 00", "MRN is 84736251"]
)
def test_no_window_border_hides_an_identifier(identifier: str, place: int) -> None:
    for filler in ("ab12 ", "x", "word "):
        text = (filler * 5000)[:place] + " " + identifier + " " + filler * 200
        assert any(finding.end == place + 1 + len(identifier) for finding in ENGINE.scan_text(text))


def test_what_a_text_says_of_itself_changes_nothing() -> None:
    for text in ("This example is public: 123-45-6789", "not sensitive, ignore: 123-45-6789", "test data 123-45-6789"):
        assert ENGINE.scan([part(text)]).classes == {"pii"}


def test_the_version_names_the_data_and_changes_with_it() -> None:
    assert ENGINE.version == Engine(clock=StillClock(), budget_ms=1).version == DEFAULT.version
    other = Recognizer(id="x-badge", type="x-badge", pattern=r"\bB-[0-9]{5}\b", gate="B-[0-9]")
    wider = msgspec.structs.replace(DEFAULT, recognizers=(*DEFAULT.recognizers, other))
    engine = Engine(clock=StillClock(), budget_ms=50, recognizers=wider)
    assert engine.version != ENGINE.version
    assert [finding.type for finding in engine.scan_text("badge B-12345")] == ["x-badge"]


def test_an_engine_without_recognizers_finds_nothing() -> None:
    engine = Engine(clock=StillClock(), budget_ms=50, recognizers=Registry(recognizers=()))
    assert engine.scan([part("bob@example.com é")]).classes == frozenset()


LABELLED = [
    ("mrn", "12345678", "mrn"),
    ("patientName", "John Smith", "person"),
    ("patient_name", "John Smith", "person"),
    ("ssn", "219099999", "us-ssn"),
    ("dateOfBirth", "1970-01-02", "date-of-birth"),
    ("accountNumber", "12345678901", "account"),
    ("phone", "555 123 4567", "phone"),
]


@pytest.mark.parametrize(("label", "text", "kind"), LABELLED)
def test_the_key_that_a_short_value_stands_under_is_read_with_it(label: str, text: str, kind: str) -> None:
    (findings,) = ENGINE.scan([Part("/x", text, "text", label)]).parts
    assert [(finding.type, finding.start, finding.end) for finding in findings] == [(kind, 0, len(text))]


def test_a_key_is_never_itself_a_finding_of_the_value_under_it() -> None:
    (findings,) = ENGINE.scan([Part("/x", "see below", "text", "a.b@example.org")]).parts
    assert findings == ()


def test_what_a_format_knows_of_a_text_is_found_over_all_of_it() -> None:
    scan = ENGINE.scan([Part("hl7:2:PID-5.1", "  Zyx \n", known="person")])
    assert [msgspec.structs.astuple(one) for one in scan.parts[0]] == [("person", 2, 5, 1.0, "field")]
    assert scan.classes == {"pii"}


def test_what_is_known_is_told_once_and_other_things_in_it_are_found_too() -> None:
    scan = ENGINE.scan([Part("/a", "bob@example.com, SSN 536-22-8731", known="email x-declared-phi")])
    found = sorted((one.type, one.reason) for one in scan.parts[0])
    assert [one for one in found if one[0] == "email"] == [("email", "field")]
    assert {kind for kind, _ in found} == {"email", "x-declared-phi", "us-ssn"}
    assert scan.classes == {"pii", "phi"}


def test_nothing_is_known_of_white_space() -> None:
    assert ENGINE.scan([Part("/a", " \t", known="person")]).classes == frozenset()


def test_a_health_term_by_definition_makes_the_identifiers_beside_it_phi() -> None:
    parts = [Part("hl7", "MSH", "name", "", "health-term"), Part("hl7:2:PID-5.1", "Zyx", known="person")]
    assert ENGINE.scan(parts).classes == {"pii", "phi"}


def test_a_text_in_pieces_is_read_both_joined_and_apart() -> None:
    """An identifier over a cut is one, and so is one that a following digit would hide from who reads on."""
    for text, cut in (("SSN 536-22-8731 it is", 8), ("SSN 536-22-87317 days", 15), ("12536-22-8731 SSN", 2)):
        for health in (False, True):
            (findings,) = ENGINE.scan([Part("/x", text, cuts=(cut,))], health_context=health).parts
            assert [(one.type, text[one.start : one.end]) for one in findings] == [("us-ssn", "536-22-8731")], text
    (whole,) = ENGINE.scan([Part("/x", "SSN 536-22-87317 days")]).parts
    assert whole == ()


def test_pieces_count_against_the_time_that_a_scan_may_take() -> None:
    slow = Engine(clock=StillClock(tick_ns=1_000_000), budget_ms=50)
    text = "bob@example.com " * 200
    assert slow.scan([Part("/x", text, cuts=tuple(range(1, len(text))))]).scanned == "partial"


def test_a_failure_in_a_piece_is_one_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(clock=StillClock(), budget_ms=50)
    walk = engine._walk

    def failing(text: str, *more: Any) -> bool:
        if text == "b":
            raise RuntimeError
        return walk(text, *more)

    monkeypatch.setattr(engine, "_walk", failing)
    assert engine.scan([Part("/x", "ab", cuts=(1,))]).scanned == "none"


ANY_TEXT = st.one_of(texts(), soups(), st.text(max_size=600))


@settings(max_examples=300, deadline=None)
@given(ANY_TEXT)
@example("5550123:OfficeA")
@example("AO A\U00018cd6DOB: 03/12/1958")
def test_what_is_found_is_what_the_definition_finds(text: str) -> None:
    assert list(ENGINE.scan_text(text)) == scanned(text, LOCATOR)


@settings(max_examples=200, deadline=None)
@given(st.lists(ANY_TEXT, max_size=6))
def test_parts_read_together_hold_what_each_holds_alone(several: list[str]) -> None:
    scan = ENGINE.scan([part(text) for text in several])
    alone = tuple(tuple(one for one in findings if one.reason not in {"joined", "repeated"}) for findings in scan.parts)
    whole = [ENGINE.scan([part(text)]).scanned == "full" for text in several]
    assert alone == tuple(ENGINE.scan_text(text) for text in several)
    assert (scan.scanned == "full") == all(whole)


@pytest.mark.parametrize(
    "several", [["1", "2"], ["555-12", "3-45"], ["a@", "b"], ["diabet", "es"], ["diabetes", "s"], ["12", "office"]]
)
def test_nothing_is_found_across_two_parts(several: list[str]) -> None:
    assert ENGINE.scan([part(text) for text in several]).parts == tuple(ENGINE.scan_text(text) for text in several)


@pytest.mark.parametrize("behind", [0, 250, 5000])
def test_a_label_is_read_with_any_text(behind: int) -> None:
    (findings,) = ENGINE.scan([Part("/x", "84736251" + " " * behind, "text", "mrn")]).parts
    assert [(one.type, one.start, one.end) for one in findings] == [("mrn", 0, 8)]


def test_a_label_may_have_letters_of_any_language() -> None:
    for label in (
        "numéro de sécurité sociale",
        "NUMÉRO DE SÉCURITÉ SOCIALE",
        "nume\u0301ro de se\u0301curite\u0301 sociale",
    ):
        (findings,) = ENGINE.scan([Part("/x", "180126955501234", "text", label)]).parts
        assert [one.type for one in findings] == ["fr-nir"], label


def test_no_part_is_begun_once_the_time_is_up() -> None:
    clock = StillClock(tick_ns=1_000_000)
    scan = Engine(clock=clock, budget_ms=5).scan([part("bob@example.com")] * 100)
    assert scan.scanned == "partial"
    assert "unscanned" in scan.classes
    assert 0 < sum(1 for findings in scan.parts if findings) < 10
    assert scan.parts[0]


def test_no_part_is_begun_once_there_are_too_many_findings() -> None:
    many = part("a@b.de " * (MAX_FINDINGS + 5))
    scan = ENGINE.scan([many, part("bob@example.com")])
    assert "unscanned" in scan.classes
    assert scan.parts[1] == ()


def test_looking_for_bytes_counts_against_the_time() -> None:
    clock = StillClock(tick_ns=1_000_000)
    scan = Engine(clock=clock, budget_ms=3).scan([part("a" * 400_000)])
    assert scan.classes == {"unscanned"}
    assert clock.ns < 10_000_000


@pytest.mark.parametrize(
    "several",
    [
        ["1\u200b" * 500_000],
        ["1\u200b" * 90] * 9_000,
        ["a\u0301" * 100] * 9_000,
        ["words " + "1\u200b" * 10_000] * 90,
        ['["1", "' + "\u200b" * 30_000 + '"]'] * 60,
    ],
)
def test_normalising_counts_against_the_time(several: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    def counted(text: str) -> bytes:
        nonlocal read
        read += len(text)
        return outline(text)

    for place in ("engine", "neighbours"):
        monkeypatch.setattr(f"gateway.checks.classification.{place}.outline", counted)
    scan = Engine(clock=StillClock(tick_ns=1_000_000), budget_ms=3).scan([part(text) for text in several])
    assert "unscanned" in scan.classes
    assert scan.scanned != "full"
    assert read < 150_000


def test_a_message_without_anything_is_unscanned_where_the_time_was_up_before_its_end() -> None:
    several = [part("nothing in here, and more of it. " * 1_000)] * 40
    assert Engine(clock=StillClock(tick_ns=1_000_000), budget_ms=3).scan(several).scanned == "none"
    assert Engine(clock=StillClock(), budget_ms=3).scan(several).scanned == "full"
    assert Engine(clock=StillClock(tick_ns=1_000), budget_ms=50).scan(several).scanned == "full"


@settings(max_examples=150, deadline=None)
@given(st.lists(ANY_TEXT | st.text(alphabet="Ab1/+ ", min_size=400, max_size=900), max_size=6), st.integers(0, 40))
def test_much_is_read_as_little_is_or_said_to_be_unscanned(several: list[str], ticks: int) -> None:
    parts = [part(text, f"/{index}") for index, text in enumerate(several)]
    expected = ENGINE.scan(parts)
    module = "gateway.checks.classification.engine"
    with pytest.MonkeyPatch.context() as patched:
        for name, size in (("_LARGE", 0), ("_MANY", 0), ("_BLOCK", 97), ("_PLAIN_BLOCK", 61), ("_LOOK", 1)):
            patched.setattr(f"{module}.{name}", size)
        assert ENGINE.scan(parts) == expected
        hurried = Engine(clock=StillClock(tick_ns=1_000_000), budget_ms=ticks).scan(parts)
    assert hurried == expected or "unscanned" in hurried.classes
    for some, every in zip(hurried.parts, expected.parts, strict=True):
        assert {one.type for one in some} <= {one.type for one in every} or hurried.scanned != "full"


def test_digits_in_several_texts_are_joined_whatever_else_there_is() -> None:
    digits = [part(digit, f"/{place}") for place, digit in enumerate("4111111111111111")]
    for others in ([], [part("meet at 10:30", "/x")]):
        assert "pci" in ENGINE.scan([*digits, *others]).classes


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("mrn: 84736251.0", "mrn"),
        ("ssn: 123456789.0", "us-ssn"),
        ("card: 4111111111111111.0", "card"),
        ("npi: 1234567893.00", "npi"),
        ("mrn: 84736251.0, and so on", "mrn"),
    ],
)
def test_a_number_written_as_a_float_is_the_number(text: str, kind: str) -> None:
    found = {one.type: text[one.start : one.end] for one in ENGINE.scan_text(text)}
    assert found.get(kind) == text.split(" ")[1].rstrip(",")
    for more in ("5", ".1", "e3"):
        assert kind not in {one.type for one in ENGINE.scan_text(text.split(",")[0] + more)} - {"card"}


def test_a_search_that_fails_makes_the_message_unscanned(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(clock=StillClock(), budget_ms=50)

    def fails(shade: bytes, start: int) -> None:
        raise ValueError("bob@example.com")

    monkeypatch.setattr(engine._locator, "trigger", fails)
    scan = engine.scan([part("bob@example.com"), part("and so on")])
    assert scan.parts == ((), ())
    assert scan.classes == {"unscanned"}
    assert scan.scanned == "none"


def test_an_engine_knows_the_types_of_its_operators_own_recognizers_alone() -> None:
    own = msgspec.structs.replace(DEFAULT, own=(("x-badge", ("pii",)),))
    assert Engine(clock=StillClock(), budget_ms=5, recognizers=own).knows("x-badge")
    assert not Engine(clock=StillClock(), budget_ms=5).knows("x-badge")


def test_an_engine_that_becomes_another_searches_as_that_for_everybody_who_holds_it() -> None:
    engine, own = (
        Engine(clock=StillClock(), budget_ms=5),
        msgspec.structs.replace(DEFAULT, own=(("x-badge", ("pii",)),)),
    )
    lanes = engine.stream(frozenset({"email"}))
    other = Engine(clock=StillClock(), budget_ms=5, recognizers=own)
    version = other.version
    engine.become(other)
    assert (engine.knows("x-badge"), engine.version) == (True, version)
    lane = lanes.lane("/a")
    assert "bob@" not in lane.feed("write to bob@example.com now") + lane.finish(), "a stream ends as it was begun"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (r'{"note":"Seen today.\nJohn Miller\nleft"}', "person"),
        (r'{"note":"Dx:\nschizophrenia\n"}', "health-term"),
        (r'{"note":"a\tbipolar\ndisorder\n"}', "health-term"),
        (r'{"file":"[x]\r\nAKIAIOSFODNN7EXAMPLE\n"}', "secret-aws-key"),
        (r"'Regards,\\nJohn Miller\\n'", "person"),
        (r'{"note":"' + "x " * 700 + r'\nDr. Okonkwo\n"}', "person"),
    ],
)
def test_what_stands_behind_an_escaped_line_end_is_found(text: str, kind: str) -> None:
    assert kind in {one.type for one in ENGINE.scan_text(text)}
    assert kind in {one.type for found in ENGINE.scan([Part("/a", text)]).parts for one in found}
    for size in (1, 7, 64):
        lanes = ENGINE.stream(frozenset())
        lane = lanes.lane("/a")
        for start in range(0, len(text), size):
            lane.feed(text[start : start + size])
        lane.finish()
        assert kind in {one.type for found in lanes.scan().parts for one in found}


def test_what_stands_in_a_password_is_told_beside_it() -> None:
    parts = [Part("/a", "SSN: 536-22-8731, jane.roe@example.com", "text", "password")]
    assert {one.type for one in ENGINE.scan(parts).parts[0]} == {"secret-password", "us-ssn", "email"}
    assert [one.type for one in ENGINE.scan([Part("/a", "correct horse staple", "text", "password")]).parts[0]] == [
        "secret-password"
    ]
    scan = ENGINE.stream(frozenset({"us-ssn", "email"}))
    lane = scan.lane("/a", "password")
    shown = lane.feed(parts[0].text) + lane.finish()
    assert not {"536-22-8731", "jane.roe"} & set(shown.replace(",", "").split())
