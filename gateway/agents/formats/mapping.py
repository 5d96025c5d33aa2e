"""A mapping file: TOML under the policy directory's `schemas/`, on how the bodies of an agent's routes are laid out.

[[route]]
route = "POST /charges"            # as the agent's `routes` have it

[route.request]
format = "csv"                     # json, fhir, hl7, x12, xml, form, csv or fixed
charset = "iso-8859-1"             # without it: that of the Content-Type, or UTF-8
delimiter = ";"                    # csv: and quote, header
header = true
health = true                      # identifiers in it are health data

[route.request.fields]             # place → finding type, "class:<data class>" or "label:<words>", or a list of them
patient = "person"
remark = ["label:diagnosis", "class:phi"]

[route.answer]
format = "fixed"
columns = [{name = "patient", start = 1, length = 20, is = "person"}]
"""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.agents.formats.delimited import column_name, is_number
from gateway.agents.formats.document import CHARSETS
from gateway.agents.formats.labels import DECLARED, Labels, from_pointers
from gateway.agents.formats.layout import Column, FormatName, Layout, Marking
from gateway.agents.formats.xml_paths import is_path
from gateway.core.errors import ConfigurationError

MAX_FIELDS = 2000
MAX_WIDTH = 100_000
_TYPE = re.compile(r"[a-z][a-z0-9-]{0,62}")
_CLASS = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,63}")
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)+")
_PLACES: Mapping[str, tuple[re.Pattern[str], str]] = {
    "json": (_POINTER, "a JSON pointer, * for any key or index"),
    "fhir": (_POINTER, "a JSON pointer, * for any key or index"),
    "hl7": (re.compile(r"[A-Z][A-Z0-9]{2}-[1-9][0-9]?[0-9]?(?:\.[1-9][0-9]?)?"), "SEG-field or SEG-field.component"),
    "x12": (re.compile(r"[A-Z][A-Z0-9]{1,2}[0-9]{2}(?:-[1-9][0-9]?)?"), "an element such as NM103 or HI01-2"),
    "form": (re.compile(r"[^\x00-\x1f]{1,200}"), "a field's name"),
    "csv": (re.compile(r"[^\x00-\x1f]{1,200}"), "a column's name, or its number from 1"),
}


class _Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    start: int
    """Counted from 1, as record descriptions do."""
    length: int
    is_: str | tuple[str, ...] = msgspec.field(name="is", default=())


class _Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: FormatName
    charset: str = ""
    health: bool = False
    fields: dict[str, str | tuple[str, ...]] = {}
    delimiter: str | None = None
    quote: str | None = None
    header: bool | None = None
    columns: tuple[_Column, ...] = ()
    record: int | None = None


