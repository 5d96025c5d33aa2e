"""A stream releases what the whole text would, however it is cut; what is held back is bounded."""

import json
import random
import re
import weakref
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.checks.classification.classes import maskable
from gateway.checks.classification.columns import Columns
from gateway.checks.classification.cursor import WINDOW
from gateway.checks.classification.locator import Locator, place_of
from gateway.checks.classification.normalise import outline
from gateway.checks.classification.pieces import unseen
from gateway.checks.classification.registry import DEFAULT
from gateway.checks.classification.repeated import REPEATED, is_told
from gateway.checks.classification.repeated import apart as apart_from_others
from gateway.checks.classification.stream import UNREAD, Lane, StreamScan
from gateway.checks.redaction import mask_text
from gateway.core.errors import FormatError
from gateway.core.finding import Finding
from gateway.core.message import Part
from tests.checks.classification.conftest import ENGINE
from tests.checks.classification.samples import JWT, PEM, PIECES, texts

TYPES = maskable("phi") | maskable("secret")


def cuts(text: str, seed: int, widest: int) -> list[str]:
    source = random.Random(seed)
    chunks, position = [], 0
    while position < len(text):
        size = source.randint(1, widest)
        chunks.append(text[position : position + size])
        position += size
    return chunks


def streamed(
    text: str, chunks: list[str], types: frozenset[str] = TYPES, *, unread: bool = False
) -> tuple[str, tuple[Finding, ...]]:
    scan = ENGINE.stream(types, unread=unread)
    lane = scan.lane("/choices/0/delta/content")
    released = "".join([*(lane.feed(chunk) for chunk in chunks), lane.finish()])
    return released, scan.scan().parts[0]


TOKEN = f"eyJhbGciOiJIUzI1NiJ9.{'eyJzdWIiOiIx' * 80}.{'c2lnbmF0dXJl' * 12}eyJZ{'a' * 900}+44 20 7946 0958"
"""A token too long to be read whole, that what follows it may be a part of."""


@settings(max_examples=150, deadline=None)
@given(text=texts(), seed=st.integers(0, 1000), widest=st.sampled_from((1, 3, 17, 200, 2000)))
@example(text=TOKEN, seed=0, widest=1)
@example(text=f"postgres://bob:s3cret@db.example.com/x-----BEGIN PRIVATE KEY-----eyJ{'a' * 900}", seed=0, widest=1)
def test_any_chunking_releases_the_masked_whole_text_and_finds_the_same(text: str, seed: int, widest: int) -> None:
    findings = passing(text)
    chunks = cuts(text, seed, widest)
    released, found = streamed(text, chunks)
    if UNREAD in released:
        # What could not be read is hidden besides, and nothing else is.
        assert without_repeated(found) == findings
        assert ENGINE.scan([Part("/x", text)]).scanned != "full"
        released, found = streamed(text, chunks, unread=True)
    expected = tuple(sorted((*findings, *echoed(text, findings, TYPES)), key=place_of))
    assert found == expected
    assert _shown(released, expected) == _shown(mask_text(text, expected, TYPES), expected)


def passing(text: str) -> tuple[Finding, ...]:
    """What a stream finds of a text at first: all but what tables in strings and statements show (`written`)."""
    found: list[Finding] = []
    ENGINE._walk(text, outline(text), None, found, None, None)
    columns = Columns(ENGINE._locator.headings)
    found += unseen([*columns.feed(text), *columns.finish()], found)
    return tuple(sorted(found, key=place_of))


