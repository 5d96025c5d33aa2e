"""How what has left ends: what is joined to it by readers is read with that before it."""

KEPT = 256
"""Characters of a text that has left which are read before what goes on with it."""


def ending(before: str, text: str) -> str:
    """The end of `before` and `text`: at most `KEPT` characters, from a word's beginning on where one is in them."""
    told = before + text
    if len(told) <= KEPT:
        return told
    told = told[-KEPT:]
    return told.partition(" ")[2] or told
