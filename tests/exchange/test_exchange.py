"""What is known of a request: its own headers, its trace, its classes."""

import pytest

from gateway.core.finding import Scan
from gateway.exchange.exchange import Classified
from tests.exchange.making import exchange, route

GIVEN = "0af7651916cd43dd8448eb211c80319c"


def test_a_trace_that_the_caller_brings_goes_on_under_a_span_of_its_own() -> None:
    one = exchange(("traceparent", f"00-{GIVEN}-b7ad6b7169203331-00"))
    assert one.traceparent == f"00-{GIVEN}-{'2' * 16}-01"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        f"00-{GIVEN}-{'0' * 16}-01",
        f"00-{GIVEN.upper()}-b7ad6b7169203331-01",
        f"00-{GIVEN}-b7ad6b7169203331-01\n",
        f"x00-{GIVEN}-b7ad6b7169203331-01",
        "Jane Roe",
    ],
)
def test_a_trace_that_is_not_of_the_form_is_replaced_not_passed_on(given: str) -> None:
    assert exchange(("traceparent", given)).trace == "1" * 32


def test_its_own_headers_are_taken_as_they_are_and_exact_in_any_case() -> None:
    headers = exchange(
        ("x-purpose", "TREAT"), ("x-data-class", "phi,pii"), ("x-route", " Exact "), ("idempotency-key", "k 1")
    ).headers
    assert (headers.purpose, headers.declared, headers.subjects) == ("TREAT", ("phi", "pii"), ())
    assert (headers.exact, headers.idempotency) == (True, "k 1")
    assert exchange(("x-route", "exactly")).headers.exact is False


def test_classes_are_those_of_every_source_and_of_the_agents_floor_and_public_where_there_is_none() -> None:
    scan = Scan(parts=(), classes=frozenset(), scanned="full")
    some = Classified(scan=scan, found=("pii",), declared=("phi",), inherited=("pci",), floor=("pii",))
    assert some.classes() == ("pci", "phi", "pii")
    assert some.classes(route(floor=("internal",))) == ("internal", "pci", "phi", "pii")
    none = Classified(scan=scan, found=(), declared=(), inherited=(), floor=())
    assert none.classes() == ("public",)