def without_repeated(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(one for one in findings if one.reason != REPEATED)


def echoed(text: str, findings: Sequence[Finding], types: frozenset[str]) -> list[Finding]:
    """What a stream looks for again, by its definition: what was masked before stands in what is not masked."""
    masked = [one for one in findings if one.type in types]
    values: dict[str, Finding] = {}
    for one in sorted(masked, key=lambda one: (one.end, one.start, one.type)):
        value = text[one.start : one.end]
        if len(value) <= 32 and is_told(one.type, value):
            values.setdefault(value, one)
    hidden = {place for one in masked for place in range(one.start, one.end)}
    found, place = [], 0
    while place < len(text):
        here = [
            (len(value), one)
            for value, one in values.items()
            if place >= one.end
            and text.startswith(value, place)
            and apart_from_others(text, place, place + len(value))
            and hidden.isdisjoint(range(place, place + len(value)))
        ]
        if here:
            size, one = max(here, key=lambda hit: hit[0])
            found.append(Finding(one.type, place, place + size, one.score, REPEATED))
            place += size
        else:
            place += 1
    return found


AGAIN = (
    "Patient: Oluwaseun Ajayi", "Oluwaseun Ajayi", "MRN 88231944", "88231944", "8823", "Oluwaseun", " ", ", ", "1944",
    "password: Zomer2024!", "Zomer2024!", "Zomer", "SSN 536-22-8731", "536-22-8731", "\n",
    "Patient: Oluwaseun Ajayi Roe",
    '{"mrn": "88231944", "n": 88231944}', "and then we went home", "name,mrn\nKelly Roe,88231944\n", "Kelly Roe", "x",
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    text=st.lists(st.sampled_from(AGAIN), max_size=14).map("".join),
    seed=st.integers(0, 1000),
    widest=st.sampled_from((1, 3, 17, 200)),
)
@example(text="MRN 88231944 it is, 88231944", seed=0, widest=1)
@example(text="MRN 88231944 it is, 88231944x", seed=0, widest=1)
@example(text='{"mrn": "88231944", "n": 88231944}', seed=0, widest=3)
@example(text="Patient: Oluwaseun Ajayi, Patient: Oluwaseun Ajayi Roe, Oluwaseun Ajayi Roe", seed=0, widest=3)
def test_what_was_masked_is_masked_where_it_comes_again(text: str, seed: int, widest: int) -> None:
    findings = passing(text)
    released, found = streamed(text, cuts(text, seed, widest), unread=True)
    expected = tuple(sorted((*findings, *echoed(text, findings, TYPES)), key=place_of))
    assert found == expected
    if not text.startswith("{"):  # in which what stands for a number is a string
        assert _shown(released, expected) == _shown(mask_text(text, expected, TYPES), expected)


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_a_name_and_a_number_are_masked_wherever_an_answer_says_them_again(size: int) -> None:
    text = "Patient: Oluwaseun Ajayi, MRN 88231944. Oluwaseun Ajayi (88231944) was seen; Oluwaseun is well, 8823 too."
    shown = "Patient: [PERSON], MRN [MRN]. [PERSON] ([MRN]) was seen; Oluwaseun is well, 8823 too."
    assert streamed(text, [text[at : at + size] for at in range(0, len(text), size)])[0] == shown


def test_in_json_a_number_that_comes_again_is_written_as_a_string() -> None:
    text = '{"mrn": "88231944", "rows": [{"n": 88231944}]}'
    assert json.loads(streamed(text, list(text))[0]) == {"mrn": "[MRN]", "rows": [{"n": "[MRN]"}]}


def test_what_may_be_seen_is_not_looked_for_again() -> None:
    text = "MRN 88231944 was said, then 88231944"
    released, found = streamed(text, list(text), frozenset({"person"}))
    assert (released, len(found)) == (text, 1)


def test_what_may_become_a_value_is_held_back_and_no_more() -> None:
    lane = ENGINE.stream(TYPES).lane("/x")
    released = lane.feed("MRN 88231944 " + "and then we went home. " * 40 + "8823")
    assert lane.held <= 512
    assert (released + lane.feed("1944 and so on") + lane.finish()).endswith("home. [MRN] and so on")


def _shown(masked: str, findings: Sequence[Finding]) -> str:
    """A masked text. Of two findings that overlap the longer gives the placeholder, and a stream cannot wait for the
    end of one that has no bound: which of the two it names is left out."""
    places = sorted((finding.start, finding.end) for finding in findings)
    if not any(start < end for (_, end), (start, _) in pairwise(places)):
        return masked
    return re.sub(r"\[[A-Z0-9-]+\]", lambda shown: UNREAD if shown[0] == UNREAD else "[]", masked)


@settings(max_examples=60, deadline=None)
@given(text=texts(), seed=st.integers(0, 1000))
def test_without_anything_to_mask_the_text_comes_out_unchanged(text: str, seed: int) -> None:
    assert streamed(text, cuts(text, seed, 40), frozenset(), unread=True)[0] == text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("medical  record  number 4481920", "mrn"),
        ("Patient\nID: 4481920", "mrn"),
        ("Social\nSecurity Number 536228731", "us-ssn"),
        ("> Her Member\r\n> ID is XYZ123456789", "health-plan-id"),
        ("driver's  license D1234567", "us-driver-license"),
        ("tax\n * file number 123456782", "au-tfn"),
        ("sexual\norientation", "special-orientation"),
        ("a criminal \t\n        record", "special-criminal"),
        ("password :  Secr3tPw", "secret-password"),
        ("password:\nSecr3tPw", "secret-password"),
        ('{"social_security_number": "536228731"}', "us-ssn"),
        ("SOCIAL_SECURITY_NUMBER=536228731", "us-ssn"),
        ("hospitalNumber: 4481920", "mrn"),
        ("<patient-number>4481920</patient-number>", "mrn"),
        ("policy_number: XYZ123456", "health-plan-id"),
        ("accountNumber=12345678", "account"),
        ("dbPassword: Secr3tPw", "secret-password"),
        ("userPassword=Secr3tPw", "secret-password"),
    ],
)
@pytest.mark.parametrize("size", [1, 9])
def test_words_that_are_wrapped_aligned_or_in_names_are_read_in_streams_too(text: str, kind: str, size: int) -> None:
    for before in ("", "and then we went home. " * 40, "and so\n" * 90):
        whole = f"{before}{text}\nand then we went home"
        findings = ENGINE.scan_text(whole)
        assert [one.type for one in findings] == [kind]
        chunks = [whole[at : at + size] for at in range(0, len(whole), size)]
        types = frozenset({kind})
        assert streamed(whole, chunks, types) == (mask_text(whole, findings, types), findings)


