"""What stands beside a message is looked at too, whoever wrote it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents.around import around
from gateway.core.message import Inbound, Part

from .support import SSN, inbound


def request(query: str = "", *headers: tuple[str, str]) -> Inbound:
    return Inbound(method="POST", path="/v1/chat/completions", query=query, headers=headers, body=b"{}")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (request("who=Ann%20Lee&x"), [Part("query", "who: Ann Lee\nx: ")]),
        (request("a=%zz"), [Part("query", "a=%zz")]),
        (request("", ("cookie", f"who={SSN}; theme=dark")), [Part("header:cookie", f"who: {SSN}\ntheme: dark")]),
        (request("", ("baggage", "user=ann%40a.test")), [Part("header:baggage", "user=ann%40a.test")]),
        (request("", ("baggage", "a=1"), ("baggage", "b=2")), [Part("header:baggage", "a=1\nb=2")]),
        (request("", ("idempotency-key", f"order-{SSN}")), [Part("header:idempotency-key", f"order-{SSN}")]),
        (request("", ("cookie", ""), ("x-other", SSN), ("authorization", "Bearer x")), []),
        (request(), []),
    ],
)
def test_each_place_beside_a_message_is_a_part(asked: Inbound, expected: list[Part]) -> None:
    assert list(around(asked, ())) == expected


def test_a_query_that_is_among_the_messages_own_parts_is_not_read_twice() -> None:
    assert around(request("a=1"), (Part("query:a", "1", "text", "a"),)) == ()


def test_the_callers_session_is_no_secret_of_the_messages() -> None:
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
    (part,) = around(request("", ("cookie", f"session={jwt}; iban=DE89370400440532013000; lb={'AbC1' * 30}")), ())
    assert part.text == "session\niban: DE89370400440532013000\nlb"


@given(st.text(), st.text())
def test_any_request_can_be_looked_at(query: str, value: str) -> None:
    asked = inbound(query=query, headers={"cookie": value, "baggage": value, "idempotency-key": value})
    for part in around(asked, ()):
        assert part.kind == "text"
        assert part.text
