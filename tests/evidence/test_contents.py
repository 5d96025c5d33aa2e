"""What a bundle carries of kept content opens what its records commit to, and of the rest records say why it may not be
there."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import contents
from gateway.evidence.contents import Account, Content, document, encode_line, parsed, together
from gateway.evidence.selection import Selection
from gateway.evidence.verify import verify
from gateway.ledger.record import parse

from .making import VKEY
from .making_contents import SELECTION, There, carrying, ledger, opening


def test_each_content_is_open_or_it_is_told_why_it_may_not_be_there(tmp_path: Path) -> None:
    manifest = carrying(tmp_path / "b.zip")
    report = verify(tmp_path / "b.zip", VKEY)
    assert manifest.contents == 2
    assert report.contents == {
        "asked": True,
        "committed": 8,
        "open": 2,
        "expired": 2,
        "erased": 2,
        "erasures": [10, 11],
        "too_large": 1,
        "absent": 1,
    }
    assert any("Which records an erasure was about" in note for note in report.notes)
    (line,) = contents.told(report.contents)
    assert line.startswith("2 open, 2 expired, 2 erased (records 10, 11), 1 too large, 1 not carried")


def test_a_bundle_that_was_not_asked_for_content_carries_none_and_says_how_much_there_is(tmp_path: Path) -> None:
    manifest = carrying(tmp_path / "b.zip", msgspec.structs.replace(SELECTION, contents=False))
    found = verify(tmp_path / "b.zip", VKEY).contents
    assert (manifest.contents, found["asked"], found["committed"], found["open"], found["absent"]) == (
        None,
        False,
        8,
        0,
        0,
    )
    assert contents.told(found) == ["not asked for; 8 selected records commit to some"]


def test_where_nothing_commits_to_content_nothing_is_said_of_it(tmp_path: Path) -> None:
    carrying(tmp_path / "b.zip", Selection(filters={"event": "exchange.completed"}, contents=True))
    found = verify(tmp_path / "b.zip", VKEY).contents
    assert (contents.told(found), contents.proven(found), contents.notes(found)) == ([], [], [])


def test_without_an_erasure_in_the_range_what_is_missing_is_missing(tmp_path: Path) -> None:
    """The same records up to the erasure: nothing within the range says why theirs is not there."""
    carrying(tmp_path / "b.zip", msgspec.structs.replace(SELECTION, end=9), There({}))
    found = verify(tmp_path / "b.zip", VKEY).contents
    assert (found["open"], found["expired"], found["erased"], found["absent"]) == (0, 1, 0, 5)


def test_parts_of_a_range_say_together_what_the_whole_says(tmp_path: Path) -> None:
    stored = ledger().stored
    lines = [encode_line(opening(seq))[:-1] for seq in (0, 8)]

    def account(first: int, end: int) -> Account:
        mine = [line for line, seq in zip(lines, (0, 8), strict=True) if first <= seq < end]
        counting = contents.Counting(mine, asked=True, created="2027-01-15T09:00:00.000000Z")
        for one in stored[first:end]:
            envelope = parse(one.envelope)
            counting.feed(one.seq, envelope)
            counting.take(one.seq, envelope)
        return counting.account()

    whole = account(0, 14)
    for cut in (1, 5, 9, 11):
        assert together([account(0, cut), account(cut, 14)]) == whole


@given(
    st.lists(st.integers(0, 30), unique=True).map(sorted),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted), max_size=6),
    st.lists(st.integers(0, 30), max_size=4),
)
def test_why_content_may_be_missing_is_what_any_record_after_it_says(
    rest: list[int], swept: list[list[int]], erasures: list[int]
) -> None:
    account = Account(
        rest=tuple(rest), swept=tuple((first, end) for first, end in swept), erasures=tuple(sorted(erasures))
    )
    found = document(account, asked=True)
    gone = [seq for seq in rest if any(first <= seq < end for first, end in swept)]
    erased = [seq for seq in rest if seq not in gone and any(seq < other for other in erasures)]
    assert (found["expired"], found["erased"]) == (len(gone), len(erased))
    assert found["absent"] == len(rest) - len(gone) - len(erased)


def test_a_retention_says_nothing_of_what_comes_after_it() -> None:
    counting = contents.Counting((), asked=True, created="")
    for one in ledger().stored:
        counting.feed(one.seq - 5, parse(one.envelope))
    assert counting.account().swept == ()


@given(st.integers(0, 2**53), st.binary(min_size=32, max_size=32), st.binary(max_size=40))
def test_a_line_is_read_as_it_was_written(seq: int, salt: bytes, value: bytes) -> None:
    one = Content(seq=seq, salt=salt, keys="dk_1+dk_2", value=value)
    assert list(parsed([encode_line(one)[:-1]])) == [one]
    assert repr(one) == f"Content(seq={seq})"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b'{"bytes":"","keys":"","salt":""}',
        b'{"bytes":"","keys":"","salt":"","seq":true}',
        b'{"bytes":"","keys":"","salt":"","seq":"1"}',
        b'{"bytes":"","keys":1,"salt":"","seq":1}',
        b'{"bytes":"A","keys":"","salt":"","seq":1}',
        b'{"bytes":"","keys":"","salt":"","seq":1,"x":1}',
        b'{"bytes":"", "keys":"","salt":"","seq":1}',
    ],
)
def test_another_line_is_refused(line: bytes) -> None:
    with pytest.raises(FormatError):
        list(parsed([line]))


def test_content_under_a_destroyed_key_is_found_also_where_others_had_their_part() -> None:
    lines = [encode_line(opening(seq))[:-1] for seq in (0, 4)]
    contents.demand_not_erased(iter(lines), frozenset())
    contents.demand_not_erased(iter(lines), frozenset({"dk_an", "dk_annn"}))
    with pytest.raises(VerificationError, match=r"^record 4: content: an erasure on record has destroyed a key of it$"):
        contents.demand_not_erased(iter(lines), frozenset({"dk_bob"}))
