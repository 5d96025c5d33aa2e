"""Headers of a request are read as they came, and the first of a name counts."""

from gateway.exchange.arrival import Through
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


async def test_what_goes_through_a_responder_reaches_the_one_behind_it() -> None:
    told: list[object] = []

    class Kept:
        started = False

        async def start(self, status: int, headers: list[tuple[str, str]]) -> None:
            self.started = True
            told.append((status, headers))

        async def write(self, data: bytes, *, last: bool = False) -> None:
            told.append((data, last))

    kept = Kept()
    through = Through(kept)
    assert (through.started, kept.started) == (False, False)
    await through.start(200, [("a", "b")])
    await through.write(b"one")
    await through.write(b"two", last=True)
    assert (through.started, kept.started) == (True, True)
    through.started = False
    assert (through.started, kept.started) == (False, False)
    head: tuple[int, list[tuple[str, str]]] = (200, [("a", "b")])
    assert told == [head, (b"one", False), (b"two", True)]
