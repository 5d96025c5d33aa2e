"""Nothing leaves before its failpoint was passed."""

import pytest

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

    async def pause(self, name: str) -> None:
        self.told.append(name)


async def test_head_and_pieces_leave_after_their_failpoint_and_as_they_were() -> None:
    kept = Kept()
    releasing = Releasing(kept, kept.pause)
    assert (releasing.started, kept.started) == (False, False)
    await releasing.start(200, [("a", "b")])
    await releasing.write(b"one")
    await releasing.write(b"two", last=True)
    assert (releasing.started, kept.started) == (True, True)
    head: tuple[int, list[tuple[str, str]]] = (200, [("a", "b")])
    assert kept.told == [RELEASE, head, RELEASE, (b"one", False), RELEASE, (b"two", True)]
    releasing.started = False
    assert (releasing.started, kept.started) == (False, False)


async def test_what_fails_at_the_failpoint_has_not_left() -> None:
    async def fail(name: str) -> None:
        raise OSError(name)

    kept = Kept()
    releasing = Releasing(kept, fail)
    with pytest.raises(OSError, match=RELEASE):
        await releasing.start(200, [])
    with pytest.raises(OSError, match=RELEASE):
        await releasing.write(b"one")
    assert (kept.told, kept.started) == ([], False)
