"""JSON Schemas of agents."""

from collections.abc import Mapping

from gateway.agents.bodies import read_json
from gateway.checks.schema import Schema
from gateway.core.errors import ConfigurationError
from gateway.core.ports import Bounds
from gateway.core.refusal import Refusal
from gateway.exchange.descriptions import schema_file
from gateway.settings import Agent, Settings


def load_schemas(settings: Settings, which: str, members: Mapping[str, bytes] | None = None) -> dict[str, Schema]:
    """The compiled schemas of agents that have one (`which`: `schema` or `answer_schema`), by agent id. `members`: of
    the policy set that they are part of; None for what lies in the directory."""
    found: dict[str, Schema] = {}
    for index, agent in enumerate(settings.agent):
        name: str | None = getattr(agent, which)
        if name is not None:
            found[agent.id] = _schema(settings, agent, f"agent[{index}].{which}", name, members)
    return found


def _schema(settings: Settings, agent: Agent, place: str, name: str, members: Mapping[str, bytes] | None) -> Schema:
    data = schema_file(settings, place, name, members)
    document = read_json(data, Bounds(body_bytes=1 << 20, answer_bytes=1 << 20, depth=64))
    if isinstance(document, Refusal) or not isinstance(document.value, (dict, bool)):
        raise ConfigurationError(f"{place} is not a JSON Schema: the file of agent {agent.id} is not such JSON")
    return Schema(document.value, f"{place} of agent {agent.id}")
