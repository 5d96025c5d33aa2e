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
from gateway.checks.classification.recognizer import Lexicon, Recognizer
from gateway.checks.classification.validators import CHECKS
from gateway.core.errors import ConfigurationError

REVISION = "1"
"""Raised when the code around the data changes what is found."""


class Registry(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine looks for."""

    recognizers: tuple[Recognizer, ...]
    lexicons: tuple[Lexicon, ...] = ()

    @property
    def version(self) -> str:
        """`REVISION-` and 12 hex digits of a digest over all of the data."""
        return f"{REVISION}-{hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:12]}"

    def check(self) -> None:
        """`ConfigurationError` for an id that is there twice, or a name of a check or lexicon that is not there."""
        ids = [item.id for item in self.recognizers]
        lexicons = [item.id for item in self.lexicons]
        for names_ in (ids, lexicons):
            if len(set(names_)) != len(names_):
                raise ConfigurationError("a recognizer's or lexicon's id is there twice")
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
