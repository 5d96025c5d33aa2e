"""Tokens on their way back: turned into what they stand for before an answer is decided on, as if an agent had said it.

Only for the caller whose exchange or session it is, since nobody else has its book; only in prose; and only those of
finding types that policy lets this caller receive as they are. What is turned back is classified and decided on like
everything else that an agent says, and masked or withheld as that says.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from gateway.agents.prose import has_prose, prose
from gateway.checks.restoring import Restorer
from gateway.core.message import Message, Part
from gateway.core.ports import Lanes, TextFilter
from gateway.core.tokens import Book

May = Callable[[str], bool]


class Turned(msgspec.Struct, frozen=True, kw_only=True):
    """What became of tokens in an answer: by finding type those `back` and those `kept` as they are, and how many
    `foreign` words only look like tokens."""

    back: Mapping[str, int]
    kept: Mapping[str, int]
    foreign: int

    @property
    def totals(self) -> dict[str, int]:
        """How many of each, whatever their types."""
        return {"back": sum(self.back.values()), "kept": sum(self.kept.values()), "foreign": self.foreign}


class Turning:
    """The way back of one exchange's tokens."""

    def __init__(self, message: Message, book: Book) -> None:
        self._message, self._book = message, book
        self._done: list[Restorer] = []

    @property
    def turned(self) -> Turned:
        """What became of them so far."""
        return Turned(
            back=_total(one.back for one in self._done),
            kept=_total(one.kept for one in self._done),
            foreign=sum(one.foreign for one in self._done),
        )

    def places(self, document: object) -> frozenset[str]:
        """Where a whole answer may have tokens turned back."""
        return prose(self._message, document)

    def texts(self, parts: Sequence[Part], places: frozenset[str], may: May) -> tuple[dict[str, str], list[Restorer]]:
        """The texts of these places that change, by pointer, and what counts them: `count` it if it is taken."""
        changed: dict[str, str] = {}
        counting: list[Restorer] = []
        seen: dict[str, int] = {}
        for part in parts:
            seen[part.pointer] = seen.get(part.pointer, 0) + 1
        for part in parts:
            if part.pointer not in places or part.kind != "text" or seen[part.pointer] > 1:
                continue
            one = Restorer(self._book, may)
            text = one.feed(part.text) + one.finish()
            counting.append(one)
            if text != part.text:
                changed[part.pointer] = text
        return changed, counting

    def count(self, counting: Sequence[Restorer]) -> None:
        self._done += counting

    def lanes(self, lanes: Lanes, may: May) -> Lanes:
        """Lanes of a stream, before which tokens in its prose are turned back."""
        return _Lanes(self, lanes, may)

    def restorer(self, may: May) -> Restorer:
        """For one text of a stream."""
        one = Restorer(self._book, may)
        self._done.append(one)
        return one


def turning_of(message: Message | None, book: Book | None) -> Turning | None:
    """The way back for the answer to a message; None where there is no token to turn back, or no prose."""
    return Turning(message, book) if book and message is not None and has_prose(message) else None


def all_but(types: frozenset[str]) -> May:
    """Tokens of any finding type but these."""
    return lambda kind: kind not in types


class _Lane:
    """A `TextFilter`: tokens are turned back, then the lane takes it."""

    def __init__(self, restorer: Restorer, inner: TextFilter) -> None:
        self._restorer, self.inner = restorer, inner

    def feed(self, text: str) -> str:
        return self.inner.feed(self._restorer.feed(text))

    def finish(self) -> str:
        rest = self._restorer.finish()
        return (self.inner.feed(rest) if rest else "") + self.inner.finish()


class _Lanes:
    """`Lanes` over others."""

    def __init__(self, turning: Turning, lanes: Lanes, may: May) -> None:
        self._turning, self._inner, self._may = turning, lanes, may
        self._known: dict[str, _Lane] = {}

    def lane(
        self, pointer: str, label: str = "", *, apart: bool = False, token: bool = False, prose: bool = False
    ) -> TextFilter:
        inner = self._inner.lane(pointer, label, apart=apart, token=token)
        if not prose:
            return inner
        known = self._known.get(pointer)
        if known is None or known.inner is not inner:  # the one before was finished
            known = self._known[pointer] = _Lane(self._turning.restorer(self._may), inner)
        return known

    def unreadable(self, pointer: str, text: str) -> str:
        return self._inner.unreadable(pointer, text)


def _total(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in counts:
        for kind, number in one.items():
            found[kind] = found.get(kind, 0) + number
    return dict(sorted(found.items()))
