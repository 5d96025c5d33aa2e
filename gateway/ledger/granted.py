"""Lines of a record's detail by which it tells what was granted to a key, or denied: written and read here alone.

A line is a word and a value (`role clinician`). What is read is exactly what could have been written: a line that is
not is kept as it is (`other`), so that whoever shows it drops nothing.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec

_ANY = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,256}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_ID = re.compile(r"[a-z]{2}_[0-9a-z_]{1,60}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_MANY = ("roles", "purposes", "floor", "scopes")
_MEANWHILE = " was changed meanwhile"


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """What `key.created`, `key.rotated` and `key.revoked` tell of a key. Times are 27 characters."""

    owner: str | None = None
    prefix: str | None = None
    kind: str | None = None
    zone: str | None = None
    roles: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    floor: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    rate: str | None = None
    ends: str | None = None
    """When it expires."""
    replaces: str | None = None
    """Id of the key whose grant it has from now on."""
    replaced_ends: str | None = None
    """When that one ends."""
    never_made: str | None = None
    """Of a key that did not come to be after all: id of the one that it was to replace, which was changed meanwhile."""
    other: tuple[str, ...] = ()
    """Lines in no form that is known."""

    def lines(self) -> tuple[str, ...]:
        return _written(self, _OF_KEYS)


class Denied(msgspec.Struct, frozen=True, kw_only=True):
    """What `key.denied` and `key.allowed` tell of an entry of the deny-list."""

    token: str | None = None
    """Its `jti`; one of `token` and `subject` is there."""
    subject: str | None = None
    issuer: str | None = None
    """`-` for owners of API keys."""
    ends: str | None = None
    other: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        return _written(self, _OF_DENIALS)


Form = tuple[str, str, re.Pattern[str]]
"""What stands before the value, what stands behind it, and what the value is like."""
_OF_KEYS: dict[str, Form] = {
    "owner": ("owner ", "", _ANY),
    "prefix": ("prefix ", "", re.compile(r"[0-9a-f]{12}")),
    "kind": ("kind ", "", re.compile(r"person|service|agent")),
    "zone": ("zone ", "", _NAME),
    "roles": ("role ", "", _NAME),
    "purposes": ("purpose ", "", _NAME),
    "floor": ("floor ", "", _NAME),
    "scopes": ("scope ", "", _ANY),
    "rate": ("rate ", "", re.compile(r"[1-9][0-9]{0,8}/(second|minute|hour|day)")),
    "ends": ("ends ", "", _TIME),
    "replaces": ("replaces ", "", _ID),
    "replaced_ends": ("which ends ", "", _TIME),
    "never_made": ("never made: ", _MEANWHILE, _ID),
}
"""In the order in which they are written."""
_OF_DENIALS: dict[str, Form] = {
    "token": ("token ", "", _ANY),
    "subject": ("subject ", "", _ANY),
    "issuer": ("issuer ", "", _ANY),
    "ends": ("ends ", "", _TIME),
}
T = TypeVar("T", bound=Granted | Denied)


def granted(lines: Iterable[str]) -> Granted:
    """The lines of a `key.created`, `key.rotated` or `key.revoked`, read."""
    return _read(Granted, _OF_KEYS, lines)


def denied(lines: Iterable[str]) -> Denied:
    """The lines of a `key.denied` or `key.allowed`, read."""
    return _read(Denied, _OF_DENIALS, lines)


def _written(one: Granted | Denied, forms: dict[str, Form]) -> tuple[str, ...]:
    found: list[str] = []
    for name, (before, after, _) in forms.items():
        value: str | Sequence[str] | None = getattr(one, name)
        values = () if value is None else (value,) if isinstance(value, str) else value
        found += [f"{before}{each}{after}" for each in values]
    return (*found, *one.other)


def _read(kind: type[T], forms: dict[str, Form], lines: Iterable[str]) -> T:
    found: dict[str, Any] = {}
    other: list[str] = []
    for line in lines:
        field, value = _field(forms, line)
        if field in _MANY:
            found[field] = (*found.get(field, ()), value)
        elif not field or field in found:
            other.append(line)
        else:
            found[field] = value
    return kind(**found, other=tuple(other))


def _field(forms: dict[str, Form], line: str) -> tuple[str, str]:
    """Field and value of a line; no field where it is in no form."""
    for name, (before, after, form) in forms.items():
        value = line.removeprefix(before).removesuffix(after)
        if line == f"{before}{value}{after}" and form.fullmatch(value):
            return name, value
    return "", ""
