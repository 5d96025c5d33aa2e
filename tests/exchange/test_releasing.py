"""Nothing leaves before its failpoint was passed."""

from gateway.exchange.releasing import RELEASE, Releasing


class Kept:
    def __init__(self) -> None:
        self.started = False
        self.told: list[object] = []

    async def start(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.started = True
        self.told.append((status, headers))

    async def write(self, data: bytes, *, last: bool = False) -> None:
        self.told.append((data, last))


async def test_each_piece_leaves_after_its_failpoint_and_as_it_was() -> None:
    kept = Kept()

    async def pause(name: str) -> None:
        kept.told.append(name)

    releasing = Releasing(kept, pause)
    assert (releasing.started, kept.started) == (False, False)
    await releasing.start(200, [("a", "b")])
    await releasing.write(b"one")
    await releasing.write(b"two", last=True)
    assert (releasing.started, kept.started) == (True, True)
    assert kept.told == [(200, [("a", "b")]), RELEASE, (b"one", False), RELEASE, (b"two", True)]
    releasing.started = False
    assert (releasing.started, kept.started) == (False, False)