@settings(max_examples=40, deadline=None)
@given(text=texts(), seed=st.integers(0, 1000), widest=st.sampled_from((1, 30, 400)))
def test_at_most_a_window_is_ever_held_back(text: str, seed: int, widest: int) -> None:
    lane = ENGINE.stream(TYPES).lane("/x")
    for chunk in cuts(text, seed, widest):
        lane.feed(chunk)
        assert lane.held <= WINDOW <= 512
    lane.finish()
    assert lane.held == 0


@pytest.mark.parametrize("piece", [piece for piece in PIECES if ENGINE.scan_text(piece)])
def test_no_part_of_an_identifier_leaves_before_it_is_masked(piece: str) -> None:
    text = "we noted " + piece + " in the file."
    findings = [finding for finding in ENGINE.scan_text(text) if finding.type in TYPES]
    released, _ = streamed(text, list(text))
    for finding in findings:
        assert text[finding.start : finding.end] not in released
    assert released == mask_text(text, findings, TYPES)


def test_plain_prose_is_held_back_by_little() -> None:
    lane = ENGINE.stream(TYPES).lane("/x")
    for _ in range(200):
        lane.feed("and so the story went on and on ")
        assert lane.held <= 160


def test_a_private_key_longer_than_a_window_becomes_one_placeholder() -> None:
    text = f"here it is:\n{PEM}\nkeep it safe"
    for widest in (1, 50, 5000):
        released, found = streamed(text, cuts(text, 1, widest))
        assert released == "here it is:\n[SECRET-PRIVATE-KEY]\nkeep it safe"
        assert [finding.type for finding in found] == ["secret-private-key"]


def test_a_private_key_without_an_end_is_masked_to_the_end() -> None:
    text = "-----BEGIN PRIVATE KEY-----\n" + "QUJD" * 1000
    assert streamed(text, cuts(text, 1, 7))[0] == "[SECRET-PRIVATE-KEY]"


def test_an_identifier_after_an_unended_private_key_is_still_masked() -> None:
    text = "-----BEGIN PRIVATE KEY-----\n" + "QUJD" * 300 + " mail bob@example.com now"
    for types in (TYPES, frozenset({"email"})):
        assert "bob@" not in streamed(text, cuts(text, 3, 9), types)[0]


