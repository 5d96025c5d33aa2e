"""Finds the words of lexicons in a text: whole, whatever their case, a plural `s` allowed (Aho and Corasick 1975)."""

from collections.abc import Iterable

from ahocorasick import Automaton

from gateway.checks.classification.recognizer import LONGEST, Lexicon

Places = dict[str, list[tuple[int, int]]]
"""Lexicon → where its words stand, by their end."""


_NONE: frozenset[str] = frozenset()


class Words:
    """The words of some lexicons. Immutable after construction; may be shared between threads."""

    def __init__(self, lexicons: Iterable[Lexicon]) -> None:
        by_word: dict[str, list[str]] = {}
        context: set[str] = set()
        for lexicon in lexicons:
            if lexicon.type is None:
                context.add(lexicon.id)
            for word in lexicon.words:
                by_word.setdefault(word, []).append(lexicon.id)
        self._automaton: Automaton = Automaton()
        for word, ids in by_word.items():
            other = {name for end in _ends(word) for name in by_word.get(end, ())} & context - set(ids)
            self._automaton.add_word(
                word, (len(word), word[0].isalnum(), word[-1].isalnum(), tuple(ids), frozenset(other))
            )
        self._automaton.make_automaton()
        self._empty = not by_word

    def places(self, text: str, first: int, last: int) -> Places:
        """The words that lie in `text[first:last]`; what is around it says whether they are whole.

        What ends a longer word of another lexicon is not meant: a `social insurance number` is no `insurance number`.
        """
        near: Places = {}
        if self._empty:
            return near
        before, after = max(0, first - LONGEST - 1), last + 2
        lowered = lower(text[before:after])
        length = len(lowered)
        low, high = first - before, last - before
        ended, other = -1, _NONE
        # Of words that end together, the longest comes first.
        for index, (size, opens, closes, ids, shorter) in self._automaton.iter(lowered):
            end = index + 1
            start = end - size
            if (start < low and not shorter) or (opens and start and lowered[start - 1].isalnum()):
                continue
            if closes and end < length and lowered[end].isalnum():
                if lowered[end] != "s" or (end + 1 < length and lowered[end + 1].isalnum()):
                    continue
                end += 1
            hidden = other if ended == index else _NONE
            if shorter:
                ended, other = index, hidden | shorter
            if start < low or end > high:
                continue
            for name in ids:
                if name not in hidden:
                    near.setdefault(name, []).append((start + before, end + before))
        return near


def _ends(word: str) -> list[str]:
    """What a phrase ends with: whole words of it, but not all."""
    return [word[place:] for place in range(1, len(word)) if not word[place - 1].isalnum()]


def lower(text: str) -> str:
    """The text in lower case, each character still one."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(character.lower() if len(character.lower()) == 1 else character for character in text)
