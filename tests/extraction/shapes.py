"""The places of a document, read off the types that a protocol's own client library publishes.

`places` walks a type (a `TypedDict`, a pydantic model, a union of them) and gives every place that can hold a text or a
number, each with the smallest document that has something there. So a field that an upgrade of a library brings is
tried without anybody listing it.
"""

import collections.abc
import datetime
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Literal, get_args, get_origin

import typing_extensions
from pydantic import BaseModel

Wrap = Callable[[Any], Any]
"""What is planted → the smallest value of a type that holds it."""
Kind = Literal["text", "number", "key"]

_TEXTS = (str, bytes, datetime.datetime, datetime.date)
_MAPPINGS = (dict, collections.abc.Mapping)
_LISTS = (list, collections.abc.Iterable, collections.abc.Sequence, tuple, set)
_ANYTHING = (Any, object)
_ASKED = (typing.Required, typing_extensions.Required)
_OPTIONAL = (typing.NotRequired, typing_extensions.NotRequired)
LATER = "zz_later"
"""A member that no version of a protocol has yet."""


class Place(typing.NamedTuple):
    """One place. `path` names it for people: members joined by dots, `[]` for items, `{}` for what somebody names,
    `<kind>` for one form of several. `kind` says what can stand there; `wrap` gives the document. `owner` is the type
    that the place belongs to, and the way from there: the same in each of its paths. `usual` is what may well stand
    there: a word of the protocol's where it has some."""

    path: str
    kind: Kind
    wrap: Wrap
    owner: str = ""
    usual: Any = "tea"


def places(shape: Any) -> Iterator[Place]:
    """Every place of a type, each path once."""
    seen: set[str] = set()
    for place in _places(shape, frozenset()):
        name = f"{place.path} {place.kind}"
        if name not in seen:
            seen.add(name)
            yield place._replace(path=place.path.removeprefix("."))


def apart(found: Iterator[Place], steps: int) -> list[Place]:
    """Each place of a type once for all paths that begin with the same steps: what an adapter does with it may depend
    on where the type stands, and hardly on more than that."""
    first: dict[tuple[str, str, Kind], Place] = {}
    for place in found:
        first.setdefault((".".join(place.path.split(".")[:steps]), place.owner, place.kind), place)
    return list(first.values())


def _places(shape: Any, above: frozenset[Any]) -> Iterator[Place]:
    shape = _bare(shape)
    origin, arguments = get_origin(shape), get_args(shape)
    if _is_union(origin):
        for option in arguments:
            for place in _places(option, above):
                yield _below(_named(option), place, place.wrap)
    elif origin is Literal:
        yield Place("", "text", _itself, usual=arguments[0])
    elif shape in _TEXTS:
        yield Place("", "text", _itself)
    elif shape in (int, float):
        yield Place("", "number", _itself, usual=1)
    elif _is_record(shape):
        if shape not in above:
            yield from _members(shape, above | {shape})
    elif shape in _ANYTHING or shape in _MAPPINGS or origin in _MAPPINGS:
        yield Place(".{}", "key", lambda planted: {planted: "x"})
        inner = arguments[1] if len(arguments) == 2 and arguments[1] not in _ANYTHING else str
        for place in _places(inner, above):
            yield _below(".{}", place, _under("some", place.wrap))
    elif origin in _LISTS or _is_list(origin):
        for place in _places(arguments[0] if arguments else str, above):
            yield _below("[]", place, _listed(place.wrap))


def _members(record: Any, above: frozenset[Any]) -> Iterator[Place]:
    least = _least_members(record)
    for name, member in _fields(record).items():
        for place in _places(member, above):
            owner = place.owner or f"{record.__name__}.{name}{place.path}"
            yield _below(f".{name}", place, _beside(least, name, place.wrap))._replace(owner=owner)
    yield Place(f".{LATER}", "text", _beside(least, LATER, _itself), f"{record.__name__}.{LATER}")
    yield Place(".{}", "key", lambda planted: {**least, planted: "x"}, f"{record.__name__}.{{}}")


