"""What is wrong with a body that is not of its form: which member, and what would be right; never what was sent.

Asked after `once.read_json` refused a body, so that who sends a good one pays nothing for it. Names that a form does
not know may be anything, an identifier too: they are told by their place.
"""

from typing import Any

import msgspec

from gateway.core.refusal import Refusal

_WORDS: tuple[tuple[type[msgspec.inspect.Type], str], ...] = (
    (msgspec.inspect.BoolType, "true or false"),
    (msgspec.inspect.IntType, "a whole number"),
    (msgspec.inspect.FloatType, "a number"),
    (msgspec.inspect.DateTimeType, "a time (RFC 3339, with its offset)"),
    (msgspec.inspect.StrType, "a text"),
    (msgspec.inspect.NoneType, "null"),
    (msgspec.inspect.DictType, "an object"),
    (msgspec.inspect.StructType, "an object"),
    (msgspec.inspect.CollectionType, "a list"),
    (msgspec.inspect.TupleType, "a list"),
)


def unfit(data: bytes, form: type[msgspec.Struct]) -> Refusal:
    """The refusal of a body that is none of this form: its member where one is at fault."""
    fields = msgspec.structs.fields(form)
    try:
        given = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        given = None
    if type(given) is not dict:
        return _refusal("", f"a JSON object {_members(fields)}")
    for one in fields:
        if one.encode_name not in given:
            if one.required:
                return _refusal(one.encode_name, f"{one.encode_name} to be there, in an object {_members(fields)}")
            continue
        try:
            msgspec.convert(given[one.encode_name], one.type)
        except (ValueError, RecursionError):
            return _refusal(one.encode_name, _said(msgspec.inspect.type_info(one.type)))
    known = {one.encode_name for one in fields}
    for place, name in enumerate(given, start=1):
        if name not in known:
            return _refusal("", f"no member but these: an object {_members(fields)}; member number {place} is another")
    return _refusal("", "each member once")


def _refusal(field: str, hint: str) -> Refusal:
    return Refusal(code="parameter_invalid", field=field, hint=hint)


def _members(fields: tuple[msgspec.structs.FieldInfo, ...]) -> str:
    """Which members an object of a form has, those that must be there first."""
    needed = [one.encode_name for one in fields if one.required]
    rest = [one.encode_name for one in fields if not one.required]
    if not needed:
        return f"with nothing, or with {', '.join(rest)}"
    return f"with {', '.join(needed)}" + (f", and where they apply {', '.join(rest)}" if rest else "")


def _said(kind: msgspec.inspect.Type) -> str:
    """What a member may be, in words."""
    if isinstance(kind, msgspec.inspect.UnionType):
        return " or ".join(dict.fromkeys(_said(one) for one in kind.types))
    if isinstance(kind, msgspec.inspect.LiteralType):
        return f"one of {', '.join(str(value) for value in kind.values)}"
    words = next((words for one, words in _WORDS if isinstance(kind, one)), "another value")
    return f"{words}{_bounds(kind)}"


def _bounds(kind: Any) -> str:
    """How large or long it may be, where its form says so."""
    least, most = getattr(kind, "ge", None), getattr(kind, "le", None)
    longest = getattr(kind, "max_length", None)
    if least is not None or most is not None:
        return "".join((f" from {least}" if least is not None else "", f" up to {most}" if most is not None else ""))
    if longest is None:
        return ""
    many = "characters" if isinstance(kind, msgspec.inspect.StrType) else "entries"
    return f" of at most {longest} {many}"
