"""Finds the words of lexicons in a text: whole, whatever their case, a plural `s` allowed (Aho and Corasick 1975)."""

from collections.abc import Iterable

from ahocorasick import Automaton

from gateway.checks.classification.recognizer import Lexicon

Places = dict[str, list[tuple[int, int]]]
"""Lexicon → where its words stand, by their end."""


class Words:
    """The words of some lexicons. Immutable after construction; may be shared between threads."""

    def __init__(self, lexicons: Iterable[Lexicon]) -> None:
        by_word: dict[str, list[str]] = {}
        for lexicon in lexicons:
            for word in lexicon.words:
                by_word.setdefault(word, []).append(lexicon.id)
        self._automaton: Automaton = Automaton()
        for word, ids in by_word.items():
            self._automaton.add_word(word, (len(word), word[0].isalnum(), word[-1].isalnum(), tuple(ids)))
        self._automaton.make_automaton()
        self._empty = not by_word

    def places(self, text: str, first: int, last: int) -> Places:
        """The words that lie in `text[first:last]`; what is around it says whether they are whole."""
        near: Places = {}
        if self._empty:
            return near
        before, after = max(0, first - 1), last + 2
        lowered = lower(text[before:after])
        length = len(lowered)
        low, high = first - before, last - before
        for index, (size, opens, closes, ids) in self._automaton.iter(lowered):
            end = index + 1
            start = end - size
            if start < low or (opens and start and lowered[start - 1].isalnum()):
                continue
            if closes and end < length and lowered[end].isalnum():
                if lowered[end] != "s" or (end + 1 < length and lowered[end + 1].isalnum()):
                    continue
                end += 1
            if end > high:
                continue
            for name in ids:
                near.setdefault(name, []).append((start + before, end + before))
        return near


def lower(text: str) -> str:
    """The text in lower case, each character still one."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(character.lower() if len(character.lower()) == 1 else character for character in text)
