"""What files in the policy directory's `schemas/` say of agents: JSON Schemas, mappings, OpenAPI documents."""

from collections.abc import Mapping

from gateway.agents.bodies import read_json
from gateway.checks.classification.engine import Engine
from gateway.checks.policy.policy import Policy
from gateway.checks.schema import Schema
from gateway.core.errors import ConfigurationError
from gateway.core.ports import Bounds
from gateway.core.refusal import Refusal
from gateway.exchange.descriptions import load_descriptions, schema_file
from gateway.settings import Agent, Settings


class Declared:
    """What the files of one policy version say, by agent id. Agents, and which of them name a file, are settings: a
    version for the same ones has the same keys.

    `requests` and `answers`: what bodies are held to; `descriptions`: of plain HTTP agents' routes.
    """

    def __init__(self, settings: Settings, policy: Policy, engine: Engine, members: Mapping[str, bytes]) -> None:
        """`ConfigurationError` names the setting that names a file which is not what it must be."""
        self.requests = load_schemas(settings, "schema", members)
        self.answers = load_schemas(settings, "answer_schema", members)
        self.descriptions = load_descriptions(settings, policy.known_classes, members, engine.knows)
        self.revision = 0
        """Which of the versions that were served by since the start this is: a message that was read by another is not
        what is decided on."""

    def become(self, other: "Declared") -> None:
        """Say what another version says. `other` is not to be used any more."""
        for mine, others in ((self.requests, other.requests), (self.answers, other.answers)):
            for agent, schema in mine.items():
                schema.become(others[agent])
        self.descriptions = other.descriptions
        self.revision += 1


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
