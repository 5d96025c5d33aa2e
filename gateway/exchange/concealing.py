"""An agent's own credential in what the agent says: masked by its value, for whatever caller, before anything is read.

A whole answer has a placeholder in its place in every text that can be changed; where it is a key or another name, the
answer is withheld. A stream's texts are held back from the first character that could begin it, so that it is found
over the borders of events. What stands there counts as a secret that was found: policy says what else becomes of it.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from re import Pattern, compile, escape

import msgspec

from gateway.agents.own_credential import LEAST
from gateway.checks.classification.masking import placeholder
from gateway.core.finding import Finding, Scan
from gateway.core.message import Part
from gateway.core.ports import Lanes, TextFilter

KIND = "secret-api-key"
MARK = placeholder(KIND)
REASON = "configured"
_CLASS = "secret"
Forms = tuple[str, ...]


class Concealed(msgspec.Struct, frozen=True, kw_only=True):
    """Parts of an answer without the credential. `texts`: by pointer what was changed; `stuck`: whether it stands where
    no text can be changed, so that the answer cannot leave."""

    parts: tuple[Part, ...]
    texts: dict[str, str]
    stuck: bool = False

    def found(self, scan: Scan, parts: Sequence[Part]) -> Scan:
        """The scan of these parts (the concealed ones, changed further or not) with what was concealed."""
        shown = [
            _marked(part, findings) if part.pointer in self.texts else findings
            for part, findings in zip(parts, scan.parts, strict=True)
        ]
        return msgspec.structs.replace(scan, parts=tuple(shown), classes=scan.classes | {_CLASS})


def conceal(parts: tuple[Part, ...], forms: Forms) -> Concealed | None:
    """The parts without these; None where none of them shows any."""
    if not any(_shown(part.text, forms) for part in parts):
        return None
    texts: dict[str, str] = {}
    changed: list[Part] = []
    stuck = False
    for part in parts:
        if not _shown(part.text, forms):
            changed.append(part)
            continue
        stuck = stuck or part.kind != "text" or part.pointer in texts
        text, cuts = _without(part.text, part.cuts, forms)
        texts[part.pointer] = text
        changed.append(msgspec.structs.replace(part, text=text, cuts=cuts))
    return Concealed(parts=tuple(changed), texts=texts, stuck=stuck)


class ConcealedLanes:
    """`Lanes` over others, which are never given the credential. `told` is called each time that it was there."""

    def __init__(self, lanes: Lanes, forms: Forms, told: Callable[[Finding], None]) -> None:
        self._inner, self._forms, self._told = lanes, forms, told
        self._known: dict[str, _Lane] = {}

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
        inner = self._inner.lane(pointer, label, apart=apart, token=token, prose=prose, after=after)
        known = self._known.get(pointer)
        if known is None or known.inner is not inner:  # the one before was finished
            known = self._known[pointer] = _Lane(inner, self._forms, self._told)
        return known

    def last(self) -> None:
        self._inner.last()

    def unreadable(self, pointer: str, text: str) -> str:
        return self._inner.unreadable(pointer, text)


class _Lane:
    """A `TextFilter`. Pieces are held back whole, and go on as they came: they may be read by themselves."""

    def __init__(self, inner: TextFilter, forms: Forms, told: Callable[[Finding], None]) -> None:
        self.inner, self._forms, self._told = inner, forms, told
        self._held: list[str] = []

    def feed(self, text: str) -> str:
        pieces = [*self._held, text]
        joined = "".join(pieces) if self._held else text
        if _shown(joined, self._forms):
            pieces = self._replaced(joined, pieces)
            joined = "".join(pieces)
        keep = len(joined) - _begun(joined, self._forms)
        at, free = 0, 0
        while free < len(pieces) and (at := at + len(pieces[free])) <= keep:
            free += 1
        self._held = pieces[free:]
        return "".join([self.inner.feed(piece) for piece in pieces[:free]])

    def finish(self) -> str:
        """What was begun and is not all there any more: if it is most of it, it is masked too."""
        pieces, self._held = self._held, []
        joined = "".join(pieces)
        begun = _begun(joined, self._forms)
        if begun >= LEAST and any(begun * 2 > len(form) for form in self._forms if form.startswith(joined[-begun:])):
            pieces = [joined[:-begun] + MARK]
            self._tell()
        return "".join([self.inner.feed(piece) for piece in pieces]) + self.inner.finish()

    def _replaced(self, joined: str, pieces: list[str]) -> list[str]:
        self._tell()
        text, cuts = _without(joined, tuple(accumulate(map(len, pieces[:-1]))), self._forms)
        return [text[start:end] for start, end in pairwise((0, *cuts, len(text)))]

    def _tell(self) -> None:
        self._told(Finding(KIND, 0, len(MARK), 1.0, REASON))


def _shown(text: str, forms: Forms) -> bool:
    return any(form in text for form in forms)


def _without(text: str, cuts: tuple[int, ...], forms: Forms) -> tuple[str, tuple[int, ...]]:
    """The text with the placeholder for each of these, and where its cuts are then: one within is none any more."""
    kept: list[int] = []
    pieces: list[str] = []
    at = shift = 0
    left = list(cuts)
    for match in _pattern(forms).finditer(text):
        while left and left[0] <= match.start():
            kept.append(left.pop(0) + shift)
        while left and left[0] < match.end():
            left.pop(0)
        pieces += (text[at : match.start()], MARK)
        at = match.end()
        shift += len(MARK) - (match.end() - match.start())
    return "".join([*pieces, text[at:]]), (*kept, *(cut + shift for cut in left))


@lru_cache(maxsize=1024)
def _pattern(forms: Forms) -> Pattern[str]:
    return compile("|".join(map(escape, forms)))


def _begun(text: str, forms: Forms) -> int:
    """How many characters at the end of a text are the beginning of one of these."""
    longest = 0
    for form in forms:
        tail = text[-(len(form) - 1) :]
        at = tail.find(form[0])
        while at >= 0 and not form.startswith(tail[at:]):
            at = tail.find(form[0], at + 1)
        longest = max(longest, len(tail) - at if at >= 0 else 0)
    return longest


def _marked(part: Part, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings of a part, with one for each placeholder in it."""
    found = list(findings)
    at = part.text.find(MARK)
    while at >= 0:
        found.append(Finding(KIND, at, at + len(MARK), 1.0, REASON))
        at = part.text.find(MARK, at + len(MARK))
    return tuple(sorted(found, key=lambda one: (one.start, one.end)))
