"""Lanes of a stream that is read whole before any of it leaves: its texts as parts, then the parts in their places."""

from collections.abc import Mapping
from itertools import accumulate

from gateway.agents.prose import told_in
from gateway.core.message import Part, PartKind


class _Lane:
    """A lane that gives nothing until its end, and then its whole text. `apart`: its pieces may be read by
    themselves."""

    def __init__(self, end: str | None = None, *, apart: bool = False) -> None:
        self._pieces: list[str] = []
        self._end, self._apart = end, apart

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    @property
    def cuts(self) -> tuple[int, ...]:
        """As in `Part`."""
        return tuple(accumulate(map(len, self._pieces[:-1]))) if self._apart else ()

    def feed(self, text: str) -> str:
        self._pieces.append(text)
        return ""

    def finish(self) -> str:
        return self.text if self._end is None else self._end


class Collected:
    """Lanes of the first pass: every text, in the order in which the lanes were opened."""

    def __init__(self) -> None:
        self._lanes: list[tuple[str, PartKind, _Lane]] = []
        """Label, kind of part, and lane."""
        self._unread: list[str] = []
        self.prose: dict[str, str] = {}
        """Pointers of the parts that are prose, and which of several answers each is part of."""

    @property
    def texts(self) -> list[str]:
        return [lane.text for _, _, lane in self._lanes]

    @property
    def written(self) -> int:
        """Bytes of all of it in UTF-8."""
        return sum(len(text.encode("utf-8", "surrogatepass")) for text in self.texts)

    def lane(
        self, pointer: str, label: str = "", *, apart: bool = False, token: bool = False, prose: bool = False
    ) -> _Lane:
        if prose:
            self.prose[str(len(self._lanes))] = told_in(pointer)
        kept = _Lane(apart=apart)
        self._lanes.append((label or pointer.rpartition("/")[2], "token" if token else "text", kept))
        return kept

    def last(self) -> None:
        """All texts are known before any of them is read."""

    def unreadable(self, pointer: str, text: str) -> str:
        self._unread.append(pointer)
        return text

    def parts(self) -> tuple[Part, ...]:
        """One part a lane; its pointer is its number, since a place may be opened more than once. What cannot be read
        comes after them."""
        return (
            *(
                Part(str(index), lane.text, kind, label, cuts=lane.cuts)
                for index, (label, kind, lane) in enumerate(self._lanes)
            ),
            *(Part(pointer, "", "unreadable") for pointer in self._unread),
        )


class Replayed:
    """Lanes of the second pass: each gives, at its end, what the first pass's lane of the same number became."""

    def __init__(self, texts: list[str], masked: Mapping[str, str]) -> None:
        self._ends = [masked.get(str(index), text) for index, text in enumerate(texts)]
        self._next = 0

    def lane(
        self, pointer: str, label: str = "", *, apart: bool = False, token: bool = False, prose: bool = False
    ) -> _Lane:
        end = self._ends[self._next]
        self._next += 1
        return _Lane(end)

    def last(self) -> None:
        """What texts became is known."""

    def unreadable(self, pointer: str, text: str) -> str:
        """The answer was released as it is, with what cannot be read in it: such an answer is never masked."""
        return text
