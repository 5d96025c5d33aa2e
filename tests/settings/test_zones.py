"""Zones lie in broader ones, however many there are between."""

import pytest

from gateway.settings.zones import Zone, lies_in

ZONES = (
    Zone(id="campus"),
    Zone(id="in-house", within="campus"),
    Zone(id="ward", within="in-house"),
    Zone(id="cloud"),
    Zone(id="a", within="b"),
    Zone(id="b", within="a"),
)


@pytest.mark.parametrize(
    ("inner", "outer", "lies"),
    [
        ("ward", "ward", True),
        ("ward", "in-house", True),
        ("ward", "campus", True),
        ("campus", "ward", False),
        ("cloud", "campus", False),
        ("unknown", "campus", False),
        ("unknown", "unknown", True),
        ("a", "b", True),
        ("a", "campus", False),
    ],
)
def test_a_zone_lies_in_itself_and_in_all_that_are_broader(inner: str, outer: str, lies: bool) -> None:
    assert lies_in(ZONES, inner, outer) is lies