def _below(step: str, place: Place, wrap: Wrap) -> Place:
    """A place one step further up."""
    return place._replace(path=f"{step}{place.path}", wrap=wrap)


def least(shape: Any) -> Any:
    """The smallest value of a type: required members alone, each the smallest."""
    shape = _bare(shape)
    origin, arguments = get_origin(shape), get_args(shape)
    if _is_union(origin):
        return least(arguments[0])
    if origin is Literal:
        return arguments[0]
    if _is_record(shape):
        return dict(_least_members(shape))
    if shape in (int, float):
        return 1
    if shape is bool:
        return True
    if shape in _MAPPINGS or origin in _MAPPINGS or shape in _ANYTHING:
        return {}
    if origin in _LISTS or _is_list(origin):
        return []
    return None if shape is type(None) else "x"


@cache
def _least_members(record: Any) -> Mapping[str, Any]:
    return {name: least(_fields(record)[name]) for name in _required(record)}


@cache
def _fields(record: Any) -> Mapping[str, Any]:
    """A record's members by the names that they have on the wire, with their types. Kept: a type stands in hundreds of
    places, and reading its hints takes longer than what is tried in one."""
    if not issubclass(record, BaseModel):
        return typing_extensions.get_type_hints(record, include_extras=True)
    return {
        str(field.serialization_alias or field.alias or name): field.annotation
        for name, field in record.model_fields.items()
    }


def _required(record: Any) -> list[str]:
    if issubclass(record, BaseModel):
        return [
            str(field.serialization_alias or field.alias or name)
            for name, field in record.model_fields.items()
            if field.is_required() or (name == "type" and get_origin(_bare(field.annotation)) is Literal)
        ]
    return [name for name, shape in _fields(record).items() if name == "type" or _is_asked(record, name, shape)]


def _is_asked(record: Any, name: str, shape: Any) -> bool:
    """Whether a member must be there. What stands in `__required_keys__` is wrong where annotations are texts."""
    origin = get_origin(shape)
    if origin in _OPTIONAL:
        return False
    return origin in _ASKED or name in record.__required_keys__


def _named(option: Any) -> str:
    """One form of several, by the word that tells it from the others, else by its type's own name."""
    option = _bare(option)
    if not _is_record(option):
        return ""
    least_members = _least_members(option)
    for name in ("type", "role", "method"):
        if type(least_members.get(name)) is str and get_origin(_bare(_fields(option)[name])) is Literal:
            return f"<{least_members[name]}>"
    return f"<{option.__name__}>"


def _bare(shape: Any) -> Any:
    """A type without what is said about it (`Required`, `Annotated`) and without the name of an alias."""
    while True:
        origin = get_origin(shape)
        if origin in (*_ASKED, *_OPTIONAL, typing.Annotated):
            shape = get_args(shape)[0]
        elif isinstance(shape, typing_extensions.TypeAliasType):
            shape = shape.__value__
        else:
            return shape


def _is_union(origin: Any) -> bool:
    return origin is typing.Union or origin is types.UnionType


def _is_record(shape: Any) -> bool:
    return isinstance(shape, type) and (typing_extensions.is_typeddict(shape) or issubclass(shape, BaseModel))


def _is_list(origin: Any) -> bool:
    """Lists by a protocol of the library's own (`SequenceNotStr`)."""
    return isinstance(origin, type) and origin.__name__.startswith("Sequence")


def _itself(planted: Any) -> Any:
    return planted


def _under(name: str, wrap: Wrap) -> Wrap:
    return lambda planted: {name: wrap(planted)}


def _listed(wrap: Wrap) -> Wrap:
    return lambda planted: [wrap(planted)]


def _beside(members: Mapping[str, Any], name: str, wrap: Wrap) -> Wrap:
    return lambda planted: {**members, name: wrap(planted)}