def test_a_token_longer_than_a_window_becomes_one_placeholder() -> None:
    assert streamed(f"token {JWT} end", cuts(f"token {JWT} end", 2, 13))[0] == "token [SECRET-JWT] end"


@pytest.mark.parametrize("size", [1, 3, 50])
@pytest.mark.parametrize(
    ("label", "text", "shown"),
    [
        ("mrn", "4481920", "[MRN]"),
        ("patientName", "Jane Roe, at 9", "[PERSON], at 9"),
        ("note", "nothing to see here, for a good while longer than the window of a lane " * 9, None),
        ("", "4481920", None),
        ("mrn", "", None),
    ],
)
def test_a_lanes_label_is_read_before_its_text_and_never_released(
    label: str, text: str, shown: str | None, size: int
) -> None:
    scan = ENGINE.stream(TYPES)
    lane = scan.lane("/content/0/input/x", label)
    released = "".join(lane.feed(text[i : i + size]) for i in range(0, len(text), size)) + lane.finish()
    assert released == (text if shown is None else shown)
    (whole,) = ENGINE.scan([Part("/x", text, "text", label)]).parts
    assert lane.findings() == whole


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("cut", range(1, 11))
def test_what_a_text_goes_on_with_is_read_before_it_and_never_released_again(cut: int, apart: bool) -> None:
    lane = ENGINE.stream(TYPES).lane("/a", apart=apart, after=f"write to x@example.com, SSN {'536-22-8731'[:cut]}")
    rest = "536-22-8731"[cut:]
    assert lane.feed(f"{rest} or bob@example.com") + lane.finish() == "[US-SSN] or [EMAIL]"
    assert [finding.type for finding in lane.findings()] == ["us-ssn", "email"]


def test_lanes_are_apart_and_in_order_of_opening() -> None:
    scan = ENGINE.stream(TYPES)
    first, second = scan.lane("/choices/0/delta/content"), scan.lane("/choices/1/delta/content")
    assert scan.lane("/choices/0/delta/content") is first
    released = [first.feed("bob@exa"), second.feed("ring 555-"), first.feed("mple.com"), second.feed("123-4567 ")]
    assert "".join((*released, first.finish(), second.finish())) == "[EMAIL]ring 555-123-4567 "
    assert [[finding.type for finding in part] for part in scan.scan().parts] == [["email"], []]


def test_a_place_whose_lane_is_finished_gets_another_one() -> None:
    scan = ENGINE.stream(TYPES)
    for text in ("write to bob@example.com", "and to ann@example.com"):
        lane = scan.lane("/note")
        assert "[EMAIL]" in lane.feed(text) + lane.finish()
    assert [len(part) for part in scan.scan().parts] == [1, 1]


@pytest.mark.parametrize(("unread", "shown"), [(True, "Q0lQSEVS"), (False, UNREAD)])
def test_what_cannot_be_read_passes_only_where_it_may_and_makes_the_answer_unscanned(unread: bool, shown: str) -> None:
    scan = ENGINE.stream(TYPES, unread=unread)
    assert scan.scan().scanned == "full"
    assert scan.unreadable("/content/0/data", "Q0lQSEVS") == shown
    assert scan.scan().scanned == "partial"
    assert scan.scan().classes == {"unscanned"}


def test_a_closed_lane_takes_no_more() -> None:
    lane = ENGINE.stream(TYPES).lane("/x")
    assert lane.finish() == ""
    with pytest.raises(FormatError):
        lane.feed("more")


def test_the_mask_may_be_a_predicate() -> None:
    lane = ENGINE.stream(lambda finding: finding.type.startswith("secret-")).lane("/x")
    out = lane.feed("AKIAIOSFODNN7EXAMPLE bob@example.com") + lane.finish()
    assert out == "[SECRET-AWS-KEY] bob@example.com"


def test_classes_join_over_the_lanes_and_the_context() -> None:
    scan = ENGINE.stream(TYPES)
    for place, text in (("/a", "bob@example.com "), ("/b", "has diabetes ")):
        lane = scan.lane(place)
        lane.feed(text)
        lane.finish()
    assert scan.scan().classes == {"pii", "phi"}
    clinical = ENGINE.stream(TYPES, health_context=True)
    clinical.lane("/a").feed("bob@example.com " + "and " * 200)
    assert "phi" in clinical.scan().classes


