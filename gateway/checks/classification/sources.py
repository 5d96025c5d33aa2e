"""Reads the source of a pattern, as far as it takes to search with it cheaply. What is not understood is never wrong:
the answer is then that nothing is known."""

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

from gateway.checks.classification.normalise import UNDER

_ENDS = ("", r"\b")
"""What may follow the group of a pattern that is taken apart: nothing that has a width."""
_COMMON = frozenset(b" abcdefghijklmnopqrstuvwxyz")
"""Bytes that stand in every text: to look for one tells nothing."""
_TOKEN = re.compile(r"\\x.{0,2}|\\.?|\[\^?\]?(?:\\.?|[^\]\\])*\]?|\{[^}]*\}|.", re.DOTALL)
"""An escape, a character class (a bracket right after its beginning is a member), a repetition, or a character; the
sources are those of recognizers, which whoever runs the gateway has written."""
_PLAIN = re.compile(rf"[^\\\[{{_]+|{_TOKEN.pattern}", re.DOTALL)
"""The same, but what is written as it is meant is one token however long: sources are lists of words for the most
part."""
_INSIDE = re.compile(rf"[^\\\[{{()]+|{_TOKEN.pattern}", re.DOTALL)
"""The same, within a group, where only its end is sought."""
_LAZY = re.compile(r"\[\^?[^\]\[\\]+\]\{0,[0-9]+\}\?\\b")
_LOW, _UNDER = ord("_"), ord(UNDER)
_LOWS = frozenset(("_", r"\_", r"\x5f", r"\x5F"))
_NO_WORD = r"\W"
_ANCHORS = frozenset(("\\A", "\\z", "^", "$"))


def over_shadow(source: str, members: Callable[[str], frozenset[int]]) -> str:
    r"""The source as it is meant, for a shadow, in which another byte stands for `_` (`normalise.UNDER`): what matches
    `_` matches that, what does not does not, and `\b` is a border beside it. `members` as in `needed`, of sources as
    they are written."""
    return "".join([_over(token, members) for token in _PLAIN.findall(source)])


def _over(token: str, members: Callable[[str], frozenset[int]]) -> str:
    if token.startswith("[") and token.endswith("]"):
        matched, negated = members(token), token.startswith("[^")
        if _LOW in matched and _UNDER not in matched:
            return f"(?:{token}|{UNDER})" if negated else f"[{UNDER}{_inside(token[1:-1])}]"
        # One that is of control characters goes on matching that of `_`: nothing in text tells them apart.
        return f"[^{UNDER}{_inside(token[2:-1])}]" if negated and _LOW not in matched else token
    if token in (r"\w", r"\W"):
        return f"[{'^' if token == _NO_WORD else ''}\\w{UNDER}]"
    return UNDER if token in _LOWS else token


def _inside(members: str) -> str:
    """A bracket right after the beginning of a class is a member, and would be its end after another one."""
    return "\\]" + members[1:] if members.startswith("]") else members


def pieces(source: str) -> tuple[str, str] | None:
    """A pattern as what comes before its one group, and the group with what ends it; None where it is not made so: an
    alternative outside of all groups, the group within another, something with a width after it."""
    parts = list(_parts(source))
    begin = next((place for place, piece in parts if piece.startswith("(") and not piece.startswith("(?")), None)
    if begin is None or _flagged(source) or any(piece == "|" for _, piece in parts):
        return None
    group = next(piece for place, piece in parts if place == begin)
    end = source[begin + len(group) :]
    return (source[:begin], f"(?:{group[1:-1]}){end}") if end in _ENDS else None


def is_lazy(lead: str) -> bool:
    """Whether what comes before a group is nothing but characters of one class, as few as there can be, and a border of
    a word: what follows is then where it first can be, if it is as near."""
    return _LAZY.fullmatch(lead) is not None


def needed(source: str, members: Callable[[str], frozenset[int]]) -> bytes:
    """Bytes of which every match holds one; empty where none are known that are rare in text.

    `members` says which single bytes a character or class of the source matches.
    """
    if _flagged(source):
        return b""
    alternatives: list[list[frozenset[int]]] = [[]]
    parts = [*_parts(source), (len(source), "")]
    for (_, piece), (_, following) in pairwise(parts):
        if piece == "|":
            alternatives.append([])
        elif _single(piece) and following[:1] not in ("?", "*") and not following.startswith(("{0", "{,")):
            alternatives[-1].append(members(piece))
    every: set[int] = set()
    for sets in alternatives:
        rare = [one for one in sets if one and not one & _COMMON]
        if not rare:
            return b""
        every |= min(rare, key=len)
    return bytes(sorted(every))


@lru_cache(maxsize=512)
def anchored(source: str) -> bool:
    """Whether a pattern asks, outside of its groups or within, for the beginning or the end of the text. Asked of every
    pattern that ships whenever a policy has recognizers of its own."""
    return "\\Q" in source or not _ANCHORS.isdisjoint(_TOKEN.findall(source))


def _single(piece: str) -> bool:
    """Whether a piece matches one character, always."""
    if piece.startswith("["):
        return True
    if piece.startswith("\\"):
        return not piece[1:].isalnum()
    return len(piece) == 1 and piece not in "(|)?*+{}.^$"


def _flagged(source: str) -> bool:
    """Whether it holds what would mean something else where it is taken apart: flags for all that follows, quotes."""
    return "\\Q" in source or any(
        piece.startswith("(?") and ":" not in piece.partition(")")[0] for _, piece in _parts(source)
    )


@lru_cache(maxsize=512)
def _parts(source: str) -> tuple[tuple[int, str], ...]:
    """The parts of a source that stand beside each other, with their places: characters, escapes, classes, groups with
    all that is in them, repetitions. Asked for several times of each pattern, at every start."""
    parts: list[tuple[int, str]] = []
    depth = begin = 0
    place = 0
    while (token := (_INSIDE if depth else _TOKEN).match(source, place)) is not None:
        text, end = token.group(), token.end()
        if not depth:
            begin = place
        depth += (text == "(") - (text == ")" and depth > 0)
        if not depth:
            parts.append((begin, source[begin:end]))
        place = end
    return (*parts, (begin, source[begin:])) if depth else tuple(parts)
