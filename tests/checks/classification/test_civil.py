"""Checks of further numbers of people: published samples hold, the same with one sign changed do not."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.checks.classification.civil import CHECKS

GOOD = [
    ("pan", "ABCPE1234F"), ("pan", "abcpe1234f"), ("epic", "WKH1186253"), ("vid", "2341 2341 2341 2341"),
    ("utr", "1955839661"), ("utr", "19558 39661K"), ("upn", "B801200005001"), ("nip", "856-734-62-15"),
    ("nif", "501 964 843"), ("cpr", "211062-5629"), ("fodselsnummer", "151086 95088"), ("ird", "49-091-850"),
    ("ahv", "756.9217.0769.85"), ("rijksregister", "85.07.30-033 28"), ("rijksregister", "98.47.28-997.65"),
    ("card_number", "EM0000000"),
]  # fmt: skip
BAD = [
    ("pan", "ABCXE1234F"), ("pan", "ABCPE0000F"), ("epic", "WKH1186254"), ("vid", "2341 2341 2341 2342"),
    ("utr", "2955839661"), ("utr", "0000000000"), ("upn", "A801200005001"), ("nip", "856-734-62-16"),
    ("nif", "501 964 842"), ("cpr", "311362-5629"), ("fodselsnummer", "151086 95087"), ("ird", "49-091-851"),
    ("ahv", "756.9217.0769.84"), ("rijksregister", "85.07.30-033 29"), ("card_number", "20240311"),
    ("card_number", "AB123"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text"), GOOD)
def test_a_published_sample_holds_whole(name: str, text: str) -> None:
    verdict = CHECKS[name](text)
    assert verdict is not None
    assert verdict[1:] == (0, len(text))


@pytest.mark.parametrize(("name", "text"), BAD)
def test_what_is_not_one_does_not(name: str, text: str) -> None:
    assert CHECKS[name](text) is None


@given(st.text(max_size=20))
@example("")
@example("²²²²²²²²²²")
def test_no_text_makes_a_check_fail(text: str) -> None:
    for check in CHECKS.values():
        check(text)
