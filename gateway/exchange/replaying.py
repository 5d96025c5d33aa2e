"""Lanes of a stream that is read whole before any of it leaves: its texts as parts, then the parts in their places."""

from collections.abc import Mapping, Sequence
from itertools import accumulate

from gateway.agents.prose import told_in
from gateway.core.message import Part, PartKind


class _Lane:
    """A lane that gives nothing until its end, and then its whole text. `apart`: its pieces may be read by
    themselves."""

    def __init__(self, end: str | None = None, *, apart: bool = False, after: str = "") -> None:
        self._pieces: list[str] = []
        self._end, self._apart, self.after = end, apart, after

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    @property
    def cuts(self) -> tuple[int, ...]:
        """As in `Part`."""
        pieces = ([self.after] if self.after else []) + (self._pieces if self._apart else [self.text])
        return tuple(accumulate(map(len, pieces[:-1])))

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
    def afters(self) -> list[str]:
        """What each of them goes on with."""
        return [lane.after for _, _, lane in self._lanes]

    @property
    def written(self) -> int:
        """Bytes of all of it in UTF-8."""
        return sum(len(text.encode("utf-8", "surrogatepass")) for text in self.texts)

    def lane(
        self,
        pointer: str,
        label: str = "",
        *,
        apart: bool = False,
        token: bool = False,
        prose: bool = False,
        after: str = "",
    ) -> _Lane:
        if prose:
            self.prose[str(len(self._lanes))] = told_in(pointer)
        kept = _Lane(apart=apart, after=after)
        self._lanes.append((label or pointer.rpartition("/")[2], "token" if token else "text", kept))
        return kept

    def last(self) -> None:
        """All texts are known before any of them is read."""

    def unreadable(self, pointer: str, text: str) -> str:
        self._unread.append(pointer)
        return text

    def parts(self) -> tuple[Part, ...]:
        """One part a lane, with what it goes on with before it; its pointer is its number, since a place may be opened
        more than once. What cannot be read comes after them."""
        return (
            *(
                Part(str(index), lane.after + lane.text, kind, label, cuts=lane.cuts)
                for index, (label, kind, lane) in enumerate(self._lanes)
            ),
            *(Part(pointer, "", "unreadable") for pointer in self._unread),
        )


class Replayed:
    """Lanes of the second pass: each gives, at its end, what the first pass's lane of the same number became."""

    def __init__(self, texts: list[str], masked: Mapping[str, str], afters: Sequence[str] = ()) -> None:
        """`texts` and `afters` of the first pass; none goes on with anything where there are no `afters`."""
        self._texts, self._masked, self._afters = texts, masked, afters or [""] * len(texts)
        self._next = 0

    def lane(
        self,
        pointer: str,
        label: str = "",
        *,
        apart: bool = False,
        token: bool = False,
        prose: bool = False,
        after: str = "",
    ) -> _Lane:
        number, self._next = self._next, self._next + 1
        text, before = self._texts[number], self._afters[number]
        masked = self._masked.get(str(number))
        if masked is None or not before:
            return _Lane(text if masked is None else masked)
        return _Lane(_going_on(after or before, text, masked))

    def last(self) -> None:
        """What texts became is known."""

    def unreadable(self, pointer: str, text: str) -> str:
        """The answer was released as it is, with what cannot be read in it: such an answer is never masked."""
        return text


def _going_on(after: str, text: str, masked: str) -> str:
    """What is left to say of a text that goes on with `after`, as that has left before, once both are `masked` as one:
    always an end of that, so nothing unmasked. Where a mask lies over both, some words may be said twice."""
    if masked.endswith(text):
        return text
    same = next((at for at, (one, other) in enumerate(zip(after, masked, strict=False)) if one != other), None)
    return masked[min(len(after), len(masked)) if same is None else same :]
