"""The recognizers and lexicons of an engine, and the digest by which a record names them."""

import hashlib
from functools import lru_cache

import msgspec

from gateway.checks.classification import named, people
from gateway.checks.classification.checks import CHECKS
from gateway.checks.classification.families import (
    care,
    civil,
    contact,
    dates,
    finance,
    health,
    identity,
    names,
    national,
    network,
    organizations,
    payments,
    places,
    records,
    regrouped,
    secrets,
    segments,
    special,
    spread,
    things,
    touching,
    travel,
)
from gateway.checks.classification.recognizer import BACKUP, CONTEXT, LONGEST, Column, Label, Lexicon, Recognizer
from gateway.checks.classification.sources import anchored
from gateway.core.errors import ConfigurationError

REVISION = "21"
"""Raised when the code around the data changes what is found."""


class Registry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an engine looks for. Without anything of an operator's own its version is that of what ships."""

    recognizers: tuple[Recognizer, ...]
    labels: tuple[Label, ...] = ()
    lexicons: tuple[Lexicon, ...] = ()
    columns: tuple[Column, ...] = ()
    tables: tuple[str, ...] = ()
    """Digests of what checks look up."""
    own: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Types of an operator's own, each with the classes that it makes."""

    @property
    def version(self) -> str:
        """`REVISION-` and 12 hex digits of a digest over all of the data."""
        return f"{REVISION}-{_digest(self)[:12]}"

    def check(self) -> None:
        """`ConfigurationError` for an id that is there twice, a check or lexicon that is not there, or a reach beyond
        the bounds that the windows rely on."""
        ids = [*(item.id for item in self.recognizers), *(item.id for item in self.labels)]
        lexicons = [item.id for item in self.lexicons]
        if len(set(ids)) != len(ids) or len(set(lexicons)) != len(lexicons):
            raise ConfigurationError("a recognizer's, label's or lexicon's id is there twice")
        for lexicon in self.lexicons:
            if any(not word or len(word) > LONGEST or word != word.lower() for word in lexicon.words):
                raise ConfigurationError(
                    f"lexicon {lexicon.id} must hold lower-case words of at most {LONGEST} characters"
                )
        for label in self.labels:
            _known(label.id, {label.check}, {label.lexicon}, lexicons)
            if label.gap > BACKUP - LONGEST:
                raise ConfigurationError(f"label {label.id} reaches further than {BACKUP - LONGEST} characters")
        for column in self.columns:
            _known(column.id, {column.check}, set(), lexicons)
        for item in self.recognizers:
            _known(
                item.id,
                {item.check, *(near.check for near in item.near)},
                {item.unless, *(near.lexicon for near in item.near)},
                lexicons,
            )
            if anchored(item.gate):
                raise ConfigurationError(f"the gate of recognizer {item.id} asks for the beginning or end of a text")
            if item.type is None and not item.near:
                raise ConfigurationError(f"recognizer {item.id} has neither a type nor words near by that give it one")
            if any(near.before > CONTEXT - LONGEST or near.after > CONTEXT // 2 for near in item.near):
                raise ConfigurationError(f"recognizer {item.id} looks for words further away than its context")


@lru_cache(maxsize=8)
def _digest(registry: Registry) -> str:
    """Kept, since each engine and each load of a policy asks for it: to make it takes twenty times what finding it
    does."""
    return hashlib.sha256(msgspec.json.encode(registry)).hexdigest()


def _known(owner: str, checks: set[str | None], needed: set[str | None], lexicons: list[str]) -> None:
    if not checks <= {None, *CHECKS}:
        raise ConfigurationError(f"{owner} names a check that there is not")
    if not needed <= {None, *lexicons}:
        raise ConfigurationError(f"{owner} names a lexicon that there is not")


DEFAULT = Registry(
    recognizers=(
        *secrets.RECOGNIZERS,
        *contact.RECOGNIZERS,
        *network.RECOGNIZERS,
        *finance.RECOGNIZERS,
        *records.RECOGNIZERS,
        *identity.RECOGNIZERS,
        *national.RECOGNIZERS,
        *civil.RECOGNIZERS,
        *things.RECOGNIZERS,
        *dates.RECOGNIZERS,
        *health.RECOGNIZERS,
        *names.RECOGNIZERS,
        *places.RECOGNIZERS,
        *organizations.RECOGNIZERS,
        *segments.RECOGNIZERS,
        *payments.RECOGNIZERS,
        *travel.RECOGNIZERS,
        *regrouped.RECOGNIZERS,
        *spread.RECOGNIZERS,
        *touching.RECOGNIZERS,
        *special.RECOGNIZERS,
    ),
    labels=(
        *contact.LABELS,
        *dates.LABELS,
        *finance.LABELS,
        *records.LABELS,
        *identity.LABELS,
        *national.LABELS,
        *civil.LABELS,
        *things.LABELS,
        *care.LABELS,
        *health.LABELS,
        *places.LABELS,
        *regrouped.LABELS,
        *spread.LABELS,
    ),
    lexicons=(
        *secrets.LEXICONS,
        *contact.LEXICONS,
        *network.LEXICONS,
        *finance.LEXICONS,
        *records.LEXICONS,
        *identity.LEXICONS,
        *national.LEXICONS,
        *civil.LEXICONS,
        *things.LEXICONS,
        *care.LEXICONS,
        *places.LEXICONS,
        *dates.LEXICONS,
        *health.LEXICONS,
        *special.LEXICONS,
    ),
    columns=(*contact.COLUMNS, *names.COLUMNS, *places.COLUMNS),
    tables=(people.DIGEST, named.DIGEST),
)
"""What ships."""
