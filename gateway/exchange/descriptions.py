"""What files in the policy directory's `schemas/` declare of plain HTTP agents: mappings and OpenAPI documents."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.agents import openapi
from gateway.agents.bodies import read_json
from gateway.agents.description import Description, Fits, described
from gateway.agents.formats import mapping
from gateway.checks.classification.classes import CLASS_TYPES, DECLARED
from gateway.checks.policy.words import FINDING_TYPES
from gateway.checks.schema import Schema
from gateway.core.errors import ConfigurationError
from gateway.core.ports import Bounds
from gateway.core.refusal import Refusal
from gateway.settings import Agent, Settings

MAX_BYTES = 4 << 20
"""Bytes of one file."""
_BOUNDS = Bounds(body_bytes=MAX_BYTES, answer_bytes=MAX_BYTES, depth=64)
_TYPES = FINDING_TYPES.union(*CLASS_TYPES.values())
_NO_LABELS = frozenset({"public", "unscanned"})
"""What nothing can be declared to be: the one says nothing, the other that nothing is known."""


def _none(kind: str) -> bool:
    """Where there are no recognizers of an operator's own."""
    return False


def load_descriptions(
    settings: Settings,
    classes: frozenset[str],
    members: Mapping[str, bytes] | None = None,
    own: Callable[[str], bool] = _none,
) -> dict[str, Description]:
    """What is declared of agents' routes, by agent id; `classes` are those of the policy, `own` says whether a type is
    of its recognizers (`Engine.knows`). `members`: of the policy set that the files are part of; None for what lies in
    the directory.

    `ConfigurationError` names the agent's key, and what is wrong in the file.
    """
    found: dict[str, Description] = {}
    for index, agent in enumerate(settings.agent):
        place = f"agent[{index}]"
        mapped = operations = None
        if agent.mapping is not None:
            name = f"{place}.mapping, {agent.mapping}"
            mapped = mapping.load(_read(settings, f"{place}.mapping", agent.mapping, members), name)
            _known(mapping.words_of(mapped), classes, own, name)
        if agent.openapi is not None:
            operations = _operations(settings, agent, place, classes, members, own)
            _cached(agent, place, operations)
        if mapped is not None or operations is not None:
            found[agent.id] = described(mapped or (), operations or {})
    return found


def _operations(
    settings: Settings,
    agent: Agent,
    place: str,
    classes: frozenset[str],
    members: Mapping[str, bytes] | None,
    own: Callable[[str], bool],
) -> Description:
    name = f"{place}.openapi, {agent.openapi}"
    document = read_json(_read(settings, f"{place}.openapi", str(agent.openapi), members), _BOUNDS)
    if isinstance(document, Refusal) or not isinstance(document.value, dict):
        raise ConfigurationError(
            f"{name} is not JSON with an object, each key once, at most {_BOUNDS.depth} levels deep"
        )
    operations = openapi.load(document.value, name, _compiled)
    _known(openapi.words_of(document.value), classes, own, name)
    return operations


def _cached(agent: Agent, place: str, operations: Description) -> None:
    """Without routes in the settings, those of the document are what answers may be kept of."""
    safe = [route for route in operations if route.startswith(("GET ", "HEAD "))]
    kept = [f"http:{route.replace(' ', ':', 1)}" for route in safe]
    if not agent.routes and not frozenset(kept).issuperset(agent.cache_actions):
        told = ", ".join(kept) or "nothing: the OpenAPI document has no GET and no HEAD"
        raise ConfigurationError(f"{place}.cache_actions may hold {told}")


def _compiled(schema: Any, name: str) -> Fits:
    return Schema(schema, name).validate


def _known(kinds: frozenset[str], classes: frozenset[str], own: Callable[[str], bool], name: str) -> None:
    for kind in sorted(kinds):
        declared = kind.removeprefix(DECLARED)
        if declared != kind and (declared not in classes or declared in _NO_LABELS):
            raise ConfigurationError(f"{name}: a label names a data class that the policy has not, or that none can be")
        if declared == kind and kind not in _TYPES and not own(kind):
            raise ConfigurationError(
                f"{name}: a label names a finding type that neither ships nor is one (x-…) of the policy's recognizers/"
            )


def _read(settings: Settings, place: str, name: str, members: Mapping[str, bytes] | None) -> bytes:
    data = schema_file(settings, place, name, members)
    if len(data) > MAX_BYTES:
        raise ConfigurationError(f"{place}: the file is larger than {MAX_BYTES} bytes")
    return data


def schema_file(settings: Settings, place: str, name: str, members: Mapping[str, bytes] | None) -> bytes:
    """A file of the policy directory's `schemas/`, or where `members` of a policy set are given, of those: what is
    served by is the version that is named. `ConfigurationError` names the `place` that names it."""
    error: OSError | None = None
    if members is not None:
        found = members.get(f"schemas/{name}")
        if found is not None:
            return found
    else:
        try:
            return (settings.path(settings.policy.directory) / "schemas" / name).read_bytes()
        except OSError as unread:
            error = unread
    raise ConfigurationError(f"{place} names no file in the policy directory's schemas/") from error
