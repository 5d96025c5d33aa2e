"""How the bodies of one route are laid out: what a mapping file or an OpenAPI document declares of them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

FormatName = Literal["json", "fhir", "hl7", "x12", "xml", "form", "csv", "fixed"]


class Marking(msgspec.Struct, frozen=True):
    """What is declared of a field: finding types that it is (`known`, as in `Part`), words to read it by (`label`)."""

    known: str = ""
    label: str = ""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a fixed-width record: `start` counts characters from 0."""

    name: str
    start: int
    length: int
    marking: Marking = Marking()


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """The form of a body, whatever its media type says. `charset` is empty where that of the media type counts."""

    format: FormatName
    charset: str = ""
    health: bool = False
    """Whether everything in it is about somebody's health: identifiers are `phi` then."""
    fields: Mapping[str, Marking] = MappingProxyType({})
    """Markings by the format's own name of a place: a JSON pointer, an XML path, `PID-5.1`, `NM103`, a column."""
    delimiter: str = ","
    quote: str = '"'
    """Empty where nothing is quoted."""
    header: bool = False
    """Whether the first record names the columns."""
    columns: tuple[Column, ...] = ()
    record: int | None = None
    """Characters of a record where records have no line ends."""
    labels: object = None
    """`labels.Labels` of JSON and forms: what a schema says of each place."""


def listed(text: str) -> frozenset[str]:
    """The words of a table."""
    return frozenset(text.split())


def joined(*known: str) -> str:
    """Several `known` as one, each type once, in order."""
    return " ".join(dict.fromkeys(kind for one in known for kind in one.split()))
