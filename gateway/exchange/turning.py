"""Tokens on their way back: turned into what they stand for before an answer is decided on, as if an agent had said it.

Only for the caller whose exchange or session it is, since nobody else has its book; only in prose; and only those of
finding types that policy lets this caller receive as they are. Texts of one answer are read one by one and, in the
order in which they come, joined, as clients show them: what stays a token in either stays one. What is turned back is
classified and decided on like everything else that an agent says, and masked or withheld as that says.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from gateway.agents.prose import has_prose, prose, told_in
from gateway.checks.restoring import MAX_WORD, Restorer
from gateway.core.message import Message, Part
from gateway.core.ports import Lanes, TextFilter
from gateway.core.tokens import Book

May = Callable[[str], bool]
_WORD = re.compile(r"[^ \t\r\n]+")


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

    def places(self, document: object) -> dict[str, str]:
        """Where a whole answer may have tokens turned back, in order, and which of its answers each is part of."""
        return prose(self._message, document)

    def texts(
        self, parts: Sequence[Part], places: Mapping[str, str], may: May
    ) -> tuple[dict[str, str], list[Restorer]]:
        """The texts of these places that change, by pointer, and what counts them: `count` it if it is taken."""
        told: dict[str, list[Part]] = {}
        found: dict[str, list[Part]] = {}
        for part in parts:
            found.setdefault(part.pointer, []).append(part)
        for place, answer in places.items():
            told.setdefault(answer, []).extend(found.get(place, ()))
        changed: dict[str, str] = {}
        counting: list[Restorer] = []
        for texts in told.values():
            joined = Restorer(self._book, may=_ever)
            after = _goes_on([part.text for part in texts])
            for part, rest in zip(texts, after, strict=True):
                if part.kind != "text" or len(found[part.pointer]) > 1:  # nobody could say which of two is meant
                    joined.feed(part.text)
                    continue
                one = Restorer(self._book, may, joined)
                text = one.feed(part.text) + one.finish(rest)
                counting.append(one)
                if text != part.text:
                    changed[part.pointer] = text
        return changed, counting

    def count(self, counting: Sequence[Restorer]) -> None:
        self._done += counting

    def lanes(self, lanes: Lanes, may: May) -> Lanes:
        """Lanes of a stream, before which tokens in its prose are turned back."""
        return _Lanes(self, lanes, may)

    def restorer(self, may: May, joined: Restorer | None = None) -> Restorer:
        """For one text of a stream; `joined` reads all of them."""
        one = Restorer(self._book, may, joined)
        self._done.append(one)
        return one

    def joined(self) -> Restorer:
        """For all texts of one answer in a stream."""
        return Restorer(self._book, may=_ever)


def turning_of(message: Message | None, book: Book | None) -> Turning | None:
    """The way back for the answer to a message; None where there is no token to turn back, or no prose."""
    return Turning(message, book) if book and message is not None and has_prose(message) else None


def all_but(types: frozenset[str]) -> May:
    """Tokens of any finding type but these."""
    return lambda kind: kind not in types


class _Answer:
    """The texts of one answer in a stream. Two that come at the same time are in no order: nothing is turned back from
    then on."""

    def __init__(self, joined: Restorer, *, last: bool) -> None:
        self.joined, self.last = joined, last
        """Whether no text comes after the one that ends."""
        self._open = 0

    def begins(self) -> None:
        self._open += 1
        if self._open > 1:
            self.joined.spoil()

    def ends(self) -> str | None:
        """What the next text goes on with, as far as it is known."""
        self._open -= 1
        return "" if self.last else None


class _Lane:
    """A `TextFilter`: tokens are turned back, then the lane takes it."""

    def __init__(self, restorer: Restorer, inner: TextFilter, answer: _Answer) -> None:
        self._restorer, self.inner, self._answer = restorer, inner, answer
        answer.begins()

    def feed(self, text: str) -> str:
        return self.inner.feed(self._restorer.feed(text))

    def finish(self) -> str:
        rest = self._restorer.finish(self._answer.ends())
        return (self.inner.feed(rest) if rest else "") + self.inner.finish()


class _Lanes:
    """`Lanes` over others."""

    def __init__(self, turning: Turning, lanes: Lanes, may: May) -> None:
        self._turning, self._inner, self._may = turning, lanes, may
        self._known: dict[str, _Lane] = {}
        self._answers: dict[str, _Answer] = {}

    def lane(
        self,
        pointer: str,
        label: str = "",
        *,
        apart: bool = False,
        token: bool = False,
        prose: bool = False,
        after: str = "",
    ) -> TextFilter:
        inner = self._inner.lane(pointer, label, apart=apart, token=token, after=after)
        if not prose:
            return inner
        known = self._known.get(pointer)
        if known is None or known.inner is not inner:  # the one before was finished
            answer = self._answer(told_in(pointer))
            restorer = self._turning.restorer(self._may, answer.joined)
            known = self._known[pointer] = _Lane(restorer, inner, answer)
        return known

    def last(self) -> None:
        self._inner.last()
        for answer in self._answers.values():
            answer.last = True

    def _answer(self, name: str) -> _Answer:
        if name not in self._answers:
            # A choice says what it says in one text.
            self._answers[name] = _Answer(self._turning.joined(), last=bool(name))
        return self._answers[name]

    def unreadable(self, pointer: str, text: str) -> str:
        return self._inner.unreadable(pointer, text)


def _ever(kind: str) -> bool:
    """What policy lets nobody have says nothing of where a token stands."""
    return True


def _goes_on(texts: Sequence[str]) -> list[str]:
    """After each of these texts, what the next ones go on with before anything ends a word."""
    found: list[str] = []
    after = ""
    for text in reversed(texts):
        found.append(after)
        begins = _WORD.match(text)
        word = "" if begins is None else begins[0]
        after = (word + after if word == text else word)[: MAX_WORD + 1]
    return found[::-1]


def _total(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in counts:
        for kind, number in one.items():
            found[kind] = found.get(kind, 0) + number
    return dict(sorted(found.items()))
