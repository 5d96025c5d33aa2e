"""Control frameworks, from the policy directory's `frameworks/<id>.toml`: which records support evidence for which
provision. Files in, frozen values out.

A provision says in plain words what the records show, and asks for them by the filters of the audit API; a report kind
and columns say how they are laid out, sections what figures go with them, needs which fields must be there, and lacks
what no record holds, so that a report says that it is not evidenced instead of nothing. Everything here is shared by
all tenants and part of each one's policy version, so that what is somebody's own (persons, agents, single exchanges)
cannot be asked for, nor a period: that is the report's. Every file is read whole and strictly: one mistake refuses all
of them, with the file and the field.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Literal

import msgspec

from gateway.checks.policy.words import PURPOSES
from gateway.core.errors import ConfigurationError, FormatError
from gateway.core.refusal import Refusal
from gateway.evidence.figures.in_force import MAKES
from gateway.evidence.figures.needs import asked_of
from gateway.evidence.reports.sections import SECTIONS
from gateway.ledger.index import COLUMNS
from gateway.store.search import Filters, parse_filters

FOLDER = "frameworks/"
MAX_BYTES = 262_144
"""Bytes of one file."""
MAX_FILES = 32
MAX_PROVISIONS = 256
"""Of one framework."""
MAX_QUERIES = 32
"""Of one provision."""
MAX_NEEDS = 32
"""Of one provision."""
FILTERS = ("action", "decision", "data_class", "purpose", "outcome", "zone", "event")
"""Those of the audit API's that name nothing of one tenant's."""
COUNTED = ("event", "actor", "agent", "action", "decision", "purpose", "outcome", "zone", "classes")
"""Columns that records can be counted by: those that tell a kind, or who, and not one record."""
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_PROVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.()/§-]{0,62}")
_LINE = re.compile(r"[^\x00-\x1f\x7f\u0085\u2028\u2029\ud800-\udfff]{1,1000}")
_WORDS = 1_000
_TELLING = {"subject": "subjects", "alert": "callers", "incident": "incidents"}
"""What the names of events begin with → the section that tells what is opened by these."""


class ProvisionFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[provision]]`. Exactly one of `query` and `everything` says what is asked for, or neither, where `lacks`
    says why nothing can be."""

    id: str
    title: str
    text: str
    report: Literal["records", "counts"] = "records"
    columns: tuple[str, ...] = ()
    query: tuple[dict[str, str], ...] = ()
    everything: bool = False
    sections: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    lacks: str = ""
    standing: bool = False


class FrameworkFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file."""

    id: str
    title: str
    text: str
    provision: tuple[ProvisionFile, ...]


class Provision(msgspec.Struct, frozen=True, kw_only=True):
    """What supports evidence for one provision."""

    id: str
    title: str
    text: str
    """What the records show, in plain words, and what they do not."""
    report: Literal["records", "counts"]
    """`records`: one line for each; `counts`: one for each value of the columns, with how many."""
    columns: tuple[str, ...]
    """Of `ledger.index.COLUMNS`, in the order of the report."""
    queries: tuple[Filters, ...]
    """A record is in the report if one of these finds it. No filter at all: every record of the period. None: no
    record can be, as `lacks` says."""
    sections: tuple[str, ...] = ()
    """Of `evidence.reports.sections.SECTIONS`: what is shown with it."""
    needs: tuple[str, ...] = ()
    """Fields that the provision asks records for (`decision.policy`, `key.created: detail.diff`): `figures.needs`."""
    lacks: str = ""
    """What it asks for and no record holds, and where that is to be found; empty where there is no such thing."""
    standing: bool = False
    """Whether it asks for a state: then a record before the period counts too, if what it put in force still stood at
    the start."""


class Framework(msgspec.Struct, frozen=True, kw_only=True):
    """One framework, its provisions in the order of its file."""

    id: str
    title: str
    text: str
    provisions: tuple[Provision, ...]


def load(members: Mapping[str, bytes], *, classes: Iterable[str], zones: Iterable[str]) -> tuple[Framework, ...]:
    """The files in `frameworks/` among these (names → bytes), in the order of their names.

    `classes` and `zones`: bare names of those that the policy has; a query for another would find nothing, for ever.
    `ConfigurationError` names the file and the field, and what would be right, never what was written. What is *not*
    checked: that an outcome or an action occurs, since agents and callers make those.
    """
    names = sorted(name for name in members if name.startswith(FOLDER))
    if len(names) > MAX_FILES:
        raise ConfigurationError(f"{FOLDER}: must hold at most {MAX_FILES} files")
    known = _Known(frozenset(classes), frozenset(zones))
    return tuple(_framework(name, members[name], known) for name in names)


class _Known(msgspec.Struct, frozen=True):
    classes: frozenset[str]
    zones: frozenset[str]


@lru_cache(maxsize=MAX_FILES)
def _framework(name: str, data: bytes, known: _Known) -> Framework:
    """One file, read once: a start looks at one version several times, and parsing is a fifth of it."""
    if not name.endswith(".toml"):
        raise ConfigurationError(f"{name}: must be a .toml file: frameworks are read from no others")
    document = _document(name, data)
    if not _ID.fullmatch(document.id) or name != f"{FOLDER}{document.id}.toml":
        raise ConfigurationError(
            f"{name}: id: must be the name of the file without .toml: small letters, digits and -, at most 63"
        )
    _worded(name, document.title, document.text)
    if not 1 <= len(document.provision) <= MAX_PROVISIONS:
        raise ConfigurationError(f"{name}: provision: must be 1 to {MAX_PROVISIONS} tables")
    seen: set[str] = set()
    provisions = []
    for index, item in enumerate(document.provision):
        place = f"{name}: provision[{index}]"
        if not _PROVISION.fullmatch(item.id):
            raise ConfigurationError(f"{place}.id: must be letters, digits and . ( ) / § - without spaces, at most 63")
        if item.id in seen:
            raise ConfigurationError(f"{place}.id: must be another than that of a provision before it")
        seen.add(item.id)
        provisions.append(_provision(place, item, known))
    if not any(one.queries for one in provisions):
        raise ConfigurationError(f"{name}: provision: must hold at least one that asks for records")
    return Framework(id=document.id, title=document.title, text=document.text, provisions=tuple(provisions))


def _document(name: str, data: bytes) -> FrameworkFile:
    if len(data) > MAX_BYTES:
        raise ConfigurationError(f"{name}: must be of at most {MAX_BYTES} bytes")
    try:
        return msgspec.toml.decode(data, type=FrameworkFile)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{name}: {_shape(error)}") from error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{name}: must be TOML in UTF-8, each key once") from error


def _shape(error: msgspec.ValidationError) -> str:
    """What a validation error says of the form; one that could hold a written value says only what would be right."""
    told = str(error)
    if told.startswith("Invalid enum value"):
        return "report: must be one of records, counts"
    if told.startswith("Object contains unknown field"):
        return (
            "must hold no other fields than id, title, text and [[provision]] tables, and these no others than "
            f"{', '.join(ProvisionFile.__struct_fields__)}"
        )
    return told


def _provision(place: str, item: ProvisionFile, known: _Known) -> Provision:
    _worded(place, item.title, item.text)
    # Before anything else: what is asked for decides what else it must hold.
    if (item.everything and item.query) or not (item.everything or item.query or item.lacks):
        raise ConfigurationError(
            f"{place}: must hold either query, or everything = true, or lacks alone, where no record can support it"
        )
    if not (item.query or item.everything):
        return _unasked(place, item)
    _shown(place, item)
    allowed = COLUMNS if item.report == "records" else COUNTED
    if not item.columns or len(set(item.columns)) != len(item.columns) or not set(item.columns) <= set(allowed):
        raise ConfigurationError(f"{place}.columns: must be some of {', '.join(allowed)}, each once")
    if len(item.query) > MAX_QUERIES:
        raise ConfigurationError(f"{place}.query: must be at most {MAX_QUERIES} tables")
    queries = tuple(_query(f"{place}.query[{at}]", values, known) for at, values in enumerate(item.query))
    if len(set(map(repr, queries))) != len(queries):
        raise ConfigurationError(f"{place}.query: must hold each question once")
    return Provision(
        id=item.id,
        title=item.title,
        text=item.text,
        report=item.report,
        columns=item.columns,
        queries=queries or (Filters(),),
        sections=item.sections,
        needs=item.needs,
        lacks=item.lacks,
        standing=item.standing,
    )


def _unasked(place: str, item: ProvisionFile) -> Provision:
    """One that no record can support: it has nothing to lay out."""
    if item.columns or item.needs or item.standing:
        raise ConfigurationError(
            f"{place}: must hold neither columns, needs nor standing where nothing is asked for: no query, and not "
            "everything = true"
        )
    _shown(place, item)
    return Provision(
        id=item.id,
        title=item.title,
        text=item.text,
        report=item.report,
        columns=(),
        queries=(),
        sections=item.sections,
        lacks=item.lacks,
    )


def _shown(place: str, item: ProvisionFile) -> None:
    """Sections, needs and lacks are words that reports know."""
    if len(set(item.sections)) != len(item.sections) or not set(item.sections) <= set(SECTIONS):
        raise ConfigurationError(f"{place}.sections: must be some of {', '.join(SECTIONS)}, each once")
    if len(set(item.needs)) != len(item.needs) or len(item.needs) > MAX_NEEDS:
        raise ConfigurationError(f"{place}.needs: must be at most {MAX_NEEDS} fields, each once")
    for index, need in enumerate(item.needs):
        try:
            events = set(asked_of(need).need.events)
        except FormatError as error:
            raise ConfigurationError(f"{place}.needs[{index}]: {error}") from error
        if not item.everything and not events <= {one.get("event") for one in item.query}:
            raise ConfigurationError(f"{place}.needs[{index}]: must name events that queries of the provision name")
    made = {one.get("event", "") for one in item.query} & set(MAKES)
    if item.standing and not made:
        raise ConfigurationError(f"{place}.standing: must stand with a query for one of {', '.join(MAKES)}")
    telling = _telling(made)
    if item.standing and not set(telling) & set(item.sections):
        names = " or ".join(telling)
        raise ConfigurationError(f"{place}.sections: must name {names}, which says how far back what stood is known")
    if item.lacks and not _LINE.fullmatch(item.lacks):
        raise ConfigurationError(f"{place}.lacks: must be one line of 1 to {_WORDS} characters, in plain words")


def _telling(made: Collection[str]) -> tuple[str, ...]:
    """Sections of which one says how far back it is known what these events put in force, or opened."""
    own = {_TELLING.get(event.partition(".")[0], "standing") for event in made}
    return ("standing", *own) if len(own) == 1 and "standing" not in own else ("standing",)


def _query(place: str, values: Mapping[str, str], known: _Known) -> Filters:
    if not values or not set(values) <= set(FILTERS):
        raise ConfigurationError(
            f"{place}: must hold one or more of {', '.join(FILTERS)}: a period, persons and agents are the report's"
        )
    found = parse_filters(values)
    if isinstance(found, Refusal):
        raise ConfigurationError(f"{place}.{found.field}: must be {found.hint}")
    if found.data_class is not None and found.data_class not in known.classes:
        raise ConfigurationError(f"{place}.data_class: must be a class of a g2 line of the policy")
    if found.zone is not None and found.zone not in known.zones:
        raise ConfigurationError(f"{place}.zone: must be the id of a [[zone]]")
    if found.purpose is not None and found.purpose not in PURPOSES:
        raise ConfigurationError(f"{place}.purpose: must be an HL7 PurposeOfUse code")
    return found


def _worded(place: str, title: str, text: str) -> None:
    if not _LINE.fullmatch(title) or len(title) > 200:
        raise ConfigurationError(f"{place}.title: must be one line of 1 to 200 characters")
    if not _LINE.fullmatch(text):
        raise ConfigurationError(f"{place}.text: must be one line of 1 to {_WORDS} characters, in plain words")
