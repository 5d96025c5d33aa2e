"""Why something was not found: what a rule's pattern matches, and its check, the words near by or what stands around it
refuse. Never the text: the rule, the type that it would have been, the place, and what would have had to be otherwise.

This looks at each pattern apart, without gates and windows, and at a text as it is written: what encodings hide is not
looked at. It is for people who ask, not for requests.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec

from gateway.checks.classification.candidates import Finder, clears, finder, joined
from gateway.checks.classification.explaining import described
from gateway.checks.classification.normalise import Mapped, normalise, shadow
from gateway.checks.classification.patterns import Pattern
from gateway.checks.classification.recognizer import Recognizer
from gateway.checks.classification.registry import Registry
from gateway.checks.classification.words import Places, Words
from gateway.core.finding import Finding

MAX_REJECTED = 200
"""What is told of one text at most."""
_BEFORE = 48
_NUMBER = r"\b[0-9][0-9A-Za-z-]{4,22}[0-9]\b"


class Rejected(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a rule took for a candidate and then for nothing. `type` is absent where only words near by would give one:
    then `context` names their lexicons."""

    rule: str
    start: int
    end: int
    why: str
    type: str | None = None
    context: tuple[str, ...] = ()


class _Rules(msgspec.Struct, frozen=True):
    items: tuple[tuple[Recognizer, Finder], ...]
    words: Words
    number: Pattern
    """What a label could be about."""


@lru_cache(maxsize=4)
def _compiled(registry: Registry) -> _Rules:
    items = tuple((item, finder(rank, item)) for rank, item in enumerate(registry.recognizers))
    return _Rules(items, Words(registry.lexicons), Pattern(_NUMBER))


def rejected(registry: Registry, text: str, findings: Sequence[Finding]) -> tuple[Rejected, ...]:
    """By place, at most `MAX_REJECTED`. What lies in a finding is left out: something was found there."""
    told: list[Rejected] = []
    mapped = normalise(text)
    for one in _candidates(_compiled(registry), mapped):
        if not any(finding.start < one.end and one.start < finding.end for finding in findings):
            told.append(one)
            if len(told) == MAX_REJECTED:
                break
    return tuple(sorted(told, key=lambda one: (one.start, one.end, one.rule)))


def _candidates(rules: _Rules, mapped: Mapped) -> Iterator[Rejected]:
    shade = shadow(mapped.text)
    near = rules.words.places(mapped.text, 0, len(mapped.text))
    for item, compiled in rules.items:
        for _, first, last, _ in compiled.pattern.spans(shade, 0):
            why = _why(item, compiled, mapped.text, shade, (first, last), near)
            if why is None:
                continue
            start, end = mapped.span(first, last)
            context = () if item.type is not None else tuple(option.lexicon for option in item.near)
            yield Rejected(item.id, start, end, why, item.type, context)
    for _, first, last, _ in rules.number.spans(shade, 0):
        start, end = mapped.span(first, last)
        yield Rejected("labels", start, end, "no word that says what it is stands right before it")


def _why(
    item: Recognizer, compiled: Finder, text: str, shade: bytes, span: tuple[int, int], near: Places
) -> str | None:
    """What speaks against a candidate; None where nothing of its own does."""
    first, last = span
    if compiled.joints is not None and joined(shade, first, last, compiled.joints):
        return "it is a piece of a longer number or word"
    if item.unless is not None and any(0 <= first - end <= _BEFORE for _, end in near.get(item.unless, ())):
        return f"a word of {item.unless} stands before it"
    if compiled.cleared is not None and clears(compiled.cleared, shade, first):
        return "what stands right before it says that it is something else"
    if item.type is None:
        return "it takes a word near by to be anything"
    if compiled.check is not None and compiled.check(text[first:last]) is None:
        return f"it does not hold to {described(item.check)}"
    return None
