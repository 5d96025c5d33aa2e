import pytest

from gateway.ledger.media import KNOWN, OTHER, media_type


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("application/json", "application/json"),
        ("Application/JSON; charset=utf-8", "application/json"),
        (" text/plain\t;x=1", "text/plain"),
        (None, None),
        ("", OTHER),
        ("x-john/doe", OTHER),
        ("application/json\x00", OTHER),
        ("a" * 100_000, OTHER),
    ],
)
def test_only_listed_media_types_reach_a_record(header: str | None, expected: str | None) -> None:
    assert media_type(header) == expected


def test_the_list_fits_the_field() -> None:
    assert all(name == name.lower() and len(name) <= 128 for name in KNOWN)
