"""JSON of a known form in which nothing is said twice.

Of two members of one name readers take the first or the last: what is done would not be what was written down as asked
(RFC 7493 §2.3). Of messages to agents `agents.bodies` says the same.
"""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

_Form = TypeVar("_Form")
_Pairs = list[tuple[str, Any]]


def read_json(data: bytes, form: type[_Form], *, inside: bool = True) -> _Form:
    """The body as this form. `msgspec.MsgspecError` for anything else, deeper than can be read included; its words may
    quote a value, and are for nobody. `inside`: objects within the outermost one are held to it too; without, they are
    another reader's, such as a message that is carried."""
    seen: list[int] = []
    try:
        found = msgspec.json.decode(data, type=form)
        told = data if inside else _bare(data, found)
        json.loads(told, object_pairs_hook=_counted(seen), parse_int=len, parse_float=len)
    except (ValueError, RecursionError) as error:  # msgspec's own errors are such, too
        raise msgspec.ValidationError("not of this form") from error
    # The outermost object ends last.
    if any(seen if inside else seen[-1:]):
        raise msgspec.ValidationError("an object has the same key twice")
    return found


def _bare(data: bytes, found: object) -> bytes:
    """The document without the objects and lists that it carries as they are, which may be most of it. One that stands
    there twice is left, so that what goes is surely what is carried."""
    for name in getattr(found, "__struct_fields__", ()):
        carried = getattr(found, name)
        if type(carried) is msgspec.Raw:
            piece = bytes(carried)
            if piece[:1] in (b"{", b"[") and data.count(piece) == 1:
                data = data.replace(piece, b"0")
    return data


def _counted(seen: list[int]) -> Callable[[_Pairs], None]:
    """Puts down of each object, as it ends, how many of its members have the name of another."""

    def count(pairs: _Pairs) -> None:
        seen.append(len(pairs) - len(dict(pairs)))

    return count
