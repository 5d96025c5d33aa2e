"""What is known of a request: its own headers, its trace, its classes."""

import pytest

from gateway.core.finding import Scan
from gateway.exchange.exchange import Classified, own_headers
from tests.exchange.making import arrival, exchange, route

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
    assert exchange().headers.route is None


def test_classes_are_those_of_every_source_and_of_the_agents_floor_and_public_where_there_is_none() -> None:
    scan = Scan(parts=(), classes=frozenset(), scanned="full")
    some = Classified(scan=scan, found=("pii",), declared=("phi",), inherited=("pci",), floor=("pii",))
    assert some.classes() == ("pci", "phi", "pii")
    assert some.classes(route(floor=("internal",))) == ("internal", "pci", "phi", "pii")
    none = Classified(scan=scan, found=(), declared=(), inherited=(), floor=())
    assert none.classes() == ("public",)


def test_a_credential_header_that_is_there_twice_repeats_even_with_one_value() -> None:
    twice = own_headers(arrival(("authorization", "a"), ("authorization", "a"), ("x-api-key", "b")))
    assert twice.repeats_a_credential
    assert not own_headers(arrival(("authorization", "a"), ("x-api-key", "b"))).repeats_a_credential


@pytest.mark.parametrize("name", ["x-purpose", "x-route", "x-receipt", "idempotency-key"])
def test_a_header_that_says_one_thing_is_repeated_where_it_says_two(name: str) -> None:
    assert own_headers(arrival((name, "a"), (name, "b"))).repeated == name
    assert own_headers(arrival((name, "a"), ("x-data-class", "b"), (name, "a"))).repeated is None


def test_a_list_header_is_the_same_in_one_line_or_in_several_without_repeats_and_empty_items() -> None:
    joined = own_headers(arrival(("x-data-class", " phi, pii ,,phi,")))
    apart = own_headers(arrival(("x-data-class", "phi"), ("x-purpose", "no"), ("x-data-class", "pii")))
    assert joined.declared == apart.declared == ("phi", "pii")
    assert joined.subjects == ()


def test_of_a_header_that_stands_for_one_value_the_first_counts() -> None:
    headers = exchange(
        ("x-purpose", "TREAT"), ("x-purpose", "HMARKT"), ("x-route", "exact"), ("x-route", "any")
    ).headers
    assert (headers.purpose, headers.exact) == ("TREAT", True)


def test_what_an_exchange_has_taken_is_given_back_once_the_last_first() -> None:
    one, given = exchange(), list[str]()
    one.held.append(lambda: given.append("lease"))
    one.held.append(lambda: given.append("place"))
    one.give_back()
    one.give_back()
    assert given == ["place", "lease"]


def test_what_it_has_taken_for_a_decision_is_given_back_where_it_is_decided_again() -> None:
    one, given = exchange(), list[str]()
    one.held += [lambda: given.append("lease"), lambda: given.append("quota"), lambda: given.append("place")]
    one.intended, one.agent_tls = True, "TLSv1.3 TLS_AES_256_GCM_SHA384"
    one.give_back_to(1)
    one.give_back_to(1)
    assert (given, one.place, one.reservation, one.intended) == (["place", "quota"], None, None, False)
    told: str | None = getattr(one, "agent_tls")  # noqa: B009 — not what it was set to above
    assert told is None, "no agent was asked yet"
    one.give_back()
    assert given[-1] == "lease"


def test_an_exchange_that_is_printed_shows_nothing_of_what_the_caller_sent() -> None:
    one = exchange(("authorization", "Bearer swordfish"), ("x-data-subject", "MRN 123"))
    assert repr(one) == "Exchange(ex_1)"
