"""Why something was found, as far as it may be told: rule, check, words near by, score. Never the text.

A finding holds its type and reason; which rules tell of that type for that reason is read off the registry.
"""

import inspect
from collections.abc import Iterator

import msgspec

from gateway.checks.classification.checks import CHECKS
from gateway.checks.classification.readings import IN_CODE
from gateway.checks.classification.recognizer import Recognizer
from gateway.checks.classification.registry import Registry
from gateway.core.finding import Finding

_KEYWORD = "keyword:"
_OTHER = {
    "field": "the format's own definition says what this field is",
    "heading": "the heading of its column says what it is",
    "repeated": "it was found where it stands in the message before or after, and says the same here",
    "joined": "its pieces stand in several texts next to each other",
}


class Why(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule that may have told of a finding. `check` says what it was held to; `context` names the lexicon of which
    a word stood near by; `read` how its text was read, where not as it was written."""

    rule: str
    check: str | None = None
    context: str | None = None
    read: str | None = None


def why(registry: Registry, finding: Finding) -> tuple[Why, ...]:
    """The rules of which one told of it, in the registry's order; one without a name where none is asked."""
    if finding.reason in _OTHER:
        return (Why(finding.reason, read=_OTHER[finding.reason]),)
    reason = finding.reason.removeprefix(IN_CODE)
    read = None if reason == finding.reason else "behind base64 or hexadecimal"
    return tuple(
        Why(rule, described(check), context, read) for rule, check, context in _rules(registry, finding.type, reason)
    )


def _rules(registry: Registry, kind: str, reason: str) -> Iterator[tuple[str, str | None, str | None]]:
    """Rule, check and lexicon of each that tells this type for this reason."""
    if reason.startswith(_KEYWORD):
        lexicon = reason.removeprefix(_KEYWORD)
        for item in registry.recognizers:
            for near in item.near:
                if near.type == kind and near.lexicon == lexicon:
                    yield item.id, near.check, lexicon
        for label in registry.labels:
            if label.type == kind and label.lexicon == lexicon:
                yield label.id, label.check, lexicon
    for item in registry.recognizers:
        if item.type == kind and _tells(item, reason):
            yield item.id, item.check, None
    for words in registry.lexicons:
        if words.type == kind and words.reason == reason:
            yield words.id, None, words.id


def _tells(item: Recognizer, reason: str) -> bool:
    """Whether a rule gives this reason: its own, or, where it has none, its check's."""
    return item.reason == reason if item.reason != "pattern" or item.check is None else not reason.startswith(_KEYWORD)


def described(check: str | None) -> str | None:
    """A check by its name, with what it says of itself."""
    if check is None:
        return None
    said = (inspect.getdoc(CHECKS[check]) or "").partition("\n\n")[0].replace("\n", " ")
    return f"{check}: {said}" if said else check