class _Route(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    route: str
    request: _Body | None = None
    answer: _Body | None = None


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    route: tuple[_Route, ...]


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """What a mapping file says of one route (`POST /charges`)."""

    route: str
    request: Layout | None
    answer: Layout | None


def load(data: bytes, name: str) -> tuple[Mapped, ...]:
    """The routes of a mapping file. `ConfigurationError` names the file, the place and what would be right."""
    try:
        document: Any = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{name} is not TOML in UTF-8") from error
    try:
        file = msgspec.convert(document, _File, strict=True)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{name}: {_without_value(str(error))}") from error
    mapped = tuple(_mapped(route, f"{name}: route[{index}]") for index, route in enumerate(file.route))
    names = [one.route for one in mapped]
    if len(set(names)) != len(names):
        raise ConfigurationError(f"{name}: the same route is there twice")
    return mapped


def words_of(mapped: tuple[Mapped, ...]) -> frozenset[str]:
    """Every finding type that the layouts name, declared classes as `x-declared-<class>`."""
    layouts = [layout for one in mapped for layout in (one.request, one.answer) if layout is not None]
    markings = [marking for layout in layouts for marking in layout.fields.values()]
    markings += [column.marking for layout in layouts for column in layout.columns]
    return frozenset(kind for marking in markings for kind in marking.known.split())


def _mapped(route: _Route, place: str) -> Mapped:
    if route.request is None and route.answer is None:
        raise ConfigurationError(f"{place} must say something of its request or its answer")
    request = None if route.request is None else _layout(route.request, f"{place}.request")
    answer = None if route.answer is None else _layout(route.answer, f"{place}.answer")
    return Mapped(route=route.route, request=request, answer=answer)


def _layout(body: _Body, place: str) -> Layout:
    if body.charset and body.charset not in CHARSETS:
        raise ConfigurationError(f"{place}.charset must be one of {', '.join(CHARSETS)}")
    if body.charset and body.format in ("json", "fhir", "form"):
        raise ConfigurationError(f"{place}.charset: this format is always UTF-8")
    _only(place, "csv", body.format, delimiter=body.delimiter, quote=body.quote, header=body.header)
    _only(place, "fixed", body.format, columns=body.columns or None, record=body.record)
    delimiter, quote = body.delimiter or ",", '"' if body.quote is None else body.quote
    if len(delimiter) != 1 or len(quote) > 1 or delimiter == quote or {delimiter, quote} & {"\r", "\n"}:
        raise ConfigurationError(f"{place}: delimiter is one character, quote another one or empty, neither a line end")
    if body.record is not None and not 1 <= body.record <= MAX_WIDTH:
        raise ConfigurationError(f"{place}.record must lie between 1 and {MAX_WIDTH} characters")
    fields = _fields(body, place)
    schema = from_pointers(fields) if body.format in ("json", "fhir") else None
    return Layout(
        format=body.format,
        charset=body.charset,
        health=body.health,
        fields=fields,
        delimiter=delimiter,
        quote=quote,
        header=bool(body.header),
        columns=_columns(body, place),
        record=body.record,
        labels=None if schema is None else Labels(schema, schema),
    )


def _only(place: str, wanted: str, given: str, **values: object) -> None:
    for name, value in values.items():
        if value is not None and given != wanted:
            raise ConfigurationError(f"{place}.{name} is for format {wanted} alone")


def _fields(body: _Body, place: str) -> dict[str, Marking]:
    if body.format == "fixed" and body.fields:
        raise ConfigurationError(f"{place}.fields: the columns of fixed-width records say themselves what they are")
    if len(body.fields) > MAX_FIELDS:
        raise ConfigurationError(f"{place}.fields: at most {MAX_FIELDS}")
    found: dict[str, Marking] = {}
    for number, (name, value) in enumerate(body.fields.items(), 1):
        where = f"{place}.fields (number {number})"
        form = _PLACES.get(body.format)
        if form is not None and not form[0].fullmatch(name):
            raise ConfigurationError(f"{where} must be named by {form[1]}")
        if body.format == "xml" and not is_path(name):
            raise ConfigurationError(f"{where} must be named by a path: //a/b, /a/*/b or //a/@b")
        if body.format == "csv" and not body.header and not is_number(name):
            raise ConfigurationError(f"{where} must be a column's number from 1: without header = true none has a name")
        found[column_name(name) if body.format == "csv" else name] = _marking(value, where)
    return found


def _columns(body: _Body, place: str) -> tuple[Column, ...]:
    if body.format == "fixed" and not body.columns:
        raise ConfigurationError(f"{place}.columns must list the columns of the record")
    columns = []
    at = 1
    for column in sorted(body.columns, key=lambda one: one.start):
        where = f"{place}.columns"
        if column.start < at or column.length < 1 or column.start + column.length > MAX_WIDTH:
            raise ConfigurationError(f"{where} must start at 1 or later, be at least 1 long, and not overlap")
        if body.record is not None and column.start + column.length - 1 > body.record:
            raise ConfigurationError(f"{where} must lie within the record")
        at = column.start + column.length
        marking = _marking(column.is_, where) if column.is_ else Marking()
        columns.append(Column(name=column.name, start=column.start - 1, length=column.length, marking=marking))
    return tuple(columns)


def _marking(value: str | tuple[str, ...], place: str) -> Marking:
    known: list[str] = []
    label = ""
    for word in (value,) if isinstance(value, str) else value:
        kind, colon, rest = word.partition(":")
        if colon and kind == "label" and _LABEL.fullmatch(rest):
            label = rest
        elif colon and kind == "class" and _CLASS.fullmatch(rest):
            known.append(DECLARED + rest)
        elif not colon and _TYPE.fullmatch(word):
            known.append(word)
        else:
            raise ConfigurationError(f"{place} must be a finding type, class:<data class> or label:<words>")
    return Marking(" ".join(dict.fromkeys(known)), label)


def _without_value(message: str) -> str:
    return re.sub(r"^Invalid enum value .*?( - at `\$[\w.\[\]]*`)?$", r"Invalid enum value\1", message, flags=re.DOTALL)