def test_what_fails_inside_withholds_the_text_and_says_unscanned(monkeypatch: pytest.MonkeyPatch) -> None:
    locator = Locator(DEFAULT)
    scan = StreamScan(locator, TYPES)
    lane = scan.lane("/x")

    def fails(*window: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(locator, "locate", fails)
    out = lane.feed("bob@example.com") + lane.feed(" more") + lane.finish()
    assert out == UNREAD
    assert scan.scan().scanned == "partial"
    assert "unscanned" in scan.scan().classes


def nested(text: str, times: int) -> str:
    """The text percent-encoded, again and again."""
    code = "".join(f"%{ord(character):02X}" for character in text)
    for _ in range(times):
        code = code.replace("%", "%25")
    return code


DEEP = (
    ("bob" + "\\" * 8 + "u0040example.com", "bob"),
    (f"see {nested('bob@example.com', 4)} and more", "%2525"),
    ("and so on, word after word. " * 40 + nested("bob@example.com", 5) + " and so on, word after word" * 40, "%2525"),
)


@pytest.mark.parametrize("size", [1, 7, 5000])
@pytest.mark.parametrize(("text", "code"), DEEP, ids=["backslashes", "percent", "far in a text"])
def test_what_could_not_be_read_to_its_end_does_not_leave(text: str, code: str, size: int) -> None:
    scan = ENGINE.stream(TYPES)
    lane = scan.lane("/x")
    out = "".join(lane.feed(text[at : at + size]) for at in range(0, len(text), size)) + lane.finish()
    assert (scan.scan().scanned, code in out, out.count(UNREAD)) == ("partial", False, 1)
    # What is before it and after it in a long text does leave.
    assert len(text) < 1_000 or (out.startswith("and so on, word") and out.endswith("word after word"))


@pytest.mark.parametrize(("text", "code"), DEEP, ids=["backslashes", "percent", "far in a text"])
def test_what_could_not_be_read_leaves_where_the_caller_may_have_that(text: str, code: str) -> None:
    scan = ENGINE.stream(TYPES, unread=True)
    lane = scan.lane("/x")
    assert lane.feed(text) + lane.finish() == text
    assert scan.scan().scanned == "partial"


def test_a_piece_that_could_not_be_read_by_itself_does_not_leave() -> None:
    out, _ = apart(["fine so far ", f"{nested('bob@example.com', 4)} ", "and more"])
    assert "%2525" not in out
    assert out.endswith(UNREAD)


def apart(chunks: list[str], types: frozenset[str] = TYPES, *, unread: bool = False) -> tuple[str, tuple[Finding, ...]]:
    scan = ENGINE.stream(types, unread=unread)
    lane = scan.lane("/artifact", apart=True)
    released = "".join([*(lane.feed(chunk) for chunk in chunks), lane.finish()])
    return released, scan.scan().parts[0]


LONG = f"password: hunter2xbob.smith@example.com{'eyJzdWIiOiIx' * 40}.{'c2lnbmF0dXJl' * 7}"
"""A run that is too long to be read whole."""
BEHIND_UNREAD = (
    "".join(chr(0xE0000 + ord(one)) for one in "card 4111111111111111")
    + "a\ufe00\U000e0101\ufe03\U000e0fff\ufe04\ufe05b000000000"
    + r"536\-22\-8731"
)
"""A piece that is an identifier alone, behind one that cannot be read."""


@settings(max_examples=100, deadline=None)
@given(text=texts(), seed=st.integers(0, 1000), widest=st.sampled_from((1, 3, 17, 200, 2000)))
@example(text=LONG, seed=1, widest=17)
@example(text=LONG, seed=1, widest=200)
@example(text=LONG, seed=2, widest=17)
@example(text="name,dob,mrn\nKelly Roe,06/09/1976,H08823161\n", seed=0, widest=200)
@example(text=BEHIND_UNREAD, seed=0, widest=17)
@example(text="name,dob,mrn\nHospital\n", seed=788, widest=17)
def test_pieces_that_may_be_read_apart_show_what_a_whole_text_with_the_same_cuts_shows(
    text: str, seed: int, widest: int
) -> None:
    chunks = cuts(text, seed, widest)
    places = tuple(accumulate(map(len, chunks[:-1])))
    (whole,) = ENGINE.scan([Part("/x", text, cuts=places)]).parts
    released, found = apart(chunks, unread=True)
    assert without_repeated(found) == without_repeated(whole)
    masked = [finding for finding in found if finding.type in TYPES]
    hidden = sum(len(text[finding.start : finding.end]) for finding in masked)
    assert (released == text) == (not hidden)
    assert apart(chunks, frozenset(), unread=True)[0] == text


@pytest.mark.parametrize(
    ("chunks", "shown"),
    [
        (["SSN 123-45", "-6789 is it"], "SSN [US-SSN] is it"),
        (["SSN 123-45-6789", "7 days"], "SSN [US-SSN]7 days"),
        (["SSN 12", "123-45-6789"], "SSN 12[US-SSN]"),
        (["key sk-proj-" + "a1B2" * 6, "c3D4" * 6 + " end"], "key [SECRET-OPENAI-KEY] end"),
        ([f"token {JWT[:300]}", JWT[300:], " end"], "token [SECRET-JWT] end"),
        (["write to bob@example.co", "m now"], "write to [EMAIL] now"),
    ],
)
def test_whatever_reading_shows_an_identifier_all_of_it_is_masked(chunks: list[str], shown: str) -> None:
    assert apart(chunks)[0] == shown


def test_a_piece_that_cannot_be_looked_at_by_itself_does_not_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = ENGINE.stream(TYPES)
    lane = scan.lane("/artifact", apart=True)
    lane.feed("fine so far ")

    def failing(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("gateway.checks.classification.stream.appended", failing)
    assert lane.feed("secret") == UNREAD
    monkeypatch.undo()
    assert (lane.feed("more"), lane.finish()) == ("", "")
    assert scan.scan().scanned == "partial"


def test_how_much_text_was_taken_is_known_in_bytes_whatever_became_of_it() -> None:
    scan = ENGINE.stream(TYPES)
    assert scan.taken == 0
    for text in ("four", "äöü", "\ud800", ""):
        scan.lane("/x", "content").feed(text)
    scan.lane("/y", apart=True).feed("five!")
    scan.lane("/x").finish()
    scan.lane("/x").feed("1")
    assert scan.taken == 4 + 6 + 3 + 5 + 1


def test_of_lanes_that_follow_each_other_in_one_place_what_they_found_is_kept_alone() -> None:
    scan = ENGINE.stream(TYPES)
    lanes = weakref.WeakSet(_finished(scan, f"mail anna{number}@example.org") for number in range(50))
    scan.lane("/y").feed("nothing")
    _finished(scan, "call 212-555-0198 by phone")
    assert scan.marks() == 51
    assert len(lanes) == 0
    found = [[one.type for one in findings] for findings in scan.scan().parts]
    assert found == [["email"]] * 50 + [[], ["phone"]]
    assert scan.scan().scanned == "full"


def _finished(scan: StreamScan, text: str) -> Lane:
    lane = scan.lane("/x")
    lane.feed(text)
    lane.finish()
    return lane


@settings(max_examples=60, deadline=None)
@given(spoken=st.lists(texts(), min_size=1, max_size=3), seed=st.integers(0, 1000), apart=st.booleans())
def test_what_is_found_first_or_not_read_first_shows_in_the_marks(spoken: list[str], seed: int, apart: bool) -> None:
    """Whoever looks at the classes only when the marks have moved has missed none."""
    scan = ENGINE.stream(TYPES)
    marks, seen = scan.marks(), scan.scan()
    for index, text in enumerate(spoken):
        lane = scan.lane(f"/{index % 2}", apart=apart)
        for piece in (*cuts(text, seed, 40), None):
            if piece is None:
                lane.finish()
            else:
                lane.feed(piece)
            now = scan.marks()
            if now != marks:
                marks, seen = now, scan.scan()
            assert (scan.scan().classes, scan.scan().scanned) == (seen.classes, seen.scanned)
    scan.unreadable("/x", "y")
    assert scan.marks() > marks
