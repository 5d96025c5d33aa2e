"""The recognizers and lexicons of an engine, and the digest by which a record names them."""

import hashlib

import msgspec

from gateway.checks.classification.families import (
    contact,
    dates,
    finance,
    health,
    identity,
    names,
    network,
    secrets,
    special,
)
from gateway.checks.classification.recognizer import Label, Lexicon, Recognizer
from gateway.checks.classification.validators import CHECKS
from gateway.core.errors import ConfigurationError

REVISION = "1"
"""Raised when the code around the data changes what is found."""


class Registry(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine looks for."""

    recognizers: tuple[Recognizer, ...]
    labels: tuple[Label, ...] = ()
    lexicons: tuple[Lexicon, ...] = ()

    @property
    def version(self) -> str:
        """`REVISION-` and 12 hex digits of a digest over all of the data."""
        return f"{REVISION}-{hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:12]}"

    def check(self) -> None:
        """`ConfigurationError` for an id that is there twice, or a name of a check or lexicon that is not there."""
        ids = [item.id for item in (*self.recognizers, *self.labels)]
        lexicons = [item.id for item in self.lexicons]
        for names_ in (ids, lexicons):
            if len(set(names_)) != len(names_):
                raise ConfigurationError("a recognizer's or lexicon's id is there twice")
        for label in self.labels:
            if label.lexicon not in lexicons or label.check not in {None, *CHECKS}:
                raise ConfigurationError(f"label {label.id} names a lexicon or a check that there is not")
        for item in self.recognizers:
            checks = {item.check, *(near.check for near in item.near)} - {None}
            if not checks <= CHECKS.keys():
                raise ConfigurationError(f"recognizer {item.id} names a check that there is not")
            near = {item.unless, *(near.lexicon for near in item.near)} - {None}
            if not near <= set(lexicons):
                raise ConfigurationError(f"recognizer {item.id} names a lexicon that there is not")
            if item.type is None and not item.near:
                raise ConfigurationError(f"recognizer {item.id} has neither a type nor words near by that give it one")


DEFAULT = Registry(
    recognizers=(
        *secrets.RECOGNIZERS,
        *contact.RECOGNIZERS,
        *network.RECOGNIZERS,
        *finance.RECOGNIZERS,
        *identity.RECOGNIZERS,
        *dates.RECOGNIZERS,
        *health.RECOGNIZERS,
        *names.RECOGNIZERS,
    ),
    labels=(*contact.LABELS, *finance.LABELS, *identity.LABELS),
    lexicons=(
        *contact.LEXICONS,
        *network.LEXICONS,
        *finance.LEXICONS,
        *identity.LEXICONS,
        *dates.LEXICONS,
        *health.LEXICONS,
        *special.LEXICONS,
    ),
)
"""What ships."""
