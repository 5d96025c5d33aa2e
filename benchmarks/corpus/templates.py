"""Reads the template files: texts with slots, each of one half of the split, and fills them."""

import random
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec
from faker import Faker

from benchmarks.corpus import credentials, identifiers, people
from benchmarks.corpus.rows import Maker, Making, Row, Span

Split = Literal["tuning", "test"]
SPLITS: tuple[Split, ...] = ("tuning", "test")
FOLDER = Path(__file__).with_name("templates")
SEED = "2026-11"
"""With a template's name and a row's number it gives all of the row's values."""
MAKERS: dict[str, Maker] = {**people.MAKERS, **identifiers.MAKERS, **credentials.MAKERS}
_HEADER = re.compile(r"=== ([a-z0-9-]+)(?: \| ([A-Za-z_,]+))?")
_SLOT = re.compile(r"\{([a-z0-9-]+(?::[a-z0-9]+)?)\}|\[([a-z][a-z0-9-]+):([^\[\]\n]+)\]")


class Template(msgspec.Struct, frozen=True):
    """A text with slots (`{type}`, `{type:variant}`) and labelled phrases (`[type:words]`), for some locales."""

    name: str
    locales: tuple[str, ...]
    text: str


def sections(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """The sections of a file: name, what stands behind the bar, lines. `ValueError` for a file that has none first."""
    name, rest, lines = "", "", list[str]()
    for line in text.splitlines():
        header = _HEADER.fullmatch(line)
        if header is not None:
            if name:
                yield name, rest, lines
            name, rest, lines = header[1], header[2] or "", []
        elif name:
            lines.append(line)
        else:
            raise ValueError("a template file begins with a line `=== NAME | LOCALES`")
    if name:
        yield name, rest, lines


@lru_cache(maxsize=4)
def templates(split: Split) -> tuple[Template, ...]:
    """All templates of one half, in the order of the files. `ValueError` for a slot that nothing fills, a template
    without a locale, or a name that is there twice."""
    found: list[Template] = []
    for file in sorted((FOLDER / split).glob("*.txt")):
        if file.name == "negatives.txt":
            continue
        for name, locales, lines in sections(file.read_text("utf-8")):
            found.append(Template(name, tuple(locales.split(",")) if locales else (), "\n".join(lines).strip("\n")))
    for template in found:
        unknown = [slot for slot, _, _ in _SLOT.findall(template.text) if slot and slot not in MAKERS]
        if unknown or not template.locales:
            raise ValueError(f"template {template.name} needs locales and slots that are filled: {unknown}")
    if len({template.name for template in found}) != len(found):
        raise ValueError("a template's name is there twice")
    return tuple(found)


@lru_cache(maxsize=32)
def _faker(locale: str) -> Faker:
    return Faker(locale)


def making(seed: str, locale: str) -> Making:
    """Chance and Faker, both from this seed alone."""
    faker = _faker(locale)
    faker.seed_instance(seed)
    return Making(random.Random(seed), faker, locale)


def filled(template: Template, number: int) -> Row:
    """The template's row of this number."""
    locale = template.locales[number % len(template.locales)]
    given = making(f"{SEED}/{template.name}/{number}", locale)
    pieces: list[str] = []
    spans: list[Span] = []
    place = done = 0
    for slot in _SLOT.finditer(template.text):
        kept = template.text[done : slot.start()]
        value = MAKERS[slot[1]](given) if slot[1] else slot[3]
        pieces += (kept, value)
        place += len(kept)
        spans.append(Span((slot[1] or slot[2]).partition(":")[0], place, place + len(value)))
        place += len(value)
        done = slot.end()
    pieces.append(template.text[done:])
    return Row("".join(pieces), tuple(spans), template.name, locale=locale)


def rows(split: Split, each: int) -> list[Row]:
    """So many rows of each template of one half."""
    return [filled(template, number) for template in templates(split) for number in range(each)]
