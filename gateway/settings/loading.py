"""From a file and the environment to settings, or an error that names what is wrong and never a value."""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.consistent import consistent
from gateway.settings.settings import Settings

_VALUE = re.compile(r"^(Invalid enum value) .*?( - at `\$([\w.\[\]]*)`)?$", re.DOTALL)
_NUMBERED = re.compile(r"(?<![\w.])([a-z_]+)\[(\d{1,6})\]")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
"""What may be said again: whatever else stands there is not the id of anything."""
_MARK = "\ufeff"
_REASONS = {
    "Cannot declare": "a table is there twice; of what may be repeated each is written [[name]]",
    "Cannot overwrite": "a key is there twice",
    "Invalid value": "a value is missing, or is none; texts stand in quotes",
    "Expected newline": "something follows that is no part of the value; texts stand in quotes, one setting on a line",
    "Expected '='": "a key is to be followed by = and a value",
    "Expected ']": "a table's name is to end with ]",
    "Unterminated string": "a text has no closing quote",
    "Found invalid character": "a text has no closing quote on its line",
    "Unescaped": "a backslash is to be doubled, or the text to stand in single quotes",
    "Unclosed": "a list or an inline table is not closed",
    "Invalid statement": "there must be a [section] or a key",
}
"""By the first words of what the parser says: its own words may hold keys and values."""


