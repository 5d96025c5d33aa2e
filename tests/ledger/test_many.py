"""Records parsed together are those that are parsed one by one, and no others."""

from typing import Any

import pytest
from hypothesis import given, settings

from gateway.core.canonical import encode
from gateway.core.errors import FormatError
from gateway.ledger import many
from gateway.ledger.many import parse_all
from gateway.ledger.record import parse
from tests.evidence.test_glance import DOCUMENT, EDGES, WHOLE
from tests.evidence.test_plain import RECORDS, VALUES, damaged_records, places, replaced

GOLDEN = list(RECORDS.values())
DATES = [f"{date}T00:00:00.000000Z" for date in ("2024-02-29", "2023-02-29", "0000-01-01", "2026-13-01")]
TIMES = [*DATES, "2026-11-24T24:00:00.000000Z", "2026-11-24T01:02:03.000004z", "2026-11-24T01:02:03.00004Z "]
BASE64 = ["A" * 43 + "=", "A" * 42 + "B=", "A" * 44, "=" + "A" * 43, "A" * 42 + "-=", "A" * 42 + "é=", "A" * 43 + "\n"]


def held(data: bytes) -> bool:
    """Whether it holds together with others, without anybody going over them one by one."""
    records = [GOLDEN[0], data, GOLDEN[1]]
    return many._held(records) is not None


def holds(data: bytes) -> bool:
    try:
        parse(data)
    except FormatError:
        return False
    return True


def test_what_holds_is_read_as_one_by_one() -> None:
    found = parse_all(GOLDEN)
    assert found == [parse(record) for record in GOLDEN]
    assert many._held(GOLDEN) == found  # together, and not one by one
    assert parse_all([]) == []


def test_together_and_alone_agree_on_any_value_in_any_place() -> None:
    lengths = [0, 1, 26, 27, 28, 43, 44, 45, 64, 65, 128, 129, 256, 257]
    values = [*VALUES, *("x" * length for length in lengths), *TIMES, *BASE64, {"é": 1}, {"a\\": 1}, {"é": "x"}]
    for path in places(DOCUMENT):
        for value in values:
            data = encode(replaced(DOCUMENT, path, value)) if "é" not in str(value) else _foreign(path, value)
            assert held(data) == holds(data), (path, value)


def _foreign(path: tuple[Any, ...], value: Any) -> bytes:
    """With keys that are no ASCII, which canonical JSON has not."""
    written = '{"é":1}' if value == {"é": 1} else '{"é":"x"}' if value == {"é": "x"} else encode(value).decode()
    return encode(replaced(DOCUMENT, path, "hole-of-the-test")).replace(b'"hole-of-the-test"', written.encode())


def test_together_and_alone_agree_on_every_byte_that_is_gone_doubled_or_exchanged() -> None:
    for at in range(len(WHOLE)):
        before, byte, after = WHOLE[:at], WHOLE[at : at + 1], WHOLE[at + 1 :]
        for damaged in (before + after, before + byte + byte + after, before + after[:1] + byte + after[1:]):
            assert held(damaged) == holds(damaged), damaged


@pytest.mark.parametrize("inserted", [*'",:{}[]\\0 \n\x7fé', "\\n", "\r\n", '"a":1,'])
def test_together_and_alone_agree_wherever_something_is_put_in(inserted: str) -> None:
    for at in EDGES:
        data = WHOLE[:at] + inserted.encode() + WHOLE[at:]
        assert held(data) == holds(data), at


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("range",), [2, 1], "range must not end before it starts"),
        (("event",), "exchange.unknown", "event must be one of the known events"),
        (("recorded_at",), "2026-02-30T00:00:00.000000Z", "a date that the calendar does not have"),
        (("v",), 2, "v must be 1"),
        (("detail",), "secret".rjust(44, "-"), "Expected a text of the field's fixed form - at detail"),
        (("prev",), "A" * 44, "Expected a text of the field's fixed form - at prev"),
        (("request", "commitment"), "A" * 44, "Expected a text of the field's fixed form - at request.commitment"),
        (("response", "commitment"), "A" * 44, "Expected a text of the field's fixed form - at response.commitment"),
        (("occurred_at",), "A" * 27, "Expected a text of the field's fixed form - at occurred_at"),
        (("recorded_at",), "A" * 27, "Expected a text of the field's fixed form - at recorded_at"),
    ],
)
def test_what_does_not_hold_is_told_as_it_is_alone(path: tuple[str, ...], value: Any, said: str) -> None:
    data = encode(replaced(DOCUMENT, path, value))
    with pytest.raises(FormatError, match=f"^{said}$"):
        parse_all([GOLDEN[0], data, b"", GOLDEN[1]])
    with pytest.raises(FormatError, match=f"^{said}$"):
        parse(data)


def test_two_records_in_the_place_of_one_are_none() -> None:
    both = b"\n".join(GOLDEN[:2])
    for records in ([both], [both, GOLDEN[2]], [GOLDEN[0] + b"\n", GOLDEN[1]], [GOLDEN[0], b"\n" + GOLDEN[1]]):
        with pytest.raises(FormatError):
            parse_all(records)


@settings(max_examples=200, deadline=None)
@given(damaged_records())
def test_together_and_alone_agree_on_any_damaged_record(data: bytes) -> None:
    assert held(data) == holds(data)
