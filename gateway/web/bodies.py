"""Bodies of the API: JSON of a known form, in which nothing is said twice.

Of two members of one name readers take the first or the last: what is asked would not be what was written down as asked
(RFC 7493 §2.3). Of the bodies of traffic `agents.bodies` says the same.
"""

import json
from typing import Any, TypeVar

import msgspec

_Form = TypeVar("_Form")


def read_json(data: bytes, form: type[_Form]) -> _Form:
    """The body as this form. `msgspec.MsgspecError` for anything else, deeper than can be read included; its words may
    quote a value, and are for nobody."""
    try:
        found = msgspec.json.decode(data, type=form)
        json.loads(data, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:  # msgspec's own errors are such, too
        raise msgspec.ValidationError("not of this form") from error
    return found


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("an object has the same key twice")
