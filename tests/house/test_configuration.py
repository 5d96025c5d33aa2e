"""docs/configuration.md says what gateway/settings/ does: every key has its row, with its type and default."""

import re
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from gateway.settings import Settings, parse
from tests.house.tree import ROOT

_DOCUMENT = (ROOT / "docs" / "configuration.md").read_text("utf-8")
_HEADING = re.compile(r"^##+ `([^`]+)`$", re.MULTILINE)
_ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+) \|$", re.MULTILINE)
_WORDS: dict[Any, str] = {str: "text", int: "integer", float: "number", bool: "true or false"}


def _tables() -> dict[str, dict[str, tuple[str, str]]]:
    """Heading → key → (type, default), as the document has them."""
    _, *pieces = _HEADING.split(_DOCUMENT)
    return {
        heading: {key: (kind, default) for key, kind, default, _ in _ROW.findall(text)}
        for heading, text in zip(pieces[::2], pieces[1::2], strict=True)
    }


def _models() -> dict[str, type[msgspec.Struct]]:
    """Heading → struct, as the settings have them."""
    found: dict[str, type[msgspec.Struct]] = {}
    for name, hint in get_type_hints(Settings).items():
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            found[f"[{name}]"] = hint
        elif get_origin(hint) is tuple:
            found[f"[[{name}]]"] = get_args(hint)[0]
            for key, inner in get_type_hints(get_args(hint)[0]).items():
                nested = _plain(inner)
                if isinstance(nested, type) and issubclass(nested, msgspec.Struct):
                    found[f"{name}.{key}"] = nested
    return found


def _plain(hint: Any) -> Any:
    """The type without `| None`."""
    if get_origin(hint) in (Union, UnionType):
        (hint,) = [item for item in get_args(hint) if item is not NoneType]
    return hint


def _kind(hint: Any) -> str:
    hint = _plain(hint)
    if get_origin(hint) is Literal:
        *first, last = [f'`"{value}"`' for value in get_args(hint)]
        return f"{', '.join(first)} or {last}" if first else last
    if get_origin(hint) is tuple:
        return f"list of {_WORDS[get_args(hint)[0]]}"
    return _WORDS.get(hint, "table")


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "*required*"
    if field.default is None:
        return "–"
    encoded = msgspec.json.encode(list(field.default) if isinstance(field.default, tuple) else field.default)
    return f"`{encoded.decode().replace(',', ', ')}`"


def test_every_section_and_table_has_its_heading_and_nothing_else_has() -> None:
    assert set(_tables()) == set(_models())


@pytest.mark.parametrize("heading", _models())
def test_every_key_has_its_row_with_type_and_default(heading: str) -> None:
    """Also in the order of the settings, so that nobody searches."""
    model = _models()[heading]
    hints = get_type_hints(model)
    fields = {field.name: (_kind(hints[field.name]), _default(field)) for field in msgspec.structs.fields(model)}
    assert list(_tables()[heading].items()) == list(fields.items())


def test_the_bounds_in_the_document_are_those_that_hold() -> None:
    """`1024 to 1073741824` at a number's row: both ends are accepted, and what lies beyond them is refused."""
    found = 0
    for heading, rows in _rows_with_bounds().items():
        for key, (low, high) in rows.items():
            for good in (low, high):
                parse({heading: {key: good}}, {}, ROOT)
            for bad in (low - 1, high + 1):
                with pytest.raises(Exception, match=f"{heading}.{key} must lie between"):
                    parse({heading: {key: bad}}, {}, ROOT)
            found += 1
    assert found >= 7


def _rows_with_bounds() -> dict[str, dict[str, tuple[float, float]]]:
    _, *pieces = _HEADING.split(_DOCUMENT)
    bounds: dict[str, dict[str, tuple[float, float]]] = {}
    for heading, text in zip(pieces[::2], pieces[1::2], strict=True):
        for key, kind, _, meaning in _ROW.findall(text):
            ends = re.search(r"; ([\d.]+) to ([\d.]+)$", meaning)
            if ends:
                number = int if kind == "integer" else float
                bounds.setdefault(heading.strip("[]"), {})[key] = (number(ends[1]), number(ends[2]))
    return bounds
