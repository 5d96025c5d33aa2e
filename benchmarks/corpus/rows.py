"""A row of labelled text, and what the makers of values are given."""

import random
from collections.abc import Callable

import msgspec
from faker import Faker


class Span(msgspec.Struct, frozen=True):
    """What a stretch of text is: a type and places in characters, `end` exclusive."""

    type: str
    start: int
    end: int


class Row(msgspec.Struct, frozen=True):
    """A labelled text. `template` names what it was made from, `locale` for where; `category` is what a negative only
    looks like."""

    text: str
    spans: tuple[Span, ...] = ()
    template: str | int = ""
    category: str | None = None
    locale: str = ""


class Making(msgspec.Struct, frozen=True):
    """What one row's values are made with: chance, and what is usual in a place."""

    chance: random.Random
    faker: Faker
    locale: str


Maker = Callable[[Making], str]
"""One value, as people write it."""


def digits(making: Making, form: str) -> str:
    """The form, with a random digit for each `#`, a random letter for each `@`."""
    chance = making.chance
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    return "".join(
        str(chance.randrange(10)) if mark == "#" else chance.choice(letters) if mark == "@" else mark for mark in form
    )