def load(file: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read and validate `gateway.toml`; `ConfigurationError` names what is wrong and what would be right."""
    try:
        text = file.read_text("utf-8")
        if text.startswith(_MARK):
            raise ConfigurationError(f"{file.name} must not begin with a byte order mark: save it as UTF-8 without one")
        document = tomllib.loads(text)
    except FileNotFoundError as error:
        raise ConfigurationError(f"no configuration at {file}: make one with `gateway init`") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file.name} must be UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file.name} is not TOML: {_place(error)}") from error
    return parse(document, os.environ if environment is None else environment, base=file.parent.resolve())


def parse(document: dict[str, Any], environment: Mapping[str, str], base: Path) -> Settings:
    """Validate a configuration document, with the environment's values laid over its sections."""
    _known(document, Settings, "")
    if "base" in document:
        raise ConfigurationError("base is not a setting: paths are relative to the file")
    _overlay(document, environment)
    try:
        settings = msgspec.convert({**document, "base": str(base)}, Settings, strict=True)
    except msgspec.ValidationError as error:
        raise ConfigurationError(with_id(_without_values(str(error), Settings), document)) from error
    try:
        consistent(settings)
    except ConfigurationError as error:
        raise ConfigurationError(with_id(str(error), document)) from error
    return settings


def with_id(text: str, document: Mapping[str, Any]) -> str:
    """What is wrong with a table that is named by its number (`agent[3].url must …`), with the table's id behind it,
    where it has one: of thirty agents nobody counts to the fourth."""
    found = _NUMBERED.search(text)
    tables = document.get(found[1]) if found else None
    number = int(found[2]) if found else 0
    if found is None or not isinstance(tables, list | tuple) or number >= len(tables):
        return text
    if text.startswith(".id ", found.end()):  # the id itself is what is wrong, and may be anything
        return text
    name = tables[number].get("id") if isinstance(tables[number], dict) else None
    if not isinstance(name, str) or not _ID.fullmatch(name) or name in text:
        return text
    return f"{text} ({found[1]} {name})"


def secret(reference: str, base: str, environment: Mapping[str, str] | None = None) -> str:
    """What an `env:NAME` or `file:PATH` reference stands for; `ConfigurationError` when there is nothing."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        value = (os.environ if environment is None else environment).get(name)
        if not value:
            raise ConfigurationError(f"the environment variable {name} is empty or not set")
        if not _unicode(value):
            raise ConfigurationError(f"the environment variable {name} must be UTF-8")
        return value
    try:
        return Path(base, name).read_text("utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"the secret file {name} cannot be read") from error
    except UnicodeDecodeError:
        # Without its cause, which holds what was read.
        raise ConfigurationError(f"the secret file {name} must be UTF-8") from None


def _known(document: Any, model: type[msgspec.Struct], place: str) -> None:
    if not isinstance(document, dict):
        raise ConfigurationError(f"{place.rstrip('.') or 'the file'} must be a table")
    hints = _hints(model)
    for key, value in document.items():
        if key not in hints:
            near = difflib.get_close_matches(key, hints, n=1, cutoff=0.4)
            nearest = f"; the nearest known one is {place}{near[0]}" if near else ""
            raise ConfigurationError(f"{place}{key} is not a setting{nearest}")
        inner = _struct_in(hints[key])
        if inner is None:
            continue
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            _known(item, inner, f"{place}{key}[{index}]." if isinstance(value, list) else f"{place}{key}.")


@cache
def _hints(model: type[msgspec.Struct]) -> Mapping[str, Any]:
    """The types of its fields, by name: resolved once, for an agent of which there are hundreds too."""
    return get_type_hints(model)


def _struct_in(hint: Any) -> type[msgspec.Struct] | None:
    for candidate in (hint, *get_args(hint)):
        if isinstance(candidate, type) and issubclass(candidate, msgspec.Struct):
            return candidate
    return None


def _overlay(document: dict[str, Any], environment: Mapping[str, str]) -> None:
    hints = _hints(Settings)
    sections = {
        name: hint for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, msgspec.Struct)
    }
    for variable, text in environment.items():
        if not variable.startswith("GATEWAY_") or variable == "GATEWAY_CONFIG" or variable.startswith("GATEWAY_TEST_"):
            continue
        section, _, key = variable.removeprefix("GATEWAY_").lower().partition("_")
        if section not in sections:
            raise ConfigurationError(f"{variable} names no section; sections are {', '.join(sorted(sections))}")
        keys = _hints(sections[section])
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1, cutoff=0.4)
            nearest = f"; the nearest known one is GATEWAY_{section.upper()}_{near[0].upper()}" if near else ""
            raise ConfigurationError(f"{variable} is not a setting{nearest}")
        if not _unicode(text):
            raise ConfigurationError(f"{variable} must be UTF-8")
        value: Any = text.split(",") if get_origin(keys[key]) is tuple else text
        try:
            converted = msgspec.convert(value, keys[key], strict=False)
        except msgspec.ValidationError as error:
            raise ConfigurationError(f"{variable}: {_without_values(str(error), keys[key])}") from error
        document.setdefault(section, {})[key] = converted


def _unicode(text: str) -> bool:
    """Whether an environment's value was text: bytes that are none stand in it as surrogates."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _without_values(message: str, hint: Any) -> str:
    """msgspec says "Invalid enum value 'x' - at `$.agent[0].zone`": the place and the rule stay, the value goes,
    whatever quotes it holds or is told in, and what would be right is told instead."""
    found = _VALUE.match(message)
    if found is None:
        return message.replace("`", "").replace("$.", "")
    place = (found.group(3) or "").lstrip(".")
    right = ", ".join(_choices(_at(hint, place)))
    told = f"{found.group(1)}: expected one of {right}" if right else found.group(1)
    return f"{told} - at {place}" if place else told


def _at(hint: Any, place: str) -> Any:
    """The type at a place like `agent[0].breaker.calls`, below this one."""
    for key in filter(None, re.sub(r"\[[^\]]*\]", "", place).split(".")):
        inner = hint if isinstance(hint, type) and issubclass(hint, msgspec.Struct) else _struct_in(hint)
        hint = None if inner is None else _hints(inner).get(key)
    return hint


def _choices(hint: Any) -> list[str]:
    """The texts that a type of fixed ones has, in a list or beside another type too."""
    if get_origin(hint) is Literal:
        return [one for one in get_args(hint) if isinstance(one, str)]
    return [one for inner in get_args(hint) for one in _choices(inner)]


def _place(error: Exception) -> str:
    said = str(error)
    found = re.search(r"line \d+, column \d+", said)
    why = next((f": {reason}" for start, reason in _REASONS.items() if said.startswith(start)), "")
    return (found.group() if found else "at its end") + why
