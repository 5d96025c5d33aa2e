"""What the first pass has read of a stream becomes parts, and the second puts each part's text in its place."""

from gateway.core.message import Part
from gateway.exchange.replaying import Collected, Replayed


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
