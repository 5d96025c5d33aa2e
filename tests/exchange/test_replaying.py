"""What the first pass has read of a stream becomes parts, and the second puts each part's text in its place."""

import pytest

from gateway.core.message import Part
from gateway.exchange.replaying import Collected, Replayed


@pytest.mark.parametrize(
    ("after", "text", "masked", "left", "rest"),
    [
        ("see ", "Roe", None, "see ", "Roe"),
        ("see ", "Roe now", "see [P] now", "see ", "[P] now"),
        ("Ann and ", "Roe now", "[P] and [P] now", "[P] and ", "[P] now"),
        ("Ann and ", "you now", "[P] and you now", "[P] and ", "you now"),
        ("see SSN 536-", "22-8731 now", "see SSN [US-SSN] now", "see SSN 536-", "[US-SSN] now"),
        ("Ann, SSN 536-", "22-8731 now", "[P], SSN [US-SSN] now", "[P], SSN 536-", "[US-SSN] now"),
    ],
)
def test_what_goes_on_with_a_text_that_has_left_is_read_with_it_and_given_without_it(
    after: str, text: str, masked: str | None, left: str, rest: str
) -> None:
    first = Collected()
    lane = first.lane("/a", apart=True, after=after)
    assert (lane.feed(text[:2]), lane.feed(text[2:]), lane.finish()) == ("", "", text)
    (part,) = first.parts()
    assert (part.text, part.cuts) == (after + text, (len(after), len(after) + 2))
    assert first.written == len(text)
    again = Replayed(first.texts, {} if masked is None else {"0": masked}, first.afters)
    assert again.lane("/a", after=left).finish() == rest


def test_each_lane_is_a_part_in_the_order_of_opening_and_is_given_again_at_its_end() -> None:
    lanes = Collected()
    one, two = lanes.lane("/a/content", prose=True), lanes.lane("/b", "mrn", apart=True)
    assert (one.feed("Hel"), one.feed("lo"), two.feed("4"), two.feed("48")) == ("", "", "", "")
    assert one.finish() == "Hello"
    assert lanes.unreadable("/c", "xx") == "xx"
    assert lanes.parts() == (
        Part("0", "Hello", label="content"),
        Part("1", "448", label="mrn", cuts=(1,)),
        Part("/c", "", "unreadable"),
    )
    assert lanes.prose == {"0": ""}
    assert lanes.written == 8
    again = Replayed(lanes.texts, {"1": "[MRN]"})
    first, second = again.lane("/a/content", prose=True), again.lane("/b")
    assert (first.feed("Hello"), first.finish(), second.finish()) == ("", "Hello", "[MRN]")
    assert again.unreadable("/c", "xx") == "xx"
