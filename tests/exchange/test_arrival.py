"""Headers of a request are read as they came, and the first of a name counts."""

from tests.exchange.making import arrival


def test_the_first_value_of_a_header_counts_and_an_absent_one_is_none() -> None:
    one = arrival(("x-purpose", "TREAT"), ("x-purpose", "HMARKT"), ("empty", ""))
    assert one.header("x-purpose") == "TREAT"
    assert one.header("empty") == ""
    assert one.header("x-route") is None


async def test_a_body_is_read_only_when_it_is_asked_for() -> None:
    read: list[str] = []

    async def body() -> bytes:
        read.append("read")
        return b"x"

    one = arrival(body=body)
    assert read == []
    assert await one.body() == b"x"
